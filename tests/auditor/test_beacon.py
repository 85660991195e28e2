"""The beacon's BLS signatures: real rounds, forged ones, and points that are none."""

import sys

import msgspec
import pytest

from game.auditor.beacon import BATCH_ROUNDS, INFINITY, BlsMissingError, Value, first_forged
from tests.audit.relays import EARLY_ROUND, LATE_ROUND, SIGNATURES
from tests.fair.vectors import FOLDER

EARLY = (EARLY_ROUND, SIGNATURES[EARLY_ROUND])
LATE = (LATE_ROUND, SIGNATURES[LATE_ROUND])
FIELD = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB


def logged(*rounds: tuple[int, bytes]) -> list[Value]:
    """These rounds at the entries 100, 101, ..."""
    return [(100 + at, round_, signature) for at, (round_, signature) in enumerate(rounds)]


def negated(signature: bytes) -> bytes:
    """The point on the other side of the axis."""
    return bytes([signature[0] ^ 0x20]) + signature[1:]


def outside_the_group() -> bytes:
    """A point of the curve that is not in the group of signatures: the first by its x."""
    x = next(x for x in range(1, 100) if pow(x**3 + 4, (FIELD - 1) // 2, FIELD) == 1)
    return (x | 1 << 383).to_bytes(48, "big")


def test_real_rounds_hold() -> None:
    """Both rounds of the vectors hold: alone, and in more than one batch."""
    assert first_forged(logged(EARLY)) is None
    assert first_forged(logged(LATE)) is None
    assert first_forged(logged(*[EARLY, LATE] * (BATCH_ROUNDS // 2), EARLY)) is None
    assert first_forged([]) is None


@pytest.mark.parametrize("at", [0, 1, 5, 6])
def test_the_first_forged_one_is_told(at: int) -> None:
    """Of several that do not hold the first is found, wherever it stands."""
    rounds = [EARLY, LATE] * 4
    rounds[at] = (rounds[at][0] + 1, rounds[at][1])
    rounds[7] = (1, EARLY[1])
    assert first_forged(logged(*rounds)) == 100 + at


def test_one_in_a_later_batch_is_found() -> None:
    """The first batch does not speak for the next."""
    rounds = [EARLY] * (BATCH_ROUNDS + 3)
    rounds[BATCH_ROUNDS + 1] = (EARLY_ROUND, LATE[1])
    assert first_forged(logged(*rounds)) == 100 + BATCH_ROUNDS + 1


def test_errors_do_not_cancel_out() -> None:
    """Two values that were swapped sum to what honest ones do, and are refused still."""
    assert first_forged(logged((EARLY_ROUND, LATE[1]), (LATE_ROUND, EARLY[1]))) == 100


@pytest.mark.parametrize(
    "signature",
    [INFINITY, negated(EARLY[1]), outside_the_group(), bytes(48), b"\xff" * 48, b"\x80" + bytes(47)],
    ids=["infinity", "negated", "outside-the-group", "not-compressed", "no-number", "x-is-0"],
)
def test_what_is_no_signature_is_refused(signature: bytes) -> None:
    """Points that are no signature of the round, and bytes that are no point."""
    assert first_forged(logged(LATE, (EARLY_ROUND, signature), EARLY)) == 101


def test_a_forged_one_before_what_is_no_point() -> None:
    """Bytes that are no point do not hide a forged signature before them."""
    assert first_forged(logged(EARLY, (1, EARLY[1]), (2, INFINITY))) == 101


@pytest.mark.parametrize(("name", "forged"), [("honest", None), ("beacon-forged", 8)])
def test_the_vectors(name: str, forged: int | None) -> None:
    """The honest log's values hold; the one that a replay alone accepts is found."""
    lines = (FOLDER / "attacks" / f"{name}.jsonl").read_bytes().splitlines()
    entries = [msgspec.json.decode(line) for line in lines]
    beacons = [(e["i"], e["round"], bytes.fromhex(e["sig"])) for e in entries if e["k"] == "beacon"]
    assert first_forged(beacons) == forged


def test_without_the_extra_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pyblst is not installed the reader is told what to install."""
    monkeypatch.setitem(sys.modules, "pyblst", None)
    with pytest.raises(BlsMissingError, match=r"playfair\[audit\]"):
        first_forged([])
