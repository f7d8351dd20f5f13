"""From a directory's departments to full paths of units. Pure."""

import re
from collections.abc import Iterable, Mapping

from common.text import plain_name
from people.directories.shapes import DirectoryUnit

# What parts of a path are separated by elsewhere; inside a department's name they become its full-width twin.
_SEPARATORS = re.compile(r"\s*[/\\>→]\s*")
NAME_LENGTH = 80


def unit_name(name: str) -> str:
    """Return a department's name as a unit of ours can carry it: 机修/电工 stays one name, 机修／电工."""
    return _SEPARATORS.sub("／", plain_name(name))[:NAME_LENGTH]


def unit_paths(units: Iterable[DirectoryUnit], *, root: str, linked: Mapping[str, str]) -> dict[str, str]:
    """Return the full path of each department, by its id; empty for one that has no name to go by.

    The directory's root is the unit `root`; a department whose parent cannot be seen hangs below it. `linked`
    holds the paths of departments already known: they stay there, whatever they are called by now, and what is
    below them follows.
    """
    by_id = {unit.external_id: unit for unit in units}
    paths: dict[str, str] = {}
    for own in by_id:
        _resolve(own, by_id, root, linked, paths)
    return paths


def _resolve(
    own: str,
    by_id: Mapping[str, DirectoryUnit],
    root: str,
    linked: Mapping[str, str],
    paths: dict[str, str],
) -> None:
    """Fill in the path of a department and of those above it that have none yet."""
    chain: list[DirectoryUnit] = []
    seen: set[str] = set()
    above = own
    while above in by_id and above not in paths and above not in seen:
        seen.add(above)
        chain.append(by_id[above])
        above = by_id[above].parent_id
    for unit in reversed(chain):
        if not unit.parent_id:
            paths[unit.external_id] = root
        elif unit.external_id in linked:
            paths[unit.external_id] = linked[unit.external_id]
        else:
            parent, name = paths.get(unit.parent_id, root), unit_name(unit.name)
            paths[unit.external_id] = f"{parent}/{name}" if parent and name else ""
