"""The service is killed when it enters a system call that writes: at a few of them, in a slow test at all."""

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
import pytest_asyncio

from tests.support.databases import place_for_clusters
from tests.torment.tracing import NEVER, WRITE, Tracer, Write, is_installed, writes_of
from tests.torment.writing import Scribe, scribe_in

SEED = 15
SAMPLED = 4
# What every play has: limits, stored, charged, read, settled, answered. Most have more: a credit, and what a
# connection asks that is new to a statement.
WRITES_LEAST = 6
LOG = """\
101 write(17<TCP:[127.0.0.1:58548->127.0.0.1:28886]>, "POST /v1"..., 491) = 491
102   write(5<anon_inode:[eventfd]>, "\\1\\0", 8) = 8
101 sendmsg(13<UNIX-STREAM:[1->2]>, {msg_name=NULL, msg_iov=[{iov_base="B"}]}, 0 <unfinished ...>
101 <... sendmsg resumed>) = ?
101 +++ killed by SIGKILL +++
"""


@pytest_asyncio.fixture
async def scribe() -> AsyncIterator[Scribe]:
    """A player at a service that may be traced."""
    if not is_installed():
        pytest.skip("strace is not installed")
    with TemporaryDirectory(prefix="playfair-", dir=place_for_clusters()) as folder:
        await _require_permission(Path(folder))
        async with scribe_in(Path(folder)) as made:
            yield made


async def _require_permission(folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE
    )
    try:
        tracer = await Tracer.attach(process.pid, call=WRITE, kill_at=NEVER, log=folder / "trial.log")
        await tracer.writes(process.pid)
    except PermissionError as error:
        pytest.skip(f"processes may not be traced here: {error}")
    finally:
        process.kill()
        await process.wait()


@pytest.mark.asyncio
async def test_killed_at_some_writes(scribe: Scribe) -> None:
    """At each of a few points, chosen by a seed, the play ends once and all agree."""
    writes = await scribe.writes()
    assert len(writes) >= WRITES_LEAST
    # Those that every play has: the next one may find its connections warmer than this one did.
    points = sorted(Random(SEED).sample(range(1, WRITES_LEAST), SAMPLED))
    # Not which write each was: what a play's answer and its credit write comes in any order.
    killed = [write async for write in scribe.killed_at(points)]
    assert len(killed) == SAMPLED
    await scribe.finish()


@pytest.mark.slow
@pytest.mark.asyncio
async def test_killed_at_every_write(scribe: Scribe) -> None:
    """At the first call of each kind that a play writes by, the second one and so on: each ends once."""
    calls = sorted({write.call for write in await scribe.writes()})
    killed = [write for call in calls async for write in scribe.killed_at(itertools.count(1), call=call)]
    for n, write in enumerate(killed, start=1):
        print(f"killed at write {n:2}: {write.kind:18} {write.what}")
    assert len(killed) >= WRITES_LEAST
    await scribe.finish()


def test_strace_output_is_read() -> None:
    """The calls of one thread, with those that were cut off, and nothing of other threads."""
    assert writes_of(LOG, 101) == [
        Write("write", "17<TCP:[127.0.0.1:58548->127.0.0.1:28886]>", '"POST /v1"..., 491) = 491'),
        Write(
            "sendmsg",
            "13<UNIX-STREAM:[1->2]>",
            '{msg_name=NULL, msg_iov=[{iov_base="B"}]}, 0 <unfinished ...>',
        ),
    ]
