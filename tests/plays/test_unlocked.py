"""Plays are judged without locks: what changes before they are stored is seen as if it had been there."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from asyncpg.connection import LoggedQuery

from game.errors import Refusal
from game.plays.accept import Driven, accept_batch
from game.plays.engine import Engine
from game.plays.rules import Asked, PaidWith
from game.resources import Resources
from tests.support.auditing import rows_of
from tests.support.locks import until_waiting
from tests.support.pools import wheel
from tests.support.stage import Stage, another_engine

pytestmark = pytest.mark.asyncio

# What happens meanwhile, and what makes it undone, so that the books agree at the end.
SOLD = ("UPDATE pool SET draws_reserved = draws_cap", "UPDATE pool SET draws_reserved = 1")
COUNTED = ("UPDATE participation SET draws_total = 5", "UPDATE participation SET draws_total = 1")
BEGUN = (
    "INSERT INTO participation (campaign_id, player_id, day, draws_total)"
    " SELECT campaign_id, player_id, '2026-01-01', 5 FROM seat",
    "DELETE FROM participation",
)
SEATED = ("UPDATE seat SET draws_reserved = seat_draws", "UPDATE seat SET draws_reserved = 1")
USED = ("UPDATE chance_lot SET units_left = 0", "UPDATE chance_lot SET units_left = granted")


@pytest_asyncio.fixture
async def engine(backstage: Stage) -> AsyncIterator[Engine]:
    """An engine to take seats with."""
    async with another_engine(backstage.resources) as made:
        yield made


async def on_stage(stage: Stage, engine: Engine) -> str:
    """A campaign of five draws each, where Ann has a seat and chances."""
    campaign_id = await stage.launch(wheel(draws_cap=50), limits={"total": 5})
    await stage.grant(campaign_id, "ann", 5)
    await stage.sit(engine, campaign_id, "ann", "wheel")
    return campaign_id


@pytest.mark.parametrize(
    ("meanwhile", "paid_with", "has_played", "code"),
    [
        (SOLD, "points", True, "sold_out"),
        (COUNTED, "points", True, "limit_total"),
        (BEGUN, "points", False, "limit_total"),
        (SEATED, "points", True, "seat_draws_left"),
        (USED, "chance", True, "too_few_chances"),
    ],
)
async def test_what_was_taken_meanwhile_is_gone(
    backstage: Stage,
    engine: Engine,
    meanwhile: tuple[str, str],
    paid_with: PaidWith,
    has_played: bool,
    code: str,
) -> None:
    """The play was read to fit and waits to be stored; nothing of it is, and it is told what there is now."""
    campaign_id = await on_stage(backstage, engine)
    if has_played:
        await accept_batch(backstage.resources, [await backstage.asked(campaign_id, "ann", "wheel", key="1")])
    asked = await backstage.asked(campaign_id, "ann", "wheel", key="2", paid_with=paid_with)
    happens, undone = meanwhile
    async with backstage.resources.pool.acquire() as conn:
        async with conn.transaction():
            await conn.execute(happens)
            play = asyncio.create_task(accept_batch(engine.resources, [asked]))
            await until_waiting(backstage.resources, 1)
        (answer,) = await play
        await conn.execute(undone)
    assert isinstance(answer, Refusal)
    assert answer.code == code
    assert len(await rows_of(backstage.resources, "SELECT FROM play")) == has_played


async def test_one_refusal_of_what_is_stored_harms_no_other(backstage: Stage, engine: Engine) -> None:
    """Ann's last draw is taken while her play and Bob's wait to be stored together: his is."""
    campaign_id = await on_stage(backstage, engine)
    await backstage.sit(engine, campaign_id, "bob", "wheel")
    first = [await backstage.asked(campaign_id, each, "wheel", key="1") for each in ("ann", "bob")]
    await accept_batch(backstage.resources, first)
    asked = [await backstage.asked(campaign_id, each, "wheel", key="2") for each in ("ann", "bob")]
    async with backstage.resources.pool.acquire() as conn:
        async with conn.transaction():
            count = "UPDATE participation SET draws_total = $2 WHERE player_id = $1"
            await conn.execute(count, asked[0].player_id, 5)
            plays = asyncio.create_task(accept_batch(engine.resources, asked))
            await until_waiting(backstage.resources, 1)
        ann, bob = await plays
        await conn.execute(count, asked[0].player_id, 1)
    assert isinstance(ann, Refusal)
    assert isinstance(bob, Driven)


async def test_two_with_one_key_are_one_play(backstage: Stage, engine: Engine) -> None:
    """Both find the key new, and both wait to store it: the second is told the play of the first."""
    campaign_id = await on_stage(backstage, engine)
    asked = [await backstage.asked(campaign_id, "ann", "wheel", key="same") for _ in range(2)]
    async with backstage.resources.pool.acquire() as conn:
        async with conn.transaction():
            await conn.execute("SELECT FROM pool FOR UPDATE")
            both = [asyncio.create_task(accept_batch(engine.resources, [each])) for each in asked]
            await until_waiting(backstage.resources, 2)
        answers = [answer for batch in await asyncio.gather(*both) for answer in batch]
    stored = {answer.play.play_id for answer in answers if isinstance(answer, Driven)}
    assert len(answers) == 2
    assert len(stored) == 1
    assert len(await rows_of(backstage.resources, "SELECT FROM operation")) == 1


async def test_two_pools_at_once_do_not_wait_in_a_ring(backstage: Stage, engine: Engine) -> None:
    """Plays of the same players in two pools lock the players' counts in one order, however they come."""
    campaign_id = await backstage.launch(wheel(), wheel("other"))
    subjects = [f"player-{number}" for number in range(20)]
    for subject in subjects:
        await backstage.sit(engine, campaign_id, subject, "wheel")
        await backstage.sit(engine, campaign_id, subject, "other")
    there = [await backstage.asked(campaign_id, each, "wheel", key="a") for each in subjects]
    back = [await backstage.asked(campaign_id, each, "other", key="b") for each in reversed(subjects)]
    answers = await asyncio.gather(*(accept_batch(engine.resources, batch) for batch in (there, back)))
    assert all(isinstance(answer, Driven) for batch in answers for answer in batch)


async def test_accepting_asks_the_database_twice(backstage: Stage, engine: Engine) -> None:
    """One statement reads and one stores; the chances that pay for plays are one more."""
    campaign_id = await on_stage(backstage, engine)
    asked = [await backstage.asked(campaign_id, "ann", "wheel", key=key) for key in "abcd"]
    paid = await backstage.asked(campaign_id, "ann", "wheel", key="e", paid_with="chance")
    await statements_of(engine.resources, asked[:1])  # a new connection learns the types of arrays
    assert await statements_of(engine.resources, asked[1:]) == 2
    assert await statements_of(engine.resources, [paid]) == 3


async def statements_of(resources: Resources, asked: list[Asked]) -> int:
    """How many statements it takes to accept plays."""
    heard: list[str] = []

    def hear(query: LoggedQuery) -> None:
        heard.append(query.query)

    async with resources.pool.acquire() as conn:  # the one that was given back last is taken next
        conn.add_query_logger(hear)
    await accept_batch(resources, asked)
    await asyncio.sleep(0)  # what was sent is told in the loop's next turn
    async with resources.pool.acquire() as conn:
        conn.remove_query_logger(hear)
    return len(heard)
