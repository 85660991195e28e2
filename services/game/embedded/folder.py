"""The folder that keeps an embedded run's data, held by one run at a time."""

import errno
import fcntl
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from game.embedded.identity import Identity, unprivileged

LOCK = "playfair.lock"
CONTENTS = ("postgres", "redis", "metrics", "secrets.json", "ledger.log", "service.log")
FREE_LIMIT_BYTES = 300 * 1024**2
CHILDREN_END_LIMIT_SECONDS = 20.0
POLL_SECONDS = 0.05
NOBODY_REACHES = Path("/var/lib/playfair")
REASONS = {
    errno.EROFS: "the disk is read-only",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your disk quota is used up",
    errno.EACCES: "you may not write there",
    errno.EPERM: "you may not write there",
}


class FolderError(Exception):
    """The data folder cannot be used; the text says why and what to do."""


class DataFolder(msgspec.Struct, frozen=True):
    """A folder that this process holds. Children inherit the lock: the next run waits for the last one."""

    path: Path
    lock: int

    def subfolder(self, name: str) -> Path:
        """A folder inside it, made when it is not there."""
        made = self.path / name
        made.mkdir(exist_ok=True, mode=_mode())
        return made

    def clear(self) -> None:
        """Delete all that a run keeps."""
        for name in CONTENTS:
            path = self.path / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def default_folder(environ: Mapping[str, str]) -> Path:
    """Where data are kept: `PLAYFAIR_DATA`, or the platform's folder for a user's data."""
    if given := environ.get("PLAYFAIR_DATA"):
        return Path(given).expanduser().absolute()
    if unprivileged() is Identity.NOBODY:
        return NOBODY_REACHES
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "playfair"
    shared = environ.get("XDG_DATA_HOME", "")
    return (Path(shared) if Path(shared).is_absolute() else Path.home() / ".local" / "share") / "playfair"


@contextmanager
def held_folder(path: Path) -> Iterator[DataFolder]:
    """Make the folder when it is new and hold it; FolderError when that is not possible."""
    try:
        _make(path)
        lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FolderError(_why(path, error)) from error
    try:
        _take(lock, path)
        _check_room(path)
        yield DataFolder(path, lock)
    finally:
        os.close(lock)


def _make(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True, mode=_mode())
    if path.stat().st_uid != os.geteuid():
        raise FolderError(
            f"{path} belongs to another user. Choose another folder with --data or PLAYFAIR_DATA."
        )
    if any(path.iterdir()) and not (path / LOCK).exists():
        raise FolderError(f"{path} holds other files. Choose an empty folder with --data or PLAYFAIR_DATA.")


def _mode() -> int:
    """The user nobody must pass through to reach the cluster."""
    return 0o711 if unprivileged() is Identity.NOBODY else 0o700


def _take(lock: int, path: Path) -> None:
    deadline = time.monotonic() + CHILDREN_END_LIMIT_SECONDS
    while not _locked(lock):
        holder = int(os.pread(lock, 20, 0) or b"0")
        if holder and _alive(holder):
            raise FolderError(
                f"{path} is in use by process {holder}. Stop it, or choose another folder with --data."
            )
        if time.monotonic() > deadline:
            raise FolderError(f"{path} is still in use by processes that a killed run left behind.")
        time.sleep(POLL_SECONDS)
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _check_room(path: Path) -> None:
    free = shutil.disk_usage(path).free
    if free < FREE_LIMIT_BYTES:
        raise FolderError(
            f"The disk of {path} is full: {free // 1024**2} MB are free and {FREE_LIMIT_BYTES // 1024**2} MB "
            "are needed. Make room, or choose another folder with --data or PLAYFAIR_DATA."
        )


def _why(path: Path, error: OSError) -> str:
    reason = REASONS.get(error.errno or 0, str(error))
    return f"Cannot write to {path}: {reason}. Choose another folder with --data or PLAYFAIR_DATA."
