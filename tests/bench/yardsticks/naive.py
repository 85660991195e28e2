"""The naive reference: a call to the ledger and a transaction of six statements for each play.

`python -m tests.bench.yardsticks.naive PORT`. Commits are durable, a repeated key is charged and drawn once.
There is no log, no receipt and no seat; points that are won are noted and not credited; after a crash between
the two a player was charged and has no play, until he asks again.
"""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import aiohttp
import asyncpg
from litestar import Litestar, post
from litestar.params import HeaderParameter, JSONBody

from game.auth import Caller
from game.errors import Conflict
from game.ledger.rules import NEVER_MS
from game.players import account_of
from game.settings import Settings
from ledger_client import Leg, Operation, encode, house
from tests.bench.yardsticks.door import PlayRequest, guarded, serve
from tests.bench.yardsticks.table import LAST, ODDS, PRICE_POINTS, ROWS, PlayIn, PlayOut, told

CONNECTIONS = 16
# A ledger that is too busy is asked again, as often as this.
ATTEMPTS = 5
BUSY = (409, 429, 503)
POOL = "wheel-1"
TABLES = """
CREATE SCHEMA naive;
CREATE TABLE naive.pool (pool_id text PRIMARY KEY, state text NOT NULL, price_points bigint NOT NULL);
CREATE TABLE naive.stock (
    row_id text PRIMARY KEY, units_left bigint CHECK (units_left >= 0), units_won bigint NOT NULL);
CREATE TABLE naive.player (subject text PRIMARY KEY, draws integer NOT NULL);
CREATE TABLE naive.play (
    play_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, subject text NOT NULL,
    idempotency_key text NOT NULL, state text NOT NULL, price_points bigint NOT NULL, row_id text,
    created timestamptz NOT NULL DEFAULT now(), UNIQUE (subject, idempotency_key));
CREATE TABLE naive.outcome (
    outcome_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, play_id bigint NOT NULL REFERENCES naive.play,
    row_id text NOT NULL REFERENCES naive.stock, created timestamptz NOT NULL DEFAULT now());
"""
ADD_PLAY = """
INSERT INTO naive.play (subject, idempotency_key, state, price_points) VALUES ($1, $2, 'paid', $3)
ON CONFLICT DO NOTHING RETURNING play_id
"""
LOCK_POOL = "SELECT state FROM naive.pool WHERE pool_id = $1 FOR UPDATE"
TAKE_STOCK = """
UPDATE naive.stock SET units_left = units_left - 1, units_won = units_won + 1
WHERE row_id = $1 AND (units_left IS NULL OR units_left > 0) RETURNING row_id
"""
COUNT_DRAW = """
INSERT INTO naive.player AS p (subject, draws) VALUES ($1, 1)
ON CONFLICT (subject) DO UPDATE SET draws = p.draws + 1
"""
ADD_OUTCOME = "INSERT INTO naive.outcome (play_id, row_id) VALUES ($1, $2)"
SETTLE = "UPDATE naive.play SET state = 'settled', row_id = $2 WHERE play_id = $1"
KNOWN = "SELECT play_id, row_id FROM naive.play WHERE subject = $1 AND idempotency_key = $2"

Connection = asyncpg.pool.PoolConnectionProxy


@post("/plays")
async def play(
    request: PlayRequest, key: Annotated[str, HeaderParameter(name="Idempotency-Key")], data: JSONBody[PlayIn]
) -> PlayOut:
    """Charge, draw, store, answer."""
    del data
    caller, state = request.user, request.app.state
    await _charge(state.ledger, caller, key)
    async with state.pool.acquire() as conn, conn.transaction():
        play_id, row = await _settle(conn, caller.subject, key)
    return told(str(play_id), row)


async def _charge(ledger: aiohttp.ClientSession, caller: Caller, key: str) -> None:
    """Take the price; the same key is the same operation, which the ledger applies once."""
    account = account_of(brand_id=caller.brand_id, subject=caller.subject)
    leg = Leg(debit=account, credit=house("naive"), amount=PRICE_POINTS, code="play")
    operation = Operation(id=f"naive:{caller.subject}:{key}", apply_before=NEVER_MS, legs=(leg,), ref="")
    for _ in range(ATTEMPTS):
        async with ledger.post("/v1/operations", data=encode(operation)) as answer:
            decided = await answer.json(content_type=None)
        if answer.status == 200 and decided["outcome"] == "applied":
            return
        if answer.status not in BUSY:
            break
    raise Conflict("not_charged", "The ledger did not charge you.", answered=answer.status)


async def _settle(conn: Connection, subject: str, key: str) -> tuple[int, str]:
    play_id = await conn.fetchval(ADD_PLAY, subject, key, PRICE_POINTS)
    if play_id is None:
        (known,) = await conn.fetch(KNOWN, subject, key)
        return known["play_id"], known["row_id"]
    await conn.fetchval(LOCK_POOL, POOL)
    row = await conn.fetchval(TAKE_STOCK, secrets.choice(ODDS)) or await conn.fetchval(TAKE_STOCK, LAST)
    await conn.execute(COUNT_DRAW, subject)
    await conn.execute(ADD_OUTCOME, play_id, row)
    await conn.execute(SETTLE, play_id, row)
    return play_id, row


@asynccontextmanager
async def _servers(app: Litestar) -> AsyncIterator[None]:
    settings = Settings.from_environment(os.environ)
    headers = {"Authorization": f"Bearer {settings.ledger_token}", "Content-Type": "application/json"}
    async with (
        asyncpg.create_pool(settings.database_url, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool,
        aiohttp.ClientSession(
            settings.ledger_url, headers=headers, connector=aiohttp.TCPConnector(limit=CONNECTIONS)
        ) as ledger,
    ):
        await pool.execute(TABLES)
        await pool.execute("INSERT INTO naive.pool VALUES ($1, 'live', $2)", POOL, PRICE_POINTS)
        stock = [(row, units, 0) for row, (_, units) in ROWS.items()]
        await pool.executemany("INSERT INTO naive.stock VALUES ($1, $2, $3)", stock)
        app.state.pool, app.state.ledger = pool, ledger
        yield


def application() -> Litestar:
    """The application, over the servers that the environment names; it makes its tables."""
    return guarded(play, _servers)


if __name__ == "__main__":
    serve("tests.bench.yardsticks.naive")
