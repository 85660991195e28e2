"""Receipts as text, and what they prove."""

import base64

import pytest

from game.fair.entries import leaf_hash
from game.fair.findings import Finding
from game.fair.merkle import inclusion_proof, root
from game.fair.note import checkpoint_body, sign
from game.fair.receipt import MAX_PATH, MAX_RECEIPT_CHARS, decode_receipt, encode_receipt, verify_receipt
from tests.fair.vectors import KEY, LINES, ORIGIN, RECEIPT, VALUES, VERIFIER

INDEX = VALUES["receipt_entry"]
STEP = base64.b64encode(bytes(32)).decode()


def test_a_receipt_reads_back() -> None:
    """The parts of a receipt make the same receipt."""
    parts = decode_receipt(RECEIPT)
    assert parts.index == INDEX
    assert encode_receipt(parts.index, list(parts.path), parts.checkpoint) == RECEIPT


def test_the_only_entry_of_a_log_has_an_empty_path() -> None:
    """A log of one entry: its root is the entry's hash."""
    checkpoint = sign(checkpoint_body(ORIGIN, 1, leaf_hash(LINES[0])), ORIGIN, KEY)
    receipt = encode_receipt(0, [], checkpoint)
    assert verify_receipt(receipt, LINES[0], VERIFIER).checkpoint.size == 1


@pytest.mark.parametrize(
    "bent",
    [
        "",
        "c2sp.org/tlog-proof@v1",
        RECEIPT.replace("@v1", "@v2"),
        RECEIPT.replace("index 338", "index 0338"),
        RECEIPT.replace("index 338", "index -1"),
        RECEIPT.replace("index 338", "index ٣"),
        RECEIPT.replace("index 338", "index 338 "),
        RECEIPT.replace("index 338", "extra AAAA\nindex 338"),
        RECEIPT.replace("index 338\n", f"index 338\n{STEP[:-1]}\n"),
        RECEIPT.replace("index 338\n", "index 338\nAAAA\n"),
        RECEIPT.replace("index 338\n", f"index 338\n{STEP[:-2]}B=\n"),
        RECEIPT.replace("index 338\n", "index 338\n" + f"{STEP}\n" * MAX_PATH),
        RECEIPT.replace("index 338\n", f"index 338\n{STEP}\n"),
        RECEIPT.replace("index 338", "index 337"),
        RECEIPT.replace("index 338", "index 338000"),
        RECEIPT.replace("\n\n", "\n"),
        RECEIPT.replace("\n355\n", "\n354\n"),
        RECEIPT.replace("\n355\n", "\n\ud800\n"),
        RECEIPT + "\n",
    ],
)
def test_a_bent_receipt_is_refused(bent: str) -> None:
    """Whatever is changed in a receipt, it no longer holds."""
    with pytest.raises(Finding) as found:
        verify_receipt(bent, LINES[INDEX], VERIFIER)
    assert found.value.check == 1


def test_the_longest_path() -> None:
    """A log of 2^53 entries has receipts too."""
    receipt = encode_receipt(2**53 - 1, [bytes(32)] * MAX_PATH, b"")
    assert len(decode_receipt(receipt).path) == MAX_PATH


def test_a_receipt_has_a_longest_size() -> None:
    """What is far too long is not looked at further."""
    with pytest.raises(Finding, match="not a receipt"):
        decode_receipt(RECEIPT + "x" * MAX_RECEIPT_CHARS)


def test_an_entry_must_stand_at_its_own_index() -> None:
    """An entry that a genuine checkpoint has at another place than it says is a finding."""
    hashes = [leaf_hash(line) for line in LINES[1:3]]
    checkpoint = sign(checkpoint_body(ORIGIN, 2, root(hashes)), ORIGIN, KEY)
    with pytest.raises(Finding) as found:
        verify_receipt(encode_receipt(0, inclusion_proof(hashes, 0), checkpoint), LINES[1], VERIFIER)
    assert (found.value.check, found.value.entry) == (2, 0)
