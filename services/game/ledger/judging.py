"""Comparing rows with entries in one transaction, and keeping what is found."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from game.db.connection import Connection
from game.ledger import reconcile_store as store
from game.ledger.comparing import At, Break, Case, find_break, stranger
from game.ledger.kinds import Kind
from game.ledger.reconcile_store import OperationKey, PlayKey, RepairKey, RewardKey


class Judge(Protocol):
    """Compares things of campaigns, each by its campaign and its id."""

    async def __call__(self, conn: Connection, keys: Sequence[tuple[str, UUID]], /, *, now_ms: int) -> None:
        """Keep what is found, close what has healed, repair what needs no person."""


async def judge_plays(conn: Connection, plays: Sequence[PlayKey], *, now_ms: int) -> None:
    """Compare plays: keep what is found, close what has healed, repair what needs no person."""
    if not plays:
        return
    found = await _found(conn, await store.cases(conn, plays), now_ms=now_ms)
    await store.close_breaks_of(conn, "plays", plays, found, now_ms=now_ms)
    await store.repair(conn, found, now_ms=now_ms)


async def judge_rewards(conn: Connection, rewards: Sequence[RewardKey], *, now_ms: int) -> None:
    """Compare rewards: keep what is found, close what has healed, send again what is due."""
    if not rewards:
        return
    found = await _found(conn, await store.reward_cases(conn, rewards), now_ms=now_ms)
    await store.close_breaks_of(conn, "rewards", rewards, found, now_ms=now_ms)
    await store.repair(conn, found, now_ms=now_ms)


async def judge_repairs(conn: Connection, repairs: Sequence[RepairKey], *, now_ms: int) -> None:
    """Compare repairs of streaks: keep what is found, close what has healed, drive on what is late."""
    if not repairs:
        return
    found = await _found(conn, await store.repair_cases(conn, repairs), now_ms=now_ms)
    await store.close_breaks_of(conn, "repairs", repairs, found, now_ms=now_ms)
    await store.repair(conn, found, now_ms=now_ms)


async def _found(conn: Connection, cases: Sequence[Case], *, now_ms: int) -> list[Break]:
    # Whatever was posted by then is copied: full passes only replace what recent ones have read.
    at = At(now_ms=now_ms, read_seq=(await store.read_pass(conn, "recent")).after_seq)
    found = [broken for case in cases if (broken := find_break(case, at)) is not None]
    await store.open_breaks(conn, found, now_ms=now_ms)
    return found


async def judge_strangers(conn: Connection, keys: Sequence[OperationKey], *, now_ms: int) -> None:
    """Look at operations that are not ours, on accounts of our campaigns."""
    if not keys:
        return
    posted = await store.strangers(conn, keys)
    seen = [stranger(*key, transfers, is_closed=is_closed) for key, transfers, is_closed in posted]
    found = [broken for broken in seen if broken is not None]
    await store.open_breaks(conn, found, now_ms=now_ms)
    await store.close_breaks(
        conn, Kind.THEIRS_ONLY, [operation_id for _, operation_id in keys], found, now_ms=now_ms
    )
