"""The log's growth, its tiles and its signatures, as pure decisions.

A tree over the leaves is kept three ways at once: the head's compact range (to append), C2SP tlog-tiles
(to prove and to serve), and the nodes of the newest batch (to answer that batch without reading anything).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from game.auditor.manifest import signed_text
from game.fair.entries import leaf_hash
from game.fair.merkle import (
    Node,
    fold,
    inclusion_nodes,
    new_nodes,
    root_nodes,
)
from game.fair.note import checkpoint_body, sign, vkey
from game.fair.receipt import encode_receipts
from game.fair.tiles import TILE_HEIGHT, TILE_WIDTH, Tile

MAX_APPEND = 8192
MAX_RECEIPTS = 320

# A level to 63, or entries; the index in groups of three digits, x before all but the last; a partial width.
_TILE_PATH = re.compile(
    r"/(?:entries|(?P<level>[0-9]|[1-5][0-9]|6[0-3]))"
    r"/(?P<index>(?!x000)(?:x[0-9]{3}/){0,4}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """Where a log ends: `frontier` is the compact range, the hashes of `root_nodes(size)`."""

    campaign_id: str
    origin: str
    size: int
    last_t_ms: int
    frontier: tuple[bytes, ...]

    @property
    def root(self) -> bytes:
        """The root of the tree of `size` entries."""
        return fold(self.frontier)


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that was appended: `nodes` prove each of its entries in the tree of the new head."""

    head: Head
    first_index: int
    nodes: Mapping[Node, bytes]


class Growth(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch adds: entries and their leaf hashes, and what is appended to the tiles above level 0.

    `filled` are the tiles of level 0 whose leaves are all there now.
    """

    written: Written
    entries: Sequence[bytes]
    leaf_hashes: tuple[bytes, ...]
    tiles: Mapping[Tile, bytes]
    filled: range

    @property
    def campaign_id(self) -> str:
        """The campaign whose log grows."""
        return self.written.head.campaign_id


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A tile of `width` hashes, or, without a level, the bundle of the entries under a tile of level 0."""

    level: int | None
    index: int
    width: int


def next_t_ms(head: Head, now_ms: int) -> int:
    """The time of the next entry: now, but never before the entry that stands there already."""
    return max(now_ms, head.last_t_ms)


def grow(head: Head, *, entries: Sequence[bytes], last_t_ms: int) -> Growth:
    """The head after these entries, encoded with consecutive `i` from the head's size."""
    assert 1 <= len(entries) <= MAX_APPEND
    assert last_t_ms >= head.last_t_ms
    leaf_hashes = tuple(map(leaf_hash, entries))
    interior, frontier = new_nodes(head.size, leaf_hashes, head.frontier)
    new_head = msgspec.structs.replace(
        head, size=head.size + len(entries), last_t_ms=last_t_ms, frontier=tuple(frontier)
    )
    old = dict(zip(root_nodes(head.size), head.frontier, strict=True))
    leaves = {(0, index): leaf for index, leaf in enumerate(leaf_hashes, start=head.size)}
    written = Written(head=new_head, first_index=head.size, nodes={**old, **leaves, **interior})
    return Growth(
        written=written,
        entries=entries,
        leaf_hashes=leaf_hashes,
        tiles=_tiles_above(interior),
        filled=range(head.size // TILE_WIDTH, new_head.size // TILE_WIDTH),
    )


def _tiles_above(interior: Mapping[Node, bytes]) -> dict[Tile, bytes]:
    grown: defaultdict[Tile, bytes] = defaultdict(bytes)
    for (level, index), hash_ in interior.items():  # from left to right on every level
        if level % TILE_HEIGHT == 0:
            grown[level // TILE_HEIGHT, index // TILE_WIDTH] += hash_
    return dict(grown)


def receipts_of(written: Written, indices: Iterable[int], note: str) -> dict[int, str]:
    """The receipts of entries of a batch; `note` is the checkpoint of its head. Reads nothing."""
    receipts = encode_receipts(written.first_index, written.head.size, written.nodes, note.encode())
    return {index: receipts[index] for index in indices}


def nodes_of(indices: Iterable[int], size: int) -> set[Node]:
    """The nodes that prove these entries in the tree of `size`, and those of its root."""
    paths = (node for index in indices for hashes in inclusion_nodes(index, size) for node in hashes)
    return {*root_nodes(size), *paths}


def wanted(path: str) -> Wanted | None:
    """What `/<L>/<N>[.p/<W>]` or `/entries/<N>[.p/<W>]` addresses (C2SP tlog-tiles); None: nothing."""
    match = _TILE_PATH.fullmatch(path)
    if match is None or int(match["width"] or 1) >= TILE_WIDTH:
        return None
    return Wanted(
        level=None if match["level"] is None else int(match["level"]),
        index=int(match["index"].replace("x", "").replace("/", "")),
        width=int(match["width"] or TILE_WIDTH),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Signs for one log. Ed25519 is deterministic: one size and root have one note."""

    origin: str
    key: Ed25519PrivateKey = field(repr=False)

    @property
    def vkey(self) -> str:
        """The key string that verifiers are told (C2SP signed-note)."""
        return vkey(self.origin, self.key.public_key())

    def checkpoint(self, size: int, root: bytes) -> str:
        """The signed checkpoint of a committed tree (C2SP tlog-checkpoint)."""
        return sign(checkpoint_body(self.origin, size, root), self.origin, self.key).decode()

    def offer(self, pool_hash: bytes, seat_id: bytes, tag: bytes, anchor: bytes) -> str:
        """The signed promise that this anchor is the seat's. Its first line is no log's origin."""
        lines = [f"{self.origin}/anchors", *(field.hex() for field in (pool_hash, seat_id, tag, anchor))]
        return sign("".join(f"{line}\n" for line in lines).encode(), self.origin, self.key).decode()

    def evidence(self, manifest_sha256: bytes) -> str:
        """The signed digest of an evidence pack's manifest."""
        body = signed_text(self.origin, manifest_sha256).encode()
        return sign(body, self.origin, self.key).decode()
