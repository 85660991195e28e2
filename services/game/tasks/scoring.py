"""What tasks tell the boards: progress when it happened, and completions when they were reached."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from game.db.connection import Connection
from game.resources import Resources
from game.scores.rules import TASKS, progress_of
from game.scores.service import forget, score, wanted
from game.scores.store import Score, ScoreKey
from game.tasks import progress_store
from game.tasks.completing import APPROVED
from game.tasks.records import Contribution, Published, TaskKey
from game.tasks.times import Step, completion_times

Campaigns = Mapping[str, Published]
Steps = Mapping[TaskKey, Sequence[Step]]


async def rescore(
    conn: Connection,
    resources: Resources,
    campaigns: Campaigns,
    *,
    added: Sequence[Contribution],
    gone: Sequence[Contribution],
    times: Mapping[UUID, int],
) -> None:
    """Score what was added and settled, and no more what is gone; `times` (ms) are those of the events.

    Call it when completions are settled: an event that comes late may tell that they were reached earlier.
    """
    scored = [each for each in added if await _is_scored(conn, resources, each)]
    lost = [each for each in gone if await _is_scored(conn, resources, each)]
    if not scored and not lost:
        return
    standing = await progress_store.standing(conn, scored)
    await score(
        conn,
        resources,
        [Score(key=_progress(each), amount=each.amount, at_ms=times[each.event_id]) for each in standing],
    )
    await forget(conn, resources, [_progress(each) for each in lost])
    await rescore_completions(conn, resources, campaigns, [each.key for each in (*scored, *lost)])


async def rescore_completions(
    conn: Connection, resources: Resources, campaigns: Campaigns, changed: Iterable[TaskKey]
) -> None:
    """Score completions of these tasks of locked players, and of the tasks that hang together with them."""
    touched: defaultdict[tuple[str, UUID], set[str]] = defaultdict(set)
    for key in changed:
        if TASKS in (await wanted(conn, resources, key.campaign_id)).ranked:
            touched[key.campaign_id, key.player_id].add(key.task_id)
    keys = [TaskKey(*of, each) for of, ids in touched.items() for each in campaigns[of[0]].chain(ids)]
    if not keys:
        return
    reached = _reached(campaigns, await progress_store.steps_of(conn, keys), keys)
    there = await progress_store.completions_of(conn, keys)
    await score(
        conn,
        resources,
        [
            Score(key=_completion(each.key, each.nth), amount=1, at_ms=reached[each.key][each.nth - 1])
            for each in there
            if each.state in APPROVED
        ],
    )
    withdrawn = [_completion(each.key, each.nth) for each in there if each.state not in APPROVED]
    await forget(conn, resources, withdrawn)


def _reached(campaigns: Campaigns, steps: Steps, keys: Iterable[TaskKey]) -> dict[TaskKey, Sequence[int]]:
    chains: defaultdict[tuple[str, UUID], list[str]] = defaultdict(list)
    for key in keys:
        chains[key.campaign_id, key.player_id].append(key.task_id)
    return {
        TaskKey(*of, task_id): times
        for of, task_ids in chains.items()
        for task_id, times in completion_times(
            {each: campaigns[of[0]].tasks[each].terms for each in task_ids},
            {each: steps.get(TaskKey(*of, each), ()) for each in task_ids},
        ).items()
    }


async def _is_scored(conn: Connection, resources: Resources, each: Contribution) -> bool:
    found = await wanted(conn, resources, each.key.campaign_id)
    return found.keeps(progress_of(each.key.task_id))


def _progress(each: Contribution) -> ScoreKey:
    key = each.key
    return ScoreKey(key.campaign_id, key.player_id, progress_of(key.task_id), each.event_id.hex)


def _completion(key: TaskKey, nth: int) -> ScoreKey:
    return ScoreKey(key.campaign_id, key.player_id, TASKS, f"{key.task_id}:{nth}")
