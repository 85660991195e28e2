"""Verification of a whole log against its signed checkpoint (docs/fairdraw.md, section 9)."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Literal, Protocol

import msgspec

from game.fair.findings import REWRITTEN, Finding
from game.fair.merkle import Subtree, fold, push
from game.fair.note import Checkpoint, Verifier, open_checkpoint
from game.fair.observing import Observer
from game.fair.pages import replay_page
from game.fair.preparing import Page, Prepared, prepare
from game.fair.replay import warnings_at_end
from game.fair.state import LogState, PoolState

PAGE_ENTRIES = 4096


class Spread(Protocol):
    """As `map` for one function and one iterable: results in order, few pages ahead of what is taken."""

    def __call__(self, function: Callable[[Page], Prepared], pages: Iterable[Page], /) -> Iterator[Prepared]:
        """The results of the pages."""


class RowReport(msgspec.Struct, frozen=True):
    """One row of a pool: what is left of it (None without a stock), and how often X picked it.

    The picks are from the whole published table: in draws taken, each seat's next draw, the later ones.
    Those that were not taken are known after the close.
    """

    id: str
    left: int | None
    drawn: int
    next: int
    later: int


class PoolReport(msgspec.Struct, frozen=True):
    """One pool of a log. `entry` is its index, `beacon` whether a public beacon entered its draws.

    `abandoned` counts the seats without a single draw, once the pool is closed.
    """

    id: str
    entry: int
    game: Literal["wheel", "scratch"]
    beacon: bool
    draws: int
    seats: int
    abandoned: int
    closed: bool
    replaced_by: int | None
    rows: tuple[RowReport, ...]


class Report(msgspec.Struct, frozen=True):
    """What the verification of a log came to.

    For BAD: the number of the check in section 9, the entry at which it shows (None: the log as a whole),
    and words. The pools are as they stand at the end, or before the entry at fault.
    """

    verdict: Literal["OK", "BAD"]
    check: int | None
    entry: int | None
    says: str | None
    warnings: tuple[str, ...]
    size: int
    pools: tuple[PoolReport, ...]


def verify_log(
    lines: Iterable[bytes],
    checkpoint: bytes,
    verifier: Verifier,
    *,
    older: Sequence[bytes] = (),
    progress: Callable[[int], None] | None = None,
    observer: Observer | None = None,
    spread: Spread = map,
) -> Report:
    """Replay a log and hold it against its checkpoint and older ones at hand.

    A line is an entry's bytes, with or without its line feed. A log that is not the signed one (check 1)
    is reported as that, whatever else it holds: nobody has vouched for it. Else the first finding counts.
    `progress` is called with the number of entries done, `observer` shown every draw; `spread` may prepare
    pages in other processes. Beacon signatures are not verified.
    """
    log = LogState(observer=observer)
    try:
        roots = _Roots(
            open_checkpoint(checkpoint, verifier), [open_checkpoint(note, verifier) for note in older]
        )
        finding = _read(log, iter(lines), roots, progress, spread)
        roots.check()
    except Finding as found:
        finding = found
    return _report(log, finding)


class _Roots:
    """The compact range of the lines so far, and the root at each size that some checkpoint names."""

    def __init__(self, newest: Checkpoint, older: Sequence[Checkpoint]) -> None:
        self.newest = newest
        self.older = older
        self.size = 0
        self._frontier: list[bytes] = []
        self._sizes = {newest.size, *(checkpoint.size for checkpoint in older)}
        self._at = {0: fold([])}

    def join(self, subtrees: Iterable[Subtree]) -> None:
        """The next lines, cut at the sizes of the checkpoints."""
        for subtree in subtrees:
            self.size = push(self._frontier, self.size, subtree)
        if self.size in self._sizes:
            self._at[self.size] = fold(self._frontier)

    def pages(self, lines: Iterator[bytes]) -> Iterator[Page]:
        """The lines up to the newest size, in pages that end at each size at hand."""
        start, ends = 0, sorted(size for size in self._sizes if size <= self.newest.size)
        while start < self.newest.size:
            end = min(
                next(size for size in ends if size > start), start + PAGE_ENTRIES - start % PAGE_ENTRIES
            )
            page = Page(start, [line.removesuffix(b"\n") for line in islice(lines, end - start)])
            if not page.lines:
                return
            yield page
            start += len(page.lines)

    def check(self) -> None:
        """Raise a Finding (check 1) unless the lines are the log of all these checkpoints."""
        if self.size != self.newest.size or self._at[self.size] != self.newest.root:
            raise Finding(1, "root or size differs from the checkpoint")
        if any(self._at.get(checkpoint.size) != checkpoint.root for checkpoint in self.older):
            raise Finding(1, f"{REWRITTEN}: an older checkpoint is no prefix of this log")


def _read(
    log: LogState,
    lines: Iterator[bytes],
    roots: _Roots,
    progress: Callable[[int], None] | None,
    spread: Spread,
) -> Finding | None:
    """Hash every line and replay up to the first finding, which is returned."""
    finding = None
    pages: deque[Page] = deque()
    for prepared in spread(prepare, _remembered(roots.pages(lines), pages)):
        page = pages.popleft()
        roots.join(prepared.subtrees)
        finding = finding or _replay(log, page, prepared)
        if progress:
            progress(roots.size)
    if next(lines, None) is not None:
        raise Finding(1, "the log is longer than the checkpoint says")
    return finding


def _remembered(pages: Iterable[Page], until_replayed: deque[Page]) -> Iterator[Page]:
    for page in pages:
        until_replayed.append(page)
        yield page


def _replay(log: LogState, page: Page, prepared: Prepared) -> Finding | None:
    try:
        replay_page(log, page, prepared)
    except Finding as finding:
        return finding
    return None


def _report(log: LogState, finding: Finding | None) -> Report:
    return Report(
        verdict="BAD" if finding else "OK",
        check=finding.check if finding else None,
        entry=finding.entry if finding else None,
        says=finding.says if finding else None,
        warnings=tuple(warnings_at_end(log)),
        size=log.size,
        pools=tuple(_pool_report(pool) for pool in log.pools.values()),
    )


def _pool_report(pool: PoolState) -> PoolReport:
    return PoolReport(
        id=pool.entry.pool,
        entry=pool.entry.i,
        game=pool.entry.game,
        beacon=pool.entry.beacon is not None,
        draws=pool.draws,
        seats=pool.seated,
        abandoned=pool.abandoned,
        closed=pool.closed,
        replaced_by=pool.replaced_by,
        rows=tuple(_row_report(pool, index) for index in range(len(pool.left))),
    )


def _row_report(pool: PoolState, index: int) -> RowReport:
    return RowReport(
        id=pool.entry.rows[index].id,
        left=pool.left[index],
        drawn=pool.statistics.drawn[index],
        next=pool.statistics.next[index],
        later=pool.statistics.later[index],
    )
