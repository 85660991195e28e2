"""Runs verify.py as an auditor does: alone, with nothing but the standard library."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from game.audit import verify
from tests.fair import vectors

FILE = Path(verify.__file__)
Verdict = tuple[int | None, int | None, int]


class Said(NamedTuple):
    """What verify.py printed, and its exit status."""

    status: int
    out: str
    err: str


async def run(*arguments: str | Path, file: Path = FILE) -> Said:
    """Run it isolated: no site packages, no environment, not this checkout."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-S",
        file,
        *map(str, arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return Said(process.returncode, out.decode(), err.decode())


def verdict(lines: Sequence[bytes], note: bytes) -> Verdict:
    """What it says of a log of the vectors' key, in this process: check and entry, or how many warnings."""
    try:
        log = verify.verify(lines, note, vectors.VALUES["vkey"])
    except verify.Bad as bad:
        return bad.check, bad.entry, 0
    return None, None, len(log.warnings)
