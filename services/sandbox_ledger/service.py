"""The use cases; the only place that opens a transaction."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
import msgspec

from sandbox_ledger import expiry, rules, store
from sandbox_ledger.problems import Refusal, describe
from sandbox_ledger.wire import (
    Account,
    ControlTotals,
    Decided,
    EntryPage,
    LookupAnswer,
    Operation,
    RecordAnswer,
    Result,
)

ACQUIRE_SECONDS: Final = 2.0
TOTALS_RANGE_MAX: Final = 1_000_000


class Resources(msgspec.Struct, frozen=True):
    """What every use case works on; `now_ms` is milliseconds since the epoch.

    A player's points expire `points_ttl_ms` after they were credited.
    """

    pool: asyncpg.Pool
    now_ms: Callable[[], int]
    points_ttl_ms: int


async def apply(resources: Resources, operations: Sequence[Operation]) -> list[Result]:
    """Decide the operations, in order and in one transaction."""
    accounts = rules.accounts_of(operations)
    async with _transaction(resources) as connection:
        return await _decide(connection, operations, accounts=accounts, resources=resources)


async def fence(resources: Resources, operation_id: str) -> Decided:
    """Decide an id now: bury it when it was never seen."""
    async with _transaction(resources) as connection:
        head = await store.lock_head(connection, now_ms=resources.now_ms())
        known = await store.find_records(connection, ids=[operation_id])
        if operation_id in known:
            return rules.replayed(known[operation_id])
        tombstone = rules.tombstone(operation_id, now_ms=head.clock_ms)
        await store.add_records(connection, records=[tombstone])
    return tombstone.outcome


async def lookup(resources: Resources, ids: Sequence[str]) -> LookupAnswer:
    """What was decided of the ids, as of a time that no operation still under way can be before."""
    async with _transaction(resources) as connection:
        head = await store.lock_head(connection, now_ms=resources.now_ms())
        known = await store.find_records(connection, ids=ids)
    return LookupAnswer(
        as_of=head.clock_ms,
        found=[rules.replayed(known[id_]) for id_ in dict.fromkeys(ids) if id_ in known],
        missing=[id_ for id_ in dict.fromkeys(ids) if id_ not in known],
    )


async def show(resources: Resources, operation_id: str) -> RecordAnswer:
    """An operation as it was first seen; raises `Refusal` (404, with `as_of`) when it never was."""
    async with _transaction(resources) as connection:
        head = await store.lock_head(connection, now_ms=resources.now_ms())
        record = (await store.find_records(connection, ids=[operation_id])).get(operation_id)
    if record is None:
        raise Refusal(describe("not_found", f"{operation_id} was never seen.", as_of=head.clock_ms))
    return RecordAnswer(
        outcome=rules.replayed(record),
        operation=record.operation,
        decided_at=record.decided_at,
        as_of=head.clock_ms,
    )


async def account(resources: Resources, account_id: str) -> Account:
    """The account's points, once those that are overdue are gone; nothing is ever held here."""
    now_ms, ttl_ms = resources.now_ms(), resources.points_ttl_ms
    async with _transaction(resources) as connection:
        found = await store.find_holding(connection, account=account_id, now_ms=now_ms, ttl_ms=ttl_ms)
        if expiry.expiries([found]):
            await _decide(connection, [], accounts=[account_id], resources=resources)
            found = await store.find_holding(connection, account=account_id, now_ms=now_ms, ttl_ms=ttl_ms)
    soonest = expiry.expiring(found, ttl_ms=ttl_ms)
    return Account(id=account_id, posted=found.posted, held=0, available=found.posted, expiring=soonest)


async def entries(resources: Resources, *, after_seq: int, limit: int) -> EntryPage:
    """The feed."""
    async with _transaction(resources) as connection:
        found = await store.list_entries(connection, after_seq=after_seq, limit=limit)
    return EntryPage(entries=found, next_after_seq=found[-1].seq if found else after_seq)


async def account_entries(resources: Resources, account_id: str, *, after_seq: int, limit: int) -> EntryPage:
    """The feed of one account."""
    async with _transaction(resources) as connection:
        found = await store.list_account_entries(
            connection, account=account_id, after_seq=after_seq, limit=limit
        )
    return EntryPage(entries=found, next_after_seq=found[-1].seq if found else after_seq)


async def control_totals(resources: Resources, *, from_seq: int, to_seq: int) -> ControlTotals:
    """The totals of a range of at most a million entries."""
    if not 0 <= to_seq - from_seq < TOTALS_RANGE_MAX:
        raise Refusal(describe("invalid", f"to_seq - from_seq must be from 0 to {TOTALS_RANGE_MAX - 1}."))
    async with _transaction(resources) as connection:
        return await store.sum_entries(connection, from_seq=from_seq, to_seq=to_seq)


async def _decide(
    connection: store.Connection,
    operations: Sequence[Operation],
    *,
    accounts: Sequence[str],
    resources: Resources,
) -> list[Result]:
    """What becomes of the operations, once what is overdue on the accounts is gone."""
    head = await store.lock_head(connection, now_ms=resources.now_ms())
    holdings = await store.lock_holdings(
        connection,
        accounts=sorted({*accounts, expiry.ISSUER}),
        now_ms=head.clock_ms,
        ttl_ms=resources.points_ttl_ms,
    )
    overdue = expiry.expiries(holdings.values())
    batch = [*overdue, *operations]
    plan = rules.decide(
        batch,
        known=await store.find_records(connection, ids=[operation.id for operation in batch]),
        balances={account: holding.posted for account, holding in holdings.items()},
        next_seq=head.next_seq,
        now_ms=head.clock_ms,
    )
    lots = expiry.lots_of(plan.entries, holdings)
    await _write(connection, plan, lots=lots, next_seq=head.next_seq)
    return plan.results[len(overdue) :]


async def _write(
    connection: store.Connection, plan: rules.Plan, *, lots: Sequence[expiry.Lot], next_seq: int
) -> None:
    if plan.records:
        await store.add_records(connection, records=plan.records)
    if plan.entries:
        await store.put_balances(connection, balances=plan.balances)
        await store.add_entries(connection, entries=plan.entries)
        await store.advance_head(connection, next_seq=next_seq + len(plan.entries))
    if lots:
        await store.add_lots(connection, lots=lots)


@asynccontextmanager
async def _transaction(resources: Resources) -> AsyncIterator[store.Connection]:
    try:
        connection = await resources.pool.acquire(timeout=ACQUIRE_SECONDS)
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Refusal(describe("busy", "No database connection; nothing was executed.")) from error
    try:
        async with connection.transaction():
            yield connection
    except (asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError) as error:
        raise Refusal(describe("busy", "Waited too long; nothing was executed.")) from error
    finally:
        await resources.pool.release(connection)
