"""The service and all that it needs, as children of this process, started one after the other."""

import asyncio
import sys
import time
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, Protocol

import msgspec

from game.db.migrate import migrate
from game.db.migrations import MigrationError, read_migrations
from game.embedded import postgres, redis
from game.embedded.child import Child, ChildError, Program, running_child
from game.embedded.folder import DataFolder, FolderError
from game.embedded.issuer import ISSUER, key_set
from game.embedded.ports import LOOPBACK, PortError, accepts, free_port, is_ready, require_free
from game.embedded.secrets import Secrets
from game.settings import Settings, SettingsError

GAME_DATABASE = "playfair"
LEDGER_DATABASE = "ledger"
LEDGER_ADDRESS = "ledger.address"
# What the machine or the settings can do to a run, each with a text for whoever started it.
EXPECTED = (ChildError, FolderError, MigrationError, PortError, SettingsError, OSError)


class StoreBrand(Protocol):
    """Stores the brand whose tokens the run's own issuer makes."""

    def __call__(self, settings: Settings, *, issuer: str, jwks: dict[str, Any]) -> Coroutine[Any, Any, None]:
        """Safe to call again at every start."""
        ...


class Stack(msgspec.Struct, frozen=True):
    """What runs, and the settings that the service was started with."""

    children: tuple[Child, ...]
    settings: Settings


@contextmanager
def running_stack(
    folder: DataFolder, secrets: Secrets, environ: Mapping[str, str], *, store_brand: StoreBrand
) -> Iterator[Stack]:
    """Start everything and, at the end, stop it in the reverse order.

    The brand is stored before the service starts, which therefore knows its tokens from the first on.
    The environment chooses what is not the stack's own: port, workers, deadlines, log level.
    """
    ledger_port = free_port()
    environment = dict(environ) | _environment(folder, secrets, ledger_port)
    settings = Settings.from_environment(environment)
    require_free(settings.port, option="--port", variable="PLAYFAIR_PORT")
    with ExitStack() as running:

        def start(name: str, server: AbstractContextManager[Child]) -> Child:
            with step(f"Starting {name}"):
                return running.enter_context(server)

        database = start("PostgreSQL", _postgres(folder))
        cache = start("Redis", _redis(folder))
        with step("Bringing the schema forward"):
            asyncio.run(migrate(settings.database_url, read_migrations()))
        asyncio.run(store_brand(settings, issuer=ISSUER, jwks=key_set(secrets.issuer())))
        (folder.path / LEDGER_ADDRESS).write_text(settings.ledger_url)
        ledger = start("the sandbox ledger", _ledger(folder, environment, ledger_port))
        service = start("the service", _service(folder, environment, settings.port))
        yield Stack((service, ledger, cache, database), settings)


@contextmanager
def step(doing: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    print(f"  {doing:<32}", end="", flush=True)
    began = time.monotonic()
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - began:6.1f} s", flush=True)


def _environment(folder: DataFolder, secrets: Secrets, ledger_port: int) -> dict[str, str]:
    place = folder.subfolder("postgres")
    return {
        "PLAYFAIR_DATABASE_URL": postgres.database_url(place, GAME_DATABASE),
        "PLAYFAIR_REDIS_URL": redis.redis_url(folder.subfolder("redis")),
        "PLAYFAIR_LEDGER_URL": f"http://{LOOPBACK}:{ledger_port}",
        "PLAYFAIR_LEDGER_TOKEN": secrets.ledger_token,
        "PLAYFAIR_SECRET_KEYS": secrets.secret_keys(),
        "PLAYFAIR_HOST": LOOPBACK,
        "SANDBOX_LEDGER_DATABASE_URL": postgres.database_url(place, LEDGER_DATABASE),
        "SANDBOX_LEDGER_TOKEN": secrets.ledger_token,
        "SANDBOX_LEDGER_HOST": LOOPBACK,
        "SANDBOX_LEDGER_PORT": str(ledger_port),
    }


@contextmanager
def _postgres(folder: DataFolder) -> Iterator[Child]:
    place = folder.subfolder("postgres")
    with postgres.postgres_server(place, durable=True, inherited=(folder.lock,)) as child:
        asyncio.run(postgres.create_databases(place, (GAME_DATABASE, LEDGER_DATABASE)))
        yield child


def _redis(folder: DataFolder) -> AbstractContextManager[Child]:
    return redis.redis_server(folder.subfolder("redis"), durable=True, inherited=(folder.lock,))


def _ledger(folder: DataFolder, environment: Mapping[str, str], port: int) -> AbstractContextManager[Child]:
    program = Program(
        name="The sandbox ledger",
        command=[sys.executable, "-P", "-m", "sandbox_ledger"],
        log=folder.path / "ledger.log",
        environment=environment,
        inherited=(folder.lock,),
    )
    return running_child(program, ready=lambda _: accepts(port))


def _service(folder: DataFolder, environment: Mapping[str, str], port: int) -> AbstractContextManager[Child]:
    program = Program(
        name="The service",
        command=[sys.executable, "-P", "-m", "game", "serve"],
        log=folder.path / "service.log",
        environment=environment,
        inherited=(folder.lock,),
    )
    return running_child(program, ready=lambda _: is_ready(port))
