"""The Merkle tree against RFC 6962, its published vectors and an independent library."""

import base64
import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.fair.entries import leaf_hash
from game.fair.merkle import (
    EMPTY_ROOT,
    Node,
    consistency_from_nodes,
    consistency_nodes,
    consistency_proof,
    fold,
    inclusion_from_nodes,
    inclusion_nodes,
    inclusion_proof,
    new_nodes,
    node_hash,
    push,
    root,
    root_nodes,
    subtrees,
    verify_consistency,
    verify_inclusion,
)

# RFC 6962 vectors of transparency-dev/merkle; they are not part of the project.
PUBLISHED = Path(__file__).parents[3] / "shared" / "vectors" / "merkle" / "inclusion"
PUBLISHED_CASES = sorted(PUBLISHED.rglob("*.json"))

MAX_LEAVES = 70
entries_of_a_tree = st.lists(st.binary(max_size=40), max_size=MAX_LEAVES)


def leaves_of(entries: Sequence[bytes]) -> list[bytes]:
    """The leaf hashes of some entries."""
    return [leaf_hash(entry) for entry in entries]


def numbered(size: int) -> list[bytes]:
    """The leaf hashes of a tree of this size."""
    return leaves_of([index.to_bytes(4, "big") for index in range(size)])


def oracle_of(entries: Sequence[bytes]) -> Any:
    """The same tree in pymerkle, whose indexes count from 1."""
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    tree.append_entries(entries)
    return tree


def rfc_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = rfc_split(len(leaves))
    return sha256(b"\x01" + rfc_root(leaves[:k]) + rfc_root(leaves[k:])).digest()


def rfc_subproof(m: int, leaves: Sequence[bytes], *, known: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, section 2.1.2, word for word."""
    if m == len(leaves):
        return [] if known else [rfc_root(leaves)]
    k = rfc_split(len(leaves))
    if m <= k:
        return [*rfc_subproof(m, leaves[:k], known=known), rfc_root(leaves[k:])]
    return [*rfc_subproof(m - k, leaves[k:], known=False), rfc_root(leaves[:k])]


def rfc_split(size: int) -> int:
    """The largest power of two smaller than the size."""
    return max(1 << bit for bit in range(size.bit_length()) if 1 << bit < size)


@pytest.mark.skipif(not PUBLISHED_CASES, reason="the published vectors are not beside the project")
@pytest.mark.parametrize("case", PUBLISHED_CASES, ids=lambda case: str(case.relative_to(PUBLISHED)))
def test_published_inclusion_vectors(case: Path) -> None:
    """Valid proofs hold, manipulated ones do not."""
    vector = json.loads(case.read_text())
    holds = verify_inclusion(
        unbase64(vector["leafHash"]),
        vector["leafIdx"],
        size=vector["treeSize"],
        proof=[unbase64(step) for step in vector["proof"] or []],
        root_hash=unbase64(vector["root"]),
    )
    assert holds is not vector["wantErr"]


def unbase64(text: str | None) -> bytes:
    """A hash of a published vector, which may be absent."""
    return base64.b64decode(text or "")


@given(entries_of_a_tree)
def test_root_is_the_oracles(entries: list[bytes]) -> None:
    """The root of a tree of any size, the empty one included."""
    assert root(leaves_of(entries)) == oracle_of(entries).get_root()


@given(entries_of_a_tree.filter(bool), st.data())
def test_inclusion_proof_is_the_oracles(entries: list[bytes], data: st.DataObject) -> None:
    """The audit path is pymerkle's, its verifier accepts our root, and ours accepts its path."""
    index = data.draw(st.integers(0, len(entries) - 1))
    leaves = leaves_of(entries)
    oracle = oracle_of(entries).prove_inclusion(index + 1)
    pymerkle.verify_inclusion(leaves[index], root(leaves), oracle)
    proof = inclusion_proof(leaves, index)
    assert proof == oracle.path[1:]
    assert verify_inclusion(leaves[index], index, size=len(leaves), proof=proof, root_hash=root(leaves))


@given(entries_of_a_tree.filter(bool), st.data())
def test_consistency_proof_is_the_rfcs(entries: list[bytes], data: st.DataObject) -> None:
    """The proof is RFC 6962's, and connects the roots that pymerkle has and can connect itself."""
    old_size = data.draw(st.integers(1, len(entries)))
    leaves, tree = leaves_of(entries), oracle_of(entries)
    old_root, new_root = tree.get_root(old_size), tree.get_root()
    pymerkle.verify_consistency(
        root(leaves[:old_size]), root(leaves), tree.prove_consistency(old_size, len(entries))
    )
    proof = consistency_proof(leaves, old_size)
    assert proof == rfc_subproof(old_size, leaves, known=True)
    assert verify_consistency(old_size, len(leaves), proof=proof, old_root=old_root, root_hash=new_root)


@given(st.integers(1, MAX_LEAVES), st.data())
def test_a_bent_inclusion_proof_is_refused(size: int, data: st.DataObject) -> None:
    """A flipped bit, another index, another size, one step more or fewer: none of it holds."""
    leaves = numbered(size)
    index = data.draw(st.integers(0, size - 1))
    proof, whole = inclusion_proof(leaves, index), root(leaves)
    bent = data.draw(st.sampled_from(bent_proofs(proof)))
    assert not verify_inclusion(leaves[index], index, size=size, proof=bent, root_hash=whole)
    other = data.draw(st.integers(-1, size).filter(lambda number: number != index))
    assert not verify_inclusion(leaves[index], other, size=size, proof=proof, root_hash=whole)
    flipped = flip(leaves[index])
    assert not verify_inclusion(flipped, index, size=size, proof=proof, root_hash=whole)


@given(st.integers(2, MAX_LEAVES), st.data())
def test_a_bent_consistency_proof_is_refused(size: int, data: st.DataObject) -> None:
    """A bent proof, a bent root on either side, sizes the wrong way round: none of it holds."""
    leaves = numbered(size)
    old_size = data.draw(st.integers(1, size - 1))
    proof, old, new = consistency_proof(leaves, old_size), root(leaves[:old_size]), root(leaves)
    for bent in bent_proofs(proof):
        assert not verify_consistency(old_size, size, proof=bent, old_root=old, root_hash=new)
    assert not verify_consistency(old_size, size, proof=proof, old_root=flip(old), root_hash=new)
    assert not verify_consistency(old_size, size, proof=proof, old_root=old, root_hash=flip(new))
    assert not verify_consistency(size, old_size, proof=proof, old_root=new, root_hash=old)


def bent_proofs(proof: list[bytes]) -> list[list[bytes]]:
    """The proof with one more step, with one step fewer, and with each step flipped."""
    flipped = [[*proof[:at], flip(step), *proof[at + 1 :]] for at, step in enumerate(proof)]
    shorter = [proof[:-1], proof[1:]] if proof else []
    return [[*proof, EMPTY_ROOT], [EMPTY_ROOT, *proof], *shorter, *flipped]


def flip(hash_: bytes) -> bytes:
    """The hash with one bit changed."""
    return bytes([hash_[0] ^ 1]) + hash_[1:]


def test_every_tree_is_consistent_with_the_empty_one() -> None:
    """From size 0 the proof is empty and the old root is the one of nothing."""
    leaves = numbered(5)
    assert consistency_proof(leaves, 0) == []
    assert verify_consistency(0, 5, proof=[], old_root=EMPTY_ROOT, root_hash=root(leaves))
    assert not verify_consistency(0, 5, proof=[], old_root=root(leaves), root_hash=root(leaves))
    assert not verify_consistency(0, 5, proof=[EMPTY_ROOT], old_root=EMPTY_ROOT, root_hash=root(leaves))


def test_a_tree_is_consistent_with_itself_alone() -> None:
    """Equal sizes have equal roots and an empty proof."""
    same = root(numbered(5))
    assert verify_consistency(5, 5, proof=[], old_root=same, root_hash=same)
    assert not verify_consistency(5, 5, proof=[], old_root=same, root_hash=flip(same))
    assert not verify_consistency(5, 5, proof=[same], old_root=same, root_hash=same)


@given(st.lists(st.integers(0, 20), max_size=6))
def test_appending_in_batches_completes_every_node_once(batches: list[int]) -> None:
    """Whatever the batches, each interior node appears once, with the hash of its subtree's root."""
    leaves = numbered(sum(batches))
    size, frontier = 0, list[bytes]()
    nodes: dict[Node, bytes] = {}
    for batch in batches:
        made, frontier = new_nodes(size, leaves[size : size + batch], frontier)
        assert not nodes.keys() & made.keys()
        nodes, size = {**nodes, **made}, size + batch
    assert nodes == complete_interior_nodes(leaves)
    assert fold(frontier) == rfc_root(leaves)


def complete_interior_nodes(leaves: Sequence[bytes]) -> dict[Node, bytes]:
    """Each complete subtree of more than one leaf."""
    levels = range(1, len(leaves).bit_length())
    addresses = [(level, index) for level in levels for index in range(len(leaves) >> level)]
    return {
        (level, index): rfc_root(leaves[index << level : (index + 1) << level]) for level, index in addresses
    }


@given(st.integers(0, MAX_LEAVES))
def test_compact_range_is_the_root_nodes(size: int) -> None:
    """`new_nodes` and `push` keep the hashes of `root_nodes`, left to right."""
    leaves = numbered(size)
    nodes = {**{(0, index): leaf for index, leaf in enumerate(leaves)}, **complete_interior_nodes(leaves)}
    expected = [nodes[node] for node in root_nodes(size)]
    pushed = list[bytes]()
    for index, leaf in enumerate(leaves):
        push(pushed, index, (0, leaf))
    assert new_nodes(0, leaves, [])[1] == expected == pushed


@given(st.integers(0, MAX_LEAVES), st.data())
def test_subtrees_make_the_same_range(size: int, data: st.DataObject) -> None:
    """Leaves in pages of any length, each as its complete subtrees, come to the same hashes."""
    leaves, pushed, done = numbered(size), list[bytes](), 0
    while done < size:
        page = leaves[done : done + data.draw(st.integers(1, size))]
        for subtree in subtrees(done, page):
            done = push(pushed, done, subtree)
    assert pushed == new_nodes(0, leaves, [])[1]


@given(st.integers(1, MAX_LEAVES), st.data())
def test_proofs_need_just_the_planned_nodes(size: int, data: st.DataObject) -> None:
    """A proof is assembled from the nodes of its plan alone, and these are complete subtrees."""
    leaves = numbered(size)
    nodes = {**{(0, index): leaf for index, leaf in enumerate(leaves)}, **complete_interior_nodes(leaves)}
    index, old_size = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    audit = {node: nodes[node] for step in inclusion_nodes(index, size) for node in step}
    assert inclusion_from_nodes(index, size, audit) == inclusion_proof(leaves, index)
    prefix = {node: nodes[node] for step in consistency_nodes(old_size, size) for node in step}
    assert consistency_from_nodes(old_size, size, prefix) == consistency_proof(leaves, old_size)


def test_plans_of_a_large_tree_are_short() -> None:
    """A proof in a tree of 10^12 leaves looks at no more nodes than its height, twice."""
    size = 10**12 + 7
    assert sum(len(step) for step in inclusion_nodes(123_456_789, size)) <= 2 * size.bit_length()
    assert sum(len(step) for step in consistency_nodes(10**9, size)) <= 2 * size.bit_length()


def test_leaves_and_nodes_hash_apart() -> None:
    """A leaf whose bytes are two hashes is no interior node."""
    left, right = numbered(2)
    assert leaf_hash(left + right) != node_hash(left, right)
