"""Every case of the corpus through the verifier alone, every bit, every wrong key."""

import pytest

from game.webhooks.signing import SignatureRefused, read_key, verify
from tests.webhooks.corpus import (
    HANDS,
    ID,
    KINDS,
    NOW,
    OTHER_PUBLIC,
    OTHER_SECRET,
    OTHER_SIGNING,
    PUBLIC,
    SECRET,
    SIGNING,
    Hand,
    Sent,
)
from tests.webhooks.forgeries import CORPUS, flipped

KEYS = (OTHER_SECRET, SECRET, PUBLIC)


def verified(sent: Sent, keys: tuple[str, ...] = KEYS) -> str:
    """The id of a webhook that holds; SignatureRefused."""
    return verify(
        [read_key(text) for text in keys], headers=sent.headers, body=sent.body, now_seconds=NOW
    )  # fmt: skip


def refusal(sent: Sent, keys: tuple[str, ...] = KEYS) -> str:
    """The code with which a webhook is refused."""
    with pytest.raises(SignatureRefused) as refused:
        verified(sent, keys)
    return refused.value.code


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("table", CORPUS)
def test_corpus(table: str, kind: str) -> None:
    """What should hold does, and all else is refused with the code of its kind."""
    code, cases = CORPUS[table]
    for name, case in cases.items():
        sent = case(HANDS[kind])
        if code is None:
            assert verified(sent) == sent.webhook_id, name
        else:
            assert refusal(sent) == code, name


@pytest.mark.parametrize("kind", KINDS)
def test_bit_flips_of_the_body(kind: str) -> None:
    """Every single bit of it counts."""
    sent = HANDS[kind].send()
    for bit in range(8 * len(sent.body)):
        assert refusal(Sent(sent.headers, flipped(sent.body, bit))) == "signature_invalid", bit


@pytest.mark.parametrize("kind", KINDS)
def test_bit_flips_of_the_headers(kind: str) -> None:
    """So does every single bit of id, timestamp and signature."""
    sent = HANDS[kind].send()
    for name, value in sent.headers:
        for bit in range(8 * len(value)):
            assert refusal(sent.given(name, flipped(value, bit))), (name, bit)


WRONG_KEYS = {
    "another secret": (SECRET, (OTHER_SECRET,)),
    "a public key for a secret": (SECRET, (PUBLIC,)),
    "a secret for a public key": (SIGNING, (SECRET,)),
    "another public key": (SIGNING, (OTHER_PUBLIC,)),
    "another's signing key": (OTHER_SIGNING, (PUBLIC, SECRET)),
    "no key": (SECRET, ()),
    "no key any more": (SIGNING, ()),
    "the public key, known to all, as a secret": (PUBLIC.replace("whpk_", "whsec_"), (PUBLIC,)),
    "the seed as a secret": (SIGNING.replace("whsk_", "whsec_"), (PUBLIC,)),
}


@pytest.mark.parametrize("case", WRONG_KEYS)
def test_wrong_keys(case: str) -> None:
    """A signature of another key, of another kind of key, or where there is no key."""
    signing, verifying = WRONG_KEYS[case]
    assert refusal(Hand(signing, signing).send(), verifying) == "signature_invalid"


@pytest.mark.parametrize("kind", KINDS)
def test_several_keys(kind: str) -> None:
    """During a rotation each of the keys verifies, in any order, and whichever signature is theirs."""
    sent = HANDS[kind].send()
    for keys in (KEYS, KEYS[::-1], (*KEYS, OTHER_PUBLIC), (OTHER_PUBLIC, *KEYS[::-1])):
        assert verified(sent, keys) == ID
