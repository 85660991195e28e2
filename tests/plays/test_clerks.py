"""One clerk writes all logs, and nobody waits for another campaign's log."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio

from game.audit import reading
from game.fair.note import Verifier
from game.fair.receipt import verify_receipt
from game.plays import engine as plays
from game.plays.accept import Driven
from game.plays.engine import Engine
from game.plays.wants import Advanced
from tests.support.auditing import rows_of, verified
from tests.support.locks import until_waiting
from tests.support.pools import pool, row
from tests.support.stage import Stage, another_engine

POOL = pool("wheel", row("points", "points", 7, weight=1), draws_cap=100)
TURNS_MAX = 1_000
TURN_SECONDS = 0.01
HEAD = "SELECT 1 FROM log WHERE campaign_id = $1 FOR NO KEY UPDATE"


@pytest_asyncio.fixture
async def engine(backstage: Stage) -> AsyncIterator[Engine]:
    """An engine with connections of its own."""
    async with another_engine(backstage.resources) as made:
        yield made


async def accepted_in(stage: Stage, engine: Engine, *, campaigns: int) -> list[Driven]:
    """A play of Ann's in each of some campaigns, that nobody drives yet."""
    stage.fund("ann", 100)
    found = []
    for _ in range(campaigns):
        campaign_id = await stage.launch(POOL)
        await stage.sit(engine, campaign_id, "ann", "wheel")
        found.append(await engine.accept(await stage.asked(campaign_id, "ann", "wheel", key="key")))
    return found


def driven(engine: Engine, plays: Sequence[Driven]) -> "list[asyncio.Task[Advanced]]":
    """The tasks that take plays on."""
    return [engine.drive(each.play, each.debit) for each in plays]


async def until_held(engine: Engine, held: Driven) -> None:
    """Return once the clerk of all has left a play to the clerk of its campaign, who waits."""
    for _ in range(TURNS_MAX):
        own = engine._clerks.get(held.play.campaign_id)
        if own is not None and not own.idle:
            return await until_waiting(engine.resources, 1)
        await asyncio.sleep(TURN_SECONDS)
    raise AssertionError("nobody waits for the log")


@pytest.mark.asyncio
async def test_a_batch_of_another_process_is_waited_for(backstage: Stage, engine: Engine) -> None:
    """What waits for a log that is held for a moment is settled together, with all that waits beside it."""
    accepts = await accepted_in(backstage, engine, campaigns=3)
    async with backstage.resources.pool.acquire() as conn, conn.transaction():
        await conn.execute(HEAD, accepts[0].play.campaign_id)
        tasks = driven(engine, accepts)
        await until_waiting(backstage.resources, 1)
    await asyncio.gather(*tasks)
    assert len(await rows_of(backstage.resources, "SELECT DISTINCT xmin::text FROM log")) == 1
    assert not engine._clerks


@pytest.mark.asyncio
async def test_plays_of_many_campaigns_are_settled_together(backstage: Stage, engine: Engine) -> None:
    """In one transaction; each in its own log, with a receipt of that."""
    accepts = await accepted_in(backstage, engine, campaigns=3)
    told = await asyncio.gather(*driven(engine, accepts))
    assert len(await rows_of(backstage.resources, "SELECT DISTINCT xmin::text FROM log")) == 1
    for each in told:
        assert each.play.state == "settled"
        log_key = await reading.verifier_key(
            backstage.resources, campaign_id=each.play.campaign_id, brand_id=None
        )
        (drawn,) = each.draws
        verify_receipt(each.receipts[drawn.entry_index], drawn.entry, Verifier.parse(log_key))
        assert (await verified(backstage.resources, each.play.campaign_id)).verdict == "OK"


@pytest.mark.asyncio
async def test_a_log_that_is_held_holds_up_no_other(backstage: Stage, engine: Engine) -> None:
    """The play whose log somebody holds waits for it; those beside it are settled meanwhile."""
    held, *free = await accepted_in(backstage, engine, campaigns=3)
    async with backstage.resources.pool.acquire() as conn, conn.transaction():
        await conn.execute(HEAD, held.play.campaign_id)
        waiting, *others = driven(engine, [held, *free])
        assert [each.play.state for each in await asyncio.gather(*others)] == ["settled"] * 2
        await until_waiting(backstage.resources, 1)
        assert not waiting.done()
    assert (await waiting).play.state == "settled"


@pytest.mark.asyncio
async def test_whoever_comes_later_waits_behind(backstage: Stage, engine: Engine) -> None:
    """While somebody waits for a log, others go to the clerk who does, and are written next, together."""
    (held,) = await accepted_in(backstage, engine, campaigns=1)
    later = [
        await engine.accept(await backstage.asked(held.play.campaign_id, "ann", "wheel", key=key))
        for key in ("two", "three")
    ]
    async with backstage.resources.pool.acquire() as conn, conn.transaction():
        await conn.execute(HEAD, held.play.campaign_id)
        first = driven(engine, [held])
        await until_held(engine, held)
        tasks = first + driven(engine, later)
        own = engine._clerks[held.play.campaign_id]
        for _ in range(TURNS_MAX):
            await asyncio.sleep(0)
            if len(own._waiting) == len(later):
                break
    settled = await asyncio.gather(*tasks)
    assert [each.play.log_size for each in settled] == [3, 5, 5]


@pytest.mark.asyncio
async def test_clerks_of_held_logs_are_let_go(
    backstage: Stage, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has waited for many logs keeps the clerks of those that it waits for."""
    monkeypatch.setattr(plays, "CLERKS_MAX", 1)
    accepts = await accepted_in(backstage, engine, campaigns=3)
    for each in accepts:
        async with backstage.resources.pool.acquire() as conn, conn.transaction():
            await conn.execute(HEAD, each.play.campaign_id)
            tasks = driven(engine, [each])
            await until_held(engine, each)
        assert [(await task).play.state for task in tasks] == ["settled"]
    assert list(engine._clerks) == [accepts[-1].play.campaign_id]


@pytest.mark.asyncio
async def test_a_failure_in_one_campaign_is_its_own(backstage: Stage, engine: Engine) -> None:
    """What cannot be written is found among what is written together; the rest is written."""
    bad, *good = await accepted_in(backstage, engine, campaigns=3)
    missing = msgspec.structs.replace(bad.play, play_id=UUID(int=0), state="paid")
    failing, *others = engine.drive(missing), *driven(engine, good)
    assert [each.play.state for each in await asyncio.gather(*others)] == ["settled"] * 2
    with pytest.raises(KeyError):
        await failing
