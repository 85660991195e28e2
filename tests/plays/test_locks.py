"""What waits for whom in the database: nobody acts on what was true before, nobody waits in a ring."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio

from game.campaigns.drafts import PoolDraft
from game.campaigns.replacement import publish_replacements, replace_pool
from game.errors import Conflict
from game.plays import store
from game.plays.accept import accept_batch
from game.plays.clerk import Want, WantDraws, WantSeat, write_batch
from game.plays.engine import Engine
from game.plays.sweep import LEASE_MS, sweep
from tests.support.locks import until_waiting
from tests.support.pools import wheel
from tests.support.stage import MANAGER, Stage, another_engine


@pytest_asyncio.fixture
async def engine(backstage: Stage) -> AsyncIterator[Engine]:
    """An engine with connections of its own."""
    async with another_engine(backstage.resources) as made:
        yield made


async def waited_for(stage: Stage, engine: Engine, *updates: str) -> str:
    """Why a play is refused that waits for a transaction with these updates of its campaign and pool."""
    campaign_id = await stage.launch(wheel())
    stage.fund("ann", 100)
    await stage.sit(engine, campaign_id, "ann", "wheel")
    async with stage.resources.pool.acquire() as conn:
        async with conn.transaction():
            for update in updates:
                await conn.execute(update)
            play = asyncio.create_task(stage.play(engine, campaign_id, "ann", "wheel", key="key"))
            await until_waiting(stage.resources, 1)
        with pytest.raises(Conflict) as refused:
            await play
    return refused.value.code


@pytest.mark.asyncio
@pytest.mark.parametrize(("state", "code"), [("paused", "campaign_paused"), ("ended", "campaign_ended")])
async def test_a_play_that_waited_for_its_manager_is_refused(
    backstage: Stage, engine: Engine, state: str, code: str
) -> None:
    """It sees the campaign as it is once the wait is over, not as it was when it began to wait."""
    updates = ("UPDATE pool SET accepting = false", f"UPDATE campaign SET state = '{state}'")
    assert await waited_for(backstage, engine, *updates) == code


@pytest.mark.asyncio
async def test_a_play_that_waited_for_a_replacement_is_refused(backstage: Stage, engine: Engine) -> None:
    """No play slips into a pool while another one takes its place: it would be paid and never drawn."""
    campaign_id = await backstage.launch(wheel())
    backstage.fund("ann", 100)
    await backstage.sit(engine, campaign_id, "ann", "wheel")
    await accept_batch(backstage.resources, [await backstage.asked(campaign_id, "ann", "wheel", key="old")])
    successor = msgspec.convert(wheel("wheel-2"), PoolDraft)
    assert not await replace_pool(
        backstage.resources, MANAGER, successor, campaign_id=campaign_id, pool_id="wheel"
    )
    backstage.clock.advance(LEASE_MS)
    assert await sweep(engine) == 1
    async with backstage.resources.pool.acquire() as conn:
        async with conn.transaction():
            await conn.execute("SELECT 1 FROM pool WHERE pool_id = 'wheel-2' FOR NO KEY UPDATE")
            replacing = asyncio.create_task(publish_replacements(engine.resources))
            await until_waiting(backstage.resources, 1)
            play = asyncio.create_task(backstage.play(engine, campaign_id, "ann", "wheel", key="key"))
            await until_waiting(backstage.resources, 2)
        assert await replacing == 1
        with pytest.raises(Conflict) as refused:
            await play
    assert (refused.value.code, refused.value.numbers) == ("pool_replaced", {"by": "wheel-2"})


@pytest.mark.asyncio
async def test_the_clerk_takes_seats_in_one_order(backstage: Stage, engine: Engine) -> None:
    """Whether it knows a seat by its id or by its place, the clerk locks the lower id first, as plays do."""
    campaign_id = await backstage.launch(wheel(price_points=0))
    for subject in ("ann", "bob"):
        await backstage.sit(engine, campaign_id, subject, "wheel")
    seats = await backstage.resources.pool.fetch("SELECT seat_id, player_id FROM seat ORDER BY seat_id")
    asked = [await backstage.asked(campaign_id, subject, "wheel", key="key") for subject in ("ann", "bob")]
    low, high = seats
    (owner,) = [item for item in asked if item.player_id == high["player_id"]]
    play = (await engine.accept(owner)).play
    wants: list[Want] = [
        WantDraws(play=play, funded=None),
        WantSeat(terms=owner.terms, player_id=low["player_id"], seed=None),
    ]
    async with backstage.resources.pool.acquire() as conn:
        async with conn.transaction():
            lock = "SELECT 1 FROM seat WHERE seat_id = $1 FOR NO KEY UPDATE"
            await conn.execute(lock, low["seat_id"])
            clerk = asyncio.create_task(write_batch(engine.resources, campaign_id, wants))
            await until_waiting(backstage.resources, 1)
            await conn.execute(f"{lock} NOWAIT", high["seat_id"])
        done = await clerk
    assert len(done.answers) == 2


@pytest.mark.asyncio
async def test_a_sweeper_does_not_wait_for_another(backstage: Stage, engine: Engine) -> None:
    """Plays that one is about to claim are left to it; the other takes what is left over, at once."""
    campaign_id = await backstage.launch(wheel(price_points=0))
    await backstage.sit(engine, campaign_id, "ann", "wheel")
    asked = [await backstage.asked(campaign_id, "ann", "wheel", key=key) for key in ("one", "two")]
    await accept_batch(backstage.resources, asked)
    backstage.clock.advance(LEASE_MS)
    async with backstage.resources.pool.acquire() as conn, conn.transaction():
        now_ms = backstage.clock()
        claimed = await store.claim_unfinished(
            conn, now_ms=now_ms, until_ms=now_ms + LEASE_MS, limit=1, with_uncharged=True
        )
        assert len(claimed) == 1
        assert await sweep(engine) == 1
    assert await sweep(engine) == 0
