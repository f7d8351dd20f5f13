"""Exams on paper: what was printed for whom, and its files."""

import uuid
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common import clock
from common.delivery import deliver
from exams.actions.printing import print_papers
from exams.errors import BlueprintNotFeasible, PaperMissing
from exams.forms.papers import PrintForm
from exams.models import PaperSource
from exams.queries.office import exams_for
from exams.queries.paper_marks import printed_of
from exams.queries.paper_sources import current_forms
from exams.views.office import editor, for_those_who
from exams.views.papers import exam_page, own_exam
from people.audit import record_audit
from people.permissions import Capability, scope_of

PARTS = ("paper", "sheet", "key")


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.MANAGE_EXAMS)
def exam_print(request: HttpRequest, exam_id: int) -> HttpResponse:
    """Print a paper for a unit, and list what was printed."""
    exam = own_exam(request, exam_id)
    forms = current_forms(exam) if exam.paper_source == PaperSource.FORMS else []
    form = PrintForm(
        request.POST or None,
        units=scope_of(request.user, Capability.MANAGE_EXAMS),
        made=forms,
        initial={"sat_on": clock.today()},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            _made, job = print_papers(
                exam=exam,
                unit=data["unit"],
                sat_on=data["sat_on"],
                label=data.get("form", ""),
                second_entry=data["second_entry"],
                acting_user=editor(request),
                now=clock.now(),
            )
        except (BlueprintNotFeasible, PaperMissing) as error:
            form.add_error(None, str(error))
        else:
            return redirect("jobs:detail", job.pk)
    context = exam_page(
        exam, _("纸质考试：%(exam)s") % {"exam": exam.title}, form=form, printed=printed_of(exam)
    )
    return render(request, "exams/office_paper_print.html", context, status=422 if form.errors else 200)


@require_safe
@for_those_who(Capability.MANAGE_EXAMS)
def printed_file(request: HttpRequest, public_id: uuid.UUID, part: str) -> HttpResponseBase:
    """Send a PDF of a printed paper; who took it is written down."""
    exams = exams_for(request.user, Capability.MANAGE_EXAMS).values("pk")
    printed = printed_of(None).filter(public_id=public_id, exam__in=exams).first()
    if printed is None or part not in PARTS:
        raise Http404
    file = getattr(printed, f"{part}_file")
    if not file:
        raise Http404
    record_audit(
        printed.exam, "exams.printed.download", editor(request), {"code": printed.code, "part": part}
    )
    names = {"paper": _("试卷"), "sheet": _("答题卡"), "key": _("答案")}
    response = deliver(request, file.storage, file.name, content_type="application/pdf")
    response["Cache-Control"] = "private, no-store"
    name = f"{printed.code}-{names[part]}.pdf"
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response
