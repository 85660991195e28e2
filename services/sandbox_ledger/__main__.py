"""`python -m sandbox_ledger`: run the ledger, or with `openapi` print its contract, `journal` its entries."""

import asyncio
import gc
import os
import sys
from typing import Final

import asyncpg
import uvicorn

from sandbox_ledger import journal, openapi, settings, store
from sandbox_ledger.app import create_app

CONCURRENCY_MAX: Final = 512
GRACE_SECONDS: Final = 10
COLLECT_AFTER_OBJECTS: Final = 20_000


def main(arguments: list[str]) -> int:
    """The exit code: 0, or 2 when the settings or the arguments are wrong."""
    if arguments == ["openapi"]:
        sys.stdout.buffer.write(openapi.document())
        return 0
    try:
        found = settings.read(os.environ)
    except settings.SettingsError as error:
        print(f"sandbox_ledger: {error}", file=sys.stderr)
        return 2
    match arguments:
        case []:
            _serve(found)
        case ["journal"]:
            asyncio.run(_write_journal(found))
        case _:
            print(f"sandbox_ledger: no such command: {' '.join(arguments)}", file=sys.stderr)
            return 2
    return 0


async def _write_journal(found: settings.Settings) -> None:
    connection = await asyncpg.connect(found.database_url)
    try:
        await store.apply_schema(connection)
        async with connection.transaction():
            async for text in journal.transactions(store.stream_entries(connection)):
                sys.stdout.write(text)
    finally:
        await connection.close()


def _serve(found: settings.Settings) -> None:
    app = create_app(
        database_url=found.database_url,
        token=found.token,
        faults=found.faults,
        points_ttl_days=found.points_ttl_days,
    )
    _collect_seldom()
    uvicorn.run(
        app,
        host=found.host,
        port=found.port,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        log_level="warning",
        limit_concurrency=CONCURRENCY_MAX,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _collect_seldom() -> None:
    # A batch keeps thousands of objects alive, none of them in a cycle; without this
    # they are looked through after every 700 that are new.
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER_OBJECTS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
