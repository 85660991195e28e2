"""What a pack is, without a database."""

from datetime import UTC, datetime

import msgspec
import pytest

from game.auditor.manifest import FORMAT, Manifest, PackedFile, manifest_bytes
from game.evidence.rules import Mask, kept_until_ms

ROW = {
    "line": '{"operation":{"legs":[{"credit":"house","debit":"player:alice"}],"ref":"alice"},"sha256":"ab"}',
    "player_id": "p1",
    "subject": "alice",
}


@pytest.mark.parametrize(
    ("closes", "made", "kept"),
    [
        ((2026, 11, 28), (2026, 10, 1), (2028, 11, 29)),
        ((2026, 11, 28), (2027, 1, 31), (2029, 2, 1)),
        ((2028, 2, 29), (2028, 1, 1), (2030, 3, 2)),
        ((2025, 12, 31), (2025, 1, 1), (2028, 1, 1)),
    ],
)
def test_how_long_it_is_kept(
    closes: tuple[int, int, int], made: tuple[int, int, int], kept: tuple[int, int, int]
) -> None:
    """Two whole years after the end, or after it was made where that is later."""
    closes_ms, made_ms, kept_ms = (
        int(datetime(*day, tzinfo=UTC).timestamp() * 1000) for day in (closes, made, kept)
    )
    assert kept_until_ms(closes_ms, made_ms) == kept_ms


def test_a_manifest_has_one_form() -> None:
    """Its keys are in order, so its digest is that of what it says."""
    manifest = Manifest(
        format=FORMAT,
        campaign="c",
        origin="o",
        size=1,
        root="ab",
        made_ms=2,
        masked=True,
        files=(PackedFile(path="a", bytes=0, sha256="00"),),
    )
    assert manifest_bytes(manifest).startswith(b'{"campaign":"c","files":[{"bytes":0,"path":"a","sha256":"')


def test_names_stay_without_a_key() -> None:
    """An erased player has none."""
    mask = Mask(None)
    assert (mask.of("p1", "alice"), mask.of("p1", None)) == ("alice", "erased-p1")
    assert msgspec.json.decode(mask.line(ROW)) == {
        "operation": {"legs": [{"credit": "house", "debit": "player:alice"}], "ref": "alice"},
        "player": "alice",
        "sha256": "ab",
    }


def test_a_key_hides_names() -> None:
    """The same pseudonym in one pack, another in the next; accounts of players are names too."""
    mask, other = Mask(b"one"), Mask(b"two")
    assert mask.of("p1", "alice") == mask.of("p1", None) != other.of("p1", "alice")
    assert mask.of("p1", "alice") != mask.of("p2", "alice")
    assert msgspec.json.decode(mask.line(ROW)) == {
        "operation": {"legs": [{"credit": "house", "debit": mask.words("player:alice")}]},
        "player": mask.of("p1", "alice"),
    }


def test_a_key_hides_names_in_sentences() -> None:
    """What is told of the ledger has accounts in it, with a full stop after the last."""
    mask = Mask(b"one")
    says = "ours is from player:acme.a~li-ce_. to player:acme.bob."
    hidden = mask.words(says)
    assert hidden == f"ours is from {mask.words('player:acme.a~li-ce_')}. to {mask.words('player:acme.bob')}."
    assert "acme" not in hidden
    assert mask.words("from house:acme to issuer") == "from house:acme to issuer"
    assert Mask(None).words(says) == says


def test_a_line_about_nobody_names_nobody() -> None:
    """And one without an operation has no accounts."""
    row = {"line": '{"a":1}', "player_id": None, "subject": None}
    assert Mask(b"one").line(row) == b'{"a":1}\n'
