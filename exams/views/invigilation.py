"""What an invigilator does: plan a sitting, fill its roster, run it, and act on one seat."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from common import clock
from common.printing import qr_svg
from exams.actions.prepared import queue_preparation
from exams.actions.seat_tickets import issue_tickets
from exams.actions.seats import RosterReport, add_numbers, add_people, admit, remove_seat
from exams.actions.sitting_prints import queue_record, queue_tickets, ticket_url
from exams.actions.sitting_time import extend_sitting, pause_sitting, release_seat, resume_sitting
from exams.actions.sittings import (
    cancel_sitting,
    end_sitting,
    note_incident,
    open_doors,
    open_sitting,
    save_sitting,
)
from exams.errors import ExamError
from exams.forms.sittings import RosterForm, SittingForm
from exams.importers.roster import BadRoster, numbers_in_text, numbers_in_workbook
from exams.models import Seat, Sitting
from exams.queries.sittings import (
    exams_to_sit,
    get_sitting_for,
    invigilators_for,
    people_of_unit,
    tally_of,
    who_owes,
)
from exams.views.office import editor, for_those_who
from exams.views.sitting_reading import seat_in, sitting_page
from people.importers.workbook_file import MAX_BYTES
from people.permissions import Capability, scope_of

Step = Callable[[HttpRequest, Sitting], HttpResponse | None]
SeatStep = Callable[[HttpRequest, Sitting, Seat], HttpResponse | None]


def _sitting(request: HttpRequest, sitting_id: int) -> Sitting:
    try:
        return get_sitting_for(request.user, sitting_id)
    except Sitting.DoesNotExist as error:
        raise Http404 from error


# Planning


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.INVIGILATE)
def sitting_form(request: HttpRequest, sitting_id: int | None = None) -> HttpResponse:
    """Plan a sitting, or change one whose doors are still shut."""
    sitting = _sitting(request, sitting_id) if sitting_id else None
    user = editor(request)
    form = SittingForm(
        request.POST or None,
        exams=exams_to_sit(user),
        units=scope_of(user, Capability.INVIGILATE),
        invigilators=invigilators_for(user),
        sitting=sitting,
    )
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_sitting(
                draft=form.draft(),
                sitting_id=sitting.pk if sitting else None,
                acting_user=user,
                now=clock.now(),
            )
        except (ExamError, PermissionDenied) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("场次“%(title)s”已保存。") % {"title": saved.title})
            return redirect("exams_office:sitting", saved.pk)
    title = str(sitting) if sitting else _("新建考试场次")
    context = sitting_page(title, sitting, form=form)
    return render(request, "exams/office_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.INVIGILATE)
def sitting_roster(request: HttpRequest, sitting_id: int) -> HttpResponse:
    """Put people on the roster, and say what became of each line of a list."""
    sitting = _sitting(request, sitting_id)
    units = scope_of(request.user, Capability.INVIGILATE)
    form = RosterForm(request.POST or None, request.FILES or None, units=units)
    report: RosterReport | None = None
    if request.method == "POST" and form.is_valid():
        try:
            report = _add(request, sitting, form)
        except (BadRoster, ExamError) as error:
            form.add_error(None, str(error))
    context = sitting_page(_("编排名单"), sitting, form=form, report=report, tally=tally_of(sitting))
    return render(request, "exams/office_sitting_roster.html", context, status=422 if form.errors else 200)


def _add(request: HttpRequest, sitting: Sitting, form: RosterForm) -> RosterReport:
    data, user, now = form.cleaned_data, editor(request), clock.now()
    common: dict[str, Any] = {"sitting_id": sitting.pk, "acting_user": user, "now": now}
    if data["way"] == "numbers":
        return add_numbers(numbers=numbers_in_text(data["numbers"]), **common)
    if data["way"] == "file":
        return add_numbers(numbers=_numbers_of(data["file"]), **common)
    people = people_of_unit(user, data["unit"])
    if data["way"] == "owing":
        owing = who_owes(sitting.exam_id)
        people = [pk for pk in people if pk in owing]
    return add_people(employee_ids=people, **common)


def _numbers_of(upload: Any) -> list[tuple[int, str]]:
    if upload.size > MAX_BYTES:
        raise BadRoster(_("文件超过 30 MB，请只留下工号一列再传。"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list"
        with path.open("wb") as copy:
            for piece in upload.chunks():
                copy.write(piece)
        return numbers_in_workbook(path, file_name=upload.name)


# What is done with a sitting


def _reason(request: HttpRequest) -> str:
    return request.POST.get("text", "").strip()[:200]


def _seconds(request: HttpRequest) -> int:
    text = request.POST.get("minutes", "")
    return int(text) * 60 if text.isascii() and text.isdigit() and len(text) < 5 else 0


def _common(request: HttpRequest, sitting: Sitting) -> dict[str, Any]:
    return {"sitting_id": sitting.pk, "acting_user": editor(request), "now": clock.now()}


def _doors(request: HttpRequest, sitting: Sitting) -> None:
    open_doors(**_common(request, sitting))
    queue_preparation(sitting_id=sitting.pk, acting_user=editor(request))
    messages.success(request, _("已开门候考，正在备卷。考生可以扫凭条或登录进入。"))


def _open(request: HttpRequest, sitting: Sitting) -> None:
    open_sitting(**_common(request, sitting))
    messages.success(request, _("已开考。核对过的考生现在可以开始答题。"))


def _end(request: HttpRequest, sitting: Sitting) -> None:
    writing = end_sitting(**_common(request, sitting))
    text = ngettext(
        "考试已结束，收回 %(n)s 份正在作答的试卷。", "考试已结束，收回 %(n)s 份正在作答的试卷。", writing
    )
    messages.success(request, text % {"n": writing})


def _cancel(request: HttpRequest, sitting: Sitting) -> None:
    cancel_sitting(reason=_reason(request), **_common(request, sitting))
    messages.success(request, _("场次已取消。"))


def _prepare(request: HttpRequest, sitting: Sitting) -> HttpResponse:
    job = queue_preparation(sitting_id=sitting.pk, acting_user=editor(request))
    return redirect("jobs:detail", job.pk)


def _tickets(request: HttpRequest, sitting: Sitting) -> HttpResponse:
    return redirect("jobs:detail", queue_tickets(sitting_id=sitting.pk, acting_user=editor(request)).pk)


def _record(request: HttpRequest, sitting: Sitting) -> HttpResponse:
    return redirect("jobs:detail", queue_record(sitting_id=sitting.pk, acting_user=editor(request)).pk)


def _admit_all(request: HttpRequest, sitting: Sitting) -> None:
    count = admit(seat_ids=None, **_common(request, sitting))
    text = ngettext("已核对 %(n)s 人。", "已核对 %(n)s 人。", count)
    messages.success(request, text % {"n": count})


def _incident(request: HttpRequest, sitting: Sitting) -> None:
    note_incident(text=request.POST.get("text", ""), **_common(request, sitting))
    messages.success(request, _("已记入考场记录，不能再改。"))


def _told(request: HttpRequest, count: int) -> None:
    text = ngettext("已对 %(n)s 份答卷生效。", "已对 %(n)s 份答卷生效。", count)
    messages.success(request, text % {"n": count})


def _extend(request: HttpRequest, sitting: Sitting) -> None:
    _told(
        request,
        extend_sitting(seconds=_seconds(request), reason=_reason(request), **_common(request, sitting)),
    )


def _pause(request: HttpRequest, sitting: Sitting) -> None:
    _told(request, pause_sitting(reason=_reason(request), **_common(request, sitting)))


def _resume(request: HttpRequest, sitting: Sitting) -> None:
    _told(request, resume_sitting(reason=_reason(request), **_common(request, sitting)))


STEPS: dict[str, Step] = {
    "doors": _doors,
    "open": _open,
    "end": _end,
    "cancel": _cancel,
    "prepare": _prepare,
    "tickets": _tickets,
    "record": _record,
    "admit-all": _admit_all,
    "incident": _incident,
    "extend": _extend,
    "pause": _pause,
    "resume": _resume,
}


@require_POST
@for_those_who(Capability.INVIGILATE)
def sitting_step(request: HttpRequest, sitting_id: int, step: str) -> HttpResponse:
    """Do something with a whole sitting."""
    sitting = _sitting(request, sitting_id)
    if step not in STEPS:
        raise Http404
    try:
        answer = STEPS[step](request, sitting)
    except ExamError as error:
        messages.error(request, str(error))
        answer = None
    return answer or redirect("exams_office:sitting", sitting.pk)


# One seat


def _seat_admit(request: HttpRequest, sitting: Sitting, seat: Seat) -> HttpResponse:
    admit(seat_ids=[seat.pk], **_common(request, sitting))
    messages.success(request, _("%(name)s 已核对。") % {"name": seat.employee.name})
    return redirect("exams_office:sitting", sitting.pk)


def _seat_remove(request: HttpRequest, sitting: Sitting, seat: Seat) -> HttpResponse:
    remove_seat(seat_id=seat.pk, acting_user=editor(request), now=clock.now())
    messages.success(request, _("%(name)s 已移出名单。") % {"name": seat.employee.name})
    return redirect("exams_office:sitting", sitting.pk)


def _seat_ticket(request: HttpRequest, sitting: Sitting, seat: Seat) -> HttpResponse:
    issued = issue_tickets(seat_ids=[seat.pk], **_common(request, sitting))[0]
    url = ticket_url(issued.token)
    context = sitting_page(_("入场二维码"), sitting, seat=seat, qr=qr_svg(url), link=url)
    return render(request, "exams/office_sitting_ticket.html", context)


def _seat_release(request: HttpRequest, sitting: Sitting, seat: Seat) -> None:
    release_seat(seat=seat, reason=_reason(request), **_common(request, sitting))
    messages.success(request, _("已解除设备：下一台打开试卷的设备接着答。"))


def _seat_extend(request: HttpRequest, sitting: Sitting, seat: Seat) -> None:
    seconds, reason = _seconds(request), _reason(request)
    _told(request, extend_sitting(seconds=seconds, reason=reason, seat=seat, **_common(request, sitting)))


def _seat_pause(request: HttpRequest, sitting: Sitting, seat: Seat) -> None:
    _told(request, pause_sitting(reason=_reason(request), seat=seat, **_common(request, sitting)))


def _seat_resume(request: HttpRequest, sitting: Sitting, seat: Seat) -> None:
    _told(request, resume_sitting(reason=_reason(request), seat=seat, **_common(request, sitting)))


def _seat_incident(request: HttpRequest, sitting: Sitting, seat: Seat) -> None:
    note_incident(text=request.POST.get("text", ""), employee=seat.employee, **_common(request, sitting))
    messages.success(request, _("已记入考场记录，不能再改。"))


SEAT_STEPS: dict[str, SeatStep] = {
    "admit": _seat_admit,
    "remove": _seat_remove,
    "ticket": _seat_ticket,
    "release": _seat_release,
    "extend": _seat_extend,
    "pause": _seat_pause,
    "resume": _seat_resume,
    "incident": _seat_incident,
}


@require_POST
@for_those_who(Capability.INVIGILATE)
def seat_step(request: HttpRequest, sitting_id: int, seat_id: int, step: str) -> HttpResponse:
    """Do something with one seat."""
    sitting = _sitting(request, sitting_id)
    seat = seat_in(sitting, seat_id)
    if step not in SEAT_STEPS:
        raise Http404
    try:
        answer = SEAT_STEPS[step](request, sitting, seat)
    except ExamError as error:
        messages.error(request, str(error))
        answer = None
    return answer or redirect("exams_office:sitting-seat", sitting.pk, seat.pk)
