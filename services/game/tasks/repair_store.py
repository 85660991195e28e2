"""The rows of repairs and of their debits. Whoever changes them has locked the player."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.db.statements import columns, load
from game.tasks.repair_rules import Repair
from game.tasks.streak_records import StreakKey

_SQL = load("game.tasks")


class Debit(msgspec.Struct, frozen=True, kw_only=True):
    """The account that a repair is charged to, and the bytes that are sent for that every time."""

    subject: str
    body: bytes


async def find_repair(
    conn: Connection, *, campaign_id: str, player_id: UUID, idempotency_key: str
) -> Repair | None:
    """A player's repair by its key; None: the key is new."""
    row = await conn.fetchrow(_SQL.find_repair, campaign_id, player_id, idempotency_key)
    return None if row is None else Repair(**row)


async def take_place(conn: Connection, repair: Repair) -> bool:
    """Take one of the streak's places for a repair; False: others have taken the last meanwhile."""
    return await conn.fetchval(_SQL.take_repair, repair.campaign_id, repair.streak_id, 1) is not None


async def insert_repair(conn: Connection, repair: Repair, debit: Debit, *, next_attempt_ms: int) -> None:
    """Store a repair that has a place, with the bytes of its debit."""
    r = repair
    await conn.execute(
        _SQL.insert_repair, r.campaign_id, r.repair_id, r.player_id, r.streak_id, r.day, r.idempotency_key,
        r.price_points, r.asked_ms, r.apply_before_ms, next_attempt_ms, r.operation_id, debit.subject,
        debit.body,
    )  # fmt: skip


async def lock_repair(conn: Connection, repair: Repair) -> Repair:
    """A repair as it stands now, for nobody else until the transaction ends."""
    row = await conn.fetchrow(_SQL.lock_repair, repair.campaign_id, repair.repair_id)
    assert row is not None, "repairs are never deleted"
    return Repair(**row)


async def save_decided(
    conn: Connection, repair: Repair, *, operation_state: str, ledger_seq: int | None
) -> None:
    """Store what the ledger has decided about a locked repair; one that was not charged frees its place."""
    r = repair
    if r.state != "applied":
        await conn.execute(_SQL.take_repair, r.campaign_id, r.streak_id, -1)
    await conn.execute(
        _SQL.decide_repair, r.campaign_id, r.repair_id, r.state, r.finished_ms, r.balance_points, r.refusal,
        operation_state, ledger_seq,
    )  # fmt: skip


async def doubt_repair(conn: Connection, repair: Repair, *, next_attempt_ms: int) -> None:
    """The outcome of the debit is unknown; the sweeper asks again."""
    await conn.execute(_SQL.doubt_repair, repair.campaign_id, repair.repair_id, next_attempt_ms)


async def claim_repairs(
    conn: Connection, *, now_ms: int, until_ms: int, limit: int
) -> list[tuple[Repair, Debit]]:
    """Repairs whose turn it is, with their debits; nobody else gets them before `until_ms`."""
    return [_with_debit(row) for row in await conn.fetch(_SQL.claim_repairs, now_ms, until_ms, limit)]


async def paid_repairs(conn: Connection, keys: Collection[StreakKey]) -> dict[StreakKey, list[Repair]]:
    """The repairs of players' streaks that were charged."""
    found: dict[StreakKey, list[Repair]] = {key: [] for key in keys}
    parts = columns([(key.campaign_id, key.player_id, key.streak_id) for key in sorted(keys)], 3)
    for row in await conn.fetch(_SQL.paid_repairs, *parts):
        repair = Repair(**row)
        found[repair.key].append(repair)
    return found


async def save_refunds(conn: Connection, repairs: Sequence[Repair]) -> None:
    """Store which repairs are refunded."""
    rows = [(r.campaign_id, r.repair_id, r.refunds, r.is_refunded) for r in repairs]
    if rows:
        await conn.execute(_SQL.save_refunds, *columns(rows, 4))


def _with_debit(row: Any) -> tuple[Repair, Debit]:
    fields = dict(row)
    debit = Debit(subject=fields.pop("subject"), body=fields.pop("body"))
    return Repair(**fields), debit
