"""A writer that is given secrets, ids and times reproduces the vectors, byte for byte."""

import base64
from typing import Any

import pytest

from game.fair.draw import (
    chain,
    commit,
    draw_value,
    entropy_with_beacon,
    entropy_with_seed,
    link,
    scale,
)
from game.fair.entries import leaf_hash
from game.fair.merkle import consistency_proof, inclusion_proof, root
from game.fair.note import checkpoint_body, sign, vkey
from game.fair.receipt import encode_receipt
from tests.fair import vectors
from tests.fair.replayed import Replayed, replayed
from tests.fair.writer import LogWriter

HASHES = [leaf_hash(line) for line in vectors.LINES]
DERIVED = {
    "pool": {"i", "k", "v", "commit"},
    "seat": {"i", "k", "pool_hash", "anchor", "round"},
    "beacon": {"i", "k", "chain", "sig"},
    "draw": {"i", "k", "n", "a", "row"},
    "close": {"i", "k", "secret", "draws"},
    "notice": {"i", "k"},
}


def _write(writer: LogWriter, fields: dict[str, Any]) -> None:
    """Append the entry that follows from what the service is told."""
    given = {name: value for name, value in fields.items() if name not in DERIVED[fields["k"]]}
    if fields["k"] == "pool":
        given["secret"] = vectors.SECRETS[fields["i"]]
    if fields["k"] == "beacon":
        given["round_"] = given.pop("round")
    if fields["k"] == "seat":
        given["seat_id"] = given.pop("id")
    getattr(writer, fields["k"])(**given)


def test_every_line_of_the_log() -> None:
    """Commits, anchors, rounds, chain values, paid rows and counts are what the vectors say."""
    writer = LogWriter()
    for fields in vectors.ENTRIES:
        _write(writer, fields)
    assert writer.lines == vectors.LINES


def test_roots_checkpoints_and_key() -> None:
    """The tree's roots and the signed notes over them."""
    whole, old = root(HASHES), root(HASHES[: vectors.VALUES["old_size"]])
    assert (whole.hex(), old.hex()) == (vectors.VALUES["root"], vectors.VALUES["old_root"])
    assert _signed(vectors.VALUES["size"], whole) == vectors.CHECKPOINT
    assert _signed(vectors.VALUES["old_size"], old) == vectors.OLD_CHECKPOINT
    assert vkey(vectors.ORIGIN, vectors.KEY.public_key()) == vectors.VALUES["vkey"]


def _signed(size: int, root_hash: bytes) -> bytes:
    return sign(checkpoint_body(vectors.ORIGIN, size, root_hash), vectors.ORIGIN, vectors.KEY)


def test_receipt_and_consistency_proof() -> None:
    """The receipt's file and the proof between the two checkpoints."""
    index = vectors.VALUES["receipt_entry"]
    assert encode_receipt(index, inclusion_proof(HASHES, index), vectors.CHECKPOINT) == vectors.RECEIPT
    proof = consistency_proof(HASHES, vectors.VALUES["old_size"])
    assert [base64.b64encode(step).decode() for step in proof] == vectors.VALUES["consistency"]


@pytest.mark.parametrize("pool", vectors.VALUES["pools"], ids=lambda pool: pool["id"])
def test_pool_values(pool: dict[str, Any]) -> None:
    """A pool's commit and hash."""
    assert commit(bytes.fromhex(pool["secret"])).hex() == pool["commit"]
    assert HASHES[pool["entry"]].hex() == pool["pool_hash"]


@pytest.mark.parametrize("seat", vectors.VALUES["seats"], ids=lambda seat: str(seat["entry"]))
def test_seat_values(seat: dict[str, Any]) -> None:
    """A seat's chain and entropy."""
    fields = vectors.ENTRIES[seat["entry"]]
    pool = vectors.ENTRIES[fields["pool"]]
    values = chain(vectors.SECRETS[fields["pool"]], bytes.fromhex(seat["id"]), pool["seat_draws"])
    assert (values[-1].hex(), values[1].hex()) == (seat["a_L"], seat["a_1"])
    assert values[0] == link(values[1])
    assert values[0].hex() == seat["anchor"]
    assert HASHES[seat["entry"]].hex() == seat["leafhash"]
    assert _entropy(fields, HASHES[seat["entry"]]).hex() == seat["E"]


def _entropy(seat: dict[str, Any], hash_: bytes) -> bytes:
    if "round" in seat:
        return entropy_with_beacon(hash_, vectors.SIGNATURES[seat["round"]])
    return entropy_with_seed(*(bytes.fromhex(seat[name]) for name in ("pool_hash", "anchor", "seed")))


@pytest.mark.parametrize("draw", vectors.VALUES["draws"], ids=lambda draw: str(draw["entry"]))
def test_draw_values(draw: dict[str, Any]) -> None:
    """A draw's X, where it falls in which total, the rows closed and why, the row paid.

    `continued` names the counts that, had they started anew at the replacement, would have paid another row.
    """
    fields = vectors.ENTRIES[draw["seat"]]
    x = draw_value(bytes.fromhex(draw["a"]), _entropy(fields, HASHES[draw["seat"]]), draw["n"])
    assert x == int(draw["X"], 16)
    assert scale(x, draw["W"]) == draw["r"]
    assert replayed()[draw["entry"]] == _expected(draw)


def _expected(draw: dict[str, Any]) -> Replayed:
    closed = [(row, tuple(reasons)) for row, reasons in draw.get("closed", [])]
    return Replayed(
        row=draw["row"],
        picked=draw.get("picked", draw["row"]),
        weight=draw["W"],
        r=draw["r"],
        ordinal=draw.get("ordinal"),
        guaranteed=draw.get("guarantee", False),
        closed=tuple(closed),
        continued=frozenset(draw.get("continued", [])),
    )
