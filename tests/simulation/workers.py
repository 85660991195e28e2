"""Processes that simulate, each with a setting of its own in one cluster."""

import multiprocessing.util
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial

from tests.simulation.scenario import scenario_of
from tests.simulation.seed import Outcome, play_out
from tests.simulation.setting import Setting, settings
from tests.support.databases import Databases, cluster

_SETTING: list[Setting] = []


def outcomes_of(seeds: Iterable[int], *, workers: int, keeps_trace: bool) -> Iterator[Outcome]:
    """What seeds come to, in their order."""
    spawn = multiprocessing.get_context("spawn")
    with (
        cluster() as url,
        ProcessPoolExecutor(workers, mp_context=spawn, initializer=_open, initargs=(url,)) as pool,
    ):
        yield from pool.map(partial(_play_out, keeps_trace=keeps_trace), seeds)


def _open(url: str) -> None:
    """Make this worker's setting, which lasts as long as the worker."""
    stack = ExitStack()
    _SETTING.append(stack.enter_context(settings(stack.enter_context(Databases(url)))))
    multiprocessing.util.Finalize(None, stack.close, exitpriority=1)


def _play_out(seed: int, *, keeps_trace: bool) -> Outcome:
    try:
        return play_out(_SETTING[0], scenario_of(seed), keeps_trace=keeps_trace)
    except Exception:
        return Outcome(seed, "", [f"the simulation broke: {traceback.format_exc()}"], {}, 0.0, [])
