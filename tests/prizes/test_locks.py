"""What is given and taken back at the same time as others work with it: nobody waits in a circle."""

import asyncio

import msgspec
import pytest

from game.plays.store import lock_lots
from game.resources import Resources
from tests.support.locks import until_waiting
from tests.support.rewarding import Recipient, count
from tests.support.settled import CLOSES_MS

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
