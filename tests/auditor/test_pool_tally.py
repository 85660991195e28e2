"""What is counted of a pool in bounded memory."""

import numpy as np
import pytest

from game.auditor import sequence
from game.auditor.buckets import MAX_BUCKETS
from game.fit.serial import kinds
from tests.auditor.tallies import picks, pool_entry, tally_of

PICKED = picks(1, 5_000)


@pytest.mark.parametrize("page", [1, 7, 256, 5_000])
def test_pages_make_no_difference(page: int) -> None:
    """However a log is cut into pages, the counts are the same."""
    tally, whole = tally_of(PICKED, page=page), tally_of(PICKED, page=len(PICKED))
    assert tally.buckets.width_draws == whole.buckets.width_draws
    assert (tally.buckets.picked == whole.buckets.picked).all()
    assert (tally.buckets.ends_ms == whole.buckets.ends_ms).all()
    assert (tally.order.pairs == whole.order.pairs).all()
    assert (tally.order.wins, tally.order.runs) == (whole.order.wins, whole.order.runs)
    assert (tally.players.draws[:100] == whole.players.draws[:100]).all()


def test_buckets_are_few_however_long_the_log_is() -> None:
    """The width doubles; each but the last has as many draws, and none is lost."""
    buckets = tally_of(PICKED).buckets
    assert MAX_BUCKETS / 2 <= len(buckets.ends_ms) <= MAX_BUCKETS
    assert buckets.width_draws == 32
    assert set(buckets.picked[:-1].sum(axis=1).tolist()) == {32}
    assert buckets.picked.sum(axis=0).tolist() == np.bincount(PICKED).tolist()
    assert (np.diff(buckets.ends_ms) > 0).all()


def test_pairs_share_no_draw() -> None:
    """The first with the second, the third with the fourth, by the kinds of their rows."""
    order = tally_of(PICKED[:-1], page=7).order
    seen = kinds([1, 9, 90])[PICKED[:4_998]]
    pairs = np.zeros((3, 3), np.int64)
    np.add.at(pairs, (seen[::2], seen[1::2]), 1)
    assert (order.pairs == pairs).all()


def test_a_run_of_wins_is_counted_once() -> None:
    """Over the edge of a page too."""
    order = tally_of(np.array([2, 0, 1, 1, 2, 2, 0, 2]), page=3).order
    assert (order.runs, order.wins, order.losses) == (2, 4, 4)


def test_each_players_draws_and_wins_are_counted() -> None:
    """Players take turns, so each has every third draw."""
    tally = tally_of(PICKED, players=3)
    for player in range(3):
        own = PICKED[player::3]
        assert tally.players.draws[player] == len(own)
        assert tally.players.wins[player] == np.count_nonzero(own < 2)


def test_players_beyond_the_limit_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded; how many draws that leaves out is known."""
    monkeypatch.setattr(sequence, "MAX_PLAYERS", 10)
    tally = tally_of(PICKED, players=100)
    assert (len(tally.players.draws), tally.players.left_out) == (10, 4_500)


def test_untaken_draws_are_counted_apart() -> None:
    """Each seat's next one, and the later ones."""
    tally = tally_of(PICKED, untaken=np.array([0, 1, 2, 2]))
    assert (tally.next.tolist(), tally.later.tolist()) == ([1, 0, 1], [0, 1, 1])


def test_seats_are_counted_as_far_as_they_were_used() -> None:
    """Ten draws are a seat here; the abandoned ones are known after the close."""
    tally = tally_of(PICKED[:25])
    assert (tally.seats_begun, tally.seats_used_up, tally.seats_abandoned) == (3, 2, 0)
    assert tally_of(PICKED[:25], untaken=np.array([2, 2, 2])).seats_abandoned == 2


def test_a_table_of_one_row_is_counted() -> None:
    """There is no win in it, and nothing fails."""
    tally = tally_of(np.zeros(10, np.int64), entry=pool_entry(rows=[{"id": "all", "weight": 1}]))
    assert (tally.order.wins, tally.order.losses, tally.order.pairs.tolist()) == (0, 10, [[5]])
