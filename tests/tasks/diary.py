"""A shop whose players check in day by day. Day 0 is the campaign's first whole day, in Shanghai."""

from datetime import date, timedelta
from typing import Any

import httpx

from tests.campaigns.office import DAY_MS, HOUR_MS
from tests.support.service import STARTED_MS
from tests.tasks.shop import Shop

# Noon in Shanghai of the day after the one on which tests start, which is that on which the campaign opens.
NOON_MS = STARTED_MS - STARTED_MS % DAY_MS + DAY_MS + 4 * HOUR_MS
FIRST = date(2026, 9, 22)
POLICY = {"freeze_every": 3, "freezes_held": 1, "repair_points": 50, "repair_days": 2}


def milestone(days: int, **changes: Any) -> dict[str, Any]:
    """A run of so many days earns ten times as many points."""
    reward = {"kind": "points", "amount": 10 * days}
    return {"days": days, "times_overall": 100, "reward": reward} | changes


def streak(**changes: Any) -> dict[str, Any]:
    """Check in every day: two and four days in a row earn points."""
    return {
        "name": {"zh": "签到", "en": "Check in"},
        "text": {"zh": "每天签到", "en": "Every day"},
        "policy": POLICY,
        "repairs_overall": 10,
        "milestones": [milestone(2), milestone(4)],
    } | changes


def day(number: int) -> str:
    """A day by its number, as it is written."""
    return (FIRST + timedelta(days=number)).isoformat()


class Diary:
    """A shop with a streak."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    @property
    def path(self) -> str:
        """Where its streaks are, below the managers' path."""
        return f"campaigns/{self.shop.campaign_id}/streaks"

    async def put(self, streak_id: str = "daily", **changes: Any) -> httpx.Response:
        """Save a streak."""
        return await self.shop.office.ask("PUT", f"{self.path}/{streak_id}", streak(**changes))

    async def saved(self, streak_id: str = "daily", **changes: Any) -> dict[str, Any]:
        """Save a streak that must be taken; the answer."""
        answer = await self.put(streak_id, **changes)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def opened(self, **changes: Any) -> None:
        """Save a streak, launch, and wait for noon of day 0."""
        await self.saved(**changes)
        await self.shop.launch()
        self.now_is(0)

    def now_is(self, number: int, hours: int = 0) -> None:
        """Let it be so many hours after noon of a day."""
        self.shop.office.clock.now_ms = NOON_MS + number * DAY_MS + hours * HOUR_MS

    async def came(self, number: int, subject: str = "ann", *, hours: int = 0, nth: int = 0) -> None:
        """The `nth` check-in of a day, sent."""
        at_ms = NOON_MS + number * DAY_MS + hours * HOUR_MS
        occurrence = f"{subject}-{number}-{nth}"
        await self.shop.sender.sent(
            "checkin.created", subject=subject, occurrence=occurrence, happened_ms=at_ms
        )

    async def came_not(self, number: int, subject: str = "ann", *, nth: int = 0) -> None:
        """A check-in of a day was taken back, sent."""
        occurrence = f"{subject}-{number}-{nth}"
        await self.shop.sender.sent("checkin.created.reversed", subject=subject, occurrence=occurrence)

    async def kept(self, *numbers: int, subject: str = "ann") -> None:
        """Check-ins of these days, processed."""
        for number in numbers:
            await self.came(number, subject)
        await self.shop.process()

    async def repair(
        self, number: int, key: str = "key", *, subject: str = "ann", streak_id: str = "daily"
    ) -> httpx.Response:
        """Ask for the repair of a day."""
        shop = self.shop
        return await shop.office.client.post(
            f"/v1/campaigns/{shop.campaign_id}/me/streaks/{streak_id}/repairs",
            json={"day": day(number)},
            headers=shop.office.issuer.headers(subject) | {"Idempotency-Key": key},
        )

    async def repaired(self, number: int, key: str = "key", *, subject: str = "ann") -> dict[str, Any]:
        """The repair of a day, which must be charged at once."""
        answer = await self.repair(number, key, subject=subject)
        assert (answer.status_code, answer.json().get("state")) == (201, "applied"), answer.text
        return dict(answer.json())

    def fund(self, points: int, subject: str = "ann") -> None:
        """Give a player points."""
        self.shop.ledger.fund(f"player:acme.{subject}", points)

    async def mine(self, streak_id: str = "daily", *, subject: str = "ann") -> dict[str, Any]:
        """A streak as a player sees it."""
        answer = await self.shop.me("GET", "streaks", subject=subject)
        assert answer.status_code == 200, answer.text
        return next(dict(each) for each in answer.json()["streaks"] if each["streak"] == streak_id)

    async def states(self, month: str = "2026-09", *, subject: str = "ann") -> str:
        """One letter a day of the calendar."""
        answer = await self.shop.me("GET", f"streaks/daily/calendar?month={month}", subject=subject)
        assert answer.status_code == 200, answer.text
        return "".join(each["state"][0] for each in answer.json()["days"])
