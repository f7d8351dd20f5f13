"""Reading banks and blueprints. `keys_of` is for marking only."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from exams.drawing import PoolItem
from exams.models import AnswerKey, BlueprintRow, Question, QuestionKind, QuestionVersion
from exams.shapes import Option


def pool_of(bank_id: int) -> list[PoolItem]:
    """Return the questions of a bank that may be drawn (one statement, no texts)."""
    rows = (
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
    )
    return [PoolItem(*row) for row in rows]


def options_of(version_ids: Iterable[int]) -> dict[int, list[Option]]:
    """Return the options of versions, by version id."""
    return dict(QuestionVersion.objects.filter(pk__in=list(version_ids)).values_list("pk", "options"))


def describe_row(row: BlueprintRow) -> str:
    """Return a blueprint row in words, e.g. `单选题·动火作业·难度 2–4·必知`."""
    parts = [str(QuestionKind(row.kind).label), row.topic.name if row.topic else _("不限知识点")]
    if (row.difficulty_min, row.difficulty_max) != (1, 5):
        parts.append(_("难度 %(low)s–%(high)s") % {"low": row.difficulty_min, "high": row.difficulty_max})
    if row.must_know_only:
        parts.append(_("必知"))
    return "·".join(parts)


def keys_of(version_ids: Iterable[int]) -> dict[int, list[str]]:
    """Return the right option ids of versions, by version id. For marking only."""
    return dict(
        AnswerKey.objects.filter(version_id__in=list(version_ids)).values_list("version_id", "correct")
    )
