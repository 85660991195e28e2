"""Waiting for what other processes do."""

import asyncio
import time
from collections.abc import Awaitable, Callable

POLL_SECONDS = 0.05


async def until(holds: Callable[[], Awaitable[object]], *, seconds: float) -> float:
    """Poll until it holds; how many seconds that took. TimeoutError when it does not within `seconds`."""
    started = time.monotonic()
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 - in another process
            await asyncio.sleep(POLL_SECONDS)
    return time.monotonic() - started
