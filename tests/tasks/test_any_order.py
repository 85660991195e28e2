"""Whatever senders, processors and crashes do: all ends as if events had come one by one, each once."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

import pytest

from game.ledger.service import RESEND_AFTER_MS, resend_due
from game.tasks.processing import process_events
from game.webhooks.rules import PAUSE_MAX_MS
from tests.campaigns.office import HOUR_MS
from tests.support.service import ManualClock
from tests.tasks.oracle import Happened, completions
from tests.tasks.shop import Shop, task

pytestmark = pytest.mark.asyncio

SUBJECTS = ("ann", "bob", "cat")
EVENTS = 40
COPIES = 10
SPAN_HOURS = 24 * 6
TYPES: dict[str, list[dict[str, int | str]]] = {
    "purchase.completed": [{"amount_fen": fen, "store": store} for fen in (300, 900) for store in ("n", "s")],
    "share.created": [{"channel": "weibo"}, {"channel": "mail"}],
    "birthday.reached": [{}],
}
NORTH = {"attribute": "store", "kind": "is", "values": ["n"]}
TASKS: dict[str, dict[str, Any]] = {
    name: {"filters": [], "sum_of": None, "prerequisites": []} | task(**changes)
    for name, changes in {
        "buy": {},
        "north": {"filters": [NORTH], "window": "week", "week_starts": "monday", "target": 2},
        "spend": {"sum_of": "amount_fen", "target": 1_000, "window": "campaign", "times_per_window": 7},
        "share": {"event_type": "share.created", "prerequisites": ["buy"], "times_per_player": 3},
        "birthday": {
            "event_type": "birthday.reached",
            "prerequisites": ["share", "north"],
            "window": "once",
            "times_per_window": 1,
            "times_per_player": 1,
        },
    }.items()
}


class Story:
    """A random story of events, each sent many times, some taken back; the same for the same seed."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop = shop
        self.rng = random.Random(seed)
        self.events: dict[str, Happened] = {}
        self.reversed: set[str] = set()
        opened_ms = shop.office.clock()
        for nth in range(EVENTS):
            type_ = self.rng.choice(list(TYPES))
            self.events[f"o{nth}"] = Happened(
                subject=self.rng.choice(SUBJECTS),
                type=type_,
                at_ms=opened_ms + self.rng.randrange(SPAN_HOURS * HOUR_MS),
                attributes=self.rng.choice(TYPES[type_]),
            )

    async def send(self, name: str) -> None:
        """An event, or its reversal, under a new webhook's id."""
        occurrence = name.removesuffix("!")
        event = self.events[occurrence]
        where: dict[str, Any] = {
            "subject": event.subject,
            "occurrence": occurrence,
            "happened_ms": event.at_ms,
        }
        if name.endswith("!"):
            await self.shop.sender.send(f"{event.type}.reversed", **where)
        else:
            await self.shop.sender.send(event.type, **where | event.attributes)

    async def told(self) -> None:
        """All is sent by two senders in random orders, while two processors work that die now and then.

        Some reversals come among the first copies, most of them after all events.
        """
        self.reversed = set(self.rng.sample(sorted(self.events), k=EVENTS // 2))
        reversals = [f"{name}!" for name in sorted(self.reversed)]
        for nth in range(COPIES // 2):
            names = [*self.events, *reversals[: None if nth else 3]]
            orders = [self.rng.sample(names, k=len(names)) for _ in range(2)]
            for pair in zip(*orders, strict=True):
                works: list[Awaitable[None]] = [self.send(name) for name in pair]
                if self.rng.random() < 0.3:
                    works += [self.process(), self.process()]
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

    async def ended(self) -> None:
        """The ledger is back, and everything that waits is driven on."""
        self.shop.ledger.reachable = True
        for _ in range(4):
            self.shop.office.clock.advance(PAUSE_MAX_MS + RESEND_AFTER_MS)
            await self.shop.settled()
            while await resend_due(self.shop.resources):
                pass

    @property
    def truth(self) -> dict[str, Counter[str]]:
        """What the oracle says."""
        kept = [event for name, event in self.events.items() if name not in self.reversed]
        return completions(TASKS, kept)


async def held(shop: Shop, subject: str) -> Counter[str]:
    """How many rewards of each task a player has."""
    rewards = await shop.rewards(subject)
    assert set(rewards.values()) <= {"given", "returned"}
    return Counter(source.split(":")[1] for source, state in rewards.items() if state == "given")


@pytest.mark.parametrize("seed", range(5))
async def test_as_one_after_the_other(shop: Shop, clock: ManualClock, seed: int) -> None:
    """Rewards, completions and balances are the oracle's; nothing is paid twice and nothing is lost."""
    for task_id, each in TASKS.items():
        await shop.saved(task_id, **each)
    await shop.launch()
    story = Story(shop, seed)
    clock.advance(SPAN_HOURS * HOUR_MS)
    await story.told()
    await story.ended()
    assert await shop.office.events(state="stored") == []
    for subject in SUBJECTS:
        wanted = story.truth.get(subject, Counter())
        assert await held(shop, subject) == wanted
        assert shop.points(subject) == 10 * wanted.total()
    assert sum(shop.ledger.balances.values()) == 0
    await progress_adds_up(shop)


async def progress_adds_up(shop: Shop) -> None:
    """Windows hold what stands of the contributions."""
    rows = await shop.resources.pool.fetch(
        "SELECT p.player_id FROM task_progress p LEFT JOIN LATERAL (SELECT sum(c.amount) AS amount"
        " FROM task_contribution c WHERE c.reversed_ms IS NULL AND (c.campaign_id, c.player_id, c.task_id,"
        " c.window_start) = (p.campaign_id, p.player_id, p.task_id, p.window_start)) AS c ON true"
        " WHERE p.progress <> coalesce(c.amount, 0)"
    )
    assert rows == []
