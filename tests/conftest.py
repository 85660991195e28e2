"""Real servers for the tests: one PostgreSQL cluster per run, one database per test, one Redis per worker.

`TEST_DATABASE_URL` (a role that may create databases, PostgreSQL 15 or later) and `TEST_REDIS_URL` (without
a database number: databases 0, 1 … are flushed, one per worker) put other servers in their place.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import redis
import structlog
from hypothesis import settings

from game.embedded import redis as embedded
from tests.support.databases import Databases, cluster, migrated

pytest_plugins = ["tests.support.service"]

# The same examples in every run, and no deadline: a busy machine is not a failure.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
# Coloured tracebacks with all variables take half a second each, in which the process does nothing else.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=True),
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

SERVERS = pytest.StashKey[ExitStack]()
STARTED_CLUSTER_URL = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Keep what the run starts, to stop it at the end."""
    config.stash[SERVERS] = ExitStack()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what the run started."""
    config.stash[SERVERS].close()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give every xdist worker the cluster that its controller started."""
    node.workerinput["cluster_url"] = cluster_url_of(node.config)


def cluster_url_of(config: pytest.Config) -> str:
    """URL of the run's cluster, started when it is first asked for."""
    given = os.environ.get("TEST_DATABASE_URL") or xdist_input(config).get("cluster_url")
    if given is not None:
        return given
    if STARTED_CLUSTER_URL not in config.stash:
        config.stash[STARTED_CLUSTER_URL] = config.stash[SERVERS].enter_context(cluster())
    return config.stash[STARTED_CLUSTER_URL]


def xdist_input(config: pytest.Config) -> dict[str, str]:
    """What the xdist controller told this worker; empty outside of xdist."""
    return getattr(config, "workerinput", {})


@pytest.fixture(scope="session")
def databases(pytestconfig: pytest.Config) -> Iterator[Databases]:
    """What makes and drops the databases of this worker."""
    with Databases(cluster_url_of(pytestconfig)) as made:
        yield made


@pytest.fixture
def empty_database_url(databases: Databases) -> Iterator[str]:
    """URL of a database of its own, without tables."""
    with databases.made() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_template(databases: Databases) -> Iterator[str]:
    """Name of the database that `database_url` copies."""
    with migrated(databases) as name:
        yield name


@pytest.fixture
def database_url(databases: Databases, migrated_template: str) -> Iterator[str]:
    """URL of a database of its own with the game's schema and no rows."""
    with databases.made(migrated_template) as url:
        yield url


@pytest.fixture(scope="session")
def redis_server_url(pytestconfig: pytest.Config) -> Iterator[str]:
    """URL of the logical database of this worker."""
    given = os.environ.get("TEST_REDIS_URL")
    if given is not None:
        worker = xdist_input(pytestconfig).get("workerid", "gw0")
        yield f"{given.rstrip('/')}/{worker.removeprefix('gw')}"
        return
    with (
        TemporaryDirectory(prefix="playfair-") as folder,
        embedded.redis_server(Path(folder), durable=False),
    ):
        yield embedded.redis_url(Path(folder))


@pytest.fixture
def redis_url(redis_server_url: str) -> str:
    """URL of a Redis database of its own, flushed."""
    with redis.Redis.from_url(redis_server_url) as client:
        client.flushdb()
    return redis_server_url
