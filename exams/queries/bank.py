"""Reading banks and blueprints. `keys_of` is for marking only."""

from collections.abc import Iterable
from typing import Any

from django.db.models import BigIntegerField, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from common.prepared import Prepared, PreparedOfMany
from exams.drawing import PoolItem
from exams.models import AnswerKey, BlueprintRow, Question, QuestionVersion, kind_label
from exams.queries.corrections import effective
from exams.queries.versions import versions_of
from exams.shapes import Body, Key, Option


def pool_of(bank_id: int) -> list[PoolItem]:
    """Return the questions of a bank that may be drawn (one statement, no texts)."""
    return [PoolItem(*row) for row in _pool.all(bank_id=bank_id)]


_pool: Prepared[Any] = Prepared(
    lambda bank_id: (
        Question.objects.filter(bank_id=bank_id, retired_at__isnull=True, current_version__isnull=False)
        .order_by("pk")
        .values_list(
            "pk",
            "current_version_id",
            "topic_id",
            "current_version__kind",
            "current_version__difficulty",
            "must_know",
        )
    ),
    bank_id=BigIntegerField(),
)


def options_of(version_ids: Iterable[int]) -> dict[int, list[Option]]:
    """Return the options of versions, by version id."""
    return {pk: version.options for pk, version in versions_of(version_ids).items()}


def describe_row(row: BlueprintRow) -> str:
    """Return a blueprint row in words, e.g. `单选题·动火作业·难度 2–4·必知`."""
    parts = [kind_label(row.kind), row.topic.name if row.topic else _("不限知识点")]
    if (row.difficulty_min, row.difficulty_max) != (1, 5):
        parts.append(_("难度 %(low)s–%(high)s") % {"low": row.difficulty_min, "high": row.difficulty_max})
    if row.must_know_only:
        parts.append(_("必知"))
    return "·".join(parts)


def keys_of(version_ids: Iterable[int]) -> dict[int, Key]:
    """Return the keys that count for versions, by version id. For marking only."""
    return marking_of(version_ids)[0]


def marking_of(version_ids: Iterable[int]) -> tuple[dict[int, Key], dict[int, Body]]:
    """Return the keys and bodies that count for versions, by version id (one statement). For marking only.

    Where a key was corrected, it is the corrected one; see KeyCorrection.
    """
    rows = _marking.all(version_ids)
    keys: dict[int, Key] = {}
    bodies: dict[int, Body] = {}
    for version_id, correct, marked_body in rows:
        if correct is not None:
            keys[version_id], bodies[version_id] = correct, marked_body
    return keys, bodies


def _marking_rows(version_ids: Any) -> QuerySet[QuestionVersion, Any]:
    key = AnswerKey.objects.filter(version=OuterRef("effective")).values("correct")
    body = QuestionVersion.objects.filter(pk=OuterRef("effective")).values("body")
    return (
        QuestionVersion.objects.filter(pk__in=version_ids)
        .annotate(effective=effective())
        .annotate(correct=Subquery(key[:1]), marked_body=Subquery(body[:1]))
        .values_list("pk", "correct", "marked_body")
    )


_marking: PreparedOfMany[Any] = PreparedOfMany(_marking_rows, BigIntegerField())
