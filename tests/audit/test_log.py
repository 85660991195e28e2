"""The log in a real database: appends, tiles, receipts, locks and the key."""

import asyncio

import asyncpg
import msgspec
import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from game.audit.proofs import receipts
from game.audit.service import (
    append,
    create_log,
    lock_head,
    log_signer,
    receipts_of,
)
from game.audit.store import tiles
from game.db.connection import Connection
from game.db.statements import load
from game.errors import NotFound
from game.fair.merkle import inclusion_proof
from game.fair.note import Verifier, open_checkpoint
from game.fair.receipt import decode_receipt
from game.resources import Resources
from tests.audit.logs import (
    add_campaign,
    entries_of,
    leaves_of,
    open_log,
    tiles_from_scratch,
    write,
)

ROWS_OF_LOG = (
    "SELECT (SELECT count(*) FROM log_entry), (SELECT count(*) FROM log_tile), (SELECT size FROM log)"
)
WAITING_FOR_LOCK = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
POLLS = 500


@pytest.mark.asyncio
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(batches=st.lists(st.integers(1, 300), min_size=1, max_size=6))
async def test_receipts_are_the_same_from_memory_and_database(
    resources: Resources, batches: list[int]
) -> None:
    """For random batches, receipts read later are byte for byte those given at once: the plain proofs."""
    campaign_id = await open_log(resources, campaign_id=resources.entropy(6).hex())
    signer = await log_signer(resources, campaign_id)
    for written in await write(resources, campaign_id, *batches):
        size = written.head.size
        indices = sorted({written.first_index, (written.first_index + size) // 2, size - 1})
        at_once = receipts_of(written, indices, signer.checkpoint(size, written.head.root))
        assert await receipts(resources, campaign_id=campaign_id, indices=indices, size=size) == at_once
        for index, text in at_once.items():
            assert list(decode_receipt(text).path) == inclusion_proof(leaves_of(size), index)


@pytest.mark.asyncio
async def test_old_entries_are_proven_at_any_later_size(resources: Resources) -> None:
    """The first entry has a receipt at every size that a batch ended at, old and new."""
    campaign_id = await open_log(resources)
    verifier = Verifier.parse((await log_signer(resources, campaign_id)).vkey)
    for written in await write(resources, campaign_id, 1, 255, 1, 600):
        size = written.head.size
        text = (await receipts(resources, campaign_id=campaign_id, indices=[0], size=size))[0]
        receipt = decode_receipt(text)
        assert list(receipt.path) == inclusion_proof(leaves_of(size), 0)
        assert open_checkpoint(receipt.checkpoint, verifier).root == written.head.root


@pytest.mark.asyncio
@pytest.mark.parametrize("batches", [(255, 1), (256, 256), (1, 600), (100, 100, 100, 700)])
async def test_stored_tiles_are_those_of_the_definition(
    resources: Resources, batches: tuple[int, ...]
) -> None:
    """However entries came in, the tiles are those computed from scratch, partial ones included."""
    campaign_id = await open_log(resources)
    await write(resources, campaign_id, *batches)
    expected = tiles_from_scratch(leaves_of(sum(batches)))
    beyond = {(0, 1_000), (1, 1), (2, 0)}
    async with resources.pool.acquire() as conn:
        found = await tiles(conn, [(campaign_id, tile) for tile in {*expected, *beyond}])
    assert found == {(campaign_id, tile): hashes for tile, hashes in expected.items()}


@pytest.mark.asyncio
async def test_the_stored_head_continues_the_tree(resources: Resources) -> None:
    """What a batch leaves behind is what the next writer locks."""
    campaign_id = await open_log(resources)
    written = (await write(resources, campaign_id, 3, 400))[-1]
    async with resources.pool.acquire() as conn, conn.transaction():
        assert await lock_head(conn, campaign_id=campaign_id) == written.head


@pytest.mark.asyncio
async def test_a_rolled_back_append_leaves_nothing(resources: Resources) -> None:
    """After a rollback no entry, no tile and the old head are there."""
    campaign_id = await open_log(resources)
    async with resources.pool.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        head = await lock_head(conn, campaign_id=campaign_id)
        await append(conn, head=head, entries=entries_of(0, 300), last_t_ms=1)
        assert await _rows_of_log(conn) == [300, 2, 300]
        await transaction.rollback()
        assert await _rows_of_log(conn) == [0, 0, 0]


async def _rows_of_log(conn: Connection) -> list[int]:
    return list((await conn.fetch(ROWS_OF_LOG))[0])


@pytest.mark.asyncio
async def test_writers_wait_for_one_another(resources: Resources) -> None:
    """A second writer gets the head only after the first has committed, and continues from there."""
    campaign_id = await open_log(resources)
    async with resources.pool.acquire() as conn, conn.transaction():
        head = await lock_head(conn, campaign_id=campaign_id)
        second = asyncio.create_task(write(resources, campaign_id, 2))
        await _until_one_waits(resources)
        await append(conn, head=head, entries=entries_of(0, 5), last_t_ms=9)
    (written,) = await second
    assert (written.first_index, written.head.size, written.head.last_t_ms) == (5, 7, 10)


async def _until_one_waits(resources: Resources) -> None:
    for _ in range(POLLS):
        if await resources.pool.fetchval(WAITING_FOR_LOCK) == 1:
            return
        await asyncio.sleep(0.01)
    pytest.fail("nobody waits for the lock")


@pytest.mark.asyncio
async def test_many_writers_make_one_log(resources: Resources) -> None:
    """Twelve writers at once leave one tree without gaps, the one of the definition."""
    campaign_id = await open_log(resources)
    await asyncio.gather(*[write(resources, campaign_id, 40) for _ in range(12)])
    last = await receipts(resources, campaign_id=campaign_id, indices=[479], size=480)
    assert list(decode_receipt(last[479]).path) == inclusion_proof(leaves_of(480), 479)


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [0, 2])
async def test_a_head_that_was_not_locked_is_refused(resources: Resources, size: int) -> None:
    """Nothing is appended to a head that has moved, or that never was."""
    campaign_id = await open_log(resources)
    (written,) = await write(resources, campaign_id, 1)
    wrong = msgspec.structs.replace(written.head, size=size, frontier=(bytes(32),) * size.bit_count())
    async with resources.pool.acquire() as conn:
        with pytest.raises((AssertionError, asyncpg.UniqueViolationError)):
            async with conn.transaction():
                await append(conn, head=wrong, entries=[b"{}"], last_t_ms=2)
        assert await _rows_of_log(conn) == [1, 0, 1]


@pytest.mark.asyncio
async def test_a_log_has_one_origin_and_one_key(resources: Resources) -> None:
    """Neither a second log of a campaign nor a second log under one origin can be made."""
    await open_log(resources, campaign_id="campaign0001")
    await add_campaign(resources, campaign_id="campaign0002")
    taken = "tea.example/campaign0001"
    async with resources.pool.acquire() as conn:
        for campaign_id, origin in [("campaign0001", "tea.example/other"), ("campaign0002", taken)]:
            with pytest.raises(asyncpg.UniqueViolationError):
                await create_log(conn, resources, campaign_id=campaign_id, origin=origin)


@pytest.mark.asyncio
async def test_a_key_is_bound_to_its_campaign(resources: Resources) -> None:
    """A sealed key that was copied to another campaign's log does not open."""
    await open_log(resources, campaign_id="campaign0001")
    await open_log(resources, campaign_id="campaign0002")
    await resources.pool.execute(
        "UPDATE log SET key_sealed = other.key_sealed FROM log AS other "
        "WHERE log.campaign_id = 'campaign0002' AND other.campaign_id = 'campaign0001'"
    )
    with pytest.raises(InvalidTag):
        await log_signer(resources, "campaign0002")


@pytest.mark.asyncio
async def test_the_stored_public_key_is_the_signers(resources: Resources) -> None:
    """The public key beside the sealed one is the key that signs."""
    campaign_id = await open_log(resources)
    signer = await log_signer(resources, campaign_id)
    public_key = await resources.pool.fetchval("SELECT public_key FROM log")
    assert signer.key.public_key().public_bytes_raw() == public_key


@pytest.mark.asyncio
async def test_a_campaign_without_a_log_has_no_signer(resources: Resources) -> None:
    """A draft campaign and an unknown one have no log yet."""
    for campaign_id in (await add_campaign(resources, campaign_id="campaign0001"), "nosuchlog000"):
        with pytest.raises(NotFound) as refusal:
            await log_signer(resources, campaign_id)
        assert refusal.value.code == "log_not_found"


@pytest.mark.asyncio
async def test_a_receipt_looks_its_tiles_up(resources: Resources) -> None:
    """By their key, however many tiles a log has: what a receipt costs grows with log N."""
    campaign_id = await open_log(resources)
    async with resources.pool.acquire() as conn:
        await conn.execute(MANY_TILES, campaign_id)
        await conn.execute("ANALYZE log_tile")
        plan = await conn.fetch(
            f"EXPLAIN {load('game.audit').tiles}", [campaign_id] * 4, [0, 0, 1, 2], [3, 7_000, 5, 0]
        )
    lines = [row[0] for row in plan]
    assert any("log_tile_pkey" in line for line in lines), lines
    assert not any("Seq Scan on log_tile" in line for line in lines), lines


MANY_TILES = """
INSERT INTO log_tile (campaign_id, level, tile_index, hashes)
SELECT $1, 0, n, decode(repeat('00', 8192), 'hex') FROM generate_series(0, 7999) AS n
"""
