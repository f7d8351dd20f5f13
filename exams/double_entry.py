"""Which typed mark of a sheet counts. Pure.

One entry counts at once; where two are asked for, the mark counts when the newest entries of two different people
are the same. After that, a correction (with its reason) counts at once: it is one person's, and it is on record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Entry:
    """What one person typed. `by` is None for the system itself; `reason` makes it a correction."""

    by: int | None
    points: Decimal
    per_slot: tuple[str, ...] = ()
    reason: str = ""

    def same(self, other: "Entry") -> bool:
        """Tell whether two people typed the same."""
        return self.points == other.points and self.per_slot == other.per_slot


class Standing(StrEnum):
    """Where a sheet stands."""

    EMPTY = "empty"
    SECOND_WANTED = "second"  # one person typed it, another one is still to
    DIFFERS = "differs"  # two people typed different marks
    COUNTS = "counts"


def standing(entries: Sequence[Entry], *, second_entry: bool) -> tuple[Standing, Entry | None]:
    """Return where a sheet with these entries, in their order, stands, and the entry that counts."""
    if not entries:
        return Standing.EMPTY, None
    if not second_entry:
        return Standing.COUNTS, entries[-1]
    counting: Entry | None = None
    latest: dict[int | None, Entry] = {}
    for entry in entries:
        if counting is not None:
            counting = entry
            continue
        latest.pop(entry.by, None)
        latest[entry.by] = entry
        others = [other for by, other in latest.items() if by != entry.by]
        if any(other.same(entry) for other in others):
            counting = entry
    if counting is not None:
        return Standing.COUNTS, counting
    return (Standing.DIFFERS if len(latest) > 1 else Standing.SECOND_WANTED), None
