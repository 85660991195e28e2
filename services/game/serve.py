"""`playfair serve`: run the service, in one process or several that share a socket."""

import argparse
import asyncio
import ctypes
import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import uvicorn

from game.joining import JoinedHttp
from game.ledger.guarantees import lacking
from game.settings import Settings, SettingsError
from ledger_client import LedgerBug, LedgerUnreachable

if TYPE_CHECKING:
    from litestar import Litestar

GRACE_SECONDS = 15
BACKLOG = 2_048
# Idle connections count; what is in flight has a lower limit of its own, with a better answer.
CONNECTIONS_LIMIT = 8_192
# Requests that wait keep thousands of objects alive, none of them in a cycle; by default they are looked at
# after every 700 that are new, and all that was imported now and then.
COLLECT_AFTER_OBJECTS = 20_000
# Tables of what is remembered are rebuilt again and again. Once one was given back, glibc takes the next from
# its heap, where each leaves a hole; those of half a megabyte and more are to stay apart (mallopt(3)).
APART_BYTES: Final = 512 * 1024
SPARE_BYTES: Final = 4 * 1024 * 1024
M_TRIM_THRESHOLD: Final = -1
M_MMAP_THRESHOLD: Final = -3
# What the server does with connections; the yardstick of `make bench` has the same.
OPTIONS: Final[dict[str, Any]] = {
    "http": JoinedHttp,
    "backlog": BACKLOG,
    "limit_concurrency": CONNECTIONS_LIMIT,
    "timeout_graceful_shutdown": GRACE_SECONDS,
    "access_log": False,
    "log_config": None,
    "proxy_headers": False,
    "server_header": False,
}


def main(arguments: list[str]) -> int:
    """Serve until a signal comes, then finish what is in flight; the exit code."""
    argparse.ArgumentParser(prog="playfair serve", description=__doc__).parse_args(arguments)
    try:
        settings = Settings.from_environment(os.environ)
    except SettingsError as error:
        print(f"playfair serve: {error}", file=sys.stderr)
        return 2
    if missing := _lacking(settings):
        print(f"playfair serve: the ledger does not guarantee {', '.join(missing)}.", file=sys.stderr)
        return 2
    with _metrics_directory(settings):
        _run(settings)
    return 0


def _lacking(settings: Settings) -> tuple[str, ...]:
    """What the ledger does not guarantee. One that is away keeps nobody from starting."""
    try:
        return asyncio.run(lacking(settings))
    except (LedgerUnreachable, LedgerBug, TimeoutError) as error:
        print(f"playfair serve: the ledger does not say what it guarantees: {error!r}", file=sys.stderr)
        return ()


def _run(settings: Settings) -> None:
    uvicorn.run(
        "game.serve:application",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        **OPTIONS,
    )


@contextmanager
def _metrics_directory(settings: Settings) -> Iterator[None]:
    """Where worker processes count together; an empty place of its own unless the settings name one."""
    if settings.workers == 1 and settings.metrics_directory is None:
        yield
        return
    with TemporaryDirectory(prefix="playfair-metrics-") as empty:
        directory = Path(settings.metrics_directory or empty)
        directory.mkdir(parents=True, exist_ok=True)
        for left_over in directory.glob("*.db"):
            left_over.unlink()
        # Read by prometheus_client when a process imports it.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
        yield


def application() -> "Litestar":
    """The application of one process, which ends when the process that started it is killed."""
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        threading.Thread(target=_end_with, args=(supervisor.sentinel,), daemon=True).start()
    from game.app import create_app  # after the metrics directory is set

    app = create_app()
    collect_seldom()
    keep_tables_apart()
    return app


def collect_seldom() -> None:
    """Look for cycles less often, and no more among what stays for as long as the process does."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER_OBJECTS)


def keep_tables_apart() -> None:
    """Give large tables back to the system when they are rebuilt, where the C library can be told so."""
    tell = getattr(ctypes.CDLL(None), "mallopt", None)
    if tell is not None:
        tell(M_MMAP_THRESHOLD, APART_BYTES)
        tell(M_TRIM_THRESHOLD, SPARE_BYTES)


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
