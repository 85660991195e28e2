"""The rows of players' progress and completions. Whoever changes them has locked the player."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from game.db.connection import Connection
from game.db.statements import columns, load
from game.tasks.completing import Completion
from game.tasks.records import Contribution, TaskKey
from game.tasks.times import Step
from game.webhooks.store import Event

_SQL = load("game.tasks")

Place = tuple[TaskKey, date]
CapKey = tuple[str, str]


async def add_contributions(conn: Connection, added: Sequence[Contribution]) -> list[Contribution]:
    """Count events; those that had not counted for the task before."""
    rows = [
        (c.key.campaign_id, c.key.task_id, c.event_id, c.key.player_id, c.window_start, c.amount)
        for c in added
    ]
    stored = await conn.fetch(_SQL.add_contributions, *columns(rows, 6))
    new = {(row["campaign_id"], row["task_id"], row["event_id"]) for row in stored}
    return [c for c in added if (c.key.campaign_id, c.key.task_id, c.event_id) in new]


async def reverse_contributions(
    conn: Connection, reversals: Sequence[Event], *, now_ms: int
) -> list[Contribution]:
    """What the originals of these reversals had added; from now on it does not count."""
    asked = columns([(event.brand_id, event.event_id) for event in reversals], 2)
    rows = await conn.fetch(_SQL.reverse_contributions, *asked, now_ms)
    return [
        Contribution(
            key=_key(row), event_id=row["event_id"], window_start=row["window_start"], amount=row["amount"]
        )
        for row in rows
    ]


async def standing(conn: Connection, added: Sequence[Contribution]) -> list[Contribution]:
    """Those of contributions that count."""
    rows = await conn.fetch(
        _SQL.standing, *columns([(c.key.campaign_id, c.key.task_id, c.event_id) for c in added], 3)
    )
    there = {(row["campaign_id"], row["task_id"], row["event_id"]) for row in rows}
    return [c for c in added if (c.key.campaign_id, c.key.task_id, c.event_id) in there]


async def steps_of(conn: Connection, keys: Collection[TaskKey]) -> dict[TaskKey, list[Step]]:
    """What counts for tasks, and when it happened; of campaigns with a board for completions only."""
    found: defaultdict[TaskKey, list[Step]] = defaultdict(list)
    for row in await conn.fetch(_SQL.steps_of, *columns(map(_parts, keys), 3)):
        step = Step(at_ms=row["at_ms"], window_start=row["window_start"], amount=row["amount"])
        found[_key(row)].append(step)
    return found


async def add_progress(conn: Connection, sums: Mapping[Place, int]) -> dict[Place, int]:
    """Add to windows; what is in them now."""
    return await _change(conn, _SQL.add_progress, sums)


async def take_progress(conn: Connection, sums: Mapping[Place, int]) -> dict[Place, int]:
    """Take from windows what was added before; what is left."""
    left = await _change(conn, _SQL.take_progress, sums)
    assert left.keys() == sums.keys(), "what is taken was added"
    return left


async def _change(conn: Connection, statement: str, sums: Mapping[Place, int]) -> dict[Place, int]:
    rows = [(*_parts(key), start, amount) for (key, start), amount in sorted(sums.items())]
    stored = await conn.fetch(statement, *columns(rows, 5)) if rows else ()
    return {(_key(row), row["window_start"]): row["progress"] for row in stored}


async def add_earned(conn: Connection, changes: Mapping[TaskKey, int]) -> None:
    """Change what all windows together have earned."""
    rows = [(*_parts(key), by) for key, by in sorted(changes.items())]
    await conn.execute(_SQL.add_earned, *columns(rows, 4))


async def earned_of(conn: Connection, keys: Collection[TaskKey]) -> dict[TaskKey, int]:
    """What all windows together have earned; no entry: nothing yet."""
    rows = await conn.fetch(_SQL.earned_of, *columns(map(_parts, keys), 3))
    return {_key(row): row["earned"] for row in rows}


async def completions_of(conn: Connection, keys: Collection[TaskKey]) -> list[Completion]:
    """All completions, the withdrawn ones too."""
    rows = await conn.fetch(_SQL.completions_of, *columns(map(_parts, keys), 3))
    return [_completion(row) for row in rows]


async def save_completions(conn: Connection, completions: Sequence[Completion], *, now_ms: int) -> None:
    """Write completions, new or changed."""
    rows = [
        (*_parts(c.key), c.nth, c.completion_id, c.generation, c.state, c.has_place, c.reason, c.appeal)
        for c in completions
    ]
    await conn.execute(_SQL.save_completions, *columns(rows, 10), now_ms)


async def lock_caps(conn: Connection, keys: Collection[CapKey]) -> dict[CapKey, int]:
    """The places left under caps over all players, locked; no entry: there is no bound."""
    rows = await conn.fetch(_SQL.lock_caps, *columns(sorted(keys), 2)) if keys else ()
    return {(row["campaign_id"], row["task_id"]): row["free"] for row in rows}


async def take_places(conn: Connection, taken: Mapping[CapKey, int]) -> None:
    """Take places of locked caps."""
    if taken:
        rows = [(*key, places) for key, places in sorted(taken.items())]
        await conn.execute(_SQL.take_places, *columns(rows, 3))


async def lock_players_of(conn: Connection, player_ids: Collection[UUID]) -> None:
    """Let nobody else change what these players have done until the transaction ends."""
    await conn.execute(_SQL.lock_players_of, list(player_ids))


async def is_player(conn: Connection, player_id: UUID, *, subject: str) -> bool:
    """Whether a player is this subject of the brand."""
    return bool(await conn.fetchval(_SQL.is_player, player_id, subject))


async def find_completion(conn: Connection, *, campaign_id: str, completion_id: UUID) -> Completion | None:
    """A completion by its id; None: there is none."""
    row = await conn.fetchrow(_SQL.find_completion, campaign_id, completion_id)
    return None if row is None else _completion(row)


async def completions_to_review(
    conn: Connection, *, campaign_id: str, after: UUID, limit: int
) -> list[Completion]:
    """One page of the completions about which a person has to decide."""
    rows = await conn.fetch(_SQL.completions_to_review, campaign_id, after, limit)
    return [_completion(row) for row in rows]


def _completion(row: Any) -> Completion:
    """A completion as it is stored."""
    fields = dict(row)
    key = TaskKey(fields.pop("campaign_id"), fields.pop("player_id"), fields.pop("task_id"))
    return Completion(key=key, **fields)


def _parts(key: TaskKey) -> tuple[str, UUID, str]:
    return key.campaign_id, key.player_id, key.task_id


def _key(row: Any) -> TaskKey:
    return TaskKey(row["campaign_id"], row["player_id"], row["task_id"])
