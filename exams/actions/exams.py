"""Writing exams and their blueprints."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from exams.drawing import InfeasibleBlueprint, Row, check_feasible
from exams.errors import BlueprintEmpty, BlueprintNotFeasible
from exams.models import Bank, BlueprintRow, Exam, Topic
from exams.permissions import require_manage_exams
from exams.queries import describe_row, pool_of
from people.audit import record_audit
from people.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDraft:
    """One row of a blueprint as an author gives it; rows are numbered from 1 in the order given."""

    kind: str
    count: int
    points: Decimal
    topic: Topic | None = None
    difficulty_min: int = 1
    difficulty_max: int = 5
    must_know_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamDraft:
    """An exam as an author gives it. Times in seconds, the pass line in per cent."""

    code: str
    title: str
    bank: Bank
    rows: Sequence[RowDraft]
    duration_s: int = 1800
    grace_s: int = 5
    pass_pct: int = 80
    attempts_allowed: int = 2
    cool_down_s: int = 0
    must_know_fails: bool = False
    is_open: bool = True


@transaction.atomic
def save_exam(*, draft: ExamDraft, exam: Exam | None = None, acting_user: User | None) -> Exam:
    """Create or change an exam together with its blueprint; without `exam`, the code finds it.

    Attempts already started keep the rules and the paper they were given.
    Raises: BlueprintEmpty; BlueprintNotFeasible naming the row and what it lacks; PermissionDenied.
    """
    require_manage_exams(acting_user, draft.bank.owner)
    if not draft.rows:
        raise BlueprintEmpty
    if exam is None:
        exam = Exam.objects.select_for_update().filter(code=draft.code).first() or Exam()
    if exam.pk is not None:
        require_manage_exams(acting_user, exam.bank.owner)
    for name in (
        "code", "title", "bank", "duration_s", "grace_s", "pass_pct",
        "attempts_allowed", "cool_down_s", "must_know_fails", "is_open",
    ):  # fmt: skip
        setattr(exam, name, getattr(draft, name))
    rows = [
        BlueprintRow(
            position=position,
            topic=row.topic,
            kind=row.kind,
            difficulty_min=row.difficulty_min,
            difficulty_max=row.difficulty_max,
            must_know_only=row.must_know_only,
            count=row.count,
            points=row.points,
        )
        for position, row in enumerate(draft.rows, start=1)
    ]
    require_feasible(rows, draft.bank)
    exam.save()
    exam.blueprint_rows.all().delete()
    for row in rows:
        row.exam = exam
    BlueprintRow.objects.bulk_create(rows)
    record_audit(exam, "exams.exam.save", acting_user)
    return exam


def require_feasible(rows: Sequence[BlueprintRow], bank: Bank) -> None:
    """Raise BlueprintNotFeasible, naming the row, unless the bank can meet all rows together."""
    try:
        check_feasible([row_of(row) for row in rows], pool_of(bank.pk))
    except InfeasibleBlueprint as cause:
        row = next(row for row in rows if row.position == cause.row.position)
        raise BlueprintNotFeasible(cause, description=describe_row(row), bank=bank.name) from cause


def row_of(row: BlueprintRow) -> Row:
    """Return a stored blueprint row as the drawing rules take it."""
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
