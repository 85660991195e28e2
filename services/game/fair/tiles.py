"""Where C2SP tlog-tiles keeps what: hash tiles, entry bundles, and proofs out of them.

A tile of level L has up to 256 hashes, each of a complete subtree of 256^L leaves; a bundle has the entries
under a tile of level 0. Source: c2sp.org/tlog-tiles.
"""

from collections.abc import Iterable, Iterator, Mapping

from game.fair.findings import REWRITTEN, ROLLED_BACK, Finding
from game.fair.merkle import (
    HASH_BYTES,
    Node,
    consistency_from_nodes,
    consistency_nodes,
    fold,
    node_hash,
    root_nodes,
    verify_consistency,
)
from game.fair.note import Checkpoint

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
LENGTH_BYTES = 2

Tile = tuple[int, int]  # level and index
# The complete subtrees in a tile: for each height from 0 to 7 their hashes, one after the other.
Subtrees = tuple[bytes, ...]


def tile_of(node: Node) -> Tile:
    """The tile whose hashes make up a node."""
    level, index = node
    height = level % TILE_HEIGHT
    return level // TILE_HEIGHT, index << height >> TILE_HEIGHT


def hash_of(node: Node, tiles: Mapping[Tile, bytes]) -> bytes:
    """A node's hash, out of its tile's. The tile must have all that is below it."""
    found = hash_in(subtrees_of(tiles[tile_of(node)]), node)
    assert len(found) == HASH_BYTES
    return found


def subtrees_of(hashes: bytes) -> Subtrees:
    """The complete subtrees of a tile that has these hashes, one after the other."""
    heights = [hashes]
    while len(heights) < TILE_HEIGHT:
        below = heights[-1]
        ends = range(2 * HASH_BYTES, len(below) + 1, 2 * HASH_BYTES)
        pairs = (below[end - 2 * HASH_BYTES : end] for end in ends)
        heights.append(b"".join(node_hash(pair[:HASH_BYTES], pair[HASH_BYTES:]) for pair in pairs))
    return tuple(heights)


def hash_in(tree: Subtrees, node: Node) -> bytes:
    """A node's hash, out of its tile's subtrees; empty: the tile had not all that is below it."""
    level, index = node
    height = level % TILE_HEIGHT
    start = index % (TILE_WIDTH >> height) * HASH_BYTES
    return tree[height][start : start + HASH_BYTES]


def tile_width(tile: Tile, size: int) -> int:
    """How many hashes a tile has in the tree of `size` leaves: 0 … 256."""
    level, index = tile
    complete = size >> level * TILE_HEIGHT
    return min(TILE_WIDTH, max(0, complete - index * TILE_WIDTH))


def tile_path(tile: Tile, width: int) -> str:
    """The path of a tile below the log's `tile/`."""
    level, index = tile
    return f"{level}/{_numbered(index, width)}"


def bundle_path(index: int, width: int) -> str:
    """The path of an entry bundle below the log's `tile/`."""
    return f"entries/{_numbered(index, width)}"


def _numbered(index: int, width: int) -> str:
    groups = [f"{index % 1_000:03}"]
    while index := index // 1_000:
        groups.insert(0, f"x{index % 1_000:03}")
    return "/".join(groups) + ("" if width == TILE_WIDTH else f".p/{width}")


def bundle(entries: Iterable[bytes]) -> bytes:
    """Entries one after the other, each after its length, two bytes, big-endian."""
    return b"".join(len(entry).to_bytes(LENGTH_BYTES, "big") + entry for entry in entries)


def unbundled(data: bytes) -> Iterator[bytes]:
    """The entries of a bundle. Raises a Finding (check 1) where it ends within one."""
    at = 0
    while at < len(data):
        start = at + LENGTH_BYTES
        at = start + int.from_bytes(data[at:start], "big")
        if start > len(data) or at > len(data):
            raise Finding(1, "a bundle ends within an entry")
        yield data[start:at]


def consistency_tiles(old_size: int, size: int) -> set[Tile]:
    """The tiles that tell whether a log of `size` entries continues one of `old_size`, at most that."""
    return {tile_of(node) for node in _nodes(old_size, size)}


def _nodes(old_size: int, size: int) -> list[Node]:
    plan = [*consistency_nodes(old_size, size), root_nodes(size), root_nodes(old_size)] if old_size else []
    return [node for nodes in plan for node in nodes]


def check_consistency(old: Checkpoint, new: Checkpoint, tiles: Mapping[Tile, bytes]) -> None:
    """Raise a Finding (check 1) unless, by these tiles alone, the newer checkpoint continues the older one.

    `tiles` has those of `consistency_tiles`, each as wide as in the newer tree. Only tiles that make up the
    newer root can prove that the log was REWRITTEN: a server that sends others has proven nothing.
    """
    if old.size > new.size:
        raise Finding(1, f"{ROLLED_BACK}: the log had {old.size} entries and shows {new.size}")
    if _prefix_root(old.size, new, tiles) != old.root:
        raise Finding(1, f"{REWRITTEN}: an older checkpoint is no prefix of this log")


def _prefix_root(old_size: int, new: Checkpoint, tiles: Mapping[Tile, bytes]) -> bytes:
    """The root that the log had at an earlier size, proven by the newer root."""
    hashes = {node: hash_of(node, tiles) for node in _nodes(old_size, new.size)}
    old_root = fold([hashes[node] for node in root_nodes(old_size)])
    proof = consistency_from_nodes(old_size, new.size, hashes)
    if not verify_consistency(old_size, new.size, proof=proof, old_root=old_root, root_hash=new.root):
        raise Finding(1, "the tiles are not those of the checkpoint")
    return old_root
