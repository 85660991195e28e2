"""Campaigns that are played while they are replaced and closed; an auditor has the last word."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from game.campaigns.closing import close_pools
from game.campaigns.drafts import PoolDraft
from game.campaigns.replacement import publish_replacements, replace_pool
from game.errors import Refusal
from game.plays.engine import Engine
from game.resources import Resources
from ledger_client.testing import Fault
from tests.campaigns.office import AskedLedger
from tests.support.auditing import verified
from tests.support.pools import BEACON, cards, wheel
from tests.support.service import ManualClock
from tests.support.stage import MANAGER, Stage, engine_of
from tests.support.tokens import Issuer

DAY_MS = 86_400_000
LAST_MINUTES_MS = 300_000
PLAYERS = [f"p{number}" for number in range(6)]


@pytest_asyncio.fixture
async def stage(
    resources: Resources, ledger: AskedLedger, clock: ManualClock, issuer: Issuer
) -> AsyncIterator[Stage]:
    """A brand whose players have points; all of its campaigns are audited at the end."""
    del issuer
    made = Stage(resources, ledger, clock)
    for subject in PLAYERS:
        made.fund(subject, 10_000)
    yield made
    await made.audit()


@pytest_asyncio.fixture
async def engine(resources: Resources) -> AsyncIterator[Engine]:
    """What drives the plays."""
    made = engine_of(resources)
    yield made
    await made.close()


async def play_all(stage: Stage, engine: Engine, campaign_id: str, pool_id: str, key: str) -> list[str]:
    """Everybody takes a seat and plays at once; each play's state, or the code of its refusal."""

    async def play(subject: str) -> str:
        try:
            await stage.sit(engine, campaign_id, subject, pool_id)
            return (await stage.play(engine, campaign_id, subject, pool_id, key=key, draws=2)).state
        except Refusal as refusal:
            return refusal.code

    return list(await asyncio.gather(*(play(subject) for subject in PLAYERS)))


async def topped_up(stage: Stage, campaign_id: str, table: dict[str, Any], pool_id: str) -> bool:
    """Put a table in the place of a pool."""
    draft = msgspec.convert(table, PoolDraft)
    return await replace_pool(stage.resources, MANAGER, draft, campaign_id=campaign_id, pool_id=pool_id)


@pytest.mark.asyncio
async def test_a_wheel_is_topped_up_between_plays(stage: Stage, engine: Engine, clock: ManualClock) -> None:
    """Plays go on in the new pool, under the same pseudonym and counts; both close, and the replay agrees."""
    campaign_id = await stage.launch(wheel(guarantee={"draws": 3, "rows": 4}))
    assert await play_all(stage, engine, campaign_id, "wheel", "first") == ["settled"] * 6
    table = wheel("more", guarantee={"draws": 3, "rows": 4})
    assert await topped_up(stage, campaign_id, table, "wheel")
    assert set(await play_all(stage, engine, campaign_id, "wheel", "second")) == {"no_more_seats"}
    assert await play_all(stage, engine, campaign_id, "more", "third") == ["settled"] * 6
    draws = await stage.resources.pool.fetch("SELECT draws FROM standing")
    assert [row["draws"] for row in draws] == [4] * 6
    clock.advance(10 * DAY_MS)
    assert await close_pools(stage.resources) == 2
    report = await verified(stage.resources, campaign_id)
    assert (report.verdict, [(pool.closed, pool.draws) for pool in report.pools]) == (
        "OK",
        [(True, 12), (True, 12)],
    )


@pytest.mark.asyncio
async def test_a_replacement_among_plays_in_flight(stage: Stage, engine: Engine) -> None:
    """Each play is settled in the old pool or refused; none is charged for a pool that is gone."""
    campaign_id = await stage.launch(cards())
    table = cards("more")
    states, done = await asyncio.gather(
        play_all(stage, engine, campaign_id, "cards", "first"), topped_up(stage, campaign_id, table, "cards")
    )
    assert set(states) <= {"settled", "no_more_seats", "pool_draining", "pool_replaced"}
    if not done:
        assert await publish_replacements(stage.resources) == 1
    assert await play_all(stage, engine, campaign_id, "more", "second") == ["settled"] * 6


@pytest.mark.asyncio
async def test_a_doubtful_play_holds_a_replacement_up(
    stage: Stage, engine: Engine, ledger: AskedLedger
) -> None:
    """Its debit may have been applied, so its draw may still come out of the old pool."""
    campaign_id = await stage.launch(cards())
    await stage.sit(engine, campaign_id, "p0", "cards")
    ledger.faults.append(Fault.LOSE_ANSWER)
    doubtful = await stage.play(engine, campaign_id, "p0", "cards", key="first")
    assert doubtful.state in ("funding", "resolving")
    assert not await topped_up(stage, campaign_id, cards("more"), "cards")
    assert await publish_replacements(stage.resources) == 0
    settled = await stage.play(engine, campaign_id, "p0", "cards", key="first")
    while settled.state != "settled":
        settled = await stage.play(engine, campaign_id, "p0", "cards", key="first")
    assert await publish_replacements(stage.resources) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("seat_draws", [1, 24])
async def test_a_pool_with_a_beacon_closes_after_its_last_round(
    stage: Stage, engine: Engine, clock: ManualClock, seat_draws: int
) -> None:
    """Sealed or not: paid in the last minutes, drawn when the value is there, closed after that."""
    campaign_id = await stage.launch(wheel(beacon=BEACON, seat_draws=seat_draws))
    clock.advance(10 * DAY_MS - LAST_MINUTES_MS)
    paid = await stage.play(engine, campaign_id, "p0", "wheel", key="last")
    assert paid.state == "paid"
    clock.advance(LAST_MINUTES_MS)
    assert await close_pools(stage.resources) == 0
    assert await stage.deliver(engine, campaign_id) == 1
    settled = await stage.play(engine, campaign_id, "p0", "wheel", key="last")
    assert settled.state == "settled"
    assert await close_pools(stage.resources) == 1
    assert (await verified(stage.resources, campaign_id)).pools[0].closed


@pytest.mark.asyncio
async def test_the_last_ticket_closes_the_urn(stage: Stage, engine: Engine) -> None:
    """Before its time, with every ticket drawn, and those that were left covered uncovered."""
    campaign_id = await stage.launch(cards())
    for number in range(3):
        await play_all(stage, engine, campaign_id, "cards", f"play {number}")
    for number in range(2):
        await stage.play(engine, campaign_id, "p0", "cards", key=f"more {number}", draws=2)
    assert await close_pools(stage.resources) == 1
    [pool] = (await verified(stage.resources, campaign_id)).pools
    assert (pool.draws, pool.closed, [row.left for row in pool.rows]) == (40, True, [0, 0, 0])
    assert await stage.resources.pool.fetchval("SELECT count(*) FROM draw WHERE uncovered_ms IS NULL") == 0
