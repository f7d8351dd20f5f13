"""The candidate's pages: rules, paper, save, hand-in, result."""

import datetime as dt
import uuid
from collections.abc import Callable
from functools import wraps

from django.conf import settings
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
from common.addresses import client_address
from common.arrival import arrived_at
from common.devices import device_of, remember_device
from exams.actions.attempts import go_on, save_answers, settle_attempt, submit_attempt, take_over
from exams.actions.starting import start_attempt
from exams.admission import Obstacle, Refusal
from exams.errors import (
    AttemptClosed,
    AttemptMoved,
    AttemptPaused,
    BadAnswer,
    ExamError,
    NotReleased,
    OnlyInSittings,
    SebNeeded,
    SeqTaken,
    SlotLeft,
    StartRefused,
)
from exams.forms.answers import form_responses, form_slot, parse_slot, parse_steps
from exams.models import Attempt, AttemptState, Exam, TakeOver
from exams.queries import (
    OwnEmployee,
    exam_intro,
    get_attempt_for,
    get_open_exam_for,
    is_one_way,
    latest_steps,
    paper_for_display,
    reason_of_pause,
    result_for_display,
    standing_of,
)
from exams.queries.admission import in_network
from exams.sessions import keep_ticket_session, presence_of
from exams.shapes import OPEN_PURPOSE, Step
from exams.types import type_of
from exams.views.cards import question_cards
from exams.views.integrity import guarded_page, photo_asked_for, seb_page
from exams.views.origin import origin_of
from exams.views.texts import attempt_texts
from people.models import Employee
from people.sessions import hold_kiosk_session

KIOSK_PAUSE = dt.timedelta(minutes=10)
ANSWERING_ERRORS = (
    AttemptClosed,
    AttemptMoved,
    AttemptPaused,
    BadAnswer,
    SebNeeded,
    SeqTaken,
    SlotLeft,
)
View = Callable[..., HttpResponse]
# Papers and results are one person's own: neither a proxy nor the browser keeps them.
private = cache_control(no_store=True, private=True)


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
        except ANSWERING_ERRORS as error:
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
    if isinstance(error, SebNeeded):
        return _refusal(403, error.code, str(error))
    if isinstance(error, SeqTaken):
        return _refusal(409, error.code, str(error), next_seq=error.next_seq)
    if isinstance(error, SlotLeft):
        return _refusal(409, error.code, str(error), slot=error.slot)
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
    presence = presence_of(request)
    if request.method == "POST":
        try:
            attempt = start_attempt(
                exam=exam,
                employee=employee,
                purpose=OPEN_PURPOSE,
                device=device_of(request),
                now=clock.now(),
                presence=presence,
                origin=origin_of(request),
            )
        except SebNeeded:
            return seb_page(request, exam.title)
        except OnlyInSittings as error:
            messages.warning(request, str(error))
            if error.sitting is not None:
                return redirect("exams:lobby", error.sitting.public_id)
            problem = str(error)
        except ExamError as error:
            problem = str(error)
        else:
            response: HttpResponse = redirect("exams:attempt", public_id=attempt.public_id)
            remember_device(request, response)
            return response
    intro = exam_intro(exam, employee.pk, OPEN_PURPOSE, clock.now(), presence)
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
    """Show the paper to the device that holds the attempt; another device is asked to take over.

    Of a one-way paper it holds the present question alone; while the attempt is paused, none.
    """
    attempt = _own_attempt(request, public_id)
    if attempt.state != AttemptState.OPEN:
        return redirect("exams:result", public_id=public_id)
    now = clock.now()
    _hold_kiosk(request, attempt.deadline_at, attempt.paused_at, now)
    keep_ticket_session(request, public_id, attempt.deadline_at)
    stopped = guarded_page(request, attempt)
    if stopped is not None:
        return stopped
    device = device_of(request)
    if attempt.device and attempt.device != device:
        asks = attempt.paper["policy"].get("take_over") == TakeOver.RELEASED
        response = render(request, "exams/attempt_moved.html", {"attempt": attempt, "asks_release": asks})
    elif attempt.paused_at is not None:
        response = render(
            request,
            "exams/attempt_paused.html",
            {
                "attempt": attempt,
                "seconds_left": int((attempt.deadline_at - attempt.paused_at).total_seconds()),
                "reason": reason_of_pause(attempt),
            },
        )
    else:
        response = render(request, "exams/attempt.html", _paper_context(attempt, now))
    remember_device(request, response)
    return response


def _paper_context(attempt: Attempt, now: dt.datetime) -> dict[str, object]:
    one_way = is_one_way(attempt)
    paper = paper_for_display(attempt, only=attempt.at_slot if one_way else None)
    return {
        "attempt": attempt,
        "paper": paper,
        "cards": question_cards(paper.questions),
        "one_way": one_way,
        "is_last": attempt.at_slot == paper.total,
        "seconds_left": max(int((attempt.deadline_at - now).total_seconds()), 0),
        "clock": {
            "attempt": str(attempt.public_id),
            "serverTime": now.isoformat(),
            "deadline": attempt.deadline_at.isoformat(),
            "graceSeconds": attempt.paper["policy"]["grace_s"] + settings.EXAM_ARRIVAL_GRACE_S,
            "lastSeq": paper.last_seq,
            "oneWay": one_way,
            "total": paper.total,
        },
        "texts": attempt_texts(),
        "photo": photo_asked_for(attempt, now),
    }


def _hold_kiosk(
    request: HttpRequest, deadline_at: dt.datetime, paused_at: dt.datetime | None, now: dt.datetime
) -> None:
    """Keep a shared tablet open to the end of the attempt; through a pause, for as long as the page asks on."""
    hold_kiosk_session(request, deadline_at if paused_at is None else max(deadline_at, now + KIOSK_PAUSE))


@require_GET
@private
@_answering
def standing(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Tell the page how its attempt stands: the deadline, a pause, another device. Asked between saves."""
    assert request.user.is_authenticated
    found = standing_of(request.user, public_id)
    now = clock.now()
    if found.state == AttemptState.OPEN:
        _hold_kiosk(request, found.deadline_at, found.paused_at, now)
        keep_ticket_session(request, public_id, found.deadline_at)
    return JsonResponse(
        {
            "state": found.state,
            "server_time": now.isoformat(),
            "deadline": found.deadline_at.isoformat(),
            "paused": found.paused_at is not None,
            "moved": found.device not in ("", device_of(request)),
        }
    )


@require_POST
@private
@_answering
def save(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Store answers. 200 means that they are committed; anything else means that they are not.

    JSON in, JSON out. A plain form post (no JavaScript) goes back to the page with a message instead.
    """
    assert request.user.is_authenticated
    now = clock.now()
    steps = _steps_of_form(request, public_id) if _is_form(request) else parse_steps(request.body)
    receipt = save_answers(
        attempt_public_id=public_id,
        employee_id=OwnEmployee(request.user.pk),
        steps=steps,
        device=device_of(request),
        now=now,
        arrived_at=arrived_at(request, now),
        origin=origin_of(request),
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
    """Return what a plain form changes against what is stored, numbered after it.

    A form of a one-way paper holds one question; one that was left since then changes nothing.
    """
    assert request.user.is_authenticated
    attempt = get_attempt_for(request.user, public_id)
    slots = attempt.paper["slots"]
    shown = range(1, len(slots) + 1)
    if is_one_way(attempt):
        slot = form_slot(request.POST)
        shown = range(slot, slot + (slot == attempt.at_slot))
    stored = latest_steps(attempt.pk)
    seq = max((seq for seq, _response in stored.values()), default=0) + 1
    responses = form_responses(request.POST, len(slots))
    return [
        Step(slot=slot, seq=seq, response=responses[slot])
        for slot in shown
        if not type_of(slots[slot - 1]["kind"]).same(responses[slot], stored.get(slot, (0, []))[1])
    ]


@require_POST
@private
@_answering
def go_next(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Leave a question of a one-way paper for good, with its last answer; repeating it changes nothing."""
    assert request.user.is_authenticated
    now = clock.now()
    is_form = _is_form(request)
    attempt = go_on(
        attempt_public_id=public_id,
        employee_id=OwnEmployee(request.user.pk),
        from_slot=form_slot(request.POST) if is_form else parse_slot(request.body),
        steps=_steps_of_form(request, public_id) if is_form else parse_steps(request.body),
        device=device_of(request),
        now=now,
        arrived_at=arrived_at(request, now),
        origin=origin_of(request),
    )
    if is_form:
        return redirect("exams:attempt", public_id=public_id)
    return JsonResponse({"attempt": str(attempt.public_id), "slot": attempt.at_slot})


@require_POST
@private
@_answering
def submit(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Hand in, with the last answers if any. Handing in twice is the same as once."""
    assert request.user.is_authenticated
    now = clock.now()
    steps = _steps_of_form(request, public_id) if _is_form(request) else parse_steps(request.body)
    attempt = submit_attempt(
        attempt_public_id=public_id,
        employee_id=OwnEmployee(request.user.pk),
        steps=steps,
        device=device_of(request),
        now=now,
        arrived_at=arrived_at(request, now),
        origin=origin_of(request),
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
        attempt = get_attempt_for(request.user, public_id)
        if not in_network(attempt.exam, client_address(request)):
            raise StartRefused(attempt.exam.title, Refusal(Obstacle.OUTSIDE_NETWORK))
        take_over(
            attempt_public_id=public_id,
            employee_id=OwnEmployee(request.user.pk),
            device=device_of(request),
            now=clock.now(),
            origin=origin_of(request),
        )
    except Attempt.DoesNotExist as error:
        raise Http404 from error
    except AttemptClosed:
        return redirect("exams:result", public_id=public_id)
    except (NotReleased, SebNeeded, StartRefused) as error:
        messages.error(request, str(error))
        return redirect("exams:attempt", public_id=public_id)
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
    hold_kiosk_session(request, None)
    return render(
        request,
        "exams/attempt_result.html",
        {"attempt": attempt, "result": result_for_display(attempt, clock.now())},
    )
