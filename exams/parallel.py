"""Parallel forms: papers of one blueprint that are equally hard and share as little as can be. Pure.

A question's *hardness* is the share of its points that is expected to be lost: 1 less its measured facility
where enough people answered it, else what its author's difficulty usually means. A form's hardness is the mean
over its points. First the questions are found: if the bank can meet all rows for all forms at once, the forms
share nothing; else each form takes what the earlier ones used least. Then questions of the same row are exchanged
between forms, and with unused ones, as long as the forms come closer to each other. Must-know questions are
exchanged for must-know questions only, so their number stays as dealt.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from exams.drawing import Drawn, InfeasibleBlueprint, PoolItem, Row, draw_least_used

LABELS = "ABCDEFGH"
MAX_FORMS = len(LABELS)
# Author's difficulty, 1 easy to 5 hard, as the share of points usually lost. Used until there are measurements.
USUAL_HARDNESS = {1: 0.10, 2: 0.25, 3: 0.40, 4: 0.55, 5: 0.70}
CLOSE_ENOUGH = 0.001  # of the points: nobody can tell such forms apart
ROUNDS = 200  # exchanges; each strictly lowers the spread, so this is a brake and no tuning


@dataclass(frozen=True, slots=True)
class FormFigures:
    """What a form is like: mean author's difficulty, mean hardness (0 to 1), and what it shares with others."""

    questions: int
    points: float
    difficulty: float
    hardness: float
    must_know: int
    measured: int
    shared: int


@dataclass(frozen=True, slots=True)
class Form:
    """One form: its questions in their order, and its figures."""

    label: str
    drawn: tuple[Drawn, ...]
    figures: FormFigures


def hardness_of(item: PoolItem, measured: Mapping[int, float]) -> float:
    """Return the share of points expected to be lost; `measured` maps question id to the share lost so far."""
    return measured.get(item.question_id, USUAL_HARDNESS[item.difficulty])


def make_forms(
    rows: Sequence[Row], pool: Sequence[PoolItem], count: int, measured: Mapping[int, float], seed: str
) -> tuple[Form, ...]:
    """Return `count` forms (2 to 8) of a blueprint. The same arguments give the same forms.

    Raises: InfeasibleBlueprint if not even one paper can be drawn.
    """
    ordered = sorted(rows, key=lambda row: row.position)
    try:
        forms = _disjoint(ordered, pool, count, measured, seed)
    except InfeasibleBlueprint:
        forms = _least_shared(ordered, pool, count, seed)
    _balance(forms, pool, measured)
    random = Random(f"forms:{seed}")  # noqa: S311 - as in exams.drawing
    return _figured([_laid_out(ordered, form, random) for form in forms], measured)


_Forms = list[list[Drawn]]


def _disjoint(
    rows: Sequence[Row], pool: Sequence[PoolItem], count: int, measured: Mapping[int, float], seed: str
) -> _Forms:
    """Draw all forms as one paper and deal each row's questions out, the hardest first, back and forth."""
    many = [replace(row, count=row.count * count) for row in rows]
    drawn = draw_least_used(many, pool, {}, seed)
    forms: _Forms = [[] for _form in range(count)]
    for row, wide in zip(rows, many, strict=True):
        items = [entry.item for entry in drawn if entry.row == wide]
        items.sort(key=lambda item: (not item.must_know, -hardness_of(item, measured), item.question_id))
        for place, item in enumerate(items):
            turn, at = divmod(place, count)
            forms[at if turn % 2 == 0 else count - 1 - at].append(Drawn(item=item, row=row))
    return forms


def _least_shared(rows: Sequence[Row], pool: Sequence[PoolItem], count: int, seed: str) -> _Forms:
    uses: Counter[int] = Counter()
    forms: _Forms = []
    for number in range(count):
        drawn = draw_least_used(rows, pool, uses, f"{seed}:{number}")
        uses.update(entry.item.question_id for entry in drawn)
        forms.append(list(drawn))
    return forms


def _balance(forms: _Forms, pool: Sequence[PoolItem], measured: Mapping[int, float]) -> None:
    """Exchange questions until no exchange brings the forms closer to the mean of all."""
    used: Counter[int] = Counter(entry.item.question_id for form in forms for entry in form)
    points = sum(float(entry.row.points) for entry in forms[0])
    for _round in range(ROUNDS):
        sums = [_lost(form, measured) for form in forms]
        if max(sums) - min(sums) <= CLOSE_ENOUGH * points:
            return
        target = sum(sums) / len(sums)
        best = _best_swap(forms, sums, target, measured)
        spare = _best_spare(forms, sums, target, pool, used, measured)
        if best is None and spare is None:
            return
        if spare is None or (best is not None and best[0] >= spare[0]):
            assert best is not None
            _gain, (one, at), (other, there) = best
            first, second = forms[one][at], forms[other][there]
            forms[one][at] = replace(first, item=second.item)
            forms[other][there] = replace(second, item=first.item)
        else:
            _gain, (one, at), item = spare
            used[forms[one][at].item.question_id] -= 1
            used[item.question_id] += 1
            forms[one][at] = replace(forms[one][at], item=item)


def _lost(form: Sequence[Drawn], measured: Mapping[int, float]) -> float:
    return sum(float(entry.row.points) * hardness_of(entry.item, measured) for entry in form)


_Place = tuple[int, int]
_EPSILON = 1e-9


def _best_swap(
    forms: _Forms, sums: Sequence[float], target: float, measured: Mapping[int, float]
) -> tuple[float, _Place, _Place] | None:
    best: tuple[float, _Place, _Place] | None = None
    held = [{entry.item.question_id for entry in form} for form in forms]
    for one in range(len(forms)):
        for other in range(one + 1, len(forms)):
            apart = (sums[one] - target) ** 2 + (sums[other] - target) ** 2
            for at, mine in enumerate(forms[one]):
                for there, theirs in enumerate(forms[other]):
                    if (
                        mine.row is not theirs.row
                        or mine.item.must_know != theirs.item.must_know
                        or theirs.item.question_id in held[one]
                        or mine.item.question_id in held[other]
                    ):
                        continue
                    delta = float(mine.row.points) * (
                        hardness_of(theirs.item, measured) - hardness_of(mine.item, measured)
                    )
                    after = (sums[one] + delta - target) ** 2 + (sums[other] - delta - target) ** 2
                    gain = apart - after
                    if gain > _EPSILON and (best is None or gain > best[0]):
                        best = (gain, (one, at), (other, there))
    return best


def _best_spare(
    forms: _Forms,
    sums: Sequence[float],
    target: float,
    pool: Sequence[PoolItem],
    used: Mapping[int, int],
    measured: Mapping[int, float],
) -> tuple[float, _Place, PoolItem] | None:
    best: tuple[float, _Place, PoolItem] | None = None
    # Of unused questions that are the same for this purpose, one is enough to look at.
    alike: dict[tuple[object, ...], PoolItem] = {}
    for item in sorted(pool, key=lambda item: item.question_id):
        if not used.get(item.question_id):
            hardness = round(hardness_of(item, measured), 3)
            alike.setdefault((item.kind, item.topic_id, item.difficulty, item.must_know, hardness), item)
    unused = list(alike.values())
    for one, form in enumerate(forms):
        for at, mine in enumerate(form):
            for item in unused:
                if not mine.row.admits(item) or mine.item.must_know != item.must_know:
                    continue
                delta = float(mine.row.points) * (
                    hardness_of(item, measured) - hardness_of(mine.item, measured)
                )
                # The mean moves with it: what counts is the sum of squares around the new mean.
                gain = _squares(sums) - _squares(
                    [total + (delta if place == one else 0) for place, total in enumerate(sums)]
                )
                if gain > _EPSILON and (best is None or gain > best[0]):
                    best = (gain, (one, at), item)
    return best


def _squares(sums: Sequence[float]) -> float:
    mean = sum(sums) / len(sums)
    return sum((total - mean) ** 2 for total in sums)


def _laid_out(rows: Sequence[Row], form: Sequence[Drawn], random: Random) -> tuple[Drawn, ...]:
    laid: list[Drawn] = []
    for row in rows:
        own = [entry for entry in form if entry.row is row]
        random.shuffle(own)
        laid += own
    return tuple(laid)


def _figured(forms: Sequence[tuple[Drawn, ...]], measured: Mapping[int, float]) -> tuple[Form, ...]:
    uses = Counter(entry.item.question_id for form in forms for entry in form)
    made = []
    for label, form in zip(LABELS, forms, strict=False):
        points = sum(float(entry.row.points) for entry in form)
        figures = FormFigures(
            questions=len(form),
            points=points,
            difficulty=sum(float(entry.row.points) * entry.item.difficulty for entry in form) / points,
            hardness=_lost(form, measured) / points,
            must_know=sum(entry.item.must_know for entry in form),
            measured=sum(entry.item.question_id in measured for entry in form),
            shared=sum(uses[entry.item.question_id] > 1 for entry in form),
        )
        made.append(Form(label, form, figures))
    return tuple(made)
