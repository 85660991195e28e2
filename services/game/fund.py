"""`playfair fund`: issue points in the sandbox ledger of the run on this machine."""

import argparse
import asyncio
import os
import secrets
import sys
from pathlib import Path

import msgspec

from game.demo import issue
from game.embedded.folder import default_folder
from game.embedded.secrets import read_secrets
from game.embedded.stack import LEDGER_ADDRESS
from ledger_client import Applied, LedgerClient, LedgerUnreachable, Options


def main(arguments: list[str]) -> int:
    """Issue the points and print what the account has; the exit code."""
    options = _parser().parse_args(arguments)
    folder = options.data.absolute() if options.data else default_folder(os.environ)
    try:
        url, token = (folder / LEDGER_ADDRESS).read_text(), read_secrets(folder).ledger_token
        print(asyncio.run(_fund(url, token, options.account, options.points)))
    except OSError as error:
        print(f"playfair fund: {error}. Does `playfair dev` run with this data folder?", file=sys.stderr)
    except (msgspec.ValidationError, LedgerUnreachable) as error:
        print(f"playfair fund: {error}", file=sys.stderr)
    else:
        return 0
    return 1


async def _fund(url: str, token: str, account: str, points: int) -> str:
    async with LedgerClient.open(url, token, Options()) as ledger:
        outcome = await issue(ledger, account, points, operation_id=f"fund:{secrets.token_hex(16)}")
        if not isinstance(outcome, Applied):
            raise LedgerUnreachable(f"the sandbox ledger did not issue the points: {outcome}")
        return f"{account} has {(await ledger.account(account)).available} points"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="playfair fund", description=__doc__)
    parser.add_argument("account", help="such as campaign:ID:budget or player:demo.alice")
    parser.add_argument("points", type=int, help="how many, 1 or more")
    parser.add_argument("--data", type=Path, help="data folder of the run (PLAYFAIR_DATA)")
    return parser
