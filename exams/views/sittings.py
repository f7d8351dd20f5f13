"""The candidate's way into a sitting: a ticket, the lobby, the start."""

import datetime as dt
import random
import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common import clock
from common.devices import device_of, remember_device
from exams.actions.seat_tickets import TooManyWrong, redeem_ticket, seat_of_ticket
from exams.actions.seats import arrive
from exams.actions.sitting_start import require_may_start, start_in_sitting
from exams.errors import ExamError, SittingRefused, TicketRefused
from exams.models import AttemptState, Seat, SeatState, SittingState
from exams.queries import own_employee_id
from exams.queries.sittings import ask_again_s, own_seat
from exams.sessions import AFTERWARDS, keep_ticket_session
from exams.views.origin import origin_of
from people.models import User
from people.sessions import client_address, open_limited_session

private = cache_control(no_store=True, private=True)


def _lobby_path(sitting_public_id: uuid.UUID) -> str:
    return reverse("exams:lobby", args=[sitting_public_id])


@sensitive_variables("token")
@require_http_methods(["GET", "POST"])
@csrf_protect
@private
def ticket(request: HttpRequest, token: str) -> HttpResponse:
    """Show whose ticket this is; POST uses it up, signs in for this sitting alone and leads to the lobby.

    Looking changes nothing: messengers open every link they pass on.
    """
    address = client_address(request) or ""
    now = clock.now()
    try:
        if request.method == "GET":
            seat = seat_of_ticket(token=token, address=address, now=now)
            return render(request, "exams/sitting_ticket.html", {"seat": seat})
        seat = redeem_ticket(token=token, address=address, now=now)
    except TooManyWrong as error:
        response = render(request, "exams/sitting_refused.html", {"problem": str(error)}, status=429)
        response["Retry-After"] = "900"
        return response
    except TicketRefused as error:
        return render(request, "exams/sitting_refused.html", {"problem": str(error)}, status=410)
    except SittingRefused as error:
        return render(request, "exams/sitting_refused.html", {"problem": str(error)}, status=409)
    user = seat.employee.user
    assert user is not None  # seat_of_ticket refuses people without an account
    lobby_path = _lobby_path(seat.sitting.public_id)
    if request.user != user:
        writes_until = seat.attempt.deadline_at if seat.attempt else now
        until = max(seat.sitting.tickets_until, writes_until, now) + AFTERWARDS
        open_limited_session(request, user, paths=(lobby_path,), until=until, now=now)
    response = redirect(lobby_path)
    device_of(request)
    remember_device(request, response)
    return response


def _seat(request: HttpRequest, public_id: uuid.UUID) -> Seat:
    assert isinstance(request.user, User)
    try:
        return own_seat(request.user, public_id)
    except Seat.DoesNotExist as error:
        raise Http404 from error


def _standing(seat: Seat, now: dt.datetime) -> dict[str, object]:
    """Return what the lobby tells and its script goes by: the server's word on what comes next."""
    sitting = seat.sitting
    problem = ""
    try:
        require_may_start(seat, now)
    except SittingRefused as error:
        problem = str(error)
    if seat.attempt is not None:
        stage = "writing" if seat.attempt.state == AttemptState.OPEN else "handed_in"
    elif not problem:
        stage = "may_start"
    elif sitting.state == SittingState.RUNNING and sitting.late_until and now > sitting.late_until:
        stage = "too_late"
    else:
        stage = (
            "waiting" if sitting.state in (SittingState.DOORS_OPEN, SittingState.RUNNING) else sitting.state
        )
    told = {
        "writing": _("试卷正在作答"),
        "handed_in": _("已经交卷"),
        "may_start": _("现在可以开始答题"),
    }
    return {
        "stage": stage,
        "problem": problem if seat.attempt is None else "",
        "told": told.get(stage, problem),
        "seat_state": seat.state,
        "server_time": now.isoformat(),
        "bell": sitting.planned_at.isoformat(),
    }


@require_GET
@login_required
@private
def lobby(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show where the person sits and when it begins; once opened, the one button that starts."""
    seat = _seat(request, public_id)
    now = clock.now()
    return render(
        request,
        "exams/sitting_lobby.html",
        {
            "seat": seat,
            "sitting": seat.sitting,
            "exam": seat.sitting.exam,
            "standing": _standing(seat, now),
            "has_arrived": seat.state != SeatState.EXPECTED,
            "duration_min": seat.sitting.exam.duration_s // 60,
            "ask_again_s": _ask_again_s(seat, now),
            "texts": {
                "offline": _("没有网络，正在重试。不用刷新，连上后会自动更新。"),
                "waiting": _("距开考还有 {time}"),
                "due": _("已到开考时间，等监考人宣布开考"),
            },
        },
    )


def _ask_again_s(seat: Seat, now: dt.datetime) -> int:
    return ask_again_s(
        getattr(seat, "sitting_seats", 1),
        seat.sitting.planned_at - now,
        jitter=random.random(),  # noqa: S311
    )


@require_GET
@private
def lobby_state(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Tell the lobby's script how things stand, and after how many seconds to ask again (two statements)."""
    if not request.user.is_authenticated:
        return JsonResponse({"error": "signed_out"}, status=401)
    seat = _seat(request, public_id)
    now = clock.now()
    again = _ask_again_s(seat, now)
    return JsonResponse({**_standing(seat, now), "ask_again_s": again}, headers={"Retry-After": str(again)})


@require_POST
@login_required
@private
def lobby_arrive(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Note that somebody who signed in by password stands in the room."""
    assert isinstance(request.user, User)
    try:
        arrive(sitting_public_id=public_id, employee_id=own_employee_id(request.user), now=clock.now())
    except Seat.DoesNotExist as error:
        raise Http404 from error
    except SittingRefused as error:
        messages.error(request, str(error))
    return redirect("exams:lobby", public_id)


@require_POST
@login_required
@private
def lobby_start(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Start, or go on. Two taps lead to the same paper."""
    assert isinstance(request.user, User)
    try:
        attempt = start_in_sitting(
            sitting_public_id=public_id,
            employee_id=own_employee_id(request.user),
            device=device_of(request),
            now=clock.now(),
            origin=origin_of(request),
        )
    except Seat.DoesNotExist as error:
        raise Http404 from error
    except ExamError as error:
        messages.error(request, str(error))
        return redirect("exams:lobby", public_id)
    keep_ticket_session(request, attempt.public_id, attempt.deadline_at)
    response = redirect("exams:attempt", public_id=attempt.public_id)
    remember_device(request, response)
    return response
