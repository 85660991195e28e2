"""Plays that a process left behind when it died."""

from game.plays.accept import Driven, accept_batch
from game.plays.engine import Engine
from game.plays.rules import Asked, PaidWith
from tests.support.pools import pool, row
from tests.support.stage import Stage

# Every draw wins points, so that nothing of a play can happen twice without being seen.
GENEROUS = pool("wheel", row("points", "points", 7, weight=1), draws_cap=1_000)


async def accepted(stage: Stage, asked: Asked) -> Driven:
    """A play that is stored, by a process that dies then."""
    (driven,) = await accept_batch(stage.resources, [asked])
    assert isinstance(driven, Driven)
    return driven


async def begun(stage: Stage, engine: Engine, paid_with: PaidWith = "points") -> Asked:
    """Ann in a seat of the generous wheel with 100 points, asking for three draws."""
    campaign_id = await stage.launch(GENEROUS)
    stage.fund("ann", 100)
    await stage.sit(engine, campaign_id, "ann", "wheel")
    return await stage.asked(campaign_id, "ann", "wheel", key="key", draws=3, paid_with=paid_with)
