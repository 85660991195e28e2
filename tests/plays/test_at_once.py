"""Plays that are read without locks, and stored by a statement that finds out what has changed meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
import pytest
import pytest_asyncio
from asyncpg.connection import LoggedQuery

from game.db.connection import Connection
from game.plays import log_store, store
from game.plays.accept import Driven
from game.plays.clerk import CONTENDED_MS, Clerk, WantDraws, write_batch
from game.plays.engine import Engine
from game.plays.log_store import Gains, UnderLog
from game.plays.reading import job_of, read_unlocked
from game.plays.turns import Turn, turns_of, won_by
from game.plays.wants import Advanced
from game.prizes.service import credits_of
from tests.support.auditing import rows_of, verified
from tests.support.locks import until_waiting
from tests.support.pools import pool, row
from tests.support.stage import Stage, another_engine

POINTS = pool("wheel", row("points", "points", 7, weight=1), price_points=0, draws_cap=100)
HEAD = "SELECT 1 FROM log WHERE campaign_id = $1 FOR NO KEY UPDATE"
LISTEN = """
INSERT INTO webhook_endpoint (brand_id, endpoint_id, url, types, sealed, created_by, created_ms)
VALUES ('acme', gen_random_uuid(), 'https://brand.example/', '{prize.won}', '', 'mia', 0)
"""
TOLD = "SELECT type FROM webhook_delivery"
STATEMENTS = store.SQL
STORED = "SELECT state, drawn FROM play ORDER BY play_id"


@pytest_asyncio.fixture
async def engine(backstage: Stage) -> AsyncIterator[Engine]:
    """An engine with connections of its own."""
    async with another_engine(backstage.resources) as made:
        yield made


async def accepted(stage: Stage, engine: Engine, *subjects: str) -> list[Driven]:
    """A free play of each of these players in one campaign, that nobody drives yet."""
    campaign_id = await stage.launch(POINTS)
    found = []
    for subject in subjects:
        await stage.sit(engine, campaign_id, subject, "wheel")
        found.append(await engine.accept(await stage.asked(campaign_id, subject, "wheel", key="key")))
    return found


def wanted(plays: Sequence[Driven]) -> list[WantDraws]:
    """What a clerk is asked for."""
    return [WantDraws(play=each.play, funded=None) for each in plays]


async def read_by(stage: Stage, conn: Connection, plays: Sequence[Driven]) -> tuple[Turn, UnderLog]:
    """What a clerk reads of plays in one campaign, and makes of them, before anything is stored."""
    job = await job_of(stage.resources, plays[0].play.campaign_id, wanted(plays))
    read = await read_unlocked(conn, [job], now_ms=stage.clock())
    (turn,) = turns_of(stage.resources, [job], read)
    return turn, read.known


async def store_late(stage: Stage, plays: Sequence[Driven], meanwhile: Callable[[], Awaitable[None]]) -> None:
    """Read plays as the clerk does, let something happen, and store what was made of them."""
    async with stage.resources.pool.acquire() as conn:
        turn, _ = await read_by(stage, conn, plays)
        await meanwhile()
        assert turn.growth is not None
        await log_store.settle(conn, [turn.settled], Gains(growths=[turn.growth]), now_ms=stage.clock())


@pytest.mark.asyncio
async def test_nothing_is_stored_on_a_head_that_has_moved(backstage: Stage, engine: Engine) -> None:
    """Somebody else's draw stands where this one was to stand; nothing of this one is there."""
    ann, bob = await accepted(backstage, engine, "ann", "bob")

    async def meanwhile() -> None:
        await write_batch(engine.resources, bob.play.campaign_id, wanted([bob]))

    with pytest.raises(asyncpg.SerializationError):
        await store_late(backstage, [ann], meanwhile)
    assert await rows_of(backstage.resources, STORED) == [
        {"state": "paid", "drawn": 0},
        {"state": "settled", "drawn": 1},
    ]
    assert (await verified(backstage.resources, ann.play.campaign_id)).verdict == "OK"


@pytest.mark.asyncio
async def test_nothing_is_stored_of_a_play_that_has_changed(backstage: Stage, engine: Engine) -> None:
    """With one of two in other hands meanwhile neither is drawn, and the log is as it was."""
    ann, bob = await accepted(backstage, engine, "ann", "bob")
    before = await rows_of(backstage.resources, "SELECT size FROM log")

    async def meanwhile() -> None:
        await backstage.resources.pool.execute(
            "UPDATE play SET state = 'review' WHERE play_id = $1", bob.play.play_id
        )

    with pytest.raises(asyncpg.SerializationError):
        await store_late(backstage, [ann, bob], meanwhile)
    assert await rows_of(backstage.resources, STORED) == [
        {"state": "paid", "drawn": 0},
        {"state": "review", "drawn": 0},
    ]
    assert await rows_of(backstage.resources, "SELECT size FROM log") == before


@pytest.mark.asyncio
async def test_what_goes_on_without_a_draw_needs_the_head_too(backstage: Stage, engine: Engine) -> None:
    """A play that only waits is stored under the head that was read, or not at all."""
    ann, bob = await accepted(backstage, engine, "ann", "bob")
    async with backstage.resources.pool.acquire() as conn:
        turn, known = await read_by(backstage, conn, [ann])
        await write_batch(engine.resources, bob.play.campaign_id, wanted([bob]))
        head = known.heads[ann.play.campaign_id]
        with pytest.raises(asyncpg.SerializationError):
            await log_store.settle(conn, [turn.settled], Gains(unchanged=[head]), now_ms=backstage.clock())


@pytest.mark.asyncio
async def test_a_head_that_moved_is_an_error_without_plays(backstage: Stage, engine: Engine) -> None:
    """Entries that are not there are never taken for written, whatever else there was to store."""
    ann, bob = await accepted(backstage, engine, "ann", "bob")
    async with backstage.resources.pool.acquire() as conn:
        turn, _ = await read_by(backstage, conn, [ann])
        await write_batch(engine.resources, bob.play.campaign_id, wanted([bob]))
        assert turn.growth is not None
        with pytest.raises(asyncpg.SerializationError):
            await log_store.settle(conn, [], Gains(growths=[turn.growth]), now_ms=backstage.clock())


@pytest.mark.asyncio
async def test_a_play_that_changes_while_it_is_waited_for_is_drawn_anew(
    backstage: Stage, engine: Engine
) -> None:
    """What it has become when its row is free again counts: here somebody has to look, nothing is drawn."""
    (ann,) = await accepted(backstage, engine, "ann")
    clerk = Clerk(engine.resources)
    async with backstage.resources.pool.acquire() as conn, conn.transaction():
        await conn.execute("UPDATE play SET state = 'review' WHERE play_id = $1", ann.play.play_id)
        writing = asyncio.create_task(clerk.write({ann.play.campaign_id: wanted([ann])}))
        await until_waiting(backstage.resources, 1)
    (told,) = (await writing)[ann.play.campaign_id].answers
    assert isinstance(told, Advanced)
    assert (told.play.state, told.draws) == ("review", ())
    assert await rows_of(backstage.resources, STORED) == [{"state": "review", "drawn": 0}]


@pytest.mark.asyncio
async def test_whoever_wants_to_hear_of_prizes_meanwhile_hears(backstage: Stage, engine: Engine) -> None:
    """A brand that asks to be told between the two statements is told as it would have been before."""
    (ann,) = await accepted(backstage, engine, "ann")
    async with backstage.resources.pool.acquire() as conn:
        turn, known = await read_by(backstage, conn, [ann])
        await backstage.resources.pool.execute(LISTEN)
        prizes = won_by(backstage.resources, [turn])
        assert turn.growth is not None
        gains = Gains(growths=[turn.growth], prizes=prizes, credits=credits_of(prizes, known.accounts))
        with pytest.raises(asyncpg.SerializationError):
            await log_store.settle(conn, [turn.settled], gains, now_ms=backstage.clock())
    await Clerk(engine.resources).write({ann.play.campaign_id: wanted([ann])})
    assert await rows_of(backstage.resources, TOLD) == [{"type": "prize.won"}]


@pytest.mark.asyncio
async def test_many_campaigns_are_written_at_once(backstage: Stage, engine: Engine) -> None:
    """Each in its own log; where one has moved, nothing of the others is stored before all is done again."""
    ann, bob = [(await accepted(backstage, engine, subject))[0] for subject in ("ann", "bob")]
    clerk = Clerk(engine.resources)
    batches = {each.play.campaign_id: wanted([each]) for each in (ann, bob)}
    async with hearing(engine) as heard:
        done = await clerk.write(batches)
    assert heard == ["under_log", "settle"]
    assert done.keys() == batches.keys()
    for campaign_id in batches:
        assert (await verified(backstage.resources, campaign_id)).verdict == "OK"


@pytest.mark.asyncio
async def test_plays_are_two_statements(backstage: Stage, engine: Engine) -> None:
    """One reads, one writes: points that were won and their credits are in it, and there is no BEGIN."""
    plays = await accepted(backstage, engine, "ann", "bob")
    async with hearing(engine) as heard:
        await Clerk(engine.resources).write({plays[0].play.campaign_id: wanted(plays)})
    assert heard == ["under_log", "settle"]
    assert await rows_of(backstage.resources, "SELECT state FROM operation") == [{"state": "due"}] * 2
    assert len(await rows_of(backstage.resources, "SELECT kind FROM prize_grant")) == 2


@pytest.mark.asyncio
async def test_whoever_was_disturbed_locks_for_a_while(backstage: Stage, engine: Engine) -> None:
    """After somebody else had the log, heads are locked before they are read; some time later no more."""
    one, two, three, four = await accepted(backstage, engine, "ann", "bob", "cat", "dan")
    clerk = Clerk(engine.resources)
    async with backstage.resources.pool.acquire() as conn, conn.transaction():
        await conn.execute(HEAD, one.play.campaign_id)
        assert await clerk.write({one.play.campaign_id: wanted([one])}) == {}
    for each, ms, first in [(two, CONTENDED_MS - 1, "BEGIN"), (three, 1, "under_log")]:
        backstage.clock.advance(ms)
        async with hearing(engine) as heard:
            await clerk.write({each.play.campaign_id: wanted([each])})
        assert heard[0] == first
    await clerk.write({one.play.campaign_id: wanted([one, four])})
    assert await rows_of(backstage.resources, STORED) == [{"state": "settled", "drawn": 1}] * 4


@asynccontextmanager
async def hearing(engine: Engine) -> AsyncIterator[list[str]]:
    """The names of the statements that are sent meanwhile over the engine's connections."""
    heard: list[str] = []

    def hear(query: LoggedQuery) -> None:
        heard.extend(name for name, text in STATEMENTS.items() if text == query.query)
        heard.extend(["BEGIN"] * query.query.startswith("BEGIN"))

    async with AsyncExitStack() as taken:
        for _ in range(engine.resources.pool.get_max_size()):
            conn = await taken.enter_async_context(engine.resources.pool.acquire())
            conn.add_query_logger(hear)
    yield heard
    await asyncio.sleep(0)  # what was sent is told in the loop's next turn
