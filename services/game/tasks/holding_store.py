"""What players have of the tasks and the streaks of a campaign, each read in one round trip."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.db.statements import load
from game.tasks.completing import Completion, State
from game.tasks.days import Zone
from game.tasks.records import TaskKey

COMPLETIONS_MAX: Final = 10_000

_SQL = load("game.tasks")

Place = tuple[str, date]
"""A task, and the day on which one of its windows starts."""


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """What a player has. `zones` are those that the player chose, `full` tasks that have no place left."""

    zones: tuple[Zone, ...]
    segments: frozenset[str]
    progress: Mapping[Place, int]
    completions: Sequence[Completion]
    full: frozenset[str]


class Held(msgspec.Struct, frozen=True):
    """What a player has, as it was read: what has the same texts is the same."""

    zones: str
    rest: str


class _Completed(msgspec.Struct, frozen=True):
    task_id: str
    nth: int
    completion_id: UUID
    generation: int
    state: State
    has_place: bool
    reason: str | None
    appeal: str | None


class _Rest(msgspec.Struct, frozen=True):
    segments: frozenset[str]
    windows: list[int]
    completions: list[_Completed]
    full: frozenset[str]


class StreakHolding(msgspec.Struct, frozen=True, kw_only=True):
    """What a player has of streaks. `waiting` are days whose repair is under way, `full` milestones that have
    no place left, `used_up` streaks of which no more days are repaired.
    """

    checked: Mapping[str, frozenset[date]]
    repaired: Mapping[str, frozenset[date]]
    waiting: Sequence[tuple[str, date]]
    full: frozenset[tuple[str, int]]
    used_up: frozenset[str]


_zones = msgspec.json.Decoder(tuple[Zone, ...])
_rest = msgspec.json.Decoder(_Rest)
_of_streaks = msgspec.json.Decoder(StreakHolding)


async def held_by(
    conn: Connection,
    places: Sequence[Place],
    player_ids: Sequence[UUID],
    *,
    campaign_id: str,
    brand_id: str,
) -> list[Held]:
    """What each player has, with the progress in these windows."""
    task_ids, starts = [task_id for task_id, _ in places], [start for _, start in places]
    rows = await conn.fetch(
        _SQL.holdings_of_players, campaign_id, player_ids, brand_id, task_ids, starts, COMPLETIONS_MAX
    )
    return [Held(row["zones"], row["rest"]) for row in rows]


async def streaks_held_by(conn: Connection, player_ids: Sequence[UUID], *, campaign_id: str) -> list[Held]:
    """What each player has of the streaks of a campaign."""
    rows = await conn.fetch(_SQL.streak_holdings_of_players, campaign_id, player_ids)
    return [Held(row["zones"], row["rest"]) for row in rows]


def streak_holding(held: Held) -> StreakHolding:
    """What was read of streaks."""
    return _of_streaks.decode(held.rest)


def zones_in(held: Held) -> tuple[Zone, ...]:
    """The zones that the player chose."""
    return _zones.decode(held.zones)


def holding(held: Held, places: Sequence[Place], *, campaign_id: str, player_id: UUID) -> Holding:
    """What was read for these windows."""
    rest = _rest.decode(held.rest)
    return Holding(
        zones=zones_in(held),
        segments=rest.segments,
        progress=dict(zip(places, rest.windows, strict=True)),
        completions=[_completion(each, campaign_id, player_id) for each in rest.completions],
        full=rest.full,
    )


def _completion(completed: _Completed, campaign_id: str, player_id: UUID) -> Completion:
    fields = msgspec.structs.asdict(completed)
    key = TaskKey(campaign_id, player_id, fields.pop("task_id"))
    return Completion(key=key, **fields)
