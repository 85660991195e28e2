"""Whoever lies about the fair in the tour is found out, whatever the lie is about."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeVar

import msgspec
import pytest

from game.badges.rules import Convert, Redeem
from game.tour.collecting import Deal
from game.tour.errands import AWAY, FORBIDDEN_CHANNEL, tally
from game.tour.festival import REJECTED, TAKEN_BACK, Festival, dues, points_given
from game.tour.festival_checks import check_festival
from game.tour.luck import Hope, completed, expected
from game.tour.sender import Notice
from tests.tour.conftest import Told

replace = msgspec.structs.replace
V = TypeVar("V")


def with_value(kept: Mapping[str, V], name: str, change: Callable[[V], V]) -> dict[str, V]:
    """The same with one value changed."""
    return {**kept, name: change(kept[name])}


def with_told(fair: Festival, **changes: Any) -> Festival:
    """The same with something else told of events."""
    return replace(fair, told=replace(fair.told, **changes))


def with_collected(fair: Festival, **changes: Any) -> Festival:
    """The same with something else told of badges."""
    return replace(fair, collected=replace(fair.collected, **changes))


def name_of(fair: Festival, number: int) -> str:
    """The name of a guest."""
    return list(fair.told.before)[number]


def test_an_honest_fair_has_no_findings(told: Told) -> None:
    """It has taken back, rejected, exchanged, claimed, converted, and redeemed for both."""
    fair = told.fair
    assert check_festival(fair) == []
    lines = [line for due in dues(fair.plan, fair.told, ()).values() for line in due]
    assert {"paid", "granted", "returned"} == {line.state for line in lines}
    kinds = {type(deal.asked).__name__ for deal in fair.collected.deals}
    assert kinds == {"Exchange", "Claim", "Convert", "Redeem"}
    assert sorted(fair.told.reviews.values()) == ["rejected", *["rewarded"] * 9]


def test_the_tours_own_count_is_of_what_happened(told: Told) -> None:
    """Each once, whichever copy, whichever order; nothing over a forbidden channel."""
    notices = [*told.fair.told.first, *told.fair.told.then]
    counts = tally(notices).counts
    assert counts == tally([*reversed(notices), *notices]).counts
    assert sum(counts.values()) == len(notices) - 2 - 2 - forbidden(notices)


def forbidden(notices: Sequence[Notice]) -> int:
    """How many shares went over the forbidden channel."""
    return sum(each.event.attributes.get("channel") == FORBIDDEN_CHANNEL for each in notices)


def lied(answer: Callable[[Any], Any]) -> Callable[[Festival], Festival]:
    """A lie about the second copy of the first event."""

    def lie(fair: Festival) -> Festival:
        first, *rest = fair.told.first
        one, two = first.answers
        return with_told(fair, first=(replace(first, answers=(one, answer((one, two)))), *rest))

    return lie


def of_task(number: int, task: str, stage: str, **changes: Any) -> Callable[[Festival], Festival]:
    """A lie about a guest's task."""

    def lie(fair: Festival) -> Festival:
        def changed(mine: Any) -> Any:
            tasks = [replace(each, **changes) if each.task == task else each for each in mine.tasks]
            return replace(mine, tasks=tasks)

        shown = with_value(getattr(fair.told, stage), name_of(fair, number), changed)
        return with_told(fair, **{stage: shown})

    return lie


def with_inbox(number: int, change: Callable[[list[Any]], list[Any]]) -> Callable[[Festival], Festival]:
    """A lie about the rewards in a guest's inbox."""

    def lie(fair: Festival) -> Festival:
        def changed(inbox: Any) -> Any:
            return [
                *(each for each in inbox if each.source is None),
                *change([each for each in inbox if each.source is not None]),
            ]

        return replace(fair, inboxes=with_value(fair.inboxes, name_of(fair, number), changed))

    return lie


def with_deal(kind: type, /, **changes: Any) -> Callable[[Festival], Festival]:
    """A lie about what came of a deal, told to both who asked."""

    def changed(deal: Deal) -> Deal:
        if not isinstance(deal.asked, kind):
            return deal
        answer = replace(deal.done, **changes)
        return replace(deal, answers=(answer, answer))

    return lambda fair: with_collected(fair, deals=tuple(map(changed, fair.collected.deals)))


def with_second_answer(fair: Festival) -> Festival:
    """A lie to whoever asked again."""
    *rest, deal = fair.collected.deals
    lied_to = replace(deal, answers=(deal.done, replace(deal.done, id="other")))
    return with_collected(fair, deals=(*rest, lied_to))


def with_album(**changes: Any) -> Callable[[Festival], Festival]:
    """A lie about a collector's badges."""

    def lie(fair: Festival) -> Festival:
        albums = with_value(fair.collected.albums, name_of(fair, 0), lambda album: replace(album, **changes))
        return with_collected(fair, albums=albums)

    return lie


def with_odds(change: Callable[[Any], Any]) -> Callable[[Festival], Festival]:
    """A lie about the odds that the first collector was told before it drew."""

    def lie(fair: Festival) -> Festival:
        (odds,) = fair.collected.hoping.odds
        return with_collected(fair, hoping=replace(fair.collected.hoping, odds=(change(odds),)))

    return lie


def free_draws(field: str, **changes: Any) -> Callable[[Festival], Festival]:
    """A lie about a guest's free draws."""

    def lie(fair: Festival) -> Festival:
        pages = with_value(getattr(fair, field), name_of(fair, 7), lambda page: replace(page, **changes))
        return replace(fair, **{field: pages})

    return lie


def other_exact(exact: Any) -> Any:
    """Another fraction with the same decimals: a difference that only the exact number shows."""
    number = Fraction(exact.fraction) + Fraction(1, 10**40)
    return replace(exact, fraction=f"{number.numerator}/{number.denominator}")


def with_streak(number: int, **changes: Any) -> Callable[[Festival], Festival]:
    """A lie about a guest's streak."""

    def lie(fair: Festival) -> Festival:
        def changed(mine: Any) -> Any:
            return replace(mine, streaks=[replace(each, **changes) for each in mine.streaks])

        return with_told(fair, streaks=with_value(fair.told.streaks, name_of(fair, number), changed))

    return lie


def with_calendar(number: int, state: str) -> Callable[[Festival], Festival]:
    """A lie about each day of a guest's calendar."""

    def lie(fair: Festival) -> Festival:
        def changed(month: Any) -> Any:
            return replace(month, days=[replace(day, state=state) for day in month.days])

        return with_told(fair, calendars=with_value(fair.told.calendars, name_of(fair, number), changed))

    return lie


def within(odds: Any, at: int, which: str) -> Any:
    """The same odds but for one number."""
    told = list(odds.within)
    told[at] = replace(told[at], **{which: other_exact(getattr(told[at], which))})
    return replace(odds, within=tuple(told))


LIES: dict[str, tuple[Callable[[Festival], Festival], str]] = {
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
        lambda fair: with_album(left=replace(fair.collected.albums[name_of(fair, 0)].left, prize=1))(fair),
        "is left of the set, not (0, 18)",
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
    kept = {given.guest.name: given.points for given in points_given(told.fair, told_guests(told))}
    assert kept[name_of(told.fair, TAKEN_BACK)] == 30 + 10
    assert kept[name_of(told.fair, 7)] == 60 + 30


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
