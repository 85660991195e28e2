"""The check of one log: its checkpoint, older ones at hand, the replay, the beacon's signatures, the odds."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from game.auditor.audits import Audit
from game.auditor.beacon import BlsMissingError, first_forged
from game.auditor.keeping import Kept
from game.auditor.parallel import spread_for
from game.auditor.reading import RemoteLog
from game.auditor.tally import Tally
from game.auditor.witnessed import Witnessed
from game.fair.entries import BeaconEntry, decode
from game.fair.findings import REWRITTEN, ROLLED_BACK, Finding
from game.fair.note import Checkpoint, Verifier, open_checkpoint
from game.fair.tiles import check_consistency, consistency_tiles
from game.fair.verify import Report, verify_log

# How a beacon's canonical entry begins: no other kind has this key first.
_BEACON = b'{"chain":'

Progress = Callable[[int], None]


class Given(msgspec.Struct, frozen=True):
    """A log to check: where it was read, its newest checkpoint, the pinned key, checkpoints from before."""

    source: str
    checkpoint: bytes
    verifier: Verifier
    older: tuple[bytes, ...]
    notes: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()


class _Beacons:
    """Lets lines through, and remembers the beacon's values among them."""

    def __init__(self) -> None:
        self.values: list[tuple[int, int, bytes]] = []

    def among(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        for index, line in enumerate(lines):
            if line.startswith(_BEACON):
                self._remember(index, line)
            yield line

    def _remember(self, index: int, line: bytes) -> None:
        try:
            entry = decode(line.removesuffix(b"\n"))
        except Finding:  # the replay says so
            return
        assert isinstance(entry, BeaconEntry)
        self.values.append((index, entry.round, bytes.fromhex(entry.sig)))


def audit_lines(given: Given, lines: Iterable[bytes], progress: Progress) -> Audit:
    """Replay a log that is at hand line by line, or as it is read."""
    beacons, tally, checkpoint = _Beacons(), Tally(), _opened(given)
    with spread_for(checkpoint.size if checkpoint else 0) as spread:
        report = verify_log(
            beacons.among(lines),
            given.checkpoint,
            given.verifier,
            older=given.older,
            progress=progress,
            observer=tally,
            spread=spread,
        )
    forged, notes = _forged(beacons.values)
    if forged is not None and (
        report.verdict == "OK" or (report.entry is not None and forged < report.entry)
    ):
        report = _found(report, Finding(4, "the beacon's signature is not valid", entry=forged))
    return _audit(given, report, tally, notes)


def _forged(values: Sequence[tuple[int, int, bytes]]) -> tuple[int | None, tuple[str, ...]]:
    """The first entry with a value that the beacon never had, and what a reader should know."""
    if not values:
        return None, ()
    try:
        forged = first_forged(values)
    except BlsMissingError:
        return None, (
            f"{len(values)} signatures of the beacon were NOT verified: pip install 'playfair[audit]'.",
        )
    verified = f"{len(values)} signatures of the beacon were verified (BLS)."
    return forged, (verified,) if forged is None else ()


def _found(report: Report, finding: Finding) -> Report:
    return msgspec.structs.replace(
        report, verdict="BAD", check=finding.check, entry=finding.entry, says=finding.says
    )


def _audit(given: Given, report: Report, tally: Tally, notes: tuple[str, ...]) -> Audit:
    checkpoint = _opened(given)
    shown = _shown(given) if _is_about_two(report.says or "") else ()
    return Audit(
        source=given.source,
        origin=given.verifier.name,
        root=checkpoint.root.hex() if checkpoint else "",
        checked_ms=time.time_ns() // 1_000_000,
        log=report,
        findings=given.findings + shown,
        notes=given.notes + notes,
        statistics=tally.statistics(),
    )


def _opened(given: Given) -> Checkpoint | None:
    try:
        return open_checkpoint(given.checkpoint, given.verifier)
    except Finding:
        return None


def _is_about_two(says: str) -> bool:
    """Whether a finding sets one signed checkpoint against another."""
    return says.startswith((REWRITTEN, ROLLED_BACK))


def _shown(given: Given) -> tuple[str, ...]:
    """The signed notes in full. A log that only shows less than before may have an old state in a cache."""
    sizes = [open_checkpoint(note, given.verifier).size for note in (*given.older, given.checkpoint)]
    notes = "\n".join(note.decode() for note in (*given.older, given.checkpoint))
    if len(sizes) == 2 and sizes[0] <= sizes[1]:
        return (f"These two notes, signed with one key, cannot be of one history:\n\n{notes}",)
    return (f"The last of these notes, all signed with one key, does not continue all others:\n\n{notes}",)


def audit_remote(
    log: RemoteLog, verifier: Verifier, *, seen: Witnessed, older: Sequence[bytes], kept: Kept | None
) -> "Remote":
    """Read a log's newest checkpoint, to hold against all older ones. Raises UnreadableError."""
    remembered = kept.checkpoint() if kept else None
    before = (*older, *seen.older, *([remembered] if remembered else []))
    told = log.vkey()
    is_pinned = told == _pinned(verifier, told)
    other = () if is_pinned else (f"The service tells another key than yours: {told}",)
    given = Given(
        source=log.url,
        checkpoint=log.checkpoint(),
        verifier=verifier,
        older=before,
        notes=seen.notes,
        findings=seen.findings + other,
    )
    return Remote(log, given, kept)


def _pinned(verifier: Verifier, told: str) -> str | None:
    try:
        return told if Verifier.parse(told) == verifier else None
    except ValueError:
        return None


class Remote:
    """A log that a service serves, its checkpoint read."""

    def __init__(self, log: RemoteLog, given: Given, kept: Kept | None) -> None:
        self._log, self._given, self._kept = log, given, kept

    @property
    def size(self) -> int:
        """How many entries the checkpoint speaks of; 0 where it is none."""
        checkpoint = _opened(self._given)
        return checkpoint.size if checkpoint else 0

    def audit(self, progress: Progress) -> Audit:
        """Check all of it. Raises UnreadableError where the service does not give what it has signed."""
        contradiction = self._contradiction()
        if contradiction:
            return self._rewritten(contradiction)
        if self._kept and _opened(self._given):
            self._kept.keep_checkpoint(self._given.checkpoint)
        audit = self._replayed(progress)
        if audit.log.check == 1 and self._kept:
            self._kept.drop_bundles()
            audit = self._replayed(progress)
        return audit

    def _replayed(self, progress: Progress) -> Audit:
        return audit_lines(self._given, self._log.entries(self.size), progress)

    def _contradiction(self) -> tuple[bytes, str] | None:
        """An older note that the newest checkpoint does not continue, by the log's tiles alone, and why."""
        newest = _opened(self._given)
        for note in self._given.older if newest else ():
            assert newest is not None
            try:
                self._check_continues(open_checkpoint(note, self._given.verifier), newest)
            except Finding as finding:
                return note, finding.says
        return None

    def _check_continues(self, older: Checkpoint, newest: Checkpoint) -> None:
        wanted = consistency_tiles(older.size, newest.size) if 0 < older.size <= newest.size else set()
        check_consistency(older, newest, self._log.tiles(wanted, newest.size))

    def _rewritten(self, contradiction: tuple[bytes, str]) -> Audit:
        note, says = contradiction
        report = verify_log([], self._given.checkpoint, self._given.verifier)
        notes: tuple[str, ...] = ()
        if self._kept and _is_about_two(says):
            path = self._kept.keep_contradiction(note, self._given.checkpoint)
            notes = (f"Both notes are kept in {path}, for anyone who has the key.",)
        given = msgspec.structs.replace(self._given, older=(note,))
        return _audit(given, _found(report, Finding(1, says)), Tally(), notes)
