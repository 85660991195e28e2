"""Requests that no client would send: each is refused with a problem, none is a bug of ours."""

from typing import Any

import httpx
import pytest

from tests.support.pools import cards, wheel
from tests.support.stage import Stage
from tests.support.tokens import Issuer

DIGITS = "9" * 5_000
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "TRACE", "FOO")
DEEP = b"[" * 100_000
PATHS = [
    "/v1/campaigns?brand=acme&brand=bolt", "/v1/campaigns?brand=", "/v1/campaigns?brand=%ED%A0%80",
    "/v1/campaigns?brand=acme&after=%ff", "/v1/campaigns?brand=acme%0a", "/v1/campaigns?%00",
    "/v1/campaigns?a[b]=c&brand=acme", "/v1/campaigns/{c}?x=%u1234", "/v1/campaigns/{c}%0a",
    "/v1/campaigns/%F0%9F%98%80", "/v1/campaigns/%ED%A0%80", "/v1/campaigns/%00",
    "/v1/campaigns/..%2f..%2fetc", "/v1/campaigns//", "//", "/v1/campaigns/{c}/rules/%ff",
    "/v1/campaigns/{c}/log/checkpoint/", "/v1/campaigns/{c}/log/receipts/-1",
    "/v1/campaigns/{c}/log/receipts/" + DIGITS, "/v1/campaigns/{c}/log/receipts/9223372036854775808",
    "/v1/campaigns/{c}/log/receipts/%EF%BC%91", "/v1/campaigns/{c}/log/tile/0/x999/x999/x999/x999/999",
    "/v1/campaigns/{c}/log/tile/63/000", "/v1/campaigns/{c}/log/tile/0/x-1",
    "/v1/campaigns/{c}/log/tile/entries/" + "x999/" * 20 + "000", "/v1/campaigns/{c}/log/tile/0/000.p/0",
    "/v1/campaigns/{c}/log/tile/0/000.p/256", "/v1/campaigns/{c}/log/tile/0/%D9%A0%D9%A0%D9%A0",
    "/v1/campaigns/{c}/log/tile/%00", "/v1/campaigns/{c}/log/tile/0/000.p/1",
    "/v1/campaigns/%ED%A0%80/log/checkpoint", "/v1/campaigns/" + "a" * 30_000 + "/log/vkey",
    "/v1/campaigns/{c}/pools/%ED%A0%80/wheel", "/v1/campaigns/{c}/pools/wheel/wheel",
    "/v1/campaigns/{c}/pools/cards/wheel", "/v1/campaigns/{c}/me/plays?limit=" + DIGITS,
    "/v1/campaigns/{c}/me/plays?limit=1e3", "/v1/campaigns/{c}/me/plays?limit=NaN",
    "/v1/campaigns/{c}/me/plays?limit=1&limit=2", "/v1/campaigns/{c}/me/plays?before=%ED%A0%80",
    "/v1/campaigns/{c}/me/plays?before=", "/v1/campaigns/{c}/me/plays?before={c}-" + "0" * 32,
    "/v1/campaigns/%ED%A0%80/me/plays", "/v1/campaigns/%EF%BF%BD/me/prizes",
    "/v1/campaigns/{c}/me/prizes?limit=%D9%A3", "/v1/campaigns/{c}/me/prizes?before=" + "a" * 101,
    "/v1/plays/%ED%A0%80", "/v1/plays/{c}-" + "F" * 32, "/v1/plays/{c}-" + "0" * 32,
    "/v1/prizes/{c}-" + "0" * 32, "/v1/prizes/%00", "/v1/manage/campaigns?after=%ff",
    "/v1/manage/campaigns/{c}/changes?start=" + DIGITS, "/v1/manage/campaigns/{c}/changes?start=-0",
    "/v1/manage/campaigns/{c}/changes?start=2147483648", "/v1/manage/campaigns/%ED%A0%80", "/metrics/..",
    "/docs/..%2fpage.js", "/health/ready?x=%ff", "/openapi.json/",
]  # fmt: skip
BODIES: list[bytes] = [
    b"", b"{}", b"null", b"[]", b"NaN", b"1e999", b'"\\ud800"', b'{"count":1e999,"pay_with":"points"}',
    DEEP, b'{"a":' * 50_000, b'{"count":NaN,"pay_with":"points"}',
    b'{"count":' + DIGITS.encode() + b',"pay_with":"points"}', b"\xff\xfe", b"\xef\xbb\xbf{}",
    b'{"count":1,"count":2,"pay_with":"points"}', b'{"count":true,"pay_with":"points"}',
    b'{"count":1,"pay_with":"\\u0000"}', b'{"count":1,"pay_with":"points","\\u0000":1}',
    b'{"count":1,"pay_with":"points\\ud800"}', b'{"seed":"\\ud83d"}', b'{"seed":"0g"}', b'{"tickets":[]}',
    b'{"tickets":[1,1]}', b'{"tickets":[1e400]}', b'{"tickets":[-9223372036854775809]}', b'{"x\n`$":1}',
    b'{"count":1,"pay_with":"points"}' + b" " * 300_000, b"\\" * 200_000,
    b'{"count":0.1e1,"pay_with":"points"}',
]  # fmt: skip
TYPES = [
    "application/json", "text/plain", "", "application/json; charset=utf-16", "application/json;;;=",
    "\xff/\xfe", "multipart/form-data", "application/x-www-form-urlencoded", "application/msgpack",
]  # fmt: skip
POSTS = [
    "/v1/campaigns/{c}/pools/wheel/plays", "/v1/campaigns/{c}/pools/wheel/seats",
    "/v1/campaigns/{c}/pools/wheel/anchors", "/v1/campaigns/{c}/pools/%ED%A0%80/plays",
    "/v1/plays/{c}-00000000000000000000000000000000/scratch", "/v1/prizes/x/redeem", "/v1/manage/campaigns",
    "/v1/manage/campaigns/{c}/pools", "/v1/manage/campaigns/{c}/vouchers",
    "/v1/manage/campaigns/{c}/chances", "/v1/manage/campaigns/{c}/pools/wheel/replacement",
]  # fmt: skip
HEADERS: list[tuple[str, bytes]] = [
    ("Idempotency-Key", b"\xe9"), ("Idempotency-Key", b"a b"), ("Idempotency-Key", b"k" * 201),
    ("Idempotency-Key", b""), ("Accept-Language", b"\xff;q=\xff"),
    ("Accept-Language", b"zh;q=9e999, en;q=nan"), ("Accept-Language", b"," * 5_000),
    ("Authorization", b"\xff"), ("Authorization", b"Bearer"), ("Authorization", b"Bearer " + b"." * 5_000),
    ("Authorization", b"Bearer e30.e30.e30"), ("Authorization", b"Bearer \xe9.\xe9.\xe9"),
    ("X-Forwarded-For", b"\xff, ::1%\xff"), ("Cookie", b"\xff=\xff; =; ="), ("Content-Length", b"7"),
    ("Range", b"bytes=0-0"), ("Accept", b"\xff/*;q=\xff"),
]  # fmt: skip


@pytest.fixture
def headers(issuer: Issuer) -> dict[str, str]:
    """Somebody who may do everything."""
    return issuer.headers("ann", "player", "manager", "admin", "auditor") | {"Idempotency-Key": "key"}


def check(answer: httpx.Response) -> None:
    """Assert that an answer is a success or a problem, and that no cache keeps a problem."""
    asked = (answer.request.method, str(answer.request.url)[:200], answer.text)
    assert answer.status_code < 500, asked
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        assert answer.headers["content-type"] == "application/problem+json", asked
        assert "max-age" not in answer.headers.get("cache-control", ""), asked


def address(path: str, campaign_id: str) -> httpx.URL:
    """The address just as it is written, without a client's help."""
    return httpx.URL("http://playfair.test", raw_path=path.format(c=campaign_id).encode())


@pytest.mark.asyncio
async def test_addresses(stage: Stage, app_client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """Odd addresses, with every method."""
    campaign_id = await stage.launch(wheel(), cards())
    for path in PATHS:
        url = address(path, campaign_id)
        for method in METHODS:
            for sent in (headers, {}):
                check(await app_client.send(httpx.Request(method, url, headers=sent)))


@pytest.mark.asyncio
@pytest.mark.parametrize("path", POSTS)
async def test_bodies(
    stage: Stage, app_client: httpx.AsyncClient, headers: dict[str, str], path: str
) -> None:
    """Odd bodies, under every type."""
    campaign_id = await stage.launch(wheel(), cards())
    url = address(path, campaign_id)
    for body in BODIES:
        for type_ in TYPES if len(body) < 1_000 else TYPES[:1]:
            sent: dict[str, Any] = headers | {"Content-Type": type_.encode("latin-1")}
            check(await app_client.send(httpx.Request("POST", url, headers=sent, content=body)))


@pytest.mark.asyncio
async def test_headers(stage: Stage, app_client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """Odd headers."""
    campaign_id = await stage.launch(wheel(), cards())
    body = b'{"count":1,"pay_with":"points"}'
    for method, path in (("POST", POSTS[0]), ("GET", "/v1/campaigns/{c}"), ("GET", "/nowhere")):
        for name, value in HEADERS:
            others = [(key.encode(), text.encode()) for key, text in headers.items() if key != name]
            odd = (name.encode(), value)
            for sent in ([*others, odd], [*others, odd, odd]):
                url = address(path, campaign_id)
                check(await app_client.send(httpx.Request(method, url, headers=sent, content=body)))
