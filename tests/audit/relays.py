"""Beacon relays for tests: real HTTP servers that answer for two real rounds of drand quicknet."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

from game.fair.rounds import QUICKNET_CHAIN

EARLY_ROUND = 657413
LATE_ROUND = 8550012
SIGNATURES = {
    EARLY_ROUND: bytes.fromhex(
        "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b"
    ),
    LATE_ROUND: bytes.fromhex(
        "88f87a10205ed031a3ae1eec64c4780c9aa787a679788b6259d0b973ea061d612c6bfb395eafacc788feeb5be11b2f18"
    ),
}


class Relay:
    """Answers for the rounds it knows; `asked` lists the rounds of all requests."""

    def __init__(self, answers: Mapping[int, bytes]) -> None:
        self.answers = dict(answers)
        self.asked: list[int] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        """What stands under the round's address, 404 for one that is not out."""
        round_ = int(request.match_info["round"])
        self.asked.append(round_)
        if round_ not in self.answers:
            return web.Response(status=404)
        return web.Response(body=self.answers[round_], content_type="application/json")


def answer_of(round_: int, signature: bytes) -> bytes:
    """A relay's answer as drand's HTTP interface gives it."""
    randomness = hashlib.sha256(signature).hexdigest()
    return msgspec.json.encode({"round": round_, "randomness": randomness, "signature": signature.hex()})


REAL_ANSWERS = {round_: answer_of(round_, signature) for round_, signature in SIGNATURES.items()}


@asynccontextmanager
async def running(relay: Relay) -> AsyncIterator[Relay]:
    """A relay that listens on a loopback port."""
    app = web.Application()
    app.router.add_get(f"/{QUICKNET_CHAIN}/public/{{round:[0-9]+}}", relay.answer)
    async with TestServer(app) as server:
        relay.url = str(server.make_url("")).rstrip("/")
        yield relay
