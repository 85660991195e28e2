"""Texts that are near a signature, and bytes that are near a body: none of them holds."""

import base64
from collections.abc import Callable

import msgspec

from tests.webhooks.corpus import (
    BODY,
    ED25519_ORDER,
    HOLD,
    ID,
    MALFORMED,
    NEW,
    NOW,
    OLD,
    Cases,
    Hand,
    Sent,
    resigned,
    rewritten,
    stamped,
)

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def flipped(content: bytes, bit: int) -> bytes:
    """The content with one bit the other way round."""
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def last_bits_changed(signature: bytes) -> bytes:
    """Another base64 text that lax decoders take for the same bytes."""
    head, padding = signature.rstrip(b"="), signature.count(b"=")
    return head[:-1] + bytes([ALPHABET[ALPHABET.index(head[-1]) ^ 1]]) + b"=" * padding


def encoded(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Something done to the bytes that a signature's base64 stands for."""

    def changed(signature: bytes) -> bytes:
        version, _, text = signature.partition(b",")
        return version + b"," + base64.b64encode(change(base64.b64decode(text)))

    return changed


def retold(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Something done to a signature's base64, behind its version."""

    def changed(signature: bytes) -> bytes:
        version, _, text = signature.partition(b",")
        return version + b"," + change(text)

    return changed


def scalar_raised(signature: bytes) -> bytes:
    """The same Ed25519 signature with its scalar as large again as the group, as lax verifiers take it."""
    scalar = int.from_bytes(signature[32:], "little") + ED25519_ORDER
    return signature[:32] + scalar.to_bytes(33, "little")[:32]


NO_SIGNATURE: Cases = {
    name: resigned(change)
    for name, change in {
        "nothing": lambda _: b"",
        "spaces": lambda _: b"   ",
        "a version alone": lambda s: s.partition(b",")[0],
        "a version and a comma": lambda s: s.partition(b",")[0] + b",",
        "no version": lambda s: s.partition(b",")[2],
        "another version": lambda s: b"v2," + s.partition(b",")[2],
        "no version's number": lambda s: b"v," + s.partition(b",")[2],
        "a version in capitals": lambda s: s.upper()[:3] + s[3:],
        "Svix's header name for a version": lambda s: b"svix," + s.partition(b",")[2],
        "the kinds exchanged": lambda s: (b"v1a," if s.startswith(b"v1,") else b"v1,") + s.partition(b",")[2],
        "a space after the comma": lambda s: s.replace(b",", b", "),
        "a semicolon for the comma": lambda s: s.replace(b",", b";"),
        "an equals sign for the comma": lambda s: s.replace(b",", b"=", 1),
        "a no-break space in it": lambda s: s[:5] + b"%C2%A0" + s[5:],
        "quotes around it": lambda s: b'"' + s + b'"',
        "hex for base64": retold(lambda text: base64.b64decode(text).hex().encode()),
        "URL-safe base64": retold(lambda _: base64.urlsafe_b64encode(b"\xff" * 32)),
        "base64 of base64": retold(base64.b64encode),
        "no padding": lambda s: s.rstrip(b"="),
        "more padding": lambda s: s + b"=",
        "padding in the middle": retold(lambda text: text[:8] + b"=" + text[8:]),
        "other last bits": last_bits_changed,
        "half of it": lambda s: s[: len(s) // 2],
        "a letter less": lambda s: s.rstrip(b"=")[:-1],
        "four letters less": retold(lambda text: text[4:]),
        "a letter more": lambda s: s + b"A",
        "four letters more": retold(lambda text: b"AAAA" + text),
        "a byte less": encoded(lambda raw: raw[:-1]),
        "a byte more": encoded(lambda raw: raw + b"\0"),
        "twice over": encoded(lambda raw: raw * 2),
        "zeros": encoded(lambda raw: bytes(len(raw))),
        "ones": encoded(lambda raw: b"\xff" * len(raw)),
        "backwards": encoded(lambda raw: raw[::-1]),
        "its halves exchanged": encoded(lambda raw: raw[len(raw) // 2 :] + raw[: len(raw) // 2]),
        "a scalar as large again": encoded(scalar_raised),
        "the identity for its point": encoded(lambda raw: b"\1" + bytes(31) + raw[32:]),
    }.items()
}

OTHER_BYTES: Cases = {
    name: rewritten(body)
    for name, body in {
        "empty": b"",
        "a space more": BODY + b" ",
        "a space before": b" " + BODY,
        "a line break more": BODY + b"\n",
        "a carriage return more": BODY + b"\r\n",
        "a NUL more": BODY + b"\0",
        "a byte order mark before it": b"\xef\xbb\xbf" + BODY,
        "indented": msgspec.json.format(BODY, indent=1),
        "spaces after colons": msgspec.json.format(BODY, indent=0).replace(b":", b": "),
        "its keys in another order": msgspec.json.encode(msgspec.json.decode(BODY), order="sorted"),
        "UTF-16": BODY.decode().encode("utf-16"),
        "a letter escaped": BODY.replace(b"ann", b"\\u0061nn"),
        "a slash escaped": BODY.replace(b"tea-01", b"tea\\u002d01"),
        "a number written otherwise": BODY.replace(b":4", b":4.0"),
        "a key twice": BODY.replace(b'"rating":4', b'"rating":4,"rating":4'),
        "another subject": BODY.replace(b"ann", b"bob"),
        "another rating": BODY.replace(b":4", b":5"),
        "cut off": BODY[:-1],
        "its first byte gone": BODY[1:],
        "twice": BODY * 2,
    }.items()
}


def seams(hand: Hand) -> Sent:
    """A part of the body passes for a part of the timestamp."""
    return hand.send(b"2." + BODY).given(b"webhook-timestamp", b"%d.2" % NOW)


OTHERWISE: Cases = {
    "another id": stamped(lambda id_: id_ + b"x", b"webhook-id"),
    "an id in other letters": stamped(lambda id_: id_.upper(), b"webhook-id"),
    "an id cut off": lambda hand: hand.send(id_=f"{ID}x").given(b"webhook-id", ID.encode()),
    "a second later": stamped(lambda at: b"%d" % (int(at) + 1), b"webhook-timestamp"),
    "zeros before the time": stamped(lambda at: b"0" + at, b"webhook-timestamp"),
    "another's headers": lambda hand: Sent(hand.send(b"{}").headers),
    "the body signed alone": lambda hand: hand.send().given(
        b"webhook-signature", hand.send(b"").signature
    ),
}  # fmt: skip

# Which code each answers with; None: it holds.
CORPUS: dict[str, tuple[str | None, Cases]] = {
    "hold": (None, HOLD),
    "malformed": ("webhook_headers_invalid", {**MALFORMED, "a seam": seams}),
    "old": ("timestamp_too_old", OLD),
    "new": ("timestamp_too_new", NEW),
    "no signature": ("signature_invalid", NO_SIGNATURE),
    "other bytes": ("signature_invalid", OTHER_BYTES),
    "otherwise": ("signature_invalid", OTHERWISE),
}
