"""Who lies below whom in a tree that changes. Pure: parents in, ancestors, paths and spans out.

A tree is a mapping from a unit's id to the id of the unit it hangs below, None at the top. The tree of a past
day is the present one with the units that hung elsewhere put back (`put_back`).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

Tree = Mapping[int, int | None]
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Hanging:
    """A unit's time below one parent: from `starts_on` up to, not including, `ends_before` (None: still)."""

    unit: int
    parent: int | None
    starts_on: dt.date
    ends_before: dt.date | None = None

    def covers(self, on: dt.date) -> bool:
        """Tell whether the unit hung there on a day."""
        return self.starts_on <= on and (self.ends_before is None or on < self.ends_before)


def tree_of_paths(paths: Mapping[int, str], steplen: int) -> dict[int, int | None]:
    """Return the tree that materialised paths describe; a unit whose parent is not among them is at the top."""
    ids = {path: unit for unit, path in paths.items()}
    return {unit: ids.get(path[:-steplen]) for unit, path in paths.items()}


def put_back(tree: Tree, held: Iterable[Hanging], on: dt.date) -> dict[int, int | None]:
    """Return the tree of a day, given the present one and where units hung that day."""
    return {**tree, **{hanging.unit: hanging.parent for hanging in held if hanging.covers(on)}}


def ancestors(tree: Tree, unit: int | None) -> Iterator[int]:
    """Yield a unit and everything above it, from below. Stops where a unit would come again."""
    seen: set[int] = set()
    while unit is not None and unit not in seen:
        seen.add(unit)
        yield unit
        unit = tree.get(unit)


def below(tree: Tree, roots: Collection[int]) -> set[int]:
    """Return these units and everything below them."""
    children = _children(tree)
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        unit = waiting.pop()
        if unit not in found:
            found.add(unit)
            waiting += children.get(unit, ())
    return found


def day_of_cycle(
    tree: Tree, history: Collection[Hanging], unit: int, parent: int | None, on: dt.date
) -> dt.date | None:
    """Return the first day from `on` at which `parent` lies at or below `unit`, None if it never does.

    A move noted late must hold on every later day too: each day on which some unit moved is looked at.
    """
    if parent is None:
        return None
    days = sorted({on, *(hanging.starts_on for hanging in history if hanging.starts_on > on)})
    for day in days:
        if unit in ancestors(put_back(tree, history, day), parent):
            return day
    return None


def paths_of(tree: Tree, order: Mapping[int, str], steplen: int) -> dict[int, str]:
    """Return a path for every unit so that a unit's path begins with that of the unit above it.

    Brothers and sisters keep the order of `order`. Paths compare and cut like treebeard's.
    """
    children = _children(tree)
    paths: dict[int, str] = {}
    waiting: list[tuple[int | None, str]] = [(None, "")]
    while waiting:
        parent, path = waiting.pop()
        for number, unit in enumerate(sorted(children.get(parent, ()), key=order.__getitem__), start=1):
            paths[unit] = path + _step(number, steplen)
            waiting.append((unit, paths[unit]))
    return paths


def spans(ordered_paths: Sequence[str], inside: Collection[str]) -> list[tuple[str, str]]:
    """Return the first and last path of each unbroken run of `inside` within all paths in order.

    A part of the present tree is one run. A branch moved in or out adds or breaks one, so a condition on the
    runs stays short however large the tree is.
    """
    chosen = inside if isinstance(inside, (set, frozenset)) else set(inside)
    runs: list[tuple[str, str]] = []
    was_inside = False
    for path in ordered_paths:
        is_inside = path in chosen
        if is_inside:
            runs[-1:] = [(runs[-1][0], path)] if was_inside else [*runs[-1:], (path, path)]
        was_inside = is_inside
    return runs


def _children(tree: Tree) -> dict[int | None, list[int]]:
    children: dict[int | None, list[int]] = defaultdict(list)
    for unit, parent in tree.items():
        children[parent if parent in tree else None].append(unit)
    return children


def _step(number: int, steplen: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, len(_DIGITS))
        digits = _DIGITS[rest] + digits
    return digits.rjust(steplen, "0")
