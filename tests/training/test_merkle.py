import pytest
from hypothesis import given
from hypothesis import strategies as st

from training import merkle

# The inputs and roots published with the reference implementation of Certificate Transparency (RFC 6962).
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [merkle.leaf_hash(data) for data in INPUTS]


def recursive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1 word for word: split at the largest power of two below the size."""
    if not leaves:
        return merkle.EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return merkle.node_hash(recursive_root(leaves[:split]), recursive_root(leaves[split:]))


def test_empty_tree_has_the_hash_of_nothing():
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(1, 9))
def test_root_matches_the_published_vectors(size):
    assert merkle.root(LEAVES[:size]).hex() == ROOTS[size - 1]


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_root_equals_the_recursive_definition(inputs):
    leaves = [merkle.leaf_hash(data) for data in inputs]

    assert merkle.root(leaves) == recursive_root(leaves)


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=40, unique=True), st.data())
def test_every_leaf_proves_its_place_and_no_other(inputs, data):
    leaves = [merkle.leaf_hash(item) for item in inputs]
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = merkle.inclusion_proof(index, leaves)
    root = merkle.root(leaves)

    assert merkle.verify_inclusion(leaves[index], index, len(leaves), proof, root)
    for other in range(len(leaves)):
        if other != index:
            assert not merkle.verify_inclusion(leaves[other], index, len(leaves), proof, root)
            assert not merkle.verify_inclusion(leaves[index], other, len(leaves), proof, root)
    assert not merkle.verify_inclusion(leaves[index], index, len(leaves), [*proof, root], root)


def test_proof_of_a_missing_leaf_is_refused():
    with pytest.raises(IndexError):
        merkle.inclusion_proof(8, LEAVES)
    assert not merkle.verify_inclusion(LEAVES[0], 8, 8, [], merkle.root(LEAVES))


@given(st.lists(st.binary(max_size=8), max_size=70), st.integers(0, 70))
def test_growing_tree_has_the_same_root_and_can_be_taken_up_anywhere(data, pause):
    leaves = [merkle.leaf_hash(item) for item in data]
    tree = merkle.Frontier()
    for number, leaf in enumerate(leaves):
        if number == pause:
            tree = merkle.Frontier(tree.size, tree.peaks)
        tree.add(leaf)
    assert tree.root() == recursive_root(leaves)


@pytest.mark.parametrize(("size", "peaks"), [(1, 0), (3, 1), (-1, 0), (4, 2)])
def test_peaks_that_cannot_be_a_tree_are_refused(size, peaks):
    with pytest.raises(ValueError, match="peaks"):
        merkle.Frontier(size, [b"x"] * peaks)


@given(st.integers(1, 60), st.data())
def test_consistency_holds_for_every_older_tree_and_for_no_other(size, data):
    leaves = [merkle.leaf_hash(str(number).encode()) for number in range(size)]
    old_size = data.draw(st.integers(1, size))
    old, new = merkle.root(leaves[:old_size]), merkle.root(leaves)
    proof = merkle.consistency_proof(old_size, leaves)
    assert merkle.verify_consistency(old_size, size, old, new, proof)

    changed = list(leaves)
    changed[data.draw(st.integers(0, old_size - 1))] = merkle.leaf_hash(b"changed")
    other = merkle.root(changed)
    assert not merkle.verify_consistency(
        old_size, size, old, other, merkle.consistency_proof(old_size, changed)
    )
    assert not merkle.verify_consistency(old_size, size, old, new, [*proof, old])
    if proof:
        assert not merkle.verify_consistency(old_size, size, old, new, proof[:-1])


def test_consistency_of_no_tree_or_a_larger_one_is_refused():
    for old_size in (0, len(LEAVES) + 1):
        with pytest.raises(IndexError):
            merkle.consistency_proof(old_size, LEAVES)
        assert not merkle.verify_consistency(old_size, len(LEAVES), b"", b"", [])
