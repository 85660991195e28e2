"""The Merkle tree of RFC 6962, section 2.1, over SHA-256.

A complete subtree is addressed by a node (level, index): the leaves index * 2^level and up to, not
including, (index+1) * 2^level. The compact range of a tree is the hashes of its `root_nodes`.
Sizes and indexes given by a peer are input: a proof that does not hold is answered with False.
"""

import hashlib
from collections.abc import Mapping, Sequence

Node = tuple[int, int]
# One element of a proof is one hash: the fold of these nodes.
Plan = list[list[Node]]
# The level and the hash of a complete subtree.
Subtree = tuple[int, bytes]

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an interior node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root of the tree over these leaves."""
    return fold(new_nodes(0, leaf_hashes, [])[1])


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of one leaf (RFC 6962, section 2.1.1)."""
    return inclusion_from_nodes(index, len(leaf_hashes), _all_nodes(leaf_hashes))


def consistency_proof(leaf_hashes: Sequence[bytes], old_size: int) -> list[bytes]:
    """The proof that the tree over the first leaves is a prefix (RFC 6962, section 2.1.2)."""
    return consistency_from_nodes(old_size, len(leaf_hashes), _all_nodes(leaf_hashes))


def _all_nodes(leaf_hashes: Sequence[bytes]) -> dict[Node, bytes]:
    leaves = {(0, index): leaf for index, leaf in enumerate(leaf_hashes)}
    return {**leaves, **new_nodes(0, leaf_hashes, [])[0]}


def root_nodes(size: int) -> list[Node]:
    """The complete subtrees that make up a tree, left to right."""
    return _span(0, size)


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over neighbouring complete subtrees, given left to right, largest first."""
    if not hashes:
        return EMPTY_ROOT
    folded = hashes[-1]
    for left in reversed(hashes[:-1]):
        folded = node_hash(left, folded)
    return folded


def push(frontier: list[bytes], size: int, subtree: Subtree) -> int:
    """Append the next complete subtree to the compact range of a tree of `size` leaves, in place.

    `size` is a multiple of the subtree's leaves. Returns the new size.
    """
    level, folded = subtree
    position = size >> level
    while position & 1:
        folded = node_hash(frontier.pop(), folded)
        position >>= 1
    frontier.append(folded)
    return size + (1 << level)


def subtrees(start: int, leaf_hashes: Sequence[bytes]) -> list[Subtree]:
    """The fewest complete subtrees over these leaves, the first of which has index `start`, left to right."""
    found: list[Subtree] = []
    done, stop = start, start + len(leaf_hashes)
    while done < stop:
        level = (stop - done).bit_length() - 1
        if done:
            level = min(level, (done & -done).bit_length() - 1)
        found.append((level, _top(leaf_hashes[done - start : done - start + (1 << level)])))
        done += 1 << level
    return found


def _top(hashes: Sequence[bytes]) -> bytes:
    """The root over 2^n hashes of one level."""
    while len(hashes) > 1:
        hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


def new_nodes(
    old_size: int, leaf_hashes: Sequence[bytes], frontier: Sequence[bytes]
) -> tuple[dict[Node, bytes], list[bytes]]:
    """The interior nodes that become complete when leaves are appended, and the new compact range.

    `frontier` is the compact range of the old tree. Leaves (level 0) are not among the nodes.
    """
    assert len(frontier) == old_size.bit_count()
    nodes: dict[Node, bytes] = {}
    new_frontier = list(frontier)
    for index, leaf in enumerate(leaf_hashes, start=old_size):
        level, position, folded = 0, index, leaf
        while position & 1:
            folded = node_hash(new_frontier.pop(), folded)
            level, position = level + 1, position >> 1
            nodes[level, position] = folded
        new_frontier.append(folded)
    return nodes, new_frontier


def inclusion_nodes(index: int, size: int) -> Plan:
    """Which nodes make up the audit path of a leaf."""
    assert 0 <= index < size
    plan: Plan = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            plan.append(_span(middle, stop))
            stop = middle
        else:
            plan.append(_span(start, middle))
            start = middle
    return plan[::-1]


def consistency_nodes(old_size: int, size: int) -> Plan:
    """Which nodes make up the consistency proof between two trees. None from the empty tree."""
    assert 0 <= old_size <= size
    if old_size == 0:
        return []
    plan: Plan = []
    start, stop = 0, size
    while stop != old_size:
        middle = start + _split(stop - start)
        if old_size <= middle:
            plan.append(_span(middle, stop))
            stop = middle
        else:
            plan.append(_span(start, middle))
            start = middle
    if start > 0:
        plan.append(_span(start, stop))
    return plan[::-1]


def inclusion_from_nodes(index: int, size: int, hashes: Mapping[Node, bytes]) -> list[bytes]:
    """The audit path of a leaf. `hashes` has at least the nodes of `inclusion_nodes`."""
    return _assemble(inclusion_nodes(index, size), hashes)


def consistency_from_nodes(old_size: int, size: int, hashes: Mapping[Node, bytes]) -> list[bytes]:
    """The consistency proof. `hashes` has at least the nodes of `consistency_nodes`."""
    return _assemble(consistency_nodes(old_size, size), hashes)


def _assemble(plan: Plan, hashes: Mapping[Node, bytes]) -> list[bytes]:
    return [fold([hashes[node] for node in nodes]) for nodes in plan]


def _span(start: int, stop: int) -> list[Node]:
    """The complete subtrees over the leaves start … stop-1, where start is aligned to their number."""
    nodes: list[Node] = []
    while start < stop:
        level = (stop - start).bit_length() - 1
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def left_level(size: int) -> int:
    """The level of the complete subtree that is the left half of a tree of `size` leaves, two or more."""
    return (size - 1).bit_length() - 1


def _split(size: int) -> int:
    """The largest power of two below `size`: the leaves of a tree's left half."""
    return 1 << left_level(size)


def span_hash(start: int, stop: int, hashes: Mapping[Node, bytes]) -> bytes:
    """The hash of the half of a tree, or of a half, that has the leaves start … stop-1."""
    return fold([hashes[node] for node in _span(start, stop)])


def verify_inclusion(
    leaf_hash: bytes, index: int, *, size: int, proof: Sequence[bytes], root_hash: bytes
) -> bool:
    """Whether the leaf stands at `index` of the tree (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes(leaf_hash, *proof):
        return False
    position, last, folded = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            folded = node_hash(sibling, folded)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            folded = node_hash(folded, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and folded == root_hash


def verify_consistency(
    old_size: int, size: int, *, proof: Sequence[bytes], old_root: bytes, root_hash: bytes
) -> bool:
    """Whether the old tree is a prefix of the new one (RFC 9162, section 2.1.4.2).

    The empty tree is a prefix of every tree, and equal sizes have equal roots: their proof is empty.
    """
    if not 0 <= old_size <= size or not _are_hashes(old_root, *proof):
        return False
    if old_size == 0:
        return not proof and old_root == EMPTY_ROOT
    if old_size == size:
        return not proof and old_root == root_hash
    path = [old_root, *proof] if old_size.bit_count() == 1 else list(proof)
    return len(path) > 0 and _both_roots(old_size, size, path) == (old_root, root_hash)


def _are_hashes(*hashes: bytes) -> bool:
    return all(len(hash_) == HASH_BYTES for hash_ in hashes)


def _both_roots(old_size: int, size: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    position, last = old_size - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if position & 1 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        position, last = position >> 1, last >> 1
    return (old, new) if last == 0 else None
