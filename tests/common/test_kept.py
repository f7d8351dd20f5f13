"""What a process keeps is bounded, and the longest unused goes first."""

from common.kept import Kept, forget_all


def test_the_longest_unused_is_dropped_first():
    kept = Kept(2)
    kept.keep("a", 1)
    kept.keep("b", 2)
    assert kept.get("a") == 1
    kept.keep("c", 3)
    assert (kept.get("a"), kept.get("b"), kept.get("c"), len(kept)) == (1, None, 3, 2)


def test_all_is_forgotten():
    kept = Kept(2)
    kept.keep("a", 1)
    forget_all()
    assert len(kept) == 0
