"""Boards of draws: they follow the log, and tell nothing of covered tickets."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from game.boards.defining import save_board
from game.boards.drafts import BoardDraft
from game.boards.freezing import PATIENCE_MS, freeze_seasons
from game.campaigns.badge_store import define_badge
from game.campaigns.closing import close_pools
from game.campaigns.drafting import add_pool, create_campaign
from game.campaigns.drafts import CampaignDraft, PoolDraft
from game.campaigns.launch import launch
from game.campaigns.records import Badge
from game.campaigns.rules import Text
from game.instants import to_datetime
from game.plays import service
from game.plays.engine import Engine
from game.resources import Resources
from game.scores.following import follow_logs
from tests.boards.dying import killed
from tests.boards.hall import added_up, board
from tests.support.pools import NAME, pool, row
from tests.support.service import ManualClock
from tests.support.settled import resources_of
from tests.support.stage import BUDGET_POINTS, DAY_MS, MANAGER, Stage, engine_of, player

pytestmark = pytest.mark.asyncio

TIGER = Badge(badge_id="tiger", name=Text(zh="虎", en="Tiger"), description=Text(zh="虎", en="Tiger"))
METRICS = ("draws", "points", "badges")


def tiger(**shares: int) -> dict[str, Any]:
    """A row that pays the badge."""
    made = row("tiger", "badge", **shares)
    return made | {"prize": made["prize"] | {"badge": "tiger"}}


@pytest_asyncio.fixture
async def stage(
    database_url: str, redis_url: str, ledger: Any, clock: ManualClock, issuer: Any
) -> AsyncIterator[Stage]:
    """Without steps."""
    del issuer
    async with resources_of(database_url, redis_url, ledger=ledger, clock=clock) as resources:
        made = Stage(resources, ledger, clock)
        yield made
        await made.audit()


@pytest_asyncio.fixture
async def engine(stage: Stage) -> AsyncIterator[Engine]:
    """What plays."""
    made = engine_of(stage.resources)
    yield made
    await made.close()


async def launched(stage: Stage, *metrics: str) -> str:
    """A campaign with a wheel and cards that win points or a badge, and with these boards."""
    resources, now_ms = stage.resources, stage.clock()
    schedule = {
        "opens": to_datetime(now_ms),
        "closes": to_datetime(now_ms + DAY_MS),
        "time_zone": "Asia/Shanghai",
    }
    draft = {"name": NAME, "rules": NAME, "schedule": schedule, "limits": {}}
    campaign_id = await create_campaign(resources, MANAGER, msgspec.convert(draft, CampaignDraft))
    async with resources.pool.acquire() as conn:
        await define_badge(conn, TIGER, campaign_id=campaign_id)
    wheel = pool("wheel", row("coin", "points", 7, weight=1), draws_cap=100, price_points=0)
    cards = pool("cards", tiger(count=5), row("coin", "points", 9, count=5), price_points=0)
    for each in (wheel, cards):
        await add_pool(resources, MANAGER, msgspec.convert(each, PoolDraft), campaign_id=campaign_id)
    for metric in metrics:
        written = msgspec.convert(board(metric=metric), BoardDraft)
        await save_board(resources, MANAGER, written, campaign_id=campaign_id, board_id=metric)
    stage.ledger.fund(f"campaign:{campaign_id}:budget", BUDGET_POINTS)
    await launch(resources, MANAGER, campaign_id=campaign_id)
    stage.campaign_ids.append(campaign_id)
    return campaign_id


async def scores(resources: Resources) -> dict[str, dict[str, int]]:
    """The score of each player on each board."""
    await added_up(resources)
    rows = await resources.pool.fetch(
        "SELECT board_id, subject, score FROM board_standing JOIN player USING (player_id) WHERE score > 0"
    )
    found: dict[str, dict[str, int]] = {}
    for each in rows:
        found.setdefault(each["board_id"], {})[each["subject"]] = each["score"]
    return found


async def test_draws_and_their_points_count(stage: Stage, engine: Engine) -> None:
    """Once each, in the order of the log and at its times; following it again counts nothing twice."""
    campaign_id = await launched(stage, *METRICS)
    for subject, draws in (("ann", 2), ("bob", 3)):
        await stage.sit(engine, campaign_id, subject, "wheel")
        stage.clock.advance(1_000)
        await stage.play(engine, campaign_id, subject, "wheel", key="key", draws=draws)
    assert await scores(stage.resources) == {"draws": {"ann": 2, "bob": 3}, "points": {"ann": 14, "bob": 21}}
    times = await stage.resources.pool.fetch(
        "SELECT DISTINCT at_ms FROM score WHERE metric = 'draws' ORDER BY at_ms"
    )
    assert [row["at_ms"] for row in times] == [stage.clock() - 1_000, stage.clock()]
    await stage.resources.pool.execute("UPDATE score_log SET next_index = 0")
    assert (await scores(stage.resources))["draws"] == {"ann": 2, "bob": 3}


async def test_a_covered_ticket_tells_nothing(stage: Stage, engine: Engine) -> None:
    """Its points and badges count when it is uncovered, by its player or at the close."""
    campaign_id = await launched(stage, *METRICS)
    await stage.sit(engine, campaign_id, "ann", "cards")
    play = await stage.play(engine, campaign_id, "ann", "cards", key="key", draws=10)
    assert await scores(stage.resources) == {"draws": {"ann": 10}}
    await service.uncover(engine, player("ann"), play.id, range(1, 6))
    before = await scores(stage.resources)
    assert before["points"]["ann"] == 9 * await held(stage, "points")
    await service.uncover(engine, player("ann"), play.id, range(1, 6))
    assert await scores(stage.resources) == before
    stage.clock.advance(DAY_MS)
    assert await close_pools(stage.resources) == 2
    after = await scores(stage.resources)
    assert after == {"draws": {"ann": 10}, "points": {"ann": 45}, "badges": {"ann": 1}}


async def held(stage: Stage, kind: str) -> int:
    """How many prizes of a kind are uncovered."""
    return int(
        await stage.resources.pool.fetchval(
            "SELECT count(*) FROM prize_grant JOIN draw USING (campaign_id, entry_index)"
            " WHERE kind = $1 AND uncovered_ms IS NOT NULL",
            kind,
        )
    )


async def test_two_follow_and_one_dies(stage: Stage, engine: Engine) -> None:
    """What was rolled back is followed again."""
    campaign_id = await launched(stage, "draws")
    await stage.sit(engine, campaign_id, "ann", "wheel")
    await stage.play(engine, campaign_id, "ann", "wheel", key="key", draws=4)
    async with stage.resources.pool.acquire() as conn, conn.transaction():
        await conn.execute("SELECT FROM score_log FOR UPDATE")
        assert await follow_logs(stage.resources) == 0
    assert await follow_logs(stage.resources) > 0
    assert await scores(stage.resources) == {"draws": {"ann": 4}}


async def test_a_campaign_without_boards_keeps_no_scores(stage: Stage, engine: Engine) -> None:
    """Nothing is written, and nobody follows its log."""
    campaign_id = await launched(stage)
    await stage.sit(engine, campaign_id, "ann", "wheel")
    await stage.play(engine, campaign_id, "ann", "wheel", key="key")
    assert await scores(stage.resources) == {}
    for table in ("score", "score_due", "score_log"):
        assert await stage.resources.pool.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_the_last_season_waits_for_its_draws(stage: Stage, engine: Engine) -> None:
    """For the close, which uncovers what is covered, and for the log; then all of it is in the result."""
    campaign_id = await launched(stage, "points")
    await stage.sit(engine, campaign_id, "ann", "cards")
    await stage.play(engine, campaign_id, "ann", "cards", key="key", draws=10)
    stage.clock.advance(3 * DAY_MS)
    assert await freeze_seasons(stage.resources) == 0
    assert await close_pools(stage.resources) == 2
    assert await freeze_seasons(stage.resources) == 0
    await follow_logs(stage.resources)
    assert await freeze_seasons(stage.resources) == 1
    assert await stage.resources.pool.fetchval("SELECT score FROM board_result") == 45


async def test_a_campaign_that_does_not_close_holds_its_last_season_back_for_a_week(
    stage: Stage, engine: Engine
) -> None:
    """Players have their ranks then."""
    campaign_id = await launched(stage, "draws")
    await stage.sit(engine, campaign_id, "ann", "wheel")
    await stage.play(engine, campaign_id, "ann", "wheel", key="key")
    await added_up(stage.resources)
    stage.clock.advance(3 * DAY_MS)
    assert await freeze_seasons(stage.resources) == 0
    stage.clock.advance(PATIENCE_MS)
    assert await freeze_seasons(stage.resources) == 1


@pytest.mark.slow
async def test_killed_while_following(
    stage: Stage, engine: Engine, database_url: str, redis_url: str
) -> None:
    """Each draw counts once, after however many deaths."""
    campaign_id = await launched(stage, "draws", "points")
    await stage.sit(engine, campaign_id, "ann", "wheel")
    await stage.play(engine, campaign_id, "ann", "wheel", key="key", draws=5)
    await killed(stage.clock, "follow", (database_url, redis_url))
    assert await scores(stage.resources) == {"draws": {"ann": 5}, "points": {"ann": 35}}
