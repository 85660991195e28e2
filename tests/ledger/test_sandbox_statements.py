"""The sandbox works on sets: what a batch costs the database, and in which order it takes its locks."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from sandbox_ledger import service, store
from sandbox_ledger.expiry import DAY_MS
from sandbox_ledger.service import Resources
from sandbox_ledger.wire import BATCH_MAX, Applied, Leg, Operation
from tests.ledger.serving import START_MS
from tests.ledger.waiting import waiting_writers

Statements = list[tuple[str, tuple[Any, ...]]]

# All that a batch of plays costs, however large it is.
COST = [
    "BEGIN",
    "UPDATE sandbox_ledger.head SET clock_ms",
    "SELECT a.id, a.posted",
    "SELECT id, answer, body",
    "INSERT INTO sandbox_ledger.operation",
    "INSERT INTO sandbox_ledger.account",
    "INSERT INTO sandbox_ledger.entry",
    "UPDATE sandbox_ledger.head SET next_seq",
    "INSERT INTO sandbox_ledger.lot",
    "COMMIT",
]


@pytest.fixture
def statements() -> Statements:
    """What is sent to the database, with its arguments."""
    return []


@pytest_asyncio.fixture
async def resources(empty_database_url: str, statements: Statements) -> AsyncIterator[Resources]:
    """A ledger whose connections tell what they send."""

    async def listen(connection: Any) -> None:
        connection.add_query_logger(lambda sent: statements.append((sent.query.strip(), sent.args)))

    async def keep(_connection: Any) -> None:
        """Reset nothing, as in the app: it would count as a statement."""

    async with asyncpg.create_pool(
        empty_database_url, min_size=1, max_size=8, init=listen, reset=keep
    ) as pool:
        async with pool.acquire() as connection:
            await store.apply_schema(connection)
        yield Resources(pool=pool, now_ms=lambda: START_MS, points_ttl_ms=DAY_MS)


def operation(operation_id: str, *legs: tuple[str, str, int]) -> Operation:
    """An operation that is in time."""
    return Operation(operation_id, START_MS + 1, [Leg(*leg, "test") for leg in legs], "")


def plays(prefix: str, count: int) -> list[Operation]:
    """Plays of one campaign, each by another player, who pays from a prize; the price is collected."""
    return [
        operation(
            f"{prefix}{number}",
            ("issuer", f"player:{number}", 5),
            (f"player:{number}", "house:c", 3),
            ("house:c", "issuer", 1),
        )
        for number in range(count)
    ]


def sent_to(statements: Statements, table: str) -> list[tuple[Any, ...]]:
    """The arguments of what was inserted there."""
    return [args for query, args in statements if query.startswith(f"INSERT INTO sandbox_ledger.{table} ")]


@pytest.mark.parametrize("count", [1, 16, BATCH_MAX])
@pytest.mark.asyncio
async def test_a_batch_costs_as_many_statements_as_one_operation(
    resources: Resources, statements: Statements, count: int
) -> None:
    """Accounts are read and locked once, evaluated in memory, and written in one go."""
    # A connection's first batch asks for the arrays' types, too.
    await service.apply(resources, plays("first", 1))
    statements.clear()
    await service.apply(resources, plays("play", count))
    sent = [query for query, _ in statements]
    assert len(sent) == len(COST), sent
    assert [query[: len(cost)] for query, cost in zip(sent, COST, strict=True)] == COST


@pytest.mark.asyncio
async def test_a_hot_account_is_written_once_a_batch(resources: Resources, statements: Statements) -> None:
    """The house and the issuer are in every leg; one row each is updated, with what is left in the end."""
    statements.clear()
    await service.apply(resources, plays("play", BATCH_MAX))
    ((accounts, balances),) = sent_to(statements, "account")
    assert len(accounts) == len(set(accounts)) == BATCH_MAX + 2
    hot = {"house:c": 2 * BATCH_MAX, "issuer": -4 * BATCH_MAX}
    assert {account: dict(zip(accounts, balances, strict=True))[account] for account in hot} == hot
    ((seqs, *_),) = sent_to(statements, "entry")
    assert seqs == list(range(1, 3 * BATCH_MAX + 1))


@pytest.mark.asyncio
async def test_a_batch_of_replays_writes_nothing(resources: Resources, statements: Statements) -> None:
    """Duplicates cost what it costs to find them."""
    await service.apply(resources, plays("play", BATCH_MAX))
    statements.clear()
    await service.apply(resources, plays("play", BATCH_MAX))
    assert len(statements) == 5
    assert not [query for query, _ in statements if query.startswith("INSERT")]


@pytest.mark.asyncio
async def test_batches_in_opposite_orders_do_not_deadlock(resources: Resources) -> None:
    """Eight at once over the same accounts, half of them backwards: all are applied, and all add up."""
    batches = [plays(f"batch{number}-", 64)[:: 1 if number % 2 else -1] for number in range(8)]
    async with asyncio.timeout(60):
        results = await asyncio.gather(*(service.apply(resources, batch) for batch in batches))
    assert all(isinstance(result, Applied) for batch in results for result in batch)
    assert (await service.account(resources, "player:0")).posted == 2 * 8
    assert (await service.account(resources, "house:c")).posted == 2 * 64 * 8


@pytest.mark.asyncio
async def test_accounts_are_locked_in_the_order_of_their_ids(
    resources: Resources, empty_database_url: str
) -> None:
    """However they are asked for and stored, and without the head's lock too: none is taken too early."""
    for name in "cab":
        await service.apply(resources, [operation(name, ("issuer", f"player:{name}", 1))])
    ids = ["player:c", "player:b", "player:a"]
    pool = resources.pool
    async with pool.acquire() as first, pool.acquire() as second, pool.acquire() as third:
        holding = first.transaction()
        await holding.start()
        await lock(first, ["player:b"])
        waiting = asyncio.create_task(locked_briefly(second, ids))
        await waiting_writers(empty_database_url, 1)
        async with third.transaction():
            free = await third.fetch(
                "SELECT id FROM sandbox_ledger.account WHERE id = ANY($1) FOR UPDATE SKIP LOCKED", ids
            )
        await holding.rollback()
        await waiting
    assert [row["id"] for row in free] == ["player:c"]


async def lock(connection: store.Connection, accounts: list[str]) -> None:
    """Lock accounts as every batch does."""
    await store.lock_holdings(connection, accounts=accounts, now_ms=START_MS, ttl_ms=DAY_MS)


async def locked_briefly(connection: store.Connection, accounts: list[str]) -> None:
    """Lock accounts, and let go."""
    async with connection.transaction():
        await lock(connection, accounts)
