"""A steady load of plays, paid with points and with chances, and what became of each."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from game.plays.rules import PaidWith
from game.tour.client import Answer, take_seat
from game.tour.guests import Seated
from tests.crash.bets import Bet, People, row, wheel
from tests.invariants.told import Heard

PAUSE_SECONDS = 0.4
DRAWS_CAP = 100_000
SEAT_DRAWS = 256
CHANCES = 1_000
NEEDS_A_SEAT = {"seat_required", "seat_draws_left"}
STORED = """
SELECT count(*) FROM play JOIN player USING (player_id)
JOIN unnest($1::text[], $2::text[], $3::text[]) AS refused (campaign_id, subject, idempotency_key)
USING (campaign_id, subject, idempotency_key)
"""
WHEEL = wheel(
    row("tea", "voucher", 1, weight=1, stock=1_000, **{"else": "points-5"}),
    row("points-5", "points", 5, weight=3),
    row("thanks", "nothing", 0, weight=1),
    price_points=1,
    seat_draws=SEAT_DRAWS,
)
PLAN = msgspec.structs.replace(WHEEL, pool=WHEEL.pool | {"draws_cap": DRAWS_CAP})


class Load:
    """Players who make one play after another for as long as it lasts.

    `won` counts the rows that settled plays have won. Of the `refused` nothing may be stored; the `open` have
    had no last word.
    """

    def __init__(self, people: People) -> None:
        self._told: Counter[tuple[PaidWith, str]] = Counter()
        self.won: Counter[str] = Counter()
        self.heard = Heard()
        self.refused: list[Bet] = []
        self.open: dict[str, Bet] = {}
        self._people = people

    @property
    def campaign_ids(self) -> list[str]:
        """Where was played."""
        return sorted({told.campaign_id for told in self.heard})

    def answers(self, pay_with: PaidWith) -> Counter[str]:
        """How many answers there were to plays paid in this way, by state or by the refusal's code."""
        return Counter({word: count for (way, word), count in self._told.items() if way == pay_with})

    def count_anew(self) -> None:
        """Forget the counts."""
        self._told.clear()
        self.won.clear()

    async def has_paid(self) -> bool:
        """Whether a play was paid with points since the counts began."""
        return self.answers("points")["settled"] > 0

    @asynccontextmanager
    async def going_on(self, players: list[tuple[Seated, PaidWith]]) -> AsyncIterator[None]:
        """Keep these players playing."""
        async with asyncio.TaskGroup() as group:
            over = asyncio.Event()
            for seated, pay_with in players:
                group.create_task(self._play_on(seated, pay_with, over))
            try:
                yield
            finally:
                over.set()

    async def learn_the_rest(self) -> None:
        """Ask again for every play without a last word, until it has one."""
        for bet in [*self.open.values()]:
            made = await bet.end()
            self.heard.hear(msgspec.to_builtins(made.view), subject=bet.seated.guest.name, key=bet.key)

    async def refused_and_stored(self) -> int:
        """How many plays are stored that were refused: none, or it is a bug."""
        places = [(bet.seated.place.campaign_id, bet.seated.guest.name, bet.key) for bet in self.refused] or [
            ("", "", "")
        ]
        return int(await self._people.resources.pool.fetchval(STORED, *map(list, zip(*places, strict=True))))

    async def _play_on(self, seated: Seated, pay_with: PaidWith, over: asyncio.Event) -> None:
        for turn in itertools.count():
            bet = Bet(seated=seated, count=1, turn=turn, pay_with=pay_with)
            answer = await bet.send()
            assert answer is not None, "the service went away"
            if self._hear(bet, answer) in NEEDS_A_SEAT:
                await take_seat(seated.guest.client, seated.place.pool, seated.place.log_key)
            await asyncio.sleep(PAUSE_SECONDS)
            if over.is_set():
                return

    def _hear(self, bet: Bet, answer: Answer) -> str:
        body = msgspec.json.decode(answer.body)
        if answer.status >= 400:
            self.refused.append(bet)
            return self._count(bet, body["code"])
        self.heard.hear(body, subject=bet.seated.guest.name, key=bet.key)
        if body["finished_at"] is None:
            self.open[body["id"]] = bet
        self.won.update(draw["outcome"]["row"] for draw in body["draws"])
        return self._count(bet, body["state"])

    def _count(self, bet: Bet, word: str) -> str:
        self._told[bet.pay_with, word] += 1
        return word


async def players_of(people: People, *, count: int) -> list[tuple[Seated, PaidWith]]:
    """Players at one wheel: every other one pays with chances."""
    place = await people.place(PLAN)
    seated = await people.seated(place, *(f"p{number}" for number in range(count)))
    for guest in seated[1::2]:
        await people.give_chances(guest, CHANCES)
    ways: tuple[PaidWith, PaidWith] = ("points", "chance")
    return [(guest, ways[number % 2]) for number, guest in enumerate(seated)]
