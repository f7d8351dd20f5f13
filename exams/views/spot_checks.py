"""The inspector's pages: start an on-the-spot test, its QR code and who sits down, and all results with the gap."""

import uuid
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common import clock
from common.printing import qr_svg
from common.spreadsheet import CONTENT_TYPE, Sheet, Watermark, workbook_bytes
from exams.actions.spot_checks import close_round, confirm_seat, start_round, take_seat
from exams.errors import SpotCheckRefused
from exams.forms.practice import SpotRoundForm
from exams.models import SpotCheck, SpotRound, SpotSeat, SpotWay
from exams.queries.practice_spots import (
    checks_for,
    code_of,
    gaps_by_unit,
    is_open,
    person_at,
    rounds_for,
    seats_of,
    topic_names,
)
from exams.views.office import editor, for_those_who, form_page
from people.permissions import Capability, allows, scope_of

CHECKS = "exams_office:spot-checks"
A_PAGE = 50
MOST_ROWS = 20_000


@require_safe
@for_those_who(Capability.VIEW_RESULTS)
def spot_list(request: HttpRequest) -> HttpResponse:
    """Show the gap by unit and the results, the newest first."""
    checks = checks_for(request.user)
    page = Paginator(checks, A_PAGE).get_page(request.GET.get("p"))
    title = pgettext("plural", "现场抽考")
    context = {
        "header_title": title,
        "header_icon": "crosshairs",
        "breadcrumbs_items": [{"url": "", "label": title}],
        "page": page,
        "rows": _rows(list(page)),
        "gaps": gaps_by_unit(checks),
        "may_start": allows(request.user, Capability.SPOT_CHECK),
    }
    return render(request, "exams/office_spot_checks.html", context)


def _rows(checks: list[SpotCheck]) -> list[dict[str, Any]]:
    names = topic_names(checks)
    return [
        {
            "check": check,
            "topics": sorted({names[answer["topic_id"]] for answer in check.answers}),
            "right": sum(Decimal(answer["fraction"]) == 1 for answer in check.answers),
            "total": len(check.answers),
        }
        for check in checks
    ]


@require_safe
@for_those_who(Capability.VIEW_RESULTS)
def spot_workbook(request: HttpRequest) -> HttpResponse:
    """Send the results and the gap by unit as a workbook."""
    checks = checks_for(request.user)
    results = Sheet(
        title=_("抽考结果"),
        header=[
            _("时间"), _("工号"), _("姓名"), _("单位"), _("岗位"), _("方式"), _("地点"), _("知识点"),
            _("答对"), _("题数"), _("抽考成绩"), _("考试"), _("考试成绩"), _("考试中同知识点"), _("差距"),
            _("检查人"),
        ],
        rows=[
            [
                row["check"].answered_at, row["check"].employee.employee_no, row["check"].employee.name,
                row["check"].unit.name if row["check"].unit else "",
                row["check"].post.name if row["check"].post else "",
                str(row["check"].get_way_display()), row["check"].seat.round.place, "、".join(row["topics"]),
                row["right"], row["total"], row["check"].score_pct,
                row["check"].recorded_attempt.exam.title if row["check"].recorded_attempt else "",
                row["check"].recorded_score_pct, row["check"].recorded_topic_pct, row["check"].gap_pct,
                str(row["check"].checked_by),
            ]
            for row in _rows(list(checks[:MOST_ROWS]))
        ],
    )  # fmt: skip
    gaps = Sheet(
        title=_("按单位的差距"),
        header=[_("单位"), _("人数"), _("抽考平均"), _("考试中同知识点"), _("差距"), _("可比次数")],
        rows=[
            [gap.unit_name, gap.people, gap.spot_pct, gap.recorded_pct, gap.gap_pct, gap.compared]
            for gap in gaps_by_unit(checks)
        ],
    )
    mark = Watermark.of(editor(request), clock.now(), scope=_("现场抽考"))
    response = HttpResponse(workbook_bytes([results, gaps], mark=mark), content_type=CONTENT_TYPE)
    name = f"{_('现场抽考')}-{clock.today().isoformat()}.xlsx"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.SPOT_CHECK)
def spot_start(request: HttpRequest) -> HttpResponse:
    """Choose where and about what; POST makes the QR code."""
    units = scope_of(request.user, Capability.SPOT_CHECK)
    form = SpotRoundForm(request.POST or None, units=units)
    if request.method == "POST" and form.is_valid():
        try:
            round_ = start_round(acting_user=editor(request), now=clock.now(), **form.cleaned_data)
        except (SpotCheckRefused, PermissionDenied) as error:
            form.add_error(None, str(error))
        else:
            return redirect("exams_office:spot-round", round_.public_id)
    context = form_page(
        _("发起现场抽考"), (CHECKS, pgettext("plural", "现场抽考")), form=form, submit=_("出二维码")
    )
    return render(request, "exams/office_practice_form.html", context, status=422 if form.errors else 200)


def _round(request: HttpRequest, public_id: uuid.UUID) -> SpotRound:
    found = rounds_for(request.user).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


@require_safe
@for_those_who(Capability.SPOT_CHECK)
def spot_round(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show the QR code, who waits for a look at the badge, and the results as they come in."""
    round_ = _round(request, public_id)
    now = clock.now()
    address = request.build_absolute_uri(reverse("exams:spot", args=[code_of(round_)]))
    context = {
        "header_title": _("现场抽考"),
        "header_icon": "crosshairs",
        "breadcrumbs_items": [
            {"url": reverse(CHECKS), "label": pgettext("plural", "现场抽考")},
            {"url": "", "label": round_.place or round_.unit.name},
        ],
        "round": round_,
        "is_open": is_open(round_, now),
        "address": address,
        "qr": qr_svg(address),
        "seats": seats_of(round_),
    }
    if "X-Fragment" in request.headers:
        return render(request, "exams/_spot_seats.html", context)
    return render(request, "exams/office_spot_round.html", context)


@require_POST
@for_those_who(Capability.SPOT_CHECK)
def spot_confirm(request: HttpRequest, public_id: uuid.UUID, seat_id: int) -> HttpResponse:
    """Note that face, name and badge agree, and hand out the questions."""
    round_ = _round(request, public_id)
    try:
        confirm_seat(seat_id=seat_id, round_=round_, now=clock.now())
    except SpotSeat.DoesNotExist as error:
        raise Http404 from error
    except SpotCheckRefused as error:
        messages.error(request, str(error))
    return redirect("exams_office:spot-round", public_id)


@require_POST
@for_those_who(Capability.SPOT_CHECK)
def spot_person(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Find a person by number, and let them answer on the inspector's phone."""
    round_ = _round(request, public_id)
    number = request.POST.get("number", "").strip()
    person = person_at(request.user, number) if number else None
    if person is None:
        messages.error(
            request,
            _("你的范围里没有工号“%(number)s”的在岗人员。请看工牌再填。") % {"number": number},
        )
        return redirect("exams_office:spot-round", public_id)
    try:
        taken = take_seat(round_=round_, employee=person, way=SpotWay.INSPECTOR, now=clock.now())
    except SpotCheckRefused as error:
        messages.error(request, str(error))
        return redirect("exams_office:spot-round", public_id)
    return redirect("exams:spot-seat", taken.token)


@require_POST
@for_those_who(Capability.SPOT_CHECK)
def spot_close(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """End a round before its time."""
    close_round(round_=_round(request, public_id), now=clock.now())
    return redirect(CHECKS)
