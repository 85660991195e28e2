"""Plays that nobody drives any more, wherever they were left: taken up, and ended as they would have."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from game.ledger import service as outbox
from game.plays import store
from game.plays.accept import Driven
from game.plays.clerk import WantDraws, write_batch
from game.plays.engine import Engine
from game.plays.rules import Asked
from game.plays.settling import Funded
from game.plays.sweep import sweep
from ledger_client import Applied, Lane
from tests.plays.left import GENEROUS, accepted, begun
from tests.support.auditing import rows_of
from tests.support.stage import Stage


async def charge(stage: Stage, driven: Driven) -> Applied:
    """The play's debit, applied."""
    assert driven.debit is not None
    outcome = await stage.ledger.apply(
        operation_id=driven.debit.operation_id,
        body=driven.debit.body,
        lane=Lane.PLAY,
        subject=driven.debit.subject,
        deadline=0.0,
    )
    assert isinstance(outcome, Applied)
    return outcome


async def stored_only(stage: Stage, asked: Asked) -> None:
    """Stored; the debit was never sent."""
    await accepted(stage, asked)


async def charged(stage: Stage, asked: Asked) -> None:
    """The debit was applied; nobody wrote that down."""
    await charge(stage, await accepted(stage, asked))


async def doubted(stage: Stage, asked: Asked) -> None:
    """The debit was applied, its answer was lost, and the doubt was written down."""
    driven = await accepted(stage, asked)
    await charge(stage, driven)
    async with stage.resources.pool.acquire() as conn:
        await store.doubt(conn, driven.play, next_attempt_ms=stage.clock() + 1_000)


async def settled_unpaid(stage: Stage, asked: Asked) -> None:
    """Settled; the credits of its prizes were never sent."""
    driven = await accepted(stage, asked)
    applied = await charge(stage, driven)
    funded = Funded(ledger_seq=applied.seq, balance_points=None)
    campaign_id = driven.play.campaign_id
    done = await write_batch(stage.resources, campaign_id, [WantDraws(play=driven.play, funded=funded)])
    assert len(done.credits) == asked.draws


LEFT = (stored_only, charged, doubted, settled_unpaid)
Leave = Callable[[Stage, Asked], Awaitable[None]]


async def take_up(stage: Stage, *engines: Engine) -> None:
    """Every engine sweeps and re-sends at once, some time later."""
    for _ in range(2):
        stage.clock.advance(outbox.RESEND_AFTER_MS)
        await asyncio.gather(
            *(sweep(engine) for engine in engines),
            *(outbox.resend_due(engine.resources) for engine in engines),
        )
        await asyncio.gather(*(engine.close() for engine in engines))


async def check_ended_once(stage: Stage, campaign_id: str, *, paid_points: int = 30) -> None:
    """One play with three draws, one debit, three prizes, three credits: and each of them once."""
    plays = await rows_of(stage.resources, "SELECT state, drawn FROM play")
    assert plays == [{"state": "settled", "drawn": 3}]
    assert await rows_of(stage.resources, "SELECT n FROM draw ORDER BY n") == [{"n": n} for n in (1, 2, 3)]
    assert len(await rows_of(stage.resources, "SELECT * FROM prize_grant")) == 3
    states = await rows_of(stage.resources, "SELECT DISTINCT state FROM operation")
    assert states == [{"state": "applied"}]
    assert stage.balance("ann") == 100 - paid_points + 21
    assert stage.ledger.balances[f"house:{campaign_id}"] == paid_points


@pytest.mark.asyncio
@pytest.mark.parametrize("leave", LEFT)
async def test_a_play_ends_the_same_wherever_it_was_left(
    backstage: Stage, engines: tuple[Engine, Engine], leave: Leave
) -> None:
    """One sweeper takes it up, and what was done before is not done again."""
    asked = await begun(backstage, engines[0])
    await leave(backstage, asked)
    await take_up(backstage, engines[1])
    await check_ended_once(backstage, asked.terms.campaign_id)


@pytest.mark.asyncio
@pytest.mark.parametrize("leave", LEFT)
async def test_two_sweepers_do_nothing_twice(
    backstage: Stage, engines: tuple[Engine, Engine], leave: Leave
) -> None:
    """Each process runs a sweeper; however often they come by, one play is one play."""
    asked = await begun(backstage, engines[0])
    await leave(backstage, asked)
    await take_up(backstage, *engines, *engines)
    await check_ended_once(backstage, asked.terms.campaign_id)


@pytest.mark.asyncio
@pytest.mark.parametrize("leave", LEFT)
async def test_a_retry_takes_it_up_as_well(
    backstage: Stage, engines: tuple[Engine, Engine], leave: Leave
) -> None:
    """The client asks again with its key, on both engines, and hears the one outcome."""
    asked = await begun(backstage, engines[0])
    await leave(backstage, asked)
    campaign_id = asked.terms.campaign_id
    views = await asyncio.gather(
        *(backstage.play(engine, campaign_id, "ann", "wheel", key="key", draws=3) for engine in engines)
    )
    assert views[0] == views[1]
    await take_up(backstage, *engines)
    await check_ended_once(backstage, campaign_id)


@pytest.mark.asyncio
async def test_stale_drivers_change_nothing(backstage: Stage, engines: tuple[Engine, Engine]) -> None:
    """Two who both believe that the play is unpaid drive it on and on: it is charged and drawn once."""
    asked = await begun(backstage, engines[0])
    driven = await accepted(backstage, asked)
    for _ in range(3):
        await asyncio.gather(*(engine.drive(driven.play, driven.debit) for engine in engines))
        await asyncio.gather(*(engine.close() for engine in engines))
    await take_up(backstage, *engines)
    await check_ended_once(backstage, asked.terms.campaign_id)


@pytest.mark.asyncio
async def test_a_free_play_that_was_left_is_drawn(backstage: Stage, engines: tuple[Engine, Engine]) -> None:
    """A chance that was used is a play that is owed."""
    asked = await begun(backstage, engines[0], "chance")
    await backstage.grant(asked.terms.campaign_id, "ann", 3)
    await accepted(backstage, asked)
    await take_up(backstage, *engines)
    await check_ended_once(backstage, asked.terms.campaign_id, paid_points=0)


@pytest.mark.asyncio
async def test_a_refusal_that_nobody_heard_is_heard(backstage: Stage, engines: tuple[Engine, Engine]) -> None:
    """The ledger had refused the debit for good: all is given back, once."""
    campaign_id = await backstage.launch(GENEROUS)
    await backstage.sit(engines[0], campaign_id, "ann", "wheel")
    driven = await accepted(backstage, await backstage.asked(campaign_id, "ann", "wheel", key="key"))
    assert driven.debit is not None
    await engines[0].drive(driven.play, driven.debit)
    await take_up(backstage, *engines)
    await asyncio.gather(*(engine.drive(driven.play) for engine in engines))
    rows = await rows_of(
        backstage.resources,
        "SELECT p.state, p.refusal::text AS refusal, t.draws_total, s.draws_reserved"
        " FROM play AS p JOIN participation AS t USING (campaign_id) JOIN seat AS s USING (campaign_id)",
    )
    refusal = '{"code": "insufficient_funds", "have": 0, "need": 10}'
    assert rows == [{"state": "rejected", "refusal": refusal, "draws_total": 0, "draws_reserved": 0}]


@pytest.mark.asyncio
async def test_a_debit_that_was_never_sent_in_time_is_buried(
    backstage: Stage, engines: tuple[Engine, Engine]
) -> None:
    """After its time the play is not charged any more, but cancelled; both sweepers agree."""
    asked = await begun(backstage, engines[0])
    driven = await accepted(backstage, asked)
    backstage.clock.now_ms = driven.play.apply_before_ms
    await take_up(backstage, *engines)
    assert await rows_of(
        backstage.resources, "SELECT p.state, o.state AS debit FROM play AS p, operation AS o"
    ) == [{"state": "cancelled", "debit": "fenced"}]
    assert backstage.balance("ann") == 100
