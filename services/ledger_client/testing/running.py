"""Runs the contract's checks against one ledger, each with accounts of its own, and says why one fails."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from enum import StrEnum
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final

import msgspec

from ledger_client.ledger import Ledger
from ledger_client.outcomes import Capabilities
from ledger_client.testing import contract, duplicates, feed
from ledger_client.testing.contract import CHECKS, Bench, Check

CHECK_SECONDS: Final = 120.0
SHOWN_CHARACTERS_MAX: Final = 300
_CHECKING: Final = frozenset(module.__name__ for module in (contract, duplicates, feed))

# The guarantees that a check is about, by their names in `Capabilities`; the rest is asked of every ledger.
NEEDS: Final[Mapping[Check, frozenset[str]]] = {
    contract.keeps_a_refusal_after_a_top_up: frozenset({"sticky_refusals"}),
    contract.holds_the_floor_after_every_leg: frozenset({"ordered_floors"}),
    contract.applies_legs_in_order: frozenset({"ordered_floors"}),
    contract.refuses_what_comes_too_late: frozenset({"apply_before"}),
    contract.means_what_a_lookup_says: frozenset({"apply_before"}),
    contract.never_applies_what_was_fenced: frozenset({"fence"}),
    contract.never_reverses_by_a_fence: frozenset({"fence", "sticky_refusals"}),
    duplicates.applies_no_duplicate_of_the_unfundable: frozenset({"sticky_refusals"}),
    duplicates.tells_all_duplicates_the_same_around_a_top_up: frozenset({"sticky_refusals"}),
    contract.decides_a_race_with_a_fence_once: frozenset({"fence"}),
    feed.feeds_what_was_applied: frozenset({"feed"}),
    feed.totals_are_those_of_the_feed: frozenset({"feed"}),
}


class Verdict(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class Finding(msgspec.Struct, frozen=True):
    """What a check found; `why` is empty when it passed."""

    check: str
    verdict: Verdict
    meaning: str
    why: str


def undeclared(check: Check, capabilities: Capabilities) -> tuple[str, ...]:
    """The guarantees that the check is about and the ledger does not declare: it is skipped for them."""
    return tuple(sorted(name for name in NEEDS.get(check, ()) if not getattr(capabilities, name)))


async def run_checks(ledger: Ledger, *, prefix: str, source: str) -> AsyncIterator[Finding]:
    """Run every check that is about something that the ledger declares; raises `LedgerUnreachable` at first.

    `prefix` must never have been used on that ledger. `source` is debited for the points of the checks.
    """
    capabilities = await ledger.capabilities()
    for number, check in enumerate(CHECKS):
        if missing := undeclared(check, capabilities):
            yield _finding(check, Verdict.SKIPPED, f"the ledger does not declare {', '.join(missing)}")
            continue
        now_ms = (
            await _clock_of(ledger, f"{prefix}.{number:02}:clock") if capabilities.apply_before else _now_ms
        )
        why = await _why_not(check, Bench(ledger, now_ms, f"{prefix}.{number:02}", source))
        yield _finding(check, Verdict.FAILED if why else Verdict.PASSED, why)


async def _clock_of(ledger: Ledger, unused_id: str) -> Callable[[], int]:
    """The ledger's clock, or a moment before it; clocks of two machines are never the same."""
    ahead_ms = (await ledger.lookup([unused_id])).as_of_ms - _now_ms()
    return lambda: _now_ms() + ahead_ms


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


async def _why_not(check: Check, bench: Bench) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check(bench)
    except TimeoutError:
        return f"it did not end within {CHECK_SECONDS:.0f} s"
    except Exception as error:
        return _explained(error)
    return ""


def _explained(error: Exception) -> str:
    """The error, the line of the check that it came from, and what stood in that line's names."""
    told = str(error) or type(error).__name__
    if (place := _place_in_check(error.__traceback__)) is None:
        return told
    frame, line_number = place
    names = sorted(name for name in frame.f_locals if name not in ("bench", "self", "error"))
    seen = "".join(f"\n{name} = {frame.f_locals[name]!r}"[:SHOWN_CHARACTERS_MAX] for name in names)
    file = Path(frame.f_code.co_filename).name
    return f"{told}, in {frame.f_code.co_name}, line {line_number} of {file}{seen}"


def _place_in_check(traceback: TracebackType | None) -> tuple[FrameType, int] | None:
    place = None
    while traceback is not None:
        if traceback.tb_frame.f_globals.get("__name__") in _CHECKING:
            place = traceback.tb_frame, traceback.tb_lineno
        traceback = traceback.tb_next
    return place


def _finding(check: Check, verdict: Verdict, why: str) -> Finding:
    meaning = (check.__doc__ or "").partition("\n")[0]
    return Finding(check.__name__, verdict, meaning, why)
