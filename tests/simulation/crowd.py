"""The players: they ask until they are told how it ended, whatever happens to the processes that they ask."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, Protocol

from game.errors import Refusal, Unavailable
from game.plays.rules import FINISHED
from tests.invariants.told import Heard
from tests.simulation.scenario import Wish
from tests.simulation.timeline import Timeline
from tests.simulation.trace import Trace

PATIENCE_SECONDS: Final = (4.0, 12.0)
CURIOUS_SHARE: Final = 0.3
CURIOUS_SECONDS: Final = (0.0, 20.0)


class Asked(Protocol):
    """A process that answers players."""

    def ask(self, wish: Wish) -> None:
        """Answer in a while, or die before."""
        ...


class Crowd:
    """All players of a seed; `process` is whom they reach, None while none runs."""

    def __init__(
        self, timeline: Timeline, wishes: Sequence[Wish], *, chance: random.Random, trace: Trace
    ) -> None:
        self.process: Asked | None = None
        self.heard = Heard()
        self.ends: dict[int, str] = {}
        self._insists = False
        self._asks: Counter[int] = Counter()
        self._wishes = wishes
        self._timeline = timeline
        self._chance = chance
        self._trace = trace
        for wish in wishes:
            timeline.after(wish.at_seconds, partial(self._want, wish))

    @property
    def is_content(self) -> bool:
        """Whether everybody knows how their play ended, or has given up: then it must end without them."""
        return all(self._asks_no_more(wish) for wish in self._wishes)

    @property
    def untold(self) -> list[str]:
        """The keys of plays whose players do not know how they ended."""
        return [wish.key for wish in self._wishes if wish.number not in self.ends]

    def hear(self, wish: Wish, view: Mapping[str, Any]) -> None:
        """A player is told of a play."""
        self.heard.hear(view, subject=wish.subject, key=wish.key)
        self._trace.note(f"told {wish.key} {view['state']}")
        if view["state"] in FINISHED:
            self._end(wish, view["state"])

    def refuse(self, wish: Wish, refusal: Refusal) -> None:
        """A player is told that nothing was stored."""
        self._trace.note(f"refused {wish.key} {refusal.code}")
        if not isinstance(refusal, Unavailable):
            self._end(wish, "refused")

    def ask_all_again(self) -> None:
        """Everybody wants to see it once more, and gives up no more before that."""
        self._insists = True
        for wish in self._wishes:
            self._ask(wish)
            self._timeline.after(self._chance.uniform(*PATIENCE_SECONDS), partial(self._want, wish))

    def _end(self, wish: Wish, how: str) -> None:
        self.ends.setdefault(wish.number, how)
        if self._chance.random() < CURIOUS_SHARE:
            self._timeline.after(self._chance.uniform(*CURIOUS_SECONDS), partial(self._ask, wish))

    def _want(self, wish: Wish) -> None:
        if self._asks_no_more(wish):
            return
        self._ask(wish)
        self._timeline.after(self._chance.uniform(*PATIENCE_SECONDS), partial(self._want, wish))

    def _asks_no_more(self, wish: Wish) -> bool:
        gave_up = not self._insists and self._asks[wish.number] >= wish.asks_max
        return gave_up or wish.number in self.ends

    def _ask(self, wish: Wish) -> None:
        self._asks[wish.number] += 1
        if self.process is not None:
            self._trace.note(f"asks {wish.key}")
            self.process.ask(wish)
