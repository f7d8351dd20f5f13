"""The pages of markers: what waits, and one answer at a time, without whose it is."""

from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common import clock
from exams.actions.marking import claim_next, give_mark, put_back
from exams.errors import BadHandMark
from exams.forms.marking import MarkForm
from exams.models import MarkingTask
from exams.queries.marking import answer_for_marker, get_claimed_task, get_task_for, waiting_questions
from exams.queries.papers import shown_media
from exams.views.media import deliver_media
from exams.views.office import editor, for_those_who, form_page
from people.permissions import Capability

QUEUE = "exams_office:marking"


@require_GET
@for_those_who(Capability.MARK_ATTEMPTS)
def marking_queue(request: HttpRequest) -> HttpResponse:
    """List the questions with answers that wait, and how far each is."""
    questions = waiting_questions(request.user, clock.now())
    title = _("阅卷")
    context = {
        "header_title": title,
        "header_icon": "edit",
        "breadcrumbs_items": [{"url": "", "label": title}],
        "questions": questions,
    }
    return render(request, "exams/office_marking_queue.html", context)


def _number(text: str | None) -> int:
    if text is None or not text.isdecimal() or len(text) > 18:
        raise Http404
    return int(text)


def _next(request: HttpRequest, exam_id: int, version_id: int) -> HttpResponse:
    task = claim_next(exam_id=exam_id, version_id=version_id, acting_user=editor(request), now=clock.now())
    if task is None:
        messages.success(request, _("这道题现在没有要你评的答案了。"))
        return redirect(QUEUE)
    return redirect("exams_office:marking-answer", task.pk)


@require_POST
@for_those_who(Capability.MARK_ATTEMPTS)
def marking_next(request: HttpRequest) -> HttpResponse:
    """Take the next answer to a question in hand."""
    return _next(request, _number(request.POST.get("exam")), _number(request.POST.get("version")))


def _reachable(request: HttpRequest, task_id: int) -> MarkingTask:
    try:
        return get_task_for(request.user, task_id)
    except MarkingTask.DoesNotExist as error:
        raise Http404 from error


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.MARK_ATTEMPTS)
def marking_answer(request: HttpRequest, task_id: int) -> HttpResponse:
    """Show an answer in hand with its rubric; POST stores the marks and goes on with the next one."""
    reachable = _reachable(request, task_id)
    try:
        task = get_claimed_task(request.user, task_id, clock.now())
    except MarkingTask.DoesNotExist:
        messages.warning(request, _("这份答案不在你手上：认领的时间过了，或者已经评完。请从队列里再取。"))
        return redirect(QUEUE)
    answer = answer_for_marker(task)
    form = MarkForm(request.POST or None, answer=answer)
    if request.method == "POST" and form.is_valid():
        try:
            give_mark(
                task_id=task.pk,
                per_point=form.per_point(),
                comment=form.cleaned_data["comment"],
                acting_user=editor(request),
                now=clock.now(),
            )
        except (BadHandMark, PermissionDenied) as error:
            messages.error(request, str(error))
            return redirect(QUEUE)
        return _next(request, reachable.attempt.exam_id, reachable.version_id)
    context = form_page(
        answer.exam,
        (QUEUE, _("阅卷")),
        form=form,
        answer=answer,
        media=shown_media(answer.media, reverse("exams_office:marking-media", args=[task.pk])),
        progress=next(
            (
                row
                for row in waiting_questions(request.user, clock.now())
                if (row.exam_id, row.version_id) == (answer.exam_id, answer.version_id)
            ),
            None,
        ),
    )
    return render(request, "exams/office_marking_answer.html", context, status=422 if form.errors else 200)


@require_POST
@for_those_who(Capability.MARK_ATTEMPTS)
def marking_put_back(request: HttpRequest, task_id: int) -> HttpResponse:
    """Put an answer back for others."""
    _reachable(request, task_id)
    put_back(task_id=task_id, acting_user=editor(request))
    return redirect(QUEUE)


@require_GET
@for_those_who(Capability.MARK_ATTEMPTS)
def marking_media(request: HttpRequest, task_id: int) -> HttpResponse:
    """Send the picture or film of the question whose answer this person has in hand."""
    try:
        task = get_claimed_task(request.user, task_id, clock.now())
    except MarkingTask.DoesNotExist as error:
        raise Http404 from error
    if task.version.media is None:
        raise Http404
    return cast(HttpResponse, deliver_media(request, task.version.media))
