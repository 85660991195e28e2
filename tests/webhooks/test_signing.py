"""Standard Webhooks signatures: published vectors, and all that must not pass for one."""

import base64
from collections.abc import Callable

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from game.webhooks.signing import (
    SIGNATURES_MAX,
    TOLERANCE_SECONDS,
    KeyTextError,
    SharedKey,
    SignatureRefused,
    read_key,
    secret_text,
    sign,
    signed_headers,
    verify,
)

NOW = 1_790_000_000
ID = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"
BODY = b'{"type":"review.created","timestamp":"2026-09-21T14:13:20Z","data":{"subject":"ann"}}'
SECRET = secret_text(bytes(range(32)))
OTHER_SECRET = secret_text(bytes(range(1, 33)))
SEED = bytes(range(100, 132))
SIGNING = "whsk_" + base64.b64encode(SEED).decode()
PUBLIC = (
    "whpk_"
    + base64.b64encode(Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()).decode()
)
OTHER_PUBLIC = (
    "whpk_"
    + base64.b64encode(
        Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    ).decode()
)
PAIRS = {"v1": (SECRET, SECRET), "v1a": (SIGNING, PUBLIC)}
Headers = list[tuple[bytes, bytes]]


class Vector(msgspec.Struct, frozen=True):
    """A signature that somebody else made and published."""

    key: str
    webhook_id: str
    timestamp_seconds: int
    body: bytes
    signature: str


VECTORS = {
    # Tests of the reference libraries (Go: TestWebhookSign, TestAsymmetricWebhookSign; so in the others).
    "reference libraries, v1": Vector(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ),
    "reference libraries, v1a": Vector(
        "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
        "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==",
    ),
}


def public_of(key: str) -> str:
    """The text of the key that verifies what this one signs."""
    if key.startswith("whsec_"):
        return key
    seed = base64.b64decode(key.removeprefix("whsk_"))
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return "whpk_" + base64.b64encode(public).decode()


@pytest.mark.parametrize("name", VECTORS)
def test_published_vectors(name: str) -> None:
    """We make the bytes that others published, and take theirs."""
    vector = VECTORS[name]
    made = sign(
        vector.key,
        webhook_id=vector.webhook_id,
        timestamp_seconds=vector.timestamp_seconds,
        body=vector.body,
    )
    headers = [
        (b"webhook-id", vector.webhook_id.encode()),
        (b"webhook-timestamp", str(vector.timestamp_seconds).encode()),
        (b"webhook-signature", vector.signature.encode()),
    ]
    keys = [read_key(public_of(vector.key))]
    now = vector.timestamp_seconds
    assert made == vector.signature
    assert verify(keys, headers=headers, body=vector.body, now_seconds=now) == vector.webhook_id


def test_a_published_vector_with_a_short_secret() -> None:
    """The manual of a widely used sender (Svix) has a secret of 18 bytes: less than the standard's 24."""
    secret, body = "plJ3nmyCDGBKInavdOK15jsl", b'{"event_type":"ping","data":{"success":true}}'
    signed = b"msg_loFOjxBNrRLzqYUf.1731705121." + body
    assert SharedKey(base64.b64decode(secret)).made("v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=", signed)
    with pytest.raises(KeyTextError, match="24 to 64 bytes"):
        read_key(f"whsec_{secret}")


def headers_of(key: str = SECRET, *, at: int = NOW, body: bytes = BODY, id_: str = ID) -> Headers:
    """What a sender sends, as a server hands it on."""
    made = signed_headers(key, webhook_id=id_, timestamp_seconds=at, body=body)
    return [(name.encode(), value.encode()) for name, value in made.items()]


def with_header(headers: Headers, name: bytes, value: bytes | None) -> Headers:
    """The headers with another value for one; None: without it."""
    kept = [header for header in headers if header[0] != name]
    return kept if value is None else [*kept, (name, value)]


def signature_of(headers: Headers) -> bytes:
    """The value of webhook-signature."""
    return dict(headers)[b"webhook-signature"]


def resigned(value: Callable[[bytes], bytes], key: str = SECRET) -> Headers:
    """The headers with something done to the signature."""
    headers = headers_of(key)
    return with_header(headers, b"webhook-signature", value(signature_of(headers)))


WRONG = b"v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
HOLD: dict[str, Headers] = {
    "a shared secret": headers_of(),
    "an Ed25519 key": headers_of(SIGNING),
    "at the end of the window": headers_of(at=NOW - TOLERANCE_SECONDS),
    "at its beginning": headers_of(at=NOW + TOLERANCE_SECONDS),
    "among others of a rotation": resigned(lambda s: WRONG + b" " + s),
    "before others": resigned(lambda s: s + b" " + WRONG),
    "beside a version of the future": resigned(lambda s: b"v9,abc " + s),
    "beside one of the other kind": resigned(lambda s: s + b" " + signature_of(headers_of(SIGNING))),
    "names in capitals": [(name.title(), value) for name, value in headers_of()],
    "beside foreign headers": [*headers_of(), (b"x-id", b"1"), (b"x-id", b"2")],
    "an id of all that is allowed": headers_of(id_="!a-b_c:~/@" + "9" * 118),
}


@pytest.mark.parametrize("case", HOLD)
def test_what_holds(case: str) -> None:
    """Right signatures within the window, alone or among others, under any of several keys."""
    keys = [read_key(text) for text in (OTHER_SECRET, SECRET, PUBLIC)]
    names = {name.lower(): value.decode() for name, value in HOLD[case]}
    assert verify(keys, headers=HOLD[case], body=BODY, now_seconds=NOW) == names[b"webhook-id"]


MALFORMED: dict[str, Headers] = {
    "no headers": [],
    "no id": with_header(headers_of(), b"webhook-id", None),
    "no timestamp": with_header(headers_of(), b"webhook-timestamp", None),
    "no signature": with_header(headers_of(), b"webhook-signature", None),
    "the id twice": [*headers_of(), (b"webhook-id", ID.encode())],
    "the timestamp twice": [*headers_of(), (b"webhook-timestamp", str(NOW).encode())],
    "the signature twice": [*headers_of(), (b"webhook-signature", signature_of(headers_of()))],
    "twice, in other letters": [*headers_of(), (b"Webhook-Signature", WRONG)],
    "an empty id": headers_of(id_=""),
    "an id with a full stop": headers_of(id_="msg.1"),
    "an id with a space": headers_of(id_="msg 1"),
    "an id with a line break": headers_of(id_="msg\n"),
    "an id of Latin-1": with_header(headers_of(), b"webhook-id", b"msg\xe9"),
    "an id that is too long": headers_of(id_="m" * 129),
    "no number for a timestamp": with_header(headers_of(), b"webhook-timestamp", b"now"),
    "an empty timestamp": with_header(headers_of(), b"webhook-timestamp", b""),
    "a negative timestamp": with_header(headers_of(), b"webhook-timestamp", b"-1"),
    "a signed timestamp": with_header(headers_of(), b"webhook-timestamp", b"+%d" % NOW),
    "a fraction of a second": with_header(headers_of(), b"webhook-timestamp", b"%d.0" % NOW),
    "a timestamp with spaces": with_header(headers_of(), b"webhook-timestamp", b" %d" % NOW),
    "digits of another script": with_header(
        headers_of(), b"webhook-timestamp", b"\xb9\xb2\xb3"
    ),
    "a timestamp of a hundred digits": with_header(headers_of(), b"webhook-timestamp", b"1" * 100),
    "too many signatures": resigned(lambda s: b" ".join([WRONG] * SIGNATURES_MAX + [s])),
    "a signature header that is too long": resigned(lambda s: s + b" v9," + b"a" * 1_000),
    "a signature of Latin-1": resigned(lambda s: s + b" \xe9"),
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_headers(case: str) -> None:
    """Headers that are missing, doubled, too long or unreadable are refused before any key is used."""
    assert refusal(MALFORMED[case]) == "webhook_headers_invalid"


def refusal(headers: Headers, body: bytes = BODY, keys: tuple[str, ...] = (SECRET, PUBLIC)) -> str:
    """The code with which a webhook is refused."""
    with pytest.raises(SignatureRefused) as refused:
        verify([read_key(text) for text in keys], headers=headers, body=body, now_seconds=NOW)
    return refused.value.code


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (NOW - TOLERANCE_SECONDS - 1, "timestamp_too_old"),
        (0, "timestamp_too_old"),
        (NOW + TOLERANCE_SECONDS + 1, "timestamp_too_new"),
        (NOW * 1000, "timestamp_too_new"),
    ],
)
@pytest.mark.parametrize("kind", PAIRS)
def test_replay_window(at: int, code: str, kind: str) -> None:
    """What was signed rightly, but too long ago or for later (or in milliseconds), is refused."""
    assert refusal(headers_of(PAIRS[kind][0], at=at)) == code


def last_bits_changed(signature: bytes) -> bytes:
    """Another base64 text that lax decoders take for the same bytes."""
    head, padding = signature.rstrip(b"="), signature.count(b"=")
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    changed = alphabet[alphabet.index(head[-1]) ^ 1]
    return head[:-1] + bytes([changed]) + b"=" * padding


INVALID: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "a version alone": lambda s: s.partition(b",")[0],
    "a version and a comma": lambda s: s.partition(b",")[0] + b",",
    "no version": lambda s: s.partition(b",")[2],
    "another version": lambda s: b"v2," + s.partition(b",")[2],
    "a version in capitals": lambda s: s.upper()[:3] + s[3:],
    "the kinds exchanged": lambda s: (b"v1a," if s.startswith(b"v1,") else b"v1,") + s.partition(b",")[2],
    "a space after the comma": lambda s: s.replace(b",", b", "),
    "a comma between signatures": lambda s: WRONG + b"," + s,
    "a semicolon for the comma": lambda s: s.replace(b",", b";"),
    "hex for base64": lambda s: (
        s.partition(b",")[0] + b"," + base64.b64decode(s.partition(b",")[2]).hex().encode()
    ),
    "URL-safe base64": lambda s: s.partition(b",")[0] + b"," + base64.urlsafe_b64encode(b"\xff" * 32),
    "no padding": lambda s: s.rstrip(b"="),
    "more padding": lambda s: s + b"=",
    "other last bits": last_bits_changed,
    "half of it": lambda s: s[: len(s) // 2],
    "a letter more": lambda s: s + b"A",
    "zeros": lambda s: s.partition(b",")[0] + b"," + base64.b64encode(bytes(64)),
    "a tab before it": lambda s: b"\t" + s,
}


@pytest.mark.parametrize("case", INVALID)
@pytest.mark.parametrize("kind", PAIRS)
def test_no_signature(case: str, kind: str) -> None:
    """Texts that are near a signature are none, and all are refused alike."""
    assert refusal(resigned(INVALID[case], PAIRS[kind][0])) == "signature_invalid"


BODIES: dict[str, bytes] = {
    "empty": b"",
    "a space more": BODY + b" ",
    "a line break more": BODY + b"\n",
    "re-serialised": msgspec.json.format(BODY, indent=1),
    "its keys in another order": msgspec.json.encode(msgspec.json.decode(BODY), order="sorted"),
    "a byte order mark before it": b"\xef\xbb\xbf" + BODY,
    "UTF-16": BODY.decode().encode("utf-16"),
    "escaped otherwise": BODY.replace(b"ann", b"\\u0061nn"),
    "another subject": BODY.replace(b"ann", b"bob"),
    "cut off": BODY[:-1],
    "twice": BODY * 2,
}


@pytest.mark.parametrize("case", BODIES)
@pytest.mark.parametrize("kind", PAIRS)
def test_other_bytes(case: str, kind: str) -> None:
    """A body is what was sent, byte for byte, not what it means."""
    assert refusal(headers_of(PAIRS[kind][0]), BODIES[case]) == "signature_invalid"


@pytest.mark.parametrize("kind", PAIRS)
def test_bit_flips(kind: str) -> None:
    """Every single bit of id, timestamp, signature and body counts."""
    headers = headers_of(PAIRS[kind][0])
    for bit in range(8 * len(BODY)):
        assert refusal(headers, flipped(BODY, bit)) == "signature_invalid"
    for name, value in headers:
        for bit in range(8 * len(value)):
            assert refusal(with_header(headers, name, flipped(value, bit))), (name, bit)


def flipped(content: bytes, bit: int) -> bytes:
    """The content with one bit the other way round."""
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize(
    ("signing", "verifying"),
    [
        (SECRET, (OTHER_SECRET,)),
        (SECRET, (PUBLIC,)),
        (SIGNING, (SECRET,)),
        (SIGNING, (OTHER_PUBLIC,)),
        (SECRET, ()),
        # The public key, known to all, as the secret of an HMAC.
        (PUBLIC.replace("whpk_", "whsec_"), (PUBLIC,)),
    ],
)
def test_wrong_keys(signing: str, verifying: tuple[str, ...]) -> None:
    """A signature of another key, of another kind of key, or where there is no key."""
    assert refusal(headers_of(signing), keys=verifying) == "signature_invalid"


def test_what_is_signed_has_no_seams() -> None:
    """A part of the body cannot pass for a part of the id or of the timestamp."""
    moved = with_header(headers_of(body=b"2." + BODY), b"webhook-timestamp", b"%d.2" % NOW)
    assert refusal(moved) == "webhook_headers_invalid"
    longer = headers_of(id_=f"{ID}x", body=BODY)
    assert refusal(with_header(longer, b"webhook-id", ID.encode())) == "signature_invalid"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secret",
        "whsec_",
        "whsec_%%%%",
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        "whsec_" + base64.b64encode(bytes(32)).decode().rstrip("="),
        "WHSEC_" + base64.b64encode(bytes(32)).decode(),
        "whpk_" + base64.b64encode(bytes(31)).decode(),
        "whpk_" + base64.b64encode(bytes(33)).decode(),
        SIGNING,
        SECRET + "\n",
        "whsec_密钥",
    ],
)
def test_no_key(text: str) -> None:
    """What is no key that verifies is told so, without being quoted."""
    with pytest.raises(KeyTextError) as refused:
        read_key(text)
    assert len(text) < 7 or text not in str(refused.value)


def test_secrets_are_not_shown() -> None:
    """Neither the key nor what holds it prints its bytes."""
    assert repr(read_key(SECRET)) == "SharedKey(…)"
    assert SECRET.removeprefix("whsec_")[:8] not in repr([read_key(SECRET)])


def test_public_keys_do_not_sign() -> None:
    """Only a secret and a signing key make signatures."""
    with pytest.raises(KeyTextError, match="whsec_"):
        sign(PUBLIC, webhook_id=ID, timestamp_seconds=NOW, body=BODY)
