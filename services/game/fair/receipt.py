"""Receipts: C2SP tlog-proof (c2sp.org/tlog-proof@v1) of one entry."""

import base64
import re

import msgspec

from game.fair.entries import Entry, decode, leaf_hash
from game.fair.findings import Finding
from game.fair.merkle import verify_inclusion
from game.fair.note import MAX_NOTE_BYTES, Checkpoint, Verifier, open_checkpoint, strict_base64

MAX_PATH = 53
MAX_RECEIPT_CHARS = MAX_NOTE_BYTES + 45 * (MAX_PATH + 2)
_HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,15})")


class Receipt(msgspec.Struct, frozen=True):
    """Where an entry stands, its audit path, and the signed checkpoint that the path leads to."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes


class Logged(msgspec.Struct, frozen=True):
    """An entry that its receipt shows to stand in the log of `checkpoint`."""

    entry: Entry
    leaf_hash: bytes
    checkpoint: Checkpoint


def encode_receipt(index: int, path: list[bytes], checkpoint_note: bytes) -> str:
    """The receipt's text."""
    hashes = [base64.b64encode(step).decode() for step in path]
    return "\n".join([_HEADER, f"index {index}", *hashes, "", checkpoint_note.decode()])


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
    leaf = leaf_hash(entry_bytes)
    included = verify_inclusion(
        leaf, parts.index, size=checkpoint.size, proof=parts.path, root_hash=checkpoint.root
    )
    if not included:
        raise Finding(1, "the receipt is not for this entry", entry=parts.index)
    entry = decode(entry_bytes)
    if entry.i != parts.index:
        raise Finding(2, f"the entry says index {entry.i}", entry=parts.index)
    return Logged(entry, leaf, checkpoint)


def _hash(line: str) -> bytes:
    step = strict_base64(line)
    if step is None or len(step) != 32:
        raise Finding(1, "the receipt's path is malformed")
    return step
