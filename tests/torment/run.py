"""The torment: plays and events on an installation whose processes are killed, and whether all ends well."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import msgspec

from game.demo import BRAND
from game.embedded.ports import free_port
from game.players import account_of
from game.tour.guests import sit_down
from game.tour.stage import Place
from tests.crash.bets import WHEEL, People, people_of
from tests.crash.site import Site
from tests.invariants.check import violations
from tests.story.idle import idle_wrong
from tests.story.verdict import ended, wrong
from tests.torment.aftermath import quiet, reconciled
from tests.torment.givers import Givers
from tests.torment.histories import Histories
from tests.torment.killer import Killer
from tests.torment.players import CARDS, Notes, Player, name_of
from tests.torment.ranking import ranked_wrong
from tests.torment.storm import Storm
from tests.torment.tellers import IDLE, SPENDERS, Tellers, plan_of, tale_for
from tests.torment.victims import WORKERS
from tests.torment.weather import Fault

# Short, so that debits run out of time and are fenced.
OPERATION_TTL_MS = 5_000
ANSWER_SECONDS = 5.0
RICH_POINTS, POOR_POINTS, POOR_EVERY = 100_000, 60, 4
CHANCES = 5
TELL_SECONDS = 5.0
STATES = "SELECT state, count(*) FROM play GROUP BY state ORDER BY state"
REWARDS = "SELECT state, count(*) FROM reward GROUP BY state ORDER BY state"
STORED = """
SELECT play.campaign_id, subject, idempotency_key FROM play JOIN player USING (player_id)
JOIN unnest($1::text[], $2::text[], $3::text[]) AS refused (campaign_id, subject, idempotency_key)
USING (campaign_id, subject, idempotency_key) ORDER BY 1, 2, 3
"""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How much torment. `places` is how many wheels and as many packs of cards there are.

    In at most `quiet_seconds` after all is healed, nothing may be in flight. `later` starts the service
    with a clock that is ahead, instead of waiting until credits in doubt are due.
    """

    seed: int
    kills: int
    players: int
    places: int
    quiet_seconds: float
    later: bool


class Result(msgspec.Struct, frozen=True):
    """What was done, as lines for people, and what is wrong at the end: nothing, or it is a bug."""

    figures: list[str]
    violations: list[str]


async def torment(folder: Path, plan: Plan, tell: Callable[[str], None]) -> Result:
    """Do all of it in a new installation, whose files stay in the folder."""
    site, random = Site(folder), Random(plan.seed)
    await site.open()
    storm = Storm(port=free_port(), ledger_port=site.ledger_port, random=Random(random.random()))
    site.environment |= {
        "PLAYFAIR_LEDGER_URL": storm.url,
        "PLAYFAIR_OPERATION_TTL_MS": str(OPERATION_TTL_MS),
    }
    try:
        await storm.open()
        await site.start_service(workers=WORKERS)
        async with people_of(site, answer_seconds=ANSWER_SECONDS) as people:
            return await _Run(plan, people, storm, random, tell).to_its_end()
    finally:
        await storm.close()
        await site.close()


class _Run:
    def __init__(
        self, plan: Plan, people: People, storm: Storm, random: Random, tell: Callable[[str], None]
    ) -> None:
        self._plan = plan
        self._people = people
        self._storm = storm
        self._random = random
        self._tell = tell
        self._notes = Notes()
        self._killer = Killer(people.site, random=Random(random.random()))
        self._tale = tale_for(plan.seed, kills=plan.kills)
        self._started = time.monotonic()

    async def to_its_end(self) -> Result:
        others = [plan for plan in (WHEEL, CARDS) for _ in range(self._plan.places)]
        plans = [plan_of(self._tale), *others[1:]]
        places = await asyncio.gather(*(self._people.place(plan) for plan in plans))
        chance = Random(self._random.random())
        tellers = Tellers(self._people, self._tale, places[0].campaign_id, random=chance)
        givers = Givers(self._people, places[0].campaign_id, SPENDERS, random=Random(self._random.random()))
        players, histories = await self._players(places), Histories(self._people, places)
        async with _going_on(histories.watch()):
            await self._rage(players, tellers, givers)
        await self._settle_down(tellers)
        wrong = [
            *tellers.broken,
            *givers.broken,
            *await self._told_wrong(tellers, places[0]),
            *await self._wrong(places),
            *await histories.wrong(self._notes.heard),
        ]
        figures = [*await self._figures(tellers), f"gifts: {givers.given}", histories.figures]
        return Result(figures, wrong)

    async def _players(self, places: Sequence[Place]) -> list[Player]:
        points = [POOR_POINTS if n % POOR_EVERY == 0 else RICH_POINTS for n in range(self._plan.players)]
        guests = [await self._people.guest(f"p{n}", points=held) for n, held in enumerate(points)]
        seated = [await sit_down(guests, place) for place in places]
        for place in seated:
            for guest in place:
                await self._people.give_chances(guest, CHANCES)
        return [
            Player(seats, random=Random(self._random.random()), notes=self._notes)
            for seats in zip(*seated, strict=True)
        ]

    async def _rage(self, players: Sequence[Player], tellers: Tellers, givers: Givers) -> None:
        """Kill while there are plays; then heal everything, and let every player learn how it ended."""
        over = asyncio.Event()
        load = asyncio.gather(
            tellers.rage(over), givers.rage(over), *(player.play_on(over) for player in players)
        )
        async with _going_on(self._storm.rage()), _going_on(self._report()):
            await self._killer.kill(self._plan.kills)
        await self._storm.calm_down()
        over.set()
        await load

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(TELL_SECONDS)
            self._tell(
                f"{self._seconds:4} s  {self._killer.kills} of {self._plan.kills} kills, "
                f"{len(self._notes.heard)} answers, {self._storm.unknown} operations with unknown outcome"
            )

    async def _settle_down(self, tellers: Tellers) -> None:
        """Wait until nothing is in flight and all is decided, or for as long as it is given."""
        if self._plan.later:
            await self._people.site.restart_later()
        await quiet(self._people, seconds=self._plan.quiet_seconds)
        await tellers.decide_all()
        await quiet(self._people, seconds=self._plan.quiet_seconds)

    async def _told_wrong(self, tellers: Tellers, place: Place) -> list[str]:
        """What is not as the oracle says of the tale."""
        resources, tale, which = self._people.resources, self._tale, place.campaign_id
        found = await ended(resources.pool, resources.ledger, tale, campaign_id=which)
        idle = [
            await idle_wrong(
                resources.pool,
                resources.ledger,
                campaign_id=which,
                account=account_of(brand_id=BRAND, subject=name),
                seen=await tellers.seen_by(name),
            )
            for name in IDLE
        ]
        ranked = await ranked_wrong(self._people, which)
        return [*wrong(found), *(says for each in idle for says in each), *ranked]

    async def _wrong(self, places: Sequence[Place]) -> list[str]:
        resources = self._people.resources
        campaigns = [place.campaign_id for place in places]
        return [
            *(f"unanswered: {name_of(bet)}" for bet in self._notes.unanswered),
            *(f"answered {answer}" for answer in self._notes.broken),
            *(f"refused and yet stored: {play}" for play in await self._stored_though_refused()),
            *await reconciled(self._people.site),
            *await violations(
                resources.pool, resources.ledger, campaign_ids=campaigns, told=self._notes.heard
            ),
        ]

    async def _stored_though_refused(self) -> list[tuple[str, ...]]:
        refused = [name_of(bet) for bet, _ in self._notes.refused]
        columns = [list(column) for column in zip(*refused, strict=True)] or [[], [], []]
        return [tuple(play) for play in await self._people.resources.pool.fetch(STORED, *columns)]

    async def _figures(self, tellers: Tellers) -> list[str]:
        notes, storm, killer = self._notes, self._storm, self._killer
        states = await self._people.resources.pool.fetch(STATES)
        calls = {fault.value: storm.calls[fault] for fault in Fault}
        return [
            f"seconds: {self._seconds}",
            f"kills: {killer.kills}",
            _line("blows", killer.dealt),
            f"ended by themselves: {len(killer.ended)}",
            _line("plays", {play["state"]: play["count"] for play in states}),
            _line("answers", notes.statuses),
            f"requests sent again: {notes.repeated}",
            _line("events and decisions", tellers.heard),
            _line("rewards", await self._rewards()),
            _line("refusals", Counter(code for _, code in notes.refused)),
            _line("calls to the ledger", calls),
            f"requests that reached the ledger twice: {storm.repeated}",
            f"operations whose outcome was kept from the service: {storm.unknown}",
        ]

    async def _rewards(self) -> dict[str, int]:
        return {row["state"]: row["count"] for row in await self._people.resources.pool.fetch(REWARDS)}

    @property
    def _seconds(self) -> int:
        return round(time.monotonic() - self._started)


@asynccontextmanager
async def _going_on(work: Awaitable[None]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _line(what: str, counts: "dict[str, int] | Counter[str]") -> str:
    return f"{what}: " + ", ".join(f"{count} {name}" for name, count in sorted(counts.items()) if count)
