"""Boards of the longest run of a streak."""

import pytest
import pytest_asyncio

from tests.boards.hall import Hall, added_up
from tests.tasks.diary import Diary

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def diary(hall: Hall) -> Diary:
    """A shop with a streak that a board ranks by, on day 9."""
    made = Diary(hall.shop)
    await made.saved()
    await hall.saved(metric="streak", streak="daily")
    await hall.shop.launch()
    made.now_is(9)
    return made


async def top(hall: Hall) -> list[tuple[str, int]]:
    """The ranking, when all is added up; a second later than before."""
    hall.shop.office.clock.advance(1_000)
    await added_up(hall.shop.resources)
    return await hall.top()


async def test_the_longest_run_counts_since_it_was_reached(hall: Hall, diary: Diary) -> None:
    """Whoever had it first is first, whatever came when; a shorter run later changes nothing."""
    await diary.kept(2, 1, 0, subject="bob")
    await diary.kept(5, 4, 3, subject="ann")
    await diary.kept(0, 1, 5, 6, subject="cat")
    assert await top(hall) == [("bob", 3), ("ann", 3), ("cat", 2)]
    await diary.kept(8, subject="bob")
    assert await top(hall) == [("bob", 3), ("ann", 3), ("cat", 2)]


async def test_a_day_that_is_taken_back_breaks_a_run(hall: Hall, diary: Diary) -> None:
    """Without any day there is no rank."""
    await diary.kept(0, 1, 2, subject="ann")
    await diary.kept(4, 5, subject="bob")
    await diary.came_not(1, subject="ann")
    await hall.shop.process()
    assert await top(hall) == [("bob", 2), ("ann", 1)]
    for number in (4, 5):
        await diary.came_not(number, subject="bob")
    await hall.shop.process()
    assert await top(hall) == [("ann", 1)]


async def test_a_repair_joins_runs(hall: Hall, diary: Diary) -> None:
    """From its commit on."""
    diary.fund(100)
    await diary.kept(6, 7, 9, subject="ann")
    before = await top(hall)
    await diary.repaired(8)
    assert (before, await top(hall)) == ([("ann", 2)], [("ann", 4)])


async def test_a_streak_that_a_board_ranks_by_is_not_removed(hall: Hall) -> None:
    """And a board needs a streak that is there."""
    diary = Diary(hall.shop)
    await diary.saved()
    for changes in ({"streak": "none"}, {}, {"metric": "tasks", "streak": "daily"}):
        answer = await hall.put(**({"metric": "streak"} | changes))
        assert (answer.status_code, answer.json()["field"]) == (422, "$.streak")
    await hall.saved(metric="streak", streak="daily")
    removed = await hall.shop.office.ask("DELETE", f"{diary.path}/daily")
    assert (removed.status_code, removed.json()["code"]) == (409, "streak_needed")


async def test_runs_are_ranked_over_the_whole_campaign(hall: Hall) -> None:
    """A run that goes on past the end of a shorter season would be worth nothing in that one."""
    await Diary(hall.shop).saved()
    for seasons in ("day", "week", "month"):
        answer = await hall.put(metric="streak", streak="daily", seasons=seasons)
        assert (answer.status_code, answer.json()["field"]) == (422, "$.seasons")
