"""The paper of an attempt: from the exam's list, forms or blueprint, and frozen with the exam's rules."""

from django.db.models import BigIntegerField

from common.prepared import Prepared
from exams.actions.exams import require_feasible, row_of
from exams.drawing import (
    Drawn,
    InfeasibleBlueprint,
    chosen_of,
    draw,
    in_fixed_order,
    make_paper,
    reordered,
)
from exams.errors import PaperMissing
from exams.models import BlueprintRow, Exam, PaperForm, PaperSource, QuestionOrder
from exams.queries import options_of, pool_of
from exams.queries.guards import guard_of
from exams.queries.paper_sources import current_forms, exposure_of, fixed_paper, form_paper
from exams.shapes import Paper, PaperPolicy


def draw_paper(exam: Exam, seed: str, *, form: PaperForm | None = None) -> Paper:
    """Return a paper of this exam, the same for the same seed and bank.

    Two statements for a fixed paper and for parallel forms, three for a blueprint, one more with an exposure
    limit, and one more for an exam read without its guard. Versions are pinned when a fixed paper is saved or forms are drawn; a blueprint takes those in use now.
    `form` asks for a certain form; otherwise the seed decides which.
    Raises: BlueprintNotFeasible naming the row and what it lacks; PaperMissing.
    """
    label = ""
    if exam.paper_source == PaperSource.FIXED:
        drawn = fixed_paper(exam)
    elif exam.paper_source == PaperSource.FORMS:
        forms = [form] if form is not None else current_forms(exam)
        if not forms:
            raise PaperMissing(exam.title, fixed=False)
        form = forms[chosen_of(seed, len(forms))]
        label, drawn = form.label, form_paper(form.slots)
    else:
        drawn = _by_blueprint(exam, seed)
    if not drawn:
        raise PaperMissing(exam.title, fixed=True)
    drawn = _in_order(exam, drawn, seed)
    paper = make_paper(drawn, options_of(entry.item.version_id for entry in drawn), policy_of(exam), seed)
    if label:
        paper["form"] = label
    return paper


def _in_order(exam: Exam, drawn: list[Drawn], seed: str) -> list[Drawn]:
    """Return a paper's questions in the order this exam asks for. A blueprint's rows come shuffled each in itself."""
    from_rows = exam.paper_source == PaperSource.BLUEPRINT
    if exam.question_order == QuestionOrder.ACROSS:
        return list(reordered(drawn, seed, across=True))
    if exam.question_order == QuestionOrder.WITHIN:
        return drawn if from_rows else list(reordered(drawn, seed))
    return list(in_fixed_order(drawn)) if from_rows else drawn


def _by_blueprint(exam: Exam, seed: str) -> list[Drawn]:
    stored = _blueprint.all(exam_id=exam.pk)
    try:
        return list(draw([row_of(row) for row in stored], pool_of(exam.bank_id), seed, exposure_of(exam)))
    except InfeasibleBlueprint:
        # Questions were retired since the exam was saved; say which row lacks what.
        require_feasible(stored, exam.bank)
        raise


_blueprint = Prepared(
    lambda exam_id: BlueprintRow.objects.filter(exam_id=exam_id).select_related("topic"),
    exam_id=BigIntegerField(),
)


def policy_of(exam: Exam) -> PaperPolicy:
    """Return the exam's rules as a paper keeps them."""
    guard = guard_of(exam)
    policy = PaperPolicy(
        pass_pct=exam.pass_pct,
        must_know_fails=exam.must_know_fails,
        duration_s=exam.duration_s,
        grace_s=exam.grace_s,
        markers=exam.markers,
        most_apart_pct=exam.most_apart_pct,
        final_mark_rule=exam.final_mark_rule,
        release_when=exam.release_when,
        release_what=exam.release_what,
        results_from=exam.results_from.isoformat() if exam.results_from else None,
        navigation=exam.navigation,
        take_over=exam.take_over,
    )
    if guard is not None and guard.seb_required:
        policy["seb"] = True
    if guard is not None and guard.photo_asked:
        policy["photo"] = True
    return policy
