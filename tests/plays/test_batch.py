"""Collecting what waits while the batch before is in flight."""

import asyncio
from collections.abc import Sequence

import pytest

from game.batch import Batcher
from game.errors import Conflict, Unavailable

BATCH_LIMIT = 8
WAITING_LIMIT = 16
ANSWER_SECONDS = 5.0


class Runner:
    """Doubles numbers, one batch at a time as the gate opens; refuses negative ones, dies of 666 and 503."""

    def __init__(self, turns: asyncio.Semaphore | None = None) -> None:
        self.batches: list[list[int]] = []
        self.in_flight = 0
        self.gate = asyncio.Semaphore(0)
        self.batcher: Batcher[int, int] = Batcher(
            self.run,
            batch_limit=BATCH_LIMIT,
            waiting_limit=WAITING_LIMIT,
            turns=turns or asyncio.Semaphore(1),
        )

    async def run(self, items: Sequence[int]) -> Sequence[int | BaseException]:
        self.in_flight += 1
        assert self.in_flight == 1
        self.batches.append(list(items))
        await self.gate.acquire()
        self.in_flight -= 1
        if 666 in items:
            raise ValueError("666 is at fault")
        if 503 in items:
            raise TimeoutError("the database is out of reach")
        return [Conflict("negative", "refused", item=item) if item < 0 else 2 * item for item in items]

    def open(self, batches: int = 1_000) -> None:
        """Let so many batches through."""
        for _ in range(batches):
            self.gate.release()

    async def submitted(self, *items: int) -> list["asyncio.Task[int]"]:
        """Submit items, each by a caller of its own, which now all wait."""
        tasks = [asyncio.create_task(self.batcher.submit(item)) for item in items]
        await settled()
        return tasks


async def answers(*tasks: "asyncio.Task[int]") -> list[int | BaseException]:
    """What becomes of submitted items; TimeoutError where one is never answered."""
    async with asyncio.timeout(ANSWER_SECONDS):
        return await asyncio.gather(*tasks, return_exceptions=True)


async def settled() -> None:
    """Let every task run as far as it gets."""
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.mark.asyncio
async def test_an_idle_batcher_answers_at_once() -> None:
    """A single item is a batch of its own: nobody waits for company."""
    runner = Runner()
    runner.open()
    assert await runner.batcher.submit(21) == 42
    assert runner.batches == [[21]]


@pytest.mark.asyncio
async def test_items_collect_while_a_batch_is_in_flight() -> None:
    """What arrives during a batch is the next batch, in its order, and never a second one beside it."""
    runner = Runner()
    first = await runner.submitted(1)
    later = await runner.submitted(2, 3, 4)
    assert runner.batches == [[1]]
    runner.open()
    assert await answers(*first, *later) == [2, 4, 6, 8]
    assert runner.batches == [[1], [2, 3, 4]]


@pytest.mark.asyncio
async def test_a_batch_has_a_limit() -> None:
    """More than the limit are run one batch after the other."""
    runner = Runner()
    first = await runner.submitted(0)
    later = await runner.submitted(*range(1, BATCH_LIMIT + 4))
    runner.open()
    await answers(*first, *later)
    assert [len(batch) for batch in runner.batches] == [1, BATCH_LIMIT, 3]


@pytest.mark.asyncio
async def test_a_refused_item_harms_no_other() -> None:
    """An item's own exception is raised to its caller alone, without another run."""
    runner = Runner()
    first = await runner.submitted(0)
    good, bad, better = await runner.submitted(1, -1, 2)
    runner.open()
    await answers(*first)
    with pytest.raises(Conflict) as refused:
        await bad
    assert refused.value.numbers == {"item": -1}
    assert [await good, await better] == [2, 4]
    assert runner.batches == [[0], [1, -1, 2]]


@pytest.mark.asyncio
@pytest.mark.parametrize("place", range(5))
async def test_halving_isolates_the_item_at_fault(place: int) -> None:
    """A run that raises did nothing: halves are run again until the item at fault stands alone."""
    runner = Runner()
    numbers = [1, 2, 3, 4]
    first = await runner.submitted(0)
    tasks = await runner.submitted(*numbers[:place], 666, *numbers[place:])
    runner.open()
    outcomes = await answers(*first, *tasks)
    fault = outcomes.pop(1 + place)
    assert isinstance(fault, ValueError)
    assert outcomes == [0, 2, 4, 6, 8]
    alone = [batch for batch in runner.batches if 666 in batch]
    assert alone[-1] == [666]
    assert len(runner.batches) <= 1 + 2 * 5


@pytest.mark.asyncio
async def test_an_outage_is_no_items_fault() -> None:
    """All are told at once, without another run for each half."""
    runner = Runner()
    first = await runner.submitted(0)
    tasks = await runner.submitted(1, 503, 2, 3)
    runner.open()
    await answers(*first)
    outcomes = await answers(*tasks)
    assert [type(outcome) for outcome in outcomes] == [TimeoutError] * 4
    assert runner.batches == [[0], [1, 503, 2, 3]]


@pytest.mark.asyncio
async def test_two_items_at_fault_are_both_found() -> None:
    """Each of several items at fault gets its exception, everyone else an answer."""
    runner = Runner()
    first = await runner.submitted(0)
    tasks = await runner.submitted(1, 666, 2, 666, 3)
    runner.open()
    await answers(*first)
    outcomes = await answers(*tasks)
    assert [type(outcome) for outcome in outcomes] == [int, ValueError, int, ValueError, int]


@pytest.mark.asyncio
async def test_waiting_is_bounded() -> None:
    """One more than may wait is refused at once with the number of those who do; the others are served."""
    runner = Runner()
    first = await runner.submitted(0)
    waiting = await runner.submitted(*range(1, WAITING_LIMIT + 1))
    with pytest.raises(Unavailable) as refused:
        await runner.batcher.submit(99)
    assert (refused.value.code, refused.value.numbers) == ("busy", {"waiting": WAITING_LIMIT})
    runner.open()
    await answers(*first, *waiting)
    assert await runner.batcher.submit(1) == 2


@pytest.mark.asyncio
async def test_a_caller_that_goes_away_does_not_stop_the_batch() -> None:
    """Its item is run all the same, and its neighbours get their answers."""
    runner = Runner()
    (gone,) = await runner.submitted(1)
    gone_too, stays = await runner.submitted(2, 3)
    gone.cancel()
    gone_too.cancel()
    await settled()
    runner.open()
    assert await stays == 6
    assert runner.batches == [[1], [2, 3]]


@pytest.mark.asyncio
async def test_a_caller_that_went_away_is_not_told_of_a_fault() -> None:
    """An exception for nobody is dropped, and the next item is served."""
    runner = Runner()
    (gone,) = await runner.submitted(666)
    gone.cancel()
    await settled()
    runner.open()
    assert await runner.batcher.submit(4) == 8


@pytest.mark.asyncio
async def test_it_is_idle_before_and_after_but_not_in_between() -> None:
    """`idle` tells whether anything waits or is in flight, so that an idle batcher may be dropped."""
    runner = Runner()
    assert runner.batcher.idle
    (task,) = await runner.submitted(1)
    assert not runner.batcher.idle
    runner.open()
    await task
    await settled()
    assert runner.batcher.idle


@pytest.mark.asyncio
async def test_who_waits_for_a_turn_collects_on() -> None:
    """Of two that share one turn, the second begins when the first is done, with all that came meanwhile."""
    turn = asyncio.Semaphore(1)
    first, second = Runner(turn), Runner(turn)
    tasks = [*await first.submitted(1), *await second.submitted(2), *await second.submitted(3)]
    assert second.batches == []
    second.open()
    first.open()
    assert await answers(*tasks) == [2, 4, 6]
    assert second.batches == [[2, 3]]
