"""`playfair reconcile`: compare the plays with the core ledger now, and say where they differ."""

import argparse
import asyncio
import os
import sys
from contextlib import AsyncExitStack

import asyncpg

from game.app import open_resources
from game.instants import to_datetime
from game.ledger.reconcile import reconcile_now
from game.ledger.report import Report, Sum, report
from game.settings import Settings, SettingsError
from ledger_client import LedgerBug, LedgerUnreachable

BREAKS_SHOWN = 100


def main(arguments: list[str]) -> int:
    """The exit code: 0 when all agrees or is acknowledged, 1 with open breaks, 2 if nothing was compared."""
    parser = argparse.ArgumentParser(prog="playfair reconcile", description=__doc__)
    parser.add_argument(
        "--full", action="store_true", help="read the whole feed again, and compare every play"
    )
    is_full: bool = parser.parse_args(arguments).full
    try:
        found = asyncio.run(_reconcile(Settings.from_environment(os.environ), is_full=is_full))
    except (SettingsError, LedgerUnreachable, LedgerBug, asyncpg.PostgresError, OSError) as error:
        print(f"playfair reconcile: {error}", file=sys.stderr)
        return 2
    print(told(found))
    return 1 if any(kind.breaks for kind in found.sums) else 0


async def _reconcile(settings: Settings, *, is_full: bool) -> Report:
    async with AsyncExitStack() as stack:
        resources = await open_resources(stack, settings)
        await reconcile_now(resources, "recent")
        if is_full:
            await reconcile_now(resources, "full")
        return await report(resources, brand_id=None, after=0, limit=BREAKS_SHOWN)


def told(found: Report) -> str:
    """A report for people: the sums, then what is known of each break."""
    lines = [f"The ledger was read up to entry {found.read_seq}."]
    if not found.sums:
        return "\n".join([*lines, "Everything agrees."])
    lines += map(_of_kind, found.sums)
    lines += ["", *(f"{each.operation_id}  {each.kind}: {each.says}" for each in found.breaks)]
    left = sum(kind.breaks + kind.acknowledged for kind in found.sums) - len(found.breaks)
    return "\n".join([*lines, f"… and {left} more."] if left else lines)


def _of_kind(kind: Sum) -> str:
    words = f"{kind.kind:<22}{kind.breaks:>8} open {kind.points:>14} points"
    if kind.oldest_ms is not None:
        words += f", since {to_datetime(kind.oldest_ms).isoformat(timespec='seconds')}"
    return f"{words}, and {kind.acknowledged} acknowledged" if kind.acknowledged else words
