"""`playfair serve`: run the service, in one process or several that share a socket."""

import argparse
import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.connection import wait

import uvicorn
from litestar import Litestar

from game.app import create_app
from game.settings import Settings, SettingsError

GRACE_SECONDS = 15
BACKLOG = 2_048
CONCURRENCY_LIMIT = 2_000


def main(arguments: list[str]) -> int:
    """Serve until a signal comes, then finish what is in flight; the exit code."""
    argparse.ArgumentParser(prog="playfair serve", description=__doc__).parse_args(arguments)
    try:
        settings = Settings.from_environment(os.environ)
    except SettingsError as error:
        print(f"playfair serve: {error}", file=sys.stderr)
        return 2
    uvicorn.run(
        "game.serve:application",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        backlog=BACKLOG,
        limit_concurrency=CONCURRENCY_LIMIT,
        timeout_graceful_shutdown=GRACE_SECONDS,
        access_log=False,
        server_header=False,
        log_level="warning",
    )
    return 0


def application() -> Litestar:
    """The application of one process, which ends when the process that started it is killed."""
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        threading.Thread(target=_end_with, args=(supervisor.sentinel,), daemon=True).start()
    return create_app()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
