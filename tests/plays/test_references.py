"""Rows of plays refer to rows that are there: looked up once for each statement, and kept from then on."""

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from game.plays.engine import Engine
from tests.support.auditing import rows_of
from tests.support.pools import pool, row
from tests.support.stage import Stage, another_engine

POOL = pool("wheel", row("points", "points", 7, weight=1), draws_cap=100)
OPERATION = (
    "INSERT INTO operation (campaign_id, operation_id, kind, play_id, subject, body, state, next_attempt_ms)"
    " SELECT campaign_id, 'other', kind, uuidv7(), subject, body, 'due', 1 FROM operation"
    " WHERE kind = 'debit'"
)
DRAW = (
    "INSERT INTO draw (campaign_id, entry_index, play_id, nth, seat_id, n, row_ordinal)"
    " SELECT campaign_id, {}, {}, 2, {}, 2, row_ordinal FROM draw"
)
PLAY = (
    "INSERT INTO play (campaign_id, play_id, player_id, pool_id, idempotency_key, request_digest, state,"
    " draws, paid_with, price_points, day, accepted_ms, apply_before_ms, next_attempt_ms)"
    " SELECT campaign_id, uuidv7(), {}, {}, 'other', request_digest, 'paid', 1, 'points', 1, day, 1, 1, 1"
    " FROM play"
)
LOG_ENTRY = "INSERT INTO log_entry SELECT {}, entry_index + 100, entry, leaf_hash FROM log_entry"
FORBIDDEN = {
    "an operation of no play": OPERATION,
    "a draw of no entry": DRAW.format("entry_index + 100", "play_id", "seat_id"),
    "a draw of no play": DRAW.format("0", "uuidv7()", "seat_id"),
    "a draw of no seat": DRAW.format("0", "play_id", "substr(sha256(seat_id), 1, 16)"),
    "a play in no pool": PLAY.format("player_id", "'other'"),
    "a play of no player": PLAY.format("uuidv7()", "pool_id"),
    "an entry of no log": LOG_ENTRY.format("'other'"),
    "a play that goes": "DELETE FROM play",
    "an entry that goes": "DELETE FROM log_entry WHERE entry_index = (SELECT entry_index FROM draw)",
    "a log that goes": "DELETE FROM log",
    "a pool that goes": "DELETE FROM pool",
    "a player that goes": "DELETE FROM player",
    "a seat that goes": "DELETE FROM seat",
    "another name of a play": "UPDATE play SET play_id = uuidv7()",
    "another name of an entry": "UPDATE log_entry SET entry_index = entry_index + 100",
    "another name of a log": "UPDATE log SET campaign_id = 'other'",
    "another name of a pool": "UPDATE pool SET pool_id = 'other'",
    "another name of a player": "UPDATE player SET player_id = uuidv7()",
    "another name of a seat": "UPDATE seat SET seat_id = substr(sha256(seat_id), 1, 16)",
    "a play moved to no pool": "UPDATE play SET pool_id = 'other'",
    "a play moved to no player": "UPDATE play SET player_id = uuidv7()",
    "an operation moved to no play": "UPDATE operation SET play_id = uuidv7()",
    "a draw moved to no play": "UPDATE draw SET play_id = uuidv7()",
    "a draw moved to no entry": "UPDATE draw SET entry_index = entry_index + 100",
    "a draw moved to no seat": "UPDATE draw SET seat_id = substr(sha256(seat_id), 1, 16)",
    "an entry moved to no log": "UPDATE log_entry SET campaign_id = 'other'",
}
# Constraints that would forbid the same for another reason, or by another way.
OTHERS = (
    "ALTER TABLE prize_grant DROP CONSTRAINT prize_grant_campaign_id_entry_index_fkey",
    "ALTER TABLE play DROP CONSTRAINT play_campaign_id_seat_id_fkey",
    "ALTER TABLE seat DROP CONSTRAINT seat_campaign_id_entry_index_fkey,"
    " DROP CONSTRAINT seat_campaign_id_pool_id_fkey, DROP CONSTRAINT seat_player_id_fkey",
    "ALTER TABLE participation DROP CONSTRAINT participation_player_id_fkey",
    "ALTER TABLE standing DROP CONSTRAINT standing_player_id_fkey, DROP CONSTRAINT standing_campaign_id_fkey",
    "ALTER TABLE prize_grant DROP CONSTRAINT prize_grant_player_id_fkey,"
    " DROP CONSTRAINT prize_grant_campaign_id_pool_id_row_ordinal_fkey",
)
SCANS = "SELECT relname, seq_scan, idx_scan FROM pg_stat_xact_user_tables WHERE relname = ANY ($1::text[])"
COUNTS = "SELECT " + ", ".join(
    f"(SELECT count(*) FROM {table}) AS {table}"
    for table in ("play", "operation", "draw", "log_entry", "seat", "pool", "player", "log")
)


@pytest_asyncio.fixture
async def engine(backstage: Stage) -> AsyncIterator[Engine]:
    """An engine with connections of its own."""
    async with another_engine(backstage.resources) as made:
        yield made


@pytest_asyncio.fixture
async def played(backstage: Stage, engine: Engine) -> Stage:
    """One settled play."""
    campaign_id = await backstage.launch(POOL)
    backstage.fund("ann", 100)
    await backstage.sit(engine, campaign_id, "ann", "wheel")
    accepted = await engine.accept(await backstage.asked(campaign_id, "ann", "wheel", key="key"))
    await engine.drive(accepted.play, accepted.debit)
    return backstage


@pytest.mark.asyncio
@pytest.mark.parametrize("name", FORBIDDEN)
async def test_no_row_refers_to_one_that_is_not_there(played: Stage, name: str) -> None:
    """Neither in a statement that adds rows, nor after one that removes or renames what is referred to."""
    before = await rows_of(played.resources, COUNTS)
    async with played.resources.pool.acquire() as conn:
        await conn.execute("BEGIN")
        for statement in OTHERS:
            await conn.execute(statement)
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await conn.execute(FORBIDDEN[name])
        await conn.execute("ROLLBACK")
    assert await rows_of(played.resources, COUNTS) == before


@pytest.mark.asyncio
async def test_references_are_looked_up_by_their_keys(played: Stage) -> None:
    """However few rows the planner believes there are, no table is read whole for a row that is added."""
    (play,) = await rows_of(played.resources, "SELECT * FROM play")
    (draw,) = await rows_of(played.resources, "SELECT * FROM draw")
    campaign_id, play_id = play["campaign_id"], play["play_id"]
    async with played.resources.pool.acquire() as conn:
        await conn.execute("SELECT pg_stat_force_next_flush()")
        await conn.execute("BEGIN")
        for table, row_ in {
            "play": {**play, "play_id": UUID(int=1), "idempotency_key": "other"},
            "operation": {
                "campaign_id": campaign_id,
                "operation_id": "other",
                "kind": "credit",
                "play_id": play_id,
                "entry_index": 0,
                "subject": "player:acme.ann",
                "body": b"{}",
                "state": "due",
                "next_attempt_ms": 1,
            },
            "log_entry": {
                "campaign_id": campaign_id,
                "entry_index": 1_000,
                "entry": b"{}",
                "leaf_hash": bytes(32),
            },
            "draw": {**draw, "entry_index": 1_000, "nth": 2, "n": 2},
        }.items():
            places = ", ".join(f"${place}" for place in range(1, len(row_) + 1))
            await conn.execute(f"INSERT INTO {table} ({', '.join(row_)}) VALUES ({places})", *row_.values())
        scans = await conn.fetch(SCANS, ["play", "player", "pool", "seat", "log", "log_entry"])
        await conn.execute("ROLLBACK")
    assert [scan["relname"] for scan in scans if scan["seq_scan"] or not scan["idx_scan"]] == []
