"""Whether tasks and rewards are what the tour's own count says: bars, completions, inboxes."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from game.prizes.api import GrantView
from game.tasks.rules import Bar
from game.tasks.views import MyTask, MyTasks
from game.tour.collecting import Deal
from game.tour.errands import Tally
from game.tour.sender import Notice
from game.tour.stage import Plan

TASK, SET = "Task completed", "Badge set completed"


class Line(msgspec.Struct, frozen=True):
    """A reward as an inbox lists it: what for, what, how much, where it stands."""

    source: str
    kind: str
    amount: int
    state: str


def check_notices(notices: Iterable[Notice]) -> Iterator[str]:
    """Of two copies one is stored, and the other is known by it."""
    for notice in notices:
        one, two = notice.answers
        if {one.state, two.state} != {"stored", "duplicate"} or one.id != two.id:
            name = "/".join((notice.event.type, notice.event.subject, notice.event.occurrence))
            yield f"event {name}: sent twice, it is {one.state} as {one.id} and {two.state} as {two.id}"


def check_tasks(
    plan: Plan, count: Tally, shown: Mapping[str, MyTasks], *, reviews: Mapping[str, str]
) -> Iterator[str]:
    """Each bar, and each completion's state; `reviews` is what a review should be, by guest."""
    for name, mine in shown.items():
        for task in mine.tasks:
            bar, states = _wanted(plan, count, name, task, reviews=reviews)
            if task.progress != bar:
                yield f"{name}, task {task.task}: the bar is {task.progress}, not {bar}"
            if [each.state for each in task.completions] != states:
                found = ", ".join(each.state for each in task.completions)
                yield f"{name}, task {task.task}: completions are {found or 'none'}, not {states}"


def _wanted(
    plan: Plan, count: Tally, name: str, task: MyTask, *, reviews: Mapping[str, str]
) -> tuple[Bar, list[str]]:
    draft = plan.tasks[task.task]
    done, times, target = count.earned(name, task.task, draft), draft["times_per_player"], draft["target"]
    further = count.of(name, task.task) - done * target
    bar = Bar(progress=further if done < times else target, target=target, completed=done, left=times - done)
    return bar, [reviews[name] if draft["needs_review"] else "rewarded"] * done


def of_tasks(
    plan: Plan, name: str, *, earlier: Tally, in_all: Tally, reviews: Mapping[str, str]
) -> Counter[Line]:
    """What a guest's inbox should list of tasks: what is kept, and what was taken back."""
    due = Counter[Line]()
    for task, draft in plan.tasks.items():
        was, kept = (count.earned(name, task, draft) for count in (earlier, in_all))
        if draft["needs_review"] and reviews[name] != "rewarded":
            was = kept = 0
        due += lines(TASK, draft["reward"], kept=kept, taken_back=max(0, was - kept))
    return due


def of_deals(name: str, deals: Sequence[Deal]) -> Counter[Line]:
    """What a guest's inbox should list of deals."""
    return Counter(
        Line(SET, deal.done.kind, deal.done.amount, _state(deal.done.kind))
        for deal in deals
        if deal.guest.name == name
    )


def lines(source: str, reward: dict[str, Any], *, kept: int, taken_back: int) -> Counter[Line]:
    """A published reward, so many times as it stands and so many times as it was taken back."""
    kind, amount = reward["kind"], reward["amount"]
    return +Counter(
        {
            Line(source, kind, amount, _state(kind)): kept,
            Line(source, kind, amount, "returned"): taken_back,
        }
    )


def check_rewards(name: str, due: Counter[Line], inbox: Iterable[GrantView]) -> Iterator[str]:
    """An inbox lists what is due, each once."""
    listed = Counter(
        Line(prize.source.en, prize.kind, prize.amount, prize.state)
        for prize in inbox
        if prize.source is not None
    )
    for line in due | listed:
        if due[line] != listed[line]:
            yield f"{name} should have {due[line]} times, and has {listed[line]} times: {line}"


def points_kept(due: Counter[Line]) -> int:
    """The points that rewards leave a guest with."""
    return sum(line.amount * count for line, count in due.items() if line.state == "paid")


def _state(kind: str) -> str:
    return "paid" if kind == "points" else "granted"
