"""Who else has seen a log: cosignatures of witnesses whose keys are pinned (C2SP tlog-cosignature)."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from game.auditor.instants import utc
from game.auditor.keys import MAX_KEY_BYTES
from game.auditor.reading import RemoteLog, UnreadableError, read_file
from game.fair.findings import Finding
from game.fair.note import Verifier, open_checkpoint
from game.fair.witness import Witness, cosignatures


class Witnessed(msgspec.Struct, frozen=True):
    """Notes that the newest checkpoint must continue, and who has cosigned them."""

    older: tuple[bytes, ...] = ()
    notes: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()


def read_witnesses(path: Path) -> tuple[Witness, ...]:
    """The witnesses' keys in a file, one a line. Raises UnreadableError for a line that is none."""
    lines = read_file(path, limit=MAX_KEY_BYTES).decode(errors="replace").split()
    try:
        return tuple(map(Witness.parse, lines))
    except ValueError as error:
        raise UnreadableError(f"{path}: {error}") from error


def witnessed(log: RemoteLog, verifier: Verifier, witnesses: Sequence[Witness]) -> Witnessed:
    """What the log shows as cosigned. Read it before the newest checkpoint. Raises UnreadableError."""
    if not witnesses:
        return Witnessed()
    note = log.cosigned()
    try:
        return Witnessed(older=(note,), notes=tuple(_seen(note, verifier, witnesses)))
    except Finding as finding:
        return Witnessed(findings=(f"The cosigned note: {finding.says}",))


def _seen(note: bytes, verifier: Verifier, witnesses: Sequence[Witness]) -> Iterator[str]:
    size = open_checkpoint(note, verifier).size
    seconds = {each.name: each.seconds for each in cosignatures(note, witnesses)}
    for name in (witness.name for witness in witnesses):
        if name in seconds:
            yield f"{name} has cosigned {size} entries, {utc(seconds[name] * 1_000)}."
        else:
            yield f"{name} has NOT cosigned the note of {size} entries that the service shows."
