"""What is given and taken back at the same time as others work with it: nobody waits in a circle."""

import asyncio

import msgspec
import pytest

from game.plays.store import lock_lots
from game.prizes.rewards import take_back
from game.resources import Resources
from tests.support.locks import until_waiting
from tests.support.rewarding import Recipient, count
from tests.support.settled import CLOSES_MS, Campaign

pytestmark = pytest.mark.asyncio


async def test_a_play_meets_chances_that_are_taken_back(ann: Recipient, resources: Resources) -> None:
    """Both lock the lots in the order in which they are used: the play waits, or it is waited for."""
    late = ann.reward("task:a:1", "chances", 2)
    ann.clock.advance(1)  # so that the ids are in the other order
    soon = msgspec.structs.replace(ann.reward("task:a:2", "chances", 2), expires_ms=CLOSES_MS - 1)
    await ann.give(late, soon)

    async def play() -> int:
        async with resources.pool.acquire() as conn, conn.transaction():
            lots = await lock_lots(conn, [(ann.campaign_id, ann.player_id)], now_ms=ann.clock())
            return sum(len(found) for found in lots.values())

    async with resources.pool.acquire() as conn, conn.transaction():
        await conn.execute("SELECT FROM chance_lot WHERE lot_id = $1 FOR UPDATE", soon.reward_id)
        plays = asyncio.create_task(play())
        await until_waiting(resources, 1)
        takes = asyncio.create_task(ann.take_back("task:a:1", "task:a:2"))
        await until_waiting(resources, 2)
    assert (await plays, await takes) == (2, 0)
    assert await count(resources, "chance_lot", "units_left = 0") == 2


async def test_a_badge_that_is_given_meets_one_that_is_taken_back(
    wheel: Campaign, ann: Recipient, resources: Resources
) -> None:
    """Who owes is locked before whose score changes, by both."""
    await resources.pool.execute(
        "INSERT INTO board (campaign_id, board_id, metric, draft) VALUES ($1, 'best', 'badges', '{}')",
        ann.campaign_id,
    )
    bob = Recipient(resources, ann.clock, ann.campaign_id, await wheel.player("bob"), "bob")
    await ann.give(*(ann.reward(f"task:a:{nth}", "badge") for nth in (1, 2)), bob.reward("task:a:1", "badge"))
    await resources.pool.execute("UPDATE badge_award SET state = 'spent'")
    await ann.take_back("task:a:1")

    async def take() -> None:
        async with resources.pool.acquire() as conn, conn.transaction():
            await take_back(conn, resources, [ann.key("task:a:2"), bob.key("task:a:1")])

    async with resources.pool.acquire() as conn, conn.transaction():
        await conn.execute("SELECT FROM debt FOR UPDATE")
        gives = asyncio.create_task(ann.give(*(each.reward("task:b:1", "badge") for each in (ann, bob))))
        await until_waiting(resources, 1)
        takes = asyncio.create_task(take())
        await until_waiting(resources, 2)
    await asyncio.gather(gives, takes)
    assert (await ann.debt("badge"), await bob.debt("badge")) == (1, 1)
