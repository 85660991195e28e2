"""A play by the short way and by the framework's: whatever is sent, both give the same answer."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from litestar import Litestar

from game.exchange import BODY_BYTES
from game.plays.intake import TEMPLATE, place_at
from tests.support.pools import BEACON, cards, wheel
from tests.support.stage import Guest, Stage
from tests.support.tokens import Issuer

Guests = Callable[[str, str], Guest]
PLAY = b'{"count":1,"pay_with":"points"}'
KEY = {"Idempotency-Key": "key"}
JSON = {"Content-Type": "application/json"}
COMPARED = ("content-type", "content-length", "content-language", "vary", "www-authenticate", "retry-after")
BODIES = [
    PLAY, b' {"pay_with": "points", "count": 10}\n', b'{"count":3,"pay_with":"chance"}', b"", b" ", b"{}",
    b"null", b"[]", b"\xff", b"[" * 100_000, b'{"count":0,"pay_with":"points"}',
    b'{"count":11,"pay_with":"points"}', b'{"count":1e0,"pay_with":"points"}', PLAY + b"x",
    b'{"count":1,"pay_with":"gold"}', b'{"count":1}', b'{"count":1,"pay_with":"points","extra":1}',
    b'{"count":1,"pay_with":"\\u0000"}',
    PLAY + b" " * (BODY_BYTES - len(PLAY)), PLAY + b" " * BODY_BYTES,
]  # fmt: skip
HEADERS: list[list[tuple[str, str]]] = [
    [], [("Idempotency-Key", "")], [("Idempotency-Key", "a b")], [("Idempotency-Key", "k" * 200)],
    [("Idempotency-Key", "k" * 201)], [("Idempotency-Key", "one"), ("Idempotency-Key", "two")],
    [("Idempotency-Key", "key"), ("Accept-Language", "zh-CN")],
    [("Idempotency-Key", "key"), ("X-A", "1"), ("X-A", "2")],
]  # fmt: skip
TYPES = ["application/json; charset=utf-8", "Application/JSON", "text/plain", "", "application/msgpack"]


class Roads:
    """The two addresses of one pool's plays."""

    def __init__(self, client: httpx.AsyncClient, path: str) -> None:
        self._client = client
        self._paths = (path, f"{path}/")
        assert [place_at(each) is None for each in self._paths] == [False, True]

    async def check(self, content: Any, *headers: tuple[str, str]) -> httpx.Response:
        """Send the same both ways and assert that the answers are the same; one of them."""
        short, long = [
            await self._client.post(
                path, content=content() if callable(content) else content, headers=headers
            )
            for path in self._paths
        ]
        assert (short.status_code, short.content) == (long.status_code, long.content)
        assert [short.headers.get(name) for name in COMPARED] == [long.headers.get(name) for name in COMPARED]
        return short


async def _roads(stage: Stage, guest: Guests, **terms: Any) -> Roads:
    ann = guest(await stage.launch(wheel(**terms)), "ann")
    stage.fund("ann", 1_000)
    if not terms:
        await ann.sit("wheel")
    return Roads(ann.client, f"/v1/campaigns/{ann.campaign_id}/pools/wheel/plays")


@pytest.mark.asyncio
async def test_bodies(stage: Stage, guest: Guests, issuer: Issuer) -> None:
    """Good ones and bad ones, each with a key of its own; a good one is the same play by both ways."""
    roads, signed = await _roads(stage, guest), issuer.headers("ann")
    answers = [
        await roads.check(body, *(signed | JSON | {"Idempotency-Key": f"key-{number}"}).items())
        for number, body in enumerate(BODIES)
    ]
    assert [answer.status_code for answer in answers[:3]] == [201, 201, 409]
    assert [(answer.status_code, answer.json()["code"]) for answer in (answers[3], answers[-1])] == [
        (422, "invalid_body"),
        (413, "body_too_large"),
    ]
    assert {answer.status_code for answer in answers} == {201, 400, 409, 413, 422}


@pytest.mark.asyncio
async def test_headers_and_types(stage: Stage, guest: Guests, issuer: Issuer) -> None:
    """A key that is missing, odd, long or given twice; languages; a body said to be something else."""
    roads, signed = await _roads(stage, guest), issuer.headers("ann")
    answers = [await roads.check(PLAY, *(signed | JSON).items(), *headers) for headers in HEADERS] + [
        await roads.check(PLAY, *(signed | KEY | {"Content-Type": type_}).items()) for type_ in TYPES
    ]
    assert {answer.status_code for answer in answers} == {201, 415, 422}


@pytest.mark.asyncio
async def test_a_body_in_pieces(stage: Stage, guest: Guests, issuer: Issuer) -> None:
    """Its length is not announced; one that grows beyond the limit is refused."""

    async def pieces(count: int) -> AsyncIterator[bytes]:
        yield PLAY[:9]
        yield PLAY[9:]
        for _ in range(count):
            yield b" " * 1_024

    roads, headers = await _roads(stage, guest), (issuer.headers("ann") | JSON | KEY).items()
    answers = [await roads.check(lambda count=count: pieces(count), *headers) for count in (0, 3, 256)]
    assert [answer.status_code for answer in answers] == [201, 201, 413]


@pytest.mark.asyncio
async def test_who_may_not(stage: Stage, guest: Guests, issuer: Issuer, other_issuer: Issuer) -> None:
    """No token, one that does not hold, another role, another brand; nothing is stored."""
    roads, before = await _roads(stage, guest), await stage.counts()
    answers = [
        await roads.check(PLAY, *(signed | JSON | KEY).items())
        for signed in (
            {},
            {"Authorization": "Bearer x.y.z"},
            issuer.headers("ann", "manager", "admin"),
            other_issuer.headers("ann"),
        )
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 403, 404]
    assert await stage.counts() == before


@pytest.mark.asyncio
async def test_pools_that_are_not_there(stage: Stage, app_client: httpx.AsyncClient, issuer: Issuer) -> None:
    """No campaign, no pool."""
    headers = (issuer.headers("ann") | JSON | KEY).items()
    campaign_id = await stage.launch(cards())
    for path in (
        f"/v1/campaigns/{campaign_id}/pools/wheel/plays",
        f"/v1/campaigns/{'0' * 12}/pools/cards/plays",
    ):
        assert (await Roads(app_client, path).check(PLAY, *headers)).json()["code"] == "pool_not_found"


@pytest.mark.asyncio
async def test_a_play_that_is_under_way(stage: Stage, guest: Guests, issuer: Issuer) -> None:
    """202 until its round is there."""
    roads = await _roads(stage, guest, beacon=BEACON)
    answer = await roads.check(PLAY, *(issuer.headers("ann") | JSON | KEY).items())
    assert (answer.status_code, answer.json()["state"]) == (202, "paid")


def test_both_ways_have_one_name(app: Litestar) -> None:
    """Metrics count them together."""
    assert TEMPLATE in {getattr(route, "path_format", None) for route in app.routes}
