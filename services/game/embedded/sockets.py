"""Folders for Unix sockets, whose paths the kernel limits."""

import hashlib
import os
import tempfile
from pathlib import Path

PATH_LIMIT_BYTES = 100  # Linux allows 107, macOS 103; the longest name in it is .s.PGSQL.5432.lock
LONGEST_NAME = ".s.PGSQL.5432"


def socket_folder(folder: Path) -> Path:
    """A folder only we can enter: inside the given one, or a short one in /tmp when that is too long."""
    chosen = folder / "run"
    if len(os.fsencode(chosen / LONGEST_NAME)) > PATH_LIMIT_BYTES:
        digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
        chosen = Path(tempfile.gettempdir()) / f"playfair-{os.geteuid()}-{digest}"
    chosen.mkdir(mode=0o700, exist_ok=True)
    if chosen.stat().st_uid != os.geteuid() and os.geteuid() != 0:
        raise PermissionError(f"{chosen} belongs to another user")
    return chosen
