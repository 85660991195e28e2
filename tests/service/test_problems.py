"""Every error is a problem that says what to mend, in the reader's language."""

from typing import Any

import httpx
import pytest
from litestar import Litestar
from structlog.testing import capture_logs

from game.exchange import BODY_BYTES

# A request as the server hands it over (ASGI 3.0).
HALF_SENT: Any = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "scheme": "http",
    "method": "POST",
    "path": "/probe/body",
    "raw_path": b"/probe/body",
    "root_path": "",
    "query_string": b"",
    "headers": [(b"content-type", b"application/json")],
    "client": ("127.0.0.1", 1),
    "server": ("127.0.0.1", 80),
}


async def sent(probe: httpx.AsyncClient, body: bytes) -> tuple[int, str]:
    """Status and code (empty when there is none) of the answer to a JSON body."""
    answer = await probe.post("/probe/body", content=body, headers={"Content-Type": "application/json"})
    return answer.status_code, answer.json().get("code", "")


@pytest.mark.asyncio
async def test_a_refusal_has_its_numbers(probe: httpx.AsyncClient) -> None:
    """Code, title and detail, and the numbers as members of their own (RFC 9457)."""
    answer = await probe.get("/probe/error/refusal")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.status_code == 409
    assert answer.json() == {
        "type": "/docs#limit_per_day",
        "title": answer.json()["title"],
        "status": 409,
        "code": "limit_per_day",
        "detail": "Used up.",
        "limit": 5,
        "used": 5,
        "asked": 1,
    }


@pytest.mark.asyncio
async def test_a_bug_tells_nothing_but_its_id(probe: httpx.AsyncClient) -> None:
    """The answer has an error id; the log has it too, with the traceback."""
    with capture_logs() as logs:
        answer = await probe.get("/probe/error/bug")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text
    (event,) = [entry for entry in logs if entry["event"] == "request.failed"]
    assert event["error_id"] == answer.json()["error_id"]
    assert isinstance(event["exc_info"], AssertionError)


@pytest.mark.asyncio
async def test_a_client_that_leaves_is_no_bug(probed_app: Litestar) -> None:
    """Half a request and then nothing: nobody is there to be told, and nobody of ours has to look at it."""
    half = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(half)

    async def send(message: Any) -> None:
        sent.append(message)

    with capture_logs() as logs:
        await probed_app(HALF_SENT, receive, send)
    assert sent[0]["status"] == 400
    assert "request.failed" not in [entry["event"] for entry in logs]


@pytest.mark.asyncio
async def test_an_outage_is_worth_another_try(probe: httpx.AsyncClient) -> None:
    """What passes by itself is a 503 that says when to come back."""
    answer = await probe.get("/probe/error/outage")
    assert (answer.status_code, answer.json()["code"]) == (503, "temporarily_unavailable")
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("accept_language", "language", "title"),
    [
        ("", "en", "There is nothing at this address"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN", "请求的地址不存在"),
        ("zh;q=0.1", "zh-CN", "请求的地址不存在"),
        ("ZH-hant", "zh-CN", "请求的地址不存在"),
        ("en;q=0.5, zh;q=0.4", "en", "There is nothing at this address"),
        ("fr, de;q=0.5", "en", "There is nothing at this address"),
        ("zh;q=nonsense;;,=", "en", "There is nothing at this address"),
        ("zh;q=nan", "en", "There is nothing at this address"),
    ],
)
async def test_titles_are_translated(
    probe: httpx.AsyncClient, accept_language: str, language: str, title: str
) -> None:
    """The title is in the language that the reader weighs most, English when in doubt."""
    answer = await probe.get("/nowhere", headers={"Accept-Language": accept_language})
    assert (answer.status_code, answer.json()["code"]) == (404, "route_not_found")
    assert (answer.headers["Content-Language"], answer.json()["title"]) == (language, title)


@pytest.mark.asyncio
async def test_another_method_is_told_which_would_do(probe: httpx.AsyncClient) -> None:
    """405 names the methods that there are (RFC 9110 15.5.6)."""
    answer = await probe.delete("/probe/caller")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


@pytest.mark.asyncio
async def test_a_broken_rule_is_named_with_its_place(probe: httpx.AsyncClient) -> None:
    """422 has the JSON path of the field and the rule it breaks."""
    body = {"name": "a", "rows": [{"weight": 1}, {"weight": -1}]}
    answer = await probe.post("/probe/body", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_body")
    assert answer.json()["field"] == "$.rows[1].weight"
    assert answer.json()["rule"] == "Expected `int` >= 0"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"name":"a"}', (200, "")),
        (b'{"name":"a","rules":"one\\ntwo\\tthree"}', (200, "")),
        (b'{"name":"\\\\u0000"}', (200, "")),
        (b"", (422, "invalid_body")),
        (b"[]", (422, "invalid_body")),
        (b"null", (422, "invalid_body")),
        (b'{"name":"a","weight":1}', (422, "invalid_body")),
        (b'{"name":""}', (422, "invalid_body")),
        (b'{"name":"a\\n"}', (422, "invalid_body")),
        (b'{"name":"a\\u0000"}', (422, "invalid_body")),
        (b'{"name":"a\\\\\\u0000"}', (422, "invalid_body")),
        (b'{"name":"a","anything":{"\\u0000":1}}', (422, "invalid_body")),
        (b'{"name":"a","rules":"a\\u0007"}', (422, "invalid_body")),
        (b'{"name":"a","rows":[{"weight":"1"}]}', (422, "invalid_body")),
        (b'{"name":"a","rows":[{"weight":1.5}]}', (422, "invalid_body")),
        (b'{"name":"a","rows":[{"weight":1%s}]}' % (b"0" * 40), (422, "invalid_body")),
        (b'{"name":"a","anything":1%s}' % (b"0" * 5000), (422, "invalid_body")),
        (b'{"name":"a","anything":1e999}', (422, "invalid_body")),
        (b"{", (400, "malformed_body")),
        (b'{"name":"a"} {}', (400, "malformed_body")),
        (b'{"name":"\\ud800"}', (400, "malformed_body")),
        (b'{"name":"\xff"}', (400, "malformed_body")),
        (b'{"name":"\xed\xa0\x80"}', (400, "malformed_body")),
        (b'{"name":NaN}', (400, "malformed_body")),
        (b'{"name":"a","anything":%s%s}' % (b"[" * 50_000, b"]" * 50_000), (400, "malformed_body")),
    ],
)
async def test_bodies(probe: httpx.AsyncClient, body: bytes, expected: tuple[int, str]) -> None:
    """A body is read strictly; a bad one is the caller's error, never ours."""
    assert await sent(probe, body) == expected


@pytest.mark.asyncio
async def test_a_body_says_that_it_is_json(probe: httpx.AsyncClient) -> None:
    """Another Content-Type is refused, a parameter of it is not."""
    form = await probe.post("/probe/body", data={"name": "a"})
    assert (form.status_code, form.json()["code"]) == (415, "unsupported_media_type")
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert (await probe.post("/probe/body", content=b'{"name":"a"}', headers=headers)).status_code == 200


@pytest.mark.asyncio
async def test_a_body_is_of_limited_size(probe: httpx.AsyncClient) -> None:
    """One byte more than the limit is refused, with a length announced or not."""

    async def chunks(size: int):  # type: ignore[no-untyped-def]
        yield b'{"name":"' + b"a" * (size - 11)
        yield b'"}'

    headers = {"Content-Type": "application/json"}
    announced = await probe.post("/probe/body", content=b" " * (BODY_BYTES + 1), headers=headers)
    assert (announced.status_code, announced.json()["code"]) == (413, "body_too_large")
    chunked = await probe.post("/probe/body", content=chunks(BODY_BYTES + 1), headers=headers)
    assert (chunked.status_code, chunked.json()["code"]) == (413, "body_too_large")
    fitting = await probe.post("/probe/body", content=chunks(BODY_BYTES), headers=headers)
    assert fitting.json()["code"] == "invalid_body"  # it was read: the name is too long


@pytest.mark.asyncio
@pytest.mark.parametrize("query", ["", "limit=x", "limit=0", "limit=9" + "9" * 30, "limit=%FF", "limit=1%00"])
async def test_parameters(probe: httpx.AsyncClient, query: str) -> None:
    """A parameter that is missing or breaks a rule is named."""
    answer = await probe.get(f"/probe/query?{query}", headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameter")
    assert answer.json()["rules"]


@pytest.mark.asyncio
async def test_a_header_is_missing(probe: httpx.AsyncClient) -> None:
    """A required header is asked for by its name."""
    answer = await probe.get("/probe/query?limit=1")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameter")
    assert "Idempotency-Key" in answer.json()["detail"]


@pytest.mark.asyncio
async def test_nothing_has_a_nul_in_its_name(probe: httpx.AsyncClient) -> None:
    """PostgreSQL cannot store it, so the path leads nowhere."""
    answer = await probe.get("/probe/error/refusal%00")
    assert (answer.status_code, answer.json()["code"]) == (404, "route_not_found")
