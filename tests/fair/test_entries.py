"""The entry grammar: one way to write each entry, and nothing else."""

import json
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from game.fair.entries import (
    MAX_ENTRY_BYTES,
    MAX_INTEGER,
    BeaconEntry,
    BeaconTerms,
    CloseEntry,
    DrawEntry,
    Entry,
    Guarantee,
    NoticeEntry,
    PoolEntry,
    SeatEntry,
    UrnRow,
    WheelRow,
    check_grammar,
    decode,
    encode,
    leaf_hash,
    urn_rows,
    wheel_rows,
)
from game.fair.findings import Finding
from tests.fair.vectors import LINES

naturals = st.integers(0, MAX_INTEGER)
optional = st.none() | naturals
printable = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in '"\\')
texts = st.text(printable, max_size=12)


def hexes(size: int) -> st.SearchStrategy[str]:
    """Hex of so many bytes."""
    return st.binary(min_size=size, max_size=size).map(bytes.hex)


place = {"i": naturals, "t": naturals}
terms: dict[str, Any] = {
    **place,
    "v": st.just(1),
    "pool": texts,
    "price": naturals,
    "seat_draws": naturals,
    "opens": naturals,
    "closes": naturals,
    "commit": hexes(32),
    "rules": hexes(32),
    "beacon": st.none() | st.builds(BeaconTerms, chain=hexes(32), delay=naturals),
    "guarantee": st.none() | st.builds(Guarantee, draws=naturals, rows=naturals),
    "replaces": optional,
}
wheel_row = st.builds(
    WheelRow,
    id=texts,
    weight=naturals,
    stock=optional,
    limit=optional,
    from_=optional,
    else_=st.none() | texts,
)
urn_row = st.builds(UrnRow, id=texts, count=naturals)
wheels = st.builds(
    PoolEntry,
    **terms,
    game=st.just("wheel"),
    weight=naturals,
    tickets=st.none(),
    rows=st.lists(wheel_row, max_size=5).map(tuple),
)
urns = st.builds(
    PoolEntry,
    **terms,
    game=st.just("scratch"),
    weight=st.none(),
    tickets=naturals,
    rows=st.lists(urn_row, max_size=5).map(tuple),
)
seats = st.builds(
    SeatEntry,
    **place,
    pool=naturals,
    pool_hash=hexes(32),
    tag=hexes(16),
    seed=st.binary(max_size=32).map(bytes.hex),
    id=hexes(16),
    anchor=hexes(32),
    round=optional,
)
beacons = st.builds(BeaconEntry, **place, chain=hexes(32), round=naturals, sig=hexes(48))
draws = st.builds(DrawEntry, **place, seat=naturals, n=naturals, a=hexes(32), row=texts)
closes = st.builds(CloseEntry, **place, pool=naturals, secret=hexes(32), draws=naturals)
kinds = st.sampled_from(["amendment", "incident", "compensation"])
notices = st.builds(NoticeEntry, **place, pool=naturals, kind=kinds, sha256=hexes(32))
entries = wheels | urns | seats | beacons | draws | closes | notices

DRAW = next(line for line in LINES if b'"k":"draw"' in line)
WHEEL = LINES[0]
URN = LINES[1]
NESTED = b'{"k":"pool","rows":' + b"[" * 60_000


@given(entries)
def test_one_way_to_write_an_entry(entry: Entry) -> None:
    """RFC 8785, sorted json.dumps and `encode` agree, and `decode` reads it back."""
    data = encode(entry)
    plain = msgspec.to_builtins(entry)
    assert data == rfc8785.dumps(plain)
    assert data == json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()
    assert decode(data) == entry


@given(entries, st.data())
def test_any_other_bytes_are_refused_or_another_entry(entry: Entry, data: st.DataObject) -> None:
    """Bytes with one of them changed, put in or left out are never a second way to write an entry."""
    written = encode(entry)
    at = data.draw(st.integers(0, len(written)))
    bent = written[:at] + data.draw(st.binary(max_size=1)) + written[at + data.draw(st.integers(0, 1)) :]
    try:
        read = decode(bent)
    except Finding as finding:
        assert finding.check == 2  # noqa: PT017 - the other outcome is right as well
    else:
        assert encode(read) == bent


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        (b'"n":1,', b'"n": 1,'),
        (b'"n":1,', b'"n":1.0,'),
        (b'"n":1,', b'"n":1e0,'),
        (b'"n":1,', b'"n":01,'),
        (b'"n":1,', b'"n":-1,'),
        (b'"n":1,', b'"n":9007199254740992,'),
        (b'"n":1,', b'"n":"1",'),
        (b'"n":1,', b'"n":true,'),
        (b'"n":1,', b'"n":null,'),
        (b'"n":1,', b'"n":1,"n":1,'),
        (b'"n":1,', b'"n":1,"o":1,'),
        (b'"n":1,', b""),
        (b'"k":"draw"', b'"k":"reel"'),
        (b'"k":"draw"', b'"k":"close"'),
        (b'"row":"', b'"row":"\\u0061'),
        (b'"row":"', b'"row":"\x7f'),
        (b'"row":"', b'"row":"\xc3\xa9'),
        (b'"row":"', b'"row":"\xff'),
        (b'"row":"', b'"row":"\\n'),
        (b'"row":"', b'"row":"\n'),
        (b'"a":"', b'"a":"00'),
        (b'"a":"7b', b'"a":"7B'),
        (b'"a":"7b', b'"a":"7g'),
        (b'"a":"7b', b'"a":" 7b'),
        (b"{", b"[{"),
        (b"}", b"}\n"),
    ],
)
def test_what_the_grammar_does_not_allow(written: bytes, instead: bytes) -> None:
    """Each of these would be a second way to write a draw, or none."""
    assert written in DRAW
    with pytest.raises(Finding) as found:
        decode(DRAW.replace(written, instead, 1))
    assert found.value.check == 2


def test_a_line_feed_does_not_hide_at_the_end_of_a_string() -> None:
    """An escaped line feed after the last character of a hex or text field is refused."""
    ends = [b'"i":24', b'"k":"draw"', b'"row":"scooter"']
    assert all(end in DRAW for end in ends)
    for text in (b"9bf09f3649e43e6501714b130", b"scooter"):
        with pytest.raises(Finding):
            decode(DRAW.replace(text + b'"', text + b'\\n"'))


@pytest.mark.parametrize(
    ("line", "written", "instead", "field"),
    [
        (WHEEL, b'"weight":10000', b'"tickets":10000', "weight"),
        (WHEEL, b'"v":1,', b'"tickets":1,"v":1,', "weight"),
        (URN, b'"tickets":56,', b"", "tickets"),
        (URN, b'"v":1', b'"v":1,"weight":56', "tickets"),
        (URN, b'"count":1,', b'"weight":1,', "rows[0]"),
        (WHEEL, b'"weight":440', b'"weight":-440', "rows[1].weight"),
        (WHEEL, b'"v":1', b'"v":2', "v"),
        (WHEEL, b'"game":"wheel"', b'"game":"slots"', "game"),
        (WHEEL, b'"delay":2', b'"delay":"2"', "beacon.delay"),
        (WHEEL, b'"price":50', b'"price":5.5', "price"),
        (WHEEL, b'"v":1,', b'"v":1,"xtra":1,', None),
    ],
)
def test_a_finding_names_the_field(line: bytes, written: bytes, instead: bytes, field: str | None) -> None:
    """A pool outside of the grammar is refused with the path of the field."""
    assert written in line
    with pytest.raises(Finding) as found:
        decode(line.replace(written, instead, 1))
    assert (found.value.check, found.value.field) == (2, field)


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b"null", b"1", b'"pool"', b"{", b"\xff", NESTED, WHEEL.replace(b"headset", b"\xff")],
)
def test_what_is_no_entry_at_all(data: bytes) -> None:
    """Other JSON and other bytes are findings, never other errors."""
    with pytest.raises(Finding):
        decode(data)


def test_the_longest_entry() -> None:
    """An entry has at most MAX_ENTRY_BYTES."""
    draw = decode(DRAW)
    assert isinstance(draw, DrawEntry)
    spare = MAX_ENTRY_BYTES - len(DRAW)
    longest = msgspec.structs.replace(draw, row="scooter" + "x" * spare)
    assert len(encode(longest)) == MAX_ENTRY_BYTES
    with pytest.raises(Finding, match="65536"):
        check_grammar(msgspec.structs.replace(longest, row=longest.row + "x"))


def test_writing_outside_of_the_grammar_is_a_bug() -> None:
    """`encode` asserts what `decode` refuses."""
    draw = decode(DRAW)
    for bent in (msgspec.structs.replace(draw, row="电视"), msgspec.structs.replace(draw, n=-1)):
        with pytest.raises(AssertionError):
            encode(bent)


def test_an_entry_that_reads_as_another_is_a_bug() -> None:
    """A pool whose rows are a list instead of a tuple would not read back as itself."""
    pool = decode(WHEEL)
    assert isinstance(pool, PoolEntry)
    with pytest.raises(AssertionError, match="another entry"):
        encode(msgspec.structs.replace(pool, rows=list(pool.rows)))


def test_rows_of_each_game() -> None:
    """A wheel has wheel rows, an urn urn rows, and asking for the other's is a bug."""
    wheel, urn = decode(WHEEL), decode(URN)
    assert isinstance(wheel, PoolEntry)
    assert isinstance(urn, PoolEntry)
    assert [type(row) for row in wheel_rows(wheel)] == [WheelRow] * 5
    assert [type(row) for row in urn_rows(urn)] == [UrnRow] * 4
    with pytest.raises(AssertionError):
        wheel_rows(urn)
    with pytest.raises(AssertionError):
        urn_rows(wheel)


def test_leaf_hash() -> None:
    """RFC 6962's hash of a leaf: of the empty one, as its section 2.1 defines it."""
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
