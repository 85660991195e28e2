"""`playfair verify --pack` with packs that an operator has signed, and that are not what they should be."""

import hashlib
import json
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from game.auditor.manifest import FORMAT, Manifest, PackedFile, manifest_bytes
from game.fair.note import sign
from game.verify import main
from tests.auditor.serving import note_of, receipt_of
from tests.fair import vectors

RULES = b"all that is promised"
SHA256 = hashlib.sha256(RULES).hexdigest()
OPENS, CLOSES = vectors.ENTRIES[0]["opens"], vectors.ENTRIES[0]["closes"]
POOL = {
    "v": 1, "k": "pool", "i": 0, "t": OPENS, "pool": "p", "game": "scratch", "tickets": 1, "price": 1,
    "seat_draws": 2, "opens": OPENS, "closes": CLOSES, "commit": "00" * 32, "rules": SHA256,
    "rows": [{"id": "r", "count": 1}],
}  # fmt: skip
LINE = json.dumps(POOL, sort_keys=True, separators=(",", ":")).encode()
FILES = {
    "log/log.jsonl": LINE + b"\n",
    "log/checkpoint": note_of([LINE]),
    "rules/p.json": RULES,
    "receipts/0.tlog-proof": receipt_of([LINE], 0).encode(),
}


def signed(files: dict[str, bytes]) -> bytes:
    """A pack of these files, as its operator would sign it."""
    manifest = manifest_bytes(
        Manifest(
            format=FORMAT,
            campaign="c",
            origin=vectors.ORIGIN,
            size=1,
            root=hashlib.sha256(b"\0" + LINE).hexdigest(),
            made_ms=0,
            masked=True,
            files=tuple(
                PackedFile(path=path, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
                for path, content in sorted(files.items())
            ),
        )
    )
    text = f"{vectors.ORIGIN}/evidence\n{hashlib.sha256(manifest).hexdigest()}\n".encode()
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.writestr("manifest.json", manifest)
        archive.writestr("manifest.note", sign(text, vectors.ORIGIN, vectors.KEY))
    return buffer.getvalue()


def verified(folder: Path, content: bytes) -> int:
    """The command's exit status."""
    (folder / "pack.zip").write_bytes(content)
    return main(["--pack", str(folder / "pack.zip"), "--key", str(vectors.FOLDER / "vkey")])


def test_a_pack_that_is_right(tmp_path: Path) -> None:
    """What the others are bent from."""
    assert verified(tmp_path, signed(FILES)) == 0


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (FILES | {"rules/p.json": b"less"}, "the rules in the pack are not those of the pool's entry"),
        ({name: FILES[name] for name in FILES if name != "rules/p.json"}, "the rules in the pack are not"),
        (FILES | {"rules/q.json": RULES}, "rules of no pool"),
        (FILES | {"receipts/0.other": b"no receipt"}, "two receipts of one entry"),
        ({name: FILES[name] for name in FILES if name != "log/log.jsonl"}, "log/log.jsonl is missing"),
        ({name: FILES[name] for name in FILES if name != "log/checkpoint"}, "log/checkpoint is missing"),
    ],
)
def test_an_operator_who_signs_what_is_not_so(
    files: dict[str, bytes], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A signature makes nothing true."""
    assert verified(tmp_path, signed(files)) == 1
    assert says in capsys.readouterr().out


@pytest.mark.parametrize("offset", [0, 2, 20, 60])
def test_a_file_that_breaks_the_reader(offset: int, tmp_path: Path) -> None:
    """Deflated bytes that are none are no verdict, whatever the reader makes of them."""
    content = bytearray(signed(FILES))
    with zipfile.ZipFile(BytesIO(content)) as archive:
        start = archive.getinfo("manifest.json").header_offset + 30 + len("manifest.json")
    content[start + offset : start + offset + 8] = b"\xff" * 8
    assert verified(tmp_path, bytes(content)) == 3


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    """A directory of the zip that promises UTF-8, and has none."""
    content = signed({"\u00e9": b"", **FILES}).replace("\u00e9".encode(), b"\xff\xff")
    assert verified(tmp_path, content) == 3
