"""Sealed draws that are paid and could be left undrawn."""

import asyncio
from typing import Any

import msgspec
import pytest

from game.campaigns.drafts import PoolDraft
from game.campaigns.replacement import publish_replacements, replace_pool
from game.db.connection import Connection
from game.errors import Refusal
from game.plays.accept import accept_batch
from game.plays.sweep import sweep
from ledger_client.testing.fake import Fault
from tests.support.auditing import rows_of
from tests.support.pools import BEACON, wheel
from tests.support.stage import MANAGER, Stage, engine_of

LOOKS_MAX = 200
LAST_MINUTES_MS = 300_000
SEALED: dict[str, Any] = {"seat_draws": 1, "beacon": BEACON}


async def somebody_waits(conn: Connection) -> bool:
    """Whether somebody waits for a lock, now or soon."""
    for _ in range(LOOKS_MAX):
        if await conn.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            return True
        await asyncio.sleep(0.01)
    return False


async def replaced(stage: Stage, campaign_id: str) -> bool:
    """Ask for a pool in the sealed one's place."""
    draft = msgspec.convert(wheel("next", **SEALED), PoolDraft)
    return await replace_pool(stage.resources, MANAGER, draft, campaign_id=campaign_id, pool_id="wheel")


@pytest.mark.asyncio
async def test_what_is_paid_while_the_pool_drains_is_drawn(backstage: Stage) -> None:
    """The debit was under way when the manager asked for the replacement, which waits for the draw."""
    campaign_id = await backstage.launch(wheel(**SEALED))
    engine = engine_of(backstage.resources)
    backstage.fund("ann", 100)
    backstage.ledger.faults.append(Fault.LOSE_ANSWER)
    await backstage.play(engine, campaign_id, "ann", "wheel", key="key")
    assert not await replaced(backstage, campaign_id)
    for _ in range(6):
        backstage.clock.advance(10_000)
        await sweep(engine)
        await backstage.deliver(engine, campaign_id)
    plays = await rows_of(backstage.resources, "SELECT state FROM play")
    assert plays == [{"state": "settled"}]
    assert await publish_replacements(backstage.resources) == 1


@pytest.mark.asyncio
async def test_nothing_is_accepted_that_waited_for_a_replacement(backstage: Stage) -> None:
    """The play's statement began before the replacement was committed, and reads the pool's row after."""
    campaign_id = await backstage.launch(wheel(**SEALED))
    backstage.fund("ann", 100)
    asked = await backstage.asked(campaign_id, "ann", "wheel", key="key")
    async with backstage.resources.pool.acquire() as conn:
        async with conn.transaction():
            await conn.execute(
                "UPDATE pool SET state = 'draining', accepting = false WHERE pool_id = 'wheel'"
            )
        async with conn.transaction():
            await conn.execute("UPDATE pool SET state = 'replaced' WHERE pool_id = 'wheel'")
            waiting = asyncio.create_task(accept_batch(backstage.resources, [asked]))
            assert await somebody_waits(conn)
    (answer,) = await waiting
    assert isinstance(answer, Refusal)
    assert answer.code == "pool_replaced"


@pytest.mark.asyncio
async def test_a_crowd_of_ones_own_is_drawn_before_the_close(backstage: Stage) -> None:
    """One player sends play after play at the last moment; each needs a seat and a round of its own."""
    campaign_id = await backstage.launch(wheel(**SEALED))
    engine = engine_of(backstage.resources)
    backstage.fund("ann", 1_000)
    (pool,) = await rows_of(backstage.resources, "SELECT closes_ms FROM pool")
    backstage.clock.now_ms = pool["closes_ms"] - LAST_MINUTES_MS
    for number in range(30):
        try:
            await backstage.play(engine, campaign_id, "ann", "wheel", key=f"key {number}")
        except Refusal:
            break
    while backstage.clock() < pool["closes_ms"]:
        backstage.clock.advance(3_000)
        await backstage.deliver(engine, campaign_id)
        await sweep(engine)
    plays = await rows_of(backstage.resources, "SELECT state, count(*) FROM play GROUP BY state")
    assert plays == [{"state": "settled", "count": 9}]
