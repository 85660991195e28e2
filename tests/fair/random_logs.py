"""Logs by seed: pools with every feature, players on several seats, a replacement, closes; and bent ones."""

from random import Random
from typing import Any

from game.fair.entries import SeatEntry
from tests.fair.vectors import EARLY_MS
from tests.fair.writer import BEACON, TERMS, LogWriter

SEED = "5e" * 16
DRAWS = 60
LATER_MS = EARLY_MS + 7000
WHEEL_ROWS = [
    {"id": "car", "weight": 1, "stock": 1, "else": "mug"},
    {"id": "mug", "weight": 5, "stock": 6, "limit": 2, "else": "pin"},
    {"id": "pin", "weight": 9, "limit": 3, "else": "nothing"},
    {"id": "late", "weight": 9, "from": 4, "else": "nothing"},
    {"id": "never", "weight": 0},
    {"id": "nothing", "weight": 20},
]
PLAIN_ROWS = [{"id": "few", "weight": 1}, {"id": "none", "weight": 0}, {"id": "many", "weight": 2**32 - 1}]
POOLS: list[dict[str, Any]] = [
    {"game": "wheel", "weight": 44, "rows": WHEEL_ROWS, "guarantee": {"draws": 4, "rows": 2}},
    {"game": "wheel", "weight": 44, "rows": WHEEL_ROWS, "beacon": BEACON},
    {"game": "wheel", "weight": 2**32, "rows": PLAIN_ROWS, "guarantee": {"draws": 3, "rows": 1}},
    {"game": "wheel", "weight": 2**32, "rows": PLAIN_ROWS, "beacon": BEACON, "seat_draws": 1},
    {"game": "scratch", "tickets": 40, "rows": [{"id": "a", "count": 4}, {"id": "b", "count": 36}]},
]


def random_log(random: Random) -> LogWriter:
    """A log that is in order, closed or not."""
    writer = LogWriter()
    pools = [writer.pool(bytes([at] * 32), **_terms(at, terms, random)) for at, terms in enumerate(POOLS)]
    seats = [
        _seat(writer, pool, player, t=EARLY_MS) for pool in pools for player in range(random.randint(1, 4))
    ]
    writer.beacon()
    _draw(writer, random, seats)
    again = {**_terms(98, POOLS[0], random), "t": LATER_MS, "opens": LATER_MS, "replaces": pools[0]}
    new = writer.pool(bytes([98] * 32), **again)
    _draw(writer, random, [_seat(writer, new, player, t=LATER_MS) for player in range(3)])
    for pool in random.sample(pools[:3], random.randint(0, 3)):
        writer.close(pool)
    return writer


def _terms(at: int, terms: dict[str, Any], random: Random) -> dict[str, Any]:
    return {**TERMS, "seat_draws": random.choice([2, 5, 9]), **terms, "pool": f"pool-{at}"}


def _seat(writer: LogWriter, pool: int, player: int, *, t: int) -> int:
    index = len(writer.lines)
    return writer.seat(pool, t=t, seat_id=f"{index:032x}", tag=f"{player:032x}", seed=SEED)


def _draw(writer: LogWriter, random: Random, seats: list[int]) -> None:
    """Draws of these seats in any order; a seat of the first pool that is used up is followed by another."""
    for _ in range(random.randint(0, DRAWS)):
        live = writer.live(seats)
        if not live:
            return
        seat = random.choice(live)
        writer.draw(seat, t=LATER_MS)
        entry = writer.entries[seat]
        assert isinstance(entry, SeatEntry)
        if entry.pool == 0 and not writer.live([seat]):
            seats.append(_seat(writer, 0, int(entry.tag, 16), t=LATER_MS))


def bent(random: Random, lines: list[bytes]) -> list[bytes]:
    """The lines with one of them changed, moved, left out or doubled."""
    at = random.randrange(len(lines))
    line, before, after = lines[at], lines[:at], lines[at + 1 :]
    kind = random.randrange(5)
    if kind == 0:
        return [*before, *after]
    if kind == 1:
        return [*before, line, line, *after]
    if kind == 2:
        return [*before, *after[:1], line, *after[1:]]
    if kind == 3:
        return [*before, line.replace(*random.choice(_WORDS)), *after]
    place = random.randrange(len(line))
    return [
        *before,
        line[:place] + random.choice(b'0129af{}":, \n\xff').to_bytes() + line[place + 1 :],
        *after,
    ]


_WORDS = [
    (b'"n":1', b'"n":2'),
    (b'"n":2', b'"n":1'),
    (b'"row":"mug"', b'"row":"pin"'),
    (b'"row":"nothing"', b'"row":"mug"'),
    (b'"row":"many"', b'"row":"few"'),
    (b'"row":"b"', b'"row":"a"'),
    (b'"row":"b"', b'"row":"c"'),
    (b'"row":"pin"', '"row":"Ä"'.encode()),
    (b"a", b"A"),
    (b'"seat":5', b'"seat":6'),
    (b'"t":1', b'"t":0'),
    (b"}", b" }"),
]
