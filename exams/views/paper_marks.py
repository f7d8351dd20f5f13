"""Typing in, or importing, the marks of an exam on paper. Those who do see sheets and points, never a question."""

import datetime as dt
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common import clock
from common.delivery import deliver
from common.spreadsheet import CONTENT_TYPE, Sheet, Watermark, workbook_bytes
from exams.actions.paper_marks import MAX_SCAN_BYTES, Outcome, add_scan, enter_marks
from exams.actions.paper_times import give_time
from exams.double_entry import Standing
from exams.errors import BadPaperMark
from exams.forms.paper_marks import (
    NAME,
    NUMBER,
    REASON,
    TOTAL,
    PaperTimeForm,
    WorkbookLines,
    employee_numbers,
    typed_lines,
    workbook_lines,
)
from exams.models import PrintedPaper
from exams.queries.paper_marks import (
    get_paper_to_enter,
    markable,
    papers_to_enter,
    people_of,
    scan_for,
    sheet_rows,
    time_of,
)
from exams.views.office import editor, for_those_who, form_page
from people.importers.uploads import UploadGone, drop_upload, keep_upload, opened_upload
from people.importers.workbook_file import BadWorkbook
from people.permissions import Capability

PEOPLE_PAGE = 50
MAX_BYTES = 10 * 1024 * 1024
STANDINGS = {
    Standing.EMPTY: ("", ""),
    Standing.SECOND_WANTED: ("care", gettext_lazy("等第二人录")),
    Standing.DIFFERS: ("stop", gettext_lazy("两人录的不一样")),
    Standing.COUNTS: ("safe", gettext_lazy("已登记")),
}


def _paper(request: HttpRequest, public_id: uuid.UUID) -> PrintedPaper:
    try:
        return get_paper_to_enter(editor(request), public_id)
    except PrintedPaper.DoesNotExist as error:
        raise Http404 from error


def _page(printed: PrintedPaper, title: str, **more: object) -> dict[str, object]:
    slots = [
        {"number": number, "points": slot["points"].removesuffix(".0")}
        for number, slot in enumerate(printed.paper["slots"], start=1)
    ]
    given = time_of(printed)
    return form_page(
        title,
        ("exams_office:paper-sheets", _("纸质考试登分")),
        printed=printed,
        given=given,
        ends_at=given.starts_at + dt.timedelta(minutes=given.duration_min) if given else None,
        slots=slots,
        most=f"{sum(float(slot['points']) for slot in printed.paper['slots']):g}",
        total_is_enough=not printed.paper["policy"]["must_know_fails"],
        **more,
    )


@require_safe
@for_those_who(Capability.MARK_ATTEMPTS)
def paper_list(request: HttpRequest) -> HttpResponse:
    """List the exams on paper whose marks the reader may type in; a typed code leads to its page."""
    found = papers_to_enter(editor(request))
    code = request.GET.get("code", "").strip().upper()
    if code and (printed := found.filter(code=code).first()):
        return redirect("exams_office:paper-marks", printed.public_id)
    title = _("纸质考试登分")
    context = form_page(title, ("exams_office:paper-sheets", title), code=code)
    context["breadcrumbs_items"] = [{"url": "", "label": title}]
    context["page"] = Paginator(found, PEOPLE_PAGE).get_page(request.GET.get("p"))
    return render(request, "exams/office_paper_sheets.html", context)


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.MARK_ATTEMPTS)
def paper_marks(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Type marks in: a line for each person, Enter goes on to the next."""
    printed = _paper(request, public_id)
    asked = request.GET
    numbers = employee_numbers(asked.get("numbers", ""))
    found = people_of(editor(request), printed, numbers)
    page = Paginator(found, PEOPLE_PAGE).get_page(asked.get("p"))
    people = list(page.object_list)
    by_question = asked.get("by") == "question" or printed.paper["policy"]["must_know_fails"]
    wrong: dict[int, str] = {}
    if request.method == "POST":
        typed, wrong = typed_lines(request.POST, people, len(printed.paper["slots"]) if by_question else 0)
        outcomes = enter_marks(printed=printed, typed=typed, acting_user=editor(request), now=clock.now())
        wrong |= {told.employee.pk: told.message for told in outcomes if told.standing is None}
        _tell(request, outcomes)
        if not wrong:
            return redirect(f"{request.path}?{asked.urlencode()}" if asked else request.path)
    rows = [
        _shown(request, row, wrong.get(row.employee.pk, ""), by_question, len(printed.paper["slots"]))
        for row in sheet_rows(printed, people, editor(request))
    ]
    missing = sorted(set(numbers) - {person.employee_no for person in people}) if numbers else []
    title = _("登分：%(exam)s（%(code)s）") % {"exam": printed.exam.title, "code": printed.code}
    context = _page(
        printed,
        title,
        rows=rows,
        page=page,
        by_question=by_question,
        numbers=" ".join(numbers),
        missing="、".join(missing) if page.paginator.num_pages == 1 else "",
        wrong_count=len(wrong),
    )
    context["time_form"] = PaperTimeForm(printed=printed, given=time_of(printed), prefix="time")
    return render(request, "exams/office_paper_marks.html", context, status=422 if wrong else 200)


@require_POST
@for_those_who(Capability.MARK_ATTEMPTS)
def paper_time(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Note when the paper was sat and for how long."""
    printed = _paper(request, public_id)
    form = PaperTimeForm(request.POST, printed=printed, given=None, prefix="time")
    back = redirect("exams_office:paper-marks", printed.public_id)
    if not form.is_valid():
        messages.error(request, _("请填写考试日期、开考时间和时长（分钟）。"))
        return back
    try:
        give_time(
            printed=printed,
            starts_at=form.starts_at,
            duration_min=form.cleaned_data["minutes"],
            acting_user=editor(request),
            now=clock.now(),
        )
    except BadPaperMark as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("考试时间已登记，用于以后生效的成绩。"))
    return back


def _tell(request: HttpRequest, outcomes: list[Outcome]) -> None:
    changed = sum(told.changed for told in outcomes)
    if changed:
        told = ngettext("存了 %(n)s 人的分。", "存了 %(n)s 人的分。", changed)
        messages.success(request, told % {"n": changed})


def _shown(request: HttpRequest, row: Any, problem: str, by_question: bool, slots: int) -> dict[str, Any]:
    """Return a line of the page, with what was typed where it could not be taken."""
    pk = row.employee.pk
    typed = request.POST
    total = (
        typed.get(f"t-{pk}", "")
        if problem
        else (f"{row.points.normalize():f}" if row.points is not None else "")
    )
    known = list(row.per_slot) if len(row.per_slot) == slots else [""] * slots
    sign, words = STANDINGS[row.standing]
    return {
        "row": row,
        "problem": problem,
        "total": total,
        "cells": [
            (number, typed.get(f"s-{pk}-{number}", "") if problem else known[number - 1])
            for number in range(1, slots + 1)
        ]
        if by_question
        else [],
        "reason": typed.get(f"r-{pk}", "") if problem else "",
        "sign": sign,
        "words": str(words),
        "counts": row.standing == Standing.COUNTS,
    }


# By workbook


@require_safe
@for_those_who(Capability.MARK_ATTEMPTS)
def marks_workbook(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Send the workbook to fill in: a line for each person of the unit, with what counts so far."""
    printed = _paper(request, public_id)
    user = editor(request)
    people = list(people_of(user, printed, employee_numbers(request.GET.get("numbers", "")))[:2000])
    slots = printed.paper["slots"]
    # The columns are read in Chinese whatever the language of the screen.
    heads = [NUMBER, NAME, "单位", TOTAL]
    heads += [f"第{number}题" for number in range(1, len(slots) + 1)]
    rows = []
    for row in sheet_rows(printed, people, user):
        own: list[Any] = [row.employee.employee_no, row.employee.name, row.employee.last_unit_name or ""]
        own.append(row.points)
        own += [float(points) for points in row.per_slot] or [None] * len(slots)
        rows.append([*own, None])
    mark = Watermark.of(user, clock.now(), scope=printed.unit.name, purpose=_("纸质考试登分"))
    widths = [14, 12, 20, 8, *[8] * len(slots), 24]
    data = workbook_bytes([Sheet(printed.code, [*heads, REASON], rows, widths)], mark=mark)
    response = HttpResponse(data, content_type=CONTENT_TYPE)
    name = _("登分表-%(code)s.xlsx") % {"code": printed.code}
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response


@require_http_methods(["GET", "POST"])
@for_those_who(Capability.MARK_ATTEMPTS)
def marks_import(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Look at a workbook of marks line by line, then take exactly that in."""
    printed = _paper(request, public_id)
    user = editor(request)
    title = _("导入成绩：%(code)s") % {"code": printed.code}
    context = _page(printed, title)
    status = 200
    if request.method == "POST":
        token = request.POST.get("token", "")
        file = request.FILES.get("file")
        try:
            if token:
                lines = _kept_lines(request, printed, token)
                drop_upload(token, user_id=user.pk)
                context["done"] = True
            elif file is None or (file.size or 0) > MAX_BYTES:
                raise BadWorkbook(_("请选一个不超过 10 MB 的 .xlsx 文件。"))
            else:
                token = keep_upload(file, user_id=user.pk, now=clock.now())
                request.session[_session_key(printed)] = file.name
                lines = _kept_lines(request, printed, token)
                context["token"] = token
            typed = [line for _number, line in lines.lines]
            outcomes = enter_marks(
                printed=printed,
                typed=typed,
                acting_user=user,
                now=clock.now(),
                dry_run="done" not in context,
            )
            context |= _report(lines, outcomes)
        except (BadWorkbook, UploadGone) as error:
            context["problem"] = (
                error.message
                if isinstance(error, BadWorkbook)
                else _("这个文件已经处理过或已过期，请重新上传。")
            )
            status = 422
    return render(request, "exams/office_paper_import.html", context, status=status)


def _session_key(printed: PrintedPaper) -> str:
    return f"exams.paper-marks.{printed.pk}"


def _kept_lines(request: HttpRequest, printed: PrintedPaper, token: str) -> WorkbookLines:
    people = {person.employee_no: person for person in markable(editor(request))}
    with opened_upload(token, user_id=editor(request).pk) as path:
        return workbook_lines(
            Path(path),
            file_name=request.session.get(_session_key(printed), "marks.xlsx"),
            printed=printed,
            people=people,
        )


def _report(lines: WorkbookLines, outcomes: list[Outcome]) -> dict[str, Any]:
    """Return the report: a row for each line of the sheet, in its order."""
    report: list[dict[str, Any]] = [
        {
            "line": number,
            "number": told.employee.employee_no,
            "name": told.employee.name,
            "points": told.points,
            "refused": told.standing is None,
            "text": told.message
            or (str(STANDINGS[told.standing][1]) if told.changed and told.standing else _("没有变化")),
        }
        for (number, _line), told in zip(lines.lines, outcomes, strict=True)
    ]
    report += [
        {
            "line": bad.line,
            "number": bad.number,
            "name": "",
            "points": None,
            "refused": True,
            "text": bad.message,
        }
        for bad in lines.bad
    ]
    report.sort(key=lambda entry: entry["line"])
    return {
        "report": report,
        "taken": sum(told.changed for told in outcomes),
        "refused": sum(entry["refused"] for entry in report),
        "same": sum(told.standing is not None and not told.changed for told in outcomes),
    }


# Scans


@require_POST
@for_those_who(Capability.MARK_ATTEMPTS)
def scan_upload(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Keep a scan of somebody's sheet."""
    printed = _paper(request, public_id)
    number = request.POST.get("employee", "")
    person = people_of(editor(request), printed, [number]).first() if number else None
    file = request.FILES.get("file")
    back = redirect(
        f"{reverse('exams_office:paper-marks', args=[printed.public_id])}?numbers={quote(number)}"
    )
    if person is None or file is None:
        messages.error(request, _("请写工号并选一个扫描件。"))
        return redirect("exams_office:paper-marks", printed.public_id)
    if (file.size or 0) > MAX_SCAN_BYTES:
        messages.error(request, _("扫描件超过 %(n)s MB，请压缩后再传。") % {"n": MAX_SCAN_BYTES // 2**20})
        return back
    try:
        add_scan(
            printed=printed,
            employee=person,
            name=file.name or "",
            data=file.read(),
            acting_user=editor(request),
            now=clock.now(),
        )
    except BadPaperMark as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%(name)s 的扫描件已保存。") % {"name": person.name})
    return back


@require_safe
@for_those_who(Capability.MARK_ATTEMPTS)
def scan_file(request: HttpRequest, public_id: uuid.UUID, scan_id: int) -> HttpResponseBase:
    """Send a scan to those who may type this person's marks in."""
    printed = _paper(request, public_id)
    scan = scan_for(editor(request), printed, scan_id)
    if scan is None:
        raise Http404
    response = deliver(request, scan.file.storage, str(scan.file.name), content_type=scan.content_type)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = "attachment"
    return response
