"""Two at once at the same gift: exactly one comes through, and nothing is doubled or lost."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest

from game.gifts.returning import expire_gifts
from game.gifts.rules import DAY_MS
from tests.gifts.party import Party
from tests.support.locks import until_waiting
from tests.support.rewarding import count
from tests.support.service import ManualClock

# As many as there are connections: on a busy machine others would wait too long for one.
REDEEMERS = 8
pytestmark = pytest.mark.asyncio


async def meet(party: Party, table: str, *both: Coroutine[Any, Any, Any]) -> list[Any]:
    """Let them wait for a row of a table until all do; what came of them."""
    async with party.resources.pool.acquire() as conn, conn.transaction():
        await conn.execute(f"SELECT FROM {table} FOR NO KEY UPDATE")
        tasks = [asyncio.create_task(each) for each in both]
        await until_waiting(party.resources, len(both))
    return await asyncio.gather(*tasks)


async def test_of_many_redemptions_one_wins(party: Party) -> None:
    """All others are told what whoever has a wrong code is told."""
    await party.stage.grant(party.campaign_id, "ann", 3)
    _, code = await party.given("ann", 3)
    answers = await asyncio.gather(*(party.redeem(f"bob-{nth}", code) for nth in range(REDEEMERS)))
    assert sorted(answer.status_code for answer in answers) == [200, *[404] * (REDEEMERS - 1)]
    assert await count(party.resources, "reward") == 1


async def test_one_who_redeems_twice_at_once_has_it_once(party: Party) -> None:
    """Both answers are the same."""
    await party.stage.grant(party.campaign_id, "ann", 3)
    _, code = await party.given("ann", 3)
    answers = await meet(party, "gift", *(party.redeem("bob", code) for _ in range(2)))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert await party.units("bob") == 3


async def test_a_redemption_meets_a_cancellation(party: Party) -> None:
    """Either the chances are the recipient's, or the giver's again."""
    await party.stage.grant(party.campaign_id, "ann", 3)
    gift_id, code = await party.given("ann", 3)
    redeemed, cancelled = await meet(party, "gift", party.redeem("bob", code), party.cancel("ann", gift_id))
    assert sorted((redeemed.status_code == 200, cancelled.status_code == 200)) == [False, True]
    assert (await party.units("ann"), await party.units("bob")) == (
        (0, 3) if redeemed.status_code == 200 else (3, 0)
    )


async def test_a_cancellation_meets_the_expiry(party: Party) -> None:
    """The chances come back once."""
    await party.stage.grant(party.campaign_id, "ann", 3)
    gift_id, _ = await party.given("ann", 3)
    party.stage.clock.advance(30 * DAY_MS)
    await meet(party, "chance_lot", party.cancel("ann", gift_id), expire_gifts(party.resources))
    assert await party.units("ann") == 3
    assert await count(party.resources, "gift", "state IN ('cancelled', 'expired')") == 1


async def test_a_redemption_meets_the_expiry_of_a_clock_ahead(party: Party) -> None:
    """For one process there is time left, for another it is over: one of them has its way."""
    await party.stage.grant(party.campaign_id, "ann", 3, lasts_ms=DAY_MS)
    _, code = await party.given("ann", 3)
    ahead = replace(party.resources, clock=ManualClock(party.stage.clock() + DAY_MS))
    redeemed, expired = await asyncio.gather(party.redeem("bob", code), expire_gifts(ahead))
    assert (redeemed.status_code, expired) in ((200, 0), (404, 1))
    assert await party.units("ann") + await party.units("bob") == 3


async def test_two_steps_expire_a_gift_once(party: Party) -> None:
    """Whoever comes second finds it ended."""
    await party.stage.grant(party.campaign_id, "ann", 3)
    await party.given("ann", 3)
    party.stage.clock.advance(30 * DAY_MS)
    done = await asyncio.gather(*(expire_gifts(party.resources) for _ in range(4)))
    assert sorted(done) == [0, 0, 0, 1]
    assert await party.units("ann") == 3


async def test_a_redemption_meets_a_reversal(party: Party) -> None:
    """What is redeemed first is owed; what is taken back first arrives not."""
    await party.reward("ann", "task:a:1", 3)
    _, code = await party.given("ann", 3)
    redeemed, _ = await meet(party, "gift", party.redeem("bob", code), party.reverse("ann", "task:a:1"))
    owed = await (await party.someone("ann")).debt("chances")
    assert (await party.units("bob"), owed) == ((3, 3) if redeemed.status_code == 200 else (0, 0))


async def test_a_gift_meets_a_reversal(party: Party) -> None:
    """It waits for the chances; those that it gets first are taken out of it, and none are left else."""
    await party.reward("ann", "task:a:1", 3)
    given, _ = await meet(
        party, "chance_lot", party.give("ann", "k", amount=3), party.reverse("ann", "task:a:1")
    )
    assert given.status_code in (201, 409)
    assert await count(party.resources, "chance_lot", "(units_left, taken_back) = (0, 3)") == 1


async def test_gifts_at_once_give_no_chance_twice(party: Party) -> None:
    """Of four gifts of two out of five chances, two are made."""
    await party.stage.grant(party.campaign_id, "ann", 5)
    answers = await asyncio.gather(*(party.give("ann", f"k{nth}", amount=2) for nth in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409]


async def test_the_same_key_at_once_gives_once(party: Party) -> None:
    """All get the same answer."""
    await party.stage.grant(party.campaign_id, "ann", 8)
    answers = await asyncio.gather(*(party.give("ann", "k", amount=2) for _ in range(4)))
    assert {answer.text for answer in answers} == {answers[0].text}
    assert await party.units("ann") == 6
