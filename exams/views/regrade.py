"""Trying out a regrade of an exam, seeing whom it concerns, and running it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods

from common import clock
from exams.actions.regrade import Plan, plan_regrade, start_regrade
from exams.errors import NotRegradable
from exams.forms.regrade import RegradeForm
from exams.models import Exam
from exams.queries.corrections import correctable_versions
from exams.queries.office import attempts_in_scope, get_exam_for
from exams.views.office import editor, for_those_who, form_page
from people.permissions import Capability

SHOWN = 200  # changed attempts named on the page; those whose passing changes come first


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.MANAGE_EXAMS)
def exam_regrade(request: HttpRequest, exam_id: int) -> HttpResponse:
    """Offer the corrected keys; POST tries a regrade out (`step` preview) or queues it (`step` run)."""
    try:
        exam: Exam = get_exam_for(request.user, exam_id)
    except Exam.DoesNotExist as error:
        raise Http404 from error
    correctable = correctable_versions(exam.pk)
    form = RegradeForm(request.POST or None, correctable=correctable)
    plan = None
    if request.method == "POST" and form.is_valid():
        try:
            if request.POST.get("step") == "run":
                job = start_regrade(
                    exam=exam,
                    corrections=form.pairs(),
                    reason=form.cleaned_data["reason"],
                    acting_user=editor(request),
                    now=clock.now(),
                )
                return redirect("jobs:detail", job.pk)
            plan = plan_regrade(exam=exam, corrections=form.pairs(), acting_user=editor(request))
        except NotRegradable as error:
            form.add_error(None, str(error))
    chosen = set(request.POST.getlist("corrections"))
    context = form_page(
        _("重新评分：%(exam)s") % {"exam": exam.title},
        ("exams_office:exams", pgettext("plural", "考试")),
        exam=exam,
        form=form,
        correctable=[(each, each.value in chosen) for each in correctable],
        plan=plan,
        **(_people(request, plan) if plan else {}),
    )
    return render(request, "exams/office_exam_regrade.html", context, status=422 if form.errors else 200)


def _people(request: HttpRequest, plan: Plan) -> dict[str, object]:
    """Return the changed attempts with their people, as far as the reader sees results; the others are counted."""
    changes = sorted(plan.changes, key=lambda change: (not change.flips, change.attempt_id))
    attempts = attempts_in_scope(request.user).in_bulk([change.attempt_id for change in changes[:SHOWN]])
    said: dict[int, list[str]] = {}
    for consequence in plan.consequences:
        said.setdefault(consequence.attempt_id, []).append(consequence.text)
    rows = [
        (attempts[change.attempt_id].employee, change, said.get(change.attempt_id, []))
        for change in changes[:SHOWN]
        if change.attempt_id in attempts
    ]
    return {"rows": rows, "others": len(changes) - len(rows)}
