"""Processes that are killed within a step of boards."""

import signal
from typing import Final

from tests.support.dying import ending_of
from tests.support.service import ManualClock

STATEMENTS_MAX: Final = 40
STRIDE: Final = 2


async def killed(clock: ManualClock, step: str, urls: tuple[str, str]) -> None:
    """Have processes do a step, each killed after more statements, until one lives."""
    endings = []
    for statements in range(1, STATEMENTS_MAX, STRIDE):
        arguments = [*urls, str(statements), str(clock()), step]
        endings.append(await ending_of("tests.boards.doomed", *arguments))
        if endings[-1] == 0:
            break
    assert endings == [*[-signal.SIGKILL] * (len(endings) - 1), 0]
    assert len(endings) > 1
