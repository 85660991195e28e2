"""Lies about the fair of the tour: each takes what was told honestly, and changes one thing."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, TypeVar

import msgspec

from game.tour.collecting import Deal
from game.tour.evidence import Festival

Lie = Callable[[Festival], Festival]

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


def lied(answer: Callable[[Any], Any]) -> Lie:
    """A lie about the second copy of the first event."""

    def lie(fair: Festival) -> Festival:
        first, *rest = fair.told.first
        one, two = first.answers
        return with_told(fair, first=(replace(first, answers=(one, answer((one, two)))), *rest))

    return lie


def of_task(number: int, task: str, stage: str, **changes: Any) -> Lie:
    """A lie about a guest's task."""

    def lie(fair: Festival) -> Festival:
        def changed(mine: Any) -> Any:
            tasks = [replace(each, **changes) if each.task == task else each for each in mine.tasks]
            return replace(mine, tasks=tasks)

        shown = with_value(getattr(fair.told, stage), name_of(fair, number), changed)
        return with_told(fair, **{stage: shown})

    return lie


def with_inbox(number: int, change: Callable[[list[Any]], list[Any]]) -> Lie:
    """A lie about the rewards in a guest's inbox."""

    def lie(fair: Festival) -> Festival:
        def changed(inbox: Any) -> Any:
            return [
                *(each for each in inbox if each.source is None),
                *change([each for each in inbox if each.source is not None]),
            ]

        return replace(fair, inboxes=with_value(fair.inboxes, name_of(fair, number), changed))

    return lie


def with_deal(kind: type, /, **changes: Any) -> Lie:
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


def with_album(**changes: Any) -> Lie:
    """A lie about a collector's badges."""

    def lie(fair: Festival) -> Festival:
        albums = with_value(fair.collected.albums, name_of(fair, 0), lambda album: replace(album, **changes))
        return with_collected(fair, albums=albums)

    return lie


def first_album(fair: Festival) -> Any:
    """What the first collector is told in the end."""
    return fair.collected.albums[name_of(fair, 0)]


def with_odds(change: Callable[[Any], Any]) -> Lie:
    """A lie about the odds that the first collector was told before it drew."""

    def lie(fair: Festival) -> Festival:
        (odds,) = fair.collected.hoping.odds
        return with_collected(fair, hoping=replace(fair.collected.hoping, odds=(change(odds),)))

    return lie


def free_draws(field: str, **changes: Any) -> Lie:
    """A lie about a guest's free draws."""

    def lie(fair: Festival) -> Festival:
        pages = with_value(getattr(fair, field), name_of(fair, 7), lambda page: replace(page, **changes))
        return replace(fair, **{field: pages})

    return lie


def other_exact(exact: Any) -> Any:
    """Another fraction with the same decimals: a difference that only the exact number shows."""
    number = Fraction(exact.fraction) + Fraction(1, 10**40)
    return replace(exact, fraction=f"{number.numerator}/{number.denominator}")


def with_streak(number: int, **changes: Any) -> Lie:
    """A lie about a guest's streak."""

    def lie(fair: Festival) -> Festival:
        def changed(mine: Any) -> Any:
            return replace(mine, streaks=[replace(each, **changes) for each in mine.streaks])

        return with_told(fair, streaks=with_value(fair.told.streaks, name_of(fair, number), changed))

    return lie


def with_calendar(number: int, state: str) -> Lie:
    """A lie about each day of a guest's calendar."""

    def lie(fair: Festival) -> Festival:
        def changed(month: Any) -> Any:
            return replace(month, days=[replace(day, state=state) for day in month.days])

        return with_told(fair, calendars=with_value(fair.told.calendars, name_of(fair, number), changed))

    return lie


def with_repair(fair: Festival, **changes: Any) -> Festival:
    """A lie to whoever asked a second time for a repair."""
    one, two = fair.told.mended.answers
    mended = replace(fair.told.mended, answers=(one, replace(two, **changes)))
    return with_told(fair, mended=mended)


def within(odds: Any, at: int, which: str) -> Any:
    """The same odds but for one number."""
    told = list(odds.within)
    told[at] = replace(told[at], **{which: other_exact(getattr(told[at], which))})
    return replace(odds, within=tuple(told))
