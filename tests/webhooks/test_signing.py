"""Standard Webhooks signatures: published vectors, and texts that are keys or none."""

import base64

import msgspec
import pytest

from game.webhooks.signing import KeyTextError, SharedKey, read_key, sign, verify
from tests.webhooks.corpus import BODY, ID, NOW, PUBLIC, SECRET, SIGNING, public_text, signing_text


class Vector(msgspec.Struct, frozen=True):
    """A signature that somebody else made and published; of id, time and body of the reference libraries."""

    key: str
    signature: str
    webhook_id: str = "msg_p5jXN8AQM9LWM0D4loKWxJek"
    timestamp_seconds: int = 1_614_265_330
    body: bytes = b'{"test": 2432232314}'


# Svix writes the public key behind the seed.
SVIX_PAIR = base64.b64decode(
    "6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
)
VECTORS = {
    # Tests of the reference libraries (Go: TestWebhookSign, TestAsymmetricWebhookSign; so in the others).
    "reference libraries, v1": Vector(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    ),
    "reference libraries, v1a": Vector(
        "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=",
        "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==",
    ),
    # The server of Svix, test_asymmetric_key_signing. The standard's own example of a v1a header is this one.
    "Svix and the standard's text, v1a": Vector(
        signing_text(SVIX_PAIR[:32]),
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==",
    ),
}


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
    keys = [read_key(public_text(vector.key))]
    now = vector.timestamp_seconds
    assert made == vector.signature
    assert verify(keys, headers=headers, body=vector.body, now_seconds=now) == vector.webhook_id


def test_the_public_half_of_a_published_pair() -> None:
    """The key that we verify with is the one that its owner published."""
    assert public_text(signing_text(SVIX_PAIR[:32])) == "whpk_" + base64.b64encode(SVIX_PAIR[32:]).decode()


def test_a_published_vector_with_a_short_secret() -> None:
    """The manual of a widely used sender (Svix) has a secret of 18 bytes: less than the standard's 24."""
    secret, body = "plJ3nmyCDGBKInavdOK15jsl", b'{"event_type":"ping","data":{"success":true}}'
    signed = b"msg_loFOjxBNrRLzqYUf.1731705121." + body
    assert SharedKey(base64.b64decode(secret)).made("v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=", signed)
    with pytest.raises(KeyTextError, match="24 to 64 bytes"):
        read_key(f"whsec_{secret}")


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
        "whsec_" + base64.urlsafe_b64encode(b"\xff" * 33).decode(),
        "whsec_" + "A" * 42 + "B=",
        "WHSEC_" + base64.b64encode(bytes(32)).decode(),
        "whpk_" + base64.b64encode(bytes(31)).decode(),
        "whpk_" + base64.b64encode(bytes(33)).decode(),
        SIGNING,
        SECRET + "\n",
        " " + SECRET,
        SECRET.replace("whsec_", "whsec-"),
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
