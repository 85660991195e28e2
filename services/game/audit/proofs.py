"""Receipts of what stands in logs, out of their tiles."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Final

import asyncpg

from game.audit import store
from game.audit.rules import MAX_RECEIPTS, Signer, nodes_of
from game.audit.service import log_signer
from game.audit.store import LogTile
from game.fair.merkle import Node, fold, inclusion_from_nodes, root_nodes
from game.fair.receipt import encode_receipt
from game.fair.tiles import Subtrees, hash_in, subtrees_of, tile_of
from game.recent import Recent
from game.resources import Resources

# Of 16 KB each.
TILES_KEPT: Final = 512
# After a failover that loses commits, a log grows on differently. No failover is as fast as this.
KEEP_MS: Final = 5_000

# A log's tree as it was committed with so many entries.
Tree = tuple[str, int]

_recent: "Recent[tuple[asyncpg.Pool[asyncpg.Record], LogTile], tuple[int, Subtrees]]" = Recent(
    limit=TILES_KEPT
)
_NOTHING: Final = subtrees_of(b"")


async def node_hashes(
    resources: Resources, wanted: Mapping[str, Collection[Node]]
) -> dict[str, dict[Node, bytes]]:
    """The hashes of committed nodes of logs' trees, by campaign, from O(nodes) tiles.

    What is made of tiles is kept for a moment: they only grow, so what a tile had then is what it has.
    """
    asked = {
        (campaign_id, node): (campaign_id, tile_of(node))
        for campaign_id, nodes in wanted.items()
        for node in nodes
    }
    tiles = {tile: _kept(resources, tile) for tile in set(asked.values())}
    if missing := {tile for (_, node), tile in asked.items() if not hash_in(tiles[tile], node)}:
        tiles |= await _read(resources, missing)
    found: dict[str, dict[Node, bytes]] = {campaign_id: {} for campaign_id in wanted}
    for (campaign_id, node), tile in asked.items():
        found[campaign_id][node] = hash_in(tiles[tile], node)
        assert found[campaign_id][node], "a node that is not committed"
    return found


def _kept(resources: Resources, tile: LogTile) -> Subtrees:
    read_ms, subtrees = _recent.get((resources.pool, tile)) or (0, _NOTHING)
    return subtrees if read_ms <= resources.clock() < read_ms + KEEP_MS else _NOTHING


async def _read(resources: Resources, tiles: Collection[LogTile]) -> dict[LogTile, Subtrees]:
    began_ms = resources.clock()
    async with resources.pool.acquire() as conn:
        read = await store.tiles(conn, tiles)
    found: dict[LogTile, Subtrees] = {}
    for tile, hashes in read.items():
        found[tile] = subtrees_of(hashes)
        _recent.put((resources.pool, tile), (began_ms, found[tile]))
        await asyncio.sleep(0)  # a third of a millisecond each; others have their turns
    return found


async def receipts(
    resources: Resources, *, campaign_id: str, indices: Collection[int], size: int
) -> dict[int, str]:
    """The receipts of at most MAX_RECEIPTS entries in the committed tree of `size`.

    They are what `receipts_of` answered for the batch that ended at `size`.
    """
    tree = (campaign_id, size)
    return (await receipts_in(resources, {tree: indices}))[tree]


async def receipts_in(
    resources: Resources, wanted: Mapping[Tree, Collection[int]]
) -> dict[Tree, dict[int, str]]:
    """The receipts of at most MAX_RECEIPTS entries in several trees, out of tiles that are read together."""
    assert sum(map(len, wanted.values())) <= MAX_RECEIPTS
    nodes: dict[str, set[Node]] = {}
    for (campaign_id, size), indices in wanted.items():
        nodes.setdefault(campaign_id, set()).update(nodes_of(indices, size))
    hashes = await node_hashes(resources, nodes)
    return {
        tree: _proven(await log_signer(resources, tree[0]), tree[1], indices, hashes[tree[0]])
        for tree, indices in wanted.items()
    }


def _proven(
    signer: Signer, size: int, indices: Collection[int], hashes: Mapping[Node, bytes]
) -> dict[int, str]:
    note = signer.checkpoint(size, fold([hashes[node] for node in root_nodes(size)])).encode()
    return {
        index: encode_receipt(index, inclusion_from_nodes(index, size, hashes), note) for index in indices
    }
