"""Which questions say nearly the same. Pure, and made for Chinese, where there are no spaces to go by.

A text is the set of its runs of three characters, after width, case, punctuation and white space are folded.
Two texts are as alike as the share of their runs they have in common (Jaccard). Pairs of a whole bank are found
by prefix filtering (Chaudhuri, Ganti, Kaushik 2006): sets as alike as the threshold must share one of their
rarest runs, so only texts that meet there are compared.
"""

import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

SIZE = 3
THRESHOLD = Fraction(7, 10)
# A stem this short ("下列说法正确的是") says nothing by itself: the options have to be alike, too.
SHORT = 14
ALIKE_OPTIONS = Fraction(1, 2)

Runs = frozenset[str]


@dataclass(frozen=True, slots=True)
class Text:
    """A question to compare: its stem and the texts of its options."""

    id: int
    stem: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two questions that are nearly the same; `share_pct` says how alike their stems are, up to 100."""

    one: int
    other: int
    share_pct: int


def folded(text: str) -> str:
    """Return letters, digits and Chinese characters alone, half-width and in lower case.

    Signs that change a meaning in rules of safety (%, ≥, <, ℃ and the like) stay.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in plain if unicodedata.category(sign)[0] in "LN" or sign in "%<>≤≥±=")


def runs_of(text: str) -> Runs:
    """Return the runs of three characters of a text; a shorter text is a run itself."""
    plain = folded(text)
    if len(plain) < SIZE:
        return frozenset({plain} if plain else ())
    return frozenset(plain[place : place + SIZE] for place in range(len(plain) - SIZE + 1))


def likeness(one: Runs, other: Runs) -> Fraction:
    """Return the share of runs two texts have in common, 0 to 1; two empty texts have none."""
    union = len(one | other)
    return Fraction(len(one & other), union) if union else Fraction(0)


def _options_agree(one: Text, other: Text) -> bool:
    """Tell whether options do not speak against a pair: only short stems need alike ones."""
    if min(len(folded(one.stem)), len(folded(other.stem))) >= SHORT:
        return True
    if not one.options and not other.options:
        return True
    mine, theirs = ({folded(text) for text in each.options} for each in (one, other))
    return Fraction(len(mine & theirs), max(len(mine | theirs), 1)) >= ALIKE_OPTIONS


def _pair(one: Text, other: Text, share: Fraction) -> Pair:
    first, second = sorted((one.id, other.id))
    return Pair(first, second, math.floor(share * 100))


def like(text: Text, others: Iterable[Text], threshold: Fraction = THRESHOLD) -> list[Pair]:
    """Return which of `others` are nearly the same as `text`, the most alike first. Linear."""
    runs = runs_of(text.stem)
    found = []
    for other in others:
        if other.id == text.id:
            continue
        theirs = runs_of(other.stem)
        if not runs or min(len(runs), len(theirs)) < threshold * max(len(runs), len(theirs)):
            continue
        share = likeness(runs, theirs)
        if share >= threshold and _options_agree(text, other):
            found.append((share, other))
    found.sort(key=lambda entry: (-entry[0], entry[1].id))
    return [_pair(text, other, share) for share, other in found]


def near_pairs(
    texts: Sequence[Text], threshold: Fraction = THRESHOLD, limit: int | None = None
) -> list[Pair]:
    """Return all pairs that are nearly the same, the most alike first; equal to comparing each with each.

    With `limit` it stops once that many are found: a bank of copies would make pairs by the million.
    """
    runs = {text.id: runs_of(text.stem) for text in texts}
    by_id = {text.id: text for text in texts}
    frequency = Counter(run for each in runs.values() for run in each)
    # Shortest first: what was indexed before is never longer.
    order = sorted(runs, key=lambda key: (len(runs[key]), key))
    index: Mapping[str, list[int]] = defaultdict(list)
    found: list[tuple[Fraction, Pair]] = []
    for key in order:
        mine = runs[key]
        if not mine:
            continue
        rare_first = sorted(mine, key=lambda run: (frequency[run], run))
        prefix = rare_first[: len(mine) - math.ceil(threshold * len(mine)) + 1]
        least = threshold * len(mine)
        met = {other for run in prefix for other in index[run] if len(runs[other]) >= least}
        for other in met:
            share = likeness(mine, runs[other])
            if share >= threshold and _options_agree(by_id[key], by_id[other]):
                found.append((share, _pair(by_id[key], by_id[other], share)))
        if limit is not None and len(found) >= limit:
            break
        for run in prefix:
            index[run].append(key)
    found.sort(key=lambda entry: (-entry[0], entry[1].one, entry[1].other))
    return [pair for _share, pair in found][:limit]
