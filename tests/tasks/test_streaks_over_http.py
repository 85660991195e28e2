"""A streak through the whole service: over TCP, with its own steps, from a draft to the calendar."""

import asyncio
from typing import Any

import httpx
import pytest

from game.app import build_app
from game.resources import Resources
from ledger_client.testing import FakeLedger
from tests.support.app import settings_for
from tests.support.server import serving
from tests.support.service import ManualClock
from tests.support.tokens import Issuer
from tests.tasks.diary import POLICY, Diary, day, milestone
from tests.tasks.shop import Shop
from tests.webhooks.senders import Office

pytestmark = pytest.mark.asyncio

POLLS_MAX = 300
POLL_SECONDS = 0.1


async def shown(diary: Diary, **wanted: Any) -> dict[str, Any]:
    """The streak as ann sees it, once the service's steps have come so far."""
    for _ in range(POLLS_MAX):
        mine = await diary.mine()
        if wanted.items() <= mine.items():
            return mine
        await asyncio.sleep(POLL_SECONDS)
    raise AssertionError((mine, wanted))


async def test_from_a_draft_to_the_calendar(
    database_url: str, redis_url: str, ledger: FakeLedger, clock: ManualClock, issuer: Issuer,
    resources: Resources,
) -> None:  # fmt: skip
    """Check-ins, a missed day that is repaired for points, a milestone, and what the app polls."""
    app = build_app(settings_for(database_url, redis_url), ledger=ledger, clock=clock)
    with serving(app) as url:
        async with httpx.AsyncClient(base_url=url) as client:
            office = Office(client, issuer, clock)
            diary = Diary(await Shop.opened(office, ledger, resources))
            diary.fund(60)
            await diary.opened(milestones=[milestone(4)], policy=POLICY | {"freezes_held": 0})
            diary.now_is(3)
            for number in (0, 1, 3):
                await diary.came(number)
            assert (await shown(diary, longest=2, current=1))["repair"]["day"] == day(2)
            assert (await diary.repaired(2))["balance_points"] == 10
            assert (await shown(diary, current=4))["next"] is None
            assert await diary.states() == "ccrc"
            assert await diary.shop.rewards() == {"streak:daily:4": "given"}
            assert (await diary.repaired(2))["state"] == "applied"
