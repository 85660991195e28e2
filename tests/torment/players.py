"""Players who play on whatever happens, ask again until they know, and remember all that they were told."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Literal

import aiohttp
import msgspec

from game.tour.client import ASK_AGAIN, Answer
from game.tour.guests import Seated
from tests.crash.bets import Bet, cards, row
from tests.invariants.told import Heard

# All of what is away at once, a debit's time to live and a sweeper's turn take less.
ANSWERED_SECONDS = 90.0
ASK_AGAIN_SECONDS = (0.1, 0.6)
REST_SECONDS = (0.0, 0.6)
COUNTS = (1, 1, 1, 2, 10)
CHANCE_SHARE = 0.2
TWICE_AT_ONCE_SHARE = 0.1
OLD_PLAY_SHARE, AGAIN_SHARE = 0.3, 0.4
SEED_BYTES = 16
CARDS = cards(
    row("tea", "voucher", 1, count=40),
    row("points-7", "points", 7, count=300),
    row("again", "chances", 1, count=60),
    row("thanks", "nothing", 0, count=600),
)
NEEDS_A_SEAT = {"seat_required", "seat_draws_left"}


def name_of(bet: Bet) -> tuple[str, str, str]:
    """Campaign, player and Idempotency-Key."""
    return bet.seated.place.campaign_id, bet.seated.guest.name, bet.key


class Notes:
    """What all players were told, word for word; `repeated` counts the requests that asked again."""

    def __init__(self) -> None:
        self.heard = Heard()
        self.play_ids: dict[tuple[str, str, str], str] = {}
        self.refused: list[tuple[Bet, str]] = []
        self.unanswered: list[Bet] = []
        self.statuses: Counter[str] = Counter()
        self.broken: list[str] = []
        self.repeated = 0
        self._asked: set[tuple[str, str, str]] = set()

    def hear(self, bet: Bet, answer: Answer | None) -> str | None:
        """Note an answer; None where it is not the last word, else the play's state or a refusal's code."""
        self.repeated += name_of(bet) in self._asked
        self._asked.add(name_of(bet))
        self.statuses["none" if answer is None else str(answer.status)] += 1
        if answer is None or answer.status == 429 or answer.status >= 500:
            self._hear_nothing(answer)
            return None
        body = msgspec.json.decode(answer.body)
        if answer.status >= 400:
            self.refused.append((bet, body["code"]))
            return str(body["code"])
        self.heard.hear(body, subject=bet.seated.guest.name, key=bet.key)
        self.play_ids[name_of(bet)] = body["id"]
        return None if body["finished_at"] is None else str(body["state"])

    def look(self, bet: Bet, answer: Answer | None) -> None:
        """Note what a play looked like when it was read or scratched."""
        if answer is None or answer.status != 200:
            self._hear_nothing(answer)
        else:
            self.heard.hear(msgspec.json.decode(answer.body), subject=bet.seated.guest.name, key=None)

    def _hear_nothing(self, answer: Answer | None) -> None:
        """An outage has a status of its own: any other error is a bug."""
        if answer is not None and answer.status >= 500 and answer.status not in ASK_AGAIN:
            self.broken.append(f"{answer.status}: {answer.body.decode()}")


class Player:
    """One player with a seat in each campaign."""

    def __init__(self, seats: Sequence[Seated], *, random: Random, notes: Notes) -> None:
        self._seats = seats
        self._random = random
        self._notes = notes
        self._bets: list[Bet] = []

    async def play_on(self, over: asyncio.Event) -> None:
        """Play until it is over, and the last play to its end."""
        while not over.is_set():
            await self._play(self._next_bet())
            if self._random.random() < OLD_PLAY_SHARE:
                await self._look_back(self._random.choice(self._bets))
            await asyncio.sleep(self._random.uniform(*REST_SECONDS))

    def _next_bet(self) -> Bet:
        pay_with: Literal["points", "chance"] = "chance" if self._random.random() < CHANCE_SHARE else "points"
        bet = Bet(
            seated=self._random.choice(self._seats),
            count=1 if pay_with == "chance" else self._random.choice(COUNTS),
            turn=len(self._bets),
            pay_with=pay_with,
        )
        self._bets.append(bet)
        return bet

    async def _play(self, bet: Bet) -> None:
        deadline = time.monotonic() + ANSWERED_SECONDS
        while time.monotonic() < deadline:
            at_once = 2 if self._random.random() < TWICE_AT_ONCE_SHARE else 1
            words = await asyncio.gather(*(self._ask(bet) for _ in range(at_once)))
            if last := next(filter(None, words), None):
                await self._take_seat(bet.seated, last)
                return
            await asyncio.sleep(self._random.uniform(*ASK_AGAIN_SECONDS))
        self._notes.unanswered.append(bet)

    async def _ask(self, bet: Bet) -> str | None:
        return self._notes.hear(bet, await bet.send())

    async def _look_back(self, bet: Bet) -> None:
        """Ask for an old play again, read it, or scratch its cards."""
        play_id = self._notes.play_ids.get(name_of(bet))
        if play_id is None:  # it was refused, and might not be now
            return
        if self._random.random() < AGAIN_SHARE:
            await self._ask(bet)
            return
        client, answer = bet.seated.guest.client, None
        with suppress(aiohttp.ClientError, TimeoutError):
            if bet.seated.place.name == CARDS.campaign["name"]["en"]:
                tickets = {"tickets": [self._random.randint(1, bet.count)]}
                answer = await client.post(f"/v1/plays/{play_id}/scratch", tickets)
            else:
                answer = await client.get(f"/v1/plays/{play_id}")
        self._notes.look(bet, answer)

    async def _take_seat(self, seated: Seated, refusal: str) -> None:
        """Take the next seat where one is missing; where that fails, the next play is refused again."""
        if refusal not in NEEDS_A_SEAT:
            return
        client, pool = seated.guest.client, seated.place.pool
        try:
            await client.post(f"{pool}/anchors")
            await client.post(f"{pool}/seats", {"seed": self._random.randbytes(SEED_BYTES).hex()})
        except (aiohttp.ClientError, TimeoutError):
            self._notes.statuses["none"] += 1
