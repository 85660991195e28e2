"""The standings of all players of a pool, in arrays."""

import numpy as np

from game.fair.draw import Standing
from game.fair.scaling import Integers

_FIRST_PLAYERS = 16


class Standings:
    """Draws, and payments of each row, by player: the index of a tag in `tags`."""

    def __init__(self, rows: int) -> None:
        self.tags: list[str] = []
        self._players: dict[str, int] = {}
        self.draws: Integers = np.zeros(_FIRST_PLAYERS, dtype=np.int64)
        self.paid: Integers = np.zeros((_FIRST_PLAYERS, rows), dtype=np.int64)
        self.last: Integers = np.zeros((_FIRST_PLAYERS, rows), dtype=np.int64)

    def player(self, tag: str) -> int:
        """The index of a tag, a new one where it was not seen before."""
        player = self._players.setdefault(tag, len(self.tags))
        if player == len(self.tags):
            self.tags.append(tag)
            if player == len(self.draws):
                self._double()
        return player

    def _double(self) -> None:
        self.draws, self.paid, self.last = (
            np.concatenate([held, np.zeros_like(held)]) for held in (self.draws, self.paid, self.last)
        )

    def of(self, player: int) -> Standing:
        """One player's standing."""
        return Standing(
            draws=int(self.draws[player]),
            paid=tuple(self.paid[player].tolist()),
            last=tuple(self.last[player].tolist()),
        )

    def pay_one(self, player: int, row: int) -> None:
        """Count one draw."""
        self.draws[player] += 1
        self.paid[player, row] += 1
        self.last[player, row] = self.draws[player]

    def pay(self, players: Integers, rows: Integers, ordinals: Integers) -> None:
        """Count draws. An ordinal is the player's number of the draw, from 1."""
        np.add.at(self.draws, players, 1)
        np.add.at(self.paid, (players, rows), 1)
        np.maximum.at(self.last, (players, rows), ordinals)


class Earlier:
    """What the player of each of some draws in log order had before it, were all paid as they say."""

    def __init__(self, standings: Standings, players: Integers, rows: Integers) -> None:
        self._standings = standings
        self._order = np.argsort(players, kind="stable")
        self._players = players[self._order]
        self._rows = rows[self._order]
        place = np.arange(len(players))
        self._starts = np.concatenate([np.ones(1, dtype=bool), np.diff(self._players) != 0])
        self._start = np.maximum.accumulate(np.where(self._starts, place, 0))
        self._draws = standings.draws[self._players] + place - self._start

    def draws(self) -> Integers:
        """How many draws the player had made."""
        return self._logged(self._draws)

    def paid(self) -> Integers:
        """How often each row was paid, draws by rows."""
        counts = exclusive_counts(self._rows, self._standings.paid.shape[1])
        return self._logged(self._standings.paid[self._players] + counts - counts[self._start])

    def run(self, rows: int) -> Integers:
        """How many draws the player has made since one of the first `rows` rows was paid."""
        first = self._standings.last[self._players, :rows].max(axis=1)
        # Each player's are above those of the players before, so that one running maximum serves all.
        base = np.cumsum(self._starts) << 48
        reached = np.maximum.accumulate(base + np.where(self._rows < rows, self._draws + 1, first))
        last = np.maximum(first, np.concatenate([np.zeros(1, dtype=np.int64), reached[:-1]]) - base)
        return self._logged(self._draws - last)

    def _logged(self, values: Integers) -> Integers:
        logged = np.empty_like(values)
        logged[self._order] = values
        return logged


def exclusive_counts(rows: Integers, width: int) -> Integers:
    """How often each row stands before each place, places by rows."""
    ones = (rows[:, None] == np.arange(width)).astype(np.int64)
    counts: Integers = np.cumsum(ones, axis=0) - ones
    return counts
