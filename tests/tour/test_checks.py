"""Whoever lies to the players in the tour is found out, and the play is named."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from game.plays.views import DrawView
from game.tour import books, checks
from game.tour.guests import Made
from game.tour.incidents import Incident, unexpected
from tests.tour.conftest import Told

replace = msgspec.structs.replace


def test_an_honest_tour_has_no_findings(told: Told) -> None:
    """All 400 plays and what follows from them."""
    findings = [
        *checks.check_draws(told.played.made),
        *checks.check_cards(told.played.covered, _uncovered(told)),
        *books.check_balances(told.balances, told.played.made),
        *unexpected(told.played.incidents),
    ]
    for place, replayed, shown in zip(told.places, told.replayed, told.shown, strict=True):
        findings += checks.check_log(replayed, place, told.made(place))
        findings += books.check_stock(shown, replayed.report, told.made(place))
    assert findings == []
    assert len(told.played.made) >= 400


def _uncovered(told: Told) -> list[Made]:
    return [play for play in told.played.made if play.view.game == "scratch"]


LIES: dict[str, Callable[[DrawView, DrawView], DrawView]] = {
    "another row": lambda draw, _other: replace(draw, outcome=replace(_outcome(draw), row="gold")),
    "another entry's receipt": lambda draw, other: replace(draw, receipt=other.receipt),
    "another entry": lambda draw, other: replace(draw, entry=other.entry),
    "an entry with another row": lambda draw, _other: replace(
        draw, entry=str(draw.entry).replace('"row":"', '"row":"x')
    ),
    "another index": lambda draw, _other: replace(draw, entry_index=draw.entry_index + 1),
    "another n": lambda draw, _other: replace(draw, n=draw.n + 1),
    "another hash": lambda draw, other: replace(draw, leaf_hash=other.leaf_hash),
    "nothing at all": lambda draw, _other: replace(draw, entry=None),
}


def _outcome(draw: DrawView) -> Any:
    assert draw.outcome is not None
    return draw.outcome


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_about_a_draw_is_found(told: Told, lie: str) -> None:
    """The finding names the play and the ticket."""
    honest = told.played.made[0]
    first, second, *rest = honest.view.draws
    lying = replace(honest, view=replace(honest.view, draws=(LIES[lie](first, second), second, *rest)))
    (finding,) = checks.check_draws([lying])
    assert finding.startswith(f"play {honest.view.id}, ticket 1: ")


def test_a_draw_from_somebody_elses_seat_is_found(told: Told) -> None:
    """The chain leads to another anchor."""
    honest, other = told.played.made[0], told.played.made[-2]
    findings = list(checks.check_draws([replace(honest, seat=other.seat)]))
    assert len(findings) == honest.view.count


def test_a_card_that_changed_under_its_cover_is_found(told: Told) -> None:
    """The receipt of a covered card binds what it shows."""
    covered, uncovered = told.played.covered[0], _uncovered(told)[0]
    first, second, *rest = covered.view.draws
    swapped = replace(first, leaf_hash=second.leaf_hash)
    changed = replace(covered, view=replace(covered.view, draws=(swapped, second, *rest)))
    assert list(checks.check_cards([changed], [uncovered])) == [
        f"play {covered.view.id}: its cards are not what their receipts stood for"
    ]
    assert list(checks.check_cards([uncovered], [uncovered])) == [
        f"play {covered.view.id}: its cards were never covered"
    ]


def test_a_draw_that_nobody_was_told_of_is_found(told: Told) -> None:
    """The log has more draws than the players."""
    place, replayed = told.places[0], told.replayed[0]
    findings = list(checks.check_log(replayed, place, told.made(place)[1:]))
    assert len(findings) == told.made(place)[0].view.count
    assert all("nobody was told of" in finding for finding in findings)


def test_a_draw_that_two_were_told_of_is_found(told: Told) -> None:
    """The players have more draws than the log."""
    place, replayed = told.places[0], told.replayed[0]
    made = told.made(place)
    assert len(list(checks.check_log(replayed, place, [*made, made[0]]))) == made[0].view.count


def test_a_draw_that_the_log_lacks_is_found(told: Told) -> None:
    """The finding names the play."""
    place, made = told.places[0], told.made(told.places[0])
    index = made[0].view.draws[0].entry_index
    rows = {at: row for at, row in told.replayed[0].rows.items() if at != index}
    findings = list(checks.check_log(replace(told.replayed[0], rows=rows), place, made))
    assert findings == [f"play {made[0].view.id}: the log has no draw at entry {index}"]


def test_a_log_that_does_not_replay_is_found(told: Told) -> None:
    """The finding names the play whose draw is wrong."""
    place, made, replayed = told.places[0], told.made(told.places[0]), told.replayed[0]
    index = made[0].view.draws[0].entry_index
    bad = replace(replayed.report, verdict="BAD", check=7, entry=index, says="wrong row")
    (finding,) = checks.check_log(replace(replayed, report=bad), place, made)
    assert finding == f"log of {place.name}: check 7, entry {index} ({made[0].view.id}): wrong row"


def test_a_point_too_few_is_found(told: Told) -> None:
    """The finding names the account's plays."""
    guest = told.played.made[0].guest
    held = {**told.balances.held, guest.account: told.balances.held[guest.account] - 1}
    (finding,) = books.check_balances(replace(told.balances, held=held), told.played.made)
    assert finding.startswith(f"{guest.account} holds {held[guest.account]} points, not ")
    assert told.played.made[0].view.id in finding


@pytest.mark.parametrize(
    ("field", "says"), [("units_left", "said to be left"), ("units_won", "said to be won")]
)
def test_a_wrong_stock_is_found(told: Told, field: str, says: str) -> None:
    """What a page says of a row against the log and the plays, and the sum against the stock."""
    shown, place = told.shown[0], told.places[0]
    (pool,) = shown.pools
    changed = _with_row(pool.rows, field)
    lying = replace(shown, pools=(replace(pool, rows=changed),))
    findings = list(books.check_stock(lying, told.replayed[0].report, told.made(place)))
    assert len(findings) == 2
    assert says in findings[0]
    assert "won are not 2" in findings[1]


def _with_row(rows: Sequence[Any], field: str) -> tuple[Any, ...]:
    first, *rest = rows
    return (replace(first, **{field: getattr(first, field) + 1}), *rest)


def test_an_unexpected_answer_is_told() -> None:
    """What was tried and what came."""
    incidents = [Incident("one", "fine", expected=True), Incident("two", "500 internal", expected=False)]
    assert unexpected(incidents) == ["two: 500 internal"]
