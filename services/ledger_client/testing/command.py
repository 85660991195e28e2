"""`playfair ledger-check`: ask a ledger, by its address, whether it keeps the contract.

It writes to accounts whose names begin with `check-` and something random, and debits the account that the
points for them come from (about ten thousand in a run; they stay in those accounts). It touches no other.
"""

import argparse
import asyncio
import re
import secrets
import sys
from pathlib import Path
from typing import Final

import msgspec

from ledger_client.adapters import open_ledger
from ledger_client.errors import LedgerBug, LedgerUnreachable
from ledger_client.ledger import Ledger
from ledger_client.operations import ISSUER, AccountId
from ledger_client.options import Options
from ledger_client.testing.running import Finding, Verdict, run_checks

# A check sends bursts on purpose, to a ledger that may be far away.
OPTIONS: Final = Options(call_seconds=10.0)
PREFIX_BYTES: Final = 8
EXIT_KEEPS, EXIT_BREAKS, EXIT_NOT_CHECKED = 0, 1, 2


def main(arguments: list[str]) -> int:
    """Print what every check found; 0 when the contract is kept, 1 when not, 2 when nothing was checked."""
    options = _parser().parse_args(arguments)
    try:
        source = msgspec.convert(options.source, AccountId)
        return asyncio.run(_check(options.url, _token(options.token_file), source))
    except (LedgerBug, LedgerUnreachable, OSError, ValueError) as error:
        print(f"playfair ledger-check: nothing was checked: {error}", file=sys.stderr)
        return EXIT_NOT_CHECKED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="playfair ledger-check", description=__doc__)
    parser.add_argument("url", help="where the ledger is, as in PLAYFAIR_LEDGER_URL")
    parser.add_argument(
        "--token-file", required=True, type=Path, help="a file with the token and nothing else"
    )
    parser.add_argument(
        "--source", default=ISSUER, help="the account that the checks' points come from (issuer)"
    )
    return parser


def _token(path: Path) -> str:
    token = path.read_text(encoding="utf-8").strip()
    if not re.fullmatch(r"[!-~]+", token):
        raise ValueError(f"{path} must hold one token, in printable ASCII")
    return token


async def _check(url: str, token: str, source: str) -> int:
    ledger = open_ledger(url, token, OPTIONS)
    prefix = f"check-{secrets.token_hex(PREFIX_BYTES)}"
    print(f"Checking {url}, in accounts and operations that begin with {prefix}", flush=True)
    try:
        findings = [_shown(found) async for found in run_checks(ledger, prefix=prefix, source=source)]
        return _conclude(findings, (await _lacking(ledger)))
    finally:
        await ledger.close()


async def _lacking(ledger: Ledger) -> tuple[str, ...]:
    return (await ledger.capabilities()).lacking


def _shown(found: Finding) -> Finding:
    print(f"  {found.verdict:<8} {found.check}: {found.meaning}", flush=True)
    for line in found.why.splitlines():
        print(f"           | {line}", flush=True)
    return found


def _conclude(findings: list[Finding], lacking: tuple[str, ...]) -> int:
    counts = {verdict: sum(found.verdict is verdict for found in findings) for verdict in Verdict}
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    if lacking:
        print(f"Playfair does not run on this ledger: it lacks {', '.join(lacking)}.")
    return EXIT_BREAKS if counts[Verdict.FAILED] or lacking else EXIT_KEEPS
