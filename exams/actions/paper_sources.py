"""Making papers before anybody sits them: choosing the questions of a fixed paper, drawing parallel forms."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from exams.actions.exams import require_feasible, row_of
from exams.drawing import InfeasibleBlueprint, new_seed
from exams.errors import BadPaper, BlueprintEmpty
from exams.models import Exam, FixedQuestion, PaperForm, Question
from exams.parallel import MAX_FORMS, Form, make_forms
from exams.permissions import require_over_bank
from exams.queries import pool_of
from exams.queries.paper_sources import measured_hardness
from exams.shapes import FormSlot
from people.audit import record_audit
from people.models import User
from people.permissions import Capability

MAX_QUESTIONS = 200
MAX_POINTS = Decimal("999.5")


@dataclass(frozen=True, slots=True)
class Place:
    """One question on a fixed paper, and its points."""

    question_id: int
    points: Decimal


@transaction.atomic
def save_fixed_paper(
    *, exam: Exam, places: Sequence[Place], renew: Collection[int] = (), acting_user: User | None
) -> int:
    """Store the chosen questions in this order; return how many.

    A question that was on the list keeps the version pinned then, unless its id is in `renew`; a new one is
    pinned to the version in use now. Attempts already started keep their paper.
    Raises: PermissionDenied; BadPaper for an empty list, a question twice, one that is not in the exam's bank
    or not in use, or points that are none.
    """
    require_over_bank(acting_user, exam.bank.owner, Capability.MANAGE_EXAMS)
    Exam.objects.select_for_update().get(pk=exam.pk)
    if not places:
        raise BadPaper(_("试卷上至少要有一题。请从下面的题库里选。"))
    if len(places) > MAX_QUESTIONS:
        raise BadPaper(
            _("一份试卷最多 %(max)s 题，现在有 %(n)s 题。") % {"max": MAX_QUESTIONS, "n": len(places)}
        )
    ids = [place.question_id for place in places]
    if len(set(ids)) < len(ids):
        raise BadPaper(_("同一道题在试卷上出现了两次。请移除一处。"))
    pinned = dict(exam.fixed_questions.values_list("version__question_id", "version_id"))
    questions = Question.objects.filter(bank_id=exam.bank_id).in_bulk(ids)
    rows = []
    for position, place in enumerate(places, start=1):
        question = questions.get(place.question_id)
        version_id = pinned.get(place.question_id)
        if question is not None and (version_id is None or place.question_id in renew):
            version_id = None if question.retired_at else question.current_version_id
        if question is None or version_id is None:
            name = question.code if question else place.question_id
            raise BadPaper(
                _("第 %(place)s 题（%(code)s）已停用或不在这个题库里，请移除。")
                % {"place": position, "code": name}
            )
        if not 0 < place.points <= MAX_POINTS:
            raise BadPaper(_("第 %(place)s 题的分值要大于 0。") % {"place": position})
        rows.append(FixedQuestion(exam=exam, position=position, version_id=version_id, points=place.points))
    exam.fixed_questions.all().delete()
    FixedQuestion.objects.bulk_create(rows)
    _note_change(exam)
    record_audit(exam, "exams.exam.fixed", acting_user, {"questions": len(rows)})
    return len(rows)


@transaction.atomic
def draw_forms(*, exam: Exam, count: int, acting_user: User | None, now: dt.datetime) -> list[PaperForm]:
    """Draw `count` parallel forms by the exam's blueprint; from now on candidates get one of them.

    Earlier forms stay stored: papers were answered on them.
    Raises: PermissionDenied; BadPaper for a number other than 2 to 8; BlueprintEmpty; BlueprintNotFeasible.
    """
    require_over_bank(acting_user, exam.bank.owner, Capability.MANAGE_EXAMS)
    Exam.objects.select_for_update().get(pk=exam.pk)
    if not 2 <= count <= MAX_FORMS:
        raise BadPaper(_("平行卷要 2 到 %(max)s 份。") % {"max": MAX_FORMS})
    stored = list(exam.blueprint_rows.select_related("topic"))
    if not stored:
        raise BlueprintEmpty
    seed = new_seed()
    try:
        forms = make_forms(
            [row_of(row) for row in stored], pool_of(exam.bank_id), count, measured_hardness(exam), seed
        )
    except InfeasibleBlueprint:
        require_feasible(stored, exam.bank)
        raise
    series = (exam.forms.aggregate(highest=Max("series"))["highest"] or 0) + 1
    made = PaperForm.objects.bulk_create(
        PaperForm(
            exam=exam,
            series=series,
            label=form.label,
            slots=_slots(form),
            figures=asdict(form.figures),
            made_by=acting_user,
            made_at=now,
        )
        for form in forms
    )
    _note_change(exam)
    record_audit(exam, "exams.exam.forms", acting_user, {"forms": len(made)})
    return made


def _note_change(exam: Exam) -> None:
    """Count the exam's state up, so that papers prepared for a sitting are made anew."""
    Exam.objects.filter(pk=exam.pk).update(revision=F("revision") + 1)
    exam.refresh_from_db(fields=["revision"])


def _slots(form: Form) -> list[FormSlot]:
    return [
        FormSlot(
            version_id=entry.item.version_id,
            question_id=entry.item.question_id,
            topic_id=entry.item.topic_id,
            kind=entry.item.kind,
            difficulty=entry.item.difficulty,
            must_know=entry.item.must_know,
            points=str(entry.row.points),
        )
        for entry in form.drawn
    ]
