"""One PostgreSQL cluster per test run, one database per test."""

import asyncio
import secrets
import shutil
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from game.db.migrate import migrate
from game.db.migrations import read_migrations
from game.embedded.postgres import database_url, postgres_server

T = TypeVar("T")
MEMORY = Path("/dev/shm")
CLUSTER_LIMIT_BYTES = 2 * 1024**3


@contextmanager
def cluster() -> Iterator[str]:
    """URL of the cluster of this run, in a folder that is thrown away."""
    with (
        TemporaryDirectory(prefix="playfair-", dir=place_for_clusters()) as folder,
        postgres_server(Path(folder), durable=False),
    ):
        yield database_url(Path(folder), "postgres")


def place_for_clusters() -> Path | None:
    """Memory where there is enough; None: the usual place.

    ext4 takes a millisecond to make a file near those deleted in the last minute; a database has 300 of them.
    """
    try:
        return MEMORY if shutil.disk_usage(MEMORY).free >= CLUSTER_LIMIT_BYTES else None
    except FileNotFoundError:
        return None


class Databases:
    """Makes and drops databases over one connection, outside of the tests' event loops."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._prefix = f"playfair_{secrets.token_hex(4)}"
        self._made = 0
        # With a factory the runner leaves the thread's event loop alone, which belongs to pytest-asyncio.
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)

    def __enter__(self) -> Self:
        self._connection: asyncpg.Connection[asyncpg.Record] = self.wait_for(asyncpg.connect(self._url))
        return self

    def __exit__(self, *_: object) -> None:
        self.wait_for(self._connection.close())
        self._runner.close()

    def wait_for(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end on the loop of this object."""
        return self._runner.run(coroutine)

    @contextmanager
    def made(self, template: str = "template0") -> Iterator[str]:
        """URL of a new database, a copy of the template; dropped at the end."""
        self._made += 1
        name = f"{self._prefix}_{self._made}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        try:
            yield urlunsplit(urlsplit(self._url)._replace(path=f"/{name}"))
        finally:
            self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        self.wait_for(self._connection.execute(statement))


@contextmanager
def migrated(databases: Databases) -> Iterator[str]:
    """Name of a database with the schema of this checkout and no rows, to make others from."""
    with databases.made() as url:
        databases.wait_for(migrate(url, read_migrations()))
        yield database_name(url)


def database_name(url: str) -> str:
    """Name of the database in a connection URL."""
    return urlsplit(url).path.removeprefix("/")
