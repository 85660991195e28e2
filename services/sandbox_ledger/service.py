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
    """Decide the operations, in order and all together.

    Read in one statement and written in another, if nobody wrote in between; else under the head's lock.
    """
    accounts = rules.accounts_of(operations)
    async with _connection(resources) as connection:
        results = await _decide(connection, operations, accounts=accounts, resources=resources)
        if results is not None:
            return results
        async with connection.transaction():
            return await _decide_locked(connection, operations, accounts=accounts, resources=resources)


async def fence(resources: Resources, operation_id: str) -> Decided:
    """Decide an id now: bury it when it was never seen."""
    async with _transaction(resources) as connection:
        clock_ms = await store.lock_head(connection, now_ms=resources.now_ms())
        known = await store.find_records(connection, ids=[operation_id])
        if operation_id in known:
            return rules.replayed(known[operation_id])
        tombstone = rules.tombstone(operation_id, now_ms=clock_ms)
        await store.bury(connection, tombstone=tombstone)
    return tombstone.outcome


async def lookup(resources: Resources, ids: Sequence[str]) -> LookupAnswer:
    """What was decided of the ids, as of a time that no operation still under way can be before."""
    async with _transaction(resources) as connection:
        clock_ms = await store.lock_head(connection, now_ms=resources.now_ms())
        known = await store.find_records(connection, ids=ids)
    return LookupAnswer(
        as_of=clock_ms,
        found=[rules.replayed(known[id_]) for id_ in dict.fromkeys(ids) if id_ in known],
        missing=[id_ for id_ in dict.fromkeys(ids) if id_ not in known],
    )


async def show(resources: Resources, operation_id: str) -> RecordAnswer:
    """An operation as it was first seen; raises `Refusal` (404, with `as_of`) when it never was."""
    async with _transaction(resources) as connection:
        clock_ms = await store.lock_head(connection, now_ms=resources.now_ms())
        record = (await store.find_records(connection, ids=[operation_id])).get(operation_id)
    if record is None:
        raise Refusal(describe("not_found", f"{operation_id} was never seen.", as_of=clock_ms))
    return RecordAnswer(
        outcome=rules.replayed(record),
        operation=record.operation,
        decided_at=record.decided_at,
        as_of=clock_ms,
    )


async def account(resources: Resources, account_id: str) -> Account:
    """The account's points, once those that are overdue are gone; nothing is ever held here."""
    async with _transaction(resources) as connection:
        holding, oldest = await _held(connection, account_id, resources)
        if expiry.expiries([holding]):
            await _decide_locked(connection, [], accounts=[account_id], resources=resources)
            holding, oldest = await _held(connection, account_id, resources)
    soonest = expiry.expiring(holding, oldest, ttl_ms=resources.points_ttl_ms)
    return Account(id=account_id, posted=holding.posted, held=0, available=holding.posted, expiring=soonest)


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


async def _held(
    connection: store.Connection, account_id: str, resources: Resources
) -> tuple[expiry.Holding, expiry.Lot | None]:
    return await store.find_holding(
        connection, account=account_id, now_ms=resources.now_ms(), ttl_ms=resources.points_ttl_ms
    )


async def _decide_locked(
    connection: store.Connection,
    operations: Sequence[Operation],
    *,
    accounts: Sequence[str],
    resources: Resources,
) -> list[Result]:
    """What becomes of the operations, while nobody else can write."""
    await store.lock_head(connection, now_ms=resources.now_ms())
    results = await _decide(connection, operations, accounts=accounts, resources=resources)
    assert results is not None, "nobody else wrote"
    return results


async def _decide(
    connection: store.Connection,
    operations: Sequence[Operation],
    *,
    accounts: Sequence[str],
    resources: Resources,
) -> list[Result] | None:
    """What becomes of the operations, once what is overdue on the accounts is gone.

    None: somebody else wrote meanwhile, and nothing was done.
    """
    sight = await store.look(
        connection,
        accounts=sorted({*accounts, expiry.ISSUER}),
        ids=[operation.id for operation in operations],
        now_ms=resources.now_ms(),
        ttl_ms=resources.points_ttl_ms,
    )
    overdue = expiry.expiries(sight.holdings.values())
    plan = rules.decide(
        [*overdue, *operations],
        known=sight.records,
        balances={account: holding.posted for account, holding in sight.holdings.items()},
        next_seq=sight.next_seq,
        now_ms=sight.clock_ms,
    )
    lots = expiry.lots_of(plan.entries, sight.holdings)
    if plan.records and not await store.write(connection, sight, plan=plan, lots=lots):
        return None
    return plan.results[len(overdue) :]


@asynccontextmanager
async def _transaction(resources: Resources) -> AsyncIterator[store.Connection]:
    async with _connection(resources) as connection, connection.transaction():
        yield connection


@asynccontextmanager
async def _connection(resources: Resources) -> AsyncIterator[store.Connection]:
    try:
        connection = await resources.pool.acquire(timeout=ACQUIRE_SECONDS)
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Refusal(describe("busy", "No database connection; nothing was executed.")) from error
    try:
        yield connection
    except (
        asyncpg.LockNotAvailableError,
        asyncpg.QueryCanceledError,
        asyncpg.DeadlockDetectedError,
    ) as error:
        raise Refusal(describe("busy", "Waited too long; nothing was executed.")) from error
    finally:
        await resources.pool.release(connection)
