"""What may be given, out of what, and until when."""

from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.campaigns.rules import CampaignState
from game.errors import Conflict, Exhausted, NotFound
from game.gifts.rules import (
    CHANCES_MAX,
    DAY_MS,
    GiftState,
    GiveBadge,
    GiveChances,
    Portion,
    check_count,
    check_open,
    check_recipient,
    ended,
    opened,
    portions,
)

ANN, BOB, GIFT = (UUID(int=number) for number in range(3))
LOTS = st.lists(st.integers(1, 5), max_size=CHANCES_MAX)


def lots_of(units: list[int]) -> list[Portion]:
    """Lots of so many units, each good for longer than the one before."""
    return [Portion(UUID(int=nth), each, 1_000 + nth) for nth, each in enumerate(units)]


@given(LOTS, st.integers(1, CHANCES_MAX))
def test_portions_make_up_the_amount(units: list[int], amount: int) -> None:
    """All of each lot but the last, none of those behind it, and no lot twice; or nothing at all."""
    lots = lots_of(units)
    if sum(units) < amount:
        with pytest.raises(Exhausted) as refused:
            portions(lots, amount)
        assert refused.value.numbers == {"have": sum(units), "need": amount}
        return
    found = portions(lots, amount)
    assert sum(each.units for each in found) == amount
    assert [each.lot_id for each in found] == [lot.lot_id for lot in lots[: len(found)]]
    assert [each.units for each in found[:-1]] == units[: len(found) - 1]
    assert 0 < found[-1].units <= units[len(found) - 1]


@pytest.mark.parametrize(("until_ms", "expires_ms"), [(DAY_MS, DAY_MS), (9 * DAY_MS, 2 * DAY_MS)])
@pytest.mark.parametrize("asked", [GiveChances(amount=1, days=2), GiveBadge(badge="ox", days=2)])
def test_a_gift_ends_with_its_term_or_before(
    asked: GiveChances | GiveBadge, until_ms: int, expires_ms: int
) -> None:
    """Never after what is in it."""
    assert opened(GIFT, ANN, asked, now_ms=0, until_ms=until_ms).expires_ms == expires_ms


@pytest.mark.parametrize(
    ("state", "now_ms", "code"),
    [("paused", 0, "campaign_paused"), ("ended", 0, "campaign_ended"), ("live", 5, "campaign_ended")],
)
def test_a_campaign_that_is_not_open(state: CampaignState, now_ms: int, code: str) -> None:
    """Up to its close it is."""
    check_open("live", closes_ms=5, now_ms=4)
    with pytest.raises(Conflict) as refused:
        check_open(state, closes_ms=5, now_ms=now_ms)
    assert refused.value.code == code


def test_as_many_gifts_as_are_allowed() -> None:
    """One more is refused with the numbers."""
    check_count("gifts_given_per_day", 2, 3)
    with pytest.raises(Exhausted) as refused:
        check_count("gifts_given_per_day", 3, 3)
    assert (refused.value.code, refused.value.numbers) == ("gifts_given_per_day", {"limit": 3, "used": 3})


@pytest.mark.parametrize("state", ["redeemed", "cancelled", "expired", "taken_back"])
def test_a_code_that_opens_nothing(state: GiftState) -> None:
    """A wrong one, one of a gift that is over, and one that is too late, are told the same."""
    gift = opened(GIFT, ANN, GiveChances(amount=1, days=1), now_ms=0, until_ms=DAY_MS)
    over = msgspec.structs.replace(gift, state=state)
    for found, now_ms in ((None, 0), (over, 0), (gift, DAY_MS)):
        with pytest.raises(NotFound, match="There is no such gift, or it is not open any more"):
            check_recipient(found, BOB, now_ms=now_ms)
    assert ended(over).numbers == {"state": state}
    assert check_recipient(gift, BOB, now_ms=DAY_MS - 1) == gift


def test_what_was_taken_back_is_not_in_a_gift() -> None:
    """The rest is."""
    gift = opened(GIFT, ANN, GiveChances(amount=3), now_ms=0, until_ms=DAY_MS)
    assert (gift.units, msgspec.structs.replace(gift, taken_back=2).units) == (3, 1)


def test_nobody_gives_to_themselves() -> None:
    """Even who knows the code."""
    gift = opened(GIFT, ANN, GiveChances(amount=1), now_ms=0, until_ms=DAY_MS)
    with pytest.raises(Conflict) as refused:
        check_recipient(gift, ANN, now_ms=0)
    assert refused.value.code == "own_gift"
