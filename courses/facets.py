"""Narrow the catalogue by what its entries are about, and count what each further choice would leave.

Pure. Values of one facet add to each other (a case or a rule); facets narrow each other (of this hazard and
for that post). A value's count is what choosing it shows, with the other facets as they are chosen.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

FACETS = ("kind", "hazard", "work", "post", "industry")
Chosen = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A lesson or a course of the catalogue: its page's number, and its values in each facet."""

    pk: int
    values: dict[str, frozenset[str]] = field(default_factory=dict)


def narrowed(entries: Iterable[Entry], chosen: Chosen, *, but: str = "") -> list[Entry]:
    """Return the entries that hold a chosen value in every facet where one is chosen; `but` is not asked."""
    asked = [(name, values) for name, values in chosen.items() if values and name != but]
    return [
        entry
        for entry in entries
        if all(not values.isdisjoint(entry.values.get(name, frozenset())) for name, values in asked)
    ]


def counted(entries: Iterable[Entry], chosen: Chosen) -> dict[str, Counter[str]]:
    """Return, for each facet, how many entries each value would show."""
    entries = list(entries)
    return {
        name: Counter(
            value
            for entry in narrowed(entries, chosen, but=name)
            for value in entry.values.get(name, frozenset())
        )
        for name in FACETS
    }
