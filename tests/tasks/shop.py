"""A brand with a campaign of tasks and a source of events, and what its players get of it."""

from typing import Any

import httpx

from game.players import player_id_of
from game.prizes.returning import RETURN_MS, return_points
from game.prizes.reward_rules import RETURN_ATTEMPTS_MAX
from game.resources import Resources
from game.tasks.processing import process_events
from ledger_client.testing import FakeLedger
from tests.campaigns.office import HOUR_MS, Someone, campaign, wheel
from tests.webhooks.senders import Office, Sender

BUDGET_POINTS = 1_000_000


def task(**changes: Any) -> dict[str, Any]:
    """Each purchase of a day earns ten points, three times a day, thirty times in all."""
    return {
        "name": {"zh": "购物", "en": "Shop"},
        "text": {"zh": "每次购物得十分", "en": "Ten points for each purchase"},
        "event_type": "purchase.completed",
        "target": 1,
        "window": "day",
        "times_per_window": 3,
        "times_per_player": 30,
        "times_overall": 1_000,
        "needs_review": False,
        "reward": {"kind": "points", "amount": 10},
    } | changes


class Shop:
    """The brand `acme` with one campaign and the source `shop`."""

    def __init__(
        self, office: Office, ledger: FakeLedger, resources: Resources, *, campaign_id: str, sender: Sender
    ) -> None:
        self.office = office
        self.ledger = ledger
        self.resources = resources
        self.campaign_id = campaign_id
        self.sender = sender

    @classmethod
    async def opened(cls, office: Office, ledger: FakeLedger, resources: Resources) -> "Shop":
        """With a draft that has a pool, codes and a budget."""
        made = await office.done("POST", "campaigns", campaign())
        campaign_id = made["campaign_id"]
        await office.done("POST", f"campaigns/{campaign_id}/pools", wheel())
        codes = {"voucher_batch": "tea", "codes": [f"TEA-{number:04}" for number in range(100)]}
        await office.done("POST", f"campaigns/{campaign_id}/vouchers", codes)
        ledger.fund(f"campaign:{campaign_id}:budget", BUDGET_POINTS)
        return cls(office, ledger, resources, campaign_id=campaign_id, sender=await office.sender())

    @property
    def path(self) -> str:
        """Where its tasks are, below the managers' path."""
        return f"campaigns/{self.campaign_id}/tasks"

    async def put(self, task_id: str = "buy", **changes: Any) -> httpx.Response:
        """Save a task."""
        return await self.office.ask("PUT", f"{self.path}/{task_id}", task(**changes))

    async def saved(self, task_id: str = "buy", **changes: Any) -> dict[str, Any]:
        """Save a task that must be taken; the answer."""
        answer = await self.put(task_id, **changes)
        assert answer.status_code == 200, answer.text
        taken: dict[str, Any] = answer.json()
        return taken

    async def launch(self) -> None:
        """Launch the campaign, and let it open."""
        await self.office.done("POST", f"campaigns/{self.campaign_id}/launch")
        self.office.clock.advance(HOUR_MS)

    async def bought(self, subject: str = "ann", **data: Any) -> None:
        """A purchase, sent."""
        await self.sender.sent("purchase.completed", subject=subject, **({"amount_fen": 100} | data))

    async def took_back(self, occurrence: str, subject: str = "ann") -> None:
        """A purchase was taken back: its reversal, sent."""
        await self.sender.sent("purchase.completed.reversed", subject=subject, occurrence=occurrence)

    async def process(self) -> int:
        """Process whatever is due; how many events."""
        total = 0
        while processed := await process_events(self.resources):
            total += processed
        return total

    async def settled(self) -> None:
        """Process whatever is due, and have the points that are taken back returned."""
        await self.process()
        for _ in range(RETURN_ATTEMPTS_MAX):
            self.office.clock.advance(RETURN_MS)
            await return_points(self.resources)

    def points(self, subject: str = "ann") -> int:
        """What a player has."""
        return self.ledger.balances[f"player:acme.{subject}"]

    async def rewards(self, subject: str = "ann") -> dict[str, str]:
        """The state of each reward of a player, by its source."""
        player_id = await player_id_of(self.resources, Someone(subject))
        rows = await self.resources.pool.fetch(
            "SELECT source, state FROM reward WHERE campaign_id = $1 AND player_id = $2 ORDER BY source",
            self.campaign_id, player_id,
        )  # fmt: skip
        return {row["source"]: row["state"] for row in rows}

    async def me(self, method: str, path: str, body: Any = None, *, subject: str = "ann") -> httpx.Response:
        """Ask for something of a player's own in the campaign."""
        content = {} if body is None else {"json": body}
        return await self.office.client.request(
            method,
            f"/v1/campaigns/{self.campaign_id}/me/{path}",
            headers=self.office.issuer.headers(subject),
            **content,
        )

    async def mine(self, task_id: str = "buy", *, subject: str = "ann") -> dict[str, Any]:
        """A task as a player sees it."""
        answer = await self.me("GET", "tasks", subject=subject)
        assert answer.status_code == 200, answer.text
        return next(dict(each) for each in answer.json()["tasks"] if each["task"] == task_id)
