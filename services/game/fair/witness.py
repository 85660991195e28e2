"""Cosignatures: somebody else who saw a log's checkpoint, and that it continues the one seen before.

Sources: c2sp.org/tlog-cosignature (cosignature/v1, Ed25519) and c2sp.org/tlog-witness.
"""

import base64
from collections.abc import Iterable, Sequence

import msgspec
from cryptography.exceptions import InvalidSignature

from game.fair.findings import Finding
from game.fair.keys import KEY_ID_BYTES, NamedKey, parse_key
from game.fair.note import DASH, signatures_of

COSIGNATURE = b"\x04"
TIMESTAMP_BYTES = 8
ED25519_BYTES = 64
MAX_PROOF = 63


class Witness(NamedKey, frozen=True):
    """The key of a witness."""

    @classmethod
    def parse(cls, text: str) -> "Witness":
        """The witness that a key string of algorithm 0x04 stands for. Raises ValueError for any other."""
        key = parse_key(text, algorithm=COSIGNATURE, kind="the key of a witness (cosignature/v1)")
        return cls(key.name, key.key_id, key.public_key)


class WitnessAt(msgspec.Struct, frozen=True):
    """A witness, and the address below which it takes checkpoints."""

    witness: Witness
    url: str


class Cosignature(msgspec.Struct, frozen=True):
    """That a witness has seen a checkpoint: its name, when (seconds since the epoch), its line of a note."""

    name: str
    seconds: int
    line: str


def cosigned_text(body: bytes, seconds: int) -> bytes:
    """What a witness signs about a checkpoint's text."""
    return b"cosignature/v1\ntime %d\n" % seconds + body


def cosignature(name: str, raw: bytes, body: bytes, witness: Witness) -> Cosignature | None:
    """The cosignature that a line of a note is; None where it is not this witness's, or does not hold."""
    start = KEY_ID_BYTES + TIMESTAMP_BYTES
    if name != witness.name or raw[:KEY_ID_BYTES] != witness.key_id or len(raw) != start + ED25519_BYTES:
        return None
    seconds = int.from_bytes(raw[KEY_ID_BYTES:start], "big")
    try:
        witness.public_key.verify(raw[start:], cosigned_text(body, seconds))
    except InvalidSignature:
        return None
    return Cosignature(name, seconds, f"{DASH}{name} {base64.b64encode(raw).decode()}\n")


def cosignatures(note: bytes, witnesses: Iterable[Witness]) -> tuple[Cosignature, ...]:
    """Who of these has cosigned a note. Raises a Finding (check 1) where it is malformed."""
    body, lines = signatures_of(note)
    found = (cosignature(name, raw, body, witness) for witness in witnesses for name, raw in lines)
    return tuple(each for each in found if each is not None)


def add_checkpoint(old_size: int, proof: Sequence[bytes], note: bytes) -> bytes:
    """What a witness is asked to cosign: how it goes on from what it has seen, and the signed checkpoint."""
    assert len(proof) <= MAX_PROOF
    lines = [f"old {old_size}", *(base64.b64encode(step).decode() for step in proof), "", ""]
    return "\n".join(lines).encode() + note


def answered(answer: bytes, note: bytes, witness: Witness) -> Cosignature:
    """The cosignature in a witness's answer. Raises a Finding (check 1) for an answer that has none."""
    if not answer.endswith(b"\n"):
        raise Finding(1, "the witness's answer is no signature line")
    found = cosignatures(note + answer, [witness])
    if not found:
        raise Finding(1, f"no valid cosignature of {witness.name}")
    return found[0]
