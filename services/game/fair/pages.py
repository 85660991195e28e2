"""Replay of a log page by page: what `replay.apply_entry` comes to entry by entry, for many draws at once.

Seats, chains and time are followed in the order of the log; outcomes are settled together, since nothing
but a pool's table, its replacement and its close depends on them. Here nothing is found: what is not
plainly right is asked of `apply_entry` or `pay`, which say what is wrong with it.
"""

from collections.abc import Callable
from typing import NoReturn

import msgspec
import numpy as np

from game.fair.draw import draw_digest
from game.fair.entries import SeatEntry, decode
from game.fair.findings import Finding
from game.fair.outcomes import Draws, settle
from game.fair.preparing import Page, Prepared
from game.fair.replay import apply_entry
from game.fair.scaling import words_of
from game.fair.state import LogState, SeatState
from game.fair.verify_seat import entropy_of, may_draw, pay, use_up

# Entries on which no outcome, and which on no outcome depend.
_APART = (b'"k":"seat"', b'"k":"beacon"', b'"k":"notice"')


class _Taken(msgspec.Struct):
    """Draws whose place is checked, and that are not settled yet, from the `first` of the page's draws on."""

    first: int = 0
    seats: dict[int, SeatState] = msgspec.field(default_factory=dict)
    digests: list[bytes] = msgspec.field(default_factory=list)


def replay_page(log: LogState, page: Page, prepared: Prepared) -> None:
    """Take the log's next page in. Raises a Finding with its index where it breaks the protocol."""
    assert page.start == log.size
    taken = _Taken()
    try:
        _take_page(log, page, prepared, taken)
    finally:
        _settle(log, page, prepared, taken)


def _take_page(log: LogState, page: Page, prepared: Prepared, taken: _Taken) -> None:
    lines, place = page.lines, 0
    for at, leaf in prepared.others:
        place = _take_draws(log, page, prepared, taken, range(place, place + at + page.start - log.size))
        if not any(kind in lines[at] for kind in _APART):
            _settle(log, page, prepared, taken)
        apply_entry(log, lines[at], leaf)
    _take_draws(log, page, prepared, taken, range(place, len(prepared.draws.i)))
    if prepared.good < len(lines):
        _refuse(log, lines[prepared.good])


def _refuse(log: LogState, line: bytes) -> NoReturn:
    raise _refused(lambda: apply_entry(log, line, b""))


def _refused(rule: Callable[[], None]) -> Finding:
    found = None
    try:
        rule()
    except Finding as finding:
        found = finding
    assert found is not None, "the page doubts what the rule for one entry accepts"
    return found


def _take_draws(log: LogState, page: Page, prepared: Prepared, taken: _Taken, places: range) -> int:
    """Follow draws to the first whose place is wrong, which is refused. Returns the place after them.

    What `may_draw` asks cannot change after a seat's first draw, but for the pool's replacement.
    """
    draws, part = prepared.draws, slice(places.start, places.stop)
    columns = (draws.i[part], draws.t[part], draws.seat[part], draws.n[part])
    seats, size, now_ms = log.seats, log.size, log.t
    for place, i, t_ms, index, n in zip(places, *(column.tolist() for column in columns), strict=True):
        at = 32 * place
        seat = seats.get(index)
        if (
            seat is None
            or n != seat.taken + 1
            or draws.before[at : at + 32] != seat.revealed
            or i != size
            or t_ms < now_ms
            or seat.pool.replaced_by is not None
            or (n == 1 and not may_draw(log, seat, t_ms=t_ms))
        ):
            log.size, log.t = size, now_ms
            _refuse(log, page.lines[size - page.start])
        a = draws.a[at : at + 32]
        taken.digests.append(draw_digest(a, seat.entropy or entropy_of(log, seat), n))
        taken.seats[index] = seat
        seat.revealed, seat.taken = a, n
        if n == seat.pool.entry.seat_draws:
            use_up(log, seat)
        size, now_ms = size + 1, t_ms
    log.size, log.t = size, now_ms
    return places.stop


def _settle(log: LogState, page: Page, prepared: Prepared, taken: _Taken) -> None:
    """Settle what was taken. Raises a Finding for the first wrong row, at which the replay then stands."""
    if not taken.digests:
        return
    draws, digests = _columns(prepared, taken), taken.digests
    first, taken.first, taken.seats, taken.digests = taken.first, taken.first + len(digests), {}, []
    wrong = settle(log, draws)
    if wrong is not None:
        row_id = prepared.draws.rows[prepared.draws.row[first + wrong]]
        _refuse_row(log, page, draws.where(slice(wrong, wrong + 1)), digests[wrong], row_id=row_id)


def _columns(prepared: Prepared, taken: _Taken) -> Draws:
    draws, part = prepared.draws, slice(taken.first, taken.first + len(taken.digests))
    indexes, which = np.unique(draws.seat[part], return_inverse=True)
    seats = [taken.seats[index] for index in indexes.tolist()]
    pool = np.array([seat.pool.entry.i for seat in seats])[which]
    row = np.full(len(pool), -1)
    for each in {seat.pool.entry.i: seat.pool for seat in seats}.values():
        known = {known.id: at for at, known in enumerate(each.entry.rows)}
        codes = np.array([known.get(id_, -1) for id_ in draws.rows])
        row = np.where(pool == each.entry.i, codes[draws.row[part]], row)
    return Draws(
        entry=draws.i[part],
        t_ms=draws.t[part],
        pool=pool,
        seat=draws.seat[part],
        n=draws.n[part],
        player=np.array([seat.player for seat in seats])[which],
        row=row,
        words=words_of(taken.digests),
    )


def _refuse_row(log: LogState, page: Page, draw: Draws, digest: bytes, *, row_id: str) -> NoReturn:
    _unseat(log, page, after=int(draw.entry[0]))
    log.size, log.t = int(draw.entry[0]), int(draw.t_ms[0])
    pool, player, x = log.pools[int(draw.pool[0])], int(draw.player[0]), int.from_bytes(digest, "big")
    finding = _refused(lambda: pay(pool, player, x, row_id=row_id))
    finding.entry = log.size
    raise finding


def _unseat(log: LogState, page: Page, *, after: int) -> None:
    """Seats that stand after the entry at fault do not count."""
    for line in page.lines[after - page.start : log.size - page.start]:
        entry = decode(line)
        if isinstance(entry, SeatEntry):
            log.pools[entry.pool].seated -= 1
