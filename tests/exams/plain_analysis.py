"""Item analysis as one would write it first: an object for each answer, a sum for each figure.

What exams.analysis computes by columns must equal it to the last digit (test_analysis.py).
"""

import math
from collections import Counter, defaultdict
from typing import NamedTuple

from exams.analysis import LOWER, MIDDLE, UPPER, Z_95, Choice, SatPaper, _groups, wilson


class Answered(NamedTuple):
    """One question of one attempt. `share` is what it earned of `max_points`, 0 to 1; `chosen` are option ids."""

    version_id: int
    share: float
    max_points: float
    chosen: tuple[str, ...]
    is_answered: bool


def sat(answers: list[Answered], *, passed: bool) -> SatPaper:
    """Return the columns of a paper."""
    return SatPaper(*(zip(*answers, strict=True) if answers else [()] * 5), passed)


def answers_of(paper: SatPaper) -> list[Answered]:
    """Return the rows of a paper."""
    columns = (paper.versions, paper.shares, paper.points, paper.chosen, paper.answered)
    return [Answered(*row) for row in zip(*columns, strict=True)]


class _Item:
    """Sums over the answers to one version."""

    def __init__(self):
        self.n = self.omitted = 0
        self.x = self.xx = 0.0
        self.partial = False
        self.pairs = []
        self.by_group = defaultdict(lambda: [0, 0.0])
        self.chosen = defaultdict(Counter)


def plain_figures(papers: list[list[Answered]], options: dict) -> list[dict]:
    """Return the figures of each version, in the order of their ids, without findings."""
    scores = [
        (sum(each.share * each.max_points for each in answers), sum(each.max_points for each in answers))
        for answers in papers
    ]
    groups = _groups([earned / most for earned, most in scores])
    items = defaultdict(_Item)
    for answers, (earned, most), group in zip(papers, scores, groups, strict=True):
        for answer in answers:
            item = items[answer.version_id]
            share = answer.share
            item.n += 1
            item.omitted += not answer.is_answered
            item.x += share
            item.xx += share * share
            item.partial = item.partial or 0 < share < 1
            rest = most - answer.max_points
            if rest > 0:
                item.pairs.append((share, (earned - share * answer.max_points) / rest))
            tally = item.by_group[group]
            tally[0] += 1
            tally[1] += share
            item.chosen[group].update(answer.chosen)
    return [_figures(pk, item, options.get(pk, ())) for pk, item in sorted(items.items())]


def plain_alpha(papers: list[list[Answered]]) -> float:
    """Return Cronbach's alpha of papers of one build."""
    build = [answer.max_points for answer in papers[0]]
    places = len(build)
    whole = _variance([sum(each.share * each.max_points for each in answers) for answers in papers])
    parts = math.fsum(
        _variance([answers[place].share * most for answers in papers]) for place, most in enumerate(build)
    )
    return places / (places - 1) * (1 - parts / whole)


def _variance(values):
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


def _correlation(pairs):
    n = len(pairs)
    if n < 3:
        return None
    mean_x = math.fsum(x for x, _ in pairs) / n
    mean_y = math.fsum(y for _, y in pairs) / n
    xx = yy = xy = 0.0
    for x, y in pairs:
        dx, dy = x - mean_x, y - mean_y
        xx += dx * dx
        yy += dy * dy
        xy += dx * dy
    if xx <= 1e-12 or yy <= 1e-12:
        return None
    return max(-1.0, min(1.0, xy / math.sqrt(xx * yy)))


def _figures(version_id, item, options):
    facility = item.x / item.n
    if item.partial:
        variance = max(item.xx - item.n * facility * facility, 0.0) / max(item.n - 1, 1)
        half = Z_95 * math.sqrt(variance / item.n)
        low, high = max(0.0, facility - half), min(1.0, facility + half)
    else:
        low, high = wilson(item.x, item.n)
    upper, lower = item.by_group.get(UPPER), item.by_group.get(LOWER)
    return {
        "version_id": version_id,
        "n": item.n,
        "facility": facility,
        "facility_low": low,
        "facility_high": high,
        "discrimination": _correlation(item.pairs),
        "upper_lower": upper[1] / upper[0] - lower[1] / lower[0] if upper and lower else None,
        "omitted_share": item.omitted / item.n,
        "choices": tuple(_choice(item, option_id, is_right) for option_id, is_right in options),
    }


def _choice(item, option_id, is_right):
    def share(group):
        tally = item.by_group.get(group)
        return item.chosen[group][option_id] / tally[0] if tally else None

    taken = sum(chosen[option_id] for chosen in item.chosen.values())
    return Choice(option_id, is_right, taken, share(LOWER), share(MIDDLE), share(UPPER))
