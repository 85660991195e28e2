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
    """One row: its published odds, how often X picked it, and its odds as the draws taken have them.

    The intervals `low` … `high` of all rows of a pool hold together with INTERVAL_CONFIDENCE.
    """

    id: str
    odds: float
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

    Players after MAX_PLAYERS are not told apart; `draws_of_other_players` are theirs.
    """

    id: str
    entry: int
    draws: int
    rows: tuple[RowShare, ...]
    window_draws: int
    windows: tuple[Window, ...]
    tests: tuple[Tested, ...]
    players: int
    draws_of_other_players: int


class Statistics(msgspec.Struct, frozen=True):
    """All tests of a log, one family. `warnings` and `notes` tell of what stands out, the worst first."""

    pools: tuple[PoolStatistics, ...]
    tests: int
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
