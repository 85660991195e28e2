"""A board in a scene, with a season that is frozen and rewarded and one that is open."""

from uuid import UUID, uuid5

import msgspec

from game.boards.folding import fold_scores
from game.boards.freezing import freeze_seasons
from game.boards.rewarding import reward_seasons
from game.players import player_id_of
from game.scores.rules import progress_of
from game.scores.service import score
from game.scores.store import Score, ScoreKey
from tests.boards.hall import board, prize
from tests.support.stage import Stage, player
from tests.tasks.shop import task

HOUR_MS = 3_600_000
METRIC = progress_of("buy")
TASK = "INSERT INTO task VALUES ($1, 'buy', 'acme', 'purchase.completed', NULL, $2)"
BOARD = "INSERT INTO board VALUES ($1, 'best', $2, $3)"
SEASONS = """
INSERT INTO board_season (campaign_id, board_id, season, starts_ms, ends_ms, counts_from_ms, counts_until_ms)
VALUES ($1, 'best', '2026-09-20', 1, $2, 0, $2), ($1, 'best', '2026-09-21', $2, $3, $2, $3)"""
CONTRIBUTION = "INSERT INTO task_contribution VALUES ($1, 'buy', $2, $3, '2026-09-20', $4)"
# Who has bought for how much in the first season, and in the second.
BOUGHT = {"zoe": (30, 10), "yan": (20, 10), "xia": (10, 0)}


async def define_board(stage: Stage, campaign_id: str) -> None:
    """A task, and a board that ranks by its progress; before anybody asks what boards there are."""
    pool, ended_ms = stage.resources.pool, stage.clock() - 2 * HOUR_MS
    written = board(
        metric="progress", task="buy", seasons="day", grace_hours=1, rewards=[prize(1, 2, amount=7)]
    )
    await pool.execute(TASK, campaign_id, msgspec.json.encode(task()).decode())
    await pool.execute(BOARD, campaign_id, METRIC, msgspec.json.encode(written).decode())
    await pool.execute(SEASONS, campaign_id, ended_ms, stage.clock() + 90 * 24 * HOUR_MS)


async def rank_players(stage: Stage, campaign_id: str) -> None:
    """Purchases in both seasons; the first one is over."""
    for subject, amounts in BOUGHT.items():
        for ago_hours, amount in zip((3, 0), amounts, strict=True):
            if amount:
                await _buy(stage, campaign_id, subject, amount, at_ms=stage.clock() - ago_hours * HOUR_MS)
    await fold_scores(stage.resources)
    assert await freeze_seasons(stage.resources) == 1
    assert await reward_seasons(stage.resources) == 2


async def _buy(stage: Stage, campaign_id: str, subject: str, amount: int, *, at_ms: int) -> None:
    player_id = await player_id_of(stage.resources, player(subject))
    event_id = uuid5(UUID(int=0), f"{subject}:{at_ms}")
    key = ScoreKey(campaign_id, player_id, METRIC, event_id.hex)
    async with stage.resources.pool.acquire() as conn, conn.transaction():
        await conn.execute(CONTRIBUTION, campaign_id, event_id, player_id, amount)
        await score(conn, stage.resources, [Score(key=key, amount=amount, at_ms=at_ms)])
