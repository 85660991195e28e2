"""Whoever lies about the fair in the tour is found out, whatever the lie is about."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest

from game.badges.rules import Convert, Redeem
from game.tour.errands import AWAY, FORBIDDEN_CHANNEL, tally
from game.tour.evidence import REJECTED, TAKEN_BACK, dues_of, points_moved
from game.tour.festival_checks import check_festival
from game.tour.incidents import Incident
from game.tour.luck import Hope, completed, expected
from game.tour.sender import Notice
from tests.tour.conftest import Told
from tests.tour.lies import (
    Lie,
    first_album,
    free_draws,
    lied,
    name_of,
    of_task,
    other_exact,
    replace,
    with_album,
    with_calendar,
    with_deal,
    with_inbox,
    with_odds,
    with_repair,
    with_second_answer,
    with_streak,
    with_told,
    with_value,
    within,
)


def test_an_honest_fair_has_no_findings(told: Told) -> None:
    """It has taken back, rejected, exchanged, claimed, converted, and redeemed for both."""
    fair = told.fair
    assert check_festival(fair) == []
    lines = [line for due in dues_of(fair).values() for line in due]
    assert {"paid", "granted", "returned"} == {line.state for line in lines}
    kinds = {type(deal.asked).__name__ for deal in fair.collected.deals}
    assert kinds == {"Exchange", "Claim", "Convert", "Redeem"}
    assert sorted(fair.told.reviews.values()) == ["rejected", *["rewarded"] * 9]


def test_the_tours_own_count_is_of_what_happened(told: Told) -> None:
    """Each once, whichever copy, whichever order; nothing over a forbidden channel."""
    notices = [*told.fair.told.first, *told.fair.told.then]
    counts = tally(notices).counts
    assert counts == tally([*reversed(notices), *notices]).counts
    assert sum(counts.values()) == len(notices) - 3 - 3 - forbidden(notices)


def forbidden(notices: Sequence[Notice]) -> int:
    """How many shares went over the forbidden channel."""
    return sum(each.event.attributes.get("channel") == FORBIDDEN_CHANNEL for each in notices)


LIES: dict[str, tuple[Lie, str]] = {
    "both copies stored": (lied(lambda both: both[0]), "sent twice"),
    "the copy has another id": (
        lied(lambda both: replace(both[1], id=type(both[1].id)(int=1))),
        "sent twice",
    ),
    "progress before anything": (of_task(1, "share", "before", progress=None), "the bar is None"),
    "a bar too far": (of_task(4, "visit", "after", progress=None), "the bar is None"),
    "nothing taken back": (of_task(TAKEN_BACK, "visit", "last", progress=None), "task visit"),
    "a completion lost": (of_task(1, "share", "last", completions=[]), "completions are none"),
    "a rejected review that counts": (
        lambda fair: with_told(
            fair, reviews=with_value(fair.told.reviews, name_of(fair, REJECTED), lambda _: "rewarded")
        ),
        "the review of player-03 is rewarded, not rejected",
    ),
    "a review that nobody wrote": (
        lambda fair: with_told(fair, reviews={**fair.told.reviews, name_of(fair, 1): "rewarded"}),
        "the review of player-02 is rewarded, not None",
    ),
    "a reward twice": (with_inbox(7, lambda inbox: [*inbox, inbox[0]]), "and has 2 times"),
    "a reward lost": (with_inbox(7, lambda inbox: inbox[1:]), "and has 0 times"),
    "points not taken back": (
        with_inbox(
            TAKEN_BACK,
            lambda inbox: [
                replace(each, state="paid") if each.state == "returned" else each for each in inbox
            ],
        ),
        "state='returned'",
    ),
    "points not paid": (
        with_inbox(7, lambda inbox: [replace(each, state="paying") for each in inbox]),
        "state='paid'",
    ),
    "a run that is too long": (with_streak(1, current=3), "it is (3, 2, 0), not (2, 2, 0)"),
    "a longest run that was taken back": (with_streak(TAKEN_BACK, longest=4), "not (3, 3, 1)"),
    "a freeze that was used": (with_streak(AWAY, freezes=2), "it is (4, 4, 2), not (4, 4, "),
    "days that were missed": (with_calendar(AWAY, "missed"), "calendar of"),
    "a day repaired twice": (
        lambda fair: with_repair(fair, id="other"),
        "repaired",
    ),
    "a repair that cost more": (lambda fair: with_repair(fair, price_points=51), "for 50 points once"),
    "a repair that was not offered": (
        lambda fair: with_told(fair, mended=replace(fair.told.mended, offered=None)),
        "and is offered None",
    ),
    "a free draw too many": (free_draws("free", chances_left=2), "should have 1 free draws"),
    "a lot that is not listed": (free_draws("left", lots=()), "should have 1 free draws"),
    "a conversion that pays more": (with_deal(Convert, amount=6), "not ('points', 5, None)"),
    "a conversion that costs nothing": (with_deal(Convert, spent={}), "not ('points', 5, None)"),
    "two prizes of one": (
        with_deal(Redeem, kind="goods", amount=1, item="fair", is_alternative=False),
        "of 3 full sets 3 got one of 1 prizes",
    ),
    "another answer the second time": (with_second_answer, "asked once for"),
    "a badge too many": (
        with_album(held={"lantern": 9, "kite": 9, "drum": 9, "critic": 9}),
        "should hold",
    ),
    "a prize that is said to be left": (
        lambda fair: with_album(left=replace(first_album(fair).left, prize=1))(fair),
        "is left of the set, not (0, 18)",
    ),
    "other rules than those in the log": (
        lambda fair: replace(fair, rules=fair.rules + b" "),
        "the rules of fair-1 hash to",
    ),
    "terms that were never published": (
        lambda fair: with_album(terms=replace(first_album(fair).terms, exchange_price=1))(fair),
        "is shown terms of the set that",
    ),
    "bound by another pool": (with_album(bound_by=()), "is shown terms of the set that"),
    "a task that was published otherwise": (
        lambda fair: replace(fair, rules=fair.rules.replace(b'"target":2', b'"target":3')),
        "task visit is bound as",
    ),
    "a streak that was published otherwise": (
        lambda fair: replace(fair, rules=fair.rules.replace(b'"freeze_every":3', b'"freeze_every":4')),
        "streak daily is bound as",
    ),
    "a board that nobody published": (
        lambda fair: replace(fair, rules=fair.rules.replace(b'"board:visitors"', b'"board:others"')),
        "board visitors is bound as None",
    ),
    "a mishap that was taken": (
        lambda fair: replace(fair, incidents=(Incident("a forged event", "202", expected=False),)),
        "a forged event: 202",
    ),
    "no odds": (with_odds(lambda odds: replace(odds, within=())), "none were told"),
    "odds a little too good": (with_odds(lambda odds: within(odds, 0, "alone")), "within 1 draws"),
    "a wrong average": (
        with_odds(lambda odds: replace(odds, expected_draws=other_exact(odds.expected_draws))),
        "on average",
    ),
    "odds of exchange": (
        with_odds(lambda odds: within(odds, 2, "exchanged")),
        "within 50 draws with exchange",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_about_the_fair_is_found(told: Told, lie: str) -> None:
    """The finding says what was told and what it should have been."""
    tell, says = LIES[lie]
    findings = check_festival(tell(told.fair))
    assert any(says in finding for finding in findings), findings


def test_points_that_were_taken_back_are_not_kept(told: Told) -> None:
    """What the ledger should have is counted from the events, not from an inbox."""
    guests = told_guests(told)
    kept = {moved.credit: moved.points for moved in points_moved(told.fair, guests)}
    assert kept[guests[TAKEN_BACK].account] == 30 + 10
    assert kept[guests[7].account] == 60 + 30


def told_guests(told: Told) -> list[Any]:
    """All guests who played."""
    return list({play.guest.name: play.guest for play in told.played.made}.values())


def test_odds_computed_anew_are_those_of_a_known_case() -> None:
    """Two coupons of one weight: three draws on average; a spare pair buys what is missing."""
    hope = Hope(weights={"a": 1, "b": 1}, total=2, badges=frozenset("ab"), missing=frozenset("ab"), spare=0)
    assert expected(hope, hope.missing) == 3
    assert completed(hope, draws=3, price=None) == Fraction(3, 4)
    assert completed(hope, draws=3, price=2) == 1
    assert expected(replace(hope, weights={"a": 1}, total=1), frozenset("ab")) is None
