"""The numbers and lists of the rules over time: what applied on a day applies for that day, whatever came later. Pure."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

COUNTS_TOWARDS = "counts_towards_"  # and the kind of programme the hours are asked for


@dataclass(frozen=True, slots=True)
class FigureVersion:
    """One version: a number, or (value None) the kinds of programmes that count. `before` is the first day without."""

    code: str
    since: dt.date
    before: dt.date | None = None
    value: Decimal | None = None
    kinds: frozenset[str] = frozenset()

    def holds_on(self, day: dt.date) -> bool:
        """Tell whether it is in force on a day."""
        return self.since <= day and (self.before is None or day < self.before)


class Figures:
    """What each number was on each day: the house's versions first, then those that ship.

    Before the first version the first one holds: there is no day without a number.
    """

    def __init__(self, own: Iterable[FigureVersion], shipped: Iterable[FigureVersion]) -> None:
        self._own = _by_code(own)
        self._shipped = _by_code(shipped)

    def version(self, code: str, day: dt.date) -> FigureVersion | None:
        """Return the version of a code in force on a day; None for a code nobody knows."""
        own, shipped = self._own[code], self._shipped[code]
        for version in (*own, *shipped):
            if version.holds_on(day):
                return version
        return (shipped or own or (None,))[-1]

    def number(self, code: str, day: dt.date) -> Decimal:
        """Return a number in force on a day. Raises KeyError for one nobody knows."""
        version = self.version(code, day)
        if version is None or version.value is None:
            raise KeyError(code)
        return version.value

    def ceiling(self, day: dt.date) -> Decimal:
        """Return the most 学时 one person may be credited with on a day."""
        return self.number("daily_hours", day)

    def hour_minutes(self, day: dt.date) -> Decimal:
        """Return how many minutes one 学时 had on a day."""
        return self.number("credit_hour_minutes", day)

    def online_share(self, day: dt.date) -> Decimal:
        """Return how much (0 to 1) of a yearly requirement study of that day may fill."""
        return self.number("online_share_pct", day) / 100

    def counts(self, kind: str, required_kind: str, day: dt.date) -> bool:
        """Tell whether training of one kind, held on a day, counts towards a requirement of another."""
        version = self.version(COUNTS_TOWARDS + required_kind, day)
        return kind == required_kind if version is None else kind in version.kinds


def _by_code(versions: Iterable[FigureVersion]) -> dict[str, list[FigureVersion]]:
    """Return the versions of each code, the newest first."""
    found: dict[str, list[FigureVersion]] = defaultdict(list)
    for version in sorted(versions, key=lambda item: item.since, reverse=True):
        found[version.code].append(version)
    return found
