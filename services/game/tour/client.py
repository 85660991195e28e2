"""What a player's app does over HTTP, and nothing more: take a seat, play, ask again."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Literal, TypeVar

import aiohttp
import msgspec

from game.fair.entries import SeatEntry
from game.fair.findings import Finding
from game.fair.note import Verifier, open_note
from game.fair.receipt import verify_receipt
from game.plays.views import AnchorView, PlayView, SeatedView
from game.wire import JSON

CONNECTIONS_MAX = 64
ANSWER_SECONDS = 20.0
ASKED_MAX = 60
PAUSE_SECONDS = 0.25
LOOKS_MAX = 150
LOOK_SECONDS = 0.1
DONE = frozenset({200, 201, 202, 204})
# Too many requests, not now, under way: the same request may be sent again.
NOT_NOW = frozenset({429, 503})
ASK_AGAIN = NOT_NOW | {202}

T = TypeVar("T")


class UnexpectedAnswerError(Exception):
    """The service answered what nobody asked for; the text has the request and the answer."""


class Answer(msgspec.Struct, frozen=True):
    """One answer; `asked` is the method and the path."""

    asked: str
    status: int
    body: bytes

    def read(self, kind: type[T], *, status: int) -> T:
        """The body as a struct; UnexpectedAnswerError for another status."""
        if self.status != status:
            raise UnexpectedAnswerError(f"{self.asked}: {self.status}, not {status}: {self.body.decode()}")
        return msgspec.json.decode(self.body, type=kind)

    def text(self) -> bytes:
        """The body of a 200; UnexpectedAnswerError for any other."""
        if self.status != 200:
            raise UnexpectedAnswerError(f"{self.asked}: {self.status}: {self.body.decode()}")
        return self.body

    def done(self) -> None:
        """UnexpectedAnswerError unless it was done."""
        if self.status not in DONE:
            raise UnexpectedAnswerError(f"{self.asked}: {self.status}: {self.body.decode()}")


class Client:
    """Requests of one person; without a token (None) of anybody."""

    def __init__(self, session: aiohttp.ClientSession, token: str | None) -> None:
        self._session = session
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    async def get(self, path: str) -> Answer:
        """Ask."""
        return await self._ask("GET", path, body=None, headers=self._headers)

    async def post(self, path: str, body: object = None, *, key: str | None = None) -> Answer:
        """Send a body as JSON; a play has its Idempotency-Key."""
        headers = self._headers | ({} if key is None else {"Idempotency-Key": key})
        if body is None:
            return await self._ask("POST", path, body=None, headers=headers)
        return await self.send("POST", path, msgspec.json.encode(body), headers)

    async def put(self, path: str, body: object) -> Answer:
        """Write a body as JSON."""
        return await self.send("PUT", path, msgspec.json.encode(body), self._headers)

    async def send(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> Answer:
        """Send JSON byte for byte, with these headers and no others."""
        return await self._ask(method, path, body=content, headers=headers | {"Content-Type": JSON})

    async def _ask(self, method: str, path: str, *, body: bytes | None, headers: dict[str, str]) -> Answer:
        async with self._session.request(method, path, data=body, headers=headers) as answer:
            return Answer(f"{method} {path}", answer.status, await answer.read())


class Patient(Client):
    """Whoever comes back when the service says: not now."""

    async def _ask(self, method: str, path: str, *, body: bytes | None, headers: dict[str, str]) -> Answer:
        for _ in range(ASKED_MAX):
            answer = await super()._ask(method, path, body=body, headers=headers)
            if answer.status not in NOT_NOW:
                break
            await asyncio.sleep(PAUSE_SECONDS)
        return answer


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[aiohttp.ClientSession]:
    """Pooled connections to a service."""
    connector = aiohttp.TCPConnector(limit=CONNECTIONS_MAX)
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    async with aiohttp.ClientSession(url, connector=connector, timeout=timeout) as session:
        yield session


async def eventually(read: Callable[[], Awaitable[T]], is_right: Callable[[T], bool]) -> T:
    """What is read as soon as it is right; as it stands when it does not get there."""
    for _ in range(LOOKS_MAX):
        found = await read()
        if is_right(found):
            break
        await asyncio.sleep(LOOK_SECONDS)
    return found


async def take_seat(player: Client, pool: str, log_key: Verifier) -> SeatedView:
    """Take a seat that nobody could aim: the operator had signed its anchor when you chose your seed."""
    offered = (await player.post(f"{pool}/anchors")).read(AnchorView, status=201)
    promised = open_note(offered.offer.encode(), log_key).decode().split()
    seed = secrets.token_hex(32)
    seated = (await player.post(f"{pool}/seats", {"seed": seed})).read(SeatedView, status=201)
    entry = verify_receipt(seated.receipt, seated.entry.encode(), log_key).entry
    kept = isinstance(entry, SeatEntry) and [entry.pool_hash, entry.id, entry.tag, entry.anchor, entry.seed]
    if kept != [*promised[1:], seed]:
        raise Finding(5, "the seat in the log is not the one that was offered", entry=entry.i)
    return seated


async def play(
    player: Client, pool: str, *, count: int, key: str, pay_with: Literal["points", "chance"] = "points"
) -> Answer:
    """Play, and ask again with the same key until the outcome is known: it stays one play."""
    return await repeated(player, f"{pool}/plays", {"count": count, "pay_with": pay_with}, key=key)


async def repeated(player: Client, path: str, body: object, *, key: str) -> Answer:
    """Ask for something that points are paid for, again with the same key until the outcome is known."""
    for _ in range(ASKED_MAX):
        answer = await player.post(path, body, key=key)
        if answer.status not in ASK_AGAIN:
            return answer
        await asyncio.sleep(PAUSE_SECONDS)
    raise UnexpectedAnswerError(f"{path} {key} had no outcome after {ASKED_MAX} requests: {answer}")


async def uncover(player: Client, covered: PlayView) -> PlayView:
    """Scratch all tickets of a play; what they show was in the log before."""
    tickets = list(range(1, covered.count + 1))
    answer = await player.post(f"/v1/plays/{covered.id}/scratch", {"tickets": tickets})
    return answer.read(PlayView, status=200)
