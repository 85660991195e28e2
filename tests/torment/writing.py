"""One play, again and again, each time with a service that is killed at another of the play's writes."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from game.tour.client import play
from game.tour.guests import Seated, sit_down
from tests.crash.bets import Bet, People, people_of, row, wheel
from tests.crash.site import POLL_SECONDS, Site
from tests.invariants.check import violations
from tests.invariants.told import Heard
from tests.torment.aftermath import quiet, reconciled
from tests.torment.tracing import NEVER, WRITE, Tracer, Write

WARM_UP_PLAYS = 2
OVER_SECONDS = 20.0
QUIET_SECONDS = 30.0
PLAYER_POINTS = 100_000
LUCKY = wheel(row("points-5", "points", 5, weight=1), price_points=10, seat_draws=256)
CREDITED = """
SELECT count(*) FROM play JOIN draw USING (campaign_id, play_id)
JOIN operation AS o USING (campaign_id, entry_index)
WHERE campaign_id = $1 AND idempotency_key = $2 AND o.kind = 'credit' AND o.state = 'applied'
"""


class Scribe:
    """A player whose plays cost points and win points, at a service that does nothing else meanwhile."""

    def __init__(self, people: People, seated: Seated) -> None:
        self._people = people
        self._service = people.site.service
        self._seated = seated
        self._heard = Heard()
        self._turns = 0

    async def writes(self) -> list[Write]:
        """What the service writes for one play and its credit."""
        await self._warm_up()
        writes, _ = await self._traced(self._next_bet(), call=WRITE, kill_at=NEVER)
        return writes

    async def killed_at(self, points: Iterable[int], *, call: str = WRITE) -> AsyncIterator[Write]:
        """Kill the service at these calls of a play each, and see it end well; until a play has fewer."""
        await self._warm_up()
        for n in points:
            bet = self._next_bet()
            writes, is_killed = await self._traced(bet, call=call, kill_at=n)
            if not is_killed:
                return
            calls = [write for write in writes if write.call == call]
            assert len(calls) == n, f"killed at {call} {len(calls)} instead of {n}: {writes[-1:]}"
            assert writes[-1].call == call
            await self._service.ended()
            await self._people.site.start_still()
            await self._ask(bet)
            # One player's credits come to the ledger one after another: once these are there, it is at rest.
            await self._warm_up()
            await self._check(in_flight_allowed=True)
            yield writes[-1]

    async def finish(self) -> None:
        """With a service that also does what nobody asks for, all must be right at the end."""
        await self._service.gone()
        await self._people.site.start_later()
        await quiet(self._people, seconds=QUIET_SECONDS)
        await self._check(in_flight_allowed=False)
        assert not await reconciled(self._people.site)

    async def _warm_up(self) -> None:
        """Play until connections are there and statements are prepared, as they are on any day."""
        for _ in range(WARM_UP_PLAYS):
            bet = self._next_bet()
            await self._ask(bet)
            await self._is_over(bet, tracer=None)

    def _next_bet(self) -> Bet:
        self._turns += 1
        return Bet(seated=self._seated, count=1, turn=self._turns)

    async def _ask(self, bet: Bet) -> None:
        answer = await play(self._seated.guest.client, self._seated.place.pool, count=1, key=bet.key)
        assert answer.status == 201, answer
        self._hear(bet, answer.body)

    def _hear(self, bet: Bet, body: bytes) -> None:
        self._heard.hear(msgspec.json.decode(body), subject=self._seated.guest.name, key=bet.key)

    async def _traced(self, bet: Bet, *, call: str, kill_at: int) -> tuple[list[Write], bool]:
        """What the service wrote for a play, and whether it was killed at that."""
        pid = self._service.pid
        tracer = await Tracer.attach(
            pid, call=call, kill_at=kill_at, log=self._people.site.folder / "strace.log"
        )
        if answer := await bet.send():
            self._hear(bet, answer.body)
        await self._is_over(bet, tracer=tracer)
        is_killed = tracer.has_killed()
        return await tracer.writes(pid), is_killed

    async def _is_over(self, bet: Bet, *, tracer: Tracer | None) -> None:
        """Wait until the play's credit is recorded, or the service was killed."""
        deadline = time.monotonic() + OVER_SECONDS
        arguments = (self._seated.place.campaign_id, bet.key)
        while not await self._people.resources.pool.fetchval(CREDITED, *arguments):
            if tracer is not None and tracer.has_killed():
                return
            assert time.monotonic() < deadline, f"{bet.key} neither ended nor was the service killed"
            await asyncio.sleep(POLL_SECONDS)

    async def _check(self, *, in_flight_allowed: bool) -> None:
        found = await violations(
            self._people.resources.pool,
            self._people.resources.ledger,
            campaign_ids=[self._seated.place.campaign_id],
            told=self._heard,
            in_flight_allowed=in_flight_allowed,
        )
        assert not found, "\n".join(found)


@asynccontextmanager
async def scribe_in(folder: Path) -> AsyncIterator[Scribe]:
    """A scribe in an installation of its own."""
    site = Site(folder)
    await site.open()
    try:
        await site.start_still()
        async with people_of(site) as people:
            guest = await people.guest("scribe", points=PLAYER_POINTS)
            (seated,) = await sit_down([guest], await people.place(LUCKY))
            yield Scribe(people, seated)
    finally:
        await site.close()
