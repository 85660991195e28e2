"""What verify.py refuses before it reads an entry: notes, keys and receipts; and tables, entry by entry."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from game.audit.verify import Bad, check_receipt, open_checkpoint, parse, verify
from game.fair.entries import decode, leaf_hash
from game.fair.findings import Finding
from game.fair.keys import key_text
from game.fair.merkle import inclusion_proof
from game.fair.note import Verifier, checkpoint_body, sign
from game.fair.note import vkey as vkey_of
from game.fair.receipt import encode_receipt, verify_receipt
from game.fair.verify import verify_log
from tests.fair import vectors
from tests.single.mutations import checkpoint as checkpoint_of
from tests.single.mutations import encode
from tests.single.running import verdict
from tests.support.points import LOW_ORDER

VKEY: str = vectors.VALUES["vkey"]
AT = vectors.VALUES["receipt_entry"]
ENTRY = vectors.LINES[AT]
SIZE = len(vectors.LINES)
OTHER_ROOT = sign(checkpoint_body(vectors.ORIGIN, SIZE, bytes(32)), vectors.ORIGIN, vectors.KEY)
OTHER_LOG = sign(checkpoint_body("draws.example/other", SIZE, bytes(32)), vectors.ORIGIN, vectors.KEY)


def forged(at: int) -> bytes:
    """The checkpoint, with one bit of its signature's 64 bytes flipped."""
    head, _, text = vectors.CHECKPOINT.rstrip(b"\n").rpartition(b" ")
    raw = bytearray(base64.b64decode(text))
    raw[4 + at] ^= 1
    return head + b" " + base64.b64encode(raw) + b"\n"


@pytest.mark.parametrize("at", range(0, 64, 3))
def test_a_signature_that_is_not_the_keys(at: int) -> None:
    """No checkpoint."""
    with pytest.raises(Bad, match="signature"):
        open_checkpoint(forged(at), VKEY)


def test_a_root_that_is_not_the_logs() -> None:
    """Signed or not, it is of other entries; so is a size that is larger."""
    for lines, note in ((vectors.LINES, OTHER_ROOT), (vectors.LINES[:-1], vectors.CHECKPOINT)):
        with pytest.raises(Bad, match="root or size") as found:
            verify(lines, note, VKEY)
        assert (found.value.check, found.value.entry) == (1, None)


def test_a_checkpoint_of_another_log() -> None:
    """The key's name is the log's."""
    with pytest.raises(Bad, match="another log"):
        open_checkpoint(OTHER_LOG, VKEY)


@pytest.mark.parametrize(
    "key", ["", VKEY[:-4], VKEY.replace("+", "+0", 1), vkey_of("x", vectors.KEY.public_key())]
)
def test_a_key_that_is_not_the_logs(key: str) -> None:
    """Nothing is verified under it."""
    with pytest.raises(Bad):
        open_checkpoint(vectors.CHECKPOINT, key)


def _lines(change: Callable[[list[str]], object]) -> str:
    lines = vectors.RECEIPT.split("\n")
    change(lines)
    return "\n".join(lines)


LEAVES = [leaf_hash(line) for line in vectors.LINES]
# Of a log whose one entry says another index than the one where it stands.
MISPLACED = encode_receipt(0, [], checkpoint_of([ENTRY]))
RECEIPTS = {
    "another header": _lines(lambda lines: lines.__setitem__(0, "c2sp.org/tlog-proof@v2")),
    "no index": _lines(lambda lines: lines.__setitem__(1, "index x")),
    "beyond the log": _lines(lambda lines: lines.__setitem__(1, f"index {SIZE}")),
    "a short path": _lines(lambda lines: lines.pop(2)),
    "a long path": _lines(lambda lines: lines.insert(2, lines[2])),
    "a path too long for any log": _lines(lambda lines: lines.__setitem__(slice(2, 2), [lines[2]] * 54)),
    "a step of 31 bytes": _lines(lambda lines: lines.__setitem__(2, base64.b64encode(bytes(31)).decode())),
    "a step in another form": _lines(lambda lines: lines.__setitem__(2, lines[2][:-1] + "==")),
    "the path of a neighbour": encode_receipt(AT, inclusion_proof(LEAVES, AT - 1), vectors.CHECKPOINT),
    "an entry elsewhere": MISPLACED,
}


@pytest.mark.parametrize("name", RECEIPTS)
def test_receipts(name: str) -> None:
    """Both verifiers refuse it with one check."""
    with pytest.raises(Finding) as theirs:
        verify_receipt(RECEIPTS[name], ENTRY, vectors.VERIFIER)
    with pytest.raises(Bad) as ours:
        check_receipt(RECEIPTS[name], ENTRY, VKEY)
    assert ours.value.check == theirs.value.check


WHEEL: dict[str, Any] = {
    name: value for name, value in vectors.ENTRIES[0].items() if name not in ("beacon", "guarantee")
}
WHEEL |= {"rows": [{"id": "a", "weight": 1, "stock": 2, "else": "b"}, {"id": "b", "weight": 3}], "weight": 4}
URN: dict[str, Any] = {name: value for name, value in WHEEL.items() if name != "weight"}
URN |= {"game": "scratch", "rows": [{"id": "a", "count": 1}, {"id": "b", "count": 3}], "tickets": 4}
BEACON = {"chain": vectors.ENTRIES[0].get("beacon", {}).get("chain", ""), "delay": 2}
LAST = {"id": "b", "weight": 3}
TABLES: dict[str, tuple[dict[str, Any], int | None]] = {
    "a wheel": (WHEEL, None),
    "an urn": (URN, None),
    "a wheel with tickets": (WHEEL | {"tickets": 4}, 2),
    "an urn with a weight": (URN | {"weight": 4}, 2),
    "a row twice": (WHEEL | {"rows": [{"id": "b", "weight": 1}, LAST]}, 3),
    "no rows": (WHEEL | {"rows": [], "weight": 0}, 3),
    "an urn with a guarantee": (URN | {"guarantee": {"draws": 2, "rows": 1}}, 3),
    "no weight": (WHEEL | {"rows": [{"id": "b", "weight": 0}], "weight": 0}, 3),
    "a count of none": (URN | {"rows": [{"id": "a", "count": 0}, {"id": "b", "count": 4}]}, 3),
    "a stock of none": (WHEEL | {"rows": [{"id": "a", "weight": 1, "stock": 0, "else": "b"}, LAST]}, 3),
    "a limit of none": (WHEEL | {"rows": [{"id": "a", "weight": 1, "limit": 0, "else": "b"}, LAST]}, 3),
    "from the draw 0": (WHEEL | {"rows": [{"id": "a", "weight": 1, "from": 0, "else": "b"}, LAST]}, 3),
    "a guarantee of nothing": (
        WHEEL
        | {
            "rows": [{"id": "a", "weight": 0}, {"id": "b", "weight": 4}],
            "guarantee": {"draws": 2, "rows": 1},
        },
        3,
    ),
    "another beacon": (WHEEL | {"beacon": {"chain": "00" * 32, "delay": 2}}, 4),
    "a beacon that is too near": (WHEEL | {"beacon": BEACON | {"delay": 1}}, 4),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables(name: str) -> None:
    """Both verifiers say the same of a log with this pool alone."""
    pool, check = TABLES[name]
    lines = [encode(pool)]
    assert verify_log(lines, checkpoint_of(lines), vectors.VERIFIER).check == check
    assert verdict(lines, checkpoint_of(lines))[:2] == (check, None if check is None else 0)


@pytest.mark.parametrize("point", LOW_ORDER)
def test_a_key_for_which_anybody_could_sign(point: str) -> None:
    """An operator who has one could deny every proof: neither verifier takes it."""
    key = key_text(vectors.ORIGIN, bytes.fromhex(point), algorithm=b"\1")
    with pytest.raises(Bad, match="anybody could sign"):
        open_checkpoint(vectors.CHECKPOINT, key)
    with pytest.raises(ValueError, match="anybody could sign"):
        Verifier.parse(key)


def test_an_entry_that_is_too_long() -> None:
    """Neither takes it, although it is canonical."""
    rows = [{"id": "x" * 65_500, "weight": 4}]
    long = encode(json.loads(encode(WHEEL | {"rows": rows})))
    with pytest.raises(Bad, match="longer"):
        parse(long)
    with pytest.raises(Finding):
        decode(long)
