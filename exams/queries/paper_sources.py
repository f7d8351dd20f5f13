"""Where papers come from: the fixed list, parallel forms, how often questions were drawn, how hard they were."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import OuterRef, QuerySet, Subquery

from exams.drawing import Drawn, Exposure, PoolItem, Row
from exams.models import (
    Attempt,
    AttemptMark,
    AttemptState,
    Exam,
    FixedQuestion,
    PaperForm,
    Question,
    QuestionVersion,
)
from exams.shapes import FormSlot

# Answers from which on a question's measured facility counts: fewer say too little (exams.analysis.Thresholds).
ENOUGH = 20
MOST_ATTEMPTS = 2000


def fixed_list(exam: Exam) -> QuerySet[FixedQuestion]:
    """Return the places of a fixed paper in order, each with version, question and topic."""
    return exam.fixed_questions.select_related("version__question__topic").order_by("position")


def fixed_paper(exam: Exam) -> list[Drawn]:
    """Return the questions of a fixed paper as the drawing rules take them (one statement)."""
    rows = exam.fixed_questions.order_by("position").values_list(
        "version__question_id",
        "version_id",
        "version__question__topic_id",
        "version__kind",
        "version__difficulty",
        "version__question__must_know",
        "points",
    )
    return [_placed(PoolItem(*row[:-1]), row[-1], place) for place, row in enumerate(rows, start=1)]


def _placed(item: PoolItem, points: Decimal, place: int) -> Drawn:
    return Drawn(item, Row(place, item.kind, 1, points))


def current_forms(exam: Exam) -> list[PaperForm]:
    """Return the parallel forms candidates get, by label (one statement)."""
    newest = PaperForm.objects.filter(exam=OuterRef("exam")).order_by("-series").values("series")[:1]
    return list(PaperForm.objects.filter(exam=exam, series=Subquery(newest)).order_by("label"))


def form_paper(slots: Sequence[FormSlot]) -> list[Drawn]:
    """Return the questions of a stored form as the drawing rules take them."""
    names = ("question_id", "version_id", "topic_id", "kind", "difficulty", "must_know")
    return [
        _placed(PoolItem(**{name: slot[name] for name in names}), Decimal(slot["points"]), place)  # type: ignore[literal-required]
        for place, slot in enumerate(slots, start=1)
    ]


def exposure_of(exam: Exam) -> Exposure | None:
    """Return how often questions stood in the exam's last papers, or None without a limit (one statement)."""
    if exam.exposure_max_pct is None:
        return None
    papers = list(
        Attempt.objects.filter(exam=exam)
        .order_by("-pk")
        .values_list("paper__slots", flat=True)[: exam.exposure_window]
    )
    uses = Counter(slot.get("question_id") for slots in papers for slot in slots)
    uses.pop(None, None)
    return Exposure.of(uses, max_pct=exam.exposure_max_pct, papers=len(papers))


def measured_hardness(exam: Exam) -> dict[int, float]:
    """Return question id → mean share of points lost, where enough people answered it in this exam (two statements).

    The newest 2,000 marked attempts count, each person's first alone: a resit is sat by those who failed.
    """
    marked = Attempt.objects.filter(exam=exam, state=AttemptState.GRADED, number=1).order_by("-pk")
    papers = dict(marked.values_list("pk", "paper__slots")[:MOST_ATTEMPTS])
    newest = AttemptMark.objects.filter(attempt=OuterRef("attempt")).order_by("-number").values("pk")[:1]
    marks = AttemptMark.objects.filter(
        attempt__exam=exam, attempt__state=AttemptState.GRADED, attempt__number=1, pk=Subquery(newest)
    )
    lost: dict[int, list[float]] = defaultdict(list)
    for attempt_id, per_slot in marks.values_list("attempt_id", "per_slot"):
        for slot, earned in zip(papers.get(attempt_id, ()), per_slot, strict=False):
            if "question_id" in slot:
                lost[slot["question_id"]].append(1 - float(earned["fraction"]))
    return {question: sum(given) / len(given) for question, given in lost.items() if len(given) >= ENOUGH}


@dataclass(frozen=True, slots=True)
class Outdated:
    """A question of a fixed paper or form that changed since: it has a newer version, or was retired."""

    code: str
    retired: bool


def outdated(version_ids: Sequence[int]) -> list[Outdated]:
    """Return which of these versions are not what the bank would give today (one statement)."""
    rows = (
        QuestionVersion.objects.filter(pk__in=version_ids)
        .order_by("question__code")
        .values_list("pk", "question__code", "question__current_version_id", "question__retired_at")
    )
    return [
        Outdated(code, retired_at is not None)
        for pk, code, current, retired_at in rows
        if retired_at is not None or current != pk
    ]


def question_count(exam: Exam) -> int:
    """Return how many questions a paper of this exam has (one statement)."""
    if exam.paper_source == "fixed":
        return exam.fixed_questions.count()
    return sum(exam.blueprint_rows.values_list("count", flat=True))


def pickable(exam: Exam) -> QuerySet[Question]:
    """Return the questions of the exam's bank that may stand on its paper."""
    return (
        Question.objects.filter(bank_id=exam.bank_id, retired_at__isnull=True, current_version__isnull=False)
        .select_related("topic", "current_version")
        .order_by("code")
    )
