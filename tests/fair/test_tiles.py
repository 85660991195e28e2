"""C2SP tlog-tiles: widths, paths, bundles, and consistency from tiles alone."""

import hashlib
from random import Random

import pytest

from game.fair.findings import Finding
from game.fair.merkle import HASH_BYTES, new_nodes, root
from game.fair.note import Checkpoint
from game.fair.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    bundle,
    bundle_path,
    check_consistency,
    consistency_tiles,
    tile_path,
    tile_width,
    unbundled,
)

LEAVES = [hashlib.sha256(b"leaf %d" % n).digest() for n in range(70_000)]
OTHER = hashlib.sha256(b"other").digest()


def checkpoint(size: int, leaves: list[bytes] = LEAVES) -> Checkpoint:
    """The checkpoint of the first leaves."""
    return Checkpoint("log.example", size, root(leaves[:size]))


def tiles_of(size: int, wanted: set[Tile], leaves: list[bytes] = LEAVES) -> dict[Tile, bytes]:
    """The tiles of the tree of the first leaves, each as wide as it is there, made the plain way."""
    levels = {0: leaves[:size]}
    nodes, _ = new_nodes(0, leaves[:size], [])
    for level in range(1, 3):
        step = level * TILE_HEIGHT
        levels[level] = [nodes[step, at] for at in range(size >> step)]
    return {
        (level, at): b"".join(levels[level][at * TILE_WIDTH : (at + 1) * TILE_WIDTH]) for level, at in wanted
    }


@pytest.mark.parametrize(
    ("index", "width", "path"),
    [
        (0, 256, "entries/000"),
        (0, 7, "entries/000.p/7"),
        (999, 256, "entries/999"),
        (1_000, 256, "entries/x001/000"),
        (1_234_067, 1, "entries/x001/x234/067.p/1"),
    ],
)
def test_paths_of_bundles(index: int, width: int, path: str) -> None:
    """Groups of three digits, x before all but the last, and the width of a partial one."""
    assert bundle_path(index, width) == path
    assert tile_path((2, index), width) == path.replace("entries", "2")


def test_bundles() -> None:
    """Each entry stands after its length."""
    data = b"\x00\x02ab\x01\x00" + b"c" * 256
    assert list(unbundled(data)) == [b"ab", b"c" * 256]
    assert bundle([b"ab", b"c" * 256]) == data


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x02a", b"\x00\x01a\xff"])
def test_a_bundle_that_is_cut(data: bytes) -> None:
    """It is refused, not read as less."""
    with pytest.raises(Finding):
        list(unbundled(data))


@pytest.mark.parametrize(
    ("tile", "size", "width"),
    [
        ((0, 0), 0, 0),
        ((0, 0), 5, 5),
        ((0, 1), 256, 0),
        ((0, 1), 300, 44),
        ((1, 0), 65_535, 255),
        ((1, 0), 70_000, 256),
    ],
)
def test_widths(tile: Tile, size: int, width: int) -> None:
    """A hash stands in a tile once all its leaves are there."""
    assert tile_width(tile, size) == width


def test_any_two_checkpoints_of_a_small_log() -> None:
    """All pairs up to 64: the newer one continues the older one, and no other root."""
    for size in range(1, 65):
        for old_size in range(size + 1):
            tiles = tiles_of(size, consistency_tiles(old_size, size))
            check_consistency(checkpoint(old_size), checkpoint(size), tiles)
            if old_size:
                with pytest.raises(Finding, match="REWRITTEN"):
                    check_consistency(Checkpoint("log.example", old_size, OTHER), checkpoint(size), tiles)


def test_two_checkpoints_of_a_large_log() -> None:
    """Sizes over three levels of tiles; few tiles are needed."""
    random = Random(5)
    for _ in range(8):
        old_size, size = sorted(random.sample(range(1, len(LEAVES)), 2))
        wanted = consistency_tiles(old_size, size)
        assert len(wanted) <= 12
        tiles = tiles_of(size, wanted)
        assert {tile: len(hashes) for tile, hashes in tiles.items()} == {
            tile: tile_width(tile, size) * HASH_BYTES for tile in wanted
        }
        check_consistency(checkpoint(old_size), checkpoint(size), tiles)


@pytest.mark.parametrize("at", [2, 10, 299])
@pytest.mark.parametrize("old_size", [5, 256, 300])
def test_tiles_of_another_log(old_size: int, at: int) -> None:
    """Tiles that do not make up the newer root prove nothing, least of all that the log was rewritten."""
    bent = [*LEAVES[:at], OTHER, *LEAVES[at + 1 :]]
    tiles = tiles_of(300, consistency_tiles(old_size, 300), bent)
    with pytest.raises(Finding, match="not those of the checkpoint"):
        check_consistency(checkpoint(old_size), checkpoint(300), tiles)


@pytest.mark.parametrize("at", [0, 43, 44, 187])
def test_each_hash_that_is_used_is_proven(at: int) -> None:
    """A single hash that is bent is seen: it makes up the older root, the newer one, or both."""
    tiles = tiles_of(700, consistency_tiles(300, 700))
    last = tiles[0, 700 // TILE_WIDTH] if at == 187 else tiles[0, 1]
    bent = last[: at * HASH_BYTES] + OTHER + last[(at + 1) * HASH_BYTES :]
    place = (0, 700 // TILE_WIDTH) if at == 187 else (0, 1)
    with pytest.raises(Finding, match="not those of the checkpoint"):
        check_consistency(checkpoint(300), checkpoint(700), tiles | {place: bent})


def test_the_empty_log() -> None:
    """It is a prefix of every log, under its one root."""
    check_consistency(checkpoint(0), checkpoint(9), {})
    with pytest.raises(Finding, match="REWRITTEN"):
        check_consistency(Checkpoint("log.example", 0, OTHER), checkpoint(9), {})


def test_a_log_that_shrank() -> None:
    """A smaller log is shown as that: it may be an older state, which contradicts nothing."""
    with pytest.raises(Finding, match="ROLLED BACK: the log had 9 entries and shows 8"):
        check_consistency(checkpoint(9), checkpoint(8), {})
