"""When completions were reached depends on what counts, not on its order."""

import random
from datetime import date
from typing import Any

import msgspec

from game.campaigns.drafts import NameDraft
from game.tasks.drafts import TaskDraft, terms_of
from game.tasks.rules import Terms
from game.tasks.times import Step, completion_times
from tests.tasks.shop import task

DAY = date(2026, 9, 22)


def terms(task_id: str, **changes: Any) -> Terms:
    """A task that each event completes, any number of times."""
    draft = msgspec.convert(task(window="campaign", times_per_window=30) | changes, TaskDraft)
    assert isinstance(draft.name, NameDraft)
    return terms_of(task_id, draft, opens_ms=0, closes_ms=10**13)


def steps(*times_ms: int, day: date = DAY, amount: int = 1) -> list[Step]:
    """Events at these times."""
    return [Step(at_ms=each, window_start=day, amount=amount) for each in times_ms]


def test_the_event_that_fills_the_bar_counts() -> None:
    """Each completion has the time of its last event, however they came."""
    found = completion_times({"a": terms("a", target=2)}, {"a": steps(50, 10, 30, 20, 60)})
    assert found == {"a": [20, 50]}


def test_a_full_window_and_a_full_task_earn_no_more() -> None:
    """The next day does, until the task is done."""
    once = terms("a", times_per_window=1, times_per_player=2)
    later = steps(30, 40, day=date(2026, 9, 23)) + steps(50, day=date(2026, 9, 24))
    assert completion_times({"a": once}, {"a": steps(10, 20) + later}) == {"a": [10, 30]}


def test_a_prerequisite_delays() -> None:
    """What was done before is reached when the prerequisite is."""
    chain = {"a": terms("a"), "b": terms("b", prerequisites=["a"])}
    assert completion_times(chain, {"a": steps(25), "b": steps(10, 30)}) == {"a": [25], "b": [25, 30]}
    assert completion_times(chain, {"b": steps(10)}) == {"a": [], "b": ()}


def test_one_event_may_complete_many_times() -> None:
    """Those are all reached at once."""
    assert completion_times({"a": terms("a", target=5)}, {"a": steps(7, amount=12)}) == {"a": [7, 7]}


def test_no_order_matters() -> None:
    """Any order of the same events gives the same times."""
    rng = random.Random(1)
    events = [
        Step(at_ms=rng.randrange(100), window_start=DAY.replace(day=rng.randrange(1, 4)), amount=1)
        for _ in range(40)
    ]
    once = {"a": terms("a", target=3, times_per_window=2)}
    wanted = completion_times(once, {"a": events})
    for _ in range(20):
        assert completion_times(once, {"a": rng.sample(events, k=len(events))}) == wanted
