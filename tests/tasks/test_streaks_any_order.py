"""Whatever the order, the repetitions and the crashes: streaks end as if days had come one by one.

Players repair what they can meanwhile. Which days that are depends on when they ask, and is the story's.
"""

import asyncio
import random
from collections.abc import Awaitable
from contextlib import suppress
from datetime import date, timedelta

import pytest

from game.ledger.service import RESEND_AFTER_MS, resend_due
from game.tasks.processing import process_events
from game.tasks.repairing import CLAIM_MAX, sweep_repairs
from game.webhooks.rules import PAUSE_MAX_MS
from ledger_client.testing import Fault
from tests.tasks.diary import FIRST, POLICY, Diary, milestone
from tests.tasks.shop import Shop
from tests.tasks.streak_oracle import Told, walk

pytestmark = pytest.mark.asyncio

SUBJECTS = ("ann", "bob")
DAYS = 9
TIMES = 2
COPIES = 3
MILESTONES = (1, 2, 3, 5, 7)
PRICE = 50
FUNDED = 1_000

Sent = tuple[str, int, int]


class Story:
    """Who came when, and what of it was taken back; the same for the same seed."""

    def __init__(self, diary: Diary, seed: int) -> None:
        self.diary = diary
        self.rng = random.Random(seed)
        came = [(who, number, nth) for who in SUBJECTS for number in range(DAYS) for nth in range(TIMES)]
        self.came: list[Sent] = [each for each in came if self.rng.random() < 0.6]
        self.gone: list[Sent] = [each for each in self.came if self.rng.random() < 0.4]
        self.keys = 0

    async def told(self) -> None:
        """All is sent several times in random orders, while two processors work that die now and then.

        At last everybody repairs what they still can: in a slow moment nobody may have been offered anything.
        """
        sent = [*((each, True) for each in self.came), *((each, False) for each in self.gone)] * COPIES
        for (who, number, nth), has_come in self.rng.sample(sent, k=len(sent)):
            if has_come:
                works: list[Awaitable[None]] = [self.diary.came(number, who, nth=nth)]
            else:
                works = [self.diary.came_not(number, who, nth=nth)]
            if self.rng.random() < 0.2:
                works.append(self.repair(self.rng.choice(SUBJECTS)))
            if self.rng.random() < 0.2:
                works += [self.process(), self.process()]
            self.diary.shop.ledger.reachable = self.rng.random() < 0.8
            await asyncio.gather(*works)
        self.diary.shop.ledger.reachable = True
        self.diary.shop.ledger.faults.clear()
        await self.diary.shop.process()
        for subject in SUBJECTS:
            await self.repair(subject, lost=0)

    async def repair(self, subject: str, *, lost: float = 0.5) -> None:
        """Ask for the day that is offered, by now or a moment ago; so many answers get lost."""
        offered = (await self.diary.mine(subject=subject))["repair"]
        if offered is None:
            return
        if self.rng.random() < lost:
            self.diary.shop.ledger.faults.append(self.rng.choice([Fault.LOSE_ANSWER, Fault.LOSE_REQUEST]))
        self.keys += 1
        number = (date.fromisoformat(offered["day"]) - FIRST).days
        answer = await self.diary.repair(number, f"key-{self.keys}", subject=subject)
        assert answer.status_code in (201, 202, 409, 503), answer.text

    async def repaired(self, subject: str) -> dict[date, bool]:
        """The days that the player paid for, and whether that was refunded."""
        rows = await self.diary.shop.resources.pool.fetch(
            "SELECT day, state, is_refunded FROM streak_repair JOIN player USING (player_id)"
            " WHERE subject = $1 ORDER BY day",
            subject,
        )
        assert {row["state"] for row in rows} <= {"applied", "cancelled", "rejected"}
        return {row["day"]: row["is_refunded"] for row in rows if row["state"] == "applied"}

    async def process(self) -> None:
        """One batch, cut off at a random step in half of the cases."""
        work = asyncio.create_task(process_events(self.diary.shop.resources))
        if self.rng.random() < 0.5:
            await asyncio.wait([work], timeout=self.rng.random() * 0.03)
            work.cancel()
        with suppress(asyncio.CancelledError):
            await work

    async def ended(self) -> None:
        """The ledger is back, and everything that waits is driven on."""
        self.diary.shop.ledger.reachable = True
        self.diary.shop.ledger.faults.clear()
        for _ in range(3):
            self.diary.shop.office.clock.advance(PAUSE_MAX_MS + RESEND_AFTER_MS)
            while await sweep_repairs(self.diary.shop.resources, CLAIM_MAX):
                pass
            await self.diary.shop.settled()
            while await resend_due(self.diary.shop.resources):
                pass

    def checked(self, subject: str) -> set[date]:
        """The days on which something stands in the end."""
        kept = [each for each in self.came if each not in self.gone]
        return {FIRST + timedelta(days=number) for who, number, _ in kept if who == subject}


@pytest.mark.parametrize("seed", range(5))
async def test_as_one_day_after_the_other(shop: Shop, seed: int) -> None:
    """Runs, freezes, milestones and balances are the oracle's; nothing is paid twice and nothing is lost."""
    diary = Diary(shop)
    policy = POLICY | {"repair_days": DAYS}
    await diary.opened(milestones=[milestone(days) for days in MILESTONES], policy=policy)
    diary.now_is(DAYS - 1)
    for subject in SUBJECTS:
        diary.fund(FUNDED, subject)
    story = Story(diary, seed)
    await story.told()
    await story.ended()
    diary.now_is(DAYS - 1, hours=11)
    assert await shop.office.events(state="stored") == []
    total = 0
    for subject in SUBJECTS:
        checked, repaired = story.checked(subject), await story.repaired(subject)
        last = FIRST + timedelta(days=DAYS - 1)
        wanted = walk(POLICY, checked=checked, repaired=repaired, until=last)
        assert repaired == {each: each in checked for each in repaired}
        mine = await diary.mine(subject=subject)
        assert Told(run=mine["current"], longest=mine["longest"], freezes=mine["freezes"]) == wanted
        paid = [days for days in MILESTONES if days <= wanted.longest]
        rewards = await shop.rewards(subject)
        given = [source.split(":")[2] for source, state in rewards.items() if state == "given"]
        assert sorted(int(each.split(".")[0]) for each in given if "repair" not in each) == paid
        cost = PRICE * sum(not is_refunded for is_refunded in repaired.values())
        assert shop.points(subject) == FUNDED + sum(10 * days for days in paid) - cost
        total += len(repaired)
    assert total, "a story without a repair proves nothing of repairs"
    assert sum(shop.ledger.balances.values()) == 0
