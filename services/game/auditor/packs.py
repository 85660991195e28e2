"""An evidence pack: nothing missing, nothing more, each byte as it was signed, and the log inside it."""

import hashlib
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO

import msgspec

from game.auditor.auditing import Given, Progress, audit_lines
from game.auditor.audits import Audit
from game.auditor.keys import Keys
from game.auditor.manifest import (
    CHECKPOINT,
    LOG,
    MANIFEST,
    NOTE,
    RECEIPTS,
    RULES,
    Manifest,
    PackedFile,
    signed_text,
)
from game.auditor.reading import UnreadableError, lines_of
from game.fair.entries import PoolEntry, decode
from game.fair.findings import Finding
from game.fair.note import MAX_NOTE_BYTES, Verifier, open_note
from game.fair.receipt import MAX_RECEIPT_CHARS, decode_receipt, verify_receipt

MAX_FILES = 100_000
MAX_UNPACKED_BYTES = 20_000_000_000
MAX_MANIFEST_BYTES = 50_000_000
READ_BYTES = 1_000_000
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


class _Pack(msgspec.Struct, frozen=True):
    """An open pack whose manifest is the signed one, and where its log was unpacked."""

    path: Path
    archive: zipfile.ZipFile
    manifest: Manifest
    verifier: Verifier
    log: Path


def audit_pack(path: Path, keys: Keys, progress: Progress) -> Audit:
    """Check a pack. Raises a Finding for one that is not as it was signed, UnreadableError for none."""
    try:
        with zipfile.ZipFile(path) as archive, TemporaryDirectory(prefix="playfair-pack-") as folder:
            verifier, manifest = _signed(archive, keys)
            _check_names(archive, manifest)
            for file in manifest.files:
                _check_file(archive, file)
            log = _unpacked_log(archive, Path(folder))
            pack = _Pack(path, archive, manifest, verifier, log)
            _check_entries(pack)
            return _audit(pack, progress)
    except _BROKEN as error:
        raise UnreadableError(f"{path}: {error}") from error


def _signed(archive: zipfile.ZipFile, keys: Keys) -> tuple[Verifier, Manifest]:
    """The manifest, and the pinned key that has signed its digest."""
    content = _read(archive, MANIFEST, limit=MAX_MANIFEST_BYTES)
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Finding(1, f"the manifest is none: {error}") from error
    verifier = keys.of(manifest.origin)
    if verifier is None:
        raise UnreadableError(f"no key of {manifest.origin!r} is pinned")
    text = open_note(_read(archive, NOTE, limit=MAX_NOTE_BYTES), verifier).decode()
    if text != signed_text(manifest.origin, hashlib.sha256(content).digest()):
        raise Finding(1, "the manifest is not the one that was signed")
    return verifier, manifest


def _check_names(archive: zipfile.ZipFile, manifest: Manifest) -> None:
    names = [member.filename for member in archive.infolist()]
    listed = sorted([MANIFEST, NOTE, *(file.path for file in manifest.files)])
    if len(names) > MAX_FILES or sorted(names) != listed or len(set(names)) != len(names):
        more, fewer = sorted(set(names) - set(listed)), sorted(set(listed) - set(names))
        raise Finding(1, f"the manifest has other files: too many {more[:3]}, missing {fewer[:3]}")
    if sum(file.bytes for file in manifest.files) > MAX_UNPACKED_BYTES:
        raise UnreadableError(f"the pack has more than {MAX_UNPACKED_BYTES} bytes")


def _check_file(archive: zipfile.ZipFile, file: PackedFile) -> None:
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


def _unpacked_log(archive: zipfile.ZipFile, folder: Path) -> Path:
    if LOG not in archive.namelist():
        raise Finding(1, f"{LOG} is missing")
    unpacked = folder / "log.jsonl"
    with archive.open(LOG) as content, unpacked.open("wb") as file:
        for part in _parts(content):
            file.write(part)
    return unpacked


def _check_entries(pack: _Pack) -> None:
    """Receipts are for their entries, rules those that pools' entries bind, and there are no others."""
    paths = [file.path for file in pack.manifest.files if file.path.startswith(RECEIPTS)]
    receipts = {PurePosixPath(path).stem: path for path in paths}
    if len(receipts) != len(paths):
        raise Finding(1, "two receipts of one entry")
    rules = {file.path: file.sha256 for file in pack.manifest.files if file.path.startswith(RULES)}
    for index, line in enumerate(lines_of(pack.log)):
        entry, receipt = line.removesuffix(b"\n"), receipts.pop(str(index), None)
        if receipt is not None:
            _check_receipt(pack, receipt, entry, index)
        pool = _pool(entry) if line.startswith(_POOL) else None
        if pool and rules.pop(f"{RULES}{pool.pool}.json", None) != pool.rules:
            raise Finding(3, "the rules in the pack are not those of the pool's entry", entry=index)
    if receipts:
        raise Finding(1, f"a receipt of no entry: {sorted(receipts.values())[:3]}")
    if rules:
        raise Finding(1, f"rules of no pool: {sorted(rules)[:3]}")


def _check_receipt(pack: _Pack, name: str, entry: bytes, index: int) -> None:
    receipt = _read(pack.archive, name, limit=MAX_RECEIPT_CHARS).decode(errors="replace")
    verify_receipt(receipt, entry, pack.verifier)
    if decode_receipt(receipt).index != index:
        raise Finding(1, f"{name} is of another entry")


def _pool(line: bytes) -> PoolEntry | None:
    try:
        entry = decode(line)
    except Finding:  # the replay says so
        return None
    return entry if isinstance(entry, PoolEntry) else None


def _audit(pack: _Pack, progress: Progress) -> Audit:
    manifest = pack.manifest
    note = _read(pack.archive, CHECKPOINT, limit=MAX_NOTE_BYTES)
    masked = "Players are masked." if manifest.masked else "Players' names are in it."
    notes = (f"A pack of {len(manifest.files)} files, each as it was signed. {masked}",)
    given = Given(str(pack.path), note, pack.verifier, (), notes)
    audit = audit_lines(given, lines_of(pack.log), progress)
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
