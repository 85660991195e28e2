"""A play is looked up and uncovered by the short way and by the framework's: both give the same answer."""

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar
from litestar.types import Receive, Scope, Send

from game.exchange import BODY_BYTES
from game.scratch.intake import ADDRESS, Looks
from tests.support.pools import cards
from tests.support.stage import Guest, Stage
from tests.support.tokens import Issuer

pytestmark = pytest.mark.asyncio

JSON = {"Content-Type": "application/json"}
COMPARED = ("content-type", "content-length", "content-language", "vary", "www-authenticate", "allow")
TICKETS = b'{"tickets":[1]}'
BODIES = [
    TICKETS, b' {"tickets": [2, 1]}\n', b'{"tickets":[4]}', b"", b"{}", b"null", b"[]", b"\xff",
    b"[" * 100_000, b'{"tickets":[]}', b'{"tickets":[0]}', b'{"tickets":[1,1]}', b'{"tickets":["1"]}',
    b'{"tickets":[1],"x":1}', TICKETS + b"x", TICKETS + b" " * (BODY_BYTES - len(TICKETS)),
    TICKETS + b" " * BODY_BYTES,
]  # fmt: skip
TYPES = ["application/json; charset=utf-8", "Application/JSON", "text/plain", "", "application/msgpack"]


class Roads:
    """The two addresses of one play, and of its tickets."""

    def __init__(self, client: httpx.AsyncClient, play_id: str) -> None:
        self._client = client
        self.play_id = play_id

    async def check(
        self, method: str, below: str = "", *, headers: dict[str, str], content: bytes = b""
    ) -> httpx.Response:
        """Send the same both ways and assert that the answers are the same; one of them."""
        path = f"/v1/plays/{self.play_id}{below}"
        assert [ADDRESS.fullmatch(each) is None for each in (path, f"{path}/")] == [False, True]
        short, long = [
            await self._client.request(method, each, content=content, headers=headers)
            for each in (path, f"{path}/")
        ]
        assert (short.status_code, short.content) == (long.status_code, long.content)
        assert [short.headers.get(name) for name in COMPARED] == [long.headers.get(name) for name in COMPARED]
        return short


@pytest_asyncio.fixture
async def ann(stage: Stage, app_client: httpx.AsyncClient, issuer: Issuer) -> Guest:
    """A player with points and a seat."""
    guest = Guest(app_client, issuer, await stage.launch(cards()), "ann")
    stage.fund("ann", 1_000)
    await guest.sit("cards")
    return guest


@pytest_asyncio.fixture
async def roads(ann: Guest) -> Roads:
    """The addresses of a play of three tickets."""
    answer = await ann.play("cards", "key", 3)
    assert answer.status_code == 201, answer.text
    return Roads(ann.client, answer.json()["id"])


async def test_bodies(roads: Roads, issuer: Issuer) -> None:
    """Good ones and bad ones; what a bad one asks for stays covered."""
    signed = issuer.headers("ann") | JSON
    answers = [await roads.check("POST", "/scratch", headers=signed, content=each) for each in BODIES]
    assert [answer.status_code for answer in answers[:3]] == [200, 200, 422]
    assert answers[2].json()["code"] == "no_such_ticket"
    assert {answer.status_code for answer in answers} == {200, 400, 413, 422}
    looked = await roads.check("GET", headers=signed)
    assert looked.content == answers[1].content
    assert [draw["outcome"] is None for draw in looked.json()["draws"]] == [False, False, True]


async def test_types(roads: Roads, issuer: Issuer) -> None:
    """A body that is said to be something else."""
    signed = issuer.headers("ann")
    answers = [
        await roads.check("POST", "/scratch", headers=signed | {"Content-Type": each}, content=TICKETS)
        for each in TYPES
    ]
    assert {answer.status_code for answer in answers} == {200, 415}


@pytest.mark.parametrize(("method", "below"), [("GET", ""), ("POST", "/scratch")])
async def test_who_may_not(
    roads: Roads, issuer: Issuer, other_issuer: Issuer, method: str, below: str
) -> None:
    """No token, one that does not hold, another role, another player, another brand; nothing is uncovered."""
    answers = [
        await roads.check(method, below, headers=signed | JSON, content=TICKETS if below else b"")
        for signed in (
            {},
            {"Authorization": "Bearer x.y.z"},
            issuer.headers("ann", "manager", "admin"),
            issuer.headers("bo"),
            other_issuer.headers("ann"),
        )
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 403, 404, 404]
    looked = await roads.check("GET", headers=issuer.headers("ann"))
    assert [draw["outcome"] for draw in looked.json()["draws"]] == [None] * 3


@pytest.mark.parametrize(("method", "below"), [("POST", ""), ("GET", "/scratch"), ("DELETE", "/scratch")])
async def test_other_methods(roads: Roads, issuer: Issuer, method: str, below: str) -> None:
    """Are refused as ever."""
    answer = await roads.check(method, below, headers=issuer.headers("ann"))
    assert answer.status_code == 405


async def test_the_short_way_is_taken(app: Litestar, roads: Roads, issuer: Issuer) -> None:
    """By what is plainly right; the framework answers all else."""
    passed: list[str] = []

    async def framework(scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(scope["path"])
        await Litestar.__call__(app, scope, receive, send)

    signed = issuer.headers("ann")
    app.state.ahead = (Looks(app.state.engine, framework),)
    await roads.check("GET", headers=signed)
    await roads.check("POST", "/scratch", headers=signed | JSON, content=TICKETS)
    assert passed == []
    await roads.check("POST", "/scratch", headers=signed | {"Content-Type": TYPES[0]}, content=TICKETS)
    await roads.check("GET", headers={})
    assert len(passed) == 2
