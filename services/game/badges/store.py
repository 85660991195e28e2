"""The rows of badges, sets and trades."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from game.badges.drafts import BadgeDraft, SetDraft
from game.badges.rules import Standing, Stock, Trade
from game.db.connection import Connection
from game.db.statements import load

AWARDS_MAX: Final = 10_000
SETS_MAX: Final = 50

_SQL = load("game.badges")
_terms = msgspec.json.Decoder(SetDraft)


class BadgeSet(msgspec.Struct, frozen=True, kw_only=True):
    """A set of a campaign, and what is left of it."""

    set_id: str
    terms: SetDraft
    stock: Stock


class Collection(msgspec.Struct, frozen=True, kw_only=True):
    """A set, and a player in it."""

    badge_set: BadgeSet
    standing: Standing


class Traded(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a trade: badges that it cost, by id, and what it gave, the prize or the alternative."""

    trade_id: UUID
    set_id: str
    spent: dict[str, int]
    kind: str
    amount: int
    item: str | None
    is_alternative: bool


async def dress_badge(conn: Connection, draft: BadgeDraft, *, campaign_id: str, badge_id: str) -> None:
    """Store how a badge is earned, and its picture."""
    criteria = draft.criteria
    await conn.execute(_SQL.dress_badge, campaign_id, badge_id, criteria.zh, criteria.en, draft.image_url)


async def save_set(conn: Connection, saved: BadgeSet, *, campaign_id: str) -> None:
    """Write a set of a locked draft campaign."""
    encoded, left = msgspec.json.encode(saved.terms).decode(), saved.stock
    await conn.execute(
        _SQL.save_set, campaign_id, saved.set_id, encoded, left.prize, left.alternative, left.convert
    )
    await conn.execute(_SQL.leave_set, campaign_id, saved.set_id)
    await conn.execute(_SQL.join_set, campaign_id, saved.set_id, list(saved.terms.badges))


async def delete_set(conn: Connection, *, campaign_id: str, set_id: str) -> bool:
    """Remove a set of a locked draft campaign; False: there is none."""
    return await conn.fetchval(_SQL.delete_set, campaign_id, set_id) is not None


async def sets_of_campaign(conn: Connection, *, campaign_id: str) -> dict[str, BadgeSet]:
    """The sets of a campaign, by id."""
    rows = await conn.fetch(_SQL.sets_of_campaign, campaign_id, SETS_MAX)
    return {row["set_id"]: _set(row) for row in rows}


async def find_set(conn: Connection, *, campaign_id: str, set_id: str, lock: bool) -> BadgeSet | None:
    """A set, for nobody else until the transaction ends if it is locked; None: there is none."""
    row = await conn.fetchrow(_SQL.lock_set if lock else _SQL.find_set, campaign_id, set_id)
    return None if row is None else _set(row)


async def save_left(conn: Connection, stock: Stock, *, campaign_id: str, set_id: str) -> None:
    """Write what is left of a locked set."""
    await conn.execute(_SQL.save_left, campaign_id, set_id, stock.prize, stock.alternative, stock.convert)


async def find_trade(
    conn: Connection, *, campaign_id: str, player_id: UUID, key: str
) -> tuple[str, Trade, Traded] | None:
    """The set, the question and the answer of a key; None: it is new."""
    row = await conn.fetchrow(_SQL.find_trade, campaign_id, player_id, key)
    if row is None:
        return None
    asked = msgspec.json.decode(row["asked"], type=Trade)
    return row["set_id"], asked, msgspec.json.decode(row["outcome"], type=Traded)


async def add_trade(
    conn: Connection, done: Traded, asked: Trade, *, campaign_id: str, player_id: UUID, key: str, now_ms: int
) -> None:
    """Store a trade."""
    kind = type(asked).__struct_config__.tag
    texts = [msgspec.json.encode(each).decode() for each in (asked, done)]
    await conn.execute(
        _SQL.add_trade, campaign_id, done.trade_id, player_id, done.set_id, key, kind, *texts, now_ms
    )


async def claims_of(conn: Connection, *, campaign_id: str, player_id: UUID) -> Mapping[str, int]:
    """How often a player has claimed missing badges, by set; no entry: never."""
    rows = await conn.fetch(_SQL.claims_of, campaign_id, player_id)
    return {row["set_id"]: row["claims"] for row in rows}


async def draws_of(conn: Connection, *, campaign_id: str, player_id: UUID) -> int:
    """How many draws of a player stand in the campaign's log."""
    return int(await conn.fetchval(_SQL.draws_of, campaign_id, player_id))


async def at_hand(conn: Connection, *, campaign_id: str, player_id: UUID) -> Mapping[str, list[UUID]]:
    """The badges that a player can use, oldest first, by badge."""
    found: defaultdict[str, list[UUID]] = defaultdict(list)
    for row in await conn.fetch(_SQL.at_hand, campaign_id, player_id, AWARDS_MAX):
        found[row["badge_id"]].append(row["award_id"])
    return found


async def albums_of(conn: Connection, player_ids: Sequence[UUID], *, campaign_id: str) -> list[str]:
    """What each player has in the sets of a campaign, as text: what has the same text is the same."""
    rows = await conn.fetch(_SQL.albums_of_players, campaign_id, player_ids, AWARDS_MAX)
    return [row["album"] for row in rows]


async def spend(conn: Connection, award_ids: Sequence[UUID], *, campaign_id: str) -> int:
    """Spend badges of a locked player; how many were there still."""
    return len(await conn.fetch(_SQL.spend, campaign_id, award_ids))


async def give_away(conn: Connection, award_id: UUID, *, campaign_id: str) -> bool:
    """Put a badge of a locked player into a gift; False: it was taken back meanwhile."""
    return await conn.fetchval(_SQL.give_away, campaign_id, award_id) is not None


def _set(row: Any) -> BadgeSet:
    stock = Stock(prize=row["prize_left"], alternative=row["alternative_left"], convert=row["convert_left"])
    return BadgeSet(set_id=row["set_id"], terms=_terms.decode(row["draft"]), stock=stock)
