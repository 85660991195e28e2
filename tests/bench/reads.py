"""Public reads from the cache, against a trivial GET: what everybody sees of a campaign, and of its board."""

import http.client
import time
from functools import partial

import msgspec

from game import demo
from game.boards import ladder
from game.boards.store import Changed, SeasonKey
from game.embedded.ports import LOOPBACK
from tests.bench.boards import BUILDER, player_of
from tests.bench.generator import request
from tests.bench.installation import Installation, Server
from tests.bench.polls import CALLERS, player_headers
from tests.bench.report import Section, compared
from tests.bench.rounds import Round, Scale, interleaved

# Requests of a round for so many connections.
LOADS = {64: 8_000, 256: 8_000}
RANKED = 100
SECRET = b"-" * 32
POOL, BOARD = "lanterns-1", "visitors"
YARDSTICK = "trivial GET"

# Who answers, what is asked in turn, and the status of all answers.
Contestant = tuple[Server, list[bytes], str]


class _Season(msgspec.Struct):
    season: str


class _Top(msgspec.Struct):
    season: _Season


async def read(installation: Installation, scale: Scale) -> Section:
    """Rounds of each route without a token, and of one with all that callers may add."""
    campaigns = await demo.load(installation.site.settings, webhook_secret=SECRET)
    rows = []
    async with installation.serving() as service:
        paths = _paths(campaigns[POOL])
        await _rank(installation, service, campaigns[POOL], paths["first ranks"])
        contestants = _contestants(installation, service, paths)
        for connections, count in scale.loads(LOADS).items():
            scale.tell(f"  {connections} connections")
            turns = {name: partial(_read, each, count, connections) for name, each in contestants.items()}
            for turn in turns.values():
                await turn()
            yardstick, *ours = await interleaved(turns, scale)
            rows += [compared(f"{each.name}, {connections} connections", each, yardstick) for each in ours]
    return Section(title="Public reads", rows=rows)


def _paths(campaign_id: str) -> dict[str, str]:
    campaign = f"/v1/campaigns/{campaign_id}"
    return {
        "campaign page": campaign,
        "list of campaigns": f"/v1/campaigns?brand={demo.BRAND}",
        "wheel": f"{campaign}/pools/{POOL}/wheel",
        "boards": f"{campaign}/boards",
        "first ranks": f"{campaign}/boards/{BOARD}/top",
    }


async def _rank(installation: Installation, service: Server, campaign_id: str, path: str) -> None:
    """Give players ranks in the present season of the board."""
    season = msgspec.json.decode(_answer(service, path)[0], type=_Top).season.season
    key, now_ms = SeasonKey(campaign_id, BOARD, season), time.time_ns() // 1_000_000
    changed = [
        Changed(key=key, player_id=player_of(number), score=number, reached_ms=now_ms, version=1)
        for number in range(1, RANKED + 1)
    ]
    async with demo.open_resources(installation.site.settings) as resources:
        assert await ladder.begin(resources, key, BUILDER)
        assert await ladder.fill(resources, key, BUILDER, changed)
        assert await ladder.swap(resources, key, BUILDER)


def _contestants(installation: Installation, service: Server, paths: dict[str, str]) -> dict[str, Contestant]:
    page, top = paths["campaign page"], paths["first ranks"]
    tag = {"if-none-match": _answer(service, page)[1]}
    players = [player_headers(installation, number) for number in range(CALLERS)]
    plain = {name: (service, [request("GET", path, headers={})], "200") for name, path in paths.items()}
    return {
        YARDSTICK: (installation.trivial, [request("GET", "/trivial", headers={})], "200"),
        **plain,
        "campaign page, known": (service, [request("GET", page, headers=tag)], "304"),
        "first ranks, by players": (service, [request("GET", top, headers=each) for each in players], "200"),
    }


def _answer(service: Server, path: str) -> tuple[bytes, str]:
    """The body and its tag."""
    connection = http.client.HTTPConnection(LOOPBACK, service.port)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, body
    connection.close()
    return body, answer.headers["etag"]


async def _read(contestant: Contestant, count: int, connections: int) -> Round:
    server, requests, status = contestant
    asked = [requests[number % len(requests)] for number in range(count)]
    return await server.answered(asked, connections=connections, status=status)
