"""A campaign with a set of badges, and players who collect them."""

from typing import Any, Self
from uuid import UUID

import httpx

from game.ledger.service import send
from game.players import player_id_of
from game.prizes.rewards import Reward, give
from tests.campaigns.office import CLOSES_MS, NAME, Office, Someone, prize, rfc3339

BADGES = ("ox", "rat", "tiger")
BADGE = {"name": NAME, "description": NAME, "criteria": NAME, "image_url": "https://img.example/a.png"}


def badge_set(**changes: Any) -> dict[str, Any]:
    """A set whose one full redemption pays 500 points, and ten later ones pay 50."""
    fields = {
        "name": NAME,
        "badges": list(BADGES),
        "prize": {"kind": "points", "amount": 500, "name": NAME, "units": 1},
        "alternative": {"kind": "points", "amount": 50, "units": 10},
        "exchange_price": 2,
        "convert": {"points": 5, "units": 1},
        "guarantee_draws": 4,
        "redeem_until": rfc3339(CLOSES_MS),
    }
    return fields | changes


def wheel() -> dict[str, Any]:
    """A wheel of which a half pays nothing; the rat has run out and pays the ox."""
    rows: list[dict[str, Any]] = [
        {"id": badge, "weight": 1, "prize": prize("badge", badge=badge)} for badge in ("rat", "ox", "tiger")
    ]
    rows[0] |= {"stock": 1, "else": "ox"}
    rows.append({"id": "thanks", "weight": 3, "prize": prize()})
    return {
        "pool_id": "main",
        "game": "wheel",
        "price_points": 5,
        "seat_draws": 32,
        "draws_cap": 100,
        "rows": rows,
    }


class Album:
    """The set `spring` of a campaign."""

    def __init__(self, office: Office, campaign_id: str) -> None:
        self.office = office
        self.campaign_id = campaign_id
        self._given = 0

    @classmethod
    async def drafted(cls, office: Office) -> Self:
        """A draft with badges, and without a set or a pool."""
        made = cls(office, await office.draft())
        for badge in BADGES:
            await made.write(f"badges/{badge}", BADGE)
        return made

    @classmethod
    async def opened(cls, office: Office, **changes: Any) -> Self:
        """A live campaign with the set."""
        made = await cls.drafted(office)
        await made.write("sets/spring", badge_set(**changes))
        await office.post(f"/{made.campaign_id}/pools", wheel())
        await office.add_codes(made.campaign_id, 1)
        office.ledger.fund(f"campaign:{made.campaign_id}:budget", 1_005)
        await office.post(f"/{made.campaign_id}/launch")
        await office.resources.pool.execute(
            "UPDATE pool_row SET units_left = 0, units_won = 1 WHERE ordinal = 0"
        )
        return made

    async def write(self, path: str, body: Any) -> None:
        """Write a badge or a set, which must succeed."""
        answer = await self.office.send("PUT", f"/{self.campaign_id}/{path}", body)
        assert answer.status_code == 204, answer.text

    async def give(self, subject: str, *badges: str) -> None:
        """Give a player badges."""
        resources = self.office.resources
        player_id = await player_id_of(resources, Someone(subject))
        rewards = [self._reward(player_id, badge) for badge in badges]
        async with resources.pool.acquire() as conn, conn.transaction():
            credits_due = await give(conn, resources, rewards)
        await send(resources, credits_due)

    async def trade(self, subject: str, key: str, **body: Any) -> httpx.Response:
        """Ask for a trade."""
        headers = self.office.issuer.headers(subject) | {"Idempotency-Key": key}
        path = f"/v1/campaigns/{self.campaign_id}/me/sets/spring/trades"
        return await self.office.client.post(path, json=body, headers=headers)

    async def mine(self, subject: str) -> Any:
        """The set as a player sees it."""
        answer = await self.office.client.get(
            f"/v1/campaigns/{self.campaign_id}/me/badges", headers=self.office.issuer.headers(subject)
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["sets"][0]

    async def settle_draws(self, subject: str, draws: int) -> None:
        """Let a player have drawn so often."""
        player_id = await player_id_of(self.office.resources, Someone(subject))
        await self.office.resources.pool.execute(
            "INSERT INTO standing (campaign_id, lineage_id, player_id, tag, draws, paid, last)"
            " VALUES ($1, 'main', $2, decode(repeat('00', 16), 'hex'), $3, '{0}', '{0}')",
            self.campaign_id, player_id, draws,
        )  # fmt: skip

    def balance(self, subject: str) -> int:
        """The points of a player."""
        return self.office.ledger.balances[f"player:acme.{subject}"]

    def _reward(self, player_id: UUID, badge: str) -> Reward:
        self._given += 1
        return Reward(
            campaign_id=self.campaign_id,
            reward_id=self.office.resources.new_id(),
            player_id=player_id,
            source=f"task:test:{self._given}",
            kind="badge",
            amount=1,
            item=badge,
            expires_ms=None,
        )
