"""How much CPU time processes have used, with all their children, and their memory (Linux)."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from game.embedded.postgres import SUPERUSER
from tests.crash.site import LEDGER

TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# In /proc/PID/stat behind the name: utime, stime, and those of the children that have ended.
OWN, ENDED = slice(11, 13), slice(13, 15)


class Meters:
    """CPU time of named processes; `generator` is this one.

    What PostgreSQL does for the sandbox ledger, which has a database of its own there, is the ledger's; what
    it does for all (its writers) is ours.
    """

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = {**pids, "generator": os.getpid()}

    def read_us(self) -> dict[str, float]:
        """What each has used since it started, in microseconds."""
        used = {name: self._used_us(name, pid) for name, pid in self._pids.items()}
        if "postgres" in used and "ledger" in used:
            theirs = sum(
                _ticks(each, OWN) for each in _children(self._pids["postgres"]) if works_for(LEDGER, each)
            )
            used["postgres"] -= theirs * TICK_US
            used["ledger"] += theirs * TICK_US
        return used

    def _used_us(self, name: str, pid: int) -> float:
        # The children of this process are the others.
        if name == "generator":
            return sum(os.times()[:2]) * 1_000_000
        return (_ticks(pid, OWN) + _ticks_of_children(pid)) * TICK_US


def _ticks(pid: int, fields: slice) -> int:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
        return 0
    return sum(map(int, text.rpartition(")")[2].split()[fields]))


def resident_bytes(pid: int) -> int:
    """How much memory a process has, without its children."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES


def _ticks_of_children(pid: int) -> int:
    """Of those that run and of those that have ended. Whoever ends meanwhile is counted once: look again."""
    ended, running = -1, 0
    while (now := _ticks(pid, ENDED)) != ended:
        ended, running = now, sum(_ticks(each, OWN) for each in _children(pid))
    return ended + running


def _children(pid: int) -> Iterator[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
        return
    for child in children:
        yield int(child)
        yield from _children(int(child))


def works_for(database: str, pid: int) -> bool:
    """Whether a process is one that the embedded PostgreSQL has for a connection to this database."""
    try:
        return (
            Path(f"/proc/{pid}/cmdline")
            .read_bytes()
            .startswith(f"postgres: {SUPERUSER} {database} ".encode())
        )
    except (FileNotFoundError, ProcessLookupError):
        return False
