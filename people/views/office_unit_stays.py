"""Who was in a unit on a day, as it is known today or as it was believed on an earlier day."""

import datetime as dt
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.utils.http import content_disposition_header
from django.utils.timezone import make_aware
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from common.clock import now, today
from common.spreadsheet import CONTENT_TYPE, Cell, Sheet, Watermark, workbook_bytes
from people.models import AssignmentKind, EmploymentType, OrgUnit, Post
from people.permissions import Capability
from people.queries import assignments_as_known, employees_for, full_name_of, unit_directory
from people.queries.history import KnownStay
from people.views.office_people import require_viewer
from people.views.office_units import asked_day, page_context, unit_for

PER_PAGE = 50


@never_cache
@require_safe
def unit_stays(request: HttpRequest, unit_id: int) -> HttpResponse:
    """List who was in a unit and below it on a day (`on`), as believed at the end of another (`known`).

    Those who stand outside the viewer's scope today are counted, not named. `export=1` sends a workbook.
    """
    user = require_viewer(request)
    unit = unit_for(user, unit_id, Capability.VIEW_PEOPLE)
    on, known_on = asked_day(request), _known_day(request)
    at = min(now(), make_aware(dt.datetime.combine(known_on + dt.timedelta(days=1), dt.time.min)))
    found = assignments_as_known(unit, on, at)
    named = set(
        employees_for(user).filter(pk__in={stay.employee.pk for stay in found}).values_list("pk", flat=True)
        if len(found) < 1_000
        else employees_for(user).values_list("pk", flat=True)
    )
    stays = [stay for stay in found if stay.employee.pk in named]
    if request.GET.get("export") == "1":
        return _workbook(stays, unit, on, known_on, Watermark.of(
            user, now(), scope=full_name_of(unit), purpose=_("某日在岗名单")
        ))  # fmt: skip
    page = Paginator(stays, PER_PAGE).get_page(request.GET.get("p"))
    context: dict[str, Any] = page_context(_("某日在岗名单"), unit) | {
        "unit": unit,
        "on": on,
        "known_on": known_on,
        "today": today(),
        "said": _said(len(stays), on, known_on),
        "elsewhere": len(found) - len(stays),
        "page": page,
        "rows": list(zip(_rows(list(page.object_list)), page.object_list, strict=True)),
        "query": request.GET.copy(),
    }
    context["query"].pop("p", None)
    return render(request, "people/unit_stays.html", context)


def _known_day(request: HttpRequest) -> dt.date:
    """Return the day on which it was believed: today unless the address names an earlier one."""
    try:
        asked = parse_date(request.GET.get("known", ""))
    except ValueError:
        asked = None
    return min(asked, today()) if asked else today()


def _said(people: int, on: dt.date, known_on: dt.date) -> str:
    values = {"n": people, "on": on.isoformat(), "known": known_on.isoformat()}
    if known_on == today():
        return (
            ngettext(
                "按现在登记的，%(on)s 有 %(n)s 条任职。", "按现在登记的，%(on)s 有 %(n)s 条任职。", people
            )
            % values
        )
    return (
        ngettext(
            "按 %(known)s 当时登记的，%(on)s 有 %(n)s 条任职。",
            "按 %(known)s 当时登记的，%(on)s 有 %(n)s 条任职。",
            people,
        )
        % values
    )


def _rows(stays: list[KnownStay]) -> list[list[Cell]]:
    """Return the stays in words: number, name, unit, post, kind, terms, from, up to. Two queries."""
    names = {entry.id: entry.full_name for entry in unit_directory().values()}
    posts = dict(Post.objects.filter(pk__in={stay.span.post for stay in stays}).values_list("pk", "name"))
    kinds = {str(value): str(label) for value, label in AssignmentKind.choices}
    terms = {str(value): str(label) for value, label in EmploymentType.choices}
    return [
        [
            stay.employee.employee_no,
            stay.employee.name,
            names.get(int(stay.span.unit or 0), ""),
            posts.get(int(stay.span.post or 0), ""),
            kinds[str(stay.span.kind)],
            terms.get(str(stay.span.employment_type), ""),
            stay.span.starts_on,
            stay.span.ends_before,
        ]
        for stay in stays
    ]


def _workbook(
    stays: list[KnownStay], unit: OrgUnit, on: dt.date, known_on: dt.date, mark: Watermark
) -> HttpResponse:
    header = [
        _("工号"),
        _("姓名"),
        _("部门"),
        _("岗位"),
        _("类别"),
        _("用工形式"),
        _("开始"),
        _("结束（不含当日）"),
    ]
    notes = [_said(len(stays), on, known_on)]
    sheet = Sheet(_("某日在岗名单"), header, _rows(stays), [12, 12, 40, 18, 10, 14, 12, 16], notes)
    response = HttpResponse(workbook_bytes([sheet], mark=mark), content_type=CONTENT_TYPE)
    name = f"{unit.name}-{on.isoformat()}.xlsx"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response
