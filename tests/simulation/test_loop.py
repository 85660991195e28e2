"""The virtual loop: time that costs nothing, an order that is always the same, and death at any await."""

import asyncio
import gc
import time
import weakref
from collections.abc import Iterator

import asyncpg
import pytest

from tests.simulation.loop import Killed, VirtualLoop
from tests.simulation.timeline import NothingToWaitFor, Timeline


@pytest.fixture
def timeline() -> Timeline:
    """Time that begins at nought."""
    return Timeline()


@pytest.fixture
def loop(timeline: Timeline) -> Iterator[VirtualLoop]:
    """The loop of a process; the test may have buried it."""
    made = VirtualLoop(timeline)
    yield made
    made.close()


def test_sleeping_takes_no_time(loop: VirtualLoop, timeline: Timeline) -> None:
    """An hour of virtual time passes at once."""
    started = time.monotonic()
    loop.run_until_complete(asyncio.sleep(3_600))
    assert timeline.now == 3_600
    assert time.monotonic() - started < 3_600


def test_timeouts_are_those_of_virtual_time(loop: VirtualLoop, timeline: Timeline) -> None:
    """What waits for longer than its timeout is cut off exactly then."""

    async def main() -> None:
        async with asyncio.timeout(0.8):
            await asyncio.sleep(2)

    with pytest.raises(TimeoutError):
        loop.run_until_complete(main())
    assert timeline.now == 0.8


def test_events_come_between_timers(loop: VirtualLoop, timeline: Timeline) -> None:
    """What the world does and what the process waits for happen in the order of their times."""
    order: list[str] = []
    timeline.after(2.5, lambda: order.append("world 2.5"))
    timeline.after(1.5, lambda: order.append("world 1.5"))

    async def main() -> None:
        for second in (1, 2, 3):
            await asyncio.sleep(1)
            order.append(f"process {second}")

    loop.run_until_complete(main())
    assert order == ["process 1", "world 1.5", "process 2", "world 2.5", "process 3"]


def test_waiting_for_nothing_is_told(loop: VirtualLoop) -> None:
    """A process that waits for what can never happen ends the run instead of hanging it."""
    with pytest.raises(NothingToWaitFor):
        loop.run_until_complete(loop.create_future())
    loop.bury()


def test_a_query_takes_no_virtual_time(
    loop: VirtualLoop, timeline: Timeline, empty_database_url: str
) -> None:
    """However long the database really takes, no timer fires meanwhile."""
    fired: list[float] = []

    async def main() -> None:
        connection = await asyncpg.connect(empty_database_url)
        loop.call_later(0.001, lambda: fired.append(timeline.now))
        await connection.execute("SELECT pg_sleep(0.05)")
        assert not fired
        await connection.close()

    loop.run_until_complete(main())
    assert timeline.now == 0


def test_a_process_dies_at_every_step(timeline: Timeline) -> None:
    """Killed after n steps it has done what it does before step n, and nothing after."""

    async def main(done: list[int]) -> None:
        for number in range(5):
            done.append(number)
            await asyncio.sleep(0)

    reached = set()
    for steps in range(1, 7):
        loop, done = VirtualLoop(timeline), list[int]()
        loop.kill_after(steps)
        with pytest.raises(Killed):
            loop.run_until_complete(main(done))
        loop.bury()
        reached.add(len(done))
    assert reached == {0, 1, 2, 3, 4, 5}


def test_a_dead_process_leaves_nothing_behind(timeline: Timeline) -> None:
    """What its code does when it is torn down begins nothing, on no loop, and holds no memory."""
    cleaned: list[str] = []

    async def clean_up(name: str) -> None:
        cleaned.append(name)

    async def main() -> None:
        try:
            await asyncio.sleep(1)
        finally:
            await asyncio.shield(clean_up("at the end"))

    loop = VirtualLoop(timeline)
    loop.kill_after(2)
    with asyncio.Runner() as other:
        other.get_loop()
        asyncio.set_event_loop(other.get_loop())
        with pytest.raises(Killed):
            loop.run_until_complete(main())
        loop.bury()
        other.run(asyncio.sleep(0))
    buried = weakref.ref(loop)
    del loop
    gc.collect()
    assert not cleaned
    assert buried() is None


async def _write(loop: VirtualLoop, url: str, *, steps: int, sent: list[str]) -> None:
    """Write a row; dies so many steps after it has connected."""
    connection = await asyncpg.connect(url)
    loop.kill_after(steps)
    for statement in ("BEGIN", "INSERT INTO t DEFAULT VALUES", "COMMIT", "DELETE FROM t WHERE false"):
        sent.append(statement)
        await connection.execute(statement)
    await connection.close()


async def _emptied(url: str) -> int:
    """How many rows there were; nobody may hold a lock."""
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE IF NOT EXISTS t (); SET lock_timeout = 1")
    found = await connection.fetchval("SELECT count(*) FROM t")
    await connection.execute("TRUNCATE t")
    await connection.close()
    return int(found)


def _sent_before_death(timeline: Timeline, url: str, *, steps: int) -> list[str] | None:
    """What a process had sent when it died; None: it had come to its end."""
    loop, sent = VirtualLoop(timeline), list[str]()
    try:
        loop.run_until_complete(_write(loop, url, steps=steps, sent=sent))
    except Killed:
        loop.bury()
        return sent
    loop.close()
    return None


def test_the_database_keeps_what_a_dead_process_had_sent(
    timeline: Timeline, loop: VirtualLoop, empty_database_url: str
) -> None:
    """Wherever it died: a commit that was sent counts; without one there is no row, and never a lock."""
    loop.run_until_complete(_emptied(empty_database_url))
    steps, reached = 1, set[int]()
    while (sent := _sent_before_death(timeline, empty_database_url, steps=steps)) is not None:
        assert loop.run_until_complete(_emptied(empty_database_url)) == ("COMMIT" in sent)
        steps, reached = steps + 1, reached | {len(sent)}
    assert reached == {1, 2, 3, 4}
