"""A log page by page, many draws at once, comes to what it comes to entry by entry."""

from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from game.fair.draw import pick, scale, table_weights
from game.fair.entries import DrawEntry, PoolEntry, SeatEntry, leaf_hash
from game.fair.findings import Finding
from game.fair.observing import Drawn, Untaken
from game.fair.replay import apply_entry
from game.fair.scaling import pick_all, scale_all, words_of
from game.fair.state import LogState
from game.fair.verify import Report, verify_log
from tests.fair import random_logs
from tests.fair.random_logs import LATER_MS, SEED, random_log
from tests.fair.vectors import VERIFIER
from tests.fair.writer import WHEEL, LogWriter, checkpoint_of

SEEDS = st.integers(0, 2**32)
EDGES = [0, 1, 2**32 - 1, 2**32, 2**224 - 1, 2**224, 2**255, 2**256 - 2**32, 2**256 - 1]
TOTALS = [1, 2, 3, 10, 2**16, 2**31, 2**32 - 1, 2**32]


class Watching:
    """Keeps all that it is shown."""

    def __init__(self) -> None:
        self.pages: list[Drawn] = []
        self.lapsed: list[Untaken] = []

    def drawn(self, page: Drawn) -> None:
        self.pages.append(page)

    def untaken(self, page: Untaken) -> None:
        self.lapsed.append(page)


def entry_by_entry(lines: list[bytes]) -> tuple[LogState, Finding | None]:
    """The sequential rule."""
    log = LogState()
    try:
        for line in lines:
            apply_entry(log, line, leaf_hash(line))
    except Finding as finding:
        return log, finding
    return log, None


def page_by_page(lines: list[bytes], cuts: list[int], observer: Watching | None = None) -> Report:
    """The verifier, whose pages end at older checkpoints."""
    older = [checkpoint_of(lines[:cut]) for cut in cuts]
    return verify_log(lines, checkpoint_of(lines), VERIFIER, older=older, observer=observer)


def check_same(lines: list[bytes], cuts: list[int]) -> None:
    """Verdict, entry, words and every count are the same."""
    log, finding = entry_by_entry(lines)
    report = page_by_page(lines, cuts)
    expected = (finding.check, finding.entry, finding.says) if finding else (None, None, None)
    assert (report.check, report.entry, report.says) == expected
    assert report.size == log.size
    assert [_of_report(pool) for pool in report.pools] == [_of_state(pool) for pool in log.pools.values()]


def _of_report(pool: Any) -> Any:
    rows = [(row.left, row.drawn, row.next, row.later) for row in pool.rows]
    return pool.id, pool.draws, pool.seats, pool.abandoned, pool.closed, pool.replaced_by, rows


def _of_state(pool: Any) -> Any:
    counts = pool.statistics
    rows = list(zip(pool.left, counts.drawn, counts.next, counts.later, strict=True))
    return (
        pool.entry.pool, pool.draws, pool.seated, pool.abandoned, pool.closed, pool.replaced_by, rows,
    )  # fmt: skip


@settings(max_examples=60)
@given(SEEDS)
def test_an_honest_log(seed: int) -> None:
    """All features at once, in pages of any length."""
    random = Random(seed)
    lines = random_log(random).lines
    check_same(lines, [random.randrange(len(lines)) for _ in range(random.randrange(4))])
    assert entry_by_entry(lines)[1] is None


@settings(max_examples=250)
@given(SEEDS)
def test_a_bent_log(seed: int) -> None:
    """The same finding at the same entry, with the same words and the same counts up to it."""
    random = Random(seed)
    lines = random_logs.bent(random, random_log(random).lines)
    check_same(lines, [random.randrange(len(lines)) for _ in range(random.randrange(4))])


@settings(max_examples=30)
@given(SEEDS)
def test_the_observer_is_shown_every_draw(seed: int) -> None:
    """In the order of the log, with what X picks, what was paid, and whose draw it was."""
    writer = random_log(Random(seed))
    watching = Watching()
    report = page_by_page(writer.lines, [len(writer.lines) // 2], watching)
    draws = [entry for entry in writer.entries if isinstance(entry, DrawEntry)]
    shown = [draw for page in watching.pages for draw in _rows_of(page)]
    assert sorted(shown) == sorted(_expected(writer, draw) for draw in draws)
    assert sum(pool.draws for pool in report.pools) == len(draws)


def _rows_of(page: Drawn) -> list[tuple[int, int, int, int, str]]:
    picked, rows = page.picked.tolist(), page.pool.entry.rows
    paid = [rows[row].id for row in page.paid.tolist()]
    return list(zip(page.t_ms.tolist(), page.seat.tolist(), page.n.tolist(), picked, paid, strict=True))


def _expected(writer: LogWriter, draw: DrawEntry) -> tuple[int, int, int, int, str]:
    seat = writer.entries[draw.seat]
    assert isinstance(seat, SeatEntry)
    pool = writer.entries[seat.pool]
    assert isinstance(pool, PoolEntry)
    picked = pick(table_weights(pool), writer.x(draw.seat, draw.n))
    return draw.t, draw.seat, draw.n, picked, draw.row


def test_the_observer_is_shown_the_untaken_draws() -> None:
    """At the close: each seat's next draw, and the later ones."""
    seen: list[Untaken] = []
    for seed in range(20):
        watching = Watching()
        page_by_page(random_log(Random(seed)).lines, [], watching)
        seen += watching.lapsed
    counts = [page.pool.statistics for page in seen]
    assert [int(page.first.sum()) for page in seen] == [sum(count.next) for count in counts]
    assert [len(page.n) for page in seen] == [sum(count.next) + sum(count.later) for count in counts]
    assert any(page.pool.abandoned for page in seen)


def test_many_players_and_many_untaken_draws() -> None:
    """More than arrays hold at first, and more than one page of draws that lapse."""
    writer, watching = LogWriter(), Watching()
    pool = writer.pool(**{**WHEEL, "seat_draws": 256})
    for player in range(40):
        seat = writer.seat(pool, t=LATER_MS, seat_id=f"{player:032x}", tag=f"{player:032x}", seed=SEED)
        for _ in range(player % 3):
            writer.draw(seat, t=LATER_MS)
    writer.close(pool)
    check_same(writer.lines, [])
    report = page_by_page(writer.lines, [], watching)
    assert (report.pools[0].seats, report.pools[0].abandoned) == (40, 14)
    assert sum(len(page.n) for page in watching.lapsed) == 40 * 256 - report.pools[0].draws


@pytest.mark.parametrize("total", TOTALS)
def test_scaling_at_the_edges(total: int) -> None:
    """Words give what Python's integers give, and an array of totals what one total gives."""
    borders = [(r << 256) // total + step for r in (0, 1, total - 1) for step in (0, 1)]
    values = [value for value in (*EDGES, *borders) if value < 2**256]
    words = words_of([value.to_bytes(32, "big") for value in values])
    assert scale_all(words, total).tolist() == [scale(value, total) for value in values]
    assert scale_all(words, np.full(len(values), total)).tolist() == scale_all(words, total).tolist()


@given(
    st.lists(st.integers(0, 2**256 - 1)), st.lists(st.integers(0, 1000), min_size=1), st.integers(1, 2**20)
)
def test_picking(values: list[int], weights: list[int], last: int) -> None:
    """Every X picks the same row of any table."""
    words = words_of([value.to_bytes(32, "big") for value in values])
    table = [*weights, last]
    assert pick_all(table, words).tolist() == [pick(table, value) for value in values]
