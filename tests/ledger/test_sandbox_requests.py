"""What the sandbox makes of requests: refused ones did nothing, and say so; bad input is never a 500."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from sandbox_ledger.app import BODY_BYTES_MAX
from sandbox_ledger.wire import BATCH_MAX, INTEGER_MAX, LEGS_MAX, LOOKUP_MAX
from tests.ledger.serving import Sandbox, operation, transfer

GOOD = transfer("issuer", "player:a", 1)


def changed(**changes: Any) -> dict[str, Any]:
    """A good operation, but for this."""
    return operation("op", GOOD) | changes


def leg(**changes: Any) -> dict[str, Any]:
    """A good operation whose second leg is good, but for this."""
    return operation("op", GOOD, GOOD | changes)


def refusal_of(problem: dict[str, Any]) -> tuple[int, str, bool | None]:
    """What is acted on."""
    return problem["status"], problem["code"], problem["executed"]


BAD_OPERATIONS: dict[str, object] = {
    "nothing": b"",
    "not JSON": b"{",
    "not UTF-8": b'{"id":"\xff"}',
    "lone surrogate": b'{"id":"\\ud800","apply_before":1,"legs":[],"ref":""}',
    "a list": [],
    "a deep list": b"[" * 100_000,
    "a deep object": b'{"a":' * 100_000,
    "null": None,
    "no id": {"apply_before": 1, "legs": [GOOD], "ref": ""},
    "empty id": changed(id=""),
    "long id": changed(id="x" * 129),
    "id with a newline": changed(id="op\n"),
    "id with a slash": changed(id="a/b"),
    "id with a NUL": changed(id="a\0"),
    "id a number": changed(id=1),
    "no legs": changed(legs=[]),
    "nine legs": changed(legs=[GOOD] * 9),
    "unknown field": changed(extra=1),
    "ref too long": changed(ref="x" * 257),
    "ref with a NUL": changed(ref="\0"),
    "ref in Chinese": changed(ref="参考"),
    "apply_before a string": changed(apply_before="1"),
    "apply_before negative": changed(apply_before=-1),
    "apply_before too large": changed(apply_before=2**53),
    "apply_before beyond 64 bits": changed(apply_before=2**63),
    "a huge number": b'{"id":"op","apply_before":1' + b"0" * 400 + b',"legs":[],"ref":""}',
}
BAD_LEGS: dict[str, dict[str, Any]] = {
    "amount zero": leg(amount=0),
    "amount negative": leg(amount=-1),
    "amount a fraction": leg(amount=1.5),
    "amount too large": leg(amount=2**53),
    "amount beyond 64 bits": leg(amount=2**64 - 1),
    "amount true": leg(amount=True),
    "no such kind of account": leg(debit="bank:a"),
    "player without a name": leg(credit="player:"),
    "budget without its suffix": leg(credit="campaign:a"),
    "account with a newline": leg(credit="issuer\n"),
    "same account twice": leg(debit="player:a"),
    "code with a space": leg(code="a b"),
    "unknown field": leg(extra=1),
}


@pytest.mark.asyncio
async def test_an_unreadable_operation_is_refused(sandbox: Sandbox) -> None:
    """400, nothing executed, alone and in a batch."""
    for what, body in BAD_OPERATIONS.items():
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        alone = await sandbox.post("/v1/operations", raw)
        batched = await sandbox.post("/v1/operations:batch", b'{"operations":[' + raw + b"]}")
        refused = batched["results"][0]["problem"] if "results" in batched else batched
        for problem in (alone, refused):
            assert refusal_of(problem) == (400, "invalid", False), what


@pytest.mark.asyncio
async def test_an_unreadable_leg_is_named(sandbox: Sandbox) -> None:
    """400, and which leg it is; the good leg before it did nothing."""
    for what, body in BAD_LEGS.items():
        problem = await sandbox.post("/v1/operations", body)
        assert (problem["status"], problem["failed_leg"], problem["executed"]) == (400, 1, False), what
    assert (await sandbox.get("/v1/accounts/player:a"))["posted"] == 0


@pytest.mark.asyncio
async def test_a_bad_item_does_not_spoil_its_batch(sandbox: Sandbox) -> None:
    """Its neighbours are applied, and results stand in the order sent."""
    good = [operation(f"op{number}", GOOD) for number in range(2)]
    answer = await sandbox.post("/v1/operations:batch", {"operations": [good[0], {"id": "bad"}, 4, good[1]]})
    assert [(each["id"], each["outcome"]) for each in answer["results"]] == [
        ("op0", "applied"),
        ("bad", "refused"),
        (None, "refused"),
        ("op1", "applied"),
    ]


BAD_REQUESTS: list[tuple[str, object]] = [
    ("/v1/operations:batch", {"operations": []}),
    ("/v1/operations:batch", {"operations": [operation("op", GOOD)] * (BATCH_MAX + 1)}),
    ("/v1/operations:batch", {"operations": [], "extra": 1}),
    ("/v1/operations:batch", b"["),
    ("/v1/operations:lookup", {"ids": []}),
    ("/v1/operations:lookup", {"ids": ["x"] * (LOOKUP_MAX + 1)}),
    ("/v1/operations:lookup", {"ids": ["a b"]}),
    ("/v1/operations:lookup", b"[" * 100_000),
    ("/v1/operations:lookup", b"\xff"),
    ("/v1/operations/op:forget", b""),
    ("/v1/operations/:fence", b""),
    ("/v1/operations/a%00:fence", b""),
]
BAD_QUESTIONS = [
    "/v1/accounts/bank:a",
    "/v1/accounts/player:%0a",
    "/v1/accounts/bank:a/entries",
    "/v1/accounts/issuer/entries?limit=1001",
    "/v1/operations/a%20b",
    "/v1/entries?after_seq=x",
    "/v1/entries?after_seq=-1",
    "/v1/entries?after_seq=9223372036854775808",
    "/v1/entries?limit=0",
    "/v1/control-totals",
    "/v1/control-totals?from_seq=2&to_seq=1",
    "/v1/control-totals?from_seq=0&to_seq=1000000",
]


@pytest.mark.asyncio
async def test_a_bad_request_is_refused(sandbox: Sandbox) -> None:
    """400, and nothing was executed."""
    for path, body in BAD_REQUESTS:
        assert refusal_of(await sandbox.post(path, body)) == (400, "invalid", False), path
    for path in BAD_QUESTIONS:
        assert refusal_of(await sandbox.get(path)) == (400, "invalid", False), path


@pytest.mark.asyncio
async def test_the_token_comes_first(sandbox: Sandbox) -> None:
    """Without it, 401 before anything is read, and nothing is executed."""
    for sent in ({"Authorization": ""}, {"Authorization": "Bearer other"}, {"Authorization": "Bearer é"}):
        for path in ("/v1/operations", "/v1/operations:batch", "/v1/operations/op:fence"):
            async with sandbox.http.post(path, data=b"{", headers=sent) as response:
                problem = await response.json(content_type="application/problem+json")
                assert (response.status, problem["code"], problem["executed"]) == (401, "unauthorized", False)
                assert response.headers["WWW-Authenticate"] == "Bearer"
    assert (await sandbox.get("/v1/operations/op"))["status"] == 404


@pytest.mark.asyncio
async def test_problems_are_problem_json(sandbox: Sandbox) -> None:
    """RFC 9457, its media type included, for what the framework refuses too."""
    async with sandbox.http.get("/nowhere") as response:
        assert (response.status, response.content_type) == (404, "application/problem+json")
        assert (await response.json(content_type=None))["code"] == "not_found"
    async with sandbox.http.delete("/v1/operations") as response:
        assert (response.status, response.content_type) == (405, "application/problem+json")
        assert response.headers["Ledger-Executed"] == "no"
        assert "POST" in response.headers["Allow"]


@pytest.mark.asyncio
async def test_bodies_are_limited(sandbox: Sandbox) -> None:
    """413 beyond the limit, which the largest batch stays below."""
    assert (await sandbox.post("/v1/operations", b" " * (BODY_BYTES_MAX + 1)))["status"] == 413
    name = "x" * 128
    largest_leg = {
        "debit": f"campaign:{name}:budget",
        "credit": f"campaign:{name[1:]}y:budget",
        "amount": INTEGER_MAX,
        "code": "c" * 64,
    }
    largest = {"id": name, "apply_before": INTEGER_MAX, "legs": [largest_leg] * LEGS_MAX, "ref": "r" * 256}
    answer = await sandbox.post("/v1/operations:batch", {"operations": [largest] * BATCH_MAX})
    assert {each["outcome"] for each in answer["results"]} == {"rejected"}


@pytest.mark.asyncio
async def test_a_batch_in_pieces_is_answered_like_any(sandbox: Sandbox) -> None:
    """A body that does not say how long it is takes another way, to the same answers and limits."""

    async def pieces(body: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(body), 100_000):
            yield body[start : start + 100_000]

    batch = msgspec.json.encode({"operations": [operation("op", GOOD), {"id": "bad"}]})
    first = await sandbox.post("/v1/operations:batch", batch)
    async with sandbox.http.post("/v1/operations:batch", data=pieces(batch)) as response:
        again = await response.json()
    assert again["results"] == [first["results"][0] | {"replayed": True}, first["results"][1]]
    too_long = b" " * (BODY_BYTES_MAX + 1)
    for body in (too_long, pieces(too_long)):
        async with sandbox.http.post("/v1/operations:batch", data=body) as response:
            assert response.status == 413


@pytest.mark.asyncio
async def test_a_mismatch_is_422(sandbox: Sandbox) -> None:
    """Alone as a problem, in a batch as a refused item; the same body spelt otherwise is no mismatch."""
    await sandbox.post("/v1/operations", operation("op", GOOD))
    respelt = msgspec.json.format(msgspec.json.encode(operation("op", GOOD), order="sorted"), indent=4)
    assert (await sandbox.post("/v1/operations", respelt))["replayed"] is True
    other = operation("op", GOOD, GOOD)
    alone = await sandbox.post("/v1/operations", other)
    batched = await sandbox.post("/v1/operations:batch", {"operations": [other]})
    assert alone == batched["results"][0]["problem"]
    assert (alone["status"], alone["code"], alone["final"]) == (422, "idempotency_mismatch", True)


@pytest.mark.asyncio
async def test_faults_strike_the_next_writes_one_each(sandbox: Sandbox) -> None:
    """Refusals say that nothing was executed; then all is well again."""
    await sandbox.fail("refuse", "throttle", "latency", "none")
    answers = [await sandbox.post("/v1/operations", operation("op", GOOD)) for _ in range(4)]
    assert [refusal_of(answer) for answer in answers[:2]] == [(503, "busy", False), (429, "throttled", False)]
    assert [answer["replayed"] for answer in answers[2:]] == [False, True]


@pytest.mark.asyncio
async def test_a_fault_that_does_not_exist_is_refused(sandbox: Sandbox) -> None:
    """The switch itself is checked like any request."""
    async with sandbox.http.put("/v1/faults", data=b'{"faults":[{"kind":"rust"}]}') as response:
        assert response.status == 400
