"""The pool of database connections, with the limits that every connection has."""

from typing import TYPE_CHECKING, Any

import asyncpg

STATEMENT_TIMEOUT_MS = 5_000
LOCK_TIMEOUT_MS = 4_000
IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000
CONNECT_TIMEOUT_SECONDS = 10.0
# A server that cannot be heard any more says nothing of its own limits: the last word is ours, after theirs.
COMMAND_TIMEOUT_SECONDS = 8.0
# A pooler refuses a session that asks for them (docs/performance.md).
OF_THE_SESSION = {
    "statement_timeout": str(STATEMENT_TIMEOUT_MS),
    "lock_timeout": str(LOCK_TIMEOUT_MS),
    "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_TIMEOUT_MS),
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
}
# When all connections are taken, whoever asks is told while the answer is still awaited; nothing was stored.
ACQUIRE_TIMEOUT_SECONDS = 2.0
QUERIES_PER_CONNECTION = 50_000
# What asyncpg keeps by default; behind a pooler nothing, since the next statement may be another session's.
STATEMENTS_KEPT = 100
# The database is out of reach, whatever it was asked.
OUTAGES = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    ConnectionError,
    TimeoutError,
)


if TYPE_CHECKING:
    _Pool = asyncpg.Pool[asyncpg.Record]
    _Connection = asyncpg.Connection[asyncpg.Record]
else:  # generic for type checkers only
    _Pool = asyncpg.Pool
    _Connection = asyncpg.Connection


class BoundedPool(_Pool):
    """A pool that nobody waits for longer than ACQUIRE_TIMEOUT_SECONDS: TimeoutError."""

    def acquire(self, *, timeout: float | None = None) -> Any:
        """A connection; the limit holds unless another one is given."""
        return super().acquire(timeout=ACQUIRE_TIMEOUT_SECONDS if timeout is None else timeout)


class TellingConnection(_Connection):
    """A connection that says so when it was broken off between the parsing of a statement and its turn.

    asyncpg forgets the protocol then, and whoever was just answered meets an AttributeError.
    """

    _protocol: Any

    def _abort(self) -> None:
        protocol = self._protocol
        super()._abort()  # type: ignore[misc]
        self._protocol = protocol


async def open_pool(
    url: str, *, connections: int, application_name: str = "playfair", pooler: bool = False
) -> "asyncpg.Pool[asyncpg.Record]":
    """Open a pool that keeps its connections, since each new one has to learn the types again.

    `pooler`: one in transaction mode (PgBouncer) stands between. Then no statement has a name, and what a
    session is told otherwise, PostgreSQL has to tell it: `ALTER ROLE … SET …`.
    """
    pool = BoundedPool(
        url,
        connect=_connect,
        connection_class=TellingConnection,
        record_class=asyncpg.Record,
        loop=None,
        max_queries=QUERIES_PER_CONNECTION,
        min_size=1,
        max_size=connections,
        max_inactive_connection_lifetime=0,
        reset=_keep,
        timeout=CONNECT_TIMEOUT_SECONDS,
        command_timeout=COMMAND_TIMEOUT_SECONDS,
        statement_cache_size=0 if pooler else STATEMENTS_KEPT,
        server_settings={"application_name": application_name, "timezone": "UTC"}
        | ({} if pooler else OF_THE_SESSION),
    )
    await pool
    return pool


async def _keep(_conn: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Give a connection back as it is. A transaction that was left open is ended before.

    Nothing of ours changes a session (no SET, LISTEN or cursor, no advisory lock beyond its transaction), so
    the statements that asyncpg would send here, a round trip each time, have nothing to do.
    """


async def _connect(*where: Any, **options: Any) -> "asyncpg.Connection[asyncpg.Record]":
    """A connection; ConnectionError for all the ways in which a machine says that nobody is there."""
    try:
        return await asyncpg.connect(*where, **options)
    except OSError as error:  # no socket file, no route, no such host
        raise ConnectionError(f"PostgreSQL: {error}") from error
