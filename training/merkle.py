"""The Merkle tree of the training ledger, as RFC 6962 section 2.1 defines it. Pure.

A leaf and a node are hashed with different first bytes, so that no node can be passed off as a leaf. Hashes
are bytes here; the database keeps them as hex.
"""

import hashlib
from collections.abc import Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(payload: bytes) -> bytes:
    """Return the hash of one ledger row's canonical bytes: SHA-256(0x00 || payload)."""
    return hashlib.sha256(b"\x00" + payload).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes in ledger order; of no leaves, the hash of the empty string."""
    if not leaves:
        return EMPTY_ROOT
    level = list(leaves)
    # Pairing neighbours and carrying a lone last one up gives the same tree as RFC 6962's recursive split.
    while len(level) > 1:
        paired = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired if len(level) % 2 == 0 else [*paired, level[-1]]
    return level[0]


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the audit path of leaf `index` (0-based), from the leaf upwards.

    Raises IndexError if there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"leaf {index} of {len(leaves)}")
    path: list[bytes] = []
    level = list(leaves)
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        paired = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired if len(level) % 2 == 0 else [*paired, level[-1]]
        index //= 2
    return path


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes
) -> bool:
    """Tell whether `proof` shows that `leaf` stands at `index` of a tree of `size` leaves (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position % 2 or position == last:
            computed = node_hash(sibling, computed)
            while position and not position % 2:
                position //= 2
                last //= 2
        else:
            computed = node_hash(computed, sibling)
        position //= 2
        last //= 2
    return last == 0 and computed == expected_root


class Frontier:
    """A tree that only grows, kept as the roots of its complete subtrees: log2(n) hashes instead of n.

    `peaks` stand from the largest subtree on the left to the smallest on the right; there are as many as `size`
    has bits set.
    """

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        """Go on from a tree of `size` leaves; raise ValueError if `peaks` cannot be those of one."""
        if size < 0 or size.bit_count() != len(peaks):
            raise ValueError(f"{len(peaks)} peaks do not make a tree of {size} leaves")
        self.size = size
        self.peaks = list(peaks)

    def add(self, leaf: bytes) -> None:
        """Put one leaf hash behind the others."""
        node, size = leaf, self.size
        while size & 1:
            node = node_hash(self.peaks.pop(), node)
            size >>= 1
        self.peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Return the root over all leaves added so far."""
        if not self.peaks:
            return EMPTY_ROOT
        node = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            node = node_hash(peak, node)
        return node


def consistency_proof(old_size: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the hashes that show how a tree of the first `old_size` leaves grew into that of all (RFC 6962 2.1.2).

    Raises IndexError if the old tree is empty or larger than the new one.
    """
    if not 0 < old_size <= len(leaves):
        raise IndexError(f"no tree of {old_size} leaves within {len(leaves)}")
    return _subproof(old_size, leaves, whole=True)


def _subproof(old_size: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    size = len(leaves)
    if old_size == size:
        return [] if whole else [root(leaves)]
    split = 1 << ((size - 1).bit_length() - 1)
    if old_size <= split:
        return [*_subproof(old_size, leaves[:split], whole=whole), root(leaves[split:])]
    return [*_subproof(old_size - split, leaves[split:], whole=False), root(leaves[:split])]


def verify_consistency(
    old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Tell whether `proof` shows that the new tree holds the old one unchanged at its front (RFC 9162 2.1.4.2)."""
    if not 0 < old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not path:
        return False
    position, last = old_size - 1, new_size - 1
    while position & 1:
        position >>= 1
        last >>= 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while position and not position & 1:
                position >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and old == old_root and new == new_root
