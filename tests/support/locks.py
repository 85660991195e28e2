"""Waiting until somebody waits for a lock."""

import asyncio

from game.resources import Resources

LOOK_SECONDS = 0.01
LOOKS_MAX = 3_000


async def until_waiting(resources: Resources, statements: int) -> None:
    """Return once so many statements wait for others' locks."""
    for _ in range(LOOKS_MAX):
        waiting = await resources.pool.fetchval(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        if waiting == statements:
            return
        await asyncio.sleep(LOOK_SECONDS)
    raise AssertionError(f"{waiting} statements wait for a lock")
