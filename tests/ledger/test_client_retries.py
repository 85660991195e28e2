"""The client sends again what is in doubt: the same bytes, a bounded number of times."""

import asyncio

import pytest
from aiohttp import web

from ledger_client import (
    Applied,
    BadCredentials,
    IdempotencyMismatch,
    InvalidOperation,
    Lane,
    LedgerClient,
    LedgerUnreachable,
    Options,
    Unknown,
    UnknownReason,
)
from ledger_client.options import ANSWER_BYTES_MAX
from tests.ledger.scripted import (
    Answer,
    ScriptedLedger,
    apply,
    at_once,
    beyond_all_time,
    body_of,
    failing_on,
    result,
    results,
    status,
)


def truncated(_ids: list[str]) -> web.Response:
    """An answer cut off in the middle."""
    return web.Response(body=b'{"results":[{"outcome":"applied","id":"a', content_type="application/json")


def empty(_ids: list[str]) -> web.Response:
    """An answer without results."""
    return results([])


def for_another(_ids: list[str]) -> web.Response:
    """An answer about an operation that was not sent."""
    return results([result("another")])


def invented(ids: list[str]) -> web.Response:
    """An outcome that the contract does not have."""
    return results([result(ids[0]) | {"outcome": "approved"}])


def badly_typed(ids: list[str]) -> web.Response:
    """An applied operation whose number is none."""
    return results([result(ids[0]) | {"seq": "one"}])


DOUBTFUL: list[tuple[Answer, UnknownReason]] = [
    (status(500), UnknownReason.SERVER_ERROR),
    (status(502), UnknownReason.SERVER_ERROR),
    (status(503), UnknownReason.SERVER_ERROR),
    (status(503, Ledger_Executed="no"), UnknownReason.THROTTLED),
    (status(429), UnknownReason.THROTTLED),
    (status(409), UnknownReason.IN_PROGRESS),
    (status(302), UnknownReason.BROKEN_ANSWER),
    (status(200), UnknownReason.BROKEN_ANSWER),
    (truncated, UnknownReason.BROKEN_ANSWER),
    (empty, UnknownReason.BROKEN_ANSWER),
    (for_another, UnknownReason.BROKEN_ANSWER),
    (invented, UnknownReason.BROKEN_ANSWER),
    (badly_typed, UnknownReason.BROKEN_ANSWER),
    (beyond_all_time, UnknownReason.BROKEN_ANSWER),
]
NAMES = [
    "500",
    "502",
    "503",
    "503-not-executed",
    "429",
    "409",
    "302",
    "200",
    *(f.__name__ for f, _ in DOUBTFUL[8:]),
]
every_doubt = pytest.mark.parametrize(("answer", "reason"), DOUBTFUL, ids=NAMES)


@every_doubt
@pytest.mark.asyncio
async def test_doubt_is_unknown(
    scripted_ledger: ScriptedLedger, answer: Answer, reason: UnknownReason
) -> None:
    """After three attempts it says so, and never "applied" or "rejected"."""
    scripted_ledger.rule = answer
    async with at_once(scripted_ledger) as client:
        assert await apply(client, "a") == Unknown("a", reason)
    assert len(scripted_ledger.calls) == 3


@every_doubt
@pytest.mark.asyncio
async def test_doubt_is_resolved_with_the_same_bytes(
    scripted_ledger: ScriptedLedger, answer: Answer, reason: UnknownReason
) -> None:
    """The second attempt carries the stored bytes, untouched."""
    scripted_ledger.script.append(answer)
    async with at_once(scripted_ledger) as client:
        outcome = await apply(client, "a")
    assert isinstance(outcome, Applied), reason
    assert [sent.bodies for sent in scripted_ledger.calls] == [[body_of("a")]] * 2


@pytest.mark.asyncio
async def test_odd_bytes_are_sent_untouched(scripted_ledger: ScriptedLedger) -> None:
    """Bytes stored by an older release go out as they were stored, however they are written."""
    odd = b'{ "ref":"r",  "legs":[], "id":"a" ,"apply_before":1 }'
    async with at_once(scripted_ledger) as client:
        deadline = asyncio.get_running_loop().time() + 5
        await client.apply(operation_id="a", body=odd, lane=Lane.PLAY, subject="player:a", deadline=deadline)
    assert scripted_ledger.calls[0].bodies == [odd]


@pytest.mark.asyncio
async def test_an_item_in_progress_is_asked_again(scripted_ledger: ScriptedLedger) -> None:
    """A duplicate whose first attempt is undecided is told to wait, and waits."""
    waiting = {"outcome": "refused", "id": "a", "problem": {"code": "in_progress", "retry_after_ms": 1}}
    scripted_ledger.script.append(lambda ids: results([waiting, result(ids[1])]))
    async with at_once(scripted_ledger) as client:
        outcomes = await asyncio.gather(apply(client, "a"), apply(client, "b"))
    assert [type(outcome) for outcome in outcomes] == [Applied, Applied]
    assert [sent.ids for sent in scripted_ledger.calls] == [["a", "b"], ["a"]]


@pytest.mark.asyncio
async def test_an_endless_answer_is_cut_off(scripted_ledger: ScriptedLedger) -> None:
    """Beyond its limit, an answer is broken."""
    scripted_ledger.rule = blank(ANSWER_BYTES_MAX + 1)
    async with at_once(scripted_ledger) as client:
        assert await apply(client, "a") == Unknown("a", UnknownReason.BROKEN_ANSWER)


def blank(size: int) -> Answer:
    """An answer of that many bytes."""
    return lambda _ids: web.Response(body=b" " * size, content_type="application/json")


@pytest.mark.asyncio
async def test_a_connection_that_nobody_answers_is_unknown(unused_tcp_port: int) -> None:
    """Refused connections are no proof."""
    url = f"http://127.0.0.1:{unused_tcp_port}"
    async with LedgerClient.open(url, "token", Options(), random=lambda: 0.0) as client:
        assert await apply(client, "a") == Unknown("a", UnknownReason.CONNECTION)
        with pytest.raises(LedgerUnreachable):
            await client.lookup(["a"])
        assert isinstance(await client.fence("a"), Unknown)


@pytest.mark.asyncio
async def test_a_silent_ledger_is_unknown(scripted_ledger: ScriptedLedger) -> None:
    """A timeout is not a failure."""
    scripted_ledger.gate.clear()
    async with at_once(scripted_ledger, Options(call_seconds=0.02)) as client:
        assert await apply(client, "a") == Unknown("a", UnknownReason.TIMEOUT)


@pytest.mark.asyncio
async def test_bugs_are_raised(scripted_ledger: ScriptedLedger) -> None:
    """Mismatch, bad credentials and unreadable operations are not outcomes, and not retried."""
    problem = {"code": "idempotency_mismatch", "detail": "", "final": True}
    scripted_ledger.script.extend([status(401), status(403), status(400), status(413)])
    scripted_ledger.script.append(
        lambda ids: results([{"outcome": "refused", "id": ids[0], "problem": problem}])
    )
    async with at_once(scripted_ledger) as client:
        for kind in (BadCredentials, BadCredentials, InvalidOperation, InvalidOperation, IdempotencyMismatch):
            with pytest.raises(kind):
                await apply(client, "a")
        assert client.available()
    assert len(scripted_ledger.calls) == 5


@pytest.mark.asyncio
async def test_retry_after_is_honoured(scripted_ledger: ScriptedLedger) -> None:
    """The ledger's word on when to come back goes before our own."""
    scripted_ledger.script.append(status(429, Retry_After="1"))
    loop = asyncio.get_running_loop()
    async with at_once(scripted_ledger) as client:
        started = loop.time()
        assert isinstance(await apply(client, "a"), Applied)
        assert loop.time() - started >= 1.0


@pytest.mark.asyncio
async def test_a_wait_past_the_deadline_is_not_begun(scripted_ledger: ScriptedLedger) -> None:
    """Told to come back too late, it gives up at once."""
    scripted_ledger.script.append(status(429, Retry_After="60"))
    loop = asyncio.get_running_loop()
    async with at_once(scripted_ledger) as client:
        started = loop.time()
        assert await apply(client, "a", seconds=30) == Unknown("a", UnknownReason.THROTTLED)
        assert loop.time() - started < 5
    assert len(scripted_ledger.calls) == 1


@pytest.mark.asyncio
async def test_the_budget_ends_a_retry_storm(scripted_ledger: ScriptedLedger) -> None:
    """When calls keep failing, operations are sent once."""
    scripted_ledger.rule = status(429)
    async with at_once(scripted_ledger, Options(budget_calls=4, budget_refund=0.0)) as client:
        for number in range(10):
            await apply(client, f"a{number}")
    assert len(scripted_ledger.calls) == 10 + 4


@pytest.mark.asyncio
async def test_a_poison_item_is_isolated(scripted_ledger: ScriptedLedger) -> None:
    """64 operations, one of which breaks the ledger whenever it sees it: 63 are applied."""
    scripted_ledger.rule = failing_on("a7")
    async with at_once(scripted_ledger) as client:
        outcomes = await asyncio.gather(*(apply(client, f"a{number}") for number in range(64)))
        assert client.available()
    assert outcomes[7] == Unknown("a7", UnknownReason.SERVER_ERROR)
    assert sum(isinstance(outcome, Applied) for outcome in outcomes) == 63
    assert scripted_ledger.calls[0].ids == scripted_ledger.calls[1].ids
    assert len(scripted_ledger.calls[0].ids) == 64
    assert {body for sent in scripted_ledger.calls for body in sent.bodies} == {
        body_of(f"a{number}") for number in range(64)
    }


@pytest.mark.asyncio
async def test_a_batch_refused_as_a_whole_is_split(scripted_ledger: ScriptedLedger) -> None:
    """One unreadable operation does not make bugs of its neighbours."""
    unreadable = status(400)
    scripted_ledger.rule = lambda ids: (
        unreadable(ids) if "a3" in ids else results([result(id_) for id_ in ids])
    )
    async with at_once(scripted_ledger) as client:
        outcomes = await asyncio.gather(
            *(apply(client, f"a{number}") for number in range(8)), return_exceptions=True
        )
    assert isinstance(outcomes[3], InvalidOperation)
    assert sum(isinstance(outcome, Applied) for outcome in outcomes) == 7


@pytest.mark.asyncio
async def test_only_the_doubtful_part_is_sent_again(scripted_ledger: ScriptedLedger) -> None:
    """What an answer does prove is kept."""
    scripted_ledger.script.append(lambda ids: results([result(ids[0]), result("another"), result(ids[2])]))
    async with at_once(scripted_ledger) as client:
        outcomes = await asyncio.gather(*(apply(client, name) for name in "abc"))
    assert [type(outcome) for outcome in outcomes] == [Applied] * 3
    assert [sent.ids for sent in scripted_ledger.calls] == [["a", "b", "c"], ["b"]]
