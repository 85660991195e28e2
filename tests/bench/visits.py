"""What players ask for beside plays, to a trivial POST: they arrive, look around, and uncover tickets."""

from functools import partial
from typing import Final

import msgspec

from game import demo
from game.ids import wire_id
from game.resources import Resources
from tests.bench.events import JSON, subject_of
from tests.bench.generator import request
from tests.bench.installation import Installation, Server
from tests.bench.plays import SEED, WARM_UP, Crowd, funded, launched
from tests.bench.polls import player_headers
from tests.bench.report import Section, compared
from tests.bench.rounds import Round, Scale, Turn, interleaved

PLAYERS, CONNECTIONS, ASKED = 1_000, 64, 2_000
YARDSTICK: Final = "trivial POST"
UNCOVER: Final = b'{"tickets": [1]}'
# More than the demonstration has, and than are played here.
BLANKS: Final = 1_000_000
NEW: Final = ("an anchor of somebody new", "a seat of somebody new")
PLAYED: Final = """
SELECT campaign_id, play_id, subject FROM play JOIN player USING (player_id)
WHERE state = 'settled' ORDER BY play_id DESC LIMIT $1
"""


async def visited(installation: Installation, scale: Scale) -> Section:
    """Rounds of each, in turn; those who arrive, and the tickets that are uncovered, are new each time."""
    count = scale.rounds * ASKED
    scale.tell(f"  {count:,} tickets are sold first, and {count:,} players see an anchor")
    async with demo.open_resources(installation.site.settings) as resources:
        place = await launched(resources, cards())
        await funded(resources, PLAYERS)
        crowd, nobody = (Crowd(installation, [each], players=PLAYERS) for each in (place, ""))
        async with installation.serving() as service:
            await crowd.sit(service)
            await service.answered(crowd.plays(count), connections=CONNECTIONS, status="201")
            asked = await _asked(installation, resources, service, place, count=count)
            await installation.trivial.answered(nobody.plays(WARM_UP), connections=CONNECTIONS, status="201")
            turns: dict[str, Turn] = {YARDSTICK: partial(_play, installation.trivial, nobody)}
            for name, requests in asked.items():
                turns[name] = partial(_ask, service, requests, "201" if name in NEW else "200")
            yardstick, *ours = await interleaved(turns, scale)
    return Section(
        title=f"What players ask for beside plays, {CONNECTIONS} connections",
        rows=[compared(each.name, each, yardstick) for each in ours],
    )


def cards() -> demo.Demonstration:
    """The demonstration's cards, with far more of those that win nothing."""
    shown = next(each for each in demo.demonstrations() if each.pool.game == "scratch")
    *winning, blank = shown.pool.rows
    rows = [*winning, msgspec.structs.replace(blank, count=BLANKS)]
    return msgspec.structs.replace(shown, pool=msgspec.structs.replace(shown.pool, rows=rows))


async def _asked(
    installation: Installation, resources: Resources, service: Server, place: str, *, count: int
) -> dict[str, list[bytes]]:
    """All requests of all rounds, by what is measured."""
    new, seen = (
        [player_headers(installation, first + number) for number in range(count)]
        for first in (PLAYERS, PLAYERS + count)
    )
    anchors = [request("POST", f"{place}/anchors", headers=each) for each in seen]
    await service.answered(anchors, connections=CONNECTIONS, status="201")
    known = {subject_of(number): player_headers(installation, number) for number in range(PLAYERS)}
    rows = await resources.pool.fetch(PLAYED, count)
    plays = [(f"/v1/plays/{wire_id(row[0], row[1])}", known[row[2]]) for row in rows]
    campaign, _, _ = place.partition("/pools/")
    return {
        NEW[0]: [request("POST", f"{place}/anchors", headers=each) for each in new],
        NEW[1]: [request("POST", f"{place}/seats", headers=each | JSON, body=SEED) for each in seen],
        "the campaign, as a player": [request("GET", campaign, headers=each) for _, each in plays],
        "a play": [request("GET", path, headers=each) for path, each in plays],
        "a ticket uncovered": [
            request("POST", f"{path}/scratch", headers=each | JSON, body=UNCOVER) for path, each in plays
        ],
    }


async def _ask(server: Server, requests: list[bytes], status: str) -> Round:
    """Ask for the next of them."""
    some = [requests.pop() for _ in range(ASKED)]
    return await server.answered(some, connections=CONNECTIONS, status=status)


async def _play(server: Server, crowd: Crowd) -> Round:
    return await server.answered(crowd.plays(ASKED), connections=CONNECTIONS, status="201")
