"""What an outage leaves is worked off at a bounded share of the ledger: plays in doubt, then credits."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from game.ledger.service import CLAIM_LIMIT, RESEND_AFTER_MS
from game.plays import engine as engines
from game.plays.accept import Driven, accept_batch
from game.plays.engine import Engine
from game.plays.sweep import CLAIM_MAX, DRAIN_SHARE, LEASE_MS, PROBE_SIZE, Drain, drain_size, sweep
from game.resources import Resources
from game.tasks.repairing import sweep_repairs
from game.worker import BACKOFF_LIMIT_MS, Step, pause_ms, run_steps
from ledger_client import Outcome
from ledger_client.testing import FakeLedger, Fault
from tests.ledger.scripted import at_once, scripted
from tests.support.pools import pool, row
from tests.support.service import ManualClock
from tests.support.stage import Stage, another_engine, engine_of

# Every draw wins points.
GENEROUS = pool("wheel", row("points", "points", 7, weight=1), draws_cap=1_000, seat_draws=200)
BACKLOG = 100
WORK_SECONDS = 0.02
POLLS_MAX = 3_000


@pytest_asyncio.fixture
async def engine(backstage: Stage) -> AsyncIterator[Engine]:
    """An engine with connections of its own."""
    async with another_engine(backstage.resources) as made:
        yield made


async def asked_for(stage: Stage, engine: Engine, *counts: int) -> list[list[Driven]]:
    """Ann's plays on a generous wheel, stored in batches of so many and driven by nobody."""
    campaign_id = await stage.launch(GENEROUS)
    stage.fund("ann", 10_000)
    await stage.sit(engine, campaign_id, "ann", "wheel")
    batches = []
    for nth, count in enumerate(counts):
        asked = [
            await stage.asked(campaign_id, "ann", "wheel", key=f"{nth}-{number}") for number in range(count)
        ]
        stored = await accept_batch(stage.resources, asked)
        batches.append([found for found in stored if isinstance(found, Driven)])
    return batches


def test_a_batch_grows_with_what_was_decided() -> None:
    """From a probe up to a limit, and back when nothing was."""
    sizes = [PROBE_SIZE]
    for _ in range(6):
        sizes.append(drain_size(sizes[-1]))
    assert sizes == [8, 16, 32, 64, 128, CLAIM_LIMIT, CLAIM_LIMIT]
    assert [drain_size(decided) for decided in (0, 3, 20)] == [PROBE_SIZE, PROBE_SIZE, 40]


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
@pytest.mark.parametrize("is_busy", [True, False])
def test_a_step_rests_in_proportion_to_its_work(share: float, *, is_busy: bool) -> None:
    """Whether it has more to do or not; one that may always be at work goes on at once."""
    step = Step(name="a", run=Drain.__call__, interval_ms=100, share=share)  # type: ignore[arg-type]
    rest_ms = pause_ms(step, took_ms=600, is_busy=is_busy, failures=0)
    assert 600 / (600 + rest_ms) <= share
    assert rest_ms == max(600 / share - 600, 0 if is_busy else 100)
    assert pause_ms(step, took_ms=0, is_busy=False, failures=9) == BACKOFF_LIMIT_MS


@pytest.mark.asyncio
async def test_plays_come_before_credits(
    backstage: Stage, engine: Engine, ledger: FakeLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A probe of plays and growing batches of them; then the credits, which were due before them."""
    monkeypatch.setattr(engines, "CREDITING_MAX", 0)
    won, _ = await asked_for(backstage, engine, 40, BACKLOG)
    await asyncio.gather(*(engine.drive(driven.play, driven.debit) for driven in won))
    backstage.clock.advance(RESEND_AFTER_MS)
    ledger.reachable = False
    drain = Drain(engine, repairs=sweep_repairs)
    assert [await drain(backstage.resources) for _ in range(2)] == [0, 0]
    ledger.reachable = True
    sent = [await sent_by(drain, backstage) for _ in range(9)]
    plays = ["p" * 8, "p" * 16, "p" * 32, "p" * 44]
    assert sent == [*plays, "d" * 40, "", "", "", ""]


@pytest.mark.asyncio
async def test_a_ledger_that_decides_nothing_is_probed(
    backstage: Stage, engine: Engine, ledger: FakeLedger
) -> None:
    """However much is due: it hears no more of it than a few plays until it answers."""
    await asked_for(backstage, engine, BACKLOG)
    backstage.clock.advance(LEASE_MS)
    drain = Drain(engine, repairs=sweep_repairs)
    ledger.faults.extend([Fault.LOSE_ANSWER] * 3 * PROBE_SIZE)
    sent = [(await sent_by(drain, backstage)).count("p") for _ in range(5)]
    assert sent == [PROBE_SIZE, PROBE_SIZE, PROBE_SIZE, PROBE_SIZE, 2 * PROBE_SIZE]


async def sent_by(drain: Drain, stage: Stage) -> str:
    """What one batch sends, one letter each: `p` for a play's debit, `d` for a draw's credit."""
    before = len(stage.ledger.received)
    await drain(stage.resources)
    return "".join(operation_id[0] for operation_id, _ in stage.ledger.received[before:])


class Slow(FakeLedger):
    """Takes its time, and keeps when it was at work."""

    def __init__(self, *, now_ms: ManualClock) -> None:
        super().__init__(now_ms=now_ms)
        self.at_work: list[tuple[float, float]] = []

    async def apply(self, **sent: Any) -> Outcome:
        clock = asyncio.get_running_loop().time
        began = clock()
        await asyncio.sleep(WORK_SECONDS)
        outcome = await super().apply(**sent)
        self.at_work.append((began, clock()))
        return outcome


@pytest.mark.asyncio
async def test_a_backlog_leaves_the_ledger_its_share(
    resources: Resources, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until all is worked off, a process keeps one call busy for no more than the share of the time."""
    monkeypatch.setattr(engines, "CREDITING_MAX", 0)
    ledger = Slow(now_ms=clock)
    stage = Stage(replace(resources, ledger=ledger), ledger, clock)
    runs: list[tuple[float, float]] = []
    async with another_engine(stage.resources) as engine:
        await asked_for(stage, engine, BACKLOG)
        clock.advance(LEASE_MS)
        drain = timed(Drain(engine, repairs=sweep_repairs), runs)
        async with run_steps(stage.resources, [Step(name="a", run=drain, interval_ms=1, share=DRAIN_SHARE)]):
            await all_sent(ledger)
    batches = [(began, end) for began, end in runs if any(began <= at <= end for at, _ in ledger.at_work)]
    assert len(batches) == 4
    assert all(any(began <= at and until <= end for began, end in batches) for at, until in ledger.at_work)
    busy_seconds = sum(end - began for began, end in batches[:-1])
    assert busy_seconds / (batches[-1][0] - batches[0][0]) <= DRAIN_SHARE
    await stage.audit()


def timed(drain: Drain, runs: list[tuple[float, float]]) -> Callable[[Resources], Awaitable[int]]:
    """The same, and it is kept when it ran."""

    async def run(resources: Resources) -> int:
        clock = asyncio.get_running_loop().time
        began = clock()
        decided = await drain(resources)
        runs.append((began, clock()))
        return decided

    return run


async def all_sent(ledger: Slow) -> None:
    """Poll until the ledger has decided the whole backlog."""
    for _ in range(POLLS_MAX):
        if len(ledger.at_work) >= BACKLOG:
            return
        await asyncio.sleep(WORK_SECONDS)
    raise AssertionError(f"{len(ledger.at_work)} of {BACKLOG} were sent")


@pytest.mark.asyncio
async def test_fresh_plays_do_not_wait_for_the_backlog(resources: Resources, clock: ManualClock) -> None:
    """A batch of the backlog hangs in the ledger: a play that is accepted now is charged beside it."""
    bank = FakeLedger(now_ms=clock)
    stage = Stage(replace(resources, ledger=bank), bank, clock)
    async with scripted() as there, at_once(there) as client:
        engine = engine_of(replace(resources, ledger=client))
        (waiting,) = await asked_for(stage, engine, BACKLOG)
        clock.advance(LEASE_MS)
        there.gate.clear()
        draining = asyncio.create_task(sweep(engine))
        await there.arrived(1)
        campaign_id = waiting[0].play.campaign_id
        await stage.sit(engine, campaign_id, "bo", "wheel")
        playing = asyncio.create_task(stage.play(engine, campaign_id, "bo", "wheel", key="fresh"))
        await there.arrived(2)
        assert [len(call.ids) for call in there.calls] == [CLAIM_MAX, 1]
        there.gate.set()
        assert (await playing).state == "settled"
        await draining
        await engine.close()
