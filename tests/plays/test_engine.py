"""The plays of one process: bounded, and orderly at its end."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from game.errors import Unavailable
from game.ledger.service import RESEND_AFTER_MS, resend_due
from game.plays import engine as plays
from game.plays.accept import Driven
from game.plays.clerk import Sitting, WantSeat
from game.plays.engine import Engine
from ledger_client.testing.fake import Fault
from tests.support.auditing import rows_of
from tests.support.pools import pool, row
from tests.support.stage import Stage, another_engine

GENEROUS = pool("wheel", row("points", "points", 7, weight=1), draws_cap=100)


@pytest_asyncio.fixture
async def engine(backstage: Stage) -> AsyncIterator[Engine]:
    """An engine with connections of its own."""
    async with another_engine(backstage.resources) as made:
        yield made


async def accepted(stage: Stage, engine: Engine) -> Driven:
    """A play of Ann's that nobody drives yet."""
    campaign_id = await stage.launch(GENEROUS)
    stage.fund("ann", 100)
    await stage.sit(engine, campaign_id, "ann", "wheel")
    return await engine.accept(await stage.asked(campaign_id, "ann", "wheel", key="key"))


@pytest.mark.asyncio
async def test_closing_lets_plays_and_their_credits_end(backstage: Stage, engine: Engine) -> None:
    """What is under way is settled, and the credits that follow from it are sent."""
    driven = await accepted(backstage, engine)
    engine.drive(driven.play, driven.debit)
    await engine.close()
    rows = await rows_of(backstage.resources, "SELECT kind, state FROM operation ORDER BY kind")
    assert rows == [{"kind": "credit", "state": "applied"}, {"kind": "debit", "state": "applied"}]
    assert backstage.balance("ann") == 97


@pytest.mark.asyncio
async def test_closing_does_not_wait_for_ever(
    backstage: Stage, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A play that hangs is cut off and said to be; a sweeper takes it up."""
    monkeypatch.setattr(plays, "GRACE_SECONDS", 0.01)
    driven = await accepted(backstage, engine)
    backstage.ledger.faults.append(Fault.HANG)
    task = engine.drive(driven.play, driven.debit)
    with capture_logs() as logs:
        await engine.close()
    assert {"event": "engine.cut_off", "log_level": "warning", "plays": 1, "credits": 0} in logs
    assert (await task).play.state == "resolving"


@pytest.mark.asyncio
async def test_one_play_has_one_driver(backstage: Stage, engine: Engine) -> None:
    """Whoever wants it driven while it is gets the task that is under way."""
    driven = await accepted(backstage, engine)
    first, second = engine.drive(driven.play, driven.debit), engine.drive(driven.play)
    assert first is second
    await first
    await asyncio.sleep(0)
    assert engine.drive(driven.play) is not first


@pytest.mark.asyncio
async def test_more_plays_than_can_be_driven_are_not_accepted(
    backstage: Stage, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told before anything is stored."""
    monkeypatch.setattr(plays, "DRIVEN_MAX", 1)
    driven = await accepted(backstage, engine)
    backstage.ledger.faults.append(Fault.HANG)
    task = engine.drive(driven.play, driven.debit)
    asked = await backstage.asked(driven.play.campaign_id, "ann", "wheel", key="more")
    with pytest.raises(Unavailable) as refused:
        await engine.accept(asked)
    assert (refused.value.code, refused.value.numbers) == ("busy", {"waiting": 1})
    await task
    assert len(await rows_of(backstage.resources, "SELECT 1 FROM play")) == 1


@pytest.mark.asyncio
async def test_idle_clerks_are_let_go(
    backstage: Stage, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that has seen many campaigns keeps the clerks of those that are busy, and serves all."""
    monkeypatch.setattr(plays, "CLERKS_MAX", 2)
    wants = []
    for _ in range(4):
        asked = await backstage.asked(await backstage.launch(GENEROUS), "ann", "wheel", key="key")
        wants.append(WantSeat(terms=asked.terms, player_id=asked.player_id, seed=None))
    for want in wants:
        assert isinstance(await engine.seat(want), Sitting)
    sittings = await asyncio.gather(*(engine.seat(want) for want in wants * 4))
    assert len({sitting.seat.seat_id for sitting in sittings}) == 4


@pytest.mark.asyncio
async def test_a_failure_that_nobody_waits_for_is_logged(backstage: Stage, engine: Engine) -> None:
    """A request that has timed out hears no more of its play, but whoever reads the log does."""
    driven = await accepted(backstage, engine)
    missing = msgspec.structs.replace(driven.play, play_id=UUID(int=0), state="paid")
    with capture_logs() as logs:
        engine.drive(missing)
        await engine.close()
    assert [(line["event"], line["play"]) for line in logs] == [("play.not_driven_on", missing.wire_id)]


@pytest.mark.asyncio
async def test_credits_beyond_the_limit_are_left_to_the_sweeper(
    backstage: Stage, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are owed from the settle on, and sent once their turn comes."""
    monkeypatch.setattr(plays, "CREDITING_MAX", 0)
    driven = await accepted(backstage, engine)
    await engine.drive(driven.play, driven.debit)
    await engine.close()
    credit = "SELECT state FROM operation WHERE kind = 'credit'"
    assert await rows_of(backstage.resources, credit) == [{"state": "due"}]
    backstage.clock.advance(RESEND_AFTER_MS)
    assert await resend_due(backstage.resources) == 1
    assert await rows_of(backstage.resources, credit) == [{"state": "applied"}]


@pytest.mark.asyncio
async def test_credits_that_cannot_be_sent_are_logged(backstage: Stage, engine: Engine) -> None:
    """The play is settled all the same; its prize stays due."""
    driven = await accepted(backstage, engine)
    async with backstage.resources.pool.acquire() as conn, conn.transaction():
        await conn.execute(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'full'; END $$"
        )
        await conn.execute(
            "CREATE TRIGGER failing BEFORE UPDATE ON operation FOR EACH ROW"
            " WHEN (new.kind = 'credit') EXECUTE FUNCTION fail()"
        )
    with capture_logs() as logs:
        assert (await engine.drive(driven.play, driven.debit)).play.state == "settled"
        await engine.close()
    assert "credits.not_sent" in [line["event"] for line in logs]
