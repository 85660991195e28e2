"""Answers that are kept for a moment: how old they get, who reads them, and how many there are."""

import asyncio

import pytest

from game.cache import Answer, Cache
from tests.support.service import ManualClock

pytestmark = pytest.mark.asyncio


class Source:
    """What is read: a number that grows, once it is let; how often it was asked."""

    def __init__(self) -> None:
        self.reads = 0
        self.status = 200
        self.fault: Exception | None = None
        self.begun = asyncio.Semaphore(0)
        self.open = asyncio.Event()
        self.open.set()

    async def read(self, _key: str) -> Answer:
        """The next number."""
        self.reads += 1
        self.begun.release()
        body = b"%4d" % self.reads
        await self.open.wait()
        if self.fault is not None:
            raise self.fault
        return Answer(status=self.status, headers=(), headers_known=(), body=body, tag=None)


@pytest.fixture
def source() -> Source:
    """What is read."""
    return Source()


@pytest.fixture
def cache(source: Source, clock: ManualClock) -> Cache[str]:
    """Three answers of four bytes, or less, for a second."""
    return Cache(source.read, keep_ms=1_000, entries_limit=3, bytes_limit=12, clock=clock)


async def bodies(cache: Cache[str], *keys: str) -> list[int]:
    """Which reading each key is answered by."""
    return [int((await cache.get(key)).body) for key in keys]


async def started(source: Source, reads: int) -> None:
    """Wait until so many readings have begun."""
    for _ in range(reads):
        await source.begun.acquire()


async def test_an_answer_is_kept_for_less_than_a_second(cache: Cache[str], clock: ManualClock) -> None:
    """The millisecond that makes it a second old asks anew."""
    assert await bodies(cache, "a") == [1]
    clock.advance(999)
    assert await bodies(cache, "a") == [1]
    clock.advance(1)
    assert await bodies(cache, "a") == [2]


async def test_age_counts_from_before_the_reading(
    cache: Cache[str], source: Source, clock: ManualClock
) -> None:
    """A reading that took 600 ms is kept for 400 more."""
    source.open.clear()
    reading = asyncio.create_task(bodies(cache, "a"))
    await started(source, 1)
    clock.advance(600)
    source.open.set()
    assert await reading == [1]
    clock.advance(399)
    assert await bodies(cache, "a") == [1]
    clock.advance(1)
    assert await bodies(cache, "a") == [2]


async def test_nobody_waits_for_a_reading_that_is_too_old(
    cache: Cache[str], source: Source, clock: ManualClock
) -> None:
    """Who asks a second after it began gets the next one, which begins when this one has ended."""
    source.open.clear()
    first = asyncio.create_task(bodies(cache, "a"))
    await started(source, 1)
    clock.advance(1_000)
    late = [asyncio.create_task(bodies(cache, "a")) for _ in range(3)]
    await asyncio.sleep(0)
    assert source.reads == 1
    source.open.set()
    assert await first == [1]
    assert await asyncio.gather(*late) == [[2], [2], [2]]


async def test_a_clock_that_was_set_back_keeps_nothing_longer(cache: Cache[str], clock: ManualClock) -> None:
    """What was read later than now is not believed."""
    await bodies(cache, "a")
    clock.advance(-1)
    assert await bodies(cache, "a") == [2]


async def test_many_at_once_are_one_reading(cache: Cache[str], source: Source) -> None:
    """Sixty-four ask while nothing is kept; other keys have readings of their own."""
    source.open.clear()
    asked = [asyncio.create_task(bodies(cache, "a")) for _ in range(64)]
    other = asyncio.create_task(bodies(cache, "b"))
    await started(source, 2)
    source.open.set()
    assert await asyncio.gather(*asked) == [[1]] * 64
    assert await other == [2]


async def test_who_leaves_takes_nothing_from_the_others(cache: Cache[str], source: Source) -> None:
    """The first who asked is gone before the answer."""
    source.open.clear()
    gone, stays = (asyncio.create_task(bodies(cache, "a")) for _ in range(2))
    await started(source, 1)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    source.open.set()
    assert await stays == [1]
    assert source.reads == 1


async def test_refusals_are_told_to_all_and_not_kept(cache: Cache[str], source: Source) -> None:
    """All who wait get it; the next one is read again, and pushes nothing out."""
    await bodies(cache, "x", "y", "z")
    source.status = 404
    source.open.clear()
    asked = [asyncio.create_task(bodies(cache, "a")) for _ in range(8)]
    await started(source, 4)
    source.open.set()
    assert await asyncio.gather(*asked) == [[4]] * 8
    assert await bodies(cache, "a") == [5]
    assert await bodies(cache, "x", "y", "z") == [1, 2, 3]


async def test_a_refusal_ends_what_was_kept(cache: Cache[str], source: Source, clock: ManualClock) -> None:
    """What is not there any more is not shown again, should the clock go back."""
    await bodies(cache, "a")
    clock.advance(1_000)
    source.status = 404
    assert await bodies(cache, "a") == [2]
    clock.advance(-1)
    assert await bodies(cache, "a") == [3]


async def test_a_reading_that_fails_fails_for_all_who_wait(cache: Cache[str], source: Source) -> None:
    """Once, and the next one tries again."""
    source.fault = ConnectionError()
    source.open.clear()
    asked = [asyncio.create_task(cache.get("a")) for _ in range(3)]
    await started(source, 1)
    source.open.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert answers == [source.fault] * 3
    source.fault = None
    assert await bodies(cache, "a") == [2]


async def test_the_least_used_makes_room(cache: Cache[str]) -> None:
    """Of four keys three are kept: those that were used last."""
    assert await bodies(cache, "a", "b", "c", "a", "d") == [1, 2, 3, 1, 4]
    assert await bodies(cache, "a", "c", "d", "b") == [1, 3, 4, 5]


async def test_bytes_are_bounded(clock: ManualClock, source: Source) -> None:
    """Ten bytes are two answers of four; what alone is longer than the bound is not kept."""
    cache: Cache[str] = Cache(source.read, keep_ms=1_000, entries_limit=100, bytes_limit=10, clock=clock)
    assert await bodies(cache, "a", "b", "c") == [1, 2, 3]
    assert await bodies(cache, "b", "c", "a") == [2, 3, 4]
    small: Cache[str] = Cache(source.read, keep_ms=1_000, entries_limit=100, bytes_limit=3, clock=clock)
    assert await bodies(small, "a", "a") == [5, 6]


async def test_an_answer_that_was_read_again_counts_once(clock: ManualClock, source: Source) -> None:
    """Its bytes are those of the new one alone."""
    cache: Cache[str] = Cache(source.read, keep_ms=1_000, entries_limit=100, bytes_limit=8, clock=clock)
    for _ in range(5):
        await bodies(cache, "a")
        clock.advance(1_000)
    assert await bodies(cache, "a", "b", "a") == [6, 7, 6]


async def test_what_is_read_ends_with_the_process(cache: Cache[str], source: Source) -> None:
    """Nothing is left behind that somebody would have to wait for."""
    source.open.clear()
    asked = asyncio.create_task(bodies(cache, "a"))
    await started(source, 1)
    await cache.close()
    with pytest.raises(asyncio.CancelledError):
        await asked
