"""The rows of streaks as they are defined, of players' days, and of the milestones that they have reached.

Whoever changes what a player has, has locked the player.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.db.statements import columns, load
from game.tasks.streak_drafts import STREAKS_MAX, StreakDraft, terms_of
from game.tasks.streak_records import Defined, Mark, Reach, StreakKey
from game.webhooks.store import Event

_SQL = load("game.tasks")

CapKey = tuple[str, str, int]
DayKey = tuple[StreakKey, date]


async def save_streak(
    conn: Connection, draft: StreakDraft, *, campaign_id: str, streak_id: str, brand_id: str
) -> None:
    """Write a streak of a locked draft campaign, with its milestones."""
    await delete_streak(conn, campaign_id=campaign_id, streak_id=streak_id)
    encoded = msgspec.json.encode(draft).decode()
    await conn.execute(
        _SQL.insert_streak, campaign_id, streak_id, brand_id, draft.event_type, draft.repairs_overall, encoded
    )
    rows = [
        (each.days, each.reward.item if each.reward.kind == "badge" else None, each.times_overall)
        for each in draft.milestones
    ]
    await conn.execute(_SQL.insert_milestones, campaign_id, streak_id, *columns(rows, 3))


async def delete_streak(conn: Connection, *, campaign_id: str, streak_id: str) -> None:
    """Remove a streak of a locked draft campaign."""
    await conn.execute(_SQL.delete_streak, campaign_id, streak_id)


async def streaks_of_campaign(conn: Connection, *, campaign_id: str) -> dict[str, Defined]:
    """The streaks of a campaign by id; of a draft they may yet change."""
    found = {}
    for row in await conn.fetch(_SQL.streaks_of_campaign, campaign_id, STREAKS_MAX):
        draft = msgspec.json.decode(row["draft"], type=StreakDraft)
        terms = terms_of(row["streak_id"], draft, opens_ms=row["opens_ms"], closes_ms=row["closes_ms"])
        found[row["streak_id"]] = Defined(draft=draft, terms=terms)
    return found


async def add_marks(conn: Connection, marks: Sequence[Mark]) -> list[Mark]:
    """Count events for days; those that had not counted for the streak before."""
    rows = [(m.key.campaign_id, m.key.streak_id, m.event_id, m.key.player_id, m.day) for m in marks]
    stored = await conn.fetch(_SQL.add_marks, *columns(rows, 5)) if rows else ()
    new = {(row["campaign_id"], row["streak_id"], row["event_id"]) for row in stored}
    return [m for m in marks if (m.key.campaign_id, m.key.streak_id, m.event_id) in new]


async def reverse_marks(conn: Connection, reversals: Sequence[Event], *, now_ms: int) -> list[Mark]:
    """The days of the originals of these reversals, which count no more for them."""
    ids = columns([(event.brand_id, event.event_id) for event in reversals], 2)
    rows = await conn.fetch(_SQL.reverse_marks, *ids, now_ms) if reversals else ()
    return [Mark(key=_key(row), event_id=row["event_id"], day=row["day"]) for row in rows]


async def add_days(conn: Connection, sums: Mapping[DayKey, int]) -> dict[DayKey, int]:
    """Add so many events to days; how many stand on them now."""
    return await _change(conn, _SQL.add_days, sums)


async def take_days(conn: Connection, sums: Mapping[DayKey, int]) -> dict[DayKey, int]:
    """Take so many events from days, to which they were added before; how many are left."""
    left = await _change(conn, _SQL.take_days, sums)
    assert left.keys() == sums.keys(), "what is taken was added"
    return left


async def _change(conn: Connection, statement: str, sums: Mapping[DayKey, int]) -> dict[DayKey, int]:
    rows = [(*_parts(key), day, events) for (key, day), events in sorted(sums.items())]
    stored = await conn.fetch(statement, *columns(rows, 5)) if rows else ()
    return {(_key(row), row["day"]): row["events"] for row in stored}


async def checked_days(conn: Connection, keys: Collection[StreakKey]) -> dict[StreakKey, frozenset[date]]:
    """The days of players' streaks on which an event stands."""
    found: dict[StreakKey, set[date]] = {key: set() for key in keys}
    for row in await conn.fetch(_SQL.days_of, *columns(map(_parts, sorted(keys)), 3)):
        found[_key(row)].add(row["day"])
    return {key: frozenset(days) for key, days in found.items()}


async def reaches_of(conn: Connection, keys: Collection[StreakKey]) -> dict[StreakKey, dict[int, Reach]]:
    """The milestones of players, the withdrawn ones too."""
    found: dict[StreakKey, dict[int, Reach]] = {key: {} for key in keys}
    for row in await conn.fetch(_SQL.reaches_of, *columns(map(_parts, sorted(keys)), 3)):
        reach = Reach(
            key=_key(row),
            days=row["days"],
            generation=row["generation"],
            state=row["state"],
            has_place=row["has_place"],
        )
        found[reach.key][reach.days] = reach
    return found


async def save_reaches(conn: Connection, reaches: Sequence[Reach], *, now_ms: int) -> None:
    """Write milestones of players, new or changed."""
    rows = [(*_parts(r.key), r.days, r.generation, r.state, r.has_place) for r in reaches]
    if rows:
        await conn.execute(_SQL.save_reaches, *columns(rows, 7), now_ms)


async def lock_milestones(conn: Connection, keys: Collection[CapKey]) -> dict[CapKey, int]:
    """The places left under milestones, locked; no entry: there is no cap."""
    rows = await conn.fetch(_SQL.lock_milestones, *columns(sorted(keys), 3)) if keys else ()
    return {(row["campaign_id"], row["streak_id"], row["days"]): row["free"] for row in rows}


async def take_milestones(conn: Connection, taken: Mapping[CapKey, int]) -> None:
    """Take places of locked milestones."""
    if taken:
        rows = [(*key, places) for key, places in sorted(taken.items())]
        await conn.execute(_SQL.take_milestones, *columns(rows, 4))


async def over_ms(conn: Connection, *, campaign_id: str) -> int:
    """From when on nothing counts in a campaign: its close, or its end by somebody before."""
    return int(await conn.fetchval(_SQL.campaign_over_ms, campaign_id))


def _parts(key: StreakKey) -> tuple[str, UUID, str]:
    return key.campaign_id, key.player_id, key.streak_id


def _key(row: Any) -> StreakKey:
    return StreakKey(row["campaign_id"], row["player_id"], row["streak_id"])
