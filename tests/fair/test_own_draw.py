"""What one player can check of one draw with receipts alone."""

from collections.abc import Iterator

import pytest

from game.fair.entries import DrawEntry, PoolEntry, SeatEntry, decode
from game.fair.findings import Finding
from game.fair.receipt import Evidence, OwnDraw, verify_draw
from tests.fair import vectors
from tests.fair.replayed import replayed, x_of
from tests.fair.writer import BEACON, TERMS, WHEEL, LogWriter, evidence

SEED = "5e" * 16
BEACONS = {fields["round"]: fields["i"] for fields in vectors.ENTRIES if fields["k"] == "beacon"}
PARTS = ("pool", "seat", "beacon", "draw")


def honest() -> LogWriter:
    """A wheel with a beacon, two seats, and a draw of each."""
    writer = LogWriter()
    pool = writer.pool(**{**WHEEL, "beacon": BEACON})
    seats = [writer.seat(pool, seed=SEED, seat_id=f"0{tag}" * 16, tag=f"0{tag}" * 16) for tag in (1, 2)]
    writer.beacon()
    for seat in seats:
        writer.draw(seat)
    return writer


POOL, SEAT, OTHER_SEAT, ROUND, DRAW, OTHER_DRAW = range(6)


def verified(lines: list[bytes], indexes: tuple[int, int, int | None, int]) -> OwnDraw:
    """The check of a draw, given the indexes of pool, seat, beacon and draw."""
    pool, seat, beacon, draw = (None if at is None else evidence(lines, at) for at in indexes)
    assert pool is not None
    assert seat is not None
    assert draw is not None
    return verify_draw(pool=pool, seat=seat, beacon=beacon, draw=draw, verifier=vectors.VERIFIER)


def finding(lines: list[bytes], *indexes: int | None) -> tuple[int, int | None]:
    """Check and entry of what is wrong."""
    with pytest.raises(Finding) as found:
        verified(lines, indexes)  # type: ignore[arg-type]
    return found.value.check, found.value.entry


def draws_of_the_vectors() -> Iterator[tuple[int, tuple[int, int, int | None, int]]]:
    """Each draw of the log with the indexes of what belongs to it."""
    for fields in vectors.ENTRIES:
        if fields["k"] == "draw":
            seat = vectors.ENTRIES[fields["seat"]]
            yield fields["i"], (seat["pool"], seat["i"], BEACONS.get(seat.get("round")), fields["i"])


def test_every_draw_of_the_vectors_holds() -> None:
    """Each one's X and picked row are the replay's, and a row that is proven is the one that was paid."""
    proven = 0
    for index, indexes in draws_of_the_vectors():
        own = verified(vectors.LINES, indexes)
        assert (own.x, own.row) == (x_of(vectors.ENTRIES[index]), vectors.ENTRIES[index]["row"])
        proven += own.replay_decides == ()
        if not own.replay_decides:
            assert own.row == own.picked == replayed()[index].picked
    # office-wheel 11, wheel-2 5, car-draw 4: an open row that X picked, in a pool without a guarantee
    assert proven == 20


@pytest.mark.parametrize(
    ("draw", "decides"),
    [
        (165, ()),
        (24, ("limit", "stock")),
        (25, ("stock",)),
        (40, ("from", "guarantee", "stock")),
        (135, ("urn",)),
        (268, ()),
        (320, ("urn",)),
    ],
)
def test_what_only_a_replay_can_tell(draw: int, decides: tuple[str, ...]) -> None:
    """An open row is proven by its receipts; bounds, guarantee and urn need the draws before."""
    indexes = dict(draws_of_the_vectors())[draw]
    assert verified(vectors.LINES, indexes).replay_decides == decides


def test_receipts_must_be_of_the_right_kinds() -> None:
    """A seat is no pool, a pool no draw."""
    lines = honest().lines
    assert finding(lines, SEAT, SEAT, ROUND, DRAW) == (2, SEAT)
    assert finding(lines, POOL, POOL, ROUND, DRAW) == (2, POOL)
    assert finding(lines, POOL, SEAT, SEAT, DRAW) == (2, SEAT)
    assert finding(lines, POOL, SEAT, ROUND, SEAT) == (2, SEAT)


def test_a_receipt_must_hold() -> None:
    """Other bytes than the ones in the log are refused, in each place."""
    lines = honest().lines
    genuine = dict(zip(PARTS, (evidence(lines, at) for at in (POOL, SEAT, ROUND, DRAW)), strict=True))
    assert verify_draw(**genuine, verifier=vectors.VERIFIER)
    for part, proof in genuine.items():
        bent = Evidence(proof.entry.replace(b'"t":1', b'"t":2'), proof.receipt)
        with pytest.raises(Finding) as found:
            verify_draw(**{**genuine, part: bent}, verifier=vectors.VERIFIER)
        assert found.value.check == 1


def test_a_draw_belongs_to_its_seat_and_the_seat_to_its_pool() -> None:
    """Genuine entries that do not belong together prove nothing."""
    writer = honest()
    other_pool = writer.pool(secret=bytes(32), **{**WHEEL, "pool": "other", "beacon": BEACON, **later()})
    assert finding(writer.lines, POOL, SEAT, ROUND, OTHER_DRAW) == (6, OTHER_DRAW)
    assert finding(writer.lines, other_pool, SEAT, ROUND, DRAW) == (5, SEAT)


def later() -> dict[str, int]:
    """Times of a pool that is logged after the draws."""
    t = vectors.EARLY_MS + 8000
    return {"t": t, "opens": t, "closes": t + 1}


def test_the_round_must_be_the_seats() -> None:
    """Without its beacon value, with another round's, or with one that stands elsewhere: no draw."""
    writer = honest()
    late = writer.beacon(t=1718453400500, round_=vectors.LATE_ROUND)
    assert finding(writer.lines, POOL, SEAT, None, DRAW) == (4, DRAW)
    assert finding(writer.lines, POOL, SEAT, late, DRAW) == (4, DRAW)
    early = honest().lines
    early[ROUND], early[DRAW] = (
        moved(early[DRAW], i=ROUND),
        moved(early[ROUND], i=DRAW),
    )
    assert finding(early, POOL, SEAT, DRAW, ROUND) == (4, ROUND)


def moved(line: bytes, *, i: int) -> bytes:
    """The same entry at another index."""
    was = decode(line).i
    return line.replace(b'"i":%d,' % was, b'"i":%d,' % i)


@pytest.mark.parametrize(
    ("at", "written", "instead", "check"),
    [
        (POOL, b'"weight":10}', b'"weight":11}', 3),
        (POOL, b'"price":10', b'"price":11', 5),
        (SEAT, b'"round":657413', b'"round":657414', 4),
        (SEAT, b'"t":16947755', b'"t":16957755', 5),
        (ROUND, b'"t":169477560', b'"t":169477559', 4),
        (DRAW, b'"n":1', b'"n":2', 6),
        (DRAW, b'"n":1', b'"n":0', 6),
        (DRAW, b'"n":1', b'"n":9007199254740991', 6),
        (DRAW, b'"t":16947756', b'"t":16947755', 6),
        (DRAW, b'"row":"', b'"row":"x', 7),
    ],
)
def test_what_contradicts_itself(at: int, written: bytes, instead: bytes, check: int) -> None:
    """An operator who signs it is caught by the player alone."""
    lines = honest().lines
    assert written in lines[at]
    lines[at] = lines[at].replace(written, instead, 1)
    assert finding(lines, POOL, SEAT, ROUND, DRAW)[0] == check


def test_a_row_that_the_chain_cannot_reach() -> None:
    """The paid row is the picked one or on the way of its fallbacks, else the draw is wrong."""
    lines = [
        line if b'"k":"draw"' not in line else line.replace(b'"nothing"', b'"mug"') for line in honest().lines
    ]
    wrong = [draw for draw in (DRAW, OTHER_DRAW) if lines[draw] != honest().lines[draw]]
    assert wrong
    for draw in wrong:
        seat = draw - 3
        picked = verified(honest().lines, (POOL, seat, ROUND, draw)).picked
        assert picked == "mug" or finding(lines, POOL, seat, ROUND, draw) == (7, draw)


def test_an_urn_pays_only_rows_that_it_has() -> None:
    """The ticket itself depends on those drawn before, its row must be in the table."""
    lines = list(vectors.LINES)
    lines[135] = lines[135].replace(b'"silver"', b'"platinum"')
    assert finding(lines, 1, 9, BEACONS[vectors.EARLY_ROUND], 135) == (7, 135)


def test_a_seat_without_a_beacon() -> None:
    """Where the player's seed carries the weight, no beacon is asked for."""
    writer = LogWriter()
    rows = [{"id": "tea", "weight": 1}, {"id": "nothing", "weight": 1}]
    pool = writer.pool(**{**TERMS, "game": "wheel", "pool": "tea", "weight": 2, "rows": rows})
    seat = writer.seat(pool, seed=SEED)
    draws = [writer.draw(seat) for _ in range(4)]
    for draw in draws:
        own = verified(writer.lines, (pool, seat, None, draw))
        assert (own.picked, own.replay_decides) == (own.row, ())
    assert {type(entry) for entry in writer.entries} == {PoolEntry, SeatEntry, DrawEntry}
