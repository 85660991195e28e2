"""The rows of tasks as they are defined, and what is known of players."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.db.statements import load
from game.tasks import streak_store
from game.tasks.channels import folded
from game.tasks.days import Zone, Zones
from game.tasks.drafts import TaskDraft, terms_of
from game.tasks.records import Published, Task
from game.tasks.rules import TASKS_MAX

CHANNELS_MAX: Final = 10_000
# No event is older than a dead letter may be when it is tried again, and a launch holds a brand to a thousand
# campaigns in each thirty days: seven thousand at the most.
LOOKED_AT_MAX: Final = 10_000

_SQL = load("game.tasks")


class Wanting(msgspec.Struct, frozen=True, kw_only=True):
    """A launched campaign for which events of a type count; `ended_ms` is None unless somebody ended it."""

    brand_id: str
    event_type: str
    campaign_id: str
    ended_ms: int | None


async def save_task(
    conn: Connection, draft: TaskDraft, *, campaign_id: str, task_id: str, brand_id: str
) -> None:
    """Write a task of a locked draft campaign."""
    badge_id = draft.reward.item if draft.reward.kind == "badge" else None
    encoded = msgspec.json.encode(draft).decode()
    await conn.execute(_SQL.save_task, campaign_id, task_id, brand_id, draft.event_type, badge_id, encoded)
    await conn.execute(_SQL.save_cap, campaign_id, task_id, draft.times_overall)


async def delete_task(conn: Connection, *, campaign_id: str, task_id: str) -> None:
    """Remove a task of a locked draft campaign."""
    await conn.execute(_SQL.delete_task, campaign_id, task_id)


async def tasks_of_campaign(conn: Connection, *, campaign_id: str) -> Published:
    """The tasks and streaks of a campaign; of a draft they may yet change."""
    tasks = {}
    for row in await conn.fetch(_SQL.tasks_of_campaign, campaign_id, TASKS_MAX):
        draft = msgspec.json.decode(row["draft"], type=TaskDraft)
        terms = terms_of(row["task_id"], draft, opens_ms=row["opens_ms"], closes_ms=row["closes_ms"])
        tasks[row["task_id"]] = Task(draft=draft, terms=terms)
    return Published(
        campaign_id=campaign_id,
        time_zone=await conn.fetchval(_SQL.zone_of_campaign, campaign_id),
        tasks=tasks,
        streaks=await streak_store.streaks_of_campaign(conn, campaign_id=campaign_id),
    )


async def forbidden_channels(conn: Connection, brand_ids: Collection[str]) -> Mapping[str, frozenset[str]]:
    """The share channels that brands forbid, folded: some were stored as they had been spelt."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in await conn.fetch(_SQL.forbidden_channels, list(brand_ids), CHANNELS_MAX):
        found[row["brand_id"]].add(folded(row["channel"]))
    return {brand_id: frozenset(channels) for brand_id, channels in found.items()}


async def set_channels(conn: Connection, channels: Collection[str], *, brand_id: str) -> None:
    """Forbid these share channels and no others, however they are spelt."""
    await conn.execute(_SQL.set_channels, brand_id, sorted(set(map(folded, channels))))


async def set_segments(
    conn: Connection, segments: Collection[str], *, brand_id: str, player_id: UUID
) -> None:
    """Put a player into these segments and no others."""
    await conn.execute(_SQL.set_segments, brand_id, player_id, sorted(segments))


async def segments_of(
    conn: Connection, player_ids: Collection[UUID], *, brand_ids: Collection[str]
) -> dict[UUID, frozenset[str]]:
    """The segments of players; no entry: none."""
    rows = await conn.fetch(_SQL.segments_of, list(brand_ids), list(player_ids))
    return {row["player_id"]: frozenset(row["segments"]) for row in rows}


async def zones_of(conn: Connection, player_ids: Collection[UUID]) -> dict[UUID, Zones]:
    """The time zones that players chose, oldest first; no entry: none, so that each campaign's own counts."""
    found: defaultdict[UUID, list[Zone]] = defaultdict(list)
    for row in await conn.fetch(_SQL.zones_of, list(player_ids)):
        found[row["player_id"]].append(Zone(row["since_ms"], row["name"]))
    return {player_id: tuple(zones) for player_id, zones in found.items()}


async def save_zone(conn: Connection, zone: Zone, *, player_id: UUID, now_ms: int) -> None:
    """Let a zone be a locked player's last one, and whatever waits be gone."""
    await conn.execute(_SQL.forget_waiting_zone, player_id, now_ms)
    await conn.execute(_SQL.save_zone, player_id, zone.since_ms, zone.name)


async def campaigns_of_events(
    conn: Connection, types: Collection[tuple[str, str]], *, since_ms: int
) -> list[Wanting]:
    """The campaigns that events count for, by brand and type, those aside that closed before."""
    brands, names = map(list, zip(*sorted(types), strict=True))
    rows = await conn.fetch(_SQL.campaigns_of_events, brands, names, since_ms, LOOKED_AT_MAX)
    return [Wanting(**row) for row in rows]
