"""`playfair dev`: the whole service on this machine, with PostgreSQL, Redis and a sandbox ledger as children.

Everything it keeps lies in one data folder. Whatever ends this process, the children end too.
"""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from game import demo, telemetry
from game.embedded.child import Child
from game.embedded.folder import default_folder, held_folder
from game.embedded.secrets import keep_secrets
from game.embedded.stack import EXPECTED, running_stack, step
from game.embedded.welcome import welcome

WATCH_SECONDS = 0.2


def main(arguments: list[str]) -> int:
    """Run until a signal comes or a child dies; the exit code."""
    options = _parser().parse_args(arguments)
    # What this prints is for people; the service logs into a file of its own.
    telemetry.configure_logging("warning")
    _end_on_signals()
    try:
        _run(options)
    except KeyboardInterrupt:
        print("\nStopped.")
        return 0
    except EXPECTED as error:
        print(f"\nplayfair dev: {error}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="playfair dev", description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="forget what earlier runs kept")
    parser.add_argument("--data", type=Path, help="data folder (PLAYFAIR_DATA)")
    parser.add_argument("--port", help="port of the service (PLAYFAIR_PORT, 8000)")
    parser.add_argument("--with-parent", action="store_true", help="end when what started it does")
    parser.add_argument("--workers", help="processes of the service (PLAYFAIR_WORKERS, 1)")
    return parser


def _end_on_signals() -> None:
    """Turn the first signal to end into KeyboardInterrupt; later ones do not disturb the stopping."""
    ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end(*_: object) -> None:
        for each in ends:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in ends:
        signal.signal(each, end)


def _run(options: argparse.Namespace) -> None:
    environ = dict(os.environ)
    for name in ("port", "workers"):
        if given := getattr(options, name):
            environ[f"PLAYFAIR_{name.upper()}"] = given
    with held_folder(options.data.absolute() if options.data else default_folder(environ)) as folder:
        print(f"Playfair keeps its data in {folder.path}")
        if options.fresh:
            folder.clear()
        secrets = keep_secrets(folder.path)
        with running_stack(folder, secrets, environ, store_brand=demo.keep_brand) as stack:
            with step("Loading the demonstration"):
                pools = asyncio.run(demo.load(stack.settings, webhook_secret=secrets.webhook_secret()))
            now_seconds = int(time.time())
            told = welcome(stack.settings, secrets.issuer(), pools, folder.path, now_seconds=now_seconds)
            print(told, flush=True)
            _watch(stack.children, parent=os.getppid() if options.with_parent else None)


def _watch(children: Sequence[Child], *, parent: int | None) -> None:
    """Wait for a child to die, which fails the run, or for the parent (None: any), which ends it."""
    while parent in (None, os.getppid()):
        for child in children:
            if child.exit_code() is not None:
                raise child.died()
        time.sleep(WATCH_SECONDS)
