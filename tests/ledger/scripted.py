"""A server on loopback that answers batches as a test tells it, and keeps what it was sent."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web

from ledger_client import Lane, LedgerClient, Leg, Operation, Options, Outcome, encode

Answer = Callable[[list[str]], web.Response]


class _Batch(msgspec.Struct):
    operations: list[msgspec.Raw]


class Sent(msgspec.Struct, frozen=True):
    """One call as it arrived: the ids, each operation's bytes, and the trace that it belongs to."""

    ids: list[str]
    bodies: list[bytes]
    traceparent: str | None


class ScriptedLedger:
    """Pops the next answer of `script` for every call, else applies everything.

    While `gate` is cleared, calls arrive and are not answered.
    """

    def __init__(self) -> None:
        self.url = ""
        self.script: deque[Answer] = deque()
        self.rule: Answer = applied
        self.questions: deque[Answer] = deque()
        self.asked: list[str] = []
        self.calls: list[Sent] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.arrival = asyncio.Condition()

    async def arrived(self, calls: int) -> None:
        """Wait until that many calls have arrived."""
        async with asyncio.timeout(10), self.arrival:
            await self.arrival.wait_for(lambda: len(self.calls) >= calls)

    async def reply(self, request: web.Request) -> web.Response:
        """Answer a question with the next of `questions`."""
        self.asked.append(request.raw_path)
        await self.gate.wait()
        return self.questions.popleft()([])

    async def answer(self, request: web.Request) -> web.Response:
        """Take one call."""
        batch = msgspec.json.decode(await request.read(), type=_Batch)
        bodies = [bytes(raw) for raw in batch.operations]
        ids = [msgspec.json.decode(body)["id"] for body in bodies]
        sent = Sent(ids, bodies, request.headers.get("traceparent"))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        async with self.arrival:
            self.calls.append(sent)
            self.arrival.notify_all()
        try:
            await self.gate.wait()
            return (self.script.popleft() if self.script else self.rule)(sent.ids)
        finally:
            self.in_flight -= 1


def applied(ids: list[str]) -> web.Response:
    """Everything was applied."""
    return results([result(id_) for id_ in ids])


def result(operation_id: str) -> dict[str, Any]:
    """One applied operation."""
    return {"outcome": "applied", "id": operation_id, "seq": 1, "balances": {}, "replayed": False}


def results(found: list[dict[str, Any]]) -> web.Response:
    """The answer to a batch."""
    return web.json_response({"results": found})


def status(code: int, **headers: str) -> Answer:
    """An answer of that status, with headers (underscores for hyphens) and no useful body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _ids: web.Response(status=code, headers=named, text="not JSON")


def page(body: object) -> Answer:
    """A question's answer."""
    return lambda _ids: web.json_response(body)


def beyond_all_time(ids: list[str]) -> web.Response:
    """Not now, and a time to wait that no clock can hold."""
    problem = {"code": "busy", "final": False, "retry_after_ms": 10**400}
    return results([{"outcome": "refused", "id": id_, "problem": problem} for id_ in ids])


def failing_on(poison: str) -> Answer:
    """500 for every call that holds the operation."""
    return lambda ids: status(500)(ids) if poison in ids else applied(ids)


@asynccontextmanager
async def scripted() -> AsyncIterator[ScriptedLedger]:
    """Serve until the block ends."""
    ledger = ScriptedLedger()
    app = web.Application()
    app.router.add_post("/v1/operations:batch", ledger.answer)
    app.router.add_route("*", "/{any:.*}", ledger.reply)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    ledger.url = f"http://{host}:{port}"
    try:
        yield ledger
    finally:
        ledger.gate.set()
        await runner.cleanup()


def body_of(operation_id: str) -> bytes:
    """The stored bytes of an operation."""
    return encode(Operation(operation_id, 1, (Leg("player:p", "house:c", 10, "price"),), "ref"))


async def apply(
    client: LedgerClient,
    operation_id: str,
    *,
    subject: str | None = None,
    lane: Lane = Lane.PLAY,
    seconds: float = 10.0,
) -> Outcome:
    """Send an operation whose subject is its own unless told."""
    return await client.apply(
        operation_id=operation_id,
        body=body_of(operation_id),
        lane=lane,
        subject=subject or f"player:{operation_id}",
        deadline=asyncio.get_running_loop().time() + seconds,
    )


def at_once(ledger: ScriptedLedger, options: Options | None = None) -> LedgerClient:
    """A client that does not wait between attempts."""
    return LedgerClient.open(ledger.url, "token", options or Options(), random=lambda: 0.0)
