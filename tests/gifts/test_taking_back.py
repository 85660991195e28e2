"""What chances were given for is reversed, when some of them lie in gifts or are given away."""

import pytest

from tests.gifts.party import Party

pytestmark = pytest.mark.asyncio


async def test_what_lies_in_an_open_gift_is_taken_back(party: Party) -> None:
    """The gift is over, and nothing is owed."""
    await party.reward("ann", "task:a:1", 3)
    _, code = await party.given("ann", 2)
    await party.reverse("ann", "task:a:1")
    assert (await party.units("ann"), await (await party.someone("ann")).debt("chances")) == (0, 0)
    (gift,) = (await party.mine("ann"))["given"]
    assert (gift["state"], gift["taken_back"]) == ("taken_back", 2)
    assert (await party.redeem("bob", code)).status_code == 404


async def test_what_was_redeemed_is_owed(party: Party) -> None:
    """By the giver: the recipient keeps it, and the giver's next chances are withheld."""
    await party.reward("ann", "task:a:1", 3)
    await party.redeem("bob", (await party.given("ann", 2))[1])
    await party.reverse("ann", "task:a:1")
    ann = await party.someone("ann")
    assert (await party.units("bob"), await party.units("ann"), await ann.debt("chances")) == (2, 0, 2)
    await party.reward("ann", "task:a:2", 3)
    assert (await party.units("ann"), await ann.debt("chances")) == (1, 0)


async def test_of_a_gift_the_rest_is_given(party: Party) -> None:
    """It was made of two lots, one of which is taken back: it stays open, and the other arrives."""
    await party.reward("ann", "task:a:1", 1)
    await party.reward("ann", "task:a:2", 2)
    _, code = await party.given("ann", 3)
    await party.reverse("ann", "task:a:2")
    (gift,) = (await party.mine("ann"))["given"]
    assert (gift["state"], gift["amount"], gift["taken_back"]) == ("open", 3, 2)
    assert (await party.redeem("bob", code)).json()["amount"] == 1
    assert (await party.units("bob"), await (await party.someone("ann")).debt("chances")) == (1, 0)


async def test_of_a_cancelled_gift_the_rest_is_back(party: Party) -> None:
    """What was taken back of it before comes back to nobody."""
    await party.reward("ann", "task:a:1", 1)
    await party.reward("ann", "task:a:2", 2)
    gift_id, _ = await party.given("ann", 3)
    await party.reverse("ann", "task:a:2")
    await party.cancel("ann", gift_id)
    assert await party.units("ann") == 1


async def test_one_lot_in_several_gifts(party: Party) -> None:
    """Each is over, but for the one that was redeemed: that is owed."""
    await party.reward("ann", "task:a:1", 6)
    codes = [(await party.given("ann", units))[1] for units in (1, 2, 3)]
    await party.redeem("bob", codes[1])
    await party.reverse("ann", "task:a:1")
    states = [(each["state"], each["taken_back"]) for each in (await party.mine("ann"))["given"]]
    assert sorted(states) == [("redeemed", 0), ("taken_back", 1), ("taken_back", 3)]
    assert await (await party.someone("ann")).debt("chances") == 2
