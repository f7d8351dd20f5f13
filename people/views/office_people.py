"""HR's lists of people with their history. Facts are shown, never edited here."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from people.models import EmploymentStatus, OrgUnit, User
from people.permissions import Capability, allows, scope_of
from people.queries import (
    employees_for,
    search_employees,
    unit_directory,
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
    chosen = chosen_unit(units, request.GET.get("unit", ""))
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


def chosen_unit(units: Any, asked: str) -> OrgUnit | None:
    """Return the unit a filter names by id, if it is among these units."""
    return units.filter(pk=int(asked)).first() if asked.isascii() and asked.isdigit() else None
