"""Past events: who would have earned what (a dry run), and counting them after all, when two people agree."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from game.auth import Caller
from game.campaigns.access import desk_of, require_state
from game.campaigns.records import Campaign
from game.db.connection import Connection
from game.errors import Conflict, Exhausted, Forbidden, NotFound
from game.ledger import service as outbox
from game.resources import Resources
from game.tasks import counting, past_store, progress_store, store
from game.tasks.defining import task_of
from game.tasks.past_store import Asked
from game.tasks.records import Contribution, Published, Task
from game.tasks.rules import earned_in_window, held
from game.tasks.scoring import rescore
from game.tasks.settling import settle
from game.webhooks.store import Event

PAGE: Final = 5_000
PAGES_MAX: Final = 20
SHOWN_MAX: Final = 100
CREDITED_MAX: Final = 2_000
_START: Final = UUID(int=0)


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """Who would have earned what. `first` are completions by subject (None: erased), the most first.

    `points` is what the task would have paid, under its cap. Not `is_complete`: there are more events than
    are looked at.
    """

    events: int
    players: int
    completions: int
    points: int
    first: tuple[tuple[str | None, int], ...]
    is_complete: bool


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What would be counted: who approves says this digest."""

    credit_id: UUID
    digest: bytes
    events: int
    players: int


async def dry_run(
    resources: Resources, caller: Caller, *, campaign_id: str, task_id: str, since_ms: int, until_ms: int
) -> DryRun:
    """Who would have earned what, had the task and its prerequisites been open then. NotFound."""
    async with desk_of(resources, caller, campaign_id) as work:
        found = await store.tasks_of_campaign(work.conn, campaign_id=campaign_id)
        chain = _needed(found, task_id)
        opened = msgspec.structs.replace(
            found, tasks={name: _open(task, since_ms, until_ms) for name, task in chain.items()}
        )
        added, is_complete = await _past(work.conn, work.campaign, opened)
        counts = _completions(opened.tasks, added, task_id)
        first = counts.most_common(SHOWN_MAX)
        subjects = await past_store.subjects_of(work.conn, [player_id for player_id, _ in first])
    task = found.tasks[task_id]
    paid = min(counts.total(), task.draft.times_overall or counts.total())
    return DryRun(
        events=sum(1 for each in added if each.key.task_id == task_id),
        players=len(counts),
        completions=counts.total(),
        points=paid * task.draft.reward.amount if task.draft.reward.kind == "points" else 0,
        first=tuple((subjects.get(player_id), count) for player_id, count in first),
        is_complete=is_complete,
    )


async def ask_credit(resources: Resources, caller: Caller, *, campaign_id: str, task_id: str) -> Preview:
    """Find the past events that are in a task's time and have not counted for it, for somebody to approve.

    NotFound; Conflict where there is none; Exhausted where there are more than CREDITED_MAX.
    """
    async with desk_of(resources, caller, campaign_id) as work:
        require_state(work.campaign, "live", "paused")
        found = await counting.published(work.conn, resources, campaign_id)
        only = msgspec.structs.replace(found, tasks={task_id: task_of(found.tasks, task_id)})
        added, is_complete = await _past(work.conn, work.campaign, only)
        counted = await past_store.counted_events(
            work.conn, [each.event_id for each in added], campaign_id=campaign_id, task_id=task_id
        )
        missing = [each for each in added if each.event_id not in counted]
        _require_bounded(missing, is_complete=is_complete)
        event_ids = tuple(sorted(each.event_id for each in missing))
        digest = hashlib.sha256(b"".join(each.bytes for each in event_ids)).digest()
        asked = Asked(
            task_id=task_id, digest=digest, event_ids=event_ids, asked_by=caller.subject, approved_by=None
        )
        credit_id = resources.new_id()
        await past_store.insert_credit(
            work.conn, asked, campaign_id=campaign_id, credit_id=credit_id, now_ms=resources.clock()
        )
        await work.record("task.credit.ask", old={}, new=_said(credit_id, asked))
    players = {each.key.player_id for each in missing}
    return Preview(credit_id=credit_id, digest=digest, events=len(missing), players=len(players))


async def approve_credit(
    resources: Resources, caller: Caller, *, campaign_id: str, credit_id: UUID, digest: bytes
) -> int:
    """Count what somebody else has asked for, once; how many events did that had not before.

    NotFound; Forbidden for whoever asked; Conflict for another digest, or where it was approved.
    """
    async with desk_of(resources, caller, campaign_id) as work:
        conn, brand_id = work.conn, caller.brand_id
        asked = await past_store.lock_credit(conn, campaign_id=campaign_id, credit_id=credit_id)
        _require_approvable(asked, caller, digest)
        assert asked is not None
        seen = await past_store.processed_events(conn, asked.event_ids, brand_id=brand_id)
        await progress_store.lock_players_of(conn, {event.player_id for event in seen})
        # Only a statement that begins after the lock sees what was taken back meanwhile.
        events = await past_store.processed_events(conn, asked.event_ids, brand_id=brand_id)
        campaign = await counting.published(conn, resources, campaign_id)
        only = msgspec.structs.replace(campaign, tasks={asked.task_id: campaign.tasks[asked.task_id]})
        added = await _contributions(conn, events, only)
        changed = await counting.count(conn, added, {campaign_id: campaign})
        credits_due = await settle(conn, resources, changed, {campaign_id: campaign}, approved=())
        times = {event.event_id: event.occurred_ms for event in events}
        await rescore(conn, resources, {campaign_id: campaign}, added=added, gone=(), times=times)
        await past_store.approve_credit(
            conn, campaign_id=campaign_id, credit_id=credit_id, actor=caller.subject
        )
        await work.record("task.credit.approve", old={}, new=_said(credit_id, asked))
    await outbox.send(resources, credits_due)
    return len(added)


async def _past(conn: Connection, campaign: Campaign, found: Published) -> tuple[list[Contribution], bool]:
    """What past events add to tasks, and whether all of them were looked at."""
    added: list[Contribution] = []
    after = _START
    for _ in range(PAGES_MAX):
        page = await past_store.past_events(
            conn, found.by_type.keys(), brand_id=campaign.brand_id, after=after, limit=PAGE
        )
        if page.last is None:
            return added, True
        after = page.last
        added += await _contributions(conn, page.events, found)
    return added, False


async def _contributions(conn: Connection, events: Sequence[Event], found: Published) -> list[Contribution]:
    known = await counting.knowledge(conn, events)
    each_of = (
        known.contribution(event, task, found)
        for event in events
        for task in found.by_type.get(event.type, ())
    )
    return [each for each in each_of if each]


def _needed(found: Published, task_id: str) -> dict[str, Task]:
    """A task and all its prerequisites. NotFound."""
    chain, waiting = dict[str, Task](), [task_of(found.tasks, task_id)]
    while waiting:
        task = waiting.pop()
        chain[task.task_id] = task
        waiting += [found.tasks[each] for each in task.draft.prerequisites if each not in chain]
    return chain


def _open(task: Task, since_ms: int, until_ms: int) -> Task:
    terms = msgspec.structs.replace(task.terms, opens_ms=since_ms, closes_ms=until_ms)
    return msgspec.structs.replace(task, terms=terms)


def _completions(tasks: Mapping[str, Task], added: Iterable[Contribution], task_id: str) -> Counter[UUID]:
    """How many completions of a task each player would have, without its cap; reviews approve everything."""
    windows = Counter[tuple[UUID, str, object]]()
    for each in added:
        windows[each.key.player_id, each.key.task_id, each.window_start] += each.amount
    earned: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    for (player_id, name, _), progress in windows.items():
        earned[player_id][name] += earned_in_window(tasks[name].terms, progress)
    terms = {name: task.terms for name, task in tasks.items()}
    return +Counter({player_id: held(terms, theirs)[task_id] for player_id, theirs in earned.items()})


def _require_bounded(missing: Sequence[Contribution], *, is_complete: bool) -> None:
    if not missing:
        raise Conflict("nothing_to_credit", "No past event is left that would count for the task.")
    if not is_complete or len(missing) > CREDITED_MAX:
        raise Exhausted(
            "too_many_events", f"At most {CREDITED_MAX} events are credited at once.", limit=CREDITED_MAX
        )


def _require_approvable(asked: Asked | None, caller: Caller, digest: bytes) -> None:
    if asked is None:
        raise NotFound("credit_not_found", "There is no such credit.")
    if asked.asked_by == caller.subject:
        raise Forbidden("second_person_required", "Whoever asked for it does not approve it.")
    if asked.approved_by is not None or asked.digest != digest:
        raise Conflict("credit_changed", "It was approved, or is not what was looked at.")


def _said(credit_id: UUID, asked: Asked) -> dict[str, str | int]:
    return {
        "credit": credit_id.hex,
        "task": asked.task_id,
        "digest": asked.digest.hex(),
        "events": len(asked.event_ids),
    }
