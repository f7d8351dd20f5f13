"""Did a question become easier or harder? Pure: two tallies of answers in, the change with its interval out.

A question that suddenly everybody gets right may have leaked, or the training may have improved; one that
becomes harder may have been edited badly. The figures say *that* it changed, never why.

The interval of the difference of two shares is Newcombe's hybrid score interval (R. G. Newcombe, Stat. Med. 17,
1998, method 10); where marks are given in parts it is the normal one.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from exams.analysis import Z_95, wilson


@dataclass(frozen=True, slots=True)
class Tally:
    """Answers to one version over a time: how many, the sum of the shares earned (0 to 1 each) and of their squares."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    @classmethod
    def of(cls, shares: Iterable[float]) -> "Tally":
        """Return the tally of these shares."""
        kept = list(shares)
        return cls(len(kept), math.fsum(kept), math.fsum(share * share for share in kept))

    @property
    def facility(self) -> float:
        """Return the mean share; raise ZeroDivisionError where nobody answered."""
        return self.total / self.n

    @property
    def is_partial(self) -> bool:
        """Tell whether an answer earned a part: where each is 0 or 1 its square is itself."""
        return abs(self.total - self.squares) > 1e-9

    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the facility: Wilson's, or the normal one where marks came in parts."""
        if not self.is_partial:
            return wilson(self.total, self.n)
        half = Z_95 * math.sqrt(self._variance() / self.n)
        return max(0.0, self.facility - half), min(1.0, self.facility + half)

    def _variance(self) -> float:
        return max(self.squares - self.n * self.facility**2, 0.0) / max(self.n - 1, 1)


@dataclass(frozen=True, slots=True)
class Drift:
    """How the facility changed: `change` is after less before, `low` to `high` its 95 % interval (all -1 to 1)."""

    before: float
    after: float
    n_before: int
    n_after: int
    low: float
    high: float

    @property
    def change(self) -> float:
        """Return how much easier the question became; negative: harder."""
        return self.after - self.before

    def is_marked(self, at_least: float) -> bool:
        """Tell whether it changed by `at_least`, and by more than chance explains."""
        return abs(self.change) >= at_least and (self.low > 0 or self.high < 0)


def drift(before: Tally, after: Tally, *, enough: int) -> Drift | None:
    """Return the change between two times, or None where either has fewer than `enough` answers (at least 1)."""
    if min(before.n, after.n) < max(enough, 1):
        return None
    (low_1, high_1), (low_2, high_2) = before.interval(), after.interval()
    first, second = before.facility, after.facility
    change = second - first
    return Drift(
        before=first,
        after=second,
        n_before=before.n,
        n_after=after.n,
        low=max(-1.0, change - math.hypot(second - low_2, high_1 - first)),
        high=min(1.0, change + math.hypot(high_2 - second, first - low_1)),
    )
