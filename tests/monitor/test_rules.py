"""What draws add to the counts, and which of them contradict the log."""

import pytest

from game.fair.entries import encode
from game.fit.eprocess import ALARM
from game.monitor.rules import alarm_of, count_draws, count_untaken, proven, read_pool
from tests.monitor.reading import draws_of, left_of
from tests.plays.book import BEACON, PLAYERS, Book, late_enough, secret_of, table

ROWS = [
    {"id": "mug", "weight": 1, "stock": 2, "else": "no"},
    {"id": "tea", "weight": 3},
    {"id": "no", "weight": 6},
]
URN = [{"id": "mug", "count": 5}, {"id": "no", "count": 45}]


def played(book: Book, draws: int = 5) -> Book:
    """Each player makes so many draws."""
    plays = [book.ask(player_id, "main", draws) for player_id in PLAYERS]
    book.settle(*[play for play in plays if play is not None])
    if rounds := book.awaited():
        book.now_ms = late_enough(rounds)
        book.settle(*[play for play in book.plays.values() if play.state == "paid"], rounds=rounds)
    return book


@pytest.mark.parametrize(
    "book",
    [Book(table("main", ROWS)), Book(table("main", URN)), Book(table("main", ROWS, beacon=BEACON))],
    ids=["wheel", "urn", "beacon"],
)
def test_the_picks_are_the_replays(book: Book) -> None:
    """Of the draws that were made, and of the next ones of all seats once the secret is known."""
    terms = played(book).stakes["main"].terms
    picks, found = count_draws({"main": read_pool(encode(terms.entry))}, draws_of(book))
    untaken = count_untaken(terms.entry, secret_of("main"), left_of(book))
    book.close()
    statistics = book.replayed().pools[0].statistics
    assert (picks["main", "settled"], found) == (statistics.drawn, [])
    assert untaken == {("main", "untaken"): statistics.next}
    assert sum(statistics.next) == len(PLAYERS)


def test_draws_after_a_refusal_are_counted_apart() -> None:
    """Whether they were taken or not."""
    book = played(Book(table("main", ROWS)))
    entry = book.stakes["main"].terms.entry
    assert {*count_draws({"main": entry}, draws_of(book, after_refusal=True))[0]} == {("main", "refused")}
    untaken = count_untaken(entry, secret_of("main"), left_of(book, after_refusal=True))
    assert untaken["main", "untaken"] == untaken["main", "refused"]


def test_an_urn_without_tickets_has_no_next_draw() -> None:
    """It replaced one that was sold out."""
    entry = table("main", [{"id": "mug", "count": 0}], replaces=0)
    assert count_untaken(entry, secret_of("main"), left_of(played(Book(table("main", URN))))) == {}


def test_a_row_that_x_does_not_lead_to_is_proof() -> None:
    """A table that is not the published one shows at its first draw, without any statistics."""
    book = played(Book(table("main", ROWS)))
    paid_tea = next(at for at, line in enumerate(book.lines) if b'"row":"tea"' in line)
    book.lines[paid_tea] = book.lines[paid_tea].replace(b'"row":"tea"', b'"row":"no"')
    _, found = count_draws({"main": book.stakes["main"].terms.entry}, draws_of(book))
    assert [each.entry_index for each in found] == [paid_tea]
    assert found[0].says == "wrong row no, X leads to tea"
    alarm = proven(found[0])
    assert (alarm.series, alarm.entry_index, alarm.evidence_log10) == ("proof", paid_tea, None)


def test_a_value_that_is_not_in_the_chain_is_proof() -> None:
    """A draw that was drawn again, until it came out well, has no place in its seat's chain."""
    book = played(Book(table("main", ROWS)))
    at, line = next((at, line) for at, line in enumerate(book.lines) if b'"n":3' in line)
    start = line.index(b'"a":"') + 5
    book.lines[at] = line[:start] + b"00" * 32 + line[start + 64 :]
    _, found = count_draws({"main": book.stakes["main"].terms.entry}, draws_of(book))
    assert (found[0].entry_index, found[0].says) == (at, "broken chain")


def test_an_alarm_has_its_numbers() -> None:
    """From the threshold on, and not before; in powers of ten."""
    entry = table("main", ROWS)
    assert alarm_of(entry, "settled", [100, 300, 600]) is None
    alarm = alarm_of(entry, "settled", [200, 300, 500])
    assert alarm is not None
    assert alarm.draws == 1_000
    assert alarm.evidence_log10 is not None
    assert alarm.evidence_log10 > ALARM / 2.303
