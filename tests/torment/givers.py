"""Players who give chances to each other while processes are killed: asked again until they know."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random
from typing import Final

from game.auth import Role
from game.gifts.api import MadeView
from game.tour.client import Answer, Client
from tests.crash.bets import People
from tests.torment.tellers import ASK_AGAIN_SECONDS, AWAY, TOLD_SECONDS

REST_SECONDS: Final = (0.1, 0.5)
REDEEM_SHARE, CANCEL_SHARE = 0.7, 0.4
# Given, opened or taken back; nobody's code, nothing to give, and as often as a day allows.
KNOWN: Final = frozenset({200, 201, 404, 409})
LATER: Final = frozenset({429, 503})


class Givers:
    """They give, redeem and cancel; `broken` has answers that nobody may get."""

    def __init__(self, people: People, campaign_id: str, names: tuple[str, ...], *, random: Random) -> None:
        self.broken: list[str] = []
        self.given = 0
        self._people = people
        self._campaign_id = campaign_id
        self._names = names
        self._random = random
        self._number = 0

    async def rage(self, over: asyncio.Event) -> None:
        """Give until it is over."""
        while not over.is_set():
            await self._give(*self._random.sample(self._names, k=2))
            await asyncio.sleep(self._random.uniform(*REST_SECONDS))

    async def _give(self, giver: str, taker: str) -> None:
        """A gift that is opened, called back, or both at once; or lies there until the end."""
        self._number += 1
        client, key = self._client(giver), f"gift-{self._number}"
        body = {"kind": "chances", "amount": self._random.randint(1, 2)}
        first, again = [
            await self._known(lambda: client.post(self._path("gifts"), body, key=key)) for _ in "12"
        ]
        if first is None or again is None or first.status != 201:
            return
        if first.body != again.body:
            self.broken.append(f"{key} was answered {first.body!r} and then {again.body!r}")
        made, self.given = first.read(MadeView, status=201), self.given + 1
        works: list[Awaitable[Answer | None]] = []
        if self._random.random() < REDEEM_SHARE:
            code = {"code": made.code}
            works.append(self._known(lambda: self._client(taker).post(self._path("gift-codes/redeem"), code)))
        if self._random.random() < CANCEL_SHARE:
            works.append(self._known(lambda: client.post(self._path(f"gifts/{made.gift.id}/cancel"))))
        await asyncio.gather(*works)

    async def _known(self, ask: Callable[[], Awaitable[Answer]]) -> Answer | None:
        """Ask until the answer is the last word; None where it never came."""
        deadline = time.monotonic() + TOLD_SECONDS
        while time.monotonic() < deadline:
            with suppress(*AWAY):
                answer = await ask()
                if answer.status in KNOWN:
                    return answer
                if answer.status not in LATER:
                    self.broken.append(f"{answer.asked}: {answer.status}: {answer.body.decode()}")
            await asyncio.sleep(self._random.uniform(*ASK_AGAIN_SECONDS))
        self.broken.append("a gift was never answered")
        return None

    def _client(self, name: str) -> Client:
        return self._people.site.client(self._people.session, name, Role.PLAYER)

    def _path(self, what: str) -> str:
        return f"/v1/campaigns/{self._campaign_id}/me/{what}"
