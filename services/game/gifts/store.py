"""The rows of gifts, and of what they are made of."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.db.statements import load
from game.gifts.rules import Gift, GiftState, Give, Portion

_SQL = load("game.gifts")


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A gift with what its giver asked for and its sealed code."""

    gift: Gift
    asked: Give
    code_sealed: bytes


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """A gift that went back to its giver."""

    giver_id: UUID
    kind: str


class New(msgspec.Struct, frozen=True, kw_only=True):
    """A gift that is to be stored; `award_id` is that of a badge, None of chances."""

    gift: Gift
    key: str
    asked: Give
    award_id: UUID | None
    code_digest: bytes
    code_sealed: bytes


async def find_by_key(conn: Connection, *, campaign_id: str, giver_id: UUID, key: str) -> Stored | None:
    """What a key of a player has given; None: it is new."""
    row = await conn.fetchrow(_SQL.find_by_key, campaign_id, giver_id, key)
    if row is None:
        return None
    fields = dict(row)
    asked = msgspec.json.decode(fields.pop("asked"), type=Give)
    code_sealed = fields.pop("code_sealed")
    return Stored(gift=Gift(**fields), asked=asked, code_sealed=code_sealed)


async def find_own(conn: Connection, *, campaign_id: str, giver_id: UUID, gift_id: UUID) -> Gift | None:
    """A gift of its giver; None: there is none."""
    row = await conn.fetchrow(_SQL.find_own, campaign_id, giver_id, gift_id)
    return None if row is None else Gift(**row)


async def lock_by_code(conn: Connection, *, campaign_id: str, code_digest: bytes) -> Gift | None:
    """The gift of a code, for nobody else until the transaction ends; None: there is none."""
    row = await conn.fetchrow(_SQL.lock_by_code, campaign_id, code_digest)
    return None if row is None else Gift(**row)


async def given_by(conn: Connection, *, campaign_id: str, player_id: UUID, limit: int) -> list[Gift]:
    """The newest gifts of a giver."""
    return [Gift(**row) for row in await conn.fetch(_SQL.given_by, campaign_id, player_id, limit)]


async def received_by(conn: Connection, *, campaign_id: str, player_id: UUID, limit: int) -> list[Gift]:
    """The newest gifts that a player has redeemed."""
    return [Gift(**row) for row in await conn.fetch(_SQL.received_by, campaign_id, player_id, limit)]


async def given_since(conn: Connection, since_ms: int, *, campaign_id: str, player_id: UUID) -> int:
    """How many gifts a locked player has given since a time."""
    return int(await conn.fetchval(_SQL.given_since, campaign_id, player_id, since_ms))


async def received_since(conn: Connection, since_ms: int, *, campaign_id: str, player_id: UUID) -> int:
    """How many gifts a locked player has redeemed since a time."""
    return int(await conn.fetchval(_SQL.received_since, campaign_id, player_id, since_ms))


async def lock_lots(
    conn: Connection, *, campaign_id: str, player_id: UUID, now_ms: int, limit: int
) -> list[Portion]:
    """The chances that a player can use now, those first that expire first."""
    rows = await conn.fetch(_SQL.lock_lots, campaign_id, player_id, now_ms, limit)
    return [Portion(**row) for row in rows]


async def add_gift(conn: Connection, new: New, *, campaign_id: str) -> None:
    """Store an open gift."""
    gift, asked = new.gift, msgspec.json.encode(new.asked).decode()
    await conn.execute(
        _SQL.add_gift, campaign_id, gift.gift_id, gift.giver_id, new.key, asked, gift.kind, gift.amount,
        gift.badge_id, new.award_id, new.code_digest, new.code_sealed, gift.given_ms, gift.expires_ms,
    )  # fmt: skip


async def put_in(conn: Connection, content: Sequence[Portion], *, campaign_id: str, gift_id: UUID) -> None:
    """Move chances out of locked lots into a gift."""
    columns = zip(*((each.lot_id, each.units, each.expires_ms) for each in content), strict=True)
    await conn.execute(_SQL.put_in, campaign_id, gift_id, *columns)


async def content(conn: Connection, *, campaign_id: str, gift_id: UUID) -> list[Portion]:
    """The chances in a locked gift."""
    return [Portion(**row) for row in await conn.fetch(_SQL.content, campaign_id, gift_id)]


async def redeem(conn: Connection, taken: Gift, *, campaign_id: str) -> None:
    """Give a locked gift to its recipient."""
    await conn.execute(_SQL.redeem, campaign_id, taken.gift_id, taken.recipient_id, taken.ended_ms)


async def claim_expired(conn: Connection, *, now_ms: int, until_ms: int, limit: int) -> dict[str, list[UUID]]:
    """Gifts whose time is over, by campaign; nobody else gets them before `until_ms`."""
    found: defaultdict[str, list[UUID]] = defaultdict(list)
    for row in await conn.fetch(_SQL.claim_expired, now_ms, until_ms, limit):
        found[row["campaign_id"]].append(row["gift_id"])
    return found


async def give_back(
    conn: Connection, gift_ids: Sequence[UUID], state: GiftState, *, campaign_id: str, now_ms: int
) -> list[Ended]:
    """End those of the gifts that are open, and return what is in them; those that were."""
    await conn.execute(_SQL.lock_lots_of, campaign_id, gift_ids)
    await conn.execute(_SQL.lock_awards_of, campaign_id, gift_ids)
    rows = await conn.fetch(_SQL.give_back, campaign_id, gift_ids, state, now_ms)
    return [Ended(**row) for row in rows]
