"""Plays in doubt on a ledger without a fence, over HTTP: ended only by what is proven."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from game.plays.accept import Driven, accept_batch
from game.plays.engine import Engine
from game.plays.sweep import LEASE_MS, sweep
from game.resources import Resources
from ledger_client import Applied, Lane, LedgerClient
from ledger_client.testing import FakeLedger
from tests.ledger.fenceless import without_fence
from tests.ledger.serving import Sandbox, serving
from tests.support.pools import pool, row
from tests.support.service import ManualClock
from tests.support.stage import Stage, engine_of

LOSING = pool("wheel", row("thanks", weight=1), draws_cap=100)
ACCOUNT = "player:acme.ann"


@pytest_asyncio.fixture
async def sandbox(empty_database_url: str, clock: ManualClock) -> AsyncIterator[Sandbox]:
    """A ledger at the service's time, in which Ann has points."""
    async with serving(empty_database_url) as found:
        found.clock.now_ms = clock()
        await found.fund(ACCOUNT, 100)
        yield found


@pytest_asyncio.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[LedgerClient]:
    """A client of it that finds no fence there."""
    async with without_fence(sandbox.url) as found:
        yield found


@pytest_asyncio.fixture
async def engine(resources: Resources, client: LedgerClient) -> AsyncIterator[Engine]:
    """An engine that charges there."""
    made = engine_of(replace(resources, ledger=client))
    yield made
    await made.close()


@pytest_asyncio.fixture
async def driven(resources: Resources, engine: Engine, clock: ManualClock) -> Driven:
    """Ann's play, stored by a process that died then; its campaign is launched with a bank of its own."""
    bank = FakeLedger(now_ms=clock)
    stage = Stage(replace(resources, ledger=bank), bank, clock)
    campaign_id = await stage.launch(LOSING)
    await stage.sit(engine, campaign_id, "ann", "wheel")
    (found,) = await accept_batch(
        engine.resources, [await stage.asked(campaign_id, "ann", "wheel", key="key")]
    )
    assert isinstance(found, Driven)
    return found


async def swept(engine: Engine, clock: ManualClock) -> str:
    """How the play stands after a sweep, some time later."""
    clock.advance(LEASE_MS)
    await sweep(engine)
    return str(await engine.resources.pool.fetchval("SELECT state FROM play"))


@pytest.mark.asyncio
async def test_it_is_cancelled_only_once_the_ledger_is_past_its_time(
    engine: Engine, driven: Driven, sandbox: Sandbox, clock: ManualClock
) -> None:
    """The service's clock is ahead: until the ledger's own is past, the debit might still be applied."""
    clock.now_ms = driven.play.apply_before_ms
    for ledger_ms in (sandbox.clock(), driven.play.apply_before_ms):
        sandbox.clock.now_ms = ledger_ms
        assert await swept(engine, clock) == "resolving"
    sandbox.clock.now_ms += 1
    assert await swept(engine, clock) == "cancelled"
    assert await engine.resources.pool.fetchval("SELECT state FROM operation") == "expired"
    assert (await engine.resources.ledger.account(ACCOUNT)).posted == 100


@pytest.mark.asyncio
async def test_a_debit_that_was_applied_is_found(
    engine: Engine, driven: Driven, sandbox: Sandbox, clock: ManualClock
) -> None:
    """Whoever had sent it died with the answer: the play is paid, and settles."""
    assert driven.debit is not None
    outcome = await engine.resources.ledger.apply(
        operation_id=driven.debit.operation_id,
        body=driven.debit.body,
        lane=Lane.PLAY,
        subject=driven.debit.subject,
        deadline=float("inf"),
    )
    assert isinstance(outcome, Applied)
    clock.now_ms = sandbox.clock.now_ms = driven.play.apply_before_ms + 1
    assert await swept(engine, clock) == "settled"
    assert (await engine.resources.ledger.account(ACCOUNT)).posted == 90


@pytest.mark.asyncio
async def test_what_was_told_to_be_cancelled_is_never_charged(
    engine: Engine, driven: Driven, sandbox: Sandbox, clock: ManualClock
) -> None:
    """Its debit arrives after all: the ledger refuses it by itself."""
    assert driven.debit is not None
    clock.now_ms = sandbox.clock.now_ms = driven.play.apply_before_ms + 1
    assert await swept(engine, clock) == "cancelled"
    await sandbox.post("/v1/operations", driven.debit.body)
    assert (await engine.resources.ledger.account(ACCOUNT)).posted == 100
