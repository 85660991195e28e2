"""Where all agrees, nothing is reported, however much was played, and however it is looked at."""

import asyncio

import asyncpg
import pytest

from game.db.migrate import migrate
from game.db.migrations import read_migrations
from game.plays.engine import Engine
from game.plays.views import PlayView
from game.resources import Resources
from ledger_client.testing import FakeLedger, Fault
from tests.reconcile.world import HOUR_MS, World
from tests.support.pools import pool, row
from tests.support.service import ManualClock
from tests.support.stage import Stage, engine_of

PLAYERS = 200
SEAT_DRAWS = 256
ASKS_MAX = 5
PLAYS_MANY = 4_000
PLAYS_VERY_MANY = 100_000


@pytest.mark.asyncio
async def test_a_clean_run_has_no_breaks(world: World) -> None:
    """Neither in the first pass nor in a full one, and nothing is changed by either."""
    before = await world.stage.counts()
    assert await world.breaks() == []
    assert await world.breaks(full=True) == []
    assert await world.stage.counts() == before
    copied = await world.resources.pool.fetchval("SELECT count(*) FROM ledger_entry")
    paid_while_waiting, funded, refused = 1, 1, 1
    of_plays = len(world.debits) + len(world.credits) + paid_while_waiting
    assert copied == of_plays + len(world.rewards) + len(world.returns) - refused + funded


@pytest.mark.asyncio
async def test_many_plays_have_no_breaks(
    resources: Resources, ledger: FakeLedger, clock: ManualClock
) -> None:
    """Looked at while they are played, with answers that are lost, and when it is all over."""
    await _play_and_compare(resources, ledger, clock, plays=PLAYS_MANY)


@pytest.mark.slow
@pytest.mark.asyncio
async def test_very_many_plays_have_no_breaks(
    resources: Resources, ledger: FakeLedger, clock: ManualClock
) -> None:
    """A hundred thousand."""
    await _play_and_compare(resources, ledger, clock, plays=PLAYS_VERY_MANY)


async def _play_and_compare(
    resources: Resources, ledger: FakeLedger, clock: ManualClock, *, plays: int
) -> None:
    stage = Stage(resources, ledger, clock)
    rows = [row("coin", "points", 1, weight=1), row("thanks", weight=1)]
    terms = pool("wheel", *rows, draws_cap=plays, seat_draws=SEAT_DRAWS)
    world = World(stage, await stage.launch(terms))
    engine = engine_of(resources)
    for nth in range(PLAYERS):
        stage.fund(f"player-{nth}", 10 * plays)
    for round_ in range(plays // PLAYERS):
        await _round(world, engine, round_)
        if round_ % 20 == 5:
            assert await world.breaks() == []
    await engine.close()
    clock.advance(2 * HOUR_MS)
    assert await world.breaks() == []
    assert await world.breaks(full=True) == []
    settled = await resources.pool.fetchval("SELECT count(*) FROM play WHERE state = 'settled'")
    copied = await resources.pool.fetchval("SELECT count(*) FROM ledger_entry")
    assert settled == plays // PLAYERS * PLAYERS
    assert copied == len(ledger.feed) - PLAYERS > settled


async def _round(world: World, engine: Engine, round_: int) -> None:
    """Every player plays once; one debit's answer is lost, and its player asks again, as after a 503."""
    subjects = [f"player-{nth}" for nth in range(PLAYERS)]
    if round_ % SEAT_DRAWS == 0:
        for subject in subjects:
            await world.stage.sit(engine, world.campaign_id, subject, "wheel")
    world.ledger.faults.append(Fault.LOSE_ANSWER)
    for _ in range(ASKS_MAX):
        answers = await asyncio.gather(
            *(
                world.stage.play(engine, world.campaign_id, subject, "wheel", key=f"key-{round_}")
                for subject in subjects
            ),
            return_exceptions=True,
        )
        assert all(isinstance(answer, PlayView | TimeoutError) for answer in answers), answers
        if all(isinstance(answer, PlayView) and answer.state == "settled" for answer in answers):
            return
    raise AssertionError(answers)


@pytest.mark.asyncio
async def test_what_was_played_before_is_compared(empty_database_url: str) -> None:
    """A database of the release before comes forward; its passes begin at the beginning."""
    migrations = read_migrations()
    assert await migrate(empty_database_url, migrations[:3]) == [each.name for each in migrations[:3]]
    assert (await migrate(empty_database_url, migrations))[0] == "0004_reconciliation.sql"
    connection = await asyncpg.connect(empty_database_url)
    try:
        rows = await connection.fetch(
            "SELECT pass, after_seq, judged_seq, next_ms, done_ms FROM reconciliation"
        )
    finally:
        await connection.close()
    assert sorted(map(tuple, rows)) == [("full", 0, 0, 0, None), ("recent", 0, 0, 0, None)]
