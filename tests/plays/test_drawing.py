"""Whatever is played, in whatever order: the auditor accepts the log, and comes to the same stock."""

from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from game.fair.entries import DrawEntry, PoolEntry, SeatEntry, decode
from tests.plays.book import BEACON, CLOSES_MS, PLAYERS, Book, late_enough, table

ACTIONS_MAX = 40


@st.composite
def wheels(draw: DrawFn) -> dict[str, Any]:
    """A wheel's rows with any mixture of stock, limit and from, and perhaps a guarantee."""
    size = draw(st.integers(2, 5))
    rows = [draw(wheel_row(ordinal, size)) for ordinal in range(size)]
    terms: dict[str, Any] = {"rows": rows}
    first = draw(st.integers(1, size - 1))
    if any(row["weight"] for row in rows[:first]) and draw(st.booleans()):
        terms["guarantee"] = {"draws": draw(st.integers(2, 4)), "rows": first}
    return terms


@st.composite
def wheel_row(draw: DrawFn, ordinal: int, size: int) -> dict[str, Any]:
    """One row; the last one is always open and always has a weight."""
    is_last = ordinal == size - 1
    row: dict[str, Any] = {"id": f"row-{ordinal}", "weight": draw(st.integers(1 if is_last else 0, 9))}
    if is_last or not (bounds := draw(st.sets(st.sampled_from(["stock", "limit", "from"])))):
        return row
    row |= {bound: draw(st.integers(1, 3)) for bound in sorted(bounds)}
    return row | {"else": f"row-{draw(st.integers(ordinal + 1, size - 1))}"}


@st.composite
def urns(draw: DrawFn) -> dict[str, Any]:
    """A scratch pool that can be sold out."""
    counts = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    return {"rows": [{"id": f"row-{ordinal}", "count": count} for ordinal, count in enumerate(counts)]}


@st.composite
def pools(draw: DrawFn, index: int) -> PoolEntry:
    """A pool of either game, with or without a beacon, perhaps sealed."""
    terms = draw(st.one_of(wheels(), urns()))
    if draw(st.booleans()):
        terms["beacon"] = BEACON
    return table(f"pool-{index}", index=index, seat_draws=draw(st.sampled_from([1, 2, 5])), **terms)


@st.composite
def books(draw: DrawFn) -> Book:
    """A campaign of up to three pools."""
    return Book(*(draw(pools(index)) for index in range(draw(st.integers(1, 3)))))


ASK = st.tuples(st.just("ask"), st.integers(0, 2), st.integers(0, 2), st.integers(1, 3))
ACTIONS = st.lists(
    st.one_of(
        ASK,
        ASK,
        ASK,
        st.tuples(st.just("settle"), st.integers(0, 3)),
        st.tuples(st.just("wait"), st.integers(0, 9_000)),
        st.tuples(st.just("beacon"), st.integers(0, 3)),
    ),
    min_size=10,
    max_size=ACTIONS_MAX,
)


class Playing:
    """A campaign while it is played; plays are paid in the order that the test's script says."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.pool_ids = list(book.stakes)

    def ask(self, player: int, pool: int, draws: int) -> None:
        """A player asks for a play, which may be refused."""
        self.book.ask(PLAYERS[player], self.pool_ids[pool % len(self.pool_ids)], draws)

    def settle(self, first: int) -> None:
        """Pay and draw what is not settled, from any of the plays on."""
        open_plays = self.open_plays()
        self.book.settle(*open_plays[first:], *open_plays[:first])

    def open_plays(self) -> list[Any]:
        """The plays that are not settled."""
        return [play for play in self.book.plays.values() if not play.is_finished]

    def wait(self, ms: int) -> None:
        """Let time pass."""
        self.book.now_ms += ms

    def beacon(self, which: int) -> None:
        """A round comes in that is public by now: any of those that are awaited."""
        public = [round_ for round_ in self.book.awaited() if late_enough([round_]) <= self.book.now_ms]
        if public:
            self.book.settle(rounds=[public[which % len(public)]])

    def finish(self) -> None:
        """Let every round come in, the last one first, and draw all that is paid."""
        for _ in range(ACTIONS_MAX):
            self.settle(0)
            awaited = self.book.awaited()
            self.book.now_ms = max(self.book.now_ms, late_enough(awaited))
            for round_ in reversed(awaited):
                self.book.settle(rounds=[round_])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(book=books(), actions=ACTIONS)
def test_the_auditor_accepts_whatever_was_played(book: Book, actions: list[tuple[Any, ...]]) -> None:
    """The log verifies before and after the close, and all that was accepted is drawn."""
    playing = Playing(book)
    for name, *numbers in actions:
        getattr(playing, name)(*numbers)
    assert book.verified().verdict == "OK", book.verified().says
    playing.finish()
    assert all(play.state == "settled" for play in book.plays.values())
    assert sum(play.draws for play in book.plays.values()) == len(book.draws)
    check_replay(book)
    assert book.now_ms < CLOSES_MS
    book.close()
    assert book.verified().verdict == "OK", book.verified().says


def check_replay(book: Book) -> None:
    """The stock and the standings that the service keeps are the replay's."""
    replayed = book.replayed()
    for pool in replayed.pools.values():
        assert pool.left == book.left[pool.entry.pool]
    for (lineage_id, _), who in book.standings.items():
        if book.stakes[lineage_id].terms.game == "wheel":
            pool = replayed.pools[book.stakes[lineage_id].terms.entry_index]
            assert pool.standings.of(pool.standings.player(who.tag.hex())) == who.standing


STOCKED = [{"id": "mug", "weight": 9, "stock": 3, "else": "nothing"}, {"id": "nothing", "weight": 1}]


def test_draws_after_the_stock_is_used_up_go_to_else() -> None:
    """The last unit is won once; every later draw of the row is paid its fallback."""
    book = Book(table("main", STOCKED, seat_draws=200))
    for _ in range(4):
        play = book.ask(PLAYERS[0], "main", 10)
        assert play is not None
        book.settle(play)
    won = [draw.row_ordinal for draw in book.draws]
    assert len(won) == 40
    assert won.count(0) == 3
    assert set(won[max(place for place, row in enumerate(won) if row == 0) + 1 :]) == {1}
    assert book.left["main"] == [0, None]
    assert book.verified().verdict == "OK"


def test_one_page_shares_the_stock_among_many_players() -> None:
    """Plays that are settled together see each other's draws: the stock is never overdrawn."""
    book = Book(table("main", STOCKED))
    plays = [book.ask(player, "main", 4) for player in PLAYERS]
    book.settle(*(play for play in plays if play is not None))
    assert [draw.row_ordinal for draw in book.draws].count(0) == 3
    check_replay(book)


def test_parallel_plays_of_one_player_take_consecutive_numbers() -> None:
    """Each play's draws stand together, and the seat's numbers run on from play to play."""
    book = Book(table("main", STOCKED))
    plays = [book.ask(PLAYERS[0], "main", draws) for draws in (2, 3, 1)]
    book.settle(*(play for play in plays if play is not None))
    ids = [play.play_id for play in plays if play is not None]
    assert [(ids.index(draw.play_id), draw.nth, draw.n) for draw in book.draws] == [
        (0, 1, 1), (0, 2, 2), (1, 1, 3), (1, 2, 4), (1, 3, 5), (2, 1, 6),
    ]  # fmt: skip


def test_a_used_seat_makes_room_for_the_next() -> None:
    """A seat ends with its last draw; the player's next one has another id and anchor and the same tag."""
    book = Book(table("main", STOCKED, seat_draws=2))
    for _ in range(2):
        play = book.ask(PLAYERS[0], "main", 2)
        assert play is not None
        book.settle(play)
    seats = [entry for entry in map(decode, book.lines) if isinstance(entry, SeatEntry)]
    assert [seat.state for seat in book.seats.values()] == ["used", "used"]
    assert (len({seat.id for seat in seats}), len({seat.anchor for seat in seats})) == (2, 2)
    assert len({seat.tag for seat in seats}) == 1


def test_the_beacon_decides() -> None:
    """Nothing is drawn before the seat's own round is in the log; another round changes nothing."""
    book = Book(table("main", STOCKED, beacon=BEACON))
    play = book.ask(PLAYERS[0], "main", 2)
    assert play is not None
    book.settle(play)
    assert (book.plays[play.play_id].state, book.draws) == ("paid", [])
    (round_,) = book.awaited()
    book.now_ms = late_enough([round_ + 1])
    book.settle(book.plays[play.play_id], rounds=[round_ + 1])
    assert book.draws == []
    book.settle(book.plays[play.play_id], rounds=[round_])
    assert book.plays[play.play_id].state == "settled"
    assert book.verified().verdict == "OK"


def test_a_round_is_logged_once() -> None:
    """A value that comes in again leaves no second entry."""
    book = Book(table("main", STOCKED, beacon=BEACON))
    seat = book.sit(PLAYERS[0], "main")
    assert seat.round is not None
    book.now_ms = late_enough([seat.round])
    book.settle(rounds=[seat.round])
    size = len(book.lines)
    book.settle(rounds=[seat.round, seat.round])
    assert len(book.lines) == size


def draws_of(book: Book) -> list[DrawEntry]:
    """The draws in the order of the log."""
    return [entry for entry in map(decode, book.lines) if isinstance(entry, DrawEntry)]


def sealed(*players: UUID) -> tuple[Book, list[int]]:
    """A sealed pool in which each player has paid, at times that name different rounds; those rounds."""
    book = Book(table("main", STOCKED, seat_draws=1, beacon=BEACON))
    for player in players:
        play = book.ask(player, "main")
        assert play is not None
        book.settle(play)
        book.now_ms += 3_000
    return book, book.awaited()


def test_sealed_draws_follow_their_seats() -> None:
    """A round that comes in early does not let its seat overtake one before it."""
    book, rounds = sealed(*PLAYERS[:3])
    book.now_ms = late_enough(rounds)
    book.settle(rounds=[rounds[2]])
    book.settle(rounds=[rounds[1]])
    assert draws_of(book) == []
    book.settle(rounds=[rounds[0]])
    assert [draw.player_id for draw in book.draws] == list(PLAYERS[:3])
    assert book.verified().verdict == "OK"


def test_a_sealed_draw_waits_for_the_one_before() -> None:
    """What can be drawn is drawn, up to the first seat whose round is missing."""
    book, rounds = sealed(*PLAYERS[:3])
    book.now_ms = late_enough(rounds)
    book.settle(rounds=[rounds[0], rounds[2]])
    assert [draw.player_id for draw in book.draws] == [PLAYERS[0]]
    book.settle(rounds=[rounds[1]])
    assert [draw.player_id for draw in book.draws] == list(PLAYERS[:3])


def test_a_second_sealed_play_waits_for_the_players_first() -> None:
    """One live seat per player and pool: the next one is logged once the first is drawn."""
    book, rounds = sealed(PLAYERS[0], PLAYERS[0])
    first, second = book.plays.values()
    assert (first.seat_id is not None, second.seat_id) == (True, None)
    book.now_ms = late_enough(rounds)
    book.settle(rounds=rounds)
    book.settle(book.plays[second.play_id])
    (next_round,) = book.awaited()
    book.now_ms = late_enough([next_round])
    book.settle(rounds=[next_round])
    assert [play.state for play in book.plays.values()] == ["settled", "settled"]
    assert book.verified().verdict == "OK"
