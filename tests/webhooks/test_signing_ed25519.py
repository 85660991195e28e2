"""Where verifiers of Ed25519 differ: small orders, scalars that are too large, points in two texts."""

import base64

import msgspec
import pytest

from game.webhooks.signing import KeyTextError, PublicKey, read_key
from tests.support.points import LOW_ORDER
from tests.webhooks.corpus import ED25519_ORDER, HANDS
from tests.webhooks.forgeries import encoded, scalar_raised

FIELD_PRIME = 2**255 - 19


class SpecCase(msgspec.Struct, frozen=True):
    """A case of ia.cr/2020/1244 (table 6): whether its key may be one, and made the signature."""

    message: str
    key: str
    point: str
    scalar: str
    is_key: bool
    is_made: bool


SMALL = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03"
MIXED = "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43"
COFACTOR = "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d"
LARGE = "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623"
MINUS_ONE = "ec" + "ff" * 31
SPEC = {
    "0: small key, small point, scalar 0": SpecCase(
        "8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6",
        SMALL + "fa", SMALL + "7a", "00" * 32, False, True,
    ),
    "1: small key": SpecCase(
        "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        SMALL + "fa", MIXED, "a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04", False, True,
    ),
    # Only whoever has the secret of such a key can make this, so it is no forgery.
    "2: small point": SpecCase(
        "aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab",
        MIXED, SMALL + "fa", "8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e", True, True,
    ),
    "3: mixed": SpecCase(
        "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        COFACTOR, "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f",
        "87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009", True, True,
    ),
    "4: with the cofactor only": SpecCase(
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        COFACTOR, "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed512",
        "5ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09", True, False,
    ),
    "5: with the cofactor only, hashed otherwise": SpecCase(
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        COFACTOR, "21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7",
        "e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405", True, False,
    ),
    "6: a large scalar": SpecCase(
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        LARGE, "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e",
        "547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514", True, False,
    ),
    "7: a larger scalar": SpecCase(
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        LARGE, "8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa1942",
        "7e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22", True, False,
    ),
    "8: a point in its other text": SpecCase(
        "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
        MIXED, MINUS_ONE, "03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e359941266a4e35f0f", True, False,
    ),
    "9: a point in its other text, hashed otherwise": SpecCase(
        "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
        MIXED, MINUS_ONE, "ca8c5b64cd208982aa38d4936621a4775aa233aa0505711d8fdcfdaa943d4908", True, False,
    ),
    "10: a key in its other text, hashed otherwise": SpecCase(
        "e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b",
        MINUS_ONE, "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dc",
        "a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04", False, False,
    ),
    "11: a key in its other text": SpecCase(
        "39a591f5321bbe07fd5a23dc2f39d025d74526615746727ceefd6e82ae65c06f",
        MINUS_ONE, "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dc",
        "a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04", False, True,
    ),
}  # fmt: skip


def whpk(raw: bytes) -> str:
    """A public key's text."""
    return "whpk_" + base64.b64encode(raw).decode()


def v1a(raw: bytes) -> str:
    """A signature's text."""
    return "v1a," + base64.b64encode(raw).decode()


def test_anybody_could_sign_for_a_key_of_small_order() -> None:
    """Why such keys are refused: one signature, of no secret, holds for whatever is sent."""
    identity = b"\1" + bytes(31)
    for signed in (b"msg_1.1.{}", b"msg_2.2.[]"):
        assert PublicKey(identity).made(v1a(identity + bytes(32)), signed)


@pytest.mark.parametrize("key", LOW_ORDER)
def test_keys_of_small_order(key: str) -> None:
    """Each of them, in each of its texts, is no key."""
    with pytest.raises(KeyTextError, match="anybody could sign"):
        read_key(whpk(bytes.fromhex(key)))


@pytest.mark.parametrize("above", [0, 1, 2, 18])
def test_keys_in_two_ways(above: int) -> None:
    """A point has one text: what is not below the field's prime is no key."""
    for sign_of_x in (0, 1 << 255):
        with pytest.raises(KeyTextError):
            read_key(whpk((FIELD_PRIME + above | sign_of_x).to_bytes(32, "little")))


@pytest.mark.parametrize("name", SPEC)
def test_edge_cases_of_others(name: str) -> None:
    """We take what a strict verifier without the cofactor takes, under keys that are not of small order."""
    case = SPEC[name]
    raw, signature = bytes.fromhex(case.key), bytes.fromhex(case.point + case.scalar)
    assert PublicKey(raw).made(v1a(signature), bytes.fromhex(case.message)) == case.is_made
    if case.is_key:
        read_key(whpk(raw))
    else:
        with pytest.raises(KeyTextError):
            read_key(whpk(raw))


def test_the_raised_scalar_is_the_same_signature() -> None:
    """The forgery of the corpus is what it should be: equal modulo the order of the group."""
    signature = HANDS["v1a"].send().signature
    raw, raised = (base64.b64decode(each[4:]) for each in (signature, encoded(scalar_raised)(signature)))
    assert raw[:32] == raised[:32]
    low, high = (int.from_bytes(each[32:], "little") for each in (raw, raised))
    assert high - low == ED25519_ORDER
