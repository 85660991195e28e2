"""What must hold, and what must not, of what a sender may send: tables for the verifier alone and over HTTP.

A case is made by a hand that has keys, since a source's secret is the service's own choice.
"""

import base64
from collections.abc import Callable, Mapping

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from game.webhooks.signing import SIGNATURES_MAX, TOLERANCE_SECONDS, secret_text, signed_headers

NOW = 1_790_000_000
ID = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"
BODY = (
    b'{"type":"review.created","timestamp":"2026-09-21T14:13:20Z",'
    b'"data":{"subject":"ann","occurrence":"r-1","item":"tea-01","rating":4}}'
)
WRONG = b"v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
Headers = list[tuple[bytes, bytes]]


def signing_text(seed: bytes) -> str:
    """The key that signs with a seed."""
    return "whsk_" + base64.b64encode(seed).decode()


def public_text(signing: str) -> str:
    """The key that verifies what another text signs."""
    if signing.startswith("whsec_"):
        return signing
    seed = base64.b64decode(signing.removeprefix("whsk_"))[:32]
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return "whpk_" + base64.b64encode(public).decode()


SECRET, OTHER_SECRET = secret_text(bytes(range(32))), secret_text(bytes(range(1, 33)))
SIGNING, OTHER_SIGNING = signing_text(bytes(range(100, 132))), signing_text(bytes(32))
PUBLIC, OTHER_PUBLIC = public_text(SIGNING), public_text(OTHER_SIGNING)
KINDS = ("v1", "v1a")


class Sent(msgspec.Struct, frozen=True):
    """A webhook as a server hands it on."""

    headers: Headers
    body: bytes = BODY

    @property
    def webhook_id(self) -> str:
        """The id that it says it has."""
        return next(value.strip().decode() for name, value in self.headers if name.lower() == b"webhook-id")

    @property
    def signature(self) -> bytes:
        """The value of webhook-signature."""
        return dict(self.headers)[b"webhook-signature"]

    def given(self, name: bytes, value: bytes | None) -> "Sent":
        """The same with another value for one header; None: without it."""
        kept = [header for header in self.headers if header[0] != name]
        return Sent(kept if value is None else [*kept, (name, value)], self.body)

    def more(self, *headers: tuple[bytes, bytes]) -> "Sent":
        """The same with headers behind the others."""
        return Sent([*self.headers, *headers], self.body)

    def first(self, *headers: tuple[bytes, bytes]) -> "Sent":
        """The same with headers before the others."""
        return Sent([*headers, *self.headers], self.body)


class Hand(msgspec.Struct, frozen=True):
    """One who signs with a key, and has one of the other kind, which the receiver trusts as well."""

    key: str
    other: str

    def send(self, body: bytes = BODY, *, id_: str = ID, at: int = NOW, key: str | None = None) -> Sent:
        """A webhook as it should be."""
        made = signed_headers(key or self.key, webhook_id=id_, timestamp_seconds=at, body=body)
        return Sent([(name.encode(), value.encode()) for name, value in made.items()], body)


HANDS = {"v1": Hand(SECRET, SIGNING), "v1a": Hand(SIGNING, SECRET)}
Case = Callable[[Hand], Sent]
Cases = Mapping[str, Case]


def resigned(change: Callable[[bytes], bytes]) -> Case:
    """A webhook with something done to its signature."""

    def case(hand: Hand) -> Sent:
        sent = hand.send()
        return sent.given(b"webhook-signature", change(sent.signature))

    return case


def stamped(change: Callable[[bytes], bytes | None], name: bytes) -> Case:
    """A webhook with something done to another header, after it was signed."""
    return lambda hand: hand.send().given(name, change(dict(hand.send().headers)[name]))


def rewritten(body: bytes) -> Case:
    """A webhook with another body than was signed."""
    return lambda hand: Sent(hand.send().headers, body)


HOLD: Cases = {
    "as it should be": lambda hand: hand.send(),
    "at the end of the window": lambda hand: hand.send(at=NOW - TOLERANCE_SECONDS),
    "at its beginning": lambda hand: hand.send(at=NOW + TOLERANCE_SECONDS),
    "among others of a rotation": resigned(lambda s: WRONG + b" " + s),
    "before others": resigned(lambda s: s + b" " + WRONG),
    "as the last of so many": resigned(lambda s: b" ".join([WRONG] * (SIGNATURES_MAX - 1) + [s])),
    "beside a version of the future": resigned(lambda s: b"v9,abc " + s),
    "twice the same": resigned(lambda s: s + b" " + s),
    "white space around the values": lambda hand: Sent(
        [(name, b"\t " + value + b" \t") for name, value in hand.send().headers]
    ),
    "beside one of the other kind": lambda hand: hand.send().given(
        b"webhook-signature", hand.send(key=hand.other).signature + b" " + hand.send().signature
    ),
    "names in capitals": lambda hand: Sent(
        [(name.upper(), value) for name, value in hand.send().headers]
    ),
    "headers in another order": lambda hand: Sent(hand.send().headers[::-1]),
    "beside foreign headers": lambda hand: hand.send().more((b"x-id", b"1"), (b"svix-id", b"2")),
    "an id of all that is allowed": lambda hand: hand.send(id_="!a-b_c:~/@" + "9" * 118),
}  # fmt: skip

ID_, STAMP, SIGNATURE = b"webhook-id", b"webhook-timestamp", b"webhook-signature"
MALFORMED: Cases = {
    "no headers": lambda _: Sent([]),
    "no id": stamped(lambda _: None, ID_),
    "no timestamp": stamped(lambda _: None, STAMP),
    "no signature": stamped(lambda _: None, SIGNATURE),
    "the id twice": lambda hand: hand.send().more((ID_, ID.encode())),
    "the timestamp twice": lambda hand: hand.send().more((STAMP, b"%d" % NOW)),
    "the signature twice": lambda hand: hand.send().more((SIGNATURE, hand.send().signature)),
    "a wrong one behind the right one": lambda hand: hand.send().more((SIGNATURE, WRONG)),
    "a wrong one before the right one": lambda hand: hand.send().first((SIGNATURE, WRONG)),
    "another id behind": lambda hand: hand.send().more((ID_, b"msg_other")),
    "another id before": lambda hand: hand.send().first((ID_, b"msg_other")),
    "another time behind": lambda hand: hand.send().more((STAMP, b"%d" % (NOW - 1))),
    "another time before": lambda hand: hand.send().first((STAMP, b"%d" % (NOW - 1))),
    "twice, in other letters": lambda hand: hand.send().more((b"Webhook-Signature", WRONG)),
    "ids joined by a comma": stamped(lambda id_: id_ + b", " + id_, ID_),
    "times joined by a comma": stamped(lambda at: at + b", " + at, STAMP),
    "signatures joined, the right one first": resigned(lambda s: s + b", " + WRONG),
    "signatures joined, the right one last": resigned(lambda s: WRONG + b", " + s),
    "a tab between signatures": resigned(lambda s: WRONG + b"\t" + s),
    "signatures joined without a space": resigned(lambda s: s + b"," + WRONG),
    "an empty id": lambda hand: hand.send(id_=""),
    "an id with a full stop": lambda hand: hand.send(id_="msg.1"),
    "an id with a space": lambda hand: hand.send(id_="msg 1"),
    "an id with a line break": lambda hand: hand.send(id_="msg\n"),
    "an id of Latin-1": stamped(lambda _: b"msg\xe9", ID_),
    "an id that is too long": lambda hand: hand.send(id_="m" * 129),
    "no number for a timestamp": stamped(lambda _: b"now", STAMP),
    "an empty timestamp": stamped(lambda _: b"", STAMP),
    "a negative timestamp": stamped(lambda _: b"-1", STAMP),
    "a signed timestamp": stamped(lambda at: b"+" + at, STAMP),
    "a fraction of a second": stamped(lambda at: at + b".0", STAMP),
    "an exponent": stamped(lambda _: b"179e7", STAMP),
    "thousands apart": stamped(lambda _: b"1_790_000_000", STAMP),
    "an instant": stamped(lambda _: b"2026-09-21T14:13:20Z", STAMP),
    "a space in the time": stamped(lambda at: at[:4] + b" " + at[4:], STAMP),
    "a line break behind the time": stamped(lambda at: at + b"\n", STAMP),
    "digits of another script": stamped(lambda _: b"\xb9\xb2\xb3", STAMP),
    "a timestamp of a hundred digits": stamped(lambda _: b"1" * 100, STAMP),
    "too many signatures": resigned(lambda s: b" ".join([WRONG] * SIGNATURES_MAX + [s])),
    "too many spaces": resigned(lambda s: WRONG + b" " * SIGNATURES_MAX + s),
    "a signature header that is too long": resigned(lambda s: s + b" v9," + b"a" * 1_000),
    "a signature of Latin-1": resigned(lambda s: s + b" \xe9"),
}  # fmt: skip

OLD: Cases = {
    "a second too old": lambda hand: hand.send(at=NOW - TOLERANCE_SECONDS - 1),
    "of 1970": lambda hand: hand.send(at=0),
    "a year old": lambda hand: hand.send(at=NOW - 31_536_000),
}
NEW: Cases = {
    "a second too new": lambda hand: hand.send(at=NOW + TOLERANCE_SECONDS + 1),
    "in milliseconds": lambda hand: hand.send(at=NOW * 1000),
    "of the last second there is": lambda hand: hand.send(at=999_999_999_999_999),
}
