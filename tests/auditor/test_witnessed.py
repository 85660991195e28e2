"""`playfair verify --witness`: who else has seen the log."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from game.fair.keys import key_id, key_text
from game.fair.witness import COSIGNATURE, cosigned_text
from game.verify import main
from tests.auditor.serving import LOG, PLACES, note_of, places_of, serving
from tests.fair import vectors

KEY = ["--key", str(vectors.FOLDER / "vkey")]
LINES = vectors.LINES
SEEN = LINES[:300]
FORKED = [*LINES[:200], LINES[200].replace(b'"t":', b'"t":1'), *LINES[201:300]]
WITNESS = Ed25519PrivateKey.from_private_bytes(b"witness".ljust(32, b"."))
RAW = WITNESS.public_key().public_bytes_raw()
NAME = "witness.example/w1"
SECONDS = 1_790_000_000


def cosigned(note: bytes, *, key: Ed25519PrivateKey = WITNESS) -> bytes:
    """A note with the witness's line."""
    body = note.partition(b"\n\n")[0] + b"\n"
    signature = key.sign(cosigned_text(body, SECONDS))
    raw = key_id(NAME, RAW, algorithm=COSIGNATURE) + SECONDS.to_bytes(8, "big") + signature
    return note + f"\u2014 {NAME} {base64.b64encode(raw).decode()}\n".encode()


def verified(places: PLACES, folder: Path) -> int:
    """The command's exit status, with this witness's key pinned."""
    (folder / "witnesses").write_text(key_text(NAME, RAW, algorithm=COSIGNATURE) + "\n")
    with serving(places) as server:
        return main(["--url", server.log, *KEY, "--witness", str(folder / "witnesses")])


def test_a_log_that_a_witness_has_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is shown who saw which size when, and the log continues it."""
    places = places_of(LINES) | {f"{LOG}/cosigned": cosigned(note_of(SEEN))}
    assert verified(places, tmp_path) == 0
    assert f"NOTE {NAME} has cosigned 300 entries, 2026-09-21" in capsys.readouterr().out


def test_a_witness_who_has_seen_another_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The operator has shown the auditor something else than the witness."""
    places = places_of(LINES) | {f"{LOG}/cosigned": cosigned(note_of(FORKED))}
    assert verified(places, tmp_path) == 1
    out = capsys.readouterr().out
    assert "REWRITTEN" in out
    assert all(note.decode().splitlines()[-1] in out for note in (note_of(FORKED), note_of(LINES)))


def test_a_cosignature_that_does_not_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line of the witness's name that another key has signed is none."""
    places = places_of(LINES) | {f"{LOG}/cosigned": cosigned(note_of(SEEN), key=vectors.KEY)}
    assert verified(places, tmp_path) == 0
    assert f"{NAME} has NOT cosigned the note of 300 entries" in capsys.readouterr().out


def test_notes_that_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A malformed note is a finding; none at all could not be read."""
    assert verified(places_of(LINES) | {f"{LOG}/cosigned": b"none\n"}, tmp_path) == 1
    assert "FINDING The cosigned note: not a signed note" in capsys.readouterr().out
    assert verified(places_of(LINES), tmp_path) == 3


def test_keys_that_are_no_witnesses(capsys: pytest.CaptureFixture[str]) -> None:
    """A log's key is no witness's."""
    with serving(places_of(LINES)) as server:
        assert main(["--url", server.log, *KEY, "--witness", str(vectors.FOLDER / "vkey")]) == 3
    assert "not the key of a witness" in capsys.readouterr().err
