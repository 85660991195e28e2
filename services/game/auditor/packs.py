"""An evidence pack: nothing missing, nothing more, each byte as it was signed, and the log inside it."""

import hashlib
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO, Annotated

import msgspec

from game.auditor.auditing import Given, Progress, audit_lines
from game.auditor.audits import Audit
from game.auditor.keys import Keys
from game.auditor.reading import UnreadableError, lines_of
from game.fair.entries import PoolEntry, decode
from game.fair.findings import Finding
from game.fair.note import MAX_NOTE_BYTES, Verifier, open_note
from game.fair.receipt import MAX_RECEIPT_CHARS, decode_receipt, verify_receipt

MAX_FILES = 100_000
MAX_UNPACKED_BYTES = 20_000_000_000
MAX_MANIFEST_BYTES = 50_000_000
READ_BYTES = 1_000_000
SIGNED = ("manifest.json", "manifest.note")
# How a pool's canonical entry may begin: no other kind has one of these keys first.
_POOL = (b'{"beacon":', b'{"closes":')
# What zipfile raises for a file that is damaged, or that somebody has made to break it.
_BROKEN = (
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
)


class _File(msgspec.Struct, frozen=True):
    path: str
    bytes: Annotated[int, msgspec.Meta(ge=0)]
    sha256: str


class _Manifest(msgspec.Struct, frozen=True):
    origin: str
    size: int
    root: str
    masked: bool
    files: tuple[_File, ...]


def audit_pack(path: Path, keys: Keys, progress: Progress) -> Audit:
    """Check a pack. Raises a Finding for one that is not as it was signed, UnreadableError for none."""
    try:
        with zipfile.ZipFile(path) as archive, TemporaryDirectory(prefix="playfair-pack-") as folder:
            verifier, manifest = _signed(archive, keys)
            _check_names(archive, manifest)
            for file in manifest.files:
                _check_file(archive, file)
            _check_receipts(archive, manifest, verifier, Path(folder))
            _check_rules(archive, manifest, Path(folder))
            return _audit(archive, path, manifest, verifier, Path(folder), progress)
    except _BROKEN as error:
        raise UnreadableError(f"{path}: {error}") from error


def _signed(archive: zipfile.ZipFile, keys: Keys) -> tuple[Verifier, _Manifest]:
    """The manifest, and the pinned key that has signed its digest."""
    content = _read(archive, SIGNED[0], limit=MAX_MANIFEST_BYTES)
    try:
        manifest = msgspec.json.decode(content, type=_Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Finding(1, f"the manifest is none: {error}") from error
    verifier = keys.of(manifest.origin)
    if verifier is None:
        raise UnreadableError(f"no key of {manifest.origin!r} is pinned")
    text = open_note(_read(archive, SIGNED[1], limit=MAX_NOTE_BYTES), verifier).decode()
    if text != f"{manifest.origin}/evidence\n{hashlib.sha256(content).hexdigest()}\n":
        raise Finding(1, "the manifest is not the one that was signed")
    return verifier, manifest


def _check_names(archive: zipfile.ZipFile, manifest: _Manifest) -> None:
    names = [member.filename for member in archive.infolist()]
    listed = sorted([*SIGNED, *(file.path for file in manifest.files)])
    if len(names) > MAX_FILES or sorted(names) != listed or len(set(names)) != len(names):
        more, fewer = sorted(set(names) - set(listed)), sorted(set(listed) - set(names))
        raise Finding(1, f"the manifest has other files: too many {more[:3]}, missing {fewer[:3]}")
    if sum(file.bytes for file in manifest.files) > MAX_UNPACKED_BYTES:
        raise UnreadableError(f"the pack has more than {MAX_UNPACKED_BYTES} bytes")


def _check_file(archive: zipfile.ZipFile, file: _File) -> None:
    digest, length = hashlib.sha256(), 0
    with archive.open(file.path) as content:
        for part in _parts(content):
            digest.update(part)
            length += len(part)
            if length > file.bytes:
                break
    if (length, digest.hexdigest()) != (file.bytes, file.sha256):
        raise Finding(1, f"{file.path} is not the file that was signed")


def _parts(content: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: content.read(READ_BYTES), b"")


def _check_receipts(archive: zipfile.ZipFile, manifest: _Manifest, verifier: Verifier, folder: Path) -> None:
    """Each receipt is for the entry of its index in the log beside it."""
    paths = [file.path for file in manifest.files if file.path.startswith("receipts/")]
    names = {PurePosixPath(path).stem: path for path in paths}
    if len(names) != len(paths):
        raise Finding(1, "two receipts of one entry")
    for index, entry in enumerate(_entries(archive, folder)):
        name = names.pop(str(index), None)
        if name is not None:
            receipt = _read(archive, name, limit=MAX_RECEIPT_CHARS).decode(errors="replace")
            verify_receipt(receipt, entry.removesuffix(b"\n"), verifier)
            if decode_receipt(receipt).index != index:
                raise Finding(1, f"{name} is of another entry")
    if names:
        raise Finding(1, f"a receipt of no entry: {sorted(names.values())[:3]}")


def _check_rules(archive: zipfile.ZipFile, manifest: _Manifest, folder: Path) -> None:
    """Each pool's rules are the ones that its entry binds, and there are no others."""
    digests = {file.path: file.sha256 for file in manifest.files if file.path.startswith("rules/")}
    for index, line in enumerate(_entries(archive, folder)):
        pool = _pool(line.removesuffix(b"\n")) if line.startswith(_POOL) else None
        if pool and digests.pop(f"rules/{pool.pool}.json", None) != pool.rules:
            raise Finding(3, "the rules in the pack are not those of the pool's entry", entry=index)
    if digests:
        raise Finding(1, f"rules of no pool: {sorted(digests)[:3]}")


def _pool(line: bytes) -> PoolEntry | None:
    try:
        entry = decode(line)
    except Finding:  # the replay says so
        return None
    return entry if isinstance(entry, PoolEntry) else None


def _entries(archive: zipfile.ZipFile, folder: Path) -> Iterator[bytes]:
    extracted = folder / "log.jsonl"
    if not extracted.exists():
        if "log/log.jsonl" not in archive.namelist():
            raise Finding(1, "log/log.jsonl is missing")
        with archive.open("log/log.jsonl") as content, extracted.open("wb") as file:
            for part in _parts(content):
                file.write(part)
    return lines_of(extracted)


def _audit(
    archive: zipfile.ZipFile,
    path: Path,
    manifest: _Manifest,
    verifier: Verifier,
    folder: Path,
    progress: Progress,
) -> Audit:
    note = _read(archive, "log/checkpoint", limit=MAX_NOTE_BYTES)
    masked = "Players are masked." if manifest.masked else "Players' names are in it."
    notes = (f"A pack of {len(manifest.files)} files, each as it was signed. {masked}",)
    audit = audit_lines(Given(str(path), note, verifier, (), notes), _entries(archive, folder), progress)
    if (audit.log.size, audit.root) != (manifest.size, manifest.root):
        raise Finding(1, "the log is not the one that the manifest speaks of")
    return audit


def _read(archive: zipfile.ZipFile, name: str, *, limit: int) -> bytes:
    try:
        with archive.open(name) as content:
            data = content.read(limit + 1)
    except KeyError:
        raise Finding(1, f"{name} is missing") from None
    if len(data) > limit:
        raise Finding(1, f"{name} is too long")
    return data
