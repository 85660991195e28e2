"""Points expire: oldest first, once, by the ledger's own operations; the account shows what goes next."""

import asyncio
from typing import Any

import pytest

from game.ledger.comparing import campaign_of
from ledger_client import LedgerClient, Options
from ledger_client.outcomes import Expiring
from sandbox_ledger.expiry import DAY_MS
from sandbox_ledger.settings import POINTS_TTL_DAYS
from sandbox_ledger.wire import BATCH_MAX, INTEGER_MAX, LEGS_MAX
from tests.ledger.serving import START_MS, TOKEN, Sandbox, operation, transfer

TTL_MS = POINTS_TTL_DAYS * DAY_MS


async def credit(sandbox: Sandbox, name: str, amount: int, *, day: int) -> None:
    """Give points to player:a on a day."""
    sandbox.clock.now_ms = START_MS + day * DAY_MS
    await move(sandbox, name, transfer("issuer", "player:a", amount))


async def move(sandbox: Sandbox, name: str, *legs: dict[str, Any]) -> Any:
    """The answer to an operation that is in time."""
    return await sandbox.post("/v1/operations", operation(name, *legs, apply_before=INTEGER_MAX))


async def holds(sandbox: Sandbox, account: str = "player:a") -> tuple[int, int | None, int | None]:
    """What the account has; how much of it goes next, and on which day."""
    found = await sandbox.get(f"/v1/accounts/{account}")
    assert found["available"] == found["posted"]
    if found["expiring"] is None:
        return found["posted"], None, None
    day = (found["expiring"]["expires_at"] - START_MS - TTL_MS) // DAY_MS
    return found["posted"], found["expiring"]["amount"], day


async def expired(sandbox: Sandbox) -> list[tuple[str, str, str, int, int]]:
    """The ledger's own entries: operation, both accounts, amount and what it left."""
    page = await sandbox.get("/v1/entries?limit=1000")
    return [
        (each["operation_id"], each["debit"], each["credit"], each["amount"], each["debit_balance"])
        for each in page["entries"]
        if each["code"] == "expiry"
    ]


@pytest.mark.asyncio
async def test_an_account_shows_what_expires_next(sandbox: Sandbox) -> None:
    """The oldest lot of which something is left, as debits take the oldest points first."""
    assert await holds(sandbox) == (0, None, None)
    await credit(sandbox, "first", 10, day=0)
    await credit(sandbox, "second", 5, day=3)
    assert await holds(sandbox) == (15, 10, 0)
    await move(sandbox, "some", transfer("player:a", "house:c", 4))
    assert await holds(sandbox) == (11, 6, 0)
    await move(sandbox, "more", transfer("player:a", "house:c", 8))
    assert await holds(sandbox) == (3, 3, 3)
    await move(sandbox, "rest", transfer("player:a", "house:c", 3))
    assert await holds(sandbox) == (0, None, None)


@pytest.mark.asyncio
async def test_the_client_reads_it(sandbox: Sandbox) -> None:
    """Amount and time, through the client."""
    await credit(sandbox, "first", 10, day=0)
    async with LedgerClient.open(sandbox.url, TOKEN, Options()) as ledger:
        assert (await ledger.account("player:a")).expiring == Expiring(10, START_MS + TTL_MS)
        assert (await ledger.account("issuer")).expiring is None


@pytest.mark.asyncio
async def test_points_go_when_their_time_comes(sandbox: Sandbox) -> None:
    """Not a millisecond before; then to the issuer, in the feed, once however often one looks."""
    await credit(sandbox, "first", 10, day=0)
    await credit(sandbox, "second", 5, day=3)
    await move(sandbox, "some", transfer("player:a", "house:c", 4))
    sandbox.clock.now_ms = START_MS + TTL_MS - 1
    assert await holds(sandbox) == (11, 6, 0)
    sandbox.clock.now_ms += 1
    for _ in range(3):
        assert await holds(sandbox) == (5, 5, 3)
    assert await expired(sandbox) == [("expiry:1", "player:a", "issuer", 6, 5)]
    assert (await holds(sandbox, "issuer"))[0] == -9
    record = await sandbox.get("/v1/operations/expiry:1")
    assert (record["outcome"]["outcome"], record["outcome"]["seq"]) == ("applied", 4)
    assert (await sandbox.post("/v1/operations:lookup", {"ids": ["expiry:1"]}))["missing"] == []


@pytest.mark.asyncio
async def test_all_that_is_overdue_goes_at_once(sandbox: Sandbox) -> None:
    """One operation, however many lots it ends; what came later stays, and is next."""
    for day in range(20):
        await credit(sandbox, f"day{day}", 2, day=day)
    await move(sandbox, "some", transfer("player:a", "house:c", 5))
    sandbox.clock.now_ms = START_MS + TTL_MS + 9 * DAY_MS
    assert await holds(sandbox) == (20, 2, 10)
    assert await expired(sandbox) == [("expiry:10", "player:a", "issuer", 15, 20)]


@pytest.mark.asyncio
async def test_spent_points_do_not_expire(sandbox: Sandbox) -> None:
    """Nothing is posted when the time of a lot comes of which nothing is left."""
    await credit(sandbox, "first", 10, day=0)
    await credit(sandbox, "second", 5, day=3)
    await move(sandbox, "all", transfer("player:a", "house:c", 10))
    sandbox.clock.now_ms = START_MS + TTL_MS
    assert await holds(sandbox) == (5, 5, 3)
    assert await expired(sandbox) == []


@pytest.mark.asyncio
async def test_overdue_points_cannot_be_spent(sandbox: Sandbox) -> None:
    """They are gone before an operation looks at the account, and it is refused for good."""
    await credit(sandbox, "first", 10, day=0)
    await credit(sandbox, "second", 5, day=3)
    sandbox.clock.now_ms = START_MS + TTL_MS
    refused = await move(sandbox, "play", transfer("player:a", "house:c", 6))
    assert (refused["outcome"], refused["available"], refused["needed"]) == ("rejected", 5, 6)
    paid = await move(sandbox, "less", transfer("player:a", "house:c", 5))
    assert paid["balances"] == {"player:a": 0}
    assert [amount for _, _, _, amount, _ in await expired(sandbox)] == [10]


@pytest.mark.asyncio
async def test_what_was_decided_stays_decided(sandbox: Sandbox) -> None:
    """Replays after the points are gone tell the balances of their time; refusals stay refusals."""
    await credit(sandbox, "first", 10, day=0)
    paid = await move(sandbox, "paid", transfer("player:a", "house:c", 4))
    refused = await move(sandbox, "refused", transfer("player:a", "house:c", 7))
    sandbox.clock.now_ms = START_MS + TTL_MS
    assert await move(sandbox, "paid", transfer("player:a", "house:c", 4)) == paid | {"replayed": True}
    assert await move(sandbox, "refused", transfer("player:a", "house:c", 7)) == refused | {"replayed": True}
    assert await holds(sandbox) == (0, None, None)
    assert [amount for _, _, _, amount, _ in await expired(sandbox)] == [6]


@pytest.mark.asyncio
async def test_many_come_at_the_moment_of_expiry(sandbox: Sandbox) -> None:
    """Debits and questions all at once: the points go once, nothing is below zero, nobody spends them."""
    await credit(sandbox, "first", 100, day=0)
    await credit(sandbox, "second", 7, day=3)
    sandbox.clock.now_ms = START_MS + TTL_MS
    plays = [move(sandbox, f"play{number}", transfer("player:a", "house:c", 1)) for number in range(24)]
    answers = await asyncio.gather(*plays, *(holds(sandbox) for _ in range(24)))
    assert [answer["outcome"] for answer in answers[:24]].count("applied") == 7
    assert all(0 <= posted <= 7 for posted, _, _ in answers[24:])
    assert await expired(sandbox) == [("expiry:1", "player:a", "issuer", 100, 7)]


@pytest.mark.asyncio
async def test_every_account_of_a_batch_loses_its_own(sandbox: Sandbox) -> None:
    """Also that which is only credited, also in a batch of replays; accounts without a part in it wait."""
    gifts = [operation(name, transfer("issuer", f"player:{name}", 3)) for name in "abc"]
    await sandbox.post("/v1/operations:batch", {"operations": gifts})
    sandbox.clock.now_ms = START_MS + TTL_MS
    await move(sandbox, "a", transfer("issuer", "player:a", 3))
    await move(sandbox, "gift", transfer("player:b", "player:a", 1), transfer("issuer", "player:b", 1))
    assert [(debit, amount) for _, debit, _, amount, _ in await expired(sandbox)] == [
        ("player:a", 3),
        ("player:b", 3),
    ]
    assert (await holds(sandbox, "player:c")) == (0, None, None)


@pytest.mark.asyncio
async def test_only_players_points_expire(sandbox: Sandbox) -> None:
    """Budgets, houses and the issuer keep theirs."""
    await sandbox.fund("campaign:c:budget", 10)
    await sandbox.fund("house:c", 10)
    sandbox.clock.now_ms = START_MS + 2 * TTL_MS
    assert await holds(sandbox, "campaign:c:budget") == (10, None, None)
    assert await holds(sandbox, "house:c") == (10, None, None)


@pytest.mark.asyncio
async def test_a_clock_that_is_behind_shows_the_ledgers_time(sandbox: Sandbox) -> None:
    """What is overdue by the ledger's time is gone, whichever process is asked."""
    await credit(sandbox, "first", 10, day=0)
    sandbox.clock.now_ms = START_MS + TTL_MS
    await move(sandbox, "other", transfer("issuer", "player:b", 1))
    sandbox.clock.now_ms -= 600_000
    assert await holds(sandbox) == (0, None, None)


@pytest.mark.asyncio
async def test_nobody_takes_an_id_of_the_ledgers_own(sandbox: Sandbox) -> None:
    """Neither an operation nor a fence: points whose id was taken would never go."""
    await credit(sandbox, "first", 10, day=0)
    taken = await move(sandbox, "expiry:1", transfer("issuer", "player:b", 1))
    fenced = await sandbox.post("/v1/operations/expiry:1:fence", b"")
    assert [(each["status"], each["code"]) for each in (taken, fenced)] == [(400, "invalid")] * 2
    sandbox.clock.now_ms = START_MS + TTL_MS
    assert await holds(sandbox) == (0, None, None)


@pytest.mark.asyncio
async def test_an_issuer_without_room_refuses_them(sandbox: Sandbox) -> None:
    """No error and nothing half done: they stay, and go with what is overdue next."""
    await move(sandbox, "gift", transfer("house:d", "player:a", 10))
    await move(sandbox, "full", transfer("house:c", "issuer", INTEGER_MAX))
    sandbox.clock.now_ms = START_MS + TTL_MS
    for _ in range(2):
        assert (await holds(sandbox))[0] == 10
    await move(sandbox, "room", transfer("issuer", "house:c", 100))
    await move(sandbox, "second", transfer("house:d", "player:a", 5))
    sandbox.clock.now_ms += TTL_MS
    assert (await holds(sandbox)) == (0, None, None)
    assert [amount for _, _, _, amount, _ in await expired(sandbox)] == [15]


@pytest.mark.asyncio
async def test_more_points_pass_through_than_64_bits_count(sandbox: Sandbox) -> None:
    """The running total has room for whatever amounts allow."""
    there_and_back = [
        transfer("house:c", "player:a", INTEGER_MAX),
        transfer("player:a", "house:c", INTEGER_MAX),
    ]
    batch = [operation(f"op{n}", *there_and_back * (LEGS_MAX // 2)) for n in range(BATCH_MAX)]
    for ids in ("a", "b"):
        items = [item | {"id": ids + item["id"]} for item in batch]
        answer = await sandbox.post("/v1/operations:batch", {"operations": items})
        assert {result["outcome"] for result in answer["results"]} == {"applied"}
    await sandbox.fund("player:a", 3)
    assert await holds(sandbox) == (3, 3, 0)


def test_reconciliation_leaves_the_ledgers_own_entries_alone() -> None:
    """Neither their accounts nor their ids are those of a campaign, so they are not even copied."""
    assert [campaign_of(name) for name in ("player:acme.ann", "issuer", "expiry:12")] == [None] * 3
