"""What a winner is told of a prize, and what can be redeemed."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from game.campaigns.rules import PrizeKind, Text
from game.prizes.rules import CreditState, Grant, PrizeState, refusal

VOUCHER = Grant(
    campaign_id="campaign0001",
    grant_id=UUID(int=1),
    player_id=UUID(int=2),
    play_id=UUID(int=3),
    pool_id="main",
    entry_index=7,
    row_id="tea",
    source=None,
    kind="voucher",
    amount=1,
    withheld=0,
    name=Text(zh="茶", en="Tea"),
    credit=None,
    code="SECRET",
    is_covered=False,
    granted_ms=1,
    redeemed_ms=None,
    taken_back=None,
)


def changed(**fields: Any) -> Grant:
    """The voucher with other fields."""
    return msgspec.structs.replace(VOUCHER, **fields)


@pytest.mark.parametrize(
    ("credit", "state"),
    [
        ("due", "paying"),
        ("applied", "paid"),
        ("rejected", "paying"),
        ("expired", "paying"),
        ("fenced", "paying"),
        (None, "review"),
    ],
)
def test_points_are_paid_once_the_ledger_has_them(credit: CreditState | None, state: PrizeState) -> None:
    """What was refused is owed still; a prize without any credit is for a person to look at."""
    assert changed(kind="points", code=None, credit=credit).state == state


@pytest.mark.parametrize("kind", ["goods", "chances"])
def test_other_prizes_are_granted_with_the_draw(kind: PrizeKind) -> None:
    """There is nothing more to wait for."""
    assert changed(kind=kind, code=None).state == "granted"


def test_a_voucher_waits_for_its_code_then_to_be_redeemed() -> None:
    """It is pending without a code, granted with one, and redeemed for good."""
    assert changed(code=None).state == "pending"
    assert VOUCHER.state == "granted"
    assert changed(redeemed_ms=2).state == "redeemed"


def test_a_code_is_shown_only_once_it_is_redeemed() -> None:
    """Whoever looks over a player's shoulder at the inbox sees no code that is still good."""
    assert VOUCHER.shown_code is None
    assert changed(redeemed_ms=2).shown_code == "SECRET"


def test_a_voucher_can_be_redeemed_again_and_again() -> None:
    """The answer is the same, so a lost answer costs nobody the code."""
    assert refusal(VOUCHER) is None
    assert refusal(changed(redeemed_ms=2)) is None


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"taken_back": "returning"}, "returning"),
        ({"taken_back": "returned"}, "returned"),
        ({"taken_back": "returned", "redeemed_ms": 2}, "returned"),
        ({"taken_back": "returned", "withheld": 1}, "returned"),
        ({"withheld": 1}, "withheld"),
        ({"kind": "points", "amount": 5, "credit": "due", "withheld": 4}, "paying"),
        ({"kind": "points", "amount": 5, "withheld": 5}, "withheld"),
    ],
)
def test_what_was_taken_back_or_withheld_is_told_first(fields: dict[str, Any], state: PrizeState) -> None:
    """A part that was withheld leaves the rest; all of it leaves nothing."""
    assert changed(**fields).state == state


@pytest.mark.parametrize("fields", [{"taken_back": "returning"}, {"taken_back": "returned"}, {"withheld": 1}])
def test_what_the_player_has_no_more_is_not_redeemed(fields: dict[str, Any]) -> None:
    """Unless it was redeemed before: then the answer stays the same."""
    reason = refusal(changed(**fields))
    assert reason is not None
    assert reason.code == "prize_taken_back"
    assert refusal(changed(redeemed_ms=2, **fields)) is None


@pytest.mark.parametrize("kind", ["points", "goods", "chances"])
def test_only_vouchers_are_redeemed(kind: PrizeKind) -> None:
    """The refusal says what kind of prize it is."""
    reason = refusal(changed(kind=kind, code=None))
    assert reason is not None
    assert (reason.code, reason.numbers) == ("not_redeemable", {"kind": kind})


def test_a_voucher_without_a_code_cannot_be_redeemed_yet() -> None:
    """It stays the player's."""
    reason = refusal(changed(code=None))
    assert reason is not None
    assert reason.code == "prize_pending"
