"""From paid plays to draws: who is driven on, who waits, and who must be looked at."""

from typing import Any

import msgspec

from game.fair.rounds import round_time_ms
from game.plays.drawing import Stake
from game.plays.rules import Play
from game.plays.settling import LATE_BEACON_MS, Funded, Settling, next_attempt_ms, settle_plays
from tests.plays.book import BEACON, CLOSES_MS, PLAYERS, Book, late_enough, table

ROWS = [{"id": "mug", "weight": 1, "stock": 5, "else": "nothing"}, {"id": "nothing", "weight": 9}]
ANN, BOB = PLAYERS[:2]


def asked(book: Book, pool_id: str = "main", draws: int = 1) -> Play:
    """A play of Ann's, whose debit is under way."""
    play = book.ask(ANN, pool_id, draws)
    assert play is not None
    return play


def driven(book: Book, play: Play, *, funded: bool) -> tuple[Play, Settling]:
    """A play that is driven on alone, and what else that changed."""
    page = book.page()
    settling = Settling(
        plays={play.play_id: play},
        funded={play.play_id: Funded(ledger_seq=9, balance_points=7)} if funded else {},
        queues={},
    )
    settle_plays(page, settling, [play.play_id], entropy=book.entropy, now_ms=book.now_ms)
    book.keep(page)
    return settling.plays[play.play_id], settling


def test_a_play_whose_debit_is_not_known_is_left_alone() -> None:
    """No draw before the payment."""
    book = Book(table("main", ROWS))
    play, settling = driven(book, asked(book), funded=False)
    assert (play.state, settling.changed, book.draws) == ("funding", set(), [])


def test_a_funded_play_is_settled() -> None:
    """It knows its balance, its end, and the size of the log that its receipts are for."""
    book = Book(table("main", ROWS))
    play, settling = driven(book, asked(book, draws=2), funded=True)
    assert (play.state, play.drawn, play.balance_points) == ("settled", 2, 7)
    assert (play.finished_ms, play.log_size) == (book.now_ms, len(book.lines))
    assert settling.changed == {play.play_id}


def test_a_play_in_doubt_goes_forward_once_it_was_charged() -> None:
    """An operation that turns out to have been applied is never reversed."""
    book = Book(table("main", ROWS))
    doubtful = msgspec.structs.replace(asked(book), state="resolving")
    assert driven(book, doubtful, funded=True)[0].state == "settled"


def test_a_settled_play_is_not_drawn_again() -> None:
    """Two who learn of the same debit settle one play."""
    book = Book(table("main", ROWS))
    settled, _ = driven(book, asked(book), funded=True)
    size = len(book.lines)
    again, settling = driven(book, settled, funded=True)
    assert (again, settling.changed, len(book.lines)) == (settled, set(), size)
    assert not settling.contradicted


def test_a_released_play_that_was_charged_is_for_a_person() -> None:
    """It was told "not charged", and its draws may be gone: nothing is drawn, and it is put up for review."""
    for state in ("rejected", "cancelled"):
        book = Book(table("main", ROWS))
        released = msgspec.structs.replace(asked(book), state=state, finished_ms=1)
        play, settling = driven(book, released, funded=True)
        assert settling.contradicted == {play.play_id}
        assert (settling.changed, book.draws) == (set(), [])
        assert (play.state, play.finished_ms) == ("review", None)


def closed_to_seats(book: Book, **_: Any) -> None:
    """The pool takes no more seats."""
    stake = book.stakes["main"]
    book.stakes["main"] = Stake(terms=stake.terms, secret=stake.secret, takes_seats=False)


def test_a_paid_sealed_play_that_finds_no_seat_is_for_a_person() -> None:
    """Its seat would stand at or after the close, or in a pool that is replaced: the log must not have it."""
    late, replaced = (Book(table("main", ROWS, seat_draws=1, beacon=BEACON)) for _ in range(2))
    plays = [asked(book) for book in (late, replaced)]
    late.now_ms = CLOSES_MS
    closed_to_seats(replaced)
    for book, play in zip((late, replaced), plays, strict=True):
        size = len(book.lines)
        assert driven(book, play, funded=True)[0].state == "review"
        assert len(book.lines) == size


def test_a_play_of_a_seat_that_waits_is_paid() -> None:
    """With a beacon the payment is written down at once, the draw follows the round."""
    book = Book(table("main", ROWS, beacon=BEACON))
    play, settling = driven(book, asked(book), funded=True)
    assert (play.state, play.drawn, play.finished_ms, play.log_size) == ("paid", 0, None, None)
    assert settling.changed == {play.play_id}


def test_a_page_settles_plays_of_several_pools() -> None:
    """Each play takes from its own pool; one that waits holds up no other."""
    book = Book(table("main", ROWS), table("late", ROWS, index=1, beacon=BEACON), table("urn", URN, index=2))
    plays = [asked(book, pool_id) for pool_id in ("late", "main", "urn")]
    settling = book.settle(*plays)
    assert [settling.plays[play.play_id].state for play in plays] == ["paid", "settled", "settled"]
    assert sorted(draw.pool_id for draw in book.draws) == ["main", "urn"]
    assert book.verified().verdict == "OK"


URN = [{"id": "mug", "count": 2}, {"id": "nothing", "count": 3}]


def test_an_urn_gives_each_ticket_once() -> None:
    """Drawn to the end, the urn has given exactly what was in it."""
    book = Book(table("main", URN))
    for _ in range(5):
        book.settle(asked(book))
    assert sorted(draw.row_ordinal for draw in book.draws) == [0, 0, 1, 1, 1]
    assert book.left["main"] == [0, 0]
    assert book.ask(BOB, "main") is None


def test_when_a_waiting_play_is_looked_at_again() -> None:
    """A little after its round is public, or a little from now when that has passed."""
    book = Book(table("main", ROWS, beacon=BEACON))
    seat = book.sit(ANN, "main")
    assert seat.round is not None
    public_ms = round_time_ms(seat.round)
    assert next_attempt_ms(seat, now_ms=book.now_ms) == public_ms + LATE_BEACON_MS
    late_ms = late_enough([seat.round]) + 50_000
    assert next_attempt_ms(seat, now_ms=late_ms) == late_ms + LATE_BEACON_MS
    assert next_attempt_ms(None, now_ms=5) == 5 + LATE_BEACON_MS
