"""How many events are accepted (verified, read, stored, committed, answered), against a trivial POST."""

import itertools
from functools import partial

import msgspec

from game import demo
from game.instants import to_datetime
from game.resources import system_clock
from game.webhooks.signing import secret_text, signed_headers
from tests.bench.generator import request
from tests.bench.installation import WAITING, Installation, Server
from tests.bench.report import Section, alone, compared
from tests.bench.rounds import Round, Scale, Series, interleaved

PLAYERS = 10_000
# Requests of a round for so many connections.
LOADS = {1: 300, 8: 2_000, 64: 5_000, 256: 6_000}
WARM_UP = 2_000
IDLE_SECONDS = 5
PATH = f"/v1/webhooks/{demo.BRAND}.{demo.SOURCE}"
JSON = {"content-type": "application/json"}


class Sender:
    """A brand's system: every event is another one, about one player after the other."""

    def __init__(self, secret: bytes) -> None:
        self._key = secret_text(secret)
        self._numbers = itertools.count()

    def events(self, count: int) -> list[bytes]:
        """Requests with events of now, freshly signed."""
        now_ms = system_clock()
        return [self._event(next(self._numbers), now_ms) for _ in range(count)]

    def trivial(self, count: int) -> list[bytes]:
        """The same bodies for the yardstick, unsigned."""
        now_ms = system_clock()
        bodies = (body(number, now_ms) for number in range(count))
        return [request("POST", "/trivial", headers=JSON, body=each) for each in bodies]

    def _event(self, number: int, now_ms: int) -> bytes:
        told = body(number, now_ms)
        signed = signed_headers(
            self._key, webhook_id=f"msg_{number:012}", timestamp_seconds=now_ms // 1000, body=told
        )
        return request("POST", PATH, headers=JSON | signed, body=told)


def body(number: int, now_ms: int) -> bytes:
    """What the shop says of one of its reviews."""
    data = {
        "subject": subject_of(number % PLAYERS),
        "occurrence": f"review-{number}",
        "item": f"tea-{number % 50:02}",
        "rating": 1 + number % 5,
        "photos": number % 3,
    }
    return msgspec.json.encode({"type": "review.created", "timestamp": to_datetime(now_ms), "data": data})


def subject_of(number: int) -> str:
    """A player's name."""
    return f"player-{number:07}"


async def accepted(installation: Installation, scale: Scale) -> Section:
    """Rounds of each number of connections, with the yardstick's between them."""
    site = installation.site
    async with demo.open_resources(site.settings) as resources:
        await demo.keep_source(resources, site.secrets.webhook_secret())
    sender = Sender(site.secrets.webhook_secret())
    rows = []
    async with installation.serving(WAITING) as service:
        idle = Series(name="idle", rounds=[await service.idle(IDLE_SECONDS)])
        rows.append(alone("a second without requests", idle))
        for _ in range(PLAYERS // WARM_UP + 1):
            await service.answered(sender.events(WARM_UP), connections=64, status="202")
            await installation.trivial.answered(sender.trivial(WARM_UP), connections=64, status="202")
        for connections, count in scale.loads(LOADS).items():
            scale.tell(f"  {connections} connections")
            turns = {
                "events": partial(_accept, service, sender, count, connections),
                "trivial POST": partial(_yardstick, installation.trivial, sender, count, connections),
            }
            ours, yardstick = await interleaved(turns, scale)
            rows.append(compared(f"{connections} connections", ours, yardstick))
    return Section(title="Events accepted: verified, stored and committed, then answered", rows=rows)


async def _accept(service: Server, sender: Sender, count: int, connections: int) -> Round:
    return await service.answered(sender.events(count), connections=connections, status="202")


async def _yardstick(trivial: Server, sender: Sender, count: int, connections: int) -> Round:
    return await trivial.answered(sender.trivial(count), connections=connections, status="202")
