"""The rows of rewards, of debts, and of what rewards gave."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.db.statements import columns, load
from game.players import account_of
from game.prizes.reward_rules import Close, DebtKey, Reward, RewardKey, RewardKind, TakenBack, debt_of

_SQL = load("game.prizes")

Key = tuple[str, UUID]


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A reward as it stands before it is taken back."""

    reward_id: UUID
    player_id: UUID
    kind: RewardKind
    amount: int
    withheld: int
    redeemed_ms: int | None


async def add_rewards(
    conn: Connection, rewards: Sequence[Reward], *, campaign_id: str, now_ms: int
) -> list[Reward]:
    """Store rewards of one campaign; those whose sources had not given them before."""
    queue = sorted(rewards, key=lambda reward: (reward.player_id, reward.source))
    rows = [(r.reward_id, r.player_id, r.source, r.kind, r.amount, r.item, r.expires_ms) for r in queue]
    stored = await conn.fetch(_SQL.add_rewards, campaign_id, now_ms, *columns(rows, 7))
    new = {row["reward_id"] for row in stored}
    return list({reward.reward_id: reward for reward in queue if reward.reward_id in new}.values())


async def lock_debts(conn: Connection, rewards: Sequence[Reward], *, campaign_id: str) -> dict[DebtKey, int]:
    """What the players owe of what they are given; no entry: nothing."""
    keys = {debt_of(reward) for reward in rewards}
    if not keys:
        return {}
    asked = columns([(key.player_id, key.kind, key.item) for key in keys], 3)
    rows = await conn.fetch(_SQL.lock_debts, campaign_id, *asked)
    return {
        DebtKey(player_id=row["player_id"], kind=row["kind"], item=row["item"]): row["amount"] for row in rows
    }


async def withhold(
    conn: Connection, rewards: Sequence[Reward], withheld: Mapping[UUID, int], *, campaign_id: str
) -> None:
    """Settle locked debts with parts of rewards."""
    rows = [
        (r.reward_id, r.player_id, r.kind, r.item, withheld[r.reward_id])
        for r in rewards
        if r.reward_id in withheld
    ]
    if rows:
        await conn.execute(_SQL.withhold, campaign_id, *columns(rows, 5))


async def any_voucher(conn: Connection, keys: Sequence[RewardKey], *, campaign_id: str) -> bool:
    """Whether one of these rewards is a voucher."""
    asked = columns([(key.player_id, key.source) for key in keys], 2)
    return bool(await conn.fetchval(_SQL.any_voucher, campaign_id, *asked))


async def lock_given(conn: Connection, keys: Sequence[RewardKey], *, campaign_id: str) -> list[Given]:
    """Those of the rewards that stand, locked."""
    asked = columns([(key.player_id, key.source) for key in keys], 2)
    return [Given(**row) for row in await conn.fetch(_SQL.lock_given, campaign_id, *asked)]


async def take_chances(
    conn: Connection, reward_ids: Sequence[UUID], *, campaign_id: str, now_ms: int
) -> dict[UUID, int]:
    """Take the unused chances of rewards, also out of gifts that are open; how many of each."""
    if not reward_ids:
        return {}
    # A gift that was made meanwhile is seen by the statement after the one that waits for it.
    await conn.execute(_SQL.lock_lots, campaign_id, reward_ids)
    rows = await conn.fetch(_SQL.take_chances, campaign_id, reward_ids, now_ms)
    return {row["lot_id"]: row["units"] for row in rows}


async def free_codes(conn: Connection, reward_ids: Sequence[UUID], *, campaign_id: str) -> None:
    """Put the codes of rewards back into their batches, under the log's lock."""
    if reward_ids:
        await conn.execute(_SQL.free_codes, campaign_id, reward_ids)


async def reverse_awards(
    conn: Connection, reward_ids: Sequence[UUID], *, campaign_id: str, now_ms: int
) -> list[UUID]:
    """Take badges that are held, also out of gifts that are open; the rewards that they were."""
    if not reward_ids:
        return []
    await conn.execute(_SQL.lock_awards, campaign_id, reward_ids)
    rows = await conn.fetch(_SQL.reverse_awards, campaign_id, reward_ids, now_ms)
    return [row["award_id"] for row in rows]


async def begin_returns(
    conn: Connection, reward_ids: Sequence[UUID], *, campaign_id: str, now_ms: int
) -> None:
    """Let the points of locked rewards be taken back from now on."""
    if reward_ids:
        await conn.execute(_SQL.begin_returns, campaign_id, reward_ids, now_ms)


async def claim_returning(conn: Connection, *, now_ms: int, until_ms: int, limit: int) -> list[Key]:
    """Rewards that are being taken back and whose turn it is; nobody else gets them before `until_ms`."""
    rows = await conn.fetch(_SQL.claim_returning, now_ms, until_ms, limit)
    return [(row["campaign_id"], row["reward_id"]) for row in rows]


async def taken_back(conn: Connection, keys: Sequence[Key]) -> list[TakenBack]:
    """Where these rewards stand, those that are being taken back still, unlocked."""
    return list(map(_taken_back, await conn.fetch(_SQL.taken_back, *columns(keys, 2))))


async def lock_returning(conn: Connection, keys: Sequence[Key]) -> None:
    """Lock rewards, in key order."""
    await conn.execute(_SQL.lock_returning, *columns(keys, 2))


async def ask_back(conn: Connection, asked: Mapping[Key, int]) -> None:
    """Note how many points are asked of the ledger for rewards."""
    rows = [(*key, points) for key, points in asked.items()]
    if rows:
        await conn.execute(_SQL.ask_back, *columns(rows, 3))


async def close(conn: Connection, closes: Mapping[Key, Close], *, now_ms: int) -> None:
    """End the taking back of locked rewards: what is spent is owed from now on."""
    rows = [(*key, each.recovered, each.owed) for key, each in closes.items()]
    if rows:
        await conn.execute(_SQL.close_rewards, *columns(rows, 4), now_ms)


def _taken_back(row: Any) -> TakenBack:
    fields = dict(row)
    account = account_of(brand_id=fields.pop("brand_id"), subject=fields.pop("subject"))
    return TakenBack(**fields, account=account)
