"""The addresses a lesson's page talks to. All say how far the server counts the person to be."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from common.clock import now
from common.devices import device_of, remember_device
from courses import errors, watching
from courses.actions import study
from courses.actions.checks import answer_check
from courses.attention import Outcome
from courses.forms import BadBeat, CheckForm, read_beat
from courses.models import LessonPage, StudyCheck
from courses.queries import get_lesson_for
from courses.views.package_player import package_run
from courses.views.reports import check_report, completed_words, minutes, progress_report
from courses.watching import Verdict
from people.models import Employee
from people.queries import employee_key_of, employee_of

STATUS = {
    errors.SessionUnknown: 404,
    errors.CheckUnknown: 404,
    errors.BadSignature: 403,
    errors.BadPackageReport: 400,
}


def _answer(error: str, message: str, status: int, **more: Any) -> JsonResponse:
    return JsonResponse({"error": error, "message": message, **more}, status=status)


def for_accounts(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let in who is signed in, and turn what goes wrong into JSON with words for the reader."""

    @never_cache
    @require_POST
    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return _answer("signed_out", _("登录已过期，请重新登录；已记录的进度不会丢。"), 401)
        try:
            return view(request, *args, **kwargs)
        except errors.WrongSeq as error:
            return _answer(error.code, str(error), 409, expected_seq=error.expected)
        except errors.StudyError as error:
            return _answer(error.code, str(error), STATUS.get(type(error), 409))

    return checked


def for_students(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let in employees only, as for_accounts, and give the view the employee."""

    @for_accounts
    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        employee = employee_of(request.user)
        if employee is None:
            return _no_employee()
        return view(request, employee, *args, **kwargs)

    return checked


def _no_employee() -> JsonResponse:
    return _answer("no_employee", _("当前账号不是员工账号，不记录学习。"), 403)


@for_students
def session_open(request: HttpRequest, employee: Employee, lesson_pk: int) -> HttpResponse:
    """Open a lesson: the session, its key, and the progress so far."""
    try:
        lesson = get_lesson_for(request.user, lesson_pk)
    except LessonPage.DoesNotExist:
        return _answer("lesson_closed", _("找不到这个课件，它可能已下架。"), 404)
    session = study.open_session(employee=employee, lesson=lesson, device=device_of(request), now=now())
    package = lesson.package
    response = JsonResponse(
        {
            "session": str(session.public_id),
            "key": session.nonce,
            "next_seq": session.last_seq + 1,
            "beat_s": watching.POLICY.beat_s,
            "jump_s": watching.POLICY.jump_s,
            "progress": progress_report(session.progress),
            "check": check_report(session.progress.open_check, now()),
            "package": package_run(request, package, session, user_id=employee.user_id or 0)
            if package
            else None,
        }
    )
    remember_device(request, response)
    return response


@for_accounts
def beat(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Take a beat and say what it earned. Who studies is found together with the session: it is asked often."""
    try:
        sent, signature = read_beat(request.POST.dict())
    except BadBeat as error:
        return _answer("bad_beat", _("学习数据格式不对，请刷新页面。"), 400, fields=error.fields)
    try:
        taken = study.take_beat(
            session_public_id=session_id,
            employee_id=employee_key_of(request.user),
            beat=sent,
            signature=signature,
            now=now(),
        )
    except errors.SessionUnknown:
        if employee_of(request.user) is None:
            return _no_employee()
        raise
    return JsonResponse(
        {
            "verdict": taken.verdict,
            "credited_s": taken.credited_s,
            "message": verdict_words(taken.verdict),
            "progress": progress_report(taken.progress),
            "check": check_report(taken.check, now()),
        }
    )


@for_students
def check(request: HttpRequest, employee: Employee, session_id: UUID) -> HttpResponse:
    """Take the answer to a check and say what became of it."""
    form = CheckForm(request.POST)
    if not form.is_valid():
        return _answer("bad_check", _("回答没有送对，请刷新页面后再答。"), 400, fields=sorted(form.errors))
    asked = answer_check(
        session_public_id=session_id,
        employee_id=employee.pk,
        number=form.cleaned_data["check"],
        choice=form.cleaned_data["choice"],
        now=now(),
    )
    return JsonResponse(
        {
            "outcome": asked.outcome,
            "message": check_words(asked),
            "progress": progress_report(asked.progress),
            "check": check_report(asked.progress.open_check, now()),
        }
    )


def check_words(asked: StudyCheck) -> str:
    """Return what to tell a person about their answer."""
    lost = minutes(sum(end - start for start, end in asked.taken_back))
    if asked.outcome == Outcome.MISSED:
        return _("没有在时限内回答，最近 %(lost)s 的影片请重新看。") % {"lost": lost}
    if asked.outcome == Outcome.WRONG:
        return _("两次都没有答对，最近 %(lost)s 的影片请重新看。%(why)s") % {
            "lost": lost,
            "why": asked.content["explanation"],
        }
    if asked.outcome == Outcome.ANSWERED:
        return asked.content["explanation"]
    return _("不对，再想想，还可以答一次。")


@for_students
def confirm(request: HttpRequest, employee: Employee, session_id: UUID) -> HttpResponse:
    """Take the person's confirmation and say when the lesson was completed."""
    record = study.confirm_read(session_public_id=session_id, employee_id=employee.pk, now=now())
    return JsonResponse({"completed": completed_words(record.completed_at)})


def verdict_words(verdict: Verdict) -> str:
    """Return what a reader should know about a verdict; an empty text where all is well."""
    return {
        Verdict.PARTLY: _("网络较慢，只计入了实际经过的时间。"),
        Verdict.JUMPED: _("首次观看不能快进，已回到看到的位置。"),
        Verdict.TOO_FAST: _("首次观看请用正常速度，加速的部分不计时。"),
        Verdict.HIDDEN: _("页面不在眼前时不计时。"),
        Verdict.BAD_INTERVAL: _("这段时间无法确认，不计时。"),
        Verdict.CHECK_MISSED: _("刚才的提问没有在时限内回答，那一段请重新看。"),
        Verdict.UNKNOWN_PART: _("课件内容有变化，请刷新页面。"),
    }.get(verdict, "")
