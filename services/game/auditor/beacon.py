"""BLS signatures of the beacon: drand quicknet (docs/fairdraw.md, section 4), with the extra `audit`.

Signatures on G1 over SHA-256 of the round's eight bytes, hashed to the curve as RFC 9380 says. A batch is
verified as one: the sum of all, each times a number that the whole batch fixes, against the same sum of the
messages.
"""

import hashlib
from collections.abc import Sequence
from types import ModuleType
from typing import Any

BATCH_ROUNDS = 256
QUICKNET_KEY = bytes.fromhex(
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
    "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
)
G2_GENERATOR = bytes.fromhex(
    "93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
    "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
)
DOMAIN = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
INFINITY = b"\xc0" + bytes(47)
_COEFFICIENT_BYTES = 16

Value = tuple[int, int, bytes]
"""A beacon entry's index, its round and the signature (48 bytes)."""
_Pair = tuple[Any, Any]
"""A signature and its message, both points of the group."""


class BlsMissingError(Exception):
    """Beacon signatures are not verified: pip install 'playfair[audit]'."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


def first_forged(values: Sequence[Value]) -> int | None:
    """The entry index of the first value that is not quicknet's signature of its round; None: all are.

    About 0.4 ms for each. Raises BlsMissingError where pyblst is not installed.
    """
    curve = _Curve()
    for start in range(0, len(values), BATCH_ROUNDS):
        at = curve.first_forged(values[start : start + BATCH_ROUNDS])
        if at is not None:
            return values[start + at][0]
    return None


class _Curve:
    """Pairings on BLS12-381."""

    def __init__(self) -> None:
        self._blst = _pyblst()
        self._key = self._blst.BlstP2Element.uncompress(QUICKNET_KEY)
        self._generator = self._blst.BlstP2Element.uncompress(G2_GENERATOR)

    def first_forged(self, batch: Sequence[Value]) -> int | None:
        """Its place in the batch. Halving finds it for little more than a second batch costs."""
        points = [self._point(signature) for _, _, signature in batch]
        sound = points.index(None) if None in points else len(points)
        pairs = self._weighted(batch, points[:sound])
        if self._holds(pairs):
            return sound if sound < len(batch) else None
        first = 0
        while len(pairs) > 1:
            half = len(pairs) // 2
            if self._holds(pairs[:half]):
                first, pairs = first + half, pairs[half:]
            else:
                pairs = pairs[:half]
        return first

    def _point(self, signature: bytes) -> Any | None:
        """None for what is no point of the group, or the one at infinity."""
        if signature == INFINITY:
            return None
        try:
            return self._blst.BlstP1Element.uncompress(signature)
        except ValueError:
            return None

    def _weighted(self, batch: Sequence[Value], points: Sequence[Any]) -> list[_Pair]:
        messages = [_message(round_) for _, round_, _ in batch]
        signatures = [signature for _, _, signature in batch]
        seed = hashlib.sha256(b"".join(messages + signatures)).digest()
        hashed = [self._blst.BlstP1Element.hash_to_group(message, DOMAIN) for message in messages]
        weights = [_weight(seed, at) for at in range(len(points))]
        return [
            (point.scalar_mul(weight), message.scalar_mul(weight))
            for point, message, weight in zip(points, hashed, weights, strict=False)
        ]

    def _holds(self, pairs: Sequence[_Pair]) -> bool:
        """e(sum of signatures, generator) = e(sum of messages, key)."""
        if not pairs:
            return True
        signature, message = pairs[0]
        for another, its_message in pairs[1:]:
            signature, message = signature + another, message + its_message
        left = self._blst.miller_loop(signature, self._generator)
        return bool(self._blst.final_verify(left, self._blst.miller_loop(message, self._key)))


def _message(round_: int) -> bytes:
    return hashlib.sha256(round_.to_bytes(8, "big")).digest()


def _weight(seed: bytes, at: int) -> int:
    """Never zero. It is known only once the whole batch is, so errors cannot be made to cancel out."""
    return 1 + int.from_bytes(hashlib.sha256(seed + at.to_bytes(4, "big")).digest()[:_COEFFICIENT_BYTES])


def _pyblst() -> ModuleType:
    try:
        import pyblst
    except ImportError as error:
        raise BlsMissingError from error
    module: ModuleType = pyblst
    return module
