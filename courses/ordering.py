"""Which lesson of a course is open, and which courses wait for each other. Pure."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def first_undone(before: Sequence[Key], done: Collection[Key]) -> Key | None:
    """Return the first of what stands before a lesson in its course that is not done, or None."""
    return next((one for one in before if one not in done), None)


def circle(start: Key, needs: Mapping[Key, Collection[Key]]) -> list[Key]:
    """Return the way round by which `start` needs itself, itself at both ends; empty if there is none."""
    came_from: dict[Key, Key] = {}
    waiting = [start]
    while waiting:
        here = waiting.pop()
        for needed in needs.get(here, ()):
            if needed == start:
                way = [start, here]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if needed not in came_from:
                came_from[needed] = here
                waiting.append(needed)
    return []
