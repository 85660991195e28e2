"""Many logs replayed by the workers of a Dask cluster, with the function that replays one here.

Dask is imported where it is used: it comes with `pip install 'playfair[cluster]'`.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from game.fair.note import Verifier
from game.fair.verify import Report, verify_log


class LogFile(msgspec.Struct, frozen=True, kw_only=True):
    """A log in a file that every worker can read, one entry a line; `key` is its pinned vkey line."""

    path: Path
    checkpoint: bytes
    key: str
    older: tuple[bytes, ...] = ()


def verify_file(log: LogFile) -> Report:
    """Replay one log, here."""
    with log.path.open("rb") as lines:
        return verify_log(lines, log.checkpoint, Verifier.parse(log.key), older=log.older)


def verify_files(logs: Sequence[LogFile], *, scheduler: str) -> list[Report]:
    """Replay logs on the cluster at this address; the reports in their order.

    A worker that dies has its log replayed by another one; a file that no worker can read raises its OSError.
    """
    from distributed import Client

    with Client(scheduler) as client:  # type: ignore[no-untyped-call]
        reports: list[Report] = client.gather(client.map(verify_file, logs, pure=False))
    return reports
