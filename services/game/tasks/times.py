"""When completions were reached: a pure function of what counts, whatever the order in which it was told."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import msgspec

from game.tasks.rules import Terms, earned_in_window, in_order


class Step(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """What an event added to a window of a task, when it happened."""

    at_ms: int
    window_start: date
    amount: int


def completion_times(
    tasks: Mapping[str, Terms], steps: Mapping[str, Iterable[Step]]
) -> dict[str, Sequence[int]]:
    """For each task of a chain the times (ms) of its first, second … completion.

    The `n`-th was reached when progress had earned `n`, and not before each prerequisite was held once.
    Reviews do not delay it.
    """
    found: dict[str, Sequence[int]] = {}
    for task_id in in_order(tasks):
        terms = tasks[task_id]
        needed = [found.get(each, ()) for each in terms.prerequisites]
        if all(needed):
            opened_ms = max((times[0] for times in needed), default=0)
            earned = _earned_times(terms, steps.get(task_id, ()))
            found[task_id] = [max(opened_ms, at_ms) for at_ms in earned[: terms.times_per_player]]
        else:
            found[task_id] = ()
    return found


def _earned_times(terms: Terms, steps: Iterable[Step]) -> list[int]:
    windows: Counter[date] = Counter()
    times: list[int] = []
    for step in sorted(steps):
        before = earned_in_window(terms, windows[step.window_start])
        windows[step.window_start] += step.amount
        gained = earned_in_window(terms, windows[step.window_start]) - before
        times += [step.at_ms] * gained
    return times
