"""Whatever senders, processors, reviewers and crashes do: the end is that of one event after the other."""

import asyncio
import random
from collections.abc import Awaitable
from contextlib import suppress

import pytest

from game.boards.folding import fold_scores
from game.ledger.service import RESEND_AFTER_MS, resend_due
from game.players import account_of
from game.tasks.processing import process_events
from game.webhooks.rules import PAUSE_MAX_MS
from tests.boards.hall import Hall, added_up
from tests.invariants.check import assert_hold
from tests.story.deciding import do, to_do
from tests.story.idle import idle_wrong
from tests.story.tale import BADGE, BATCH, BOARDS, FAN, SPAN_MS, STREAK, Tale, tale_of
from tests.story.verdict import ended, wrong
from tests.support.service import ManualClock
from tests.tasks.shop import Shop

pytestmark = pytest.mark.asyncio

SUBJECTS = ("ann", "bob", "cat")
EVENTS = 40
COPIES = 10
CODES = 100


class Telling:
    """A seed's tale, told by two senders to two processors that die now and then."""

    def __init__(self, shop: Shop, tale: Tale, seed: int) -> None:
        self.shop = shop
        self.tale = tale
        self.rng = random.Random(seed)

    async def send(self, name: str, *, by: str) -> None:
        """An event, or its reversal, under the id that this sender gives it."""
        body = self.tale.bodies[name]
        headers = self.shop.sender.headers(body, webhook_id=f"{by}-{name.replace('!', '-back')}")
        answer = await self.shop.sender.post(body, headers)
        assert answer.status_code == 202, answer.text

    async def told(self) -> None:
        """All is sent ten times in random orders, some reversals early, most of them after all events."""
        reversals = [name for name in self.tale.bodies if name.endswith("!")]
        originals = [name for name in self.tale.bodies if not name.endswith("!")]
        for nth in range(COPIES // 2):
            names = [*originals, *reversals[: None if nth else len(reversals) // 4]]
            orders = [self.rng.sample(names, k=len(names)) for _ in range(2)]
            for pair in zip(*orders, strict=True):
                works: list[Awaitable[object]] = [
                    self.send(name, by=by) for name, by in zip(pair, "ab", strict=True)
                ]
                if self.rng.random() < 0.3:
                    works += [self.process(), self.process()]
                if self.rng.random() < 0.1:
                    works.append(self.decide())
                self.shop.ledger.reachable = self.rng.random() < 0.8
                await asyncio.gather(*works)

    async def process(self) -> None:
        """One batch, cut off at a random step in half of the cases."""
        work = asyncio.create_task(process_events(self.shop.resources))
        if self.rng.random() < 0.5:
            await asyncio.wait([work], timeout=self.rng.random() * 0.03)
            work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        if self.rng.random() < 0.3:
            await fold_scores(self.shop.resources)

    async def decide(self) -> bool:
        """Somebody decides about one completion; whether there was one."""
        found = await to_do(self.shop.resources.pool, self.shop.campaign_id)
        if found:
            await do(self.shop.resources, self.shop.campaign_id, self.rng.choice(found))
        return bool(found)

    async def ended(self) -> None:
        """The ledger is back, and everything that waits is driven on and decided."""
        self.shop.ledger.reachable = True
        await self.shop.process()
        while await self.decide():
            pass
        await added_up(self.shop.resources)
        for _ in range(3):
            self.shop.office.clock.advance(PAUSE_MAX_MS + RESEND_AFTER_MS)
            await self.shop.settled()
            while await resend_due(self.shop.resources):
                pass


@pytest.mark.parametrize("seed", range(3))
async def test_as_one_after_the_other(shop: Shop, clock: ManualClock, seed: int) -> None:
    """Progress, completions, rewards, debts and balances are the oracle's, for every kind of reward."""
    tale = tale_of(f"any order {seed}", subjects=SUBJECTS, events=EVENTS, opens_ms=clock())
    await prepare(shop, tale)
    clock.advance(SPAN_MS)
    telling = Telling(shop, tale, seed)
    await telling.told()
    await telling.ended()
    found = await ended(shop.resources.pool, shop.ledger, tale, campaign_id=shop.campaign_id)
    assert found.stand.completions, "nothing came of it"
    assert wrong(found) == []
    for season in {row["season"] for row in found.rows["standings"]}:
        shown = [(row["subject"], row["score"]) for row in found.rows["standings"] if row["season"] == season]
        assert await Hall(shop).top("spenders" if season == "all" else "days", season=season) == shown
    await idle_have_what_stands(shop)
    await assert_hold(shop.resources.pool, shop.ledger, campaign_ids=[shop.campaign_id])


async def prepare(shop: Shop, tale: Tale) -> None:
    """Launch the campaign with the tale's tasks."""
    await shop.office.done("PUT", f"campaigns/{shop.campaign_id}/badges/{BADGE}", FAN)
    codes = {"voucher_batch": BATCH, "codes": [f"GIFT-{number:04}" for number in range(CODES)]}
    await shop.office.done("POST", f"campaigns/{shop.campaign_id}/vouchers", codes)
    for task_id, each in tale.tasks(closes_ms=shop.office.clock() + 10 * SPAN_MS).items():
        await shop.saved(task_id, **each)
    await shop.office.done("PUT", f"campaigns/{shop.campaign_id}/streaks/daily", STREAK)
    for board_id, each in BOARDS.items():
        await shop.office.done("PUT", f"campaigns/{shop.campaign_id}/boards/{board_id}", each)
    await shop.launch()


async def idle_have_what_stands(shop: Shop) -> None:
    """Nobody spends anything, so nobody owes anything, and all see just what was rewarded."""
    for subject in SUBJECTS:
        page = (await shop.me("GET", "prizes?limit=50", subject=subject)).json()["prizes"]
        seen = [(each["kind"], each["amount"]) for each in page if each["state"] != "returned"]
        account = account_of(brand_id="acme", subject=subject)
        says = await idle_wrong(
            shop.resources.pool, shop.ledger, campaign_id=shop.campaign_id, account=account, seen=seen
        )
        assert says == []
    assert sum(shop.ledger.balances.values()) == 0
