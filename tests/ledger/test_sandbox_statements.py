"""The sandbox works on sets: what a batch costs the database, and in which order it takes its locks."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from sandbox_ledger import rules, service, store
from sandbox_ledger.expiry import DAY_MS
from sandbox_ledger.service import Resources
from sandbox_ledger.turns import Turns
from sandbox_ledger.wire import BATCH_MAX, Applied, Leg, Operation
from tests.ledger.serving import START_MS
from tests.ledger.waiting import waiting_writers

Statements = list[tuple[str, tuple[Any, ...]]]

# All that a batch of plays costs, however large it is.
COST = ["WITH holding AS", "WITH turn AS"]
# Where the arguments of what is written have the accounts and the entries.
ACCOUNTS, ENTRIES = 4, 5


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
        empty_database_url, min_size=1, max_size=8, init=listen, reset=keep, server_settings=store.SESSION
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


def sent_with(statements: Statements, cost: str) -> list[tuple[Any, ...]]:
    """The arguments of the statements that begin so."""
    return [args for query, args in statements if query.startswith(cost)]


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
    (written,) = sent_with(statements, COST[1])
    accounts = [account for account, *_ in written[ACCOUNTS]]
    assert len(accounts) == len(set(accounts)) == BATCH_MAX + 2
    hot = {"house:c": 2 * BATCH_MAX, "issuer": -4 * BATCH_MAX}
    assert {id_: posted for id_, posted, *_ in written[ACCOUNTS] if id_ in hot} == hot
    assert [seq for seq, *_ in written[ENTRIES]] == list(range(1, 3 * BATCH_MAX + 1))


@pytest.mark.asyncio
async def test_a_batch_of_replays_writes_nothing(resources: Resources, statements: Statements) -> None:
    """Duplicates cost what it costs to find them."""
    await service.apply(resources, plays("play", BATCH_MAX))
    statements.clear()
    await service.apply(resources, plays("play", BATCH_MAX))
    ((query, _),) = statements
    assert query.startswith(COST[0])


@pytest.mark.asyncio
async def test_what_waits_is_one_batch(resources: Resources, statements: Statements) -> None:
    """Requests that wait together share a look and a write; each is told its own."""
    await service.apply(resources, plays("first", 1))
    statements.clear()
    turns = Turns(resources)
    requests = [plays(f"play{number}-", number + 1) for number in range(6)]
    answers = await asyncio.gather(*map(turns.apply, requests))
    assert [query[: len(cost)] for (query, _), cost in zip(statements, COST, strict=True)] == COST
    assert [[result.id for result in answer] for answer in answers] == [
        [operation.id for operation in request] for request in requests
    ]


@pytest.mark.asyncio
async def test_a_batch_of_requests_has_a_limit(resources: Resources, statements: Statements) -> None:
    """What is more waits for the next; none is split, none is left out."""
    await service.apply(resources, plays("first", 1))
    statements.clear()
    turns = Turns(resources)
    answers = await asyncio.gather(*(turns.apply(plays(f"play{number}-", 250)) for number in range(6)))
    assert [len(written[3]) for written in sent_with(statements, COST[1])] == [1000, 500]
    assert all(isinstance(result, Applied) for answer in answers for result in answer)


@pytest.mark.asyncio
async def test_whoever_leaves_stops_nobody(resources: Resources) -> None:
    """A request that is given up is decided all the same, and the others of its batch are told."""
    turns = Turns(resources)
    requests = [asyncio.create_task(turns.apply(plays(f"play{number}-", 1))) for number in range(3)]
    await asyncio.sleep(0)
    requests[1].cancel()
    told = await asyncio.gather(*requests, return_exceptions=True)
    assert isinstance(told[1], asyncio.CancelledError)
    assert [isinstance(told[number], list) for number in (0, 2)] == [True, True]
    (again,) = await turns.apply(plays("play1-", 1))
    assert isinstance(again, Applied)
    assert again.replayed


@pytest.mark.asyncio
async def test_an_error_is_told_to_its_batch_alone(resources: Resources) -> None:
    """Nothing of the batch is decided, and the next one goes on."""
    turns = Turns(resources)
    await resources.pool.execute("ALTER TABLE sandbox_ledger.lot RENAME TO elsewhere")
    told = await asyncio.gather(
        *(turns.apply(plays(f"play{number}-", 1)) for number in range(3)), return_exceptions=True
    )
    assert [type(each) for each in told] == [asyncpg.UndefinedTableError] * 3
    await resources.pool.execute("ALTER TABLE sandbox_ledger.elsewhere RENAME TO lot")
    (result,) = await turns.apply(plays("play1-", 1))
    assert isinstance(result, Applied)
    assert not result.replayed


@pytest.mark.asyncio
async def test_what_was_seen_before_somebody_wrote_is_not_written(resources: Resources) -> None:
    """A decision on balances that have changed since does nothing, also when the writer posted no entry."""
    (pays,) = plays("play", 1)
    async with resources.pool.acquire() as connection:
        for meanwhile in (
            service.apply(resources, plays("other", 1)),
            service.fence(resources, "play0"),
            service.lookup(resources, ["play0"]),
        ):
            sight = await store.look(
                connection, accounts=rules.accounts_of([pays]), ids=["play0"], now_ms=START_MS, ttl_ms=DAY_MS
            )
            await meanwhile
            balances = {account: holding.posted for account, holding in sight.holdings.items()}
            plan = rules.decide(
                [pays], known={}, balances=balances, next_seq=sight.next_seq, now_ms=sight.clock_ms
            )
            assert not await store.write(connection, sight, plan=plan, lots=[])
    assert (await service.entries(resources, after_seq=0, limit=9)).next_after_seq == 3


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
    """However they are asked for and stored: whoever waits for one has taken none that comes after it."""
    for name in "cab":
        await service.apply(resources, [operation(name, ("issuer", f"player:{name}", 1))])
    ids = ["player:c", "player:b", "player:a"]
    pool = resources.pool
    async with pool.acquire() as first, pool.acquire() as third:
        holding = first.transaction()
        await holding.start()
        await first.execute("SELECT FROM sandbox_ledger.account WHERE id = 'player:b' FOR UPDATE")
        backwards = [("issuer", account, 1) for account in ids]
        waiting = asyncio.create_task(service.apply(resources, [operation("all", *backwards)]))
        await waiting_writers(empty_database_url, 1)
        async with third.transaction():
            free = await third.fetch(
                "SELECT id FROM sandbox_ledger.account WHERE id = ANY($1) FOR UPDATE SKIP LOCKED", ids
            )
        await holding.rollback()
        await waiting
    assert [row["id"] for row in free] == ["player:c"]
