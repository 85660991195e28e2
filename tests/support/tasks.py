"""A task as its manager writes it, for rules that need no database."""

from typing import Any

import msgspec

from game.campaigns.drafts import NameDraft
from game.tasks.drafts import RewardDraft, TaskDraft, terms_of
from game.tasks.records import Task

NAME = NameDraft(zh="购物", en="Shop")
DRAFT = TaskDraft(
    name=NAME,
    text=NAME,
    event_type="purchase.completed",
    target=1,
    window="day",
    times_per_window=3,
    times_per_player=30,
    times_overall=1_000,
    needs_review=False,
    reward=RewardDraft(kind="points", amount=10),
)


def draft(**changes: Any) -> TaskDraft:
    """The task with some fields of its own."""
    return msgspec.structs.replace(DRAFT, **changes)


def task(task_id: str, **changes: Any) -> Task:
    """A task of a campaign that is open from 1,000 to 2,000."""
    made = draft(**changes)
    return Task(draft=made, terms=terms_of(task_id, made, opens_ms=1_000, closes_ms=2_000))
