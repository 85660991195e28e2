"""Processes that simulate, each with a setting of its own in one cluster."""

import multiprocessing.util
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial

import msgspec

from tests.simulation.scenario import EVENTS, scenario_of
from tests.simulation.seed import Outcome, play_out
from tests.simulation.setting import Setting, settings
from tests.support.databases import Databases, cluster

_SETTING: list[Setting] = []


def outcomes_of(
    seeds: Iterable[int], *, workers: int, keeps_trace: bool, events: int | None
) -> Iterator[Outcome]:
    """What seeds come to, in their order."""
    spawn = multiprocessing.get_context("spawn")
    with (
        cluster() as url,
        ProcessPoolExecutor(workers, mp_context=spawn, initializer=_open, initargs=(url,)) as pool,
    ):
        yield from pool.map(partial(_play_out, keeps_trace=keeps_trace, events=events), seeds)


def _open(url: str) -> None:
    """Make this worker's setting, which lasts as long as the worker."""
    stack = ExitStack()
    _SETTING.append(stack.enter_context(settings(stack.enter_context(Databases(url)))))
    multiprocessing.util.Finalize(None, stack.close, exitpriority=1)


def _play_out(seed: int, *, keeps_trace: bool, events: int | None) -> Outcome:
    try:
        outcome = play_out(_SETTING[0], scenario_of(seed, events=events), keeps_trace=keeps_trace)
        return shrunk(outcome, lambda fewer: play_out(_SETTING[0], scenario_of(seed, events=fewer)))
    except Exception:
        return Outcome(seed, "", [f"the simulation broke: {traceback.format_exc()}"], {}, 0.0, [])


def shrunk(outcome: Outcome, play: Callable[[int], Outcome]) -> Outcome:
    """What failed, with the fewest of its first events that fail too: of so many as are doubled each time."""
    events = 0
    while outcome.wrong and events < EVENTS[1]:
        if play(events).wrong:
            return msgspec.structs.replace(outcome, fewest_events=events)
        events = 2 * events or 1
    return outcome
