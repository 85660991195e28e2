"""Many at once, on engines that know nothing of each other: what must happen once happens once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio

from game.errors import Refusal
from game.plays.engine import Engine
from game.plays.views import PlayView
from tests.support.auditing import rows_of
from tests.support.pools import cards, pool, row, wheel
from tests.support.stage import Stage, another_engine

PLAYERS = tuple(f"player-{number}" for number in range(20))


@pytest_asyncio.fixture
async def engines(backstage: Stage) -> AsyncIterator[tuple[Engine, Engine]]:
    """Two engines, each with connections of its own."""
    async with another_engine(backstage.resources) as one, another_engine(backstage.resources) as two:
        yield one, two


async def together(*plays: Any) -> tuple[list[PlayView], Counter[str]]:
    """The plays that were accepted out of many at once, and how often each refusal was given."""
    answers = await asyncio.gather(*plays, return_exceptions=True)
    refusals = Counter(answer.code for answer in answers if isinstance(answer, Refusal))
    views = [answer for answer in answers if isinstance(answer, PlayView)]
    assert len(views) + refusals.total() == len(answers), answers
    return views, refusals


@pytest.mark.asyncio
async def test_identical_requests_are_one_play(backstage: Stage, engines: tuple[Engine, Engine]) -> None:
    """64 at once on two engines: one play, one debit, one answer."""
    campaign_id = await backstage.launch(wheel())
    backstage.fund("ann", 100)
    await backstage.sit(engines[0], campaign_id, "ann", "wheel")
    views, refusals = await together(
        *(
            backstage.play(engines[number % 2], campaign_id, "ann", "wheel", key="key", draws=5)
            for number in range(64)
        )
    )
    assert (len({msgspec.json.encode(view) for view in views}), refusals.total()) == (1, 0)
    assert views[0].state == "settled"
    assert await rows_of(backstage.resources, "SELECT state FROM play") == [{"state": "settled"}]
    assert backstage.ledger.balances[f"house:{campaign_id}"] == 50


@pytest.mark.asyncio
async def test_one_key_for_two_requests_is_one_play(backstage: Stage, engines: tuple[Engine, Engine]) -> None:
    """Whichever comes first is played; the other number of draws is refused on both engines."""
    campaign_id = await backstage.launch(wheel())
    backstage.fund("ann", 100)
    await backstage.sit(engines[0], campaign_id, "ann", "wheel")
    views, refusals = await together(
        *(
            backstage.play(engines[n % 2], campaign_id, "ann", "wheel", key="key", draws=1 + n // 2 % 2)
            for n in range(16)
        )
    )
    assert (len(views), refusals) == (8, {"idempotency_mismatch": 8})
    assert len({view.id for view in views}) == 1


@pytest.mark.asyncio
async def test_the_last_unit_is_won_once(backstage: Stage, engines: tuple[Engine, Engine]) -> None:
    """200 plays in flight on two engines, of which every other would win it."""
    rows = [row("car", "goods", weight=1, stock=1, else_="thanks"), row("thanks", weight=1)]
    campaign_id = await backstage.launch(pool("wheel", *rows))
    for subject in PLAYERS:
        backstage.fund(subject, 100)
        await backstage.sit(engines[0], campaign_id, subject, "wheel")
    views, refusals = await together(
        *(
            backstage.play(engines[n % 2], campaign_id, subject, "wheel", key=f"key-{n}")
            for n in range(10)
            for subject in PLAYERS
        )
    )
    assert (len(views), refusals.total()) == (200, 0)
    won = Counter(draw.outcome.row for view in views for draw in view.draws if draw.outcome)
    assert won == {"car": 1, "thanks": 199}
    assert len(await rows_of(backstage.resources, "SELECT * FROM prize_grant")) == 1


@pytest.mark.asyncio
async def test_parallel_plays_of_a_player_share_a_seat(
    backstage: Stage, engines: tuple[Engine, Engine]
) -> None:
    """Each play's draws are consecutive, and together they are 1, 2, 3 … without a gap."""
    campaign_id = await backstage.launch(wheel())
    backstage.fund("ann", 1_000)
    await backstage.sit(engines[0], campaign_id, "ann", "wheel")
    views, _ = await together(
        *(
            backstage.play(engines[n % 2], campaign_id, "ann", "wheel", key=f"key-{n}", draws=2)
            for n in range(12)
        )
    )
    numbers = sorted([draw.n for draw in view.draws] for view in views)
    assert numbers == [[n, n + 1] for n in range(1, 24, 2)]


@pytest.mark.asyncio
async def test_limits_hold_against_a_crowd(backstage: Stage, engines: tuple[Engine, Engine]) -> None:
    """Exactly as many plays are accepted as the day allows, however many come at once and in which pools."""
    campaign_id = await backstage.launch(wheel("one"), wheel("two"), limits={"per_day": 5})
    backstage.fund("ann", 1_000)
    for pool_id in ("one", "two"):
        await backstage.sit(engines[0], campaign_id, "ann", pool_id)
    views, refusals = await together(
        *(
            backstage.play(engines[n % 2], campaign_id, "ann", pool_id, key=f"{pool_id}-{n}")
            for n in range(10)
            for pool_id in (("one", "two") if n % 2 else ("two", "one"))
        )
    )
    assert (len(views), refusals) == (5, {"limit_per_day": 15})
    assert backstage.ledger.balances[f"house:{campaign_id}"] == 50


@pytest.mark.asyncio
async def test_one_key_for_two_pools_is_one_play(backstage: Stage, engines: tuple[Engine, Engine]) -> None:
    """A key is the player's in the campaign: of two pools that it is used for at once, one is played."""
    campaign_id = await backstage.launch(wheel("one"), wheel("two"))
    backstage.fund("ann", 1_000)
    for pool_id in ("one", "two"):
        await backstage.sit(engines[0], campaign_id, "ann", pool_id)
    for n in range(10):
        views, refusals = await together(
            backstage.play(engines[0], campaign_id, "ann", "one", key=f"{n}"),
            backstage.play(engines[1], campaign_id, "ann", "two", key=f"{n}"),
        )
        assert (len(views), refusals) == (1, {"idempotency_mismatch": 1})


@pytest.mark.asyncio
async def test_chances_are_used_once(backstage: Stage, engines: tuple[Engine, Engine]) -> None:
    """Twenty plays for seven chances in two lots: seven are played."""
    campaign_id = await backstage.launch(pool("wheel", row("thanks", weight=1)))
    await backstage.grant(campaign_id, "ann", 3)
    await backstage.grant(campaign_id, "ann", 4)
    await backstage.sit(engines[0], campaign_id, "ann", "wheel")
    views, refusals = await together(
        *(
            backstage.play(engines[n % 2], campaign_id, "ann", "wheel", key=f"key-{n}", paid_with="chance")
            for n in range(20)
        )
    )
    assert (len(views), refusals) == (7, {"too_few_chances": 13})
    lots = await rows_of(backstage.resources, "SELECT units_left FROM chance_lot")
    assert [lot["units_left"] for lot in lots] == [0, 0]


@pytest.mark.asyncio
async def test_the_last_tickets_are_sold_once(backstage: Stage, engines: tuple[Engine, Engine]) -> None:
    """A crowd buys an urn empty: every ticket once, and nobody pays for one that is not there."""
    urn = pool("urn", row("gold", "points", 100, count=4), row("thanks", count=26))
    campaign_id = await backstage.launch(urn)
    for subject in PLAYERS:
        backstage.fund(subject, 100)
        await backstage.sit(engines[0], campaign_id, subject, "urn")
    views, refusals = await together(
        *(
            backstage.play(engines[n % 2], campaign_id, subject, "urn", key=f"key-{n}")
            for n in range(2)
            for subject in PLAYERS
        )
    )
    assert (len(views), refusals) == (30, {"sold_out": 10})
    left = await rows_of(backstage.resources, "SELECT units_left FROM pool_row")
    assert [row["units_left"] for row in left] == [0, 0]


@pytest.mark.asyncio
async def test_a_seat_is_opened_once(backstage: Stage, engines: tuple[Engine, Engine]) -> None:
    """Whoever asks for the anchor on whichever engine is shown the same one."""
    campaign_id = await backstage.launch(wheel())
    await asyncio.gather(
        *(backstage.sit(engines[number % 2], campaign_id, "ann", "wheel") for number in range(8))
    )
    assert await rows_of(backstage.resources, "SELECT state, entry_index FROM seat") == [
        {"state": "live", "entry_index": 1}
    ]


@pytest.mark.asyncio
async def test_two_engines_settle_one_campaign(backstage: Stage, engines: tuple[Engine, Engine]) -> None:
    """Players, pools and payments in any mixture are settled, and told again as they were told first."""
    campaign_id = await backstage.launch(wheel(), cards())
    for subject in PLAYERS:
        backstage.fund(subject, 30)
        await backstage.grant(campaign_id, subject, 1)
        await backstage.sit(engines[0], campaign_id, subject, "wheel")
        await backstage.sit(engines[1], campaign_id, subject, "cards")
    views, refusals = await together(
        *(
            backstage.play(engines[(n + i) % 2], campaign_id, subject, pool_id, key=f"{n}", paid_with=paid)
            for i, subject in enumerate(PLAYERS)
            for n, (pool_id, paid) in enumerate(MIXTURE)
        )
    )
    assert (Counter(view.state for view in views), refusals) == ({"settled": 80}, {})
    for view in views:
        assert await backstage.read(engines[0], view.id) == view


MIXTURE: tuple[tuple[str, Any], ...] = (
    ("wheel", "points"), ("cards", "points"), ("wheel", "chance"), ("cards", "points"),
)  # fmt: skip


@pytest.mark.asyncio
async def test_a_poisoned_request_harms_no_neighbour(
    backstage: Stage, engines: tuple[Engine, Engine]
) -> None:
    """One that the database cannot store fails alone; those that were accepted with it are settled."""
    engine = engines[0]
    campaign_id = await backstage.launch(wheel())
    backstage.fund("ann", 100)
    await backstage.sit(engine, campaign_id, "ann", "wheel")
    asked = [await backstage.asked(campaign_id, "ann", "wheel", key=f"key-{n}") for n in range(8)]
    asked[5] = msgspec.structs.replace(asked[5], player_id=UUID(int=0))
    answers = await asyncio.gather(*map(engine.accept, asked), return_exceptions=True)
    assert [isinstance(answer, BaseException) for answer in answers] == [n == 5 for n in range(8)]
    driven = [answer for answer in answers if not isinstance(answer, BaseException)]
    settled = await asyncio.gather(*(engine.drive(item.play, item.debit) for item in driven))
    assert {advanced.play.state for advanced in settled} == {"settled"}


@pytest.mark.asyncio
async def test_a_poisoned_play_harms_no_neighbour(backstage: Stage, engines: tuple[Engine, Engine]) -> None:
    """One that the clerk cannot write fails alone; the plays of its batch are drawn."""
    engine = engines[0]
    campaign_id = await backstage.launch(wheel(price_points=0))
    await backstage.sit(engine, campaign_id, "ann", "wheel")
    plays = []
    for n in range(8):
        asked = await backstage.asked(campaign_id, "ann", "wheel", key=f"key-{n}")
        plays.append((await engine.accept(asked)).play)
    plays[5:5] = [msgspec.structs.replace(plays[0], play_id=UUID(int=0))]
    answers = await asyncio.gather(*map(engine.drive, plays), return_exceptions=True)
    assert [isinstance(answer, BaseException) for answer in answers] == [n == 5 for n in range(9)]
    states = await rows_of(backstage.resources, "SELECT DISTINCT state FROM play")
    assert states == [{"state": "settled"}]
