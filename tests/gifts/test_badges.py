"""Gifts of badges: spare ones alone, and only where the published policy of their set has that."""

import asyncio

import pytest
import pytest_asyncio

from game.gifts.returning import expire_gifts
from game.gifts.rules import DAY_MS
from tests.badges.album import BADGES
from tests.campaigns.office import rfc3339
from tests.gifts.party import Party
from tests.gifts.test_races import meet
from tests.support.rewarding import count

_BOARD = "INSERT INTO board VALUES ($1, 'collectors', 'badges', '{}')"
pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def collectors(party: Party) -> Party:
    """A campaign with a set; ann has two tigers, of which the younger is given first."""
    await party.collect()
    for nth in range(2):
        await party.reward("ann", f"task:a:{nth}", 1, "badge")
        party.stage.clock.advance(1)
    return party


async def test_a_spare_badge_arrives(collectors: Party) -> None:
    """It is at hand for the recipient, and the giver's first one stays."""
    gift_id, code = await collectors.badge_from("ann")
    assert (await collectors.badges("ann"))["tiger"] == 1
    answer = await collectors.redeem("bob", code)
    assert (answer.json()["id"], answer.json()["kind"], answer.json()["badge"]) == (gift_id, "badge", "tiger")
    assert (await collectors.badges("bob"))["tiger"] == 1
    assert await count(collectors.resources, "badge_award", "state = 'gifted'") == 1


async def test_the_first_badge_is_not_spare(collectors: Party) -> None:
    """Not even where the second lies in a gift."""
    await collectors.badge_from("ann")
    refused = await collectors.give_badge("ann", "first")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_spare")


async def test_a_set_whose_policy_has_no_gifts(party: Party) -> None:
    """Refuses them, and so does a badge that is in no set: nobody published that it may be given."""
    await party.collect(gifts=False, badges=["rat", "tiger"])
    for nth in range(2):
        await party.reward("ann", f"task:a:{nth}", 1, "badge")
    for badge in BADGES:
        refused = await party.give_badge("ann", f"k-{badge}", badge)
        assert (refused.status_code, refused.json()["code"]) == (409, "not_offered")


async def test_the_album_says_whether_a_badge_can_be_given(collectors: Party) -> None:
    """By the code of the refusal, as of trades."""
    for subject, reason in (("ann", None), ("bob", "not_spare")):
        answer = await collectors.send(subject, "GET", "badges")
        refused = answer.json()["sets"][0]["refused"].get("gift")
        assert (refused and refused["code"]) == reason


async def test_after_the_set_is_over_nothing_is_given(party: Party) -> None:
    """And what lies in a gift is the giver's again at that moment."""
    until_ms = party.stage.clock() + DAY_MS
    await party.collect(redeem_until=rfc3339(until_ms))
    for nth in range(3):
        await party.reward("ann", f"task:a:{nth}", 1, "badge")
    _, code = await party.badge_from("ann")
    party.stage.clock.advance(DAY_MS)
    assert (await party.redeem("bob", code)).status_code == 404
    assert (await party.give_badge("ann", "late")).json()["code"] == "set_closed"
    assert await expire_gifts(party.resources) == 1
    assert await count(party.resources, "badge_award", "state = 'held'") == 3


async def test_a_cancelled_badge_is_back(collectors: Party) -> None:
    """It is spare again, and can be given again."""
    gift_id, _ = await collectors.badge_from("ann")
    await collectors.cancel("ann", gift_id)
    assert (await collectors.badges("ann"))["tiger"] == 2
    _, code = await collectors.badge_from("ann")
    assert (await collectors.redeem("bob", code)).status_code == 200


@pytest.mark.parametrize("is_redeemed", [False, True])
async def test_what_the_badge_was_given_for_is_reversed(collectors: Party, *, is_redeemed: bool) -> None:
    """One in an open gift is taken out of it; one that was redeemed is owed."""
    _, code = await collectors.badge_from("ann")
    if is_redeemed:
        await collectors.redeem("bob", code)
    await collectors.reverse("ann", "task:a:1")
    ann = await collectors.someone("ann")
    assert (await collectors.redeem("cy", code)).status_code == 404
    assert await ann.debt("badge") == int(is_redeemed)
    assert (await collectors.mine("ann"))["given"][0]["state"] == (
        "redeemed" if is_redeemed else "taken_back"
    )


async def test_a_redemption_meets_a_reversal(collectors: Party) -> None:
    """Either it is owed, or it arrives not."""
    _, code = await collectors.badge_from("ann")
    redeemed, _ = await meet(
        collectors, "gift", collectors.redeem("bob", code), collectors.reverse("ann", "task:a:1")
    )
    owed = await (await collectors.someone("ann")).debt("badge")
    had = (await collectors.badges("bob"))["tiger"]
    assert (had, owed) == ((1, 1) if redeemed.status_code == 200 else (0, 0))


async def test_a_spare_badge_is_given_or_traded(collectors: Party) -> None:
    """Of a gift and a conversion of the same badge at once one alone happens."""
    path, body = "sets/spring/trades", {"kind": "convert", "badge": "tiger"}
    answers = await asyncio.gather(
        collectors.give_badge("ann", "gift"),
        collectors.send("ann", "POST", path, body, **{"Idempotency-Key": "trade"}),
    )
    assert sorted(answer.is_success for answer in answers) == [False, True]
    assert (await collectors.badges("ann"))["tiger"] == 1


async def test_what_is_back_counts_on_boards_again(party: Party) -> None:
    """The first tiger was taken back while the second lay in a gift: its giver has that one since it came."""
    await party.collect()
    await party.resources.pool.execute(_BOARD, party.campaign_id)
    for nth in range(2):
        await party.reward("ann", f"task:a:{nth}", 1, "badge")
        party.stage.clock.advance(1)
    gift_id, _ = await party.badge_from("ann")
    await party.reverse("ann", "task:a:0")
    assert await count(party.resources, "score") == 0
    await party.cancel("ann", gift_id)
    assert await party.resources.pool.fetchval("SELECT at_ms FROM score") == party.stage.clock() - 1
