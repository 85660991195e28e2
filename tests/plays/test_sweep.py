"""Plays that nobody drives any more, wherever they were left: taken up, and ended as they would have."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from game.fair.rounds import round_time_ms
from game.ledger import service as outbox
from game.plays import store
from game.plays.accept import Driven, accept_batch
from game.plays.clerk import WAITING_PLAYS_MAX, WantDraws, write_batch
from game.plays.engine import Engine
from game.plays.rules import Asked, PaidWith, Play
from game.plays.settling import LATE_BEACON_MS, Funded
from game.plays.sweep import CLAIM_MAX, LEASE_MS, sweep
from ledger_client import Applied, Lane
from tests.support.auditing import rows_of
from tests.support.pools import BEACON, pool, row, wheel
from tests.support.stage import Stage, another_engine

# Every draw wins points, so that nothing of a play can happen twice without being seen.
GENEROUS = pool("wheel", row("points", "points", 7, weight=1), draws_cap=1_000)
SWEEPS_MAX = 10


@pytest_asyncio.fixture
async def engines(backstage: Stage) -> AsyncIterator[tuple[Engine, Engine]]:
    """Two engines that never saw the play before."""
    async with another_engine(backstage.resources) as one, another_engine(backstage.resources) as two:
        yield one, two


async def accepted(stage: Stage, asked: Asked) -> Driven:
    """A play that is stored, by a process that dies then."""
    (driven,) = await accept_batch(stage.resources, [asked])
    assert isinstance(driven, Driven)
    return driven


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


async def begun(stage: Stage, engine: Engine, paid_with: PaidWith = "points") -> Asked:
    """Ann in a seat of the generous wheel with 100 points, asking for three draws."""
    campaign_id = await stage.launch(GENEROUS)
    stage.fund("ann", 100)
    await stage.sit(engine, campaign_id, "ann", "wheel")
    return await stage.asked(campaign_id, "ann", "wheel", key="key", draws=3, paid_with=paid_with)


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


@pytest.mark.asyncio
async def test_what_a_round_does_not_drive_on_is_swept(
    backstage: Stage, engines: tuple[Engine, Engine]
) -> None:
    """A round drives on as many plays as one transaction may; a sweep draws those that are left over."""
    campaign_id = await backstage.launch(wheel(price_points=0, seat_draws=100, beacon=BEACON))
    await backstage.sit(engines[0], campaign_id, "ann", "wheel")
    asked = [
        await backstage.asked(campaign_id, "ann", "wheel", key=f"{n}") for n in range(WAITING_PLAYS_MAX + 3)
    ]
    await accept_batch(backstage.resources, asked)
    backstage.clock.advance(LEASE_MS)
    await backstage.deliver(engines[0], campaign_id)
    states = await rows_of(backstage.resources, "SELECT state FROM play")
    assert Counter(row["state"] for row in states) == {"settled": WAITING_PLAYS_MAX, "paid": 3}
    assert [await sweep(engine) for engine in engines] == [3, 0]


async def claimed(stage: Stage, *, until_ms: int) -> list[Play]:
    """What a sweeper would take up now; nobody else gets it before `until_ms`."""
    async with stage.resources.pool.acquire() as conn:
        return await store.claim_unfinished(
            conn, now_ms=stage.clock(), until_ms=until_ms, limit=9, with_uncharged=True
        )


@pytest.mark.asyncio
async def test_free_plays_do_not_wait_for_the_ledger(
    backstage: Stage, engines: tuple[Engine, Engine]
) -> None:
    """While it is away, plays in doubt keep their turn, and those that are paid are drawn."""
    asked = await begun(backstage, engines[0])
    campaign_id = asked.terms.campaign_id
    await accepted(backstage, asked)
    await backstage.grant(campaign_id, "ann", 1)
    free = await backstage.asked(campaign_id, "ann", "wheel", key="free", paid_with="chance")
    await accepted(backstage, free)
    backstage.clock.advance(LEASE_MS)
    backstage.ledger.reachable = False
    assert await sweep(engines[0]) == 1
    states = await rows_of(backstage.resources, "SELECT paid_with, state FROM play ORDER BY paid_with")
    assert states == [
        {"paid_with": "chance", "state": "settled"},
        {"paid_with": "points", "state": "funding"},
    ]
    backstage.ledger.reachable = True
    assert await sweep(engines[0]) == 1


@pytest.mark.asyncio
async def test_a_play_is_left_alone_until_its_turn(backstage: Stage, engines: tuple[Engine, Engine]) -> None:
    """The process that accepted it has its deadline first; whoever claims it has a lease."""
    asked = await begun(backstage, engines[0])
    await accepted(backstage, asked)
    assert [await sweep(engine) for engine in engines] == [0, 0]
    backstage.clock.advance(LEASE_MS)
    assert [len(await claimed(backstage, until_ms=backstage.clock() + LEASE_MS)) for _ in range(2)] == [1, 0]
    assert await sweep(engines[0]) == 0
    backstage.clock.advance(LEASE_MS)
    assert await sweep(engines[1]) == 1


@pytest.mark.asyncio
async def test_a_play_that_waits_for_its_round_is_not_looked_at_before(
    backstage: Stage, engines: tuple[Engine, Engine]
) -> None:
    """Its turn comes a little after its round is public."""
    campaign_id = await backstage.launch(wheel(beacon=BEACON))
    backstage.fund("ann", 100)
    play = await backstage.play(engines[0], campaign_id, "ann", "wheel", key="key")
    assert play.seat is not None
    due_ms = round_time_ms(play.seat.round or 0) + LATE_BEACON_MS
    for now_ms, plays in ((due_ms - 1, 0), (due_ms, 1)):
        backstage.clock.now_ms = now_ms
        assert len(await claimed(backstage, until_ms=due_ms)) == plays


@pytest.mark.asyncio
async def test_a_sweep_is_bounded_and_comes_again(backstage: Stage, engines: tuple[Engine, Engine]) -> None:
    """More than one sweep may claim are ended by the next."""
    campaign_id = await backstage.launch(wheel(price_points=0, seat_draws=100))
    await backstage.sit(engines[0], campaign_id, "ann", "wheel")
    asked = [await backstage.asked(campaign_id, "ann", "wheel", key=f"{n}") for n in range(CLAIM_MAX + 3)]
    await accept_batch(backstage.resources, asked)
    backstage.clock.advance(LEASE_MS)
    assert [await sweep(engines[0]) for _ in range(3)] == [CLAIM_MAX, 3, 0]


@pytest.mark.asyncio
async def test_a_play_that_cannot_be_driven_holds_up_no_other(
    backstage: Stage, engines: tuple[Engine, Engine]
) -> None:
    """Bytes that the ledger does not understand stay for a person to see; the other play is settled."""
    campaign_id = await backstage.launch(GENEROUS)
    backstage.fund("ann", 100)
    await backstage.sit(engines[0], campaign_id, "ann", "wheel")
    broken, sound = [
        await accepted(backstage, await backstage.asked(campaign_id, "ann", "wheel", key=key))
        for key in ("broken", "sound")
    ]
    await backstage.resources.pool.execute(
        "UPDATE operation SET body = '{}' WHERE play_id = $1", broken.play.play_id
    )
    backstage.clock.advance(LEASE_MS)
    assert await sweep(engines[0]) == 1
    rows = await rows_of(backstage.resources, "SELECT play_id, state FROM play")
    states = {row["play_id"]: row["state"] for row in rows}
    assert states == {broken.play.play_id: "funding", sound.play.play_id: "settled"}
