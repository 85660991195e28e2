"""What a play costs by what it wins: pools that give nearly always the same, beside one with nothing."""

from functools import partial
from typing import Final

import msgspec

from game import demo
from tests.bench.installation import Installation, Server
from tests.bench.plays import PLAYERS, WARM_UP, Crowd, funded, launched
from tests.bench.report import Section, compared
from tests.bench.rounds import Round, Scale, Turn, interleaved

YARDSTICK: Final = "nothing"
# By their places among the demonstrations and among the rows of their pools.
WINS: Final = {YARDSTICK: (0, 5), "points": (0, 4), "vouchers": (0, 1), "chances": (0, 3), "badges": (2, 0)}
BATCH: Final = "coffee"
# Of ten thousand draws.
NEARLY_ALL: Final = 9_999
CONNECTIONS, PLAYS = 256, 4_000


async def won(installation: Installation, scale: Scale) -> Section:
    """Rounds of plays in a pool of each kind, in turn."""
    turns: dict[str, Turn] = {}
    async with demo.open_resources(installation.site.settings) as resources:
        places = {
            name: await launched(resources, demonstration(name, vouchers=WARM_UP + scale.rounds * PLAYS))
            for name in WINS
        }
        await funded(resources, PLAYERS)
    async with installation.serving() as service:
        for name, place in places.items():
            crowd = Crowd(installation, [place], players=PLAYERS)
            await crowd.sit(service)
            await _play(service, crowd, WARM_UP)
            turns[name] = partial(_play, service, crowd, PLAYS)
        yardstick, *kinds = await interleaved(turns, scale)
    return Section(
        title=f"Paid plays by what they win, to those that win nothing, {CONNECTIONS} connections",
        rows=[compared(each.name, each, yardstick) for each in kinds],
    )


def demonstration(name: str, *, vouchers: int) -> demo.Demonstration:
    """A wheel that gives nearly always what the name says; no more vouchers than so many."""
    all_shown = demo.demonstrations()
    wheel, (place, nth) = all_shown[0], WINS[name]
    nothing = wheel.pool.rows[-1]
    row = msgspec.structs.replace(all_shown[place].pool.rows[nth], id="row", weight=NEARLY_ALL, else_=None)
    if row.prize.kind == "voucher":
        row = msgspec.structs.replace(row, stock=vouchers, else_=nothing.id)
    rest = msgspec.structs.replace(nothing, weight=1)
    pool = msgspec.structs.replace(wheel.pool, guarantee=None, rows=[row, rest])
    codes = {BATCH: vouchers} if row.prize.kind == "voucher" else {}
    return msgspec.structs.replace(wheel, pool=pool, vouchers=codes, badges=all_shown[place].badges)


async def _play(service: Server, crowd: Crowd, count: int) -> Round:
    return await service.answered(crowd.plays(count), connections=CONNECTIONS, status="201")
