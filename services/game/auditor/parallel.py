"""Pages of one log prepared by several processes; their order, and all that depends on it, stays in one."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager

from game.fair.preparing import Page, Prepared
from game.fair.verify import Spread

# Below this, processes take longer to start than they save.
MIN_ENTRIES = 100_000
MAX_PROCESSES = 2
PAGES_AHEAD = 8


@contextmanager
def spread_for(entries: int) -> Iterator[Spread]:
    """Where a log of so many entries is prepared: here, or in a process per core for a long one."""
    cores = min(MAX_PROCESSES, os.cpu_count() or 1)
    if entries < MIN_ENTRIES or cores == 1:
        yield map
        return
    with spread_over(cores) as spread:
        yield spread


@contextmanager
def spread_over(processes: int) -> Iterator[Spread]:
    """Pages prepared by so many processes, which start afresh and share nothing with this one."""
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:

        def spread(function: Callable[[Page], Prepared], pages: Iterable[Page], /) -> Iterator[Prepared]:
            ahead: deque[Future[Prepared]] = deque()
            for page in pages:
                ahead.append(pool.submit(function, page))
                if len(ahead) == PAGES_AHEAD:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()

        yield spread
