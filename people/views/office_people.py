"""HR's lists: people with their history, and the organisation. Facts are shown, never edited here."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_safe

from common.clock import now, today
from common.signing import decrypt_text
from people.actions.organisation import save_unit
from people.actions.tickets import issuable_for
from people.admin_forms import UnitForm
from people.identity import mask_id_number, mask_phone
from people.models import Employee, EmploymentStatus, OrgUnit, User
from people.permissions import Capability, allows, scope_of
from people.queries import (
    employee_history,
    employees_for,
    get_employee_for,
    get_unit_for,
    search_employees,
    unit_directory,
    unit_lines,
)
from people.views.office_import import office_context

PER_PAGE = 50


def require_viewer(request: HttpRequest) -> User:
    """Return the user if they may see people anywhere. Raises PermissionDenied."""
    if not isinstance(request.user, User) or not allows(request.user, Capability.VIEW_PEOPLE):
        raise PermissionDenied
    return request.user


@require_safe
def employee_list(request: HttpRequest) -> HttpResponse:
    """List the people in scope: by name or number, state and unit."""
    user = require_viewer(request)
    words = request.GET.get("q", "").strip()[:60]
    status = request.GET.get("status", "")
    units = scope_of(user, Capability.VIEW_PEOPLE)
    chosen = _chosen_unit(units, request.GET.get("unit", ""))
    people: QuerySet[Any] = search_employees(
        employees_for(user),
        words=words,
        status=status if status in EmploymentStatus.values else "",
        unit_path=chosen.path if chosen else "",
    )
    page = Paginator(people, PER_PAGE).get_page(request.GET.get("p"))
    names = unit_directory()
    full_names = {entry.path: entry.full_name for entry in names.values()}
    rows = [
        {"employee": one, "unit": full_names.get(one.last_unit_path or "", "")} for one in page.object_list
    ]
    context: dict[str, Any] = office_context(pgettext("plural", "员工")) | {
        "page": page,
        "rows": rows,
        "words": words,
        "status": status,
        "statuses": EmploymentStatus.choices,
        "units": [(unit.pk, full_names[unit.path]) for unit in units],
        "chosen_unit": chosen.pk if chosen else None,
        "may_manage": allows(user, Capability.MANAGE_PEOPLE),
        "query": request.GET.copy(),
    }
    context["query"].pop("p", None)
    return render(request, "people/employee_list.html", context)


def _chosen_unit(units: Any, asked: str) -> OrgUnit | None:
    return units.filter(pk=int(asked)).first() if asked.isascii() and asked.isdigit() else None


@require_safe
def employee_inspect(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show one person: particulars (masked), stays, events."""
    user = require_viewer(request)
    try:
        employee = get_employee_for(user, public_id)
    except Employee.DoesNotExist as error:
        raise Http404 from error
    stays, events = employee_history(employee)
    id_number = decrypt_text(employee.id_number_encrypted) if employee.id_number_encrypted else ""
    title = f"{employee.name}（{employee.employee_no}）"
    context = office_context(title, (reverse("people_office:employees"), pgettext("plural", "员工"))) | {
        "employee": employee,
        "stays": stays,
        "events": events,
        "phone": mask_phone(employee.phone) if employee.phone else "",
        "id_number": mask_id_number(id_number) if id_number else "",
        "may_issue": issuable_for(user, today()).filter(pk=employee.pk).exists(),
    }
    return render(request, "people/employee_inspect.html", context)


@require_safe
def unit_list(request: HttpRequest) -> HttpResponse:
    """Show the organisation as a tree, as far as it is in scope, with head counts of today."""
    user = require_viewer(request)
    context = office_context(_("组织机构")) | {
        "lines": unit_lines(user, today()),
        "may_manage": allows(user, Capability.MANAGE_ORGANISATION),
        "on": today(),
    }
    return render(request, "people/unit_list.html", context)


@require_http_methods(["GET", "POST"])
def unit_edit(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Change a unit's name, level and legal standing."""
    user = require_viewer(request)
    try:
        unit = get_unit_for(user, unit_id, Capability.MANAGE_ORGANISATION)
    except OrgUnit.DoesNotExist as error:
        raise Http404 from error
    form = UnitForm(request.POST or None, instance=unit)
    if request.method == "POST" and form.is_valid():
        save_unit(unit=form.instance, acting_user=user, now=now())
        messages.success(request, _("“%(name)s”已保存。") % {"name": unit.name})
        return redirect("people_office:units")
    context = office_context(unit.name, (reverse("people_office:units"), _("组织机构"))) | {"form": form}
    return render(request, "people/unit_edit.html", context)
