"""Reading a log from outside. Everyone may, but for callers of another brand: to them it is not there."""

from game.audit import store
from game.audit.proofs import receipts
from game.audit.rules import Head, Wanted, wanted
from game.audit.service import log_not_found, log_signer
from game.db.connection import Connection
from game.errors import NotFound
from game.fair.merkle import HASH_BYTES
from game.fair.tiles import TILE_WIDTH, bundle
from game.resources import Resources


async def checkpoint(resources: Resources, *, campaign_id: str, brand_id: str | None) -> str:
    """The signed checkpoint of what is committed. Raises NotFound `log_not_found`."""
    head = await _head(resources, campaign_id, brand_id)
    signer = await log_signer(resources, campaign_id)
    return signer.checkpoint(head.size, head.root)


async def verifier_key(resources: Resources, *, campaign_id: str, brand_id: str | None) -> str:
    """The key string that verifies the log's notes. Raises NotFound `log_not_found`."""
    await _head(resources, campaign_id, brand_id)
    return (await log_signer(resources, campaign_id)).vkey


async def receipt(resources: Resources, *, campaign_id: str, brand_id: str | None, index: int) -> str:
    """An entry's receipt at the present checkpoint. Raises NotFound `log_not_found`, `entry_not_found`."""
    head = await _head(resources, campaign_id, brand_id)
    if not 0 <= index < head.size:
        raise NotFound("entry_not_found", "The log has no entry of this index.", size=head.size)
    return (await receipts(resources, campaign_id=campaign_id, indices=[index], size=head.size))[index]


async def tile(resources: Resources, *, campaign_id: str, brand_id: str | None, path: str) -> bytes:
    """What tlog-tiles serves under `tile`: hashes or entries, never fewer than the path asks for.

    Raises NotFound `log_not_found`, and `tile_not_found` for what the log does not reach or no tile has.
    """
    await _head(resources, campaign_id, brand_id)
    asked = wanted(path)
    found = await _found(resources, campaign_id, asked) if asked else None
    if found is None:
        raise NotFound("tile_not_found", "The log has no such tile (yet), or this is no tile's address.")
    return found


async def _head(resources: Resources, campaign_id: str, brand_id: str | None) -> Head:
    async with resources.pool.acquire() as conn:
        head = await store.readable_head(conn, campaign_id=campaign_id, brand_id=brand_id)
    if head is None:
        raise log_not_found()
    return head


async def require_log(resources: Resources, *, campaign_id: str, brand_id: str | None) -> None:
    """Raise NotFound `log_not_found` unless the log is there for this brand."""
    await _head(resources, campaign_id, brand_id)


async def frozen_head(conn: Connection, *, campaign_id: str) -> Head:
    """Where the log of a launched campaign ends in the caller's snapshot."""
    head = await store.readable_head(conn, campaign_id=campaign_id, brand_id=None)
    assert head is not None, "a launched campaign has a log"
    return head


async def _found(resources: Resources, campaign_id: str, asked: Wanted) -> bytes | None:
    if asked.level is None:
        return await _bundle(resources, campaign_id, asked)
    place = (campaign_id, (asked.level, asked.index))
    async with resources.pool.acquire() as conn:
        tiles = await store.tiles(conn, [place])
    hashes = tiles.get(place, b"")[: asked.width * HASH_BYTES]
    return hashes if len(hashes) == asked.width * HASH_BYTES else None


async def _bundle(resources: Resources, campaign_id: str, asked: Wanted) -> bytes | None:
    start = asked.index * TILE_WIDTH
    async with resources.pool.acquire() as conn:
        entries = await store.entries(conn, campaign_id=campaign_id, start=start, limit=asked.width)
    return bundle(entries) if len(entries) == asked.width else None
