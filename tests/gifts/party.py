"""Players of a campaign who give to each other."""

import itertools
import json
from typing import Any
from uuid import UUID

import httpx

from game.players import player_id_of
from game.prizes.rewards import RewardKind
from game.resources import Resources
from tests.badges.album import BADGES, badge_set
from tests.support.rewarding import Recipient
from tests.support.stage import Stage, player
from tests.support.tokens import Issuer

_BADGE = "INSERT INTO badge VALUES ($1, $2, '虎', 'Tiger', '虎', 'A tiger')"
_SET = "INSERT INTO badge_set VALUES ($1, 'spring', $2, 1, 10, 1)"
_OF_SET = "INSERT INTO badge_of_set SELECT $1, unnest($2::text[]), 'spring'"


class Party:
    """Players over HTTP, and what is in the database."""

    def __init__(self, stage: Stage, client: httpx.AsyncClient, issuer: Issuer, campaign_id: str) -> None:
        self.stage = stage
        self.client = client
        self.issuer = issuer
        self.campaign_id = campaign_id
        self._numbers = itertools.count()

    @property
    def resources(self) -> Resources:
        """What the use cases work with."""
        return self.stage.resources

    async def collect(self, **terms: Any) -> None:
        """Let the campaign have the badges of a set that may be given, unless said otherwise."""
        pool, draft = self.resources.pool, badge_set(**{"gifts": True} | terms)
        for badge in BADGES:
            await pool.execute(_BADGE, self.campaign_id, badge)
        await pool.execute(_SET, self.campaign_id, json.dumps(draft))
        await pool.execute(_OF_SET, self.campaign_id, draft["badges"])

    async def send(
        self, subject: str, method: str, path: str, body: Any = None, **headers: str
    ) -> httpx.Response:
        """Ask for something of the player's own."""
        return await self.client.request(
            method,
            f"/v1/campaigns/{self.campaign_id}/me/{path}",
            json=body,
            headers=self.issuer.headers(subject) | headers,
        )

    async def give(self, subject: str, key: str, **body: Any) -> httpx.Response:
        """Give chances, one unless said otherwise."""
        asked = {"kind": "chances", "amount": 1} | body
        return await self.send(subject, "POST", "gifts", asked, **{"Idempotency-Key": key})

    async def given(self, subject: str, amount: int = 1, **body: Any) -> tuple[str, str]:
        """Give chances, which must succeed; the gift and its code."""
        answer = await self.give(subject, f"key-{next(self._numbers)}", amount=amount, **body)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        return made["gift"]["id"], made["code"]

    async def give_badge(self, subject: str, key: str, badge: str = "tiger") -> httpx.Response:
        """Give a badge."""
        body = {"kind": "badge", "badge": badge}
        return await self.send(subject, "POST", "gifts", body, **{"Idempotency-Key": key})

    async def badge_from(self, subject: str) -> tuple[str, str]:
        """Give a tiger, which must succeed; the gift and its code."""
        answer = await self.give_badge(subject, f"key-{next(self._numbers)}")
        assert answer.status_code == 201, answer.text
        made = answer.json()
        return made["gift"]["id"], made["code"]

    async def redeem(self, subject: str, code: str) -> httpx.Response:
        """Redeem a code."""
        return await self.send(subject, "POST", "gift-codes/redeem", {"code": code})

    async def cancel(self, subject: str, gift_id: str) -> httpx.Response:
        """Cancel a gift."""
        return await self.send(subject, "POST", f"gifts/{gift_id}/cancel")

    async def mine(self, subject: str) -> Any:
        """The player's gifts."""
        answer = await self.send(subject, "GET", "gifts")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def lots(self, subject: str) -> list[tuple[int, int]]:
        """What is left of the player's chances: units and how long they are good, in milliseconds."""
        rows = await self.resources.pool.fetch(
            "SELECT units_left, expires_ms FROM chance_lot WHERE player_id = $1 AND units_left > 0"
            " ORDER BY expires_ms, lot_id",
            await self.player_id(subject),
        )
        return [(row["units_left"], row["expires_ms"] - self.stage.clock()) for row in rows]

    async def badges(self, subject: str) -> dict[str, int]:
        """The badges that the player has at hand."""
        answer = await self.send(subject, "GET", "badges")
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["sets"][0]["held"])

    async def units(self, subject: str) -> int:
        """How many chances the player has, expired ones included."""
        return sum(units for units, _ in await self.lots(subject))

    async def player_id(self, subject: str) -> UUID:
        """The player's id."""
        return await player_id_of(self.resources, player(subject))

    async def someone(self, subject: str) -> Recipient:
        """A player who is given things for events that may be reversed."""
        player_id = await self.player_id(subject)
        return Recipient(self.resources, self.stage.clock, self.campaign_id, player_id, subject)

    async def reward(self, subject: str, source: str, amount: int, kind: RewardKind = "chances") -> None:
        """Give a player something for an event."""
        someone = await self.someone(subject)
        await someone.give(someone.reward(source, kind, amount))

    async def reverse(self, subject: str, source: str) -> None:
        """Take back what an event has given."""
        await (await self.someone(subject)).take_back(source)
