"""Signed notes and checkpoints: C2SP's format, strictly."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from game.fair.findings import Finding
from game.fair.note import (
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    Checkpoint,
    Verifier,
    checkpoint_body,
    open_checkpoint,
    open_note,
    sign,
    vkey,
)
from tests.fair.vectors import KEY, ORIGIN, VERIFIER

NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_TEXT = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
NEUMANN_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFY"
    "C2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
ROOT = bytes(range(32))
BODY = checkpoint_body(ORIGIN, 7, ROOT)
NOTE = sign(BODY, ORIGIN, KEY)


def refused(note: bytes) -> str:
    """What is said of a note that is no checkpoint of this log."""
    with pytest.raises(Finding) as found:
        open_checkpoint(note, VERIFIER)
    assert (found.value.check, found.value.entry) == (1, None)
    return found.value.says


def test_the_note_of_gos_sumdb() -> None:
    """The note and key that Go's golang.org/x/mod/sumdb/note documents."""
    text = NEUMANN_TEXT.encode()
    note = text + b"\n" + NEUMANN_LINE.encode()
    assert open_note(note, Verifier.parse(NEUMANN)) == text
    with pytest.raises(Finding):
        open_note(note.replace(b"answer", b"remedy"), Verifier.parse(NEUMANN))


def test_a_checkpoint_reads_back() -> None:
    """What is signed is what is opened."""
    assert open_checkpoint(NOTE, VERIFIER) == Checkpoint(ORIGIN, 7, ROOT)


def test_a_text_may_hold_blank_lines() -> None:
    """The signatures start after the last blank line."""
    assert open_note(sign(b"a\n\nb\n", ORIGIN, KEY), VERIFIER) == b"a\n\nb\n"


def test_the_key_string_reads_back() -> None:
    """A verifier key names the public key."""
    verifier = Verifier.parse(vkey("name", OTHER_KEY.public_key()))
    assert (verifier.name, verifier.public_key) == ("name", OTHER_KEY.public_key())


@pytest.mark.parametrize(
    "key",
    [
        "",
        "name",
        NEUMANN.replace("c74f20a3", "c74f20a4"),
        NEUMANN.replace("PeterNeumann", "JohnNeumann"),
        NEUMANN.replace("PeterNeumann", "Peter Neumann"),
        NEUMANN.replace("+ARpc", "+ARpd"),
        NEUMANN.replace("+ARpc", "+AhpC"),
        NEUMANN.replace("c74f20a3", "C74F20A3"),
        NEUMANN + "=",
        NEUMANN[:-4],
    ],
)
def test_what_is_no_verifier_key(key: str) -> None:
    """Another id, name, algorithm or length is refused."""
    with pytest.raises(ValueError, match="verifier key"):
        Verifier.parse(key)


def test_other_signatures_are_ignored() -> None:
    """Witnesses and unknown keys may sign too, before or after, even under the log's name."""
    witnessed = sign(BODY, "witness", OTHER_KEY).removeprefix(BODY + b"\n")
    namesake = sign(BODY, ORIGIN, OTHER_KEY).removeprefix(BODY + b"\n")
    own = NOTE.removeprefix(BODY + b"\n")
    for lines in (own + witnessed, witnessed + own, namesake + own, own + own):
        assert open_checkpoint(BODY + b"\n" + lines, VERIFIER).size == 7


def test_a_key_must_have_signed() -> None:
    """Another key's signature under the same name is no signature of this log."""
    assert refused(sign(BODY, ORIGIN, OTHER_KEY)) == f"no signature of {ORIGIN}"
    assert refused(sign(BODY, "witness", KEY)) == f"no signature of {ORIGIN}"


def test_a_forged_signature_is_refused_beside_a_genuine_one() -> None:
    """Every signature by the log's key must be valid."""
    own = NOTE.removeprefix(BODY + b"\n")
    raw = base64.b64decode(own.split()[2])
    forged = base64.b64encode(raw[:4] + bytes(64)).decode()
    line = f"— {ORIGIN} {forged}\n".encode()
    assert "not valid" in refused(BODY + b"\n" + own + line)
    assert "not valid" in refused(NOTE.replace(b"\n7\n", b"\n8\n"))


@pytest.mark.parametrize(
    "note",
    [
        b"",
        BODY,
        NOTE[:-1],
        NOTE.replace(b"\n\n", b"\n"),
        NOTE + b"\n",
        NOTE.replace("— ".encode(), b"- "),
        NOTE.replace("— ".encode(), "—".encode()),
        NOTE[:-2] + b"\n",
        NOTE[:-2] + b"!\n",
        NOTE + "— witness\n".encode(),
        NOTE + "— witness AAAA\n".encode(),
        NOTE + "— wit+ness AAAAAAAA\n".encode(),
        NOTE + "—  AAAAAAAA\n".encode(),
        NOTE + "— witness AAAAAAB=\n".encode(),
        NOTE + b"\xff\n",
        NOTE.replace(b"\n7\n", b"\n7\r\n"),
        NOTE.replace(b"\n7\n", b"\n7\x00\n"),
        NOTE + "— witness AAAAAAAA\n".encode() * MAX_SIGNATURES,
        b"x" * MAX_NOTE_BYTES + b"\n" + NOTE,
    ],
)
def test_what_is_no_signed_note(note: bytes) -> None:
    """Malformed notes are findings, whatever is wrong with them."""
    assert refused(note)


@pytest.mark.parametrize(
    "body",
    [
        b"other.example/log\n7\n" + base64.b64encode(ROOT) + b"\n",
        BODY + b"extension\n",
        BODY.replace(b"\n7\n", b"\n07\n"),
        BODY.replace(b"\n7\n", b"\n-7\n"),
        BODY.replace(b"\n7\n", b"\n 7\n"),
        BODY.replace(b"\n7\n", "\n٧\n".encode()),
        BODY.replace(b"\n7\n", b"\n70000000000000000\n"),
        BODY.replace(b"\n7\n", b"\n"),
        BODY[:-5] + b"\n",
        BODY.replace(base64.b64encode(ROOT), base64.b64encode(ROOT + b"\x00")),
        BODY.replace(base64.b64encode(ROOT), "根".encode()),
    ],
)
def test_what_is_no_checkpoint(body: bytes) -> None:
    """A genuine signature does not make a checkpoint of another text."""
    assert refused(sign(body, ORIGIN, KEY))
