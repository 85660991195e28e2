"""Rewards as a feature gives them and takes them back, and what is left of them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from game.ledger.rules import NEVER_MS
from game.ledger.service import RESEND_AFTER_MS, resend_due, send
from game.prizes.returning import RETURN_MS, return_points
from game.prizes.rewards import Reward, RewardKey, RewardKind, give, take_back
from game.resources import Resources
from ledger_client import Applied, Lane, Leg, Operation, budget, encode, house
from ledger_client.testing import FakeLedger
from tests.support.service import ManualClock
from tests.support.settled import CLOSES_MS

ITEMS = {"voucher": "tea", "badge": "tiger"}
_BADGE = "INSERT INTO badge VALUES ($1, 'tiger', '虎', 'Tiger', '虎', 'A tiger')"


class Recipient:
    """A player of a campaign who is given things."""

    def __init__(
        self, resources: Resources, clock: ManualClock, campaign_id: str, player_id: UUID, subject: str
    ) -> None:
        self.resources = resources
        self.clock = clock
        self.campaign_id = campaign_id
        self.player_id = player_id
        self.account = f"player:acme.{subject}"

    def reward(self, source: str, kind: RewardKind = "points", amount: int = 1) -> Reward:
        """A reward that was not given yet."""
        return Reward(
            campaign_id=self.campaign_id,
            reward_id=self.resources.new_id(),
            player_id=self.player_id,
            source=source,
            kind=kind,
            amount=amount,
            item=ITEMS.get(kind),
            expires_ms=CLOSES_MS if kind == "chances" else None,
        )

    def key(self, source: str) -> RewardKey:
        """What names a reward."""
        return RewardKey(campaign_id=self.campaign_id, player_id=self.player_id, source=source)

    async def give(self, *rewards: Reward) -> int:
        """Give, commit and send; how many credits there were."""
        return await given(self.resources, rewards)

    async def take_back(self, *sources: str) -> int:
        """Take back, commit and send; how many returns there were."""
        async with self.resources.pool.acquire() as conn, conn.transaction():
            returns = await take_back(conn, self.resources, [self.key(source) for source in sources])
        await send(self.resources, returns)
        return len(returns)

    def budget(self, ledger: FakeLedger) -> int:
        """What is left in the campaign's budget."""
        return ledger.balances[budget(self.campaign_id)]

    async def stands(self, source: str) -> dict[str, Any]:
        """What became of a reward."""
        row = await self.resources.pool.fetchrow(
            "SELECT state, withheld, recovered, owed FROM reward WHERE player_id = $1 AND source = $2",
            self.player_id,
            source,
        )
        assert row is not None, source
        return dict(row)

    async def debt(self, kind: RewardKind = "points") -> int:
        """What the player owes of a kind."""
        amount = await self.resources.pool.fetchval(
            "SELECT sum(amount) FROM debt WHERE player_id = $1 AND kind = $2", self.player_id, kind
        )
        return int(amount or 0)


async def define_tiger(resources: Resources, campaign_id: str) -> None:
    """Let a campaign have the badge `tiger`."""
    await resources.pool.execute(_BADGE, campaign_id)


async def given(resources: Resources, rewards: Sequence[Reward]) -> int:
    """Give in a transaction of its own, and send; how many credits there were."""
    async with resources.pool.acquire() as conn, conn.transaction():
        credits_due = await give(conn, resources, rewards)
    await send(resources, credits_due)
    return len(credits_due)


async def at_rest(player: Recipient) -> None:
    """Let sweepers do what they have to do."""
    for _ in range(4):
        player.clock.advance(RESEND_AFTER_MS + RETURN_MS)
        await resend_due(player.resources)
        await return_points(player.resources)


async def spend(ledger: FakeLedger, player: Recipient, points: int) -> None:
    """Let a player spend points elsewhere."""
    await move(ledger, player.account, house("elsewhere"), points)


async def move(ledger: FakeLedger, debit: str, credit: str, points: int) -> None:
    """Let somebody else move points."""
    leg = Leg(debit=debit, credit=credit, amount=points, code="sale")
    id_ = f"sale:{len(ledger.feed)}"
    body = encode(Operation(id=id_, apply_before=NEVER_MS, legs=(leg,), ref=""))
    done = await ledger.apply(
        operation_id=id_, body=body, lane=Lane.PLAY, subject=debit, deadline=float("inf")
    )
    assert isinstance(done, Applied), done


async def count(resources: Resources, table: str, which: str = "true") -> int:
    """How many rows there are."""
    return int(await resources.pool.fetchval(f"SELECT count(*) FROM {table} WHERE {which}"))
