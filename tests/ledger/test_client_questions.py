"""What the client asks, and what it makes of answers that do not fit."""

import asyncio

import pytest

from ledger_client import (
    Account,
    Applied,
    Capabilities,
    Entry,
    Fenced,
    Hooks,
    InvalidOperation,
    Lane,
    LedgerClient,
    LedgerUnreachable,
    Options,
    Unknown,
    UnknownReason,
)
from ledger_client.transport import Reply, Request
from tests.ledger.scripted import Answer, ScriptedLedger, apply, at_once, page, result, status

ACCOUNT = {"id": "player:a", "posted": 5, "held": 1, "available": 4}
SEEN = {"outcome": result("other"), "operation": None, "decided_at": 1, "as_of": 2}


@pytest.mark.asyncio
async def test_a_question_is_repeated(scripted_ledger: ScriptedLedger) -> None:
    """Up to three attempts; names are quoted where a URL needs it."""
    account = ACCOUNT | {"expiring": {"amount": 3, "expires_at": 9}}
    scripted_ledger.questions.extend([status(500), status(503, Ledger_Executed="no"), page(account)])
    async with at_once(scripted_ledger) as client:
        found = await client.account("player:a~b/c")
    assert (found.available, found.expiring and found.expiring.expires_at_ms) == (4, 9)
    assert scripted_ledger.asked == ["/v1/accounts/player:a~b%2Fc"] * 3


@pytest.mark.parametrize(
    "answer",
    [
        page({}),
        page([]),
        status(200),
        page({"as_of": 1, "found": [], "missing": []}),
        page({"as_of": 1, "found": [result("b")], "missing": []}),
        page({"as_of": 1, "found": [{"outcome": "odd", "id": "a"}], "missing": []}),
        status(302),
        status(500),
        status(429, Retry_After="60"),
    ],
)
@pytest.mark.asyncio
async def test_a_lookup_that_proves_nothing_is_no_answer(
    scripted_ledger: ScriptedLedger, answer: Answer
) -> None:
    """Never "not seen": that would cancel a play that was charged."""
    scripted_ledger.questions.extend([answer] * 3)
    async with at_once(scripted_ledger) as client:
        with pytest.raises(LedgerUnreachable):
            await client.lookup(["a"])


@pytest.mark.parametrize("answer", [page(SEEN), page({}), status(404), status(500)])
@pytest.mark.asyncio
async def test_an_explanation_that_does_not_fit_is_none(
    scripted_ledger: ScriptedLedger, answer: Answer
) -> None:
    """Another operation's record, or a 404 without a time, explains nothing."""
    scripted_ledger.questions.extend([answer] * 3)
    async with at_once(scripted_ledger) as client:
        with pytest.raises(LedgerUnreachable):
            await client.explain("a")


@pytest.mark.asyncio
async def test_a_fence_in_doubt_is_unknown(scripted_ledger: ScriptedLedger) -> None:
    """Whoever fences asks again until it is decided."""
    fenced = {"outcome": "fenced", "id": "a", "replayed": False}
    scripted_ledger.questions.extend([page(fenced | {"id": "b"})] * 3 + [page(fenced)])
    async with at_once(scripted_ledger) as client:
        assert await client.fence("a") == Unknown("a", UnknownReason.BROKEN_ANSWER)
        assert await client.fence("a") == Fenced("a", replayed=False)
    assert scripted_ledger.asked == ["/v1/operations/a:fence"] * 4


@pytest.mark.asyncio
async def test_a_bad_question_is_a_bug(scripted_ledger: ScriptedLedger) -> None:
    """An account that cannot exist is not asked for twice."""
    scripted_ledger.questions.append(status(400))
    async with at_once(scripted_ledger) as client:
        with pytest.raises(InvalidOperation):
            await client.account("bank:a")


@pytest.mark.asyncio
async def test_questions_are_repeated_within_the_budget(scripted_ledger: ScriptedLedger) -> None:
    """And not at all when it is spent."""
    scripted_ledger.questions.append(status(500))
    async with at_once(scripted_ledger, Options(budget_calls=0)) as client:
        with pytest.raises(LedgerUnreachable, match="server_error"):
            await client.capabilities()


@pytest.mark.asyncio
async def test_questions_leave_connections_for_plays(scripted_ledger: ScriptedLedger) -> None:
    """However many are asked at once, a play does not wait for one of them, nor is it lost in a queue."""
    questions = 40
    scripted_ledger.questions.extend([page(ACCOUNT | {"expiring": None})] * questions)
    scripted_ledger.gate.clear()
    options = Options(call_seconds=30)
    async with at_once(scripted_ledger, options) as client:
        asked = [asyncio.create_task(client.account("player:a")) for _ in range(questions)]
        await asyncio.sleep(0)
        play = asyncio.create_task(apply(client, "a", seconds=30))
        await scripted_ledger.arrived(calls=1)
        assert len(scripted_ledger.asked) <= options.calls_in_flight
        scripted_ledger.gate.set()
        assert isinstance(await play, Applied)
        assert [(await question).available for question in asked] == [4] * questions


@pytest.mark.asyncio
async def test_what_a_ledger_declares(scripted_ledger: ScriptedLedger) -> None:
    """Capabilities are passed on as declared, and an account may have no expiry."""
    declared = Capabilities(
        1, sticky_refusals=False, apply_before=False, fence=False, ordered_floors=False, feed=False
    )
    fields = ("sticky_refusals", "apply_before", "fence", "ordered_floors", "feed")
    scripted_ledger.questions.append(page({"batch_max": 1} | dict.fromkeys(fields, False)))
    scripted_ledger.questions.append(page(ACCOUNT | {"expiring": None}))
    async with at_once(scripted_ledger) as client:
        assert await client.capabilities() == declared
        assert await client.account("player:a") == Account("player:a", 5, 1, 4, None)


ENTRY = {
    "seq": 4, "operation_id": "a", "leg": 0, "debit": "issuer", "credit": "player:a", "amount": 7,
    "code": "x", "debit_balance": -7, "credit_balance": 7, "posted_at": 9,
}  # fmt: skip


@pytest.mark.asyncio
async def test_the_feed_and_its_totals_are_read(scripted_ledger: ScriptedLedger) -> None:
    """An entry says what moved; a sum is a string on the wire and a number here."""
    totals = {"from_seq": 1, "to_seq": 4, "entries": 1, "amount": "90071992547409910"}
    scripted_ledger.questions.append(page({"entries": [ENTRY], "next_after_seq": 4}))
    scripted_ledger.questions.append(page(totals))
    async with at_once(scripted_ledger) as client:
        found = await client.entries(after_seq=3, limit=10)
        counted = await client.control_totals(from_seq=1, to_seq=4)
    assert found.entries == (Entry(4, "a", 0, "issuer", "player:a", 7, posted_ms=9),)
    assert counted.amount == 90071992547409910
    assert scripted_ledger.asked == [
        "/v1/entries?after_seq=3&limit=10",
        "/v1/control-totals?from_seq=1&to_seq=4",
    ]


@pytest.mark.parametrize(
    "answer",
    [
        {"entries": [ENTRY], "next_after_seq": 3},
        {"entries": [ENTRY], "next_after_seq": 5},
        {"entries": [ENTRY, ENTRY], "next_after_seq": 4},
        {"entries": [ENTRY | {"seq": 3}], "next_after_seq": 3},
        {"entries": [], "next_after_seq": 9},
        {"entries": [ENTRY, ENTRY | {"seq": 5}, ENTRY | {"seq": 6}], "next_after_seq": 6},
    ],
)
@pytest.mark.asyncio
async def test_a_feed_that_does_not_follow_is_no_answer(
    scripted_ledger: ScriptedLedger, answer: dict[str, object]
) -> None:
    """Whoever believed it would leave entries out, or never come to the end."""
    scripted_ledger.questions.append(page(answer))
    async with at_once(scripted_ledger) as client:
        with pytest.raises(LedgerUnreachable):
            await client.entries(after_seq=3, limit=2)


@pytest.mark.asyncio
async def test_totals_of_another_range_are_no_answer(scripted_ledger: ScriptedLedger) -> None:
    """They would be compared with the wrong entries."""
    scripted_ledger.questions.append(page({"from_seq": 1, "to_seq": 5, "entries": 1, "amount": "1"}))
    async with at_once(scripted_ledger) as client:
        with pytest.raises(LedgerUnreachable):
            await client.control_totals(from_seq=1, to_seq=4)


class Broken:
    """A transport with a bug."""

    async def call(self, request: Request, *, timeout_seconds: float) -> Reply:
        """Fail as no network fails."""
        raise ZeroDivisionError(f"{request.path} {timeout_seconds}")

    async def close(self) -> None:
        """Nothing to release."""


@pytest.mark.asyncio
async def test_a_bug_is_told_to_whoever_waits() -> None:
    """Nobody waits for an answer that will not come, and the breaker does not wait for a probe."""
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    client = LedgerClient(Broken(), Options(), hooks=Hooks(), random=lambda: 0.0)
    for lane in Lane:
        with pytest.raises(ZeroDivisionError):
            await apply(client, "a", lane=lane)
    assert client.available()
    await client.close()
