"""Who plays alone and again is not read anew, and nothing that has changed meanwhile is overlooked."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from asyncpg.connection import LoggedQuery

from game.errors import Refusal
from game.plays.accept import Driven
from game.plays.engine import Engine
from game.plays.recalling import DOUBT_MS, Recalling
from tests.plays.test_unlocked import COUNTED, SEATED, SOLD, on_stage
from tests.support.auditing import rows_of
from tests.support.pools import wheel
from tests.support.service import ManualClock
from tests.support.stage import Stage, another_engine

pytestmark = pytest.mark.asyncio

PAUSED = ("UPDATE pool SET accepting = false", "UPDATE pool SET accepting = true")


@pytest_asyncio.fixture
async def engine(backstage: Stage) -> AsyncIterator[Engine]:
    """An engine to take seats with."""
    async with another_engine(backstage.resources) as made:
        yield made


class Process:
    """Somebody who accepts Ann's plays and remembers them."""

    def __init__(self, stage: Stage, campaign_id: str) -> None:
        self._stage = stage
        self._campaign_id = campaign_id
        self.recalling = Recalling(stage.resources)

    async def play(self, key: str, *, pool_id: str = "wheel") -> Driven | Refusal:
        """What becomes of one play."""
        asked = await self._stage.asked(self._campaign_id, "ann", pool_id, key=key)
        (answer,) = await self.recalling.accept([asked])
        assert isinstance(answer, Driven | Refusal)
        return answer

    async def statements(self, key: str, *, pool_id: str = "wheel") -> int:
        """How many statements it takes to accept one."""
        heard: list[str] = []

        def hear(query: LoggedQuery) -> None:
            heard.append(query.query)

        pool = self._stage.resources.pool
        async with pool.acquire() as conn:  # the one that was given back last is taken next
            conn.add_query_logger(hear)
        assert isinstance(await self.play(key, pool_id=pool_id), Driven)
        await asyncio.sleep(0)  # what was sent is told in the loop's next turn
        async with pool.acquire() as conn:
            conn.remove_query_logger(hear)
        return len(heard)


async def test_a_second_play_alone_is_stored_at_once(backstage: Stage, engine: Engine) -> None:
    """The first play reads how its player stands, the next ones need not."""
    process = Process(backstage, await on_stage(backstage, engine))
    await process.play("1")
    assert [await process.statements(key) for key in "23"] == [1, 1]
    (counts,) = await rows_of(backstage.resources, "SELECT draws_total, draws_today FROM participation")
    assert counts == {"draws_total": 3, "draws_today": 3}


@pytest.mark.parametrize(
    ("meanwhile", "code"),
    [
        (SOLD, "sold_out"),
        (COUNTED, "limit_total"),
        (SEATED, "seat_draws_left"),
        (PAUSED, "campaign_paused"),
    ],
)
async def test_what_was_taken_meanwhile_is_gone(
    backstage: Stage, engine: Engine, meanwhile: tuple[str, str], code: str
) -> None:
    """What is remembered would allow the play; what there is now does not."""
    process = Process(backstage, await on_stage(backstage, engine))
    await process.play("1")
    happens, undone = meanwhile
    await backstage.resources.pool.execute(happens)
    answer = await process.play("2")
    await backstage.resources.pool.execute(undone)
    assert isinstance(answer, Refusal)
    assert answer.code == code
    assert len(await rows_of(backstage.resources, "SELECT FROM play")) == 1


async def test_a_refusal_is_never_told_from_memory(backstage: Stage, engine: Engine) -> None:
    """All five draws were taken as far as is remembered, and one has been given back since."""
    process = Process(backstage, await on_stage(backstage, engine))
    for key in "12345":
        await process.play(key)
    given_back = "UPDATE participation SET draws_total = draws_total + $1"
    await backstage.resources.pool.execute(given_back, -1)
    answer = await process.play("6")
    await backstage.resources.pool.execute(given_back, 1)
    assert isinstance(answer, Driven)


@pytest.mark.parametrize("between", [(), ("2",)])
async def test_a_key_that_was_used_gives_its_play(
    backstage: Stage, engine: Engine, between: tuple[str, ...]
) -> None:
    """Whether it was the last one or not, asking again with it stores nothing."""
    process = Process(backstage, await on_stage(backstage, engine))
    first = await process.play("1")
    for key in between:
        await process.play(key)
    again = await process.play("1")
    assert isinstance(first, Driven)
    assert isinstance(again, Driven)
    assert again.play == first.play
    assert len(await rows_of(backstage.resources, "SELECT FROM play")) == 1 + len(between)


async def test_where_others_play_too_nothing_is_recalled_for_a_while(
    backstage: Stage, engine: Engine, clock: ManualClock
) -> None:
    """What another process has accepted is counted; after that, all is read for a minute."""
    campaign_id = await on_stage(backstage, engine)
    here, there = Process(backstage, campaign_id), Process(backstage, campaign_id)
    await here.play("1")
    await there.play("2")
    assert [await here.statements("3"), await here.statements("4")] == [3, 2]
    clock.advance(DOUBT_MS)
    assert await here.statements("5") == 1
    assert await rows_of(backstage.resources, "SELECT draws_total FROM participation") == [{"draws_total": 5}]


async def test_another_pool_is_read(backstage: Stage, engine: Engine) -> None:
    """The player's last play was in another pool of the campaign, with another seat."""
    campaign_id = await backstage.launch(wheel(), wheel("other"))
    for pool_id in ("wheel", "other"):
        await backstage.sit(engine, campaign_id, "ann", pool_id)
    process = Process(backstage, campaign_id)
    await process.play("1")
    assert await process.statements("2", pool_id="other") == 2
    assert await process.statements("3", pool_id="other") == 1


async def test_what_was_given_back_is_read(backstage: Stage, engine: Engine) -> None:
    """The last play was not charged, so its draw is free again: the next one reads."""
    process = Process(backstage, await on_stage(backstage, engine))
    last = await process.play("1")
    assert isinstance(last, Driven)
    process.recalling.forget(last.play)
    assert await process.statements("2") == 2
