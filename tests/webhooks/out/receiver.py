"""A brand's system that is told things over HTTP, and what a test says to it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

from game.db.connection import Connection
from game.resources import Resources
from game.webhooks.out.delivering import Deliveries
from game.webhooks.out.outbox import Message, tell
from game.webhooks.signing import read_key, verify
from tests.support.service import ManualClock
from tests.support.settled import Campaign
from tests.webhooks.senders import Office

BODY_MAX = 64 * 1024
WAIT_SECONDS = 30.0


class Received(msgspec.Struct, frozen=True):
    """A request as it came."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """Its `webhook-id`."""
        return self.headers["webhook-id"]

    @property
    def said(self) -> dict[str, Any]:
        """Its body."""
        said: dict[str, Any] = msgspec.json.decode(self.body)
        return said


class Receiver:
    """Answers 204, or what `answers` says about a message's number, its next answer first."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: dict[int, list[web.Response]] = {}
        self.always: web.Response | None = None
        self.held: asyncio.Event | None = None
        self.url = ""
        self.takes_seconds = 0.0
        self.overtaken: list[str] = []
        self._open: set[str] = set()
        self._came = asyncio.Event()

    @property
    def numbers(self) -> list[int]:
        """The numbers of the messages that came, in their order."""
        return [each.said["data"]["number"] for each in self.received]

    def verified(self, secret: str, *, now_ms: int) -> list[str]:
        """The ids of the messages, each of which the secret signed."""
        return [
            verify(
                [read_key(secret)],
                headers=[(name.lower().encode(), value.encode()) for name, value in each.headers.items()],
                body=each.body,
                now_seconds=now_ms // 1000,
            )
            for each in self.received
        ]

    async def has(self, count: int) -> None:
        """Wait until so many requests came."""
        async with asyncio.timeout(WAIT_SECONDS):
            while len(self.received) < count:
                self._came.clear()
                await self._came.wait()

    async def _think(self, subject: str) -> None:
        """Take its time, and note a subject of whom another message comes meanwhile."""
        if not self.takes_seconds:
            return
        if subject in self._open:
            self.overtaken.append(subject)
        self._open.add(subject)
        await asyncio.sleep(self.takes_seconds)
        self._open.discard(subject)

    async def take(self, request: web.Request) -> web.Response:
        """Keep a request and answer it."""
        received = Received(dict(request.headers), await request.read())
        self.received.append(received)
        self._came.set()
        if self.held is not None:
            await self.held.wait()
        await self._think(received.said["data"].get("subject", ""))
        number = received.said["data"].get("number", 0)
        answer = self.answers[number].pop(0) if self.answers.get(number) else self.always
        status, text = (204, "") if answer is None else (answer.status, answer.text or "")
        headers = {} if answer is None else {"Location": answer.headers.get("Location", "")}
        return web.Response(status=status, text=text, headers=headers)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on a port of its own."""
    receiver = Receiver()
    app = web.Application(client_max_size=BODY_MAX)
    app.router.add_post("/hook", receiver.take)
    async with TestServer(app, host="127.0.0.1") as server:
        receiver.url = str(server.make_url("/hook"))
        yield receiver


class Post:
    """A campaign of the brand `acme`, whose office is told things by a worker that a test drives."""

    def __init__(
        self,
        office: Office,
        resources: Resources,
        campaign: Campaign,
        deliveries: Deliveries,
        clock: ManualClock,
    ) -> None:
        self.office = office
        self.resources = resources
        self.campaign = campaign
        self.deliveries = deliveries
        self.clock = clock
        self._numbers = 0

    async def endpoint(self, url: str, *types: str) -> dict[str, str]:
        """Be told at a URL; the id and the secret."""
        made: dict[str, str] = await self.office.done(
            "POST", "webhook-endpoints", {"url": url, "types": list(types or ["task.completed"])}
        )
        return made

    async def tell(self, *players: UUID) -> None:
        """Tell of tasks that players completed, in one transaction; each message has another number."""
        async with self.resources.pool.acquire() as conn, conn.transaction():
            await self.tell_in(conn, *players)

    async def tell_in(self, conn: Connection, *players: UUID) -> None:
        """The same in the test's own transaction."""
        await tell(conn, self.resources, [self._message(player_id) for player_id in players])

    def _message(self, player_id: UUID) -> Message:
        self._numbers += 1
        return Message(
            campaign_id=self.campaign.campaign_id,
            type="task.completed",
            player_id=player_id,
            data={"number": self._numbers},
        )

    async def deliver(self) -> int:
        """Send until nothing is due; how many attempts."""
        made = 0
        while found := await self.deliveries.run(self.resources):
            made += found
            await self.deliveries.idle()
        return made

    async def log(self, endpoint_id: str) -> Sequence[dict[str, Any]]:
        """The endpoint's messages, newest first."""
        page = await self.office.done("GET", f"webhook-endpoints/{endpoint_id}/deliveries")
        found: Sequence[dict[str, Any]] = page["deliveries"]
        return found
