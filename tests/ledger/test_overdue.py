"""A debit in doubt is decided once its time is over, with a fence and without one."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from ledger_client import (
    Applied,
    BadCredentials,
    Expired,
    Fenced,
    Hooks,
    InvalidOperation,
    LedgerClient,
    Options,
    Unknown,
    UnknownReason,
)
from ledger_client.operations import decode
from ledger_client.overdue import FENCES_IN_FLIGHT_MAX
from ledger_client.testing import CHECKS, Bench, Check, undeclared
from ledger_client.transport import HttpTransport, Reply, Request, Silence
from tests.ledger.fenceless import without_fence
from tests.ledger.scripted import ScriptedLedger, apply, at_once, body_of, page, status
from tests.ledger.serving import START_MS, TOKEN, Sandbox

LATE_MS = START_MS + 1_000
DECLARED = {"batch_max": 256, "sticky_refusals": True, "apply_before": True, "ordered_floors": True}


@pytest_asyncio.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[LedgerClient]:
    """A client of the sandbox, which has no fence here."""
    async with without_fence(sandbox.url) as found:
        yield found


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.asyncio
async def test_a_ledger_without_a_fence_keeps_the_rest(
    check: Check, client: LedgerClient, sandbox: Sandbox
) -> None:
    """Only what is about a fence is skipped, and plays can run on it."""
    declared = await client.capabilities()
    assert declared.lacking == ()
    if missing := undeclared(check, declared):
        assert missing[0] == "fence"
        return
    await check(Bench(client, sandbox.clock, "bench"))


@pytest.mark.asyncio
async def test_what_was_never_seen_is_expired_once_its_time_is_past(
    client: LedgerClient, sandbox: Sandbox
) -> None:
    """Not before, and not at that very moment: until then it may still be on its way."""
    for clock_ms in (LATE_MS - 1, LATE_MS):
        sandbox.clock.now_ms = clock_ms
        found = await client.decide_overdue("a", apply_before_ms=LATE_MS)
        assert found == Unknown("a", UnknownReason.IN_PROGRESS)
    sandbox.clock.now_ms = LATE_MS + 1
    assert await client.decide_overdue("a", apply_before_ms=LATE_MS) == Expired("a", replayed=False)


@pytest.mark.asyncio
async def test_what_was_decided_is_found(client: LedgerClient, sandbox: Sandbox) -> None:
    """A debit whose answer was lost is told as it was decided."""
    operation = decode(body_of("a"))
    sandbox.clock.now_ms = operation.apply_before - 1
    await sandbox.fund("player:p", 10)
    applied = await apply(client, "a")
    assert isinstance(applied, Applied)
    found = await client.decide_overdue("a", apply_before_ms=operation.apply_before)
    assert found == Applied("a", applied.seq, replayed=True, balances=applied.balances)


@pytest.mark.asyncio
async def test_no_answer_decides_nothing(scripted_ledger: ScriptedLedger) -> None:
    """Neither silence about what the ledger can do, nor about the operation; then it is asked again."""
    lookup = page({"as_of": LATE_MS + 1, "found": [], "missing": ["a"]})
    scripted_ledger.questions.extend([status(500)] * 3)
    scripted_ledger.questions.extend([page(DECLARED | {"fence": False, "feed": False}), *[status(500)] * 3])
    scripted_ledger.questions.append(lookup)
    async with at_once(scripted_ledger) as client:
        for _ in range(2):
            found = await client.decide_overdue("a", apply_before_ms=LATE_MS)
            assert found == Unknown("a", UnknownReason.SERVER_ERROR)
        assert await client.decide_overdue("a", apply_before_ms=LATE_MS) == Expired("a", replayed=False)


class Crowded(HttpTransport):
    """Counts the calls that are under way at once, and keeps how many items each path was asked for."""

    def __init__(self, url: str) -> None:
        super().__init__(url, token=TOKEN, connections_max=6)
        self.under_way = self.most = 0
        self.asked: list[tuple[str, int]] = []

    async def call(self, request: Request, *, timeout_seconds: float) -> Reply | Silence:
        self.asked.append((request.path.partition(":")[2], request.items))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            return await super().call(request, timeout_seconds=timeout_seconds)
        finally:
            self.under_way -= 1


def client_of(transport: Crowded) -> LedgerClient:
    """A client that tries again at once."""
    return LedgerClient(transport, Options(), hooks=Hooks(), random=lambda: 0.0)


@pytest.mark.asyncio
async def test_what_an_outage_left_is_looked_up_together(sandbox: Sandbox) -> None:
    """What comes while a lookup is under way is in the next one, up to 256: no call for each of hundreds."""
    sandbox.clock.now_ms = LATE_MS + 1
    transport = Crowded(sandbox.url)
    async with client_of(transport) as client:
        asked = [client.decide_overdue(f"{n % 400}", apply_before_ms=LATE_MS) for n in range(401)]
        outcomes = await asyncio.gather(*asked)
    assert outcomes == [Expired(f"{n % 400}", replayed=False) for n in range(401)]
    assert transport.asked == [("", 1), ("lookup", 256), ("lookup", 145)]


@pytest.mark.asyncio
async def test_what_a_lookup_cannot_decide_is_fenced_few_at_a_time(sandbox: Sandbox) -> None:
    """Where our clock is ahead of the ledger's; and the connections that fresh plays need stay free."""
    transport = Crowded(sandbox.url)
    async with client_of(transport) as client:
        asked = [client.decide_overdue(f"{n}", apply_before_ms=LATE_MS) for n in range(20)]
        outcomes = await asyncio.gather(*asked)
    assert outcomes == [Fenced(f"{n}", replayed=False) for n in range(20)]
    assert transport.asked == [("", 1), ("lookup", 20), *[("fence", 1)] * 20]
    assert transport.most == FENCES_IN_FLIGHT_MAX


@pytest.mark.asyncio
async def test_an_id_that_the_ledger_cannot_read_harms_no_other(sandbox: Sandbox) -> None:
    """It is found by halving, and told as the bug that it is."""
    sandbox.clock.now_ms = LATE_MS + 1
    ids = ["a", "b", "no id", "c", "d"]
    async with client_of(Crowded(sandbox.url)) as client:
        asked = [client.decide_overdue(id_, apply_before_ms=LATE_MS) for id_ in ids]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(outcomes.pop(2), InvalidOperation)
    assert outcomes == [Expired(id_, replayed=False) for id_ in "abcd"]


@pytest.mark.asyncio
async def test_a_token_that_is_not_accepted_is_not_looked_for_among_ids(
    scripted_ledger: ScriptedLedger,
) -> None:
    """All are told by the one call: no halving finds which of them it is."""
    scripted_ledger.questions.append(page(DECLARED | {"fence": True, "feed": True}))
    scripted_ledger.questions.extend([status(401)] * 15)
    async with at_once(scripted_ledger) as client:
        asked = [client.decide_overdue(f"{n}", apply_before_ms=LATE_MS) for n in range(8)]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [BadCredentials] * 8
    assert scripted_ledger.asked == ["/v1/capabilities", "/v1/operations:lookup"]


@pytest.mark.asyncio
async def test_whoever_leaves_holds_up_nobody(sandbox: Sandbox) -> None:
    """One caller goes away, the other gets the answer."""
    sandbox.clock.now_ms = LATE_MS + 1
    async with client_of(Crowded(sandbox.url)) as client:
        gone, stays = (
            asyncio.create_task(client.decide_overdue(id_, apply_before_ms=LATE_MS)) for id_ in "ab"
        )
        await asyncio.sleep(0)
        gone.cancel()
        assert await stays == Expired("b", replayed=False)
    assert gone.cancelled()


@pytest.mark.asyncio
async def test_a_ledger_that_declares_no_time_is_asked_for_its_fence(
    scripted_ledger: ScriptedLedger,
) -> None:
    """What it can do is asked once; an absence proves nothing there."""
    lookups = [page({"as_of": LATE_MS, "found": [], "missing": [id_]}) for id_ in "ab"]
    fences = [page({"outcome": "fenced", "id": id_, "replayed": False}) for id_ in "ab"]
    declared = page(DECLARED | {"fence": True, "feed": False, "apply_before": False})
    scripted_ledger.questions.extend([declared, lookups[0], fences[0], lookups[1], fences[1]])
    async with at_once(scripted_ledger) as client:
        for id_ in "ab":
            assert await client.decide_overdue(id_, apply_before_ms=0) == Fenced(id_, replayed=False)
    lookup = "/v1/operations:lookup"
    assert scripted_ledger.asked == [
        "/v1/capabilities", lookup, "/v1/operations/a:fence", lookup, "/v1/operations/b:fence"
    ]  # fmt: skip
