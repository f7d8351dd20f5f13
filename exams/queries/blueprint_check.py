"""How a blueprint that is being typed would fare with a bank: what fits, what is missing where, and the cure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import Avg
from django.db.models.functions import Length
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from exams.drawing import PoolItem, Row, RowFit, fits
from exams.models import Bank, BlueprintRow, Question
from exams.pacing import expected_min
from exams.queries.bank import describe_row, pool_of

USUAL_OPTIONS = 60  # characters of the options, read with the stem


@dataclass(frozen=True, slots=True)
class RowAdvice:
    """What is told of one row, by its position. `text` is empty where all is well."""

    position: int
    eligible: int
    missing: int
    text: str


@dataclass(frozen=True, slots=True)
class BlueprintAdvice:
    """What is told of a whole blueprint."""

    rows: tuple[RowAdvice, ...]
    questions: int
    points: Decimal
    minutes: int
    missing: int


def row_facts(row: BlueprintRow) -> Row:
    """Return a blueprint row, stored or not, as the drawing rules take it."""
    return Row(
        position=row.position,
        kind=row.kind,
        count=row.count,
        points=row.points,
        topic_id=row.topic_id,
        difficulty_min=row.difficulty_min,
        difficulty_max=row.difficulty_max,
        must_know_only=row.must_know_only,
    )


def check_blueprint(
    rows: Sequence[BlueprintRow], bank: Bank, *, exposure_max_pct: int | None = None
) -> BlueprintAdvice:
    """Return how rows that need not be stored fare with a bank (two statements)."""
    pool = pool_of(bank.pk)
    found = fits([row_facts(row) for row in rows], pool)
    by_position = {row.position: row for row in rows}
    advice = tuple(_advice(fit, by_position[fit.row.position], pool, exposure_max_pct) for fit in found)
    lengths = _lengths(bank)
    return BlueprintAdvice(
        rows=advice,
        questions=sum(row.count for row in rows),
        points=sum((row.count * row.points for row in rows), Decimal(0)),
        minutes=expected_min(
            (row.kind, lengths.get(row.kind, 0) + USUAL_OPTIONS) for row in rows for _n in range(row.count)
        ),
        missing=sum(fit.missing for fit in found),
    )


def _lengths(bank: Bank) -> dict[str, int]:
    """Return the mean length of a stem by kind."""
    rows = (
        Question.objects.filter(bank=bank, retired_at__isnull=True, current_version__isnull=False)
        .order_by()
        .values("current_version__kind")
        .annotate(length=Avg(Length("current_version__stem")))
    )
    return {row["current_version__kind"]: round(row["length"]) for row in rows}


def _advice(
    fit: RowFit, row: BlueprintRow, pool: Sequence[PoolItem], exposure_max_pct: int | None
) -> RowAdvice:
    text = ""
    if fit.missing:
        text = _missing_text(fit, row, pool)
    elif exposure_max_pct and fit.row.count * 100 > exposure_max_pct * fit.eligible:
        needed = -(-fit.row.count * 100 // exposure_max_pct)
        text = _(
            "“%(row)s”只有 %(eligible)s 题可轮换，每题平均会出现在 %(share)s%% 的试卷里，做不到 %(limit)s%%："
            "会取用得最少的。要做到，这样的题至少要有 %(needed)s 道。"
        ) % {
            "row": describe_row(row),
            "eligible": fit.eligible,
            "share": fit.row.count * 100 // fit.eligible,
            "limit": exposure_max_pct,
            "needed": needed,
        }
    return RowAdvice(fit.row.position, fit.eligible, fit.missing, text)


def _missing_text(fit: RowFit, row: BlueprintRow, pool: Sequence[PoolItem]) -> str:
    told = ngettext(
        "“%(row)s”还差 %(missing)s 题：要 %(count)s 题，符合的有 %(eligible)s 题",
        "“%(row)s”还差 %(missing)s 题：要 %(count)s 题，符合的有 %(eligible)s 题",
        fit.missing,
    ) % {
        "row": describe_row(row),
        "missing": fit.missing,
        "count": fit.row.count,
        "eligible": fit.eligible,
    }
    taken = max(fit.eligible - (fit.row.count - fit.missing), 0)
    if taken:
        told += _("，其中 %(taken)s 题前面的行要用") % {"taken": taken}
    cures = [_("再写 %(missing)s 道这样的题") % {"missing": fit.missing}]
    if fit.row.count > fit.missing:
        cures.append(_("题数改为 %(count)s") % {"count": fit.row.count - fit.missing})
    for wider, words in (
        (replace(fit.row, difficulty_min=1, difficulty_max=5), _("难度放宽到 1–5（有 %(n)s 题）")),
        (replace(fit.row, must_know_only=False), _("不只抽必知题（有 %(n)s 题）")),
        (replace(fit.row, topic_id=None), _("不限知识点（有 %(n)s 题）")),
    ):
        eligible = sum(wider.admits(item) for item in pool)
        if eligible - fit.eligible >= fit.missing:
            cures.append(words % {"n": eligible})
    return told + _("。办法：%(cures)s。") % {"cures": _("；或").join(cures)}
