"""Plays that are accepted in one transaction: each sees what those before it have taken."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from game.errors import Refusal
from game.plays.accept import accept_batch
from game.plays.engine import Engine
from game.plays.rules import PaidWith
from tests.support.auditing import rows_of
from tests.support.pools import wheel
from tests.support.stage import Stage, another_engine


@pytest_asyncio.fixture
async def engine(backstage: Stage) -> AsyncIterator[Engine]:
    """An engine to take seats with."""
    async with another_engine(backstage.resources) as made:
        yield made


async def batch(
    stage: Stage, engine: Engine, pool: dict[str, Any], *keys: str, paid_with: PaidWith, **terms: Any
) -> list[str]:
    """What becomes of Ann's plays of two draws each, asked for in one batch."""
    campaign_id = await stage.launch(pool, **terms)
    await stage.grant(campaign_id, "ann", 5)
    await stage.sit(engine, campaign_id, "ann", "wheel")
    asked = [
        await stage.asked(campaign_id, "ann", "wheel", key=key, draws=2, paid_with=paid_with) for key in keys
    ]
    answers = await accept_batch(stage.resources, asked)
    return [answer.code if isinstance(answer, Refusal) else "accepted" for answer in answers]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("paid_with", "fields", "terms", "code"),
    [
        ("chance", {}, {}, "too_few_chances"),
        ("points", {"seat_draws": 5}, {}, "seat_draws_left"),
        ("points", {"draws_cap": 5}, {}, "sold_out"),
        ("points", {}, {"limits": {"per_day": 5}}, "limit_per_day"),
        ("points", {}, {"limits": {"total": 5}}, "limit_total"),
    ],
)
async def test_what_one_play_takes_the_next_does_not_get(
    backstage: Stage,
    engine: Engine,
    paid_with: PaidWith,
    fields: dict[str, Any],
    terms: dict[str, Any],
    code: str,
) -> None:
    """Two plays fit; the third is refused, and its refusal does not undo the others."""
    answers = await batch(backstage, engine, wheel(**fields), "a", "b", "c", paid_with=paid_with, **terms)
    assert answers == ["accepted", "accepted", code]
    keys = await rows_of(backstage.resources, "SELECT idempotency_key AS key FROM play ORDER BY 1")
    assert keys == [{"key": "a"}, {"key": "b"}]


@pytest.mark.asyncio
async def test_a_key_that_comes_twice_in_a_batch_is_one_play(backstage: Stage, engine: Engine) -> None:
    """The second is told the first, which is stored and charged once."""
    answers = await batch(backstage, engine, wheel(), "a", "b", "a", paid_with="points")
    assert answers == ["accepted"] * 3
    assert len(await rows_of(backstage.resources, "SELECT 1 FROM play")) == 2
    assert len(await rows_of(backstage.resources, "SELECT 1 FROM operation")) == 2


@pytest.mark.asyncio
async def test_chances_say_which_play_used_them(backstage: Stage, engine: Engine) -> None:
    """Each lot's uses add up to what it has lost."""
    await batch(backstage, engine, wheel(), "a", "b", paid_with="chance")
    uses = "SELECT sum(units) AS units, count(*) AS plays FROM chance_use"
    assert await rows_of(backstage.resources, uses) == [{"units": 4, "plays": 2}]
    assert await rows_of(backstage.resources, "SELECT units_left FROM chance_lot") == [{"units_left": 1}]
