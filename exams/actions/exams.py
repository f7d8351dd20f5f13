"""Writing exams and their blueprints."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from exams.drawing import InfeasibleBlueprint, Row, check_feasible
from exams.errors import BlueprintEmpty, BlueprintNotFeasible, PaperMissing
from exams.models import (
    Bank,
    BlueprintRow,
    Exam,
    FinalMarkRule,
    Navigation,
    PaperSource,
    QuestionOrder,
    ReleaseWhat,
    ReleaseWhen,
    TakeOver,
    Topic,
)
from exams.passwords import hash_password
from exams.permissions import require_over_bank
from exams.queries import describe_row, pool_of
from people.audit import record_audit
from people.models import User
from people.permissions import Capability


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
    """An exam as an author gives it. Times in seconds, the pass line in per cent, `networks` as CIDR ranges.

    `password`: None leaves the stored one as it is, an empty text takes it away.
    """

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
    markers: int = 1
    most_apart_pct: int = 20
    final_mark_rule: str = FinalMarkRule.MEAN
    release_when: str = ReleaseWhen.AT_ONCE
    release_what: str = ReleaseWhat.WHEN_OVER
    results_from: dt.datetime | None = None
    opens_at: dt.datetime | None = None
    closes_at: dt.datetime | None = None
    late_after_s: int | None = None
    window_cuts: bool = True
    resit_failed_only: bool = False
    resit_from: dt.datetime | None = None
    resit_after_study: bool = False
    resit_cap_pct: int | None = None
    networks: Sequence[str] = ()
    kiosk_only: bool = False
    take_over: str = TakeOver.FREE
    navigation: str = Navigation.FREE
    question_order: str = QuestionOrder.WITHIN
    password: str | None = None
    paper_source: str = PaperSource.BLUEPRINT
    exposure_max_pct: int | None = None
    exposure_window: int = 100
    only_in_sittings: bool = False


@transaction.atomic
def save_exam(*, draft: ExamDraft, exam: Exam | None = None, acting_user: User | None) -> Exam:
    """Create or change an exam together with its blueprint; without `exam`, the code finds it.

    Attempts already started keep the rules and the paper they were given.
    A fixed paper needs no blueprint; it and parallel forms are made on pages of their own, before the exam opens.
    Raises: BlueprintEmpty; BlueprintNotFeasible naming the row and what it lacks; PaperMissing; PermissionDenied.
    """
    require_over_bank(acting_user, draft.bank.owner, Capability.MANAGE_EXAMS)
    is_drawn = draft.paper_source != PaperSource.FIXED
    if is_drawn and not draft.rows:
        raise BlueprintEmpty
    if exam is None:
        exam = Exam.objects.select_for_update().filter(code=draft.code).first() or Exam()
    if exam.pk is not None:
        require_over_bank(acting_user, exam.bank.owner, Capability.MANAGE_EXAMS)
    for name in (
        "code", "title", "bank", "duration_s", "grace_s", "pass_pct",
        "attempts_allowed", "cool_down_s", "must_know_fails", "is_open", "markers", "most_apart_pct",
        "final_mark_rule", "release_when", "release_what", "results_from",
        "opens_at", "closes_at", "late_after_s", "window_cuts", "resit_failed_only", "resit_from",
        "resit_after_study", "resit_cap_pct", "kiosk_only", "take_over", "navigation", "question_order",
        "paper_source", "exposure_max_pct", "exposure_window",
        "only_in_sittings",
    ):  # fmt: skip
        setattr(exam, name, getattr(draft, name))
    exam.networks = list(draft.networks)
    if draft.password is not None:
        exam.password_hash = hash_password(draft.password) if draft.password.strip() else ""
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
    if is_drawn:
        require_feasible(rows, draft.bank)
    if exam.is_open:
        require_paper(exam)
    exam.revision += 1
    exam.save()
    exam.blueprint_rows.all().delete()
    for row in rows:
        row.exam = exam
    BlueprintRow.objects.bulk_create(rows)
    record_audit(exam, "exams.exam.save", acting_user)
    return exam


def require_paper(exam: Exam) -> None:
    """Raise PaperMissing if the exam's papers come from a list or from forms that do not exist yet."""
    is_fixed = exam.paper_source == PaperSource.FIXED
    if exam.paper_source == PaperSource.BLUEPRINT:
        return
    if exam.pk is None or not (exam.fixed_questions if is_fixed else exam.forms).exists():
        raise PaperMissing(exam.title, fixed=is_fixed)


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
