"""The pure arithmetic of a tree that changes."""

import datetime as dt

import pytest

from people.lineage import (
    Hanging,
    ancestors,
    below,
    day_of_cycle,
    paths_of,
    put_back,
    spans,
    tree_of_paths,
)

TREE = {1: None, 2: 1, 3: 1, 4: 2, 5: None}
MAY, JUNE, JULY = dt.date(2026, 5, 1), dt.date(2026, 6, 1), dt.date(2026, 7, 1)


def test_paths_and_trees_say_the_same():
    paths = {1: "0001", 2: "00010001", 3: "00010002", 4: "000100010001", 5: "0002"}
    assert tree_of_paths(paths, 4) == TREE
    assert paths_of(TREE, paths, 4) == paths


def test_a_path_step_counts_in_base_36():
    tree = dict.fromkeys(range(40))
    paths = paths_of(tree, {unit: f"{unit:04d}" for unit in tree}, 4)
    assert (paths[8], paths[9], paths[34], paths[35], paths[39]) == ("0009", "000A", "000Z", "0010", "0014")
    assert sorted(tree, key=paths.__getitem__) == list(tree)


def test_ancestors_and_below():
    assert list(ancestors(TREE, 4)) == [4, 2, 1]
    assert list(ancestors({1: 2, 2: 1}, 1)) == [1, 2]
    assert below(TREE, [2]) == {2, 4}
    assert below(TREE, [1, 2]) == {1, 2, 3, 4}


@pytest.mark.parametrize(
    ("day", "parent"), [(MAY, 3), (dt.date(2026, 5, 31), 3), (JUNE, 2), (JULY, 2), (dt.date(2026, 4, 30), 2)]
)
def test_put_back_uses_half_open_intervals(day, parent):
    assert put_back(TREE, [Hanging(4, 3, MAY, JUNE)], day)[4] == parent


def test_a_move_must_hold_on_every_later_day():
    # From June on 1 hangs below 5; before that 5 may hang below 1, from then on it may not.
    tree = {**TREE, 1: 5}
    history = [Hanging(1, None, dt.date(1900, 1, 1), JUNE), Hanging(1, 5, JUNE)]
    assert day_of_cycle(tree, history, 5, 1, MAY) == JUNE
    assert day_of_cycle(tree, history, 5, 4, JULY) == JULY
    assert day_of_cycle(tree, history, 4, 3, MAY) is None
    assert day_of_cycle(TREE, [], 1, 4, MAY) == MAY
    assert day_of_cycle(TREE, [], 1, 1, MAY) == MAY
    assert day_of_cycle(TREE, [], 4, None, MAY) is None


@pytest.mark.parametrize(
    ("inside", "runs"),
    [("", []), ("abcde", ["ae"]), ("ab", ["ab"]), ("acd", ["aa", "cd"]), ("bd", ["bb", "dd"]), ("e", ["ee"])],
)
def test_spans_join_neighbours(inside, runs):
    assert spans("abcde", set(inside)) == [tuple(run) for run in runs]
