"""Giving players the completions and rewards that they have earned, and taking back what they have not."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.ledger.rules import Credit
from game.prizes.rewards import RewardKey
from game.resources import Resources
from game.tasks import progress_store as store
from game.tasks.completing import APPROVED, Completion, Due, decided, differences, renewed
from game.tasks.handing import Handed, hand, reward_of
from game.tasks.notice import completed
from game.tasks.progress_store import CapKey
from game.tasks.records import Published, Task, TaskKey
from game.webhooks.out.outbox import MESSAGES_MAX, tell

Campaigns = Mapping[str, Published]


async def settle(
    conn: Connection,
    resources: Resources,
    changed: Iterable[TaskKey],
    campaigns: Campaigns,
    *,
    approved: Sequence[Completion],
) -> list[Credit]:
    """Bring what players have in line with what they have earned, in the caller's transaction.

    The players of the changed tasks are locked; `approved` was waiting for a person and is rewarded now.
    Answers the credits to send after the commit.
    """
    return await hand(conn, resources, [await earned(conn, resources, changed, campaigns, approved=approved)])


async def earned(
    conn: Connection,
    resources: Resources,
    changed: Iterable[TaskKey],
    campaigns: Campaigns,
    *,
    approved: Sequence[Completion],
) -> Handed:
    """Store what is completed and what is withdrawn; the rewards that this gives and takes."""
    chains = _chains([*changed, *(each.key for each in approved)], campaigns)
    keys = [TaskKey(*of, task_id) for of, chain in chains.items() for task_id in chain]
    if not keys:
        return Handed(given=(), taken=(), heads=frozenset())
    sums = await store.earned_of(conn, keys)
    there: defaultdict[tuple[str, UUID], list[Completion]] = defaultdict(list)
    counted = {each.completion_id: decided(each, has_place=each.has_place) for each in approved}
    for each in await store.completions_of(conn, keys):
        found = counted.get(each.completion_id, each)
        there[each.key.campaign_id, each.key.player_id].append(found)
    due: list[Due] = []
    gone: list[Completion] = []
    for (campaign_id, player_id), chain in chains.items():
        theirs = there[campaign_id, player_id]
        lacking, extra = differences(chain, sums, theirs, campaign_id=campaign_id, player_id=player_id)
        due += lacking
        gone += extra
    made = await _made(conn, resources, due, approved, campaigns)
    await _store(conn, resources, made, gone)
    return _handed(resources, made, gone, campaigns)


async def _store(
    conn: Connection, resources: Resources, made: Sequence[Completion], gone: Sequence[Completion]
) -> None:
    withdrawn = [msgspec.structs.replace(each, state="withdrawn") for each in gone]
    if made or withdrawn:
        await store.save_completions(conn, [*made, *withdrawn], now_ms=resources.clock())
    told = [completed(each) for each in made if each.state in APPROVED]
    for start in range(0, len(told), MESSAGES_MAX):
        await tell(conn, resources, told[start : start + MESSAGES_MAX])


def _handed(
    resources: Resources, made: Sequence[Completion], gone: Sequence[Completion], campaigns: Campaigns
) -> Handed:
    rewarded = [each for each in made if each.state == "rewarded"]
    unearned = [each for each in gone if each.state == "rewarded"]
    return Handed(
        given=[
            reward_of(resources, _reward_key(each), _task(each.key, campaigns).draft.reward)
            for each in rewarded
        ],
        taken=[_reward_key(each) for each in unearned],
        heads=frozenset(
            each.key.campaign_id
            for each in [*rewarded, *unearned]
            if _task(each.key, campaigns).draft.reward.kind == "voucher"
        ),
    )


async def _take_places(conn: Connection, due: Sequence[TaskKey], campaigns: Campaigns) -> list[bool]:
    """For each whether there is a place for it under the cap over all players; the first come first."""
    capped = {_cap(key) for key in due if _task(key, campaigns).draft.times_overall is not None}
    free = await store.lock_caps(conn, capped)
    taken: Counter[CapKey] = Counter()
    found = []
    for key in due:
        has_place = _cap(key) not in free or taken[_cap(key)] < free[_cap(key)]
        taken[_cap(key)] += has_place and _cap(key) in free
        found.append(has_place)
    await store.take_places(conn, +taken)
    return found


def _chains(changed: Iterable[TaskKey], campaigns: Campaigns) -> dict[tuple[str, UUID], dict[str, Task]]:
    touched: defaultdict[tuple[str, UUID], set[str]] = defaultdict(set)
    for key in changed:
        touched[key.campaign_id, key.player_id].add(key.task_id)
    return {of: campaigns[of[0]].chain(task_ids) for of, task_ids in sorted(touched.items())}


async def _made(
    conn: Connection,
    resources: Resources,
    due: Sequence[Due],
    approved: Sequence[Completion],
    campaigns: Campaigns,
) -> list[Completion]:
    """Completions that are due in their first state, and what became of the approved. A place is kept."""
    direct = [each for each in due if not _task(each.key, campaigns).draft.needs_review]
    reviewed = [each for each in due if _task(each.key, campaigns).draft.needs_review]
    had = [
        *(bool(each.was and each.was.has_place) for each in direct),
        *(each.has_place for each in approved),
    ]
    keys = [*(each.key for each in direct), *(each.key for each in approved)]
    got = iter(
        await _take_places(conn, [key for key, has in zip(keys, had, strict=True) if not has], campaigns)
    )
    places = [has or next(got) for has in had]
    fresh = [
        decided(renewed(each, new_id=resources.new_id()), has_place=has_place)
        for each, has_place in zip(direct, places[: len(direct)], strict=True)
    ]
    settled = [
        decided(each, has_place=has_place)
        for each, has_place in zip(approved, places[len(direct) :], strict=True)
    ]
    return [*fresh, *settled, *(renewed(each, new_id=resources.new_id()) for each in reviewed)]


def _reward_key(completion: Completion) -> RewardKey:
    key = completion.key
    return RewardKey(campaign_id=key.campaign_id, player_id=key.player_id, source=completion.source)


def _task(key: TaskKey, campaigns: Campaigns) -> Task:
    return campaigns[key.campaign_id].tasks[key.task_id]


def _cap(key: TaskKey) -> CapKey:
    return key.campaign_id, key.task_id
