"""What streaks tell the boards: the longest run of a player, since the day on which it was that long."""

from collections.abc import Collection, Mapping

from game.db.connection import Connection
from game.resources import Resources
from game.scores.rules import streak_of
from game.scores.service import forget, score, wanted
from game.scores.store import Score, ScoreKey
from game.tasks import repair_store, streak_store
from game.tasks import store as known_store
from game.tasks.days import start_of, within
from game.tasks.reaching import days_of, folded
from game.tasks.records import Published
from game.tasks.streak_records import StreakKey
from game.tasks.streaks import Streak

LONGEST = "longest"


async def rescore_streaks(
    conn: Connection, resources: Resources, campaigns: Mapping[str, Published], moved: Collection[StreakKey]
) -> None:
    """Score these streaks of locked players anew, by all of their days."""
    ranked = [key for key in sorted(moved) if await _is_ranked(conn, resources, key)]
    if not ranked:
        return
    checked = await streak_store.checked_days(conn, ranked)
    repairs = await repair_store.paid_repairs(conn, ranked)
    chosen = await known_store.zones_of(conn, {key.player_id for key in ranked})
    scores, gone = [], []
    for key in ranked:
        campaign, days = campaigns[key.campaign_id], days_of(checked[key], repairs[key])
        if not days.checked:
            gone.append(_score_key(key))
            continue
        zones = within(chosen.get(key.player_id, ()), campaign.time_zone)
        found = folded(campaign.streaks[key.streak_id], days, zones)
        scores.append(_score(key, found, time_zone=campaign.time_zone))
    await score(conn, resources, scores)
    await forget(conn, resources, gone)


def _score(key: StreakKey, found: Streak, *, time_zone: str) -> Score:
    """Of all players by the days of the campaign, so that nobody is first by living in the east."""
    reached = next(day.day for day in found.days if day.run == found.longest)
    return Score(key=_score_key(key), amount=found.longest, at_ms=start_of(reached, time_zone))


def _score_key(key: StreakKey) -> ScoreKey:
    return ScoreKey(key.campaign_id, key.player_id, streak_of(key.streak_id), LONGEST)


async def _is_ranked(conn: Connection, resources: Resources, key: StreakKey) -> bool:
    return streak_of(key.streak_id) in (await wanted(conn, resources, key.campaign_id)).ranked
