"""A streak in the scene's campaign: kept, broken, repaired, and repaired for nothing."""

import json
from typing import Final
from uuid import UUID

from game.ledger.service import send
from game.players import player_id_of
from game.tasks.processing import take_in
from game.tasks.repairing import repair_day
from game.webhooks.store import Event
from tests.support.stage import DAY_MS, Stage, player
from tests.tasks.diary import POLICY, milestone, streak

PLAYERS: Final = ("gus", "hal", "ida")
_STREAK = "INSERT INTO streak VALUES ($1, 'daily', 'acme', 'checkin.created', $2, 10)"
_MILESTONES = "INSERT INTO streak_milestone SELECT $1, 'daily', unnest(ARRAY[2, 4]), NULL, 100"


async def keep_streaks(stage: Stage, campaign_id: str) -> None:
    """Three players come on two days and miss the third; it is repaired by one, and by one without points.

    The third repairs it too, and is said to have come after all. Days later they come once more.
    """
    draft = streak(policy=POLICY | {"freezes_held": 0}, milestones=[milestone(2), milestone(4)])
    await stage.resources.pool.execute(_STREAK, campaign_id, json.dumps(draft))
    await stage.resources.pool.execute(_MILESTONES, campaign_id)
    for number in (0, 1, 3):
        await _come(stage, number)
        stage.clock.advance(DAY_MS * (2 if number == 1 else 1) if number < 3 else 0)
    for subject, points in (("gus", 60), ("hal", 60)):
        stage.fund(subject, points)
    for subject in PLAYERS:
        await _repair(stage, campaign_id, subject)
    stage.clock.advance(-DAY_MS)
    await _come(stage, 2, "hal")
    stage.clock.advance(DAY_MS)


async def _come(stage: Stage, number: int, *subjects: str) -> None:
    for subject in subjects or PLAYERS:
        player_id = await player_id_of(stage.resources, player(subject))
        async with stage.resources.pool.acquire() as conn, conn.transaction():
            due = await take_in(conn, stage.resources, [_event(stage, player_id, f"{subject}-{number}")])
        await send(stage.resources, due)


def _event(stage: Stage, player_id: UUID, occurrence: str) -> Event:
    return Event(
        brand_id="acme",
        event_id=stage.resources.new_id(),
        source="shop",
        type="checkin.created",
        reverses=None,
        player_id=player_id,
        occurrence=occurrence,
        sequence=None,
        occurred_ms=stage.clock(),
        attributes={},
        attempts=0,
        next_attempt_ms=0,
    )


async def _repair(stage: Stage, campaign_id: str, subject: str) -> None:
    missed = await stage.resources.pool.fetchval(
        "SELECT max(day) - 1 FROM streak_day WHERE campaign_id = $1", campaign_id
    )
    await repair_day(
        stage.resources, player(subject), campaign_id=campaign_id, streak_id="daily", day=missed, key="repair"
    )
