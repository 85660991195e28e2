"""Logs for tests: brands and campaigns as bare rows, and batches of opaque entries."""

import hashlib
from collections.abc import Sequence

from game.audit.service import Head, Written, append, create_log, lock_head
from game.fair.entries import leaf_hash
from game.resources import Resources

_ADD_BRAND = """
INSERT INTO brand (brand_id, name_zh, name_en, issuer, jwks_url, operator_name, created_ms)
VALUES ($1, $1, $1, 'https://' || $1 || '.example', 'https://' || $1 || '.example/jwks', $1 || '.example', 1)
ON CONFLICT DO NOTHING
"""
_ADD_CAMPAIGN = """
INSERT INTO campaign (campaign_id, brand_id, state, name_zh, name_en, rules_zh, rules_en, time_zone,
                      opens_ms, closes_ms, created_by, created_ms)
VALUES ($1, $2, 'draft', 'n', 'n', 'r', 'r', 'Asia/Shanghai', 1, 2, 'test', 1)
"""


async def add_campaign(resources: Resources, *, campaign_id: str, brand_id: str = "tea") -> str:
    """Store a campaign without a log, and its brand; returns its id."""
    await resources.pool.execute(_ADD_BRAND, brand_id)
    await resources.pool.execute(_ADD_CAMPAIGN, campaign_id, brand_id)
    return campaign_id


async def open_log(resources: Resources, *, campaign_id: str = "campaign0001", brand_id: str = "tea") -> str:
    """Store a campaign with an empty log; returns its id."""
    await add_campaign(resources, campaign_id=campaign_id, brand_id=brand_id)
    async with resources.pool.acquire() as conn:
        origin = f"{brand_id}.example/{campaign_id}"
        await create_log(conn, resources, campaign_id=campaign_id, origin=origin)
    return campaign_id


def entries_of(start: int, count: int) -> list[bytes]:
    """Entries of different lengths; the tree does not care what they say."""
    return [b'{"i":%d}' % index + b" " * (index % 5) for index in range(start, start + count)]


def leaves_of(size: int) -> list[bytes]:
    """The leaf hashes of the first entries."""
    return list(map(leaf_hash, entries_of(0, size)))


async def write(resources: Resources, campaign_id: str, *batches: int) -> list[Written]:
    """Append batches of these sizes, each in its own transaction."""
    return [await _write_batch(resources, campaign_id, count) for count in batches]


async def _write_batch(resources: Resources, campaign_id: str, count: int) -> Written:
    async with resources.pool.acquire() as conn, conn.transaction():
        head = await lock_head(conn, campaign_id=campaign_id)
        return await append(
            conn, head=head, entries=entries_of(head.size, count), last_t_ms=head.last_t_ms + 1
        )


def empty_head() -> Head:
    """The head of a log without entries."""
    return Head(
        campaign_id="campaign0001", origin="tea.example/campaign0001", size=0, last_t_ms=0, frontier=()
    )


def tiles_from_scratch(leaves: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
    """Every tile with at least one hash, full or not, by the definition of tlog-tiles and nothing else."""
    tiles: dict[tuple[int, int], bytes] = {}
    level, hashes = 0, list(leaves)
    while hashes:
        rows = [hashes[at : at + 256] for at in range(0, len(hashes), 256)]
        tiles |= {(level, index): b"".join(row) for index, row in enumerate(rows)}
        level, hashes = level + 1, [_perfect_root(row) for row in rows if len(row) == 256]
    return tiles


def _perfect_root(hashes: Sequence[bytes]) -> bytes:
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2], strict=True)
        hashes = [hashlib.sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return hashes[0]
