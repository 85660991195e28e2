"""The report as text: verdict and findings first, then each pool's table."""

from collections.abc import Iterator, Sequence

from game.auditor.audits import Audit
from game.auditor.instants import utc
from game.auditor.plain import plain
from game.auditor.statistics import RowShare
from game.fair.verify import PoolReport, RowReport

COLUMNS = "{:<24}{:>12}{:>10}{:>28}{:>8}{:>8}{:>10}"
HEADS = ("row", "odds", "drawn", "as drawn, with interval", "next", "later", "left")


def text(audits: Sequence[Audit]) -> str:
    """All logs that were checked, what is wrong before what is right."""
    ordered = sorted(audits, key=lambda audit: audit.verdict != "BAD")
    return "\n\n".join("\n".join(map(plain, _lines(audit))) for audit in ordered)


def _lines(audit: Audit) -> Iterator[str]:
    yield f"{audit.verdict}  {audit.origin}  {audit.log.size} entries, checked {utc(audit.checked_ms)}"
    yield f"  read from {audit.source}, root {audit.root or 'unknown'}"
    if audit.log.verdict == "BAD":
        place = "the log as a whole" if audit.log.entry is None else f"entry {audit.log.entry}"
        yield f"  FINDING check {audit.log.check}, {place}: {audit.log.says}"
    for finding in audit.findings:
        first, *others = finding.split("\n")
        yield f"  FINDING {first}"
        yield from (f"    {other}" for other in others)
    yield from (f"  WARNING {warning}" for warning in audit.warnings)
    yield from (f"  NOTE {note}" for note in (*audit.notes, *audit.statistics.notes))
    shares = {(pool.entry, row.id): row for pool in audit.statistics.pools for row in pool.rows}
    for pool in audit.log.pools:
        yield from _pool(pool, shares)


def _pool(pool: PoolReport, shares: dict[tuple[int, str], RowShare]) -> Iterator[str]:
    drawn = "a public beacon" if pool.beacon else "the players' seeds"
    state = (
        "closed" if pool.closed else "open" if pool.replaced_by is None else f"replaced by {pool.replaced_by}"
    )
    yield ""
    yield f"  pool {pool.id} ({pool.game}, entry {pool.entry}): {pool.draws} draws from {drawn}; {state}"
    yield f"    {pool.seats} seats, of which {_abandoned(pool)}"
    yield "    " + COLUMNS.format(*HEADS)
    yield from (_row(row, shares.get((pool.entry, row.id))) for row in pool.rows)


def _abandoned(pool: PoolReport) -> str:
    return f"{pool.abandoned} were abandoned" if pool.closed else "the close will show the abandoned ones"


def _row(row: RowReport, share: RowShare | None) -> str:
    odds = f"{share.odds:.6f}" if share else ""
    between = f"{share.low:.6f} to {share.high:.6f}" if share else ""
    left = "" if row.left is None else str(row.left)
    values = (row.id, odds, row.drawn, between, row.next, row.later, left)
    return "    " + COLUMNS.format(*values)
