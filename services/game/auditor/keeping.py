"""What an auditor keeps between runs: of each log the newest checkpoint, and full bundles.

A checkpoint is kept once it continues the one before, whatever its entries turn out to be: a log at fault
could else be rewritten before the next run. Nothing kept is believed: bundles are held against the checkpoint
again, and checkpoints carry signatures.
"""

import hashlib
import os
from pathlib import Path

BUNDLES_A_FOLDER = 1_000


class Kept:
    """One log's folder. `origin` may hold anything: the folder's name is its hash."""

    def __init__(self, state: Path, origin: str) -> None:
        self._folder = state / hashlib.sha256(origin.encode()).hexdigest()[:32]

    def checkpoint(self) -> bytes | None:
        """The newest checkpoint that was seen; None before the first run."""
        return _read(self._folder / "checkpoint")

    def keep_checkpoint(self, note: bytes) -> None:
        """Remember a checkpoint, in place of the one before it."""
        _write(self._folder / "checkpoint", note)

    def keep_contradiction(self, older: bytes, newer: bytes) -> Path:
        """Keep two signed notes of one log that cannot both be true; where they are kept."""
        both = older + b"\n" + newer
        path = self._folder / f"contradiction-{hashlib.sha256(both).hexdigest()[:16]}.txt"
        _write(path, both)
        return path

    def bundle(self, index: int) -> bytes | None:
        """A full bundle that was read before."""
        return _read(self._bundle_path(index))

    def keep_bundle(self, index: int, data: bytes) -> None:
        """Keep a full bundle."""
        _write(self._bundle_path(index), data)

    def drop_bundle(self, index: int) -> None:
        """Forget a bundle, so that the next run reads it again."""
        self._bundle_path(index).unlink(missing_ok=True)

    def drop_bundles(self) -> None:
        """Forget all bundles: one of them may be damaged."""
        for path in self._folder.glob("bundles/*/*"):
            path.unlink(missing_ok=True)

    def _bundle_path(self, index: int) -> Path:
        return self._folder / "bundles" / str(index // BUNDLES_A_FOLDER) / str(index)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write(path: Path, data: bytes) -> None:
    """Write whole or not at all, whenever the machine stops."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
