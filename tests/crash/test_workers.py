"""Two processes serve the same campaigns, and nothing happens twice or in two orders."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from game.plays.views import PlayPage, PlayView
from game.tour.stage import Plan
from ledger_client import house
from tests.crash.accounts import assert_all_agree
from tests.crash.bets import CARDS, WHEEL, Bet, People, end_all, places_of, row, six_bets, wheel
from tests.crash.locks import locked_logs, settles_wait
from tests.crash.site import Site
from tests.crash.wire import Hold

pytestmark = pytest.mark.asyncio(loop_scope="package")

LAST_UNIT = wheel(
    row("phone", "goods", 1, weight=1, stock=1, **{"else": "point"}),
    row("point", "points", 1, weight=0),
    price_points=1,
)


@pytest_asyncio.fixture(loop_scope="package", scope="module")
async def two_workers(installation: Site) -> AsyncIterator[Site]:
    """The installation with a service of two processes."""
    await installation.start_service(workers=2)
    yield installation
    await installation.service.gone()


@pytest.mark.usefixtures("two_workers")
async def test_64_identical_requests_at_once_make_one_play(people: People) -> None:
    """Over 64 connections to two processes: one play, one debit, one answer."""
    place = await people.place(WHEEL)
    (seated,) = await people.seated(place, "keen")
    bet = Bet(seated=seated, count=5)
    answers = await asyncio.gather(*(bet.send() for _ in range(64)))
    views = [answer.read(PlayView, status=201) for answer in answers if answer is not None]
    assert len(views) == 64
    assert all(view == views[0] for view in views)
    history = await seated.guest.client.get(f"/v1/campaigns/{place.campaign_id}/me/plays")
    assert len(history.read(PlayPage, status=200).plays) == 1
    await assert_all_agree(people, [place], [await bet.end()])


@pytest.mark.usefixtures("two_workers")
async def test_the_last_unit_is_won_once_among_200_plays(people: People) -> None:
    """Every draw picks the one phone there is; the plays of both processes wait for their settle together."""
    place = await people.place(LAST_UNIT)
    seated = await people.seated(place, *(f"p{number}" for number in range(40)))
    bets = [Bet(seated=who, count=1, turn=turn) for who in seated for turn in range(5)]
    database_url = people.site.settings.database_url
    async with locked_logs(database_url, [place]):
        sent = asyncio.gather(*(bet.send() for bet in bets))
        await people.account_holds(house(place.campaign_id), 200)
        await settles_wait(database_url, [place], plays=len(bets), transactions=2)
    await sent
    made = await end_all(bets)
    rows = Counter(draw.outcome.row for play in made for draw in play.view.draws if draw.outcome)
    assert rows == {"phone": 1, "point": 199}
    await assert_all_agree(people, [place], made)


@pytest.mark.usefixtures("two_workers")
@pytest.mark.parametrize("plan", [WHEEL, CARDS], ids=["wheel", "cards"])
async def test_parallel_plays_of_one_player_take_consecutive_draws(people: People, plan: Plan) -> None:
    """Each play takes draws that follow one another, and all of them together the first ones of the seat."""
    place = await people.place(plan)
    (seated,) = await people.seated(place, "quick")
    counts = (1, 2, 3, 1, 2, 2)  # one card is left: a pool that is sold out closes and uncovers all cards
    bets = [Bet(seated=seated, count=count, turn=turn) for turn, count in enumerate(counts)]
    made = await end_all(bets)
    taken = sorted([draw.n for draw in play.view.draws] for play in made)
    assert [n for numbers in taken for n in numbers] == list(range(1, 12))
    by_log = sorted((draw.entry_index, draw.n) for play in made for draw in play.view.draws)
    assert [n for _, n in by_log] == list(range(1, 12))
    await assert_all_agree(people, [place], made)


async def test_a_stop_finishes_what_is_in_flight(two_workers: Site, people: People) -> None:
    """Plays whose debits are on the wire at SIGTERM are answered, and none is left unfinished."""
    site = two_workers
    bets = await six_bets(people)
    site.wire.hold(Hold.ANSWERS)
    sent = asyncio.gather(*(bet.send() for bet in bets))
    await site.wire.wait_for(4)
    stopped = asyncio.create_task(site.stop_service())
    site.wire.release()
    answers = await sent
    await stopped
    assert [answer and answer.status for answer in answers] == [201] * len(bets)
    unfinished = "SELECT count(*) FROM play WHERE finished_ms IS NULL"
    assert await people.resources.pool.fetchval(unfinished) == 0
    await site.start_service(workers=2)
    await assert_all_agree(people, places_of(bets), await end_all(bets))
