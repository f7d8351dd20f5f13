"""Item analysis: what an exam's results say of its questions. Pure: attempts in, figures out.

Classical test theory. The figures and where they come from:

- *Facility* (难度系数): the mean share of the marks earned. For a question that is right or wrong its 95 %
  interval is Wilson's (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927), else the normal one cut to 0 … 1.
- *Discrimination* (区分度): the correlation of the share earned with the share earned on the *rest* of the
  paper, so that a question is not compared with itself.
- *Upper–lower index*: facility among the best 27 % less facility among the weakest 27 % (T. L. Kelley,
  J. Educ. Psychol. 30, 1939). Ties at the border are taken in, so a group can be larger.
- *Reliability* (信度): Cronbach's alpha over the places of the paper; where every place is right or wrong it
  is KR-20. The interval is Bonett's (D. G. Bonett, J. Educ. Behav. Stat. 27, 2002). On drawn papers a place
  holds questions that stand in for each other, and the figure speaks of places, not of questions.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import mul
from typing import NamedTuple

Z_95 = 1.959963984540054
GROUP_SHARE = 0.27


class Finding(StrEnum):
    """What makes a question worth a second look. None of them changes a mark."""

    NEGATIVE = "negative"  # the able miss it, the weak get it: most often a wrong key
    WEAK = "weak"
    TOO_HARD = "too_hard"
    TOO_EASY = "too_easy"
    STRONG_DISTRACTOR = "strong_distractor"  # a wrong option draws the able more than the weak
    IDLE_DISTRACTOR = "idle_distractor"  # a wrong option next to nobody takes
    OFTEN_OMITTED = "often_omitted"
    EASIER = "easier"  # than in the version or the time before: exams.drift
    HARDER = "harder"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a figure is a finding. Usual values of test construction, not law; a site may set its own.

    Shares are 0 to 1. `enough` is the number of answers below which nothing is said of a question.
    """

    enough: int = 20
    weak_below: float = 0.15
    hard_below: float = 0.30
    easy_above: float = 0.97
    idle_below: float = 0.02
    strong_by: float = 0.10
    omitted_above: float = 0.10
    drift_at_least: float = 0.15


class Choice(NamedTuple):
    """How an option was used: how many took it, and which share of the weakest, the middle and the best."""

    option_id: str
    is_right: bool
    taken: int
    lower_share: float | None
    middle_share: float | None
    upper_share: float | None


@dataclass(frozen=True, slots=True)
class ItemFigures:
    """What is known of one version of a question. A figure that cannot be computed is None, never 0."""

    version_id: int
    n: int
    facility: float
    facility_low: float
    facility_high: float
    discrimination: float | None
    upper_lower: float | None
    omitted_share: float
    choices: tuple[Choice, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Reliability:
    """Alpha over `places` places of `n` papers of one build, with its 95 % interval.

    `is_kr20` tells that every place was right or wrong. `sem_pct` is the standard error of measurement in
    percent of the paper.
    """

    alpha: float
    low: float
    high: float
    n: int
    places: int
    is_kr20: bool
    sem_pct: float


@dataclass(frozen=True, slots=True)
class ExamFigures:
    """An exam's figures. `score_counts` counts the attempts from 0–9, 10–19 … 90–100 percent."""

    n: int
    mean_pct: float | None
    sd_pct: float | None
    median_pct: float | None
    pass_share: float | None
    score_counts: tuple[int, ...]
    reliability: Reliability | None
    items: tuple[ItemFigures, ...]


@dataclass(frozen=True, slots=True)
class SatPaper:
    """A marked attempt, by columns: each holds an entry for each place of the paper, in their order.

    `shares` is what each answer earned of `points`, 0 to 1; `chosen` are option ids. Columns instead of an object
    for each answer: an exam of 2,000 people has 100,000 answers, and making objects of them took most of the time.
    """

    versions: Sequence[int]
    shares: Sequence[float]
    points: Sequence[float]
    chosen: Sequence[tuple[str, ...]]
    answered: Sequence[bool]
    passed: bool

    @property
    def earned(self) -> float:
        """Return the points earned."""
        return sum(map(mul, self.shares, self.points))

    @property
    def max_points(self) -> float:
        """Return the points to be had."""
        return sum(self.points)


class _Item:
    """The answers to one version, by columns. `x` and `rests` leave out papers that have no other question."""

    __slots__ = ("answered", "chosen", "groups", "rests", "shares", "x")

    def __init__(self) -> None:
        self.shares: list[float] = []
        self.groups: list[int] = []
        self.chosen: list[tuple[str, ...]] = []
        self.answered: list[bool] = []
        self.x: list[float] = []
        self.rests: list[float] = []


def analyse(
    papers: Sequence[SatPaper],
    options: Mapping[int, Sequence[tuple[str, bool]]],
    thresholds: Thresholds | None = None,
) -> ExamFigures:
    """Return the figures of an exam from its marked attempts.

    Shapes: `options` maps a version to its options as (id, is right); a version without options (an answer in
    words) has no choices. Takes time in proportion to the answers. Raises ValueError for a paper of no points.
    """
    thresholds = thresholds or Thresholds()
    scores = [(paper.earned, paper.max_points) for paper in papers]
    if any(most <= 0 for _earned, most in scores):
        raise ValueError("a paper without points cannot be analysed")
    shares = [earned / most for earned, most in scores]
    items = _by_item(papers, scores, _groups(shares))
    return ExamFigures(
        n=len(papers),
        mean_pct=100 * math.fsum(shares) / len(shares) if shares else None,
        sd_pct=100 * _sd(shares) if len(shares) > 1 else None,
        median_pct=100 * _median(shares) if shares else None,
        pass_share=sum(paper.passed for paper in papers) / len(papers) if papers else None,
        score_counts=_histogram(shares),
        reliability=reliability(papers),
        items=tuple(
            _figures(version_id, item, options.get(version_id, ()), thresholds)
            for version_id, item in sorted(items.items())
        ),
    )


def _by_item(
    papers: Sequence[SatPaper], scores: Sequence[tuple[float, float]], groups: Sequence[int]
) -> dict[int, _Item]:
    """Turn the columns of papers into columns of items. This loop sees every answer: it only puts them down."""
    items: dict[int, _Item] = defaultdict(_Item)
    for paper, (earned, most), group in zip(papers, scores, groups, strict=True):
        for version_id, share, points, chosen, is_answered in zip(
            paper.versions, paper.shares, paper.points, paper.chosen, paper.answered, strict=True
        ):
            item = items[version_id]
            item.shares.append(share)
            item.groups.append(group)
            item.chosen.append(chosen)
            item.answered.append(is_answered)
            rest = most - points
            if rest > 0:
                item.x.append(share)
                item.rests.append((earned - share * points) / rest)
    return items


def reliability(papers: Iterable[SatPaper]) -> Reliability | None:
    """Return alpha over the largest set of papers built alike (the same points in the same places).

    None where there are fewer than three papers or two places, or where all scores are equal: nothing can be
    said then.
    """
    builds: dict[tuple[float, ...], list[SatPaper]] = defaultdict(list)
    for paper in papers:
        builds[tuple(paper.points)].append(paper)
    if not builds:
        return None
    build, alike = max(builds.items(), key=lambda entry: (len(entry[1]), entry[0]))
    places, n = len(build), len(alike)
    if n < 3 or places < 2:
        return None
    totals = [paper.earned for paper in alike]
    whole = _variance(totals)
    if whole <= 1e-12:
        return None
    by_place = zip(*(paper.shares for paper in alike), strict=True)
    parts = math.fsum(
        _variance([share * most for share in shares]) for most, shares in zip(build, by_place, strict=True)
    )
    alpha = places / (places - 1) * (1 - parts / whole)
    # Bonett works on ln(1 - alpha); a perfect alpha has no interval of its own.
    rest = max(1 - alpha, 1e-12)
    spread = Z_95 * math.sqrt(2 * places / ((places - 1) * (n - 2)))
    return Reliability(
        alpha=alpha,
        low=1 - rest * math.exp(spread),
        high=1 - rest * math.exp(-spread),
        n=n,
        places=places,
        is_kr20=set().union(*(paper.shares for paper in alike)) <= {0, 1},
        sem_pct=100 * math.sqrt(whole * rest) / sum(build),
    )


def correlation(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """Return Pearson's r of two columns, or None where one does not vary or there are fewer than three pairs."""
    n = len(xs)
    if n < 3:
        return None
    mean_x, mean_y = math.fsum(xs) / n, math.fsum(ys) / n
    dx, dy = [x - mean_x for x in xs], [y - mean_y for y in ys]
    xx, yy, xy = sum(map(mul, dx, dx)), sum(map(mul, dy, dy)), sum(map(mul, dx, dy))
    if xx <= 1e-12 or yy <= 1e-12:
        return None
    return max(-1.0, min(1.0, xy / math.sqrt(xx * yy)))


def wilson(successes: float, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share; raise ValueError for n < 1."""
    if n < 1:
        raise ValueError("no interval without a case")
    share = successes / n
    bottom = 1 + Z_95**2 / n
    middle = (share + Z_95**2 / (2 * n)) / bottom
    half = Z_95 / bottom * math.sqrt(share * (1 - share) / n + Z_95**2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


LOWER, MIDDLE, UPPER = -1, 0, 1


def _groups(shares: Sequence[float]) -> list[int]:
    """Put each attempt into the weakest 27 %, the best 27 % or the middle; equal scores go together."""
    size = round(len(shares) * GROUP_SHARE)
    ranked = sorted(shares)
    if not size or ranked[size - 1] >= ranked[-size]:
        return [MIDDLE] * len(shares)
    low, high = ranked[size - 1], ranked[-size]
    return [LOWER if share <= low else UPPER if share >= high else MIDDLE for share in shares]


def _figures(
    version_id: int, item: _Item, options: Sequence[tuple[str, bool]], thresholds: Thresholds
) -> ItemFigures:
    n, x = len(item.shares), sum(item.shares)
    facility = x / n
    if any(0 < share < 1 for share in set(item.shares)):
        squares = sum(map(mul, item.shares, item.shares))
        variance = max(squares - n * facility * facility, 0.0) / max(n - 1, 1)
        half = Z_95 * math.sqrt(variance / n)
        low, high = max(0.0, facility - half), min(1.0, facility + half)
    else:
        low, high = wilson(x, n)
    sizes = Counter(item.groups)
    upper, lower = _facility_of(UPPER, item, sizes), _facility_of(LOWER, item, sizes)
    figures = ItemFigures(
        version_id=version_id,
        n=n,
        facility=facility,
        facility_low=low,
        facility_high=high,
        discrimination=correlation(item.x, item.rests),
        upper_lower=upper - lower if upper is not None and lower is not None else None,
        omitted_share=item.answered.count(False) / n,
        choices=_choices(item, options, sizes) if options else (),
        findings=(),
    )
    return _judged(figures, thresholds)


def _facility_of(group: int, item: _Item, sizes: Mapping[int, int]) -> float | None:
    if group not in sizes:
        return None
    return (
        sum(share for share, own in zip(item.shares, item.groups, strict=True) if own == group) / sizes[group]
    )


def _choices(
    item: _Item, options: Sequence[tuple[str, bool]], sizes: Mapping[int, int]
) -> tuple[Choice, ...]:
    taken: Counter[tuple[int, str]] = Counter()
    # Answers are few kinds, given often: each kind is taken apart once.
    for (group, chosen), often in Counter(zip(item.groups, item.chosen, strict=True)).items():
        for option_id in chosen:
            taken[group, option_id] += often

    def share(group: int, option_id: str) -> float | None:
        return taken[group, option_id] / sizes[group] if group in sizes else None

    return tuple(
        Choice(
            option_id,
            is_right,
            sum(taken[group, option_id] for group in (LOWER, MIDDLE, UPPER)),
            share(LOWER, option_id),
            share(MIDDLE, option_id),
            share(UPPER, option_id),
        )
        for option_id, is_right in options
    )


def _judged(figures: ItemFigures, thresholds: Thresholds) -> ItemFigures:
    """Add what is worth a second look; nothing below `enough` answers."""
    if figures.n < thresholds.enough:
        return figures
    findings = []
    r = figures.discrimination
    if r is not None and r < 0:
        findings.append(Finding.NEGATIVE)
    elif r is not None and r < thresholds.weak_below and figures.facility <= thresholds.easy_above:
        findings.append(Finding.WEAK)
    if figures.facility_high < thresholds.hard_below:
        findings.append(Finding.TOO_HARD)
    if figures.facility_low > thresholds.easy_above:
        findings.append(Finding.TOO_EASY)
    wrong = [choice for choice in figures.choices if not choice.is_right]
    if any(
        choice.upper_share is not None
        and choice.lower_share is not None
        and choice.upper_share - choice.lower_share > thresholds.strong_by
        for choice in wrong
    ):
        findings.append(Finding.STRONG_DISTRACTOR)
    if len(wrong) > 1 and any(choice.taken < thresholds.idle_below * figures.n for choice in wrong):
        findings.append(Finding.IDLE_DISTRACTOR)
    if figures.omitted_share > thresholds.omitted_above:
        findings.append(Finding.OFTEN_OMITTED)
    return ItemFigures(
        **{name: getattr(figures, name) for name in ItemFigures.__slots__ if name != "findings"},
        findings=tuple(findings),
    )


def _variance(values: Sequence[float]) -> float:
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


def _sd(values: Sequence[float]) -> float:
    return math.sqrt(_variance(values))


def _median(values: Sequence[float]) -> float:
    ranked = sorted(values)
    half = len(ranked) // 2
    return ranked[half] if len(ranked) % 2 else (ranked[half - 1] + ranked[half]) / 2


def _histogram(shares: Sequence[float]) -> tuple[int, ...]:
    counts = [0] * 10
    for share in shares:
        counts[min(int(share * 10 + 1e-9), 9)] += 1
    return tuple(counts)
