"""Random lives of players who give, redeem, cancel and lose what they were given, several at a time."""

import asyncio
from random import Random
from typing import Final

import msgspec
import pytest

from game.gifts.returning import expire_gifts
from game.gifts.rules import CHANCES_MAX, DAY_MS
from tests.gifts.party import Party

PEOPLE: Final = ("ann", "bob", "cy", "dee")
STEPS: Final = 40
AT_ONCE_MAX: Final = 4
LASTS_MS: Final = 9 * DAY_MS
PASSES_MS: Final = 6 * 3_600_000
FINE: Final = frozenset({200, 201, 404, 409})


class Life:
    """What happens at the party, and the sums that must come out."""

    def __init__(self, party: Party, random: Random) -> None:
        self.party = party
        self.random = random
        self.granted = 0
        self.standing: dict[tuple[str, str], int] = {}
        self.gifts: list[tuple[str, str, str]] = []
        self._numbers = iter(range(10_000))

    async def step(self) -> None:
        """Some things at random, at once."""
        deeds = (
            self.earn,
            self.grant,
            self.give,
            self.give,
            self.redeem,
            self.redeem,
            self.cancel,
            self.lose,
        )
        await asyncio.gather(
            *(self.random.choice(deeds)() for _ in range(self.random.randint(1, AT_ONCE_MAX))),
            self.expire(),
        )

    async def earn(self) -> None:
        """Somebody is given chances for an event."""
        subject, source = self.random.choice(PEOPLE), f"task:{next(self._numbers)}"
        amount = self.random.randint(1, CHANCES_MAX)
        someone = await self.party.someone(subject)
        reward = someone.reward(source, "chances", amount)
        await someone.give(msgspec.structs.replace(reward, expires_ms=self.party.stage.clock() + LASTS_MS))
        self.standing[subject, source] = amount

    async def grant(self) -> None:
        """A manager grants chances, which nobody takes back."""
        amount = self.random.randint(1, 3)
        self.granted += amount
        await self.party.stage.grant(
            self.party.campaign_id, self.random.choice(PEOPLE), amount, lasts_ms=LASTS_MS
        )

    async def give(self) -> None:
        """Somebody gives, where there is enough."""
        subject, key = self.random.choice(PEOPLE), f"key-{next(self._numbers)}"
        amount, days = self.random.randint(1, CHANCES_MAX), self.random.randint(1, 2)
        answer = await self.party.give(subject, key, amount=amount, days=days)
        assert answer.status_code in FINE, answer.text
        if answer.status_code == 201:
            self.gifts.append((subject, answer.json()["gift"]["id"], answer.json()["code"]))

    async def redeem(self) -> None:
        """Somebody tries a code, perhaps an old one, or of a gift of their own."""
        if self.gifts:
            answer = await self.party.redeem(self.random.choice(PEOPLE), self.random.choice(self.gifts)[2])
            assert answer.status_code in FINE, answer.text

    async def cancel(self) -> None:
        """Somebody cancels a gift, if it is open."""
        if self.gifts:
            subject, gift_id, _ = self.random.choice(self.gifts)
            answer = await self.party.cancel(subject, gift_id)
            assert answer.status_code in FINE, answer.text

    async def lose(self) -> None:
        """What an event has given is taken back."""
        if self.standing:
            subject, source = self.random.choice(sorted(self.standing))
            del self.standing[subject, source]
            await self.party.reverse(subject, source)

    async def expire(self) -> None:
        """The step takes its turn."""
        await expire_gifts(self.party.resources)

    async def sums(self) -> tuple[int, int]:
        """Chances that are there, and chances that must be: those that stand, and those that are owed."""
        pool = self.party.resources.pool
        there = await pool.fetchval(
            "SELECT (SELECT coalesce(sum(units_left), 0) FROM chance_lot)"
            " + (SELECT coalesce(sum(units), 0) FROM gift_lot JOIN gift USING (campaign_id, gift_id)"
            "    WHERE state = 'open' AND NOT is_taken_back)"
        )
        owed = await pool.fetchval("SELECT coalesce(sum(amount), 0) FROM debt")
        return int(there), self.granted + sum(self.standing.values()) + int(owed)


@pytest.mark.asyncio
@pytest.mark.parametrize("seed", range(4))
async def test_no_chance_is_lost_or_doubled(party: Party, seed: int) -> None:
    """After every step what is there is what was given and stands, and what is owed; the audit agrees."""
    life = Life(party, Random(seed))
    for _ in range(STEPS):
        await life.step()
        there, due = await life.sums()
        assert there == due
        party.stage.clock.advance(life.random.choice((0, PASSES_MS // 6)))
    states = await party.resources.pool.fetch("SELECT DISTINCT state FROM gift")
    assert {"redeemed", "cancelled"} <= {row["state"] for row in states}
