"""Handing out what was earned, and taking back what was not, in one order of locks for tasks and streaks."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from game.audit.service import lock_head
from game.db.connection import Connection
from game.instants import to_ms
from game.ledger.rules import Credit
from game.prizes.rewards import REWARDS_MAX, Reward, RewardKey, give, take_back
from game.resources import Resources
from game.tasks.drafts import RewardDraft

T = TypeVar("T")


class Handed(msgspec.Struct, frozen=True, kw_only=True):
    """What locked players are given, what is taken back of them, and the campaigns of vouchers among both."""

    given: Sequence[Reward]
    taken: Sequence[RewardKey]
    heads: frozenset[str]


async def hand(conn: Connection, resources: Resources, handed: Sequence[Handed]) -> list[Credit]:
    """Give and take back in the caller's transaction; the credits to send after the commit.

    Vouchers take the heads of the logs: all in one order, before anything that comes after them.
    """
    for campaign_id in sorted(frozenset[str]().union(*(each.heads for each in handed))):
        await lock_head(conn, campaign_id=campaign_id)
    credits_due: list[Credit] = []
    for rewards in _parts([reward for each in handed for reward in each.given]):
        credits_due += await give(conn, resources, rewards)
    for keys in _parts([key for each in handed for key in each.taken]):
        credits_due += await take_back(conn, resources, keys)
    return credits_due


def reward_of(resources: Resources, key: RewardKey, draft: RewardDraft) -> Reward:
    """A new reward as a manager has written it."""
    return Reward(
        campaign_id=key.campaign_id,
        reward_id=resources.new_id(),
        player_id=key.player_id,
        source=key.source,
        kind=draft.kind,
        amount=draft.amount,
        item=draft.item,
        expires_ms=None if draft.expires_at is None else to_ms(draft.expires_at),
    )


def _parts(items: Sequence[T]) -> list[Sequence[T]]:
    return [items[start : start + REWARDS_MAX] for start in range(0, len(items), REWARDS_MAX)]
