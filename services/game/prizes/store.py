"""The rows of prizes, vouchers and won chances."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from game.campaigns.rules import Text
from game.db.connection import Connection
from game.db.statements import columns, load
from game.players import account_of
from game.prizes.rules import Grant, Won

_SQL = load("game.prizes")


class ChanceLot(NamedTuple):
    """Free plays of a player, out of one source, until a time."""

    campaign_id: str
    lot_id: UUID
    player_id: UUID
    source: str
    units: int
    expires_ms: int


class Wanted(NamedTuple):
    """A code of a batch for a draw's prize or for a reward: one of the ids is None."""

    campaign_id: str
    grant_id: UUID | None
    reward_id: UUID | None
    voucher_batch: str


class Award(NamedTuple):
    """A badge of a player, out of one source."""

    campaign_id: str
    award_id: UUID
    player_id: UUID
    badge_id: str
    source: str


async def add_grants(conn: Connection, won: Sequence[Won], *, now_ms: int) -> None:
    """Store what draws won."""
    await conn.execute(_SQL.add_grants, now_ms, list(map(grant_row, won)))


def grant_row(won: Won) -> Sequence[Any]:
    """A prize as the type `won_prize` has it."""
    prize = won.prize
    return (
        won.campaign_id,
        won.grant_id,
        won.player_id,
        won.entry_index,
        won.pool_id,
        prize.ordinal,
        prize.kind,
        prize.amount,
    )


async def add_lots(conn: Connection, lots: Sequence[ChanceLot]) -> None:
    """Store chances."""
    if lots:
        await conn.execute(_SQL.add_lots, *columns(lots, 6))


async def add_awards(conn: Connection, awards: Sequence[Award], *, now_ms: int) -> None:
    """Store badges of players."""
    if awards:
        await conn.execute(_SQL.add_awards, now_ms, *columns(awards, 5))


async def take_vouchers(conn: Connection, wanted: Sequence[Wanted]) -> set[UUID]:
    """Give each grant or reward a code; those that got one. Call it under the locks of their logs."""
    found = await conn.fetch(_SQL.take_vouchers, *columns(wanted, 4)) if wanted else []
    return {row["given_to"] for row in found}


async def accounts(conn: Connection, player_ids: Collection[UUID]) -> dict[UUID, str]:
    """The players' accounts in the core ledger."""
    rows = await conn.fetch(_SQL.winners, list(player_ids))
    return {row["player_id"]: account_of(brand_id=row["brand_id"], subject=row["subject"]) for row in rows}


async def inbox(
    conn: Connection, *, campaign_id: str, player_id: UUID, before: UUID, limit: int
) -> list[Grant]:
    """A player's prizes before a given one, newest first; covered tickets keep theirs to themselves."""
    return [_grant(row) for row in await conn.fetch(_SQL.inbox, campaign_id, player_id, before, limit)]


async def read_grant(conn: Connection, *, campaign_id: str, grant_id: UUID) -> Grant | None:
    """One prize, of whomever, covered or not; None: no such prize."""
    row = await conn.fetchrow(_SQL.read_grant, campaign_id, grant_id)
    return None if row is None else _grant(row)


async def redeem(conn: Connection, *, campaign_id: str, grant_id: UUID, now_ms: int) -> int | None:
    """Mark a prize as redeemed; when it was, which is not now if it was before. None: it was taken back."""
    redeemed_ms = await conn.fetchval(_SQL.redeem, campaign_id, grant_id, now_ms)
    return None if redeemed_ms is None else int(redeemed_ms)


def _grant(row: asyncpg.Record) -> Grant:
    grant = dict(row)
    zh, en = grant.pop("name_zh"), grant.pop("name_en")
    return Grant(**grant, name=None if zh is None else Text(zh=zh, en=en))
