"""Identity numbers in clear: of one person, of a list, and the report of who saw whose."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.clock import now, today
from common.spreadsheet import CONTENT_TYPE, Watermark
from people.actions.identity import Why, note_accesses, reveal_id_number
from people.errors import AlreadyShown
from people.models import AccessKind, AccessReason, EmploymentStatus, PersonalDataAccess, User
from people.permissions import Capability, allows, scope_of
from people.privacy_forms import ReasonForm
from people.queries import employees_for, search_employees, unit_directory
from people.queries.accesses import accesses_for, search_accesses
from people.queries.workbooks import accesses_workbook, field_words, people_workbook
from people.sessions import client_address, recent_authentication_required
from people.views.office_employee import employee_link, person_in_office
from people.views.office_import import office_context
from people.views.office_people import PER_PAGE, chosen_unit, require_viewer

SHOWN_FOR_S = 60
MOST_ROWS = 5_000  # some seconds of one request; larger lists go by unit


def why_from(request: HttpRequest, form: ReasonForm) -> Why:
    """Return what a valid form says, with the address the request came from."""
    said = form.cleaned_data
    return Why(said["reason"], said["reason_text"], client_address(request), said["request_key"])


@sensitive_variables("number")
@never_cache
@require_http_methods(["GET", "POST"])
@recent_authentication_required
def reveal(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask for a reason, and for a fresh sign-in before it, then show a person's identity number once, for a minute.

    The number is only ever in the answer to a POST that is kept nowhere, never in an address or a log.
    """
    user, employee, may = person_in_office(request, public_id)
    if Capability.UNMASK_IDENTITY not in may or not employee.id_number_encrypted:
        raise Http404
    form = ReasonForm(request.POST or None)
    context = office_context(_("查看身份证号"), employee_link(employee)) | {"employee": employee}
    if request.method == "POST" and form.is_valid():
        try:
            number = reveal_id_number(
                employee=employee, why=why_from(request, form), acting_user=user, now=now()
            )
        except AlreadyShown:
            messages.warning(request, _("这次查看已经显示过。还要看，请重新填写事由。"))
            return redirect("people_office:employee", public_id)
        response = render(
            request, "people/identity_shown.html", {**context, "number": number, "seconds": SHOWN_FOR_S}
        )
        # The browser leaves by itself, also where no script runs.
        response["Refresh"] = f"{SHOWN_FOR_S}; url={employee_link(employee)[0]}"
        return response
    status = 422 if request.method == "POST" else 200
    return render(request, "people/identity_reveal.html", {**context, "form": form}, status=status)


@never_cache
@require_safe
def list_export(request: HttpRequest) -> HttpResponse:
    """Show what lists can be had of the people the filters leave; `masked=1` sends the masked one."""
    user = require_viewer(request)
    people, scope = _asked_people(request, Capability.VIEW_PEOPLE)
    rows = _rows(people)
    if request.GET.get("masked") == "1" and len(rows) <= MOST_ROWS:
        mark = Watermark.of(user, now(), scope=scope, purpose=_("人员名单"))
        return _people_list(user, rows, mark, in_clear=False)
    form = ReasonForm() if allows(user, Capability.EXPORT_IDENTITY) else None
    return _list_page(request, form, len(rows), scope)


@never_cache
@require_POST
@recent_authentication_required
def list_export_in_clear(request: HttpRequest) -> HttpResponse:
    """Send the list with whole identity numbers, for a reason, each person's row in the log."""
    user = require_viewer(request)
    if not allows(user, Capability.EXPORT_IDENTITY):
        raise PermissionDenied
    people, scope = _asked_people(request, Capability.EXPORT_IDENTITY)
    rows, form = _rows(people), ReasonForm(request.POST)
    if not form.is_valid() or len(rows) > MOST_ROWS:
        return _list_page(request, form, len(rows), scope, status=422)
    why = why_from(request, form)
    try:
        note_accesses(
            people=[one.pk for one in rows],
            kind=AccessKind.LIST,
            fields=["id_number"],
            capability=Capability.EXPORT_IDENTITY,
            why=why,
            acting_user=user,
            now=now(),
        )
    except AlreadyShown:
        messages.warning(request, _("这份名单已经导出过。还要导出，请重新填写事由。"))
        return redirect("people_office:list-export")
    purpose = f"{AccessReason(why.reason).label}：{why.text}"
    mark = Watermark.of(user, now(), scope=scope, purpose=purpose)
    return _people_list(user, rows, mark, in_clear=True)


def _rows(people: QuerySet[Any]) -> list[Any]:
    return list(people.select_related("employer")[: MOST_ROWS + 1])


def _people_list(user: User, rows: list[Any], mark: Watermark, *, in_clear: bool) -> HttpResponse:
    managed = employees_for(user, Capability.MANAGE_PEOPLE).filter(pk__in=[one.pk for one in rows])
    data = people_workbook(
        rows,
        in_clear=in_clear,
        phones_in_clear=frozenset(managed.values_list("pk", flat=True)),
        mark=mark,
    )
    return _workbook(data, f"{_('人员名单')}-{today().isoformat()}.xlsx")


def _list_page(
    request: HttpRequest, form: ReasonForm | None, total: int, scope: str, status: int = 200
) -> HttpResponse:
    context = office_context(
        _("导出人员名单"), (reverse("people_office:employees"), pgettext("plural", "员工"))
    ) | {
        "form": form,
        "total": total,
        "too_many": total > MOST_ROWS,
        "most": MOST_ROWS,
        "scope": scope,
        "query": request.GET.urlencode(),
    }
    return render(request, "people/list_export.html", context, status=status)


def _asked_people(request: HttpRequest, capability: Capability) -> tuple[QuerySet[Any], str]:
    """Return the people the list's filters leave, and the filters in words."""
    user = require_viewer(request)
    unit = chosen_unit(scope_of(user, capability), request.GET.get("unit", ""))
    status = request.GET.get("status", "")
    status = status if status in EmploymentStatus.values else ""
    words = request.GET.get("q", "").strip()[:60]
    people = search_employees(
        employees_for(user, capability), words=words, status=status, unit_path=unit.path if unit else ""
    )
    said = [
        unit_directory()[unit.pk].full_name if unit else _("本人管理范围内全部部门"),
        str(EmploymentStatus(status).label) if status else "",
        words,
    ]
    return people, "、".join(part for part in said if part)


def _workbook(data: bytes, name: str) -> HttpResponse:
    response = HttpResponse(data, content_type=CONTENT_TYPE)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


@never_cache
@require_safe
def access_report(request: HttpRequest) -> HttpResponse:
    """Show auditors who saw whose data in clear; `export=1` sends the same as a workbook."""
    user = require_viewer(request)
    if not allows(user, Capability.VIEW_AUDIT):
        raise PermissionDenied
    words = request.GET.get("q", "").strip()[:60]
    since, until = _day(request.GET.get("since", "")), _day(request.GET.get("until", ""))
    rows: QuerySet[PersonalDataAccess] = search_accesses(
        accesses_for(user), words=words, since=since, until=until
    )
    if request.GET.get("export") == "1":
        mark = Watermark.of(user, now(), purpose=_("个人信息查看记录"))
        data = accesses_workbook(rows.iterator(chunk_size=2000), mark=mark)
        return _workbook(data, f"{_('个人信息查看记录')}-{today().isoformat()}.xlsx")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("p"))
    query = request.GET.copy()
    query.pop("p", None)
    context = office_context(_("个人信息查看记录")) | {
        "page": page,
        "rows": [{"access": row, "fields": field_words(row.fields)} for row in page],
        "words": words,
        "since": since,
        "until": until,
        "query": query,
    }
    return render(request, "people/access_report.html", context)


def _day(text: str) -> dt.date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None
