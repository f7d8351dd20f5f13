"""The candidate's pages: rules, paper, save, hand-in, result."""

import uuid
from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common import clock
from common.devices import device_of, remember_device
from exams.actions.attempts import (
    Step,
    save_answers,
    settle_attempt,
    start_attempt,
    submit_attempt,
    take_over,
)
from exams.errors import AttemptClosed, AttemptMoved, BadAnswer, ExamError, SeqTaken
from exams.forms.answers import form_responses, parse_steps
from exams.models import Attempt, AttemptState, Exam
from exams.queries import (
    exam_intro,
    get_attempt_for,
    get_open_exam_for,
    latest_steps,
    own_employee_id,
    paper_for_display,
    result_for_display,
)
from people.models import Employee

OPEN_PURPOSE = "open"
View = Callable[..., HttpResponse]
# Papers and results are one person's own: neither a proxy nor the browser keeps them.
private = cache_control(no_store=True, private=True)


def _texts() -> dict[str, str]:
    """Return what the page's script says, in the reader's language."""
    return {
        "saved": _("已保存 {time}"),
        "saving": _("正在保存…"),
        "unsaved": _("未保存 {n} 题"),
        "offline": _("离线，未保存 {n} 题"),
        "offlineClean": _("离线，可以继续答"),
        "ready": _("可以作答"),
        "timeUp": _("时间到，已停止作答"),
        "lost": _("时间到。有 {n} 题的作答没有在截止前送到服务器，不计入。"),
        "closing": _("时间到，正在交卷…"),
        "signedOut": _("登录已过期，作答留在本机。请重新登录，回到本页会自动补存。"),
        "broken": _("服务器没有收下这次作答。请刷新页面后再答，已保存的不受影响。"),
        "place": _("第 {n} / {total} 题"),
        "slot": _("第 {n} 题"),
        "answered": _("已答"),
        "unanswered": _("未答"),
        "marked": _("已标记"),
        "allAnswered": _("全部 {total} 题都已作答。"),
        "someUnanswered": _("还有 {n} 题没有作答："),
        "sending": _("正在交卷…"),
        "submitOffline": _("没有连上服务器，暂时交不了卷。作答留在本机，连上后再点一次“确认交卷”。"),
        "fiveMinutes": _("还剩 5 分钟"),
        "oneMinute": _("还剩 1 分钟"),
    }


def _is_form(request: HttpRequest) -> bool:
    """Tell whether a plain form was posted: the page works without JavaScript, too."""
    return request.content_type != "application/json"


def _answering(view: View) -> View:
    """Turn what can go wrong while answering into a reply: `error` and `message` as JSON, or a page."""

    @wraps(view)
    def wrapped(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        if not request.user.is_authenticated:
            if _is_form(request):
                return redirect_to_login(reverse("exams:attempt", args=[public_id]))
            return _refusal(401, "signed_out", _("登录已过期，请重新登录后继续。"))
        try:
            response = view(request, public_id)
        except Attempt.DoesNotExist as error:
            if _is_form(request):
                raise Http404 from error
            return _refusal(404, "not_found", _("没有这份答卷。"))
        except (AttemptClosed, AttemptMoved, BadAnswer, SeqTaken) as error:
            if _is_form(request):
                messages.error(request, str(error))
                return redirect("exams:attempt", public_id=public_id)
            return _refusal_for(error)
        remember_device(request, response)
        return response

    return wrapped


def _refusal(status: int, error: str, message: str, **more: object) -> JsonResponse:
    return JsonResponse({"error": error, "message": message, **more}, status=status)


def _refusal_for(error: ExamError) -> JsonResponse:
    if isinstance(error, BadAnswer):
        return _refusal(400, error.code, str(error), field=error.field)
    if isinstance(error, SeqTaken):
        return _refusal(409, error.code, str(error), next_seq=error.next_seq)
    return _refusal(409, error.code, str(error))


def _own_attempt(request: HttpRequest, public_id: uuid.UUID) -> Attempt:
    """Return the reader's own attempt, closed and marked if its time is over; else 404."""
    assert request.user.is_authenticated
    try:
        attempt = get_attempt_for(request.user, public_id)
    except Attempt.DoesNotExist as error:
        raise Http404 from error
    return settle_attempt(attempt=attempt, now=clock.now())


@require_http_methods(["GET", "POST"])
@login_required
@private
def start(request: HttpRequest, code: str) -> HttpResponse:
    """Show the rules of an exam people may take by themselves; POST starts it or goes on with it."""
    assert request.user.is_authenticated
    try:
        exam, employee = get_open_exam_for(request.user, code)
    except (Exam.DoesNotExist, Employee.DoesNotExist) as error:
        raise Http404 from error
    problem = ""
    if request.method == "POST":
        try:
            attempt = start_attempt(
                exam=exam,
                employee=employee,
                purpose=OPEN_PURPOSE,
                device=device_of(request),
                now=clock.now(),
            )
        except ExamError as error:
            problem = str(error)
        else:
            response: HttpResponse = redirect("exams:attempt", public_id=attempt.public_id)
            remember_device(request, response)
            return response
    intro = exam_intro(exam, employee.pk, OPEN_PURPOSE, clock.now())
    return render(
        request,
        "exams/exam_intro.html",
        {"exam": exam, "intro": intro, "problem": problem},
        status=409 if problem else 200,
    )


@require_GET
@login_required
@private
def attempt_page(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show the paper to the device that holds the attempt; another device is asked to take over."""
    attempt = _own_attempt(request, public_id)
    if attempt.state != AttemptState.OPEN:
        return redirect("exams:result", public_id=public_id)
    device = device_of(request)
    now = clock.now()
    if attempt.device and attempt.device != device:
        response = render(request, "exams/attempt_moved.html", {"attempt": attempt})
    else:
        paper = paper_for_display(attempt)
        response = render(
            request,
            "exams/attempt.html",
            {
                "attempt": attempt,
                "paper": paper,
                "seconds_left": max(int((attempt.deadline_at - now).total_seconds()), 0),
                "clock": {
                    "attempt": str(attempt.public_id),
                    "serverTime": now.isoformat(),
                    "deadline": attempt.deadline_at.isoformat(),
                    "graceSeconds": attempt.paper["policy"]["grace_s"],
                    "lastSeq": paper.last_seq,
                },
                "texts": _texts(),
            },
        )
    remember_device(request, response)
    return response


@require_POST
@private
@_answering
def save(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Store answers. 200 means that they are committed; anything else means that they are not.

    JSON in, JSON out. A plain form post (no JavaScript) goes back to the page with a message instead.
    """
    assert request.user.is_authenticated
    steps = _steps_of_form(request, public_id) if _is_form(request) else parse_steps(request.body)
    receipt = save_answers(
        attempt_public_id=public_id,
        employee_id=own_employee_id(request.user),
        steps=steps,
        device=device_of(request),
        now=clock.now(),
    )
    if _is_form(request):
        messages.success(request, _("已保存。"))
        return redirect("exams:attempt", public_id=public_id)
    return JsonResponse(
        {
            "attempt": str(receipt.attempt),
            "saved": [{"slot": slot, "seq": seq} for slot, seq in receipt.saved],
            "server_time": receipt.server_time.isoformat(),
            "deadline": receipt.deadline.isoformat(),
        }
    )


def _steps_of_form(request: HttpRequest, public_id: uuid.UUID) -> list[Step]:
    """Return what a plain form changes against what is stored, numbered after it."""
    assert request.user.is_authenticated
    attempt = get_attempt_for(request.user, public_id)
    stored = latest_steps(attempt.pk)
    seq = max((seq for seq, _response in stored.values()), default=0) + 1
    responses = form_responses(request.POST, len(attempt.paper["slots"]))
    return [
        Step(slot=slot, seq=seq, response=response)
        for slot, response in responses.items()
        if set(response) != set(stored.get(slot, (0, []))[1])
    ]


@require_POST
@private
@_answering
def submit(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Hand in, with the last answers if any. Handing in twice is the same as once."""
    assert request.user.is_authenticated
    steps = _steps_of_form(request, public_id) if _is_form(request) else parse_steps(request.body)
    attempt = submit_attempt(
        attempt_public_id=public_id,
        employee_id=own_employee_id(request.user),
        steps=steps,
        device=device_of(request),
        now=clock.now(),
    )
    if _is_form(request):
        return redirect("exams:result", public_id=public_id)
    return JsonResponse({"attempt": str(attempt.public_id), "state": attempt.state})


@require_POST
@login_required
@private
def move_here(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Let the requesting device hold the attempt."""
    assert request.user.is_authenticated
    try:
        take_over(
            attempt_public_id=public_id,
            employee_id=own_employee_id(request.user),
            device=device_of(request),
            now=clock.now(),
        )
    except Attempt.DoesNotExist as error:
        raise Http404 from error
    except AttemptClosed:
        return redirect("exams:result", public_id=public_id)
    response: HttpResponse = redirect("exams:attempt", public_id=public_id)
    remember_device(request, response)
    return response


@require_GET
@login_required
@private
def result(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show the score, and the right answers once they are released to this person."""
    attempt = _own_attempt(request, public_id)
    if attempt.state == AttemptState.OPEN:
        return redirect("exams:attempt", public_id=public_id)
    return render(
        request,
        "exams/attempt_result.html",
        {"attempt": attempt, "result": result_for_display(attempt, clock.now())},
    )
