"""How often somebody who answers by themselves agrees with another as much as was seen. Pure.

Given are the other's answers, and how many questions this person got right in all: with that number held fast it
no longer matters how able the person is (G. Rasch, 1960; so the K-index of Holland, ETS RR-96-07, conditions too).
What is left is the chance that right and wrong fell so often where the other's did, and that the wrong answers
were the other's. It is counted in the weights of the likelihood ratio and computed by a double saddlepoint
(H. E. Daniels, Int. Stat. Rev. 55, 1987; I. M. Skovgaard, J. Appl. Prob. 24, 1987): the answers are tilted until
the agreement seen is the one expected, and the tail beyond it is a normal one.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

STEEPEST = 3.0  # no tilt goes further: an agreement that is complete would ask for an endless one
_CLOSE = 1e-6
_ROUNDS = 40


class Chance(NamedTuple):
    """A question: how likely the right answer was and the other's wrong one, and what agreeing in either weighs.

    `wrong` is 0 and one of the weights 0 where the other was right; all but `right` are 0 where the other did not
    answer.
    """

    right: float
    right_weighs: float = 0.0
    wrong: float = 0.0
    wrong_weighs: float = 0.0


class _Tilted(NamedTuple):
    """The cumulants of the number right and of the agreement, tilted by `u` and `v`."""

    u: float
    v: float
    log_sum: float
    right: float
    right_variance: float
    agreement: float
    agreement_variance: float  # with the number right held fast

    @classmethod
    def of(cls, chances: Sequence[Chance], u: float, v: float) -> "_Tilted":
        eased = math.exp(u)
        log_sum = right = right_variance = agreement = variance = covariance = 0.0
        for p, weight, other_p, other_weight in chances:
            hit, same = p * eased * math.exp(v * weight), other_p * math.exp(v * other_weight)
            whole = hit + same + 1 - p - other_p
            hit, same = hit / whole, same / whole
            log_sum += math.log(whole)
            right += hit
            right_variance += hit * (1 - hit)
            agreement += weight * hit + other_weight * same
            variance += weight * weight * hit * (1 - hit) + other_weight * other_weight * same * (1 - same)
            covariance += weight * hit * (1 - hit) - other_weight * hit * same
        rest = variance - covariance * covariance / right_variance
        return cls(u, v, log_sum, right, right_variance, agreement, max(rest, 1e-9))

    @classmethod
    def to_right(cls, chances: Sequence[Chance], right: int, u: float, v: float) -> "_Tilted":
        """Return the tilt at which `right` are expected to be right, sought from `u` on."""
        for _round in range(_ROUNDS):
            tilted = cls.of(chances, u, v)
            step = (right - tilted.right) / tilted.right_variance
            if abs(step) < _CLOSE:
                break
            u += max(-1.5, min(step, 1.5))
        return tilted


def log_chance(chances: Sequence[Chance], *, right: int, agreement: float) -> float:
    """Return the logarithm of the chance of an agreement of at least `agreement`, given how many were right.

    0, a chance of one, where all or nothing was right, or where no more agree than was to be expected.
    """
    if not 0 < right < len(chances):
        return 0.0
    alone = _Tilted.to_right(chances, right, 0.0, 0.0)
    if agreement <= alone.agreement:
        return 0.0
    tilted = _tilted_to(chances, right, agreement, alone.u)
    u, v = tilted.u, tilted.v
    return min(
        0.0,
        (tilted.log_sum - u * right - v * agreement)
        - (alone.log_sum - alone.u * right)
        + math.log(alone.right_variance / tilted.right_variance) / 2
        + _log_beyond(tilted, agreement),
    )


def _log_beyond(tilted: _Tilted, agreement: float) -> float:
    """Return what of the tilted tail lies beyond the agreement, each part discounted by how far beyond it is."""
    if tilted.v > STEEPEST - 0.01:
        return (
            0.0  # at the edge of what is possible nothing is normal: all of it, which is the most it can be
        )
    spread = math.sqrt(tilted.agreement_variance)
    beyond, steep = agreement - tilted.agreement, tilted.v * spread
    return tilted.v * beyond + steep * steep / 2 + _log_tail(beyond / spread + steep)


def _tilted_to(chances: Sequence[Chance], right: int, agreement: float, u: float) -> _Tilted:
    """Return the tilt at which `agreement` is expected, or the steepest one."""
    low, high, v = 0.0, STEEPEST, 1.0
    for _round in range(_ROUNDS):
        tilted = _Tilted.to_right(chances, right, u, v)
        missing = agreement - tilted.agreement
        low, high = (v, high) if missing > 0 else (low, v)
        wanted = v + missing / tilted.agreement_variance
        wanted = wanted if low <= wanted <= high else (low + high) / 2
        if abs(wanted - v) < 1e-4:
            break
        u, v = tilted.u, wanted
    return tilted


def _log_tail(z: float) -> float:
    """Return the logarithm of the normal distribution's tail beyond `z`."""
    if z < 30:
        return math.log(math.erfc(z / math.sqrt(2)) / 2)
    return -z * z / 2 - math.log(z * math.sqrt(2 * math.pi))
