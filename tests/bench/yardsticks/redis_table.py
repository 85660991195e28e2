"""The table in Redis, as open-source lottery engines have it.

`python -m tests.bench.yardsticks.redis_table PORT`. What such engines publish (the family of big-market
among others): the odds are assembled beforehand as a hash with one field for each number that may come up;
SETNX lets a key play once; a row's stock is DECR, set back to 0 once it falls below, and SETNX takes each
unit by its number, so that a wrong refill sells none twice; the outcome goes to a list, from which a job
stores it in the database later. Theirs ask Redis four to six times, one after the other; here what depends
on nothing is asked together, which is faster.

Nothing is durable when the player is answered: the append-only file is synced once a second, and what the
job took from the list is lost with it. Nobody is charged, no limit but the key's is kept, no draw can be
checked.
"""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Final, cast

import asyncpg
import msgspec
from litestar import Litestar, post
from litestar.params import HeaderParameter, JSONBody
from redis.asyncio import BlockingConnectionPool, Redis

from game.db.statements import columns
from game.errors import Conflict
from game.settings import Settings
from tests.bench.yardsticks.door import PlayRequest, guarded, serve
from tests.bench.yardsticks.table import LAST, ODDS, ROWS, WEIGHT, PlayIn, PlayOut, told

REDIS_CONNECTIONS: Final = 32
KEPT_SECONDS: Final = 86_400
STORED_TOGETHER: Final = 500
PAUSE_SECONDS: Final = 0.05
TABLE, QUEUE = "table:odds", "table:queue"
TABLES = """
CREATE SCHEMA redis_table;
CREATE TABLE redis_table.stock (row_id text PRIMARY KEY, units_left bigint);
CREATE TABLE redis_table.play (
    play_id text PRIMARY KEY, subject text NOT NULL, idempotency_key text NOT NULL, row_id text NOT NULL,
    created timestamptz NOT NULL DEFAULT now());
"""
STORE = """
WITH told AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS t (play_id, subject, key, row_id)
), stored AS (
    INSERT INTO redis_table.play (play_id, subject, idempotency_key, row_id) SELECT * FROM told
)
UPDATE redis_table.stock AS s SET units_left = s.units_left - used.units
FROM (SELECT row_id, count(*) AS units FROM told GROUP BY row_id) AS used
WHERE s.row_id = used.row_id
"""


class Queued(msgspec.Struct, frozen=True, array_like=True):
    """An outcome that waits for the job."""

    play_id: str
    subject: str
    key: str
    row: str


class Table:
    """The odds, the stock, the keys and the list of outcomes, all in Redis."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def assemble(self) -> None:
        """Put the odds and the stock there."""
        await self._redis.hset(TABLE, mapping={str(number): row for number, row in enumerate(ODDS)})
        for row, (_, units) in ROWS.items():
            if units is not None:
                await self._redis.set(_stock(row), units)

    async def play(self, subject: str, key: str) -> tuple[str, str]:
        """A play's id and its row; those of before where the key was used. Conflict: it is under way."""
        name = f"table:play:{subject}:{key}"
        async with self._redis.pipeline(transaction=False) as asked:
            asked.set(name, b"", nx=True, ex=KEPT_SECONDS)
            asked.hget(TABLE, str(secrets.randbelow(WEIGHT)))
            is_new, drawn = await asked.execute()
        if not is_new:
            return await self._known(name)
        play_id, row = secrets.token_hex(16), await self._taken(drawn.decode())
        queued = msgspec.json.encode(Queued(play_id, subject, key, row))
        async with self._redis.pipeline(transaction=False) as asked:
            asked.set(name, queued, ex=KEPT_SECONDS)
            asked.rpush(QUEUE, queued)
            await asked.execute()
        return play_id, row

    async def _known(self, name: str) -> tuple[str, str]:
        known = await self._redis.get(name)
        if not known:
            raise Conflict("under_way", "The play is under way.")
        queued = msgspec.json.decode(known, type=Queued)
        return queued.play_id, queued.row

    async def _taken(self, row: str) -> str:
        """The row, or the last one when nothing is left of it."""
        if ROWS[row][1] is None:
            return row
        left = await self._redis.decr(_stock(row))
        if left < 0:
            await self._redis.set(_stock(row), 0)
            return LAST
        return row if await self._redis.set(f"{_stock(row)}:{left}", b"", nx=True) else LAST

    async def store(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        """The job: store what waits in the list, for ever."""
        while True:
            waiting = cast("list[bytes] | None", await self._redis.lpop(QUEUE, STORED_TOGETHER))
            if not waiting:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            queued = [msgspec.structs.astuple(msgspec.json.decode(each, type=Queued)) for each in waiting]
            await pool.execute(STORE, *columns(queued, 4))


def _stock(row: str) -> str:
    return f"table:stock:{row}"


@post("/plays")
async def play(
    request: PlayRequest, key: Annotated[str, HeaderParameter(name="Idempotency-Key")], data: JSONBody[PlayIn]
) -> PlayOut:
    """Draw in Redis, answer."""
    del data
    return told(*await request.app.state.table.play(request.user.subject, key))


@asynccontextmanager
async def _servers(app: Litestar) -> AsyncIterator[None]:
    settings = Settings.from_environment(os.environ)
    connections = BlockingConnectionPool.from_url(settings.redis_url, max_connections=REDIS_CONNECTIONS)
    async with (
        asyncpg.create_pool(settings.database_url, min_size=1, max_size=1) as pool,
        Redis.from_pool(connections) as redis,
    ):
        await pool.execute(TABLES)
        stock = [(row, units) for row, (_, units) in ROWS.items()]
        await pool.executemany("INSERT INTO redis_table.stock VALUES ($1, $2)", stock)
        app.state.table = Table(redis)
        await app.state.table.assemble()
        job = asyncio.create_task(app.state.table.store(pool))
        yield
        job.cancel()
        with suppress(asyncio.CancelledError):
            await job


def application() -> Litestar:
    """The application, over the servers that the environment names; it makes its tables."""
    return guarded(play, _servers)


if __name__ == "__main__":
    serve("tests.bench.yardsticks.redis_table")
