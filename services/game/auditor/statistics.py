"""The statistics of a log as they are reported."""

from typing import Literal

import msgspec

TestName = Literal["drawn", "next", "later", "rolling", "pairs", "runs", "players", "player", "refused"]


class Tested(msgspec.Struct, frozen=True):
    """One test of a pool. `p` is its chance were the odds as published, `adjusted` that among all tests.

    `rate` bounds the share of fair tests among all with a rate as low. `at` says which window, player or row
    stands out most, where the test looks at each.
    """

    name: TestName
    method: str
    draws: int
    p: float
    at: str | None
    adjusted: float
    rate: float


class RowShare(msgspec.Struct, frozen=True):
    """One row: its published odds and stock (None: without), how often X picked it, and the odds behind that.

    The intervals `low` … `high` of all rows of a pool hold together with INTERVAL_CONFIDENCE.
    """

    id: str
    odds: float
    stock: int | None
    drawn: int
    low: float
    high: float
    next: int
    later: int


class Window(msgspec.Struct, frozen=True):
    """Successive draws: when the last of them was, how often each row was picked, what was left behind them.

    `left` is None for a row without a stock.
    """

    ends_ms: int
    draws: int
    picked: tuple[int, ...]
    left: tuple[int | None, ...]


class PoolStatistics(msgspec.Struct, frozen=True):
    """One pool that has draws. Windows have `window_draws` each, the last one what is there so far.

    Players after MAX_PLAYERS are not told apart; `draws_of_other_players` are theirs. Of the seats some are
    begun, and of these some used up; those that were never used are known after the close.
    """

    id: str
    entry: int
    opens_ms: int
    draws: int
    rows: tuple[RowShare, ...]
    window_draws: int
    windows: tuple[Window, ...]
    tests: tuple[Tested, ...]
    players: int
    draws_of_other_players: int
    seats_begun: int
    seats_used_up: int
    seats_abandoned: int


class Statistics(msgspec.Struct, frozen=True):
    """All tests of a log, one family. `warnings` and `notes` tell of what stands out, the worst first."""

    pools: tuple[PoolStatistics, ...]
    tests: int
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
