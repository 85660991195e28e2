"""The sandbox's books: the feed, the totals, and what the schema itself refuses."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import pytest_asyncio

from sandbox_ledger import store
from sandbox_ledger.wire import INTEGER_MAX
from tests.ledger.serving import START_MS, Sandbox, operation, transfer
from tests.ledger.waiting import WAITING, waiting_writers


@pytest_asyncio.fixture
async def database(sandbox: Sandbox) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection of our own to the ledger's database."""
    connection = await asyncpg.connect(sandbox.database_url)
    yield connection
    await connection.close()


@pytest.mark.asyncio
async def test_the_feed_is_in_commit_order_without_gaps(sandbox: Sandbox) -> None:
    """A reader that follows it while others write sees every entry once, in order, also after refusals."""
    seen: list[int] = []

    async def follow() -> None:
        while len(seen) < 100:
            after = seen[-1] if seen else 0
            page = await sandbox.get(f"/v1/entries?after_seq={after}&limit=7")
            seen.extend(entry["seq"] for entry in page["entries"])

    async def write(number: int) -> None:
        pays = transfer("player:poor", "house:c", 1)
        gets = transfer("issuer", f"player:{number}", 1)
        await sandbox.post("/v1/operations", operation(f"refused{number}", pays))
        await sandbox.post("/v1/operations", operation(f"op{number}", gets, gets))

    async with asyncio.timeout(20):
        await asyncio.gather(follow(), *map(write, range(50)))
    assert seen == list(range(1, 101))


@pytest.mark.asyncio
async def test_entries_tell_the_whole_story(sandbox: Sandbox) -> None:
    """Balances recomputed from the feed are those of the accounts, and sum to zero."""
    await sandbox.fund("player:a", 100)
    await sandbox.fund("campaign:c:budget", 50)
    play = operation(
        "play", transfer("player:a", "house:c", 30), transfer("campaign:c:budget", "player:a", 5)
    )
    await sandbox.post("/v1/operations", play)
    entries = (await sandbox.get("/v1/entries"))["entries"]
    balances: Counter[str] = Counter()
    for entry in entries:
        balances[entry["debit"]] -= entry["amount"]
        balances[entry["credit"]] += entry["amount"]
        assert entry["debit_balance"] == balances[entry["debit"]]
        assert entry["credit_balance"] == balances[entry["credit"]]
        assert entry["posted_at"] == START_MS
    assert balances == {"player:a": 75, "campaign:c:budget": 45, "house:c": 30, "issuer": -150}
    for account, balance in balances.items():
        assert (await sandbox.get(f"/v1/accounts/{account}"))["posted"] == balance
    assert [(entry["operation_id"], entry["leg"]) for entry in entries[2:]] == [("play", 0), ("play", 1)]


@pytest.mark.asyncio
async def test_an_account_has_its_own_feed(sandbox: Sandbox) -> None:
    """Both sides, in order, in pages."""
    await sandbox.fund("player:a", 100)
    await sandbox.fund("player:b", 100)
    await sandbox.post("/v1/operations", operation("gift", transfer("player:a", "player:b", 1)))
    pages = [
        await sandbox.get(f"/v1/accounts/player:a/entries?limit=1&after_seq={after}") for after in (0, 1, 3)
    ]
    assert [[entry["seq"] for entry in page["entries"]] for page in pages] == [[1], [3], []]
    assert [page["next_after_seq"] for page in pages] == [1, 3, 3]


@pytest.mark.asyncio
async def test_control_totals(sandbox: Sandbox) -> None:
    """Count and sum of a range, ends included; beyond what a JSON reader keeps exactly, too."""
    for number, amount in enumerate((5, 7, INTEGER_MAX)):
        await sandbox.post("/v1/operations", operation(f"op{number}", transfer("house:a", "house:b", amount)))
    totals = await sandbox.get("/v1/control-totals?from_seq=1&to_seq=2")
    assert totals == {"from_seq": 1, "to_seq": 2, "entries": 2, "amount": "12"}
    assert (await sandbox.get("/v1/control-totals?from_seq=7&to_seq=7"))["entries"] == 0


@pytest.mark.asyncio
async def test_balances_stay_within_json_integers(sandbox: Sandbox) -> None:
    """Refused for good, with the room there was; unguarded accounts have a floor there too."""
    await sandbox.fund("player:a", INTEGER_MAX)
    full = await sandbox.post("/v1/operations", operation("full", transfer("house:c", "player:a", 1)))
    empty = await sandbox.post("/v1/operations", operation("empty", transfer("issuer", "player:b", 1)))
    assert (full["code"], full["account"], full["available"]) == ("balance_limit", "player:a", 0)
    assert (empty["code"], empty["account"], empty["available"]) == ("insufficient_funds", "issuer", 0)


@pytest.mark.asyncio
async def test_a_decision_in_flight_is_never_missed(
    sandbox: Sandbox, database: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """A lookup waits for what is under way, so "not seen" past the deadline is never contradicted."""
    async with database.transaction():
        await store.lock_head(database, now_ms=START_MS)
        pays = operation("slow", transfer("issuer", "player:a", 1), apply_before=START_MS + 5)
        writing = asyncio.create_task(sandbox.post("/v1/operations", pays))
        await waiting_writers(sandbox.database_url, 1)
        sandbox.clock.now_ms += 10
        asking = asyncio.create_task(sandbox.post("/v1/operations:lookup", {"ids": ["slow"]}))
        await waiting_writers(sandbox.database_url, 2)
    written, found = await asyncio.gather(writing, asking)
    assert found["as_of"] == START_MS + 10
    assert (written["outcome"] == "applied") == (found["missing"] == [])


@pytest.mark.asyncio
async def test_a_ledger_that_is_held_up_says_so(
    sandbox: Sandbox, database: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """503, not executed: the database stopped the transaction before anything was written."""
    async with database.transaction():
        await store.lock_head(database, now_ms=START_MS)
        writing = asyncio.create_task(
            sandbox.post("/v1/operations", operation("op", transfer("issuer", "player:a", 1)))
        )
        await waiting_writers(sandbox.database_url, 1)
        await database.execute("SELECT pg_stat_clear_snapshot()")
        await database.execute(f"SELECT pg_cancel_backend(pid) {WAITING}")
        problem = await writing
    assert (problem["status"], problem["code"], problem["executed"]) == (503, "busy", False)
    assert (await sandbox.get("/v1/operations/op"))["status"] == 404


@pytest.mark.asyncio
async def test_a_ledger_without_its_database_says_so_and_recovers(sandbox: Sandbox) -> None:
    """503, not executed, for as long as it lasts."""
    place = urlsplit(sandbox.database_url)
    name = place.path.removeprefix("/")
    elsewhere = await asyncpg.connect(urlunsplit(place._replace(path="/postgres")))
    pays = operation("op", transfer("issuer", "player:a", 1))
    try:
        await elsewhere.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await elsewhere.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", name
        )
        problem = await sandbox.post("/v1/operations", pays)
        await elsewhere.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    finally:
        await elsewhere.close()
    assert (problem["status"], problem["code"], problem["executed"]) == (503, "busy", False)
    assert (await sandbox.post("/v1/operations", pays))["outcome"] == "applied"


BAD_ENTRIES = [
    "1, 'fund-player:a-100', 1, 'house:a', 'house:b', 1, 'c', 0, 0, 0",
    "2, 'fund-player:a-100', 0, 'house:a', 'house:b', 1, 'c', 0, 0, 0",
    "2, 'fund-player:a-100', 1, 'house:a', 'house:a', 1, 'c', 0, 0, 0",
    "2, 'fund-player:a-100', 1, 'house:a', 'house:b', 0, 'c', 0, 0, 0",
    "2, 'fund-player:a-100', 1, 'player:a', 'house:b', 1, 'c', -1, 0, 0",
    "2, 'nowhere', 1, 'house:a', 'house:b', 1, 'c', 0, 0, 0",
]


FORBIDDEN = [
    *(f"INSERT INTO sandbox_ledger.entry VALUES ({values})" for values in BAD_ENTRIES),
    "UPDATE sandbox_ledger.entry SET amount = amount + 1",
    "DELETE FROM sandbox_ledger.entry",
    "TRUNCATE sandbox_ledger.entry",
    "UPDATE sandbox_ledger.operation SET outcome = 'rejected'",
    "DELETE FROM sandbox_ledger.operation",
    "TRUNCATE sandbox_ledger.operation CASCADE",
    "UPDATE sandbox_ledger.account SET posted = -1 WHERE id = 'player:a'",
    "UPDATE sandbox_ledger.account SET posted = 9007199254740992 WHERE id = 'player:a'",
    "INSERT INTO sandbox_ledger.account VALUES ('campaign:c:budget', -1)",
    "INSERT INTO sandbox_ledger.head VALUES (true, 1, 1)",
    "INSERT INTO sandbox_ledger.head VALUES (false, 1, 1)",
    "INSERT INTO sandbox_ledger.operation VALUES ('fund-player:a-100', 'applied', '', '', 1)",
    "INSERT INTO sandbox_ledger.operation VALUES ('x', 'paid', '', '', 1)",
    "INSERT INTO sandbox_ledger.operation VALUES ('x', 'applied', '', NULL, 1)",
]


@pytest.mark.asyncio
async def test_the_schema_refuses(sandbox: Sandbox, database: "asyncpg.Connection[asyncpg.Record]") -> None:
    """What the rules never write cannot be written by anything else either."""
    await sandbox.fund("player:a", 100)
    for statement in FORBIDDEN:
        try:
            await database.execute(statement)
        except (asyncpg.IntegrityConstraintViolationError, asyncpg.RaiseError):
            continue
        pytest.fail(statement)


@pytest.mark.asyncio
async def test_the_schema_is_applied_by_many_at_once(empty_database_url: str) -> None:
    """Several processes start together, and again later."""
    connections = [await asyncpg.connect(empty_database_url) for _ in range(4)]
    try:
        for _ in range(2):
            await asyncio.gather(*map(store.apply_schema, connections))
        assert await connections[0].fetchval("SELECT next_seq FROM sandbox_ledger.head") == 1
    finally:
        for connection in connections:
            await connection.close()


@pytest.mark.asyncio
async def test_nobody_becomes_a_writer_beside_a_start(empty_database_url: str) -> None:
    """A start holds the head before all else: its later locks meet no writer who waits for another."""
    holder, starter, writer = [await asyncpg.connect(empty_database_url) for _ in range(3)]
    try:
        await store.apply_schema(starter)
        async with holder.transaction():
            await holder.execute("LOCK TABLE sandbox_ledger.lot IN ROW EXCLUSIVE MODE")
            starting = asyncio.create_task(store.apply_schema(starter))
            await waiting_writers(empty_database_url, 1)
            await writer.execute("SET lock_timeout = '50ms'")
            with pytest.raises(asyncpg.LockNotAvailableError):
                await store.lock_head(writer, now_ms=1)
        await starting
        assert await store.lock_head(writer, now_ms=1) == 1
    finally:
        await asyncio.gather(*(each.close() for each in (holder, starter, writer)))


# As accounts, operations and entries were kept before (0045).
BEGUN_EARLIER = """
ALTER TABLE sandbox_ledger.account DROP COLUMN credited, DROP COLUMN first_ms;
ALTER TABLE sandbox_ledger.operation DROP COLUMN first_seq;
DROP TRIGGER belongs ON sandbox_ledger.entry;
ALTER TABLE sandbox_ledger.entry
    ADD FOREIGN KEY (operation_id) REFERENCES sandbox_ledger.operation (id), ADD UNIQUE (operation_id, leg);
"""


@pytest.mark.asyncio
async def test_books_that_were_begun_earlier_go_on(
    sandbox: Sandbox, database: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """What accounts tell of what came to them is made from the lots, and nothing else changes."""
    await sandbox.fund("player:a", 100)
    sandbox.clock.now_ms += 5
    pays = operation("play", transfer("player:a", "house:c", 30), transfer("issuer", "player:a", 7))
    paid = await sandbox.post("/v1/operations", pays)
    before = await database.fetch("SELECT * FROM sandbox_ledger.account ORDER BY id")
    await database.execute(BEGUN_EARLIER)
    for _ in range(2):
        await store.apply_schema(database)
    assert await database.fetch("SELECT * FROM sandbox_ledger.account ORDER BY id") == before
    assert (await sandbox.post("/v1/operations", pays)) == paid | {"replayed": True}
    later = await sandbox.post("/v1/operations", operation("later", transfer("player:a", "house:c", 7)))
    assert (later["seq"], later["balances"]) == (4, {"player:a": 70})
    for values in BAD_ENTRIES:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await database.execute(f"INSERT INTO sandbox_ledger.entry VALUES ({values})")
