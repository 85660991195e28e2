"""`playfair boards`: compare the open rankings in Redis with PostgreSQL, or build them anew."""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg

from game.app import open_resources
from game.boards.mending import Compared, compare, rebuild
from game.boards.store import seasons_after
from game.resources import Resources
from game.settings import Settings, SettingsError

PAGE = 1_000


def main(arguments: list[str]) -> int:
    """The exit code: 0 when all agrees, 1 when something differs, 2 if nothing was compared."""
    parser = argparse.ArgumentParser(prog="playfair boards", description=__doc__)
    parser.add_argument("--rebuild", action="store_true", help="build every open ranking anew first")
    is_rebuilt: bool = parser.parse_args(arguments).rebuild
    try:
        found = asyncio.run(_compared(Settings.from_environment(os.environ), is_rebuilt=is_rebuilt))
    except (SettingsError, asyncpg.PostgresError, OSError) as error:
        print(f"playfair boards: {error}", file=sys.stderr)
        return 2
    for each in found:
        print(told(each))
    return 1 if any(each.different != 0 for each in found) else 0


def told(compared: Compared) -> str:
    """A season for people."""
    key, different = compared.key, compared.different
    says = "Redis does not know it now" if different is None else f"{different} differ"
    return f"{key.campaign_id} {key.board_id} {key.season:<10} {compared.ranks:>9} ranks, {says}"


async def _compared(settings: Settings, *, is_rebuilt: bool) -> list[Compared]:
    async with AsyncExitStack() as stack:
        resources = await open_resources(stack, settings)
        return [each async for each in compared(resources, is_rebuilt=is_rebuilt)]


async def compared(resources: Resources, *, is_rebuilt: bool) -> AsyncIterator[Compared]:
    """Every open season, built anew first if so asked."""
    after = None
    while True:
        async with resources.pool.acquire() as conn:
            keys = await seasons_after(conn, after=after, now_ms=resources.clock(), limit=PAGE)
        for key in keys:
            if is_rebuilt:
                await rebuild(resources, key)
            yield await compare(resources, key)
        if len(keys) < PAGE:
            return
        after = keys[-1]
