"""The report as one page of HTML that needs nothing else: findings first, then tables and plots."""

from collections.abc import Iterator, Sequence
from importlib.resources import files

from game.auditor.audits import Audit
from game.auditor.instants import utc
from game.auditor.markup import facts, listed, text
from game.auditor.page_pool import pool_section, seats_figure
from game.auditor.statistics import PoolStatistics

# The pools with most draws are plotted (0.7 s and 150 kB each). Those beyond the list are in JSON alone.
MAX_POOLS_PLOTTED = 8
MAX_POOLS_LISTED = 200
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(audits: Sequence[Audit]) -> str:
    """A page about one log or more. Needs matplotlib, of the auditor's extra. Same audits, same bytes."""
    title = _title(audits)
    style = files("game.auditor").joinpath("page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{text(title)}</title><style>{style}</style>'
        f"</head><body><main><h1>{text(title)}</h1>{_findings(audits)}{''.join(_sections(audits))}"
        "</main></body></html>\n"
    )


def _title(audits: Sequence[Audit]) -> str:
    bad = [audit.origin for audit in audits if audit.verdict == "BAD"]
    if len(audits) == 1:
        return f"{audits[0].verdict}: the log of {audits[0].origin}"
    return f"BAD: {len(bad)} of {len(audits)} logs" if bad else f"OK: {len(audits)} logs"


def _findings(audits: Sequence[Audit]) -> str:
    """Of all logs: first what is wrong, then what the odds do not explain, then what one should know."""
    wrong = "".join(listed("bad", _named(audit, audit.wrong)) for audit in audits)
    odd = "".join(listed("warning", _named(audit, audit.warnings)) for audit in audits)
    known = "".join(listed("note", _named(audit, audit.notes + audit.statistics.notes)) for audit in audits)
    return f"<ul>{wrong or listed('ok', ['Every check of the protocol holds.'])}{odd}{known}</ul>"


def _named(audit: Audit, statements: Sequence[str]) -> list[str]:
    return [f"{audit.origin}: {statement}" for statement in statements]


def _sections(audits: Sequence[Audit]) -> Iterator[str]:
    shown = 0
    plotted = _plotted(audits)
    for audit in audits:
        yield f"<section><h2>{audit.verdict}: {text(audit.origin)}</h2>{_about(audit)}"
        pools = audit.statistics.pools[: MAX_POOLS_LISTED - shown]
        if any(pool in plotted for pool in pools):
            yield seats_figure([pool for pool in pools if pool in plotted])
        yield from (pool_section(pool, plotted=pool in plotted) for pool in pools)
        shown += len(pools)
        if len(pools) < len(audit.statistics.pools):
            yield "<p>The other pools are in the JSON report.</p>"
        yield "</section>"


def _plotted(audits: Sequence[Audit]) -> list[PoolStatistics]:
    pools = [pool for audit in audits for pool in audit.statistics.pools]
    return sorted(pools, key=lambda pool: -pool.draws)[:MAX_POOLS_PLOTTED]


def _about(audit: Audit) -> str:
    return facts(
        [
            ("Read from", audit.source),
            ("Entries", f"{audit.log.size:,}"),
            ("Root", audit.root),
            ("Checked", utc(audit.checked_ms)),
            ("Pools", f"{len(audit.log.pools):,}, of which {len(audit.statistics.pools):,} have draws"),
            ("Tests", f"{audit.statistics.tests:,}, judged together"),
        ]
    )
