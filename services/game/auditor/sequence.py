"""What the tests of order and of players need of a pool's draws, in bounded memory."""

import numpy as np

from game.fit.fits import Counts
from game.fit.serial import MAX_KINDS, kinds

# Players after so many are not told apart any more; the report says how many draws that leaves out.
MAX_PLAYERS = 1_000_000


class Order:
    """Pairs of successive picks, and runs of wins. A win is any row but the last."""

    def __init__(self, weights: list[int]) -> None:
        self._kinds = kinds(weights)
        self._last_row = len(weights) - 1
        self._open: int | None = None
        self._winning = False
        self.kind_weights = np.bincount(self._kinds, weights=weights)
        self.pairs = np.zeros((MAX_KINDS, MAX_KINDS), np.int64)[: len(weights), : len(weights)]
        self.wins = 0
        self.losses = 0
        self.runs = 0

    def add(self, picked: Counts) -> None:
        """The next picks, in the order of the log."""
        self._add_pairs(self._kinds[picked])
        wins = picked < self._last_row
        self.runs += int(np.count_nonzero(wins & ~np.append(self._winning, wins[:-1])))
        self.wins += int(np.count_nonzero(wins))
        self.losses += int(np.count_nonzero(~wins))
        self._winning = bool(wins[-1])

    def _add_pairs(self, seen: Counts) -> None:
        if self._open is not None:
            seen = np.append(self._open, seen)
        paired = len(seen) // 2 * 2
        width = len(self.kind_weights)
        cells = np.bincount(seen[:paired:2] * width + seen[1:paired:2], minlength=width * width)
        self.pairs += cells.reshape(width, width)
        self._open = int(seen[-1]) if len(seen) > paired else None


class Players:
    """How many draws each player of a pool had, and how many of them picked a row but the last."""

    def __init__(self, rows: int) -> None:
        self._last_row = rows - 1
        self.draws = np.zeros(0, np.int32)
        self.wins = np.zeros(0, np.int32)
        self.left_out = 0

    def add(self, player: Counts, picked: Counts) -> None:
        """More draws; players are numbered from 0."""
        counted = player < MAX_PLAYERS
        self.left_out += int(np.count_nonzero(~counted))
        player, wins = player[counted], picked[counted] < self._last_row
        self._grow(int(player.max(initial=-1)) + 1)
        np.add.at(self.draws, player, 1)
        np.add.at(self.wins, player[wins], 1)

    def _grow(self, players: int) -> None:
        """Make place for so many, and some more, so that few pages need it."""
        if players > len(self.draws):
            missing = max(players, min(2 * len(self.draws), MAX_PLAYERS)) - len(self.draws)
            self.draws, self.wins = np.pad(self.draws, (0, missing)), np.pad(self.wins, (0, missing))
