"""What happens once nothing is killed any more: all comes to rest, and the books are compared."""

import asyncio
import sys
import time

from tests.crash.bets import People
from tests.crash.site import POLL_SECONDS, Site

RECONCILE_SECONDS = 120.0
IN_FLIGHT = """
SELECT (SELECT count(*) FROM play WHERE finished_ms IS NULL)
     + (SELECT count(*) FROM operation WHERE state = 'due')
     + (SELECT count(*) FROM event WHERE state = 'stored')
     + (SELECT count(*) FROM reward WHERE state = 'returning')
     + (SELECT count(*) FROM score_due)
     + (SELECT count(*) FROM board_standing WHERE NOT is_published)
"""


async def quiet(people: People, *, seconds: float) -> None:
    """Wait until nothing is in flight, or for so long: then the invariants say what is."""
    deadline = time.monotonic() + seconds
    while await people.resources.pool.fetchval(IN_FLIGHT):
        if time.monotonic() > deadline:
            return
        await asyncio.sleep(POLL_SECONDS)


async def reconciled(site: Site) -> list[str]:
    """What `playfair reconcile` says when not all agrees."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", "game", "reconcile", "--full"),
        env=site.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(RECONCILE_SECONDS):
        said, _ = await process.communicate()
    return [] if process.returncode == 0 else [f"reconcile: {said.decode()}"]
