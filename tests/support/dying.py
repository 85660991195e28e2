"""Processes that kill themselves once they have run so many statements."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import asyncpg

ROOT = Path(__file__).parents[2]


def die_after(statements: int) -> None:
    """Kill this process after so many statements on any connection."""
    left = [statements]
    for name in ("execute", "_execute"):
        _count_down(name, left)


def _count_down(name: str, left: list[int]) -> None:
    """Have a method of connections kill the process once there is nothing left."""
    original = getattr(asyncpg.Connection, name)

    async def counted(self: Any, *arguments: Any, **options: Any) -> Any:
        answer = await original(self, *arguments, **options)
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(asyncpg.Connection, name, counted)


async def ending_of(module: str, *arguments: str) -> int:
    """How a process ended that ran a module of the tests."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", module, *arguments,
        cwd=ROOT, env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'services'}"},
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    return await process.wait()
