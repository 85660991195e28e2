"""The monitor follows the logs: each draw counts once, whoever counts and whoever dies."""

from typing import Any

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs

from game import telemetry
from game.campaigns.closing import close_pools
from game.monitor import following, store
from game.monitor.following import follow_draws, measure
from game.plays.engine import Engine
from game.resources import Resources
from tests.monitor.reading import alerts, counted
from tests.support.dying import ending_of
from tests.support.pools import cards, wheel
from tests.support.stage import DAY_MS, Stage
from tests.support.tokens import Issuer

pytestmark = pytest.mark.asyncio


async def sat(stage: Stage, engine: Engine, subject: str = "ann", points: int = 1_000, **terms: Any) -> str:
    """A campaign with a wheel in which somebody sits."""
    campaign_id = await stage.launch(wheel(**terms))
    stage.fund(subject, points)
    await stage.sit(engine, campaign_id, subject, "wheel")
    return campaign_id


async def test_each_draw_counts_once(stage: Stage, engine: Engine) -> None:
    """Wheels and cards, however often the logs are followed, and whoever holds one meanwhile."""
    campaign_id = await stage.launch(wheel(), cards())
    stage.fund("ann", 1_000)
    for pool_id, draws in (("wheel", 7), ("cards", 10)):
        await stage.sit(engine, campaign_id, "ann", pool_id)
        await stage.play(engine, campaign_id, "ann", pool_id, key=pool_id, draws=draws)
    async with stage.resources.pool.acquire() as conn:
        await store.find_logs(conn, limit=1)
        async with conn.transaction():
            assert len(await store.claim_logs(conn, logs=1, entries=1)) == 1
            assert await follow_draws(stage.resources) == 0
    for _ in range(2):
        counts = await counted(stage.resources)
        assert {key: sum(picks) for key, picks in counts.items()} == {
            ("wheel", "settled"): 7,
            ("cards", "settled"): 10,
        }
    assert await alerts(stage.resources) == []


async def test_the_draw_after_a_refusal_is_counted_apart(stage: Stage, engine: Engine) -> None:
    """Ann has too few points for five draws, then plays two: the first is the one that she would have had."""
    campaign_id = await sat(stage, engine, points=30)
    refused = await stage.play(engine, campaign_id, "ann", "wheel", key="five", draws=5)
    assert refused.state == "rejected"
    stage.clock.advance(1)
    await stage.play(engine, campaign_id, "ann", "wheel", key="two", draws=2)
    counts = await counted(stage.resources)
    assert {series: sum(picks) for (_, series), picks in counts.items()} == {"refused": 1, "settled": 1}


async def test_what_nobody_took_is_counted_after_the_close(
    stage: Stage, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next draw of each seat, one seat a run; of Bob's, whose play was refused, as refused too."""
    monkeypatch.setattr(following, "CHAIN_VALUES", 1)
    campaign_id = await sat(stage, engine)
    await stage.play(engine, campaign_id, "ann", "wheel", key="key", draws=3)
    await stage.sit(engine, campaign_id, "bob", "wheel")
    assert (await stage.play(engine, campaign_id, "bob", "wheel", key="key")).state == "rejected"
    await stage.sit(engine, campaign_id, "cat", "wheel")
    stage.clock.advance(10 * DAY_MS)
    assert await close_pools(stage.resources) == 1
    counts = await counted(stage.resources)
    sums = {series: sum(picks) for (_, series), picks in counts.items()}
    assert sums == {"settled": 3, "untaken": 3, "refused": 1}


SKEWED = """
INSERT INTO fit_count (campaign_id, pool_id, series, picks) VALUES ($1, 'wheel', 'settled', '{400,0,0,0,0}')
"""
BY_ANOTHER = """
UPDATE fit_log AS f SET next_index = l.size FROM log AS l WHERE f.campaign_id = $1 AND l.campaign_id = $1
"""
TOLD = {"pool": "wheel", "series": "settled", "draws": 401, "entry": None, "says": None}


async def test_an_alarm_is_raised_once(
    stage: Stage, engine: Engine, client: httpx.AsyncClient, issuer: Issuer
) -> None:
    """In the table, as an event, as a message to the brand and as a gauge, when the next draw is counted."""
    campaign_id = await sat(stage, engine)
    endpoint = {"url": "https://acme.example/hook", "types": ["fairness.alert"]}
    mia = issuer.headers("mia", "manager")
    await client.post("/v1/manage/webhook-endpoints", json=endpoint, headers=mia)
    await stage.resources.pool.execute(SKEWED, campaign_id)
    with capture_logs() as logged:
        for key in ("first", "second"):
            await stage.play(engine, campaign_id, "ann", "wheel", key=key)
            await counted(stage.resources)
    (alert,) = await alerts(stage.resources)
    assert (alert["series"], alert["draws"], alert["acknowledged_ms"]) == ("settled", 401, None)
    assert [(line["event"], line["draws"]) for line in logged] == [("fit.alert", 401)]
    told = await stage.resources.pool.fetchval("SELECT data::jsonb - 'campaign' FROM webhook_delivery")
    assert msgspec.json.decode(told) == TOLD
    await measure(stage.resources)
    assert telemetry.FIT_ALERTS.labels("settled")._value.get() == 1
    assert telemetry.FIT_BEHIND._value.get() == 0


async def test_a_log_that_cannot_be_read_holds_up_no_other(stage: Stage, engine: Engine) -> None:
    """It fails, and is tried again after the others."""
    broken, sound = [await sat(stage, engine) for _ in range(2)]
    for campaign_id in (broken, sound):
        await stage.play(engine, campaign_id, "ann", "wheel", key=campaign_id)
    read, spoil = (
        "SELECT entry FROM pool WHERE campaign_id = $1",
        "UPDATE pool SET entry = $2 WHERE campaign_id = $1",
    )
    entry = await stage.resources.pool.fetchval(read, broken)
    await stage.resources.pool.execute(spoil, broken, b"{}")
    failures = 0
    for _ in range(4):
        stage.clock.advance(1)
        try:
            await follow_draws(stage.resources)
        except Exception:
            failures += 1
    followed = "SELECT campaign_id FROM fit_log WHERE next_index > 0"
    assert await stage.resources.pool.fetchval(followed) == sound
    assert failures > 0
    await stage.resources.pool.execute(spoil, broken, entry)
    await counted(stage.resources)
    picks = "SELECT sum(pick) FROM fit_count, unnest(picks) AS pick"
    assert await stage.resources.pool.fetchval(picks) == 2


async def test_logs_are_followed_together(stage: Stage, engine: Engine) -> None:
    """A run takes the draws of several logs, each counted in its own, and no more entries than it may."""
    for campaign_id in [await sat(stage, engine) for _ in range(3)]:
        await stage.play(engine, campaign_id, "ann", "wheel", key=campaign_id, draws=2)
    # Each log has its pool, a seat and two draws.
    async with stage.resources.pool.acquire() as conn, conn.transaction():
        await store.find_logs(conn, limit=3)
        stretches = await store.claim_logs(conn, logs=3, entries=5)
    assert [each.until_index - each.next_index for each in stretches] == [4, 1]
    assert await follow_draws(stage.resources) == 12
    picks = "SELECT sum(pick) FROM fit_count, unnest(picks) AS pick GROUP BY campaign_id"
    assert [row["sum"] for row in await stage.resources.pool.fetch(picks)] == [2, 2, 2]


async def test_what_another_process_has_counted_is_no_gap(stage: Stage, engine: Engine) -> None:
    """What is kept of a seat is behind then: its draw before is read from the log again."""
    campaign_id = await sat(stage, engine)
    for key in ("ours", "theirs", "ours again"):
        await stage.play(engine, campaign_id, "ann", "wheel", key=key, draws=2)
        if key == "theirs":
            await stage.resources.pool.execute(BY_ANOTHER, campaign_id)
        await counted(stage.resources)
    assert {key: sum(picks) for key, picks in (await counted(stage.resources)).items()} == {
        ("wheel", "settled"): 4
    }
    assert await alerts(stage.resources) == []


@pytest.mark.slow
async def test_killed_while_counting(
    stage: Stage, engine: Engine, resources: Resources, database_url: str, redis_url: str
) -> None:
    """After each statement, before and after the close: each draw counts once, after however many deaths."""
    campaign_id = await sat(stage, engine)
    await stage.play(engine, campaign_id, "ann", "wheel", key="key", draws=5)
    arguments = (database_url, redis_url, stage.clock)
    await killed("follow", *arguments)
    stage.clock.advance(10 * DAY_MS)
    assert await close_pools(resources) == 1
    await counted_up_to_the_close(resources)
    await killed("close", *arguments)
    sums = {series: sum(picks) for (_, series), picks in (await counted(resources)).items()}
    assert sums == {"settled": 5, "untaken": 1}


async def counted_up_to_the_close(resources: Resources) -> None:
    """Follow the log alone."""
    while await follow_draws(resources):
        pass


async def killed(step: str, database_url: str, redis_url: str, clock: Any) -> None:
    """Have processes do a step, each killed one statement later, until one lives."""
    endings: list[int] = []
    while not endings or endings[-1]:
        arguments = [database_url, redis_url, str(len(endings) + 1), str(clock()), step]
        endings.append(await ending_of("tests.monitor.doomed", *arguments))
        assert len(endings) < 40
    assert len(endings) > 3
    assert {*endings[:-1]} == {-9}
