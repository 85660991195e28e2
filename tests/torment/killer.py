"""Deals blows in an order of a seed, and sees to it that what was hit comes back."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random

from tests.crash.site import Site
from tests.torment.victims import Blow, Victims

BETWEEN_SECONDS = (1.0, 3.0)
AT_ONCE_SHARE = 0.5
WATCH_SECONDS = 0.5
STARTS_MAX = 20


class Killer:
    """Deals blows: `dealt` counts them by name, `kills` those that kill.

    `ended` has the last words of what ended by itself.
    """

    def __init__(self, site: Site, *, random: Random) -> None:
        self.dealt: Counter[str] = Counter()
        self.kills = 0
        self.ended: list[str] = []
        self._victims = Victims(site, random=random)
        self._watched = (
            ("service", site.service, self._victims.start_service),
            ("ledger", site.ledger, self._victims.start_ledger),
        )
        self._random = random
        self._deck: list[Blow] = []
        self._away: dict[str, asyncio.Task[None]] = {}

    async def kill(self, kills: int) -> None:
        """Deal blows until there are so many kills; at the end, everything is there again."""
        while self.kills < kills:
            await asyncio.sleep(self._random.uniform(*BETWEEN_SECONDS))
            self._take_up_who_ended()
            blow = self._next_blow()
            if blow is not None and await blow.strike():
                self._count(blow)
                self._be_away(blow.target, self._mended(blow))
        while self._away:
            await asyncio.gather(*self._away.values())
            self._take_up_who_ended()

    def _next_blow(self) -> Blow | None:
        """Each comes once before any comes again. None while all that are left are away."""
        if not self._deck:
            self._deck = [*self._victims.blows()]
            self._random.shuffle(self._deck)
        here = [blow for blow in self._deck if blow.target not in self._away]
        if not here:
            return None
        self._deck.remove(here[0])
        return here[0]

    def _count(self, blow: Blow) -> None:
        self.dealt[blow.name] += 1
        self.kills += blow.is_kill

    def _be_away(self, target: str, until: Awaitable[None]) -> None:
        task = asyncio.ensure_future(until)
        self._away[target] = task
        task.add_done_callback(lambda _: self._away.pop(target))

    async def _mended(self, blow: Blow) -> None:
        at_once = blow.is_kill and self._random.random() < AT_ONCE_SHARE
        await asyncio.sleep(0.0 if at_once else self._random.uniform(*blow.away_seconds))
        await _tried(blow.mend)

    def _take_up_who_ended(self) -> None:
        """Start again what ended by itself, as whoever runs the service would."""
        for target, process, start in self._watched:
            if target not in self._away and process.has_ended:
                self.ended.append(f"{target}: {process.says()}")
                self._be_away(target, _tried(start))


async def _tried(start: Callable[[], Awaitable[None]]) -> None:
    """Start what needs others that may be away now; AssertionError after STARTS_MAX times."""
    for _ in range(STARTS_MAX - 1):
        try:
            return await start()
        except AssertionError:
            await asyncio.sleep(WATCH_SECONDS)
    return await start()
