"""`playfair token`: make a token that the service of the run on this machine takes."""

import argparse
import os
import sys
import time
from pathlib import Path

import msgspec

from game.auth import Role
from game.embedded.folder import default_folder
from game.embedded.issuer import mint
from game.embedded.secrets import read_secrets
from game.settings import TOKEN_AUDIENCE
from game.wire import SubjectName


def main(arguments: list[str]) -> int:
    """Print the token and nothing else; the exit code."""
    options = _parser().parse_args(arguments)
    folder = options.data.absolute() if options.data else default_folder(os.environ)
    try:
        key = read_secrets(folder).issuer()
    except OSError as error:
        print(f"playfair token: {error}. Did `playfair dev` run with this data folder?", file=sys.stderr)
        return 1
    now_seconds = int(time.time())
    audience = os.environ.get("PLAYFAIR_TOKEN_AUDIENCE") or TOKEN_AUDIENCE
    print(mint(key, subject=options.subject, role=options.role, audience=audience, now_seconds=now_seconds))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="playfair token", description=__doc__)
    parser.add_argument("--role", required=True, type=Role, choices=list(Role), help="what the person may do")
    parser.add_argument("--subject", required=True, type=_subject, help="who it is, such as alice")
    parser.add_argument("--data", type=Path, help="data folder of the run (PLAYFAIR_DATA)")
    return parser


def _subject(text: str) -> str:
    try:
        return msgspec.convert(text, SubjectName)
    except msgspec.ValidationError:
        raise argparse.ArgumentTypeError("1 to 64 of A-Z, a-z, 0-9, ., _, ~ and -") from None
