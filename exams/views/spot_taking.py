"""What a worker sees of an on-the-spot test: who are you, the questions, the result. No account is needed."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods

from common import clock
from common.addresses import client_address
from common.throttle import within_limit
from exams.actions.spot_checks import SEAT_LIVES, answer_spot, take_seat
from exams.errors import BadAnswer, SpotCheckRefused
from exams.forms.answers import form_responses
from exams.models import QuestionVersion, SpotCheck, SpotRound, SpotSeat, SpotWay
from exams.queries.practice_pool import is_locked
from exams.queries.practice_spots import (
    is_open,
    person_at,
    result_lines,
    round_of_code,
    seat_of_token,
    spot_questions,
)
from exams.views.media import deliver_media
from people.queries import employee_of

private = cache_control(no_store=True, private=True)
TRIES, WINDOW_S = 30, 600  # of one address: a site behind one router has many workers


@require_http_methods(["GET", "POST"])
@private
def spot_door(request: HttpRequest, code: str) -> HttpResponse:
    """Ask who scanned the code: the own account, or a number and name the inspector compares with the badge."""
    now = clock.now()
    if not within_limit("spot", client_address(request), limit=TRIES * 10, window_s=WINDOW_S, now=now):
        return _closed(request, _("扫得太频繁，请过几分钟再试。"), 429)
    try:
        round_ = round_of_code(code)
    except SpotRound.DoesNotExist as error:
        raise Http404 from error
    if not is_open(round_, now):
        return _closed(request, _("这次抽考的二维码已过期。请检查人重新发起。"), 410)
    employee = employee_of(request.user)
    problem = ""
    if request.method == "POST":
        number = request.POST.get("number", "").strip()
        name = request.POST.get("name", "").strip()
        own = employee is not None and "own" in request.POST
        person = employee if own else None
        if not own:
            if not within_limit(
                f"spot:{round_.pk}", client_address(request), limit=TRIES, window_s=WINDOW_S, now=now
            ):
                return _closed(request, _("试得太多了，请检查人用自己的手机为你找人。"), 429)
            person = person_at(round_.started_by, number, name) if number and name else None
        if person is None:
            problem = _("工号和姓名对不上。请看工牌再填，或请检查人用自己的手机为你找人。")
        else:
            try:
                taken = take_seat(
                    round_=round_,
                    employee=person,
                    way=SpotWay.ACCOUNT if own else SpotWay.BADGE,
                    now=now,
                )
            except SpotCheckRefused as error:
                problem = str(error)
            else:
                return redirect("exams:spot-seat", taken.token)
    return render(
        request,
        "exams/spot_door.html",
        {"round": round_, "employee": employee, "problem": problem, "number": request.POST.get("number", "")},
        status=422 if problem else 200,
    )


def _closed(request: HttpRequest, text: str, status: int) -> HttpResponse:
    return render(request, "exams/spot_closed.html", {"text": text}, status=status)


def _seat(token: str) -> SpotSeat:
    try:
        return seat_of_token(token)
    except SpotSeat.DoesNotExist as error:
        raise Http404 from error


@require_http_methods(["GET", "POST"])
@private
def spot_seat(request: HttpRequest, token: str) -> HttpResponse:
    """Wait for the inspector, answer, and see the result at once beside the last exam."""
    seat = _seat(token)
    now = clock.now()
    check = SpotCheck.objects.select_related("recorded_attempt__exam").filter(seat=seat).first()
    problem = ""
    if check is None and seat.confirmed_at is None:
        if not is_open(seat.round, now):
            return _closed(request, _("检查人没有核对，这次抽考已结束。"), 410)
        return render(request, "exams/spot_wait.html", {"seat": seat, "round": seat.round})
    if check is None and seat.confirmed_at and now > seat.confirmed_at + SEAT_LIVES:
        return _closed(request, _("作答时间已过，这次不计。请检查人重新发起。"), 410)
    if check is None and request.method == "POST":
        assert seat.paper is not None  # it was handed out with the confirmation
        responses = form_responses(request.POST, len(seat.paper["slots"]))
        try:
            check = answer_spot(seat=seat, responses=responses, now=now)
        except (SpotCheckRefused, BadAnswer) as error:
            problem = str(error)
        else:
            return redirect("exams:spot-seat", token)
    if check is not None:
        return render(
            request, "exams/spot_result.html", {"seat": seat, "check": check, "lines": result_lines(check)}
        )
    questions = spot_questions(seat, token)
    return render(
        request,
        "exams/spot_questions.html",
        {
            "seat": seat,
            "token": token,
            "questions": questions,
            "problem": problem,
            "scripts": sorted({question.script for question in questions if question.script}),
        },
        status=409 if problem else 200,
    )


@require_GET
@private
def spot_media(request: HttpRequest, token: str, slot: int) -> HttpResponseBase:
    """Send the picture or film of a question of a seat that has its questions and has not answered."""
    seat = _seat(token)
    now = clock.now()
    slots = seat.paper["slots"] if seat.paper else []
    is_over = seat.confirmed_at is None or now > seat.confirmed_at + SEAT_LIVES
    if is_over or not 1 <= slot <= len(slots) or SpotCheck.objects.filter(seat=seat).exists():
        raise Http404
    version = QuestionVersion.objects.select_related("media").get(pk=slots[slot - 1]["version_id"])
    if version.media is None or is_locked(version.question_id, now, seat.employee_id):
        raise Http404
    return deliver_media(request, version.media)
