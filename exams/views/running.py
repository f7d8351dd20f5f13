"""The pages of invigilators: who is sitting an exam now, and what may be done about it; extra time of persons."""

from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common import clock
from exams.actions.deadlines import extend_attempts, pause_attempts, release_devices, resume_attempts
from exams.actions.extra_time import grant_extra_time, withdraw_extra_time
from exams.errors import BadChange
from exams.forms.running import EXTEND, PAUSE, RELEASE, RESUME, ExtraTimeForm, RunningForm
from exams.models import Exam
from exams.queries.paper_sources import question_count
from exams.queries.running import (
    exams_in_care,
    exams_running_for,
    extra_times_for,
    get_exam_with_running,
    running_in_sight,
)
from exams.views.office import editor, for_those_who, form_page
from people.permissions import Capability
from people.queries import employees_for

PER_PAGE = 100
LIST = "exams_office:running"


def _done(action: str, n: int) -> str:
    texts = {
        EXTEND: ngettext("给 %(n)s 人延长了时间。", "给 %(n)s 人延长了时间。", n),
        PAUSE: ngettext("暂停了 %(n)s 人的考试。", "暂停了 %(n)s 人的考试。", n),
        RESUME: ngettext("%(n)s 人继续考试。", "%(n)s 人继续考试。", n),
        RELEASE: ngettext("放行了 %(n)s 人的设备。", "放行了 %(n)s 人的设备。", n),
    }
    return texts[action] % {"n": n}


@require_GET
@for_those_who(Capability.INVIGILATE)
def running(request: HttpRequest) -> HttpResponse:
    """List the exams people in the reader's care are sitting now."""
    title = _("监考")
    context = {
        "header_title": title,
        "header_icon": "view",
        "breadcrumbs_items": [{"url": "", "label": title}],
        "exams": exams_running_for(request.user),
    }
    return render(request, "exams/office_running_exams.html", context)


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.INVIGILATE)
def exam_running(request: HttpRequest, exam_id: int) -> HttpResponse:
    """Show who is sitting an exam now; POST lengthens, pauses, resumes or lets a device go, with a reason."""
    try:
        exam = get_exam_with_running(request.user, exam_id)
    except Exam.DoesNotExist as error:
        raise Http404 from error
    form = RunningForm(request.POST or None, chosen=request.POST.getlist("attempts"))
    if request.method == "POST" and form.is_valid() and _carry_out(request, form, exam):
        return redirect("exams_office:exam-running", exam.pk)
    page = Paginator(running_in_sight(request.user, exam), PER_PAGE).get_page(request.GET.get("p"))
    context = form_page(
        exam.title,
        (LIST, _("监考")),
        form=form,
        exam=exam,
        page=page,
        questions=question_count(exam),
        now=clock.now(),
    )
    return render(request, "exams/office_running.html", context, status=422 if form.errors else 200)


def _carry_out(request: HttpRequest, form: RunningForm, exam: Exam) -> bool:
    data = form.cleaned_data
    actions: dict[str, Callable[..., int]] = {
        EXTEND: partial(extend_attempts, seconds=(data["minutes"] or 0) * 60),
        PAUSE: pause_attempts,
        RESUME: resume_attempts,
        RELEASE: release_devices,
    }
    try:
        changed = actions[data["action"]](
            exam=exam,
            reason=data["reason"],
            acting_user=editor(request),
            now=clock.now(),
            attempt_ids=form.attempt_ids,
        )
    except BadChange as error:
        form.add_error(None, str(error))
        return False
    if changed:
        messages.success(request, _done(data["action"], changed))
    else:
        messages.warning(request, _("没有可以这样做的答卷：可能刚交卷，或者已经是这个状态。"))
    return True


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.INVIGILATE)
def extra_time(request: HttpRequest) -> HttpResponse:
    """List the extra time people have, and grant more."""
    user = editor(request)
    people = employees_for(user, Capability.INVIGILATE)
    form = ExtraTimeForm(request.POST or None, people=people, exams=exams_in_care(user).order_by("title"))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            grant_extra_time(
                employee=data["employee_no"],
                exam=data["exam"],
                extra=form.extra,
                reason=data["reason"],
                running_too=data["running_too"],
                acting_user=user,
                now=clock.now(),
            )
        except BadChange as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("已批准 %(name)s 的加时。") % {"name": data["employee_no"].name})
            return redirect("exams_office:extra-time")
    page = Paginator(extra_times_for(user), PER_PAGE).get_page(request.GET.get("p"))
    context = form_page(_("个人加时"), (LIST, _("监考")), form=form, page=page)
    return render(request, "exams/office_extra_time.html", context, status=422 if form.errors else 200)


@require_POST
@for_those_who(Capability.INVIGILATE)
def extra_time_withdraw(request: HttpRequest, grant_id: int) -> HttpResponse:
    """End a person's extra time."""
    grant = get_object_or_404(extra_times_for(request.user), pk=grant_id)
    withdraw_extra_time(grant=grant, acting_user=editor(request), now=clock.now())
    messages.success(request, _("已撤销。正在考的这一次不受影响。"))
    return redirect("exams_office:extra-time")
