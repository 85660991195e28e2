"""`playfair`: one command for each thing that can be done, each imported when it is asked for."""

import argparse
import sys
from importlib import import_module

COMMANDS = {
    "dev": ("game.dev", "run everything on this machine"),
    "serve": ("game.serve", "run the service, as the PLAYFAIR_* variables say"),
    "migrate": ("game.migrate", "bring the database's schema forward"),
    "reconcile": ("game.reconcile", "compare the plays with the core ledger now, and say what differs"),
    "verify": ("game.verify", "check draws, logs and receipts without trusting whoever made them"),
    "boards": ("game.rankings", "compare the rankings in Redis with PostgreSQL, or build them anew"),
    "rotate-keys": ("game.rotate_keys", "put all that is sealed under the first of the secret keys"),
    "fund": ("game.fund", "issue points in the sandbox ledger of the run on this machine"),
    "send-event": ("game.send_event", "sign an event and send it, as a brand's system would"),
    "token": ("game.mint", "make a token for the run on this machine"),
    "openapi": ("game.openapi", "print the OpenAPI document"),
    "ledger-check": ("ledger_client.testing.command", "ask a ledger whether it keeps the contract"),
    "tour": ("game.tour", "play against a service of its own for a few seconds, and check everything"),
}


def main(arguments: list[str] | None = None) -> int:
    """Hand the arguments to a command's own `main`; the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    command = _parser().parse_args(given[:1]).command
    module, _ = COMMANDS[command]
    code: int = import_module(module).main(given[1:])
    return code


def _parser() -> argparse.ArgumentParser:
    lines = "\n".join(f"  {name:<14}{meaning}" for name, (_, meaning) in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="playfair",
        usage="playfair <command> [options]; playfair <command> --help",
        description=f"commands:\n{lines}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
