"""Receipts, and what one player can check with them, given nothing but the log's key.

A receipt is a C2SP tlog-proof (c2sp.org/tlog-proof@v1) of one entry.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

from game.fair.draw import draw_value, fallback, pick
from game.fair.entries import (
    BeaconEntry,
    DrawEntry,
    Entry,
    PoolEntry,
    SeatEntry,
    WheelRow,
    decode,
    leaf_hash,
    wheel_rows,
)
from game.fair.findings import Finding
from game.fair.keys import strict_base64
from game.fair.merkle import Node, left_level, span_hash, verify_inclusion
from game.fair.note import MAX_NOTE_BYTES, Checkpoint, Verifier, open_checkpoint
from game.fair.seats import check_beacon, check_draw, check_seat, seat_entropy
from game.fair.tables import check_pool

MAX_PATH = 53
MAX_RECEIPT_CHARS = MAX_NOTE_BYTES + 45 * (MAX_PATH + 2)
_HEADER = "c2sp.org/tlog-proof@v1"
_Kind = TypeVar("_Kind", PoolEntry, SeatEntry, BeaconEntry, DrawEntry)
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,15})")


class Receipt(msgspec.Struct, frozen=True):
    """Where an entry stands, its audit path, and the signed checkpoint that the path leads to."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes


class Logged(msgspec.Struct, frozen=True):
    """An entry that its receipt shows to stand in the log of `checkpoint`."""

    entry: Entry
    checkpoint: Checkpoint


def encode_receipt(index: int, path: list[bytes], checkpoint_note: bytes) -> str:
    """The receipt's text."""
    hashes = [base64.b64encode(step).decode() for step in path]
    return "\n".join([_HEADER, f"index {index}", *hashes, "", checkpoint_note.decode()])


def encode_receipts(
    first: int, size: int, hashes: Mapping[Node, bytes], checkpoint_note: bytes
) -> dict[int, str]:
    """The receipts of a tree's newest entries, those from `first` on. `hashes` has the nodes of their paths.

    Each is what `encode_receipt` makes of it. Entries share what their paths have in common.
    """
    found: dict[int, str] = {}
    # Parts of the tree, each with what follows in the receipts of its entries.
    parts = [(0, size, "\n" + checkpoint_note.decode())]
    while parts:
        start, stop, rest = parts.pop()
        if stop - start == 1:
            found[start] = f"{_HEADER}\nindex {start}\n{rest}"
            continue
        level = left_level(stop - start)
        middle = start + (1 << level)
        parts.append((middle, stop, _line(hashes[level, start >> level]) + rest))
        if first < middle:
            parts.append((start, middle, _line(span_hash(middle, stop, hashes)) + rest))
    return found


def _line(hash_: bytes) -> str:
    return binascii.b2a_base64(hash_).decode()


def decode_receipt(text: str) -> Receipt:
    """The parts of a receipt's text. Raises a Finding (check 1) where it is malformed.

    Opaque `extra` data, which tlog-proof allows and fairdraw has no use for, is refused.
    """
    head, blank, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    index = _INDEX.fullmatch(lines[1]) if len(lines) > 1 else None
    if len(text) > MAX_RECEIPT_CHARS or not blank or lines[0] != _HEADER or index is None:
        raise Finding(1, "not a receipt")
    if len(lines) - 2 > MAX_PATH:
        raise Finding(1, "the receipt's path is too long")
    try:
        note = checkpoint.encode()
    except UnicodeEncodeError:
        raise Finding(1, "the receipt's checkpoint is not text") from None
    return Receipt(int(index[1]), tuple(_hash(line) for line in lines[2:]), note)


def verify_receipt(receipt: str, entry_bytes: bytes, verifier: Verifier) -> Logged:
    """What the receipt proves of these bytes.

    Raises a Finding: check 1 where the receipt does not hold for them, 2 where they are no entry.
    """
    parts = decode_receipt(receipt)
    checkpoint = open_checkpoint(parts.checkpoint, verifier)
    leaf, size, root = leaf_hash(entry_bytes), checkpoint.size, checkpoint.root
    if not verify_inclusion(leaf, parts.index, size=size, proof=parts.path, root_hash=root):
        raise Finding(1, "the receipt is not for this entry", entry=parts.index)
    entry = decode(entry_bytes)
    if entry.i != parts.index:
        raise Finding(2, f"the entry says index {entry.i}", entry=parts.index)
    return Logged(entry, checkpoint)


def _hash(line: str) -> bytes:
    step = strict_base64(line)
    if step is None or len(step) != 32:
        raise Finding(1, "the receipt's path is malformed")
    return step


class Evidence(msgspec.Struct, frozen=True):
    """An entry's exact bytes and the receipt that came with them."""

    entry: bytes
    receipt: str


class OwnDraw(msgspec.Struct, frozen=True):
    """A draw that follows from its seat. Rows are ids.

    `picked` is the row that X picks from the whole table, None for an urn: it depends on the tickets
    drawn before. `replay_decides` names what else a replay must tell: "stock" and "urn" depend on all the
    pool's draws, "limit", "from" and "guarantee" on the player's own. When it is empty, `row` is proven.
    """

    row: str
    x: int
    picked: str | None
    replay_decides: tuple[str, ...]


def verify_draw(
    *, pool: Evidence, seat: Evidence, beacon: Evidence | None, draw: Evidence, verifier: Verifier
) -> OwnDraw:
    """Check one draw: its receipts, its terms, its chain up to the anchor, and the row as far as it goes.

    `beacon` is the value of the seat's round, None for a pool without. Raises a Finding. That the receipts'
    checkpoints are of one history is for their consistency proofs to show.
    """
    pool_entry = _proven(pool, PoolEntry, verifier)
    seat_entry = _proven(seat, SeatEntry, verifier)
    draw_entry = _proven(draw, DrawEntry, verifier)
    beacon_entry = _proven(beacon, BeaconEntry, verifier) if beacon else None
    _check_terms(pool_entry, leaf_hash(pool.entry), seat=seat_entry, draw=draw_entry)
    signature = _signature(seat_entry, beacon_entry, draw_entry)
    entropy = seat_entropy(seat_entry, leaf_hash(seat.entry), signature)
    x = draw_value(bytes.fromhex(draw_entry.a), entropy, draw_entry.n)
    return outcome(pool_entry, draw_entry, x)


def _proven(evidence: Evidence, kind: type[_Kind], verifier: Verifier) -> _Kind:
    entry = verify_receipt(evidence.receipt, evidence.entry, verifier).entry
    if not isinstance(entry, kind):
        raise Finding(2, f"not a {kind.__name__}", entry=entry.i)
    return entry


def _check_terms(pool: PoolEntry, pool_hash: bytes, *, seat: SeatEntry, draw: DrawEntry) -> None:
    check_pool(pool)
    if seat.pool != pool.i:
        raise Finding(5, "a seat of another pool", entry=seat.i)
    check_seat(pool, pool_hash, seat)
    if draw.seat != seat.i:
        raise Finding(6, "a draw of another seat", entry=draw.i)
    check_draw(pool, draw, revealed=bytes.fromhex(seat.anchor), steps=draw.n)


def _signature(seat: SeatEntry, beacon: BeaconEntry | None, draw: DrawEntry) -> bytes | None:
    if seat.round is None:
        return None
    if beacon is None or beacon.round != seat.round or not seat.i < beacon.i < draw.i:
        raise Finding(4, f"no beacon of round {seat.round} between the seat and its draw", entry=draw.i)
    check_beacon(beacon)
    return bytes.fromhex(beacon.sig)


def outcome(pool: PoolEntry, draw: DrawEntry, x: int) -> OwnDraw:
    """The row that a draw has paid, as far as X and the table tell; a Finding where X does not lead to it."""
    if pool.game == "scratch":
        if draw.row not in {row.id for row in pool.rows}:
            raise Finding(7, f"no row {draw.row}", entry=draw.i)
        return OwnDraw(draw.row, x, picked=None, replay_decides=("urn",))
    rows = wheel_rows(pool)
    weights = [row.weight for row in rows]
    paths = [_path(rows, pick(weights, x))]
    if pool.guarantee is not None:
        paths.append(_path(rows, pick(weights[: pool.guarantee.rows], x)))
    decides = {"guarantee"} if paths[0] != paths[-1] else set()
    leading = [path for path in paths if draw.row in [row.id for row in path]]
    if not leading:
        raise Finding(7, f"wrong row {draw.row}, X leads to {paths[0][0].id}", entry=draw.i)
    for path in leading:
        decides |= _bounds_up_to(path, draw.row)
    return OwnDraw(draw.row, x, picked=paths[0][0].id, replay_decides=tuple(sorted(decides)))


def _path(rows: Sequence[WheelRow], picked: int) -> list[WheelRow]:
    """The rows that may be paid when X picks this one, in the order in which they are tried."""
    path = [rows[picked]]
    while path[-1].else_ is not None:
        picked = fallback(rows, picked)
        path.append(rows[picked])
    return path


def _bounds_up_to(path: list[WheelRow], paid: str) -> set[str]:
    """What decides whether a row of the path is paid: its bounds, and those of the rows before it."""
    last = [row.id for row in path].index(paid)
    tried = path[: last + 1]
    bounds = {"stock": [row.stock for row in tried], "limit": [row.limit for row in tried]}
    bounds["from"] = [row.from_ for row in tried]
    return {name for name, values in bounds.items() if any(value is not None for value in values)}
