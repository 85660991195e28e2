"""Tasks and completions as managers and players see them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from game.campaigns.drafts import NameDraft
from game.instants import to_datetime
from game.tasks.completing import Completion, State
from game.tasks.defining import promised
from game.tasks.drafts import RewardDraft, TaskDraft
from game.tasks.evidence import Evidence
from game.tasks.listing import Listed, Mine, Reason
from game.tasks.past import DryRun, Preview
from game.tasks.past_store import CountedEvent
from game.tasks.records import Published, Task
from game.tasks.rules import Bar
from game.tasks.windows import Window
from game.wire import PARAGRAPHS, Instant


class ApprovalIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Approve the completion that was looked at: of this generation."""

    generation: Annotated[int, msgspec.Meta(ge=1)]


class RejectionIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reject the completion that was looked at, for a reason that the player is told."""

    generation: Annotated[int, msgspec.Meta(ge=1)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=PARAGRAPHS)]


class AppealIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the player does not agree."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=1_000, pattern=PARAGRAPHS)]


class PeriodIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From when until when the task would have been open."""

    since: Instant
    until: Instant


class CreditApprovalIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Approve what was looked at: of this digest."""

    digest: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]


class WouldEarn(msgspec.Struct, frozen=True, kw_only=True):
    """A player, by the brand's own name (null: erased), and how many completions there would have been."""

    subject: str | None
    completions: int


class DryRunView(msgspec.Struct, frozen=True, kw_only=True):
    """Who would have earned what; the first 100 players, the most completions first.

    `points` is what would have been paid, under the cap. Not `is_complete`: there are more past events than
    are looked at.
    """

    events: int
    players: int
    completions: int
    points: int
    first: Sequence[WouldEarn]
    is_complete: bool


class CreditView(msgspec.Struct, frozen=True, kw_only=True):
    """Past events that would count for a task; somebody else approves them by their digest."""

    id: UUID
    digest: str
    events: int
    players: int


class CreditedView(msgspec.Struct, frozen=True, kw_only=True):
    """How many events count now."""

    events: int


class CompletionView(msgspec.Struct, frozen=True, kw_only=True):
    """The `nth` completion of a task.

    `reason` is why it was rejected, `appeal` what the player said to that; null before. One that was taken
    back and earned again is the next `generation`.
    """

    id: UUID
    task: str
    nth: int
    generation: int
    state: State
    reason: str | None
    appeal: str | None


class CompletionPage(msgspec.Struct, frozen=True, kw_only=True):
    """Completions that wait for a decision; `next` is the cursor of the next page, null at the end."""

    completions: Sequence[CompletionView]
    next: UUID | None


class CountedEventView(msgspec.Struct, frozen=True, kw_only=True):
    """An event that adds `amount` to the window that starts on a day.

    Attributes that say how good somebody found something are left out.
    """

    id: UUID
    source: str
    type: str
    occurrence: str
    occurred_at: datetime
    attributes: Mapping[str, Any]
    window_start: date
    amount: int


class EvidenceView(msgspec.Struct, frozen=True, kw_only=True):
    """A completion, whose it is, and what it rests on: the newest 50 events that count for its task.

    `subject` is null of an erased player. Events are kept for 35 days.
    """

    completion: CompletionView
    subject: str | None
    events: Sequence[CountedEventView]


class MyTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task as you have it: how far the present window is, and what the next completion earns.

    `unavailable` says why nothing can be earned now, null: it can. `missing` are prerequisites that you have
    not done yet: progress counts, what it earns waits for them.
    """

    task: str
    name: NameDraft
    text: NameDraft
    window: Window
    window_ends_at: datetime
    progress: Bar
    reward: RewardDraft
    needs_review: bool
    unavailable: Reason | None
    missing: Sequence[str]
    completions: Sequence[CompletionView]


class MyTasks(msgspec.Struct, frozen=True, kw_only=True):
    """Your tasks in a campaign."""

    tasks: Sequence[MyTask]


class TaskView(msgspec.Struct, frozen=True, kw_only=True):
    """A task as it was written."""

    task_id: str
    task: TaskDraft


class TaskList(msgspec.Struct, frozen=True, kw_only=True):
    """The tasks of a campaign, and the most points that all of them can pay."""

    tasks: Sequence[TaskView]
    points_at_most: int


class ChannelsView(msgspec.Struct, frozen=True, kw_only=True):
    """The share channels that a brand forbids."""

    forbidden: Sequence[str]


class SegmentsView(msgspec.Struct, frozen=True, kw_only=True):
    """The segments that a player is in."""

    subject: str
    segments: Sequence[str]


def task_view(task: Task) -> TaskView:
    """A task as it is sent."""
    return TaskView(task_id=task.task_id, task=task.draft)


def task_list(found: Published) -> TaskList:
    """All tasks of a campaign as they are sent."""
    return TaskList(
        tasks=[task_view(task) for task in found.tasks.values()],
        points_at_most=promised(found.tasks.values()).points,
    )


def completion_view(completion: Completion) -> CompletionView:
    """A completion as it is sent."""
    return CompletionView(
        id=completion.completion_id,
        task=completion.key.task_id,
        nth=completion.nth,
        generation=completion.generation,
        state=completion.state,
        reason=completion.reason,
        appeal=completion.appeal,
    )


def completion_page(found: Sequence[Completion], *, limit: int) -> CompletionPage:
    """A page of at most `limit` completions."""
    return CompletionPage(
        completions=[completion_view(each) for each in found],
        next=found[-1].completion_id if len(found) == limit else None,
    )


def evidence_view(found: Evidence) -> EvidenceView:
    """What a completion rests on, as it is sent."""
    return EvidenceView(
        completion=completion_view(found.completion),
        subject=found.subject,
        events=[_counted_event(event) for event in found.events],
    )


def _counted_event(event: CountedEvent) -> CountedEventView:
    fields = msgspec.structs.asdict(event)
    happened = {"id": fields.pop("event_id"), "occurred_at": to_datetime(fields.pop("occurred_ms"))}
    return CountedEventView(**fields | happened)


async def my_tasks_view(mine: Mine) -> MyTasks:
    """A player's tasks as they are sent. Whoever tells the same in another way raises `listing.FORM`."""
    return MyTasks(tasks=[_my_task(each) for each in mine.tasks()])


def _my_task(listed: Listed) -> MyTask:
    draft = listed.task.draft
    return MyTask(
        task=listed.task.task_id,
        name=draft.name,
        text=draft.text,
        window=draft.window,
        window_ends_at=to_datetime(listed.window_ends_ms),
        progress=listed.bar,
        reward=draft.reward,
        needs_review=draft.needs_review,
        unavailable=listed.reason,
        missing=listed.missing,
        completions=[completion_view(each) for each in listed.completions],
    )


def dry_run_view(found: DryRun) -> DryRunView:
    """A dry run as it is sent."""
    fields = msgspec.structs.asdict(found)
    first = [WouldEarn(subject=subject, completions=count) for subject, count in found.first]
    return DryRunView(**fields | {"first": first})


def credit_view(preview: Preview) -> CreditView:
    """A preview as it is sent."""
    return CreditView(
        id=preview.credit_id, digest=preview.digest.hex(), events=preview.events, players=preview.players
    )
