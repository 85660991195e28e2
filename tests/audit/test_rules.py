"""The log's growth and proofs, without a database."""

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from game.audit.rules import (
    MAX_APPEND,
    Growth,
    Head,
    Signer,
    grow,
    next_t_ms,
    nodes_of,
    receipts_of,
)
from game.fair.findings import Finding
from game.fair.merkle import fold, inclusion_from_nodes, inclusion_proof, root, root_nodes
from game.fair.note import Verifier, open_checkpoint, open_note
from game.fair.receipt import decode_receipt
from game.fair.tiles import hash_in, hash_of, subtrees_of, tile_of
from tests.audit.logs import empty_head, entries_of, leaves_of, tiles_from_scratch

SIGNER = Signer(origin="tea.example/campaign0001", key=Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
VERIFIER = Verifier.parse(SIGNER.vkey)


def grown(*batches: int) -> list[Growth]:
    """A log's growth over batches of these sizes."""
    head, growths = empty_head(), []
    for count in batches:
        growths.append(grow(head, entries=entries_of(head.size, count), last_t_ms=head.last_t_ms + 1))
        head = growths[-1].written.head
    return growths


def note_of(head: Head) -> str:
    """The head's checkpoint."""
    return SIGNER.checkpoint(head.size, head.root)


@settings(max_examples=60, deadline=None)
@given(batches=st.lists(st.integers(1, 90), min_size=1, max_size=12))
def test_a_batch_proves_itself(batches: list[int]) -> None:
    """For random batches, the receipts of each batch hold the plain inclusion proofs at its size."""
    for growth in grown(*batches):
        written = growth.written
        size, leaves = written.head.size, leaves_of(written.head.size)
        receipts = receipts_of(written, range(written.first_index, size), note_of(written.head))
        assert written.head.root == root(leaves)
        for index, text in receipts.items():
            assert list(decode_receipt(text).path) == inclusion_proof(leaves, index)
            assert decode_receipt(text).index == index


def test_tiles_above_grow_as_defined() -> None:
    """After 70,000 entries in uneven batches they are as in the specification's example."""
    stored: dict[tuple[int, int], bytes] = {}
    for growth in grown(*[8192, 1, 255, 7000] * 4, 8192, 16):
        for tile, hashes in growth.tiles.items():
            stored[tile] = stored.get(tile, b"") + hashes
    expected = {tile: hashes for tile, hashes in tiles_from_scratch(leaves_of(70_000)).items() if tile[0] > 0}
    assert stored == expected
    widths = {tile: len(hashes) // 32 for tile, hashes in stored.items()}
    assert widths == {(1, 0): 256, (1, 1): 17, (2, 0): 1}


@pytest.mark.parametrize("size", [1, 255, 256, 257, 70_000])
def test_tiles_prove_every_size(size: int) -> None:
    """Paths and root are put together from tiles, for trees up to three levels of tiles high."""
    leaves = leaves_of(size)
    indices = {0, size // 3, size - 1}
    tiles = tiles_from_scratch(leaves)
    hashes = {node: hash_of(node, tiles) for node in nodes_of(indices, size)}
    subtrees = {tile: subtrees_of(each) for tile, each in tiles.items()}
    assert {node: hash_in(subtrees[tile_of(node)], node) for node in hashes} == hashes
    assert fold([hashes[node] for node in root_nodes(size)]) == root(leaves)
    for index in indices:
        assert inclusion_from_nodes(index, size, hashes) == inclusion_proof(leaves, index)


def test_few_tiles_prove_one_entry() -> None:
    """One receipt out of 70,000 entries needs no more than two tiles a level."""
    assert len({tile_of(node) for node in nodes_of([35_000], 70_000)}) <= 6


def test_a_tile_that_is_too_narrow_is_a_bug() -> None:
    """A node beyond the tile's hashes is never made up."""
    with pytest.raises(AssertionError):
        hash_of((1, 1), {(0, 0): bytes(3 * 32)})
    assert hash_in(subtrees_of(bytes(3 * 32)), (1, 1)) == b""


@pytest.mark.parametrize("count", [0, MAX_APPEND + 1])
def test_batches_are_bounded(count: int) -> None:
    """An empty batch and one beyond the limit are bugs."""
    with pytest.raises(AssertionError):
        grow(empty_head(), entries=[b"{}"] * count, last_t_ms=1)


def test_time_never_runs_back() -> None:
    """The next entry's time is never before the last one's, and an earlier one is a bug."""
    head = msgspec.structs.replace(empty_head(), last_t_ms=50)
    assert (next_t_ms(head, 49), next_t_ms(head, 51)) == (50, 51)
    with pytest.raises(AssertionError):
        grow(head, entries=[b"{}"], last_t_ms=49)


def test_a_checkpoint_opens_under_the_logs_key() -> None:
    """A checkpoint says origin, size and root, and one size has one note."""
    head = grown(5)[0].written.head
    opened = open_checkpoint(note_of(head).encode(), VERIFIER)
    assert (opened.origin, opened.size, opened.root) == (SIGNER.origin, 5, root(leaves_of(5)))
    assert note_of(head) == note_of(head)


def test_an_offer_is_no_checkpoint() -> None:
    """An offer holds its four values in hex under the log's key, and is refused as a checkpoint."""
    offer = SIGNER.offer(b"p" * 32, b"s" * 16, b"t" * 16, b"a" * 32).encode()
    values = [b"p" * 32, b"s" * 16, b"t" * 16, b"a" * 32]
    expected = [f"{SIGNER.origin}/anchors", *(value.hex() for value in values), ""]
    assert open_note(offer, VERIFIER).decode().split("\n") == expected
    with pytest.raises(Finding):
        open_checkpoint(offer, VERIFIER)


def test_a_signer_shows_no_key() -> None:
    """The private key is not in the signer's text."""
    assert repr(SIGNER) == "Signer(origin='tea.example/campaign0001')"


def test_the_digest_of_a_pack_is_signed_as_nothing_else() -> None:
    """A manifest's signature can be taken for no checkpoint: its first line is no log's origin."""
    note = SIGNER.evidence(bytes(32)).encode()
    assert open_note(note, VERIFIER).decode() == f"{SIGNER.origin}/evidence\n{bytes(32).hex()}\n"
    with pytest.raises(Finding):
        open_checkpoint(note, VERIFIER)
