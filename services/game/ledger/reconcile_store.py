"""The rows of reconciliation: passes, copied entries, cases and breaks. Connection first."""

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.db.statements import columns, load
from game.ledger.comparing import GRACE_MS, PLACE_MS, Break, Case, Posted, Repair, campaign_of
from game.ledger.kinds import Kind
from game.players import erased_account
from ledger_client import Entry

_SQL = load("game.ledger")

PassName = Literal["recent", "full"]
Compared = Literal["plays", "rewards", "repairs"]
PlayKey = tuple[str, UUID]
RewardKey = tuple[str, UUID]
RepairKey = tuple[str, UUID]
OperationKey = tuple[str, str]


class Pass(msgspec.Struct, frozen=True):
    """How far a pass has come: in the feed, in the entries judged, in what is compared with them."""

    name: PassName
    after_seq: int
    judged_seq: int
    play_id: UUID
    reward_id: UUID
    repair_id: UUID

    def after(self, what: Compared) -> UUID:
        """The last of them that was compared."""
        return {"plays": self.play_id, "rewards": self.reward_id, "repairs": self.repair_id}[what]


class Hour(msgspec.Struct, frozen=True, kw_only=True):
    """Count and sum of the entries of an hour, which are one part of the feed."""

    hour_ms: int
    from_seq: int
    to_seq: int
    entries: int
    points: int


class PostedOperation(msgspec.Struct, frozen=True, kw_only=True):
    """The operation of an entry; without a play, a reward and a repair it is not ours."""

    seq: int
    campaign_id: str
    operation_id: str
    play_id: UUID | None
    reward_id: UUID | None
    repair_id: UUID | None


async def claim_pass(conn: Connection, name: PassName, *, now_ms: int, until_ms: int) -> Pass | None:
    """The pass, when it is its turn; nobody else gets it before `until_ms`."""
    row = await conn.fetchrow(_SQL.claim_pass, name, now_ms, until_ms)
    return None if row is None else Pass(*row)


async def read_pass(conn: Connection, name: PassName) -> Pass:
    """The pass, whoever works at it."""
    row = await conn.fetchrow(_SQL.read_pass, name)
    assert row is not None, "the migration stores both passes"
    return Pass(*row)


async def release_pass(conn: Connection, name: PassName, *, next_ms: int, done_ms: int | None) -> None:
    """Let the pass be taken up again from `next_ms` on; `done_ms`: it came to its end."""
    await conn.execute(_SQL.release_pass, name, next_ms, done_ms)


async def restart_pass(conn: Connection, name: PassName) -> None:
    """Begin anew."""
    await conn.execute(_SQL.restart_pass, name)


async def reopen_hours(conn: Connection) -> None:
    """Let the totals of all hours be compared again."""
    await conn.execute(_SQL.reopen_hours)


async def last_copied(conn: Connection) -> int:
    """The last entry that was copied; 0: none was."""
    return await conn.fetchval(_SQL.last_copied) or 0


async def advance(conn: Connection, what: str, name: PassName, *, old: Any, new: Any) -> bool:
    """Move a cursor of a pass on; False: another process was faster. `what`: feed, judged or Compared."""
    return bool(await conn.fetch(_SQL[f"advance_{what}"], name, old, new))


async def plan_anew(conn: Connection) -> None:
    """Have the statements of this transaction planned for the tables as they are by now."""
    await conn.execute(_SQL.plan_anew)


async def copy_entries(conn: Connection, entries: Sequence[Entry], *, after_seq: int, to_seq: int) -> None:
    """Replace the copies of a part of the feed by what it says now."""
    await conn.execute(_SQL.forget_entries, after_seq, to_seq)
    rows = [
        (e.seq, e.operation_id, e.debit, e.credit, e.amount,
         *map(campaign_of, (e.debit, e.credit, e.operation_id)))
        for e in entries
    ]  # fmt: skip
    if rows:
        await conn.execute(_SQL.copy_entries, *map(list, zip(*rows, strict=True)), erased_account())


async def add_hours(conn: Connection, hours: Sequence[Hour]) -> None:
    """Add what was read to the totals of its hours."""
    rows = [msgspec.structs.astuple(hour) for hour in hours]
    if rows:
        await conn.execute(_SQL.add_hours, *map(list, zip(*rows, strict=True)))


async def last_hour_ms(conn: Connection) -> int:
    """The hour that was read last; 0: none was."""
    return await conn.fetchval(_SQL.last_hour) or 0


async def open_hours(conn: Connection, *, before_ms: int, limit: int) -> list[Hour]:
    """Hours whose totals have not been found to agree, oldest first."""
    return [Hour(**row) for row in await conn.fetch(_SQL.open_hours, before_ms, limit)]


async def agree_hour(conn: Connection, hour_ms: int) -> None:
    """The totals of an hour are those of the ledger."""
    await conn.execute(_SQL.agree_hour, hour_ms)


async def posted_operations(conn: Connection, *, after_seq: int, limit: int) -> list[PostedOperation]:
    """The operations of copied entries, in the order of the feed."""
    return [PostedOperation(**row) for row in await conn.fetch(_SQL.posted_operations, after_seq, limit)]


async def between(
    conn: Connection, what: Compared, *, after: UUID, before: UUID, limit: int
) -> list[tuple[str, UUID]]:
    """What is compared, by the time at which it was accepted, given or asked for."""
    return [(row[0], row[1]) for row in await conn.fetch(_SQL[f"{what}_between"], after, before, limit)]


async def overdue(conn: Connection, what: Compared, *, before_ms: int, limit: int) -> list[tuple[str, UUID]]:
    """What has something in flight since before a time; up to `limit` for each reason."""
    return [(row[0], row[1]) for row in await conn.fetch(_SQL[f"overdue_{what}"], before_ms, limit)]


async def broken(
    conn: Connection, what: Compared, *, after: int, limit: int
) -> list[tuple[int, tuple[str, UUID]]]:
    """What has open breaks, each with the number of the break."""
    return [(row[0], (row[1], row[2])) for row in await conn.fetch(_SQL[f"broken_{what}"], after, limit)]


async def broken_strangers(conn: Connection, *, after: int, limit: int) -> list[tuple[int, OperationKey]]:
    """Operations of somebody else with open breaks, each with the number of the break."""
    rows = await conn.fetch(_SQL.broken_strangers, after, limit)
    return [(row["break_id"], (row["campaign_id"], row["operation_id"])) for row in rows]


async def cases(conn: Connection, plays: Sequence[PlayKey]) -> list[Case]:
    """All that plays owe and are owed, as it is held and as it was posted."""
    asked = columns(plays, 2)
    debits = await conn.fetch(_SQL.debit_cases, *asked, GRACE_MS)
    credits_ = await conn.fetch(_SQL.credit_cases, *asked, PLACE_MS)
    return [Case(**_with_posted(row)) for row in (*debits, *credits_)]


async def reward_cases(conn: Connection, rewards: Sequence[RewardKey]) -> list[Case]:
    """All that was given as points, or taken back, as it is held and as it was posted."""
    return [
        Case(**_with_posted(row))
        for row in await conn.fetch(_SQL.reward_cases, *columns(rewards, 2), PLACE_MS)
    ]


async def repair_cases(conn: Connection, repairs: Sequence[RepairKey]) -> list[Case]:
    """All that repairs cost, as it is held and as it was posted."""
    rows = await conn.fetch(_SQL.repair_cases, *columns(repairs, 2), GRACE_MS)
    return [Case(**_with_posted(row)) for row in rows]


async def posted_of(conn: Connection, operation_id: str, *, brand_id: str) -> list[Posted]:
    """An operation's entries on accounts of a brand's campaigns, as far as the feed was read."""
    rows = await conn.fetch(_SQL.entries_of_operations, brand_id, [operation_id])
    return [Posted(row["debit"], row["credit"], row["amount"]) for row in rows]


async def strangers(
    conn: Connection, keys: Sequence[OperationKey]
) -> list[tuple[OperationKey, tuple[Posted, ...], bool]]:
    """Those of the operations that we never made, with their entries; whether their campaign is closed."""
    rows = [_with_posted(row) for row in await conn.fetch(_SQL.strangers, *columns(keys, 2))]
    return [((row["campaign_id"], row["operation_id"]), row["posted"], row["is_closed"]) for row in rows]


async def open_breaks(conn: Connection, found: Sequence[Break], *, now_ms: int) -> None:
    """Store breaks; those that are stored keep the time at which they were found."""
    rows = [
        (b.kind, b.operation_id, b.campaign_id, b.play_id, b.reward_id, b.repair_id, b.points, b.says)
        for b in found
    ]
    if rows:
        await conn.execute(_SQL.open_breaks, *map(list, zip(*rows, strict=True)), now_ms)


async def close_breaks_of(
    conn: Connection, what: Compared, keys: Sequence[tuple[str, UUID]], found: Sequence[Break], *, now_ms: int
) -> None:
    """Close the breaks of what was compared that were not found again."""
    kinds, operations = [b.kind for b in found], [b.operation_id for b in found]
    await conn.execute(_SQL[f"close_breaks_of_{what}"], *columns(keys, 2), kinds, operations, now_ms)


async def close_breaks(
    conn: Connection, kind: Kind, operation_ids: Sequence[str], found: Sequence[Break], *, now_ms: int
) -> None:
    """Close breaks of one kind that were looked at and not found again."""
    await conn.execute(_SQL.close_breaks, kind, operation_ids, [b.operation_id for b in found], now_ms)


async def repair(conn: Connection, found: Sequence[Break], *, now_ms: int) -> None:
    """Have sweepers send again and drive on what may be, and stop plays that a person has to look at."""
    late = [b for b in found if b.repair is Repair.DRIVE]
    due = [b for b in found if b.repair is Repair.RESEND]
    odd = [b for b in found if b.repair is Repair.REVIEW]
    if late:
        plays = [(b.campaign_id, b.play_id) for b in late if b.play_id]
        await conn.execute(_SQL.wake_plays, *columns(plays, 2), now_ms)
        repairs = [(b.campaign_id, b.repair_id) for b in late if b.repair_id]
        await conn.execute(_SQL.wake_repairs, *columns(repairs, 2), now_ms)
    if due:
        await conn.execute(
            _SQL.wake_credits, *columns(((b.campaign_id, b.operation_id) for b in due), 2), now_ms
        )
    if odd:
        await conn.execute(_SQL.review_plays, *columns(((b.campaign_id, b.play_id) for b in odd), 2))


def _with_posted(row: Any) -> dict[str, Any]:
    found = dict(row)
    sides = [found.pop(name) or () for name in ("debits", "credits", "amounts")]
    return found | {"posted": tuple(Posted(*leg) for leg in zip(*sides, strict=True))}
