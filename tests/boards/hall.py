"""Boards of a shop's campaign, and what its players see of them."""

from typing import Any

import httpx

from game.boards.folding import fold_scores
from game.boards.freezing import freeze_seasons
from game.boards.rewarding import reward_seasons
from game.boards.rules import alias
from game.players import player_id_of
from game.resources import Resources
from game.scores.following import follow_logs
from tests.campaigns.office import Someone
from tests.tasks.shop import Shop


def board(**changes: Any) -> dict[str, Any]:
    """Who completes most tasks in the whole campaign."""
    return {
        "name": {"zh": "任务榜", "en": "Tasks"},
        "metric": "tasks",
        "seasons": "campaign",
        "grace_hours": 24,
    } | changes


async def added_up(resources: Resources) -> None:
    """Count the draws, and add up whatever is due."""
    while await follow_logs(resources):
        pass
    while await fold_scores(resources):
        pass


def prize(first: int, last: int, kind: str = "points", amount: int = 1, **more: Any) -> dict[str, Any]:
    """What ranks earn."""
    return {"from_rank": first, "to_rank": last, "prize": {"kind": kind, "amount": amount} | more}


async def ended(resources: Resources) -> int:
    """Freeze and reward whatever is over; how many seasons were frozen."""
    frozen = await freeze_seasons(resources)
    while await reward_seasons(resources):
        pass
    return frozen


class Hall:
    """The boards of a shop's campaign."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    @property
    def path(self) -> str:
        """Where its boards are, below the managers' path."""
        return f"campaigns/{self.shop.campaign_id}/boards"

    async def put(self, board_id: str = "best", **changes: Any) -> httpx.Response:
        """Save a board."""
        return await self.shop.office.ask("PUT", f"{self.path}/{board_id}", board(**changes))

    async def saved(self, board_id: str = "best", **changes: Any) -> dict[str, Any]:
        """Save a board that must be taken; the answer."""
        answer = await self.put(board_id, **changes)
        assert answer.status_code == 200, answer.text
        taken: dict[str, Any] = answer.json()
        return taken

    async def top(self, board_id: str = "best", **asked: Any) -> list[tuple[str, int]]:
        """The first of a board, by subject, and their scores, as everybody sees them."""
        path = f"/v1/campaigns/{self.shop.campaign_id}/boards/{board_id}/top"
        answer = await self.shop.office.client.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        names = await self.names()
        ranks = answer.json()["ranks"]
        assert [each["rank"] for each in ranks] == list(range(1, len(ranks) + 1))
        return [(names[each["alias"]], each["score"]) for each in ranks]

    async def mine(self, subject: str, board_id: str = "best", **asked: Any) -> dict[str, Any]:
        """A board as a player sees it."""
        path = f"/v1/campaigns/{self.shop.campaign_id}/me/boards/{board_id}"
        answer = await self.shop.office.client.get(
            path, params=asked, headers=self.shop.office.issuer.headers(subject)
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def names(self) -> dict[str, str]:
        """Who is behind each alias."""
        rows = await self.shop.resources.pool.fetch("SELECT player_id, subject FROM player")
        return {alias(self.shop.campaign_id, row["player_id"]): row["subject"] for row in rows}

    async def player_id(self, subject: str) -> Any:
        """The id of a player."""
        return await player_id_of(self.shop.resources, Someone(subject))

    async def counted(self) -> None:
        """Process whatever was sent, and add it up."""
        await self.shop.settled()
        await added_up(self.shop.resources)
