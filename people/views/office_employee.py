"""The page of one person for those who answer for them: everything the rooms know, on one screen."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from common.clock import now, today
from people.actions.tickets import issuable_for
from people.models import Employee, EmployeePhoto, EmploymentStatus, User
from people.panels import PanelRequest, panels_for
from people.permissions import Capability
from people.queries import capabilities_for, get_employee_for
from people.queries.identity import particulars
from people.views.office_employment import employment_buttons
from people.views.office_import import office_context


def person_in_office(request: HttpRequest, public_id: UUID) -> tuple[User, Employee, frozenset[Capability]]:
    """Return who looks, at whom, and what they may do with this person.

    Raises PermissionDenied for an account without a view of people, Http404 for somebody out of its scope.
    """
    user = request.user
    if not isinstance(user, User):
        raise PermissionDenied
    try:
        employee = get_employee_for(user, public_id)
    except Employee.DoesNotExist as error:
        raise Http404 from error
    may = capabilities_for(user, employee, today())
    if Capability.VIEW_PEOPLE not in may:
        # One's own page is elsewhere (people:own-data); the office shows people one answers for.
        raise Http404
    return user, employee, may


def employee_link(employee: Employee) -> tuple[str, str]:
    """Return the way back to a person's page: address and label."""
    return reverse("people_office:employee", args=[employee.public_id]), str(employee)


@never_cache
@require_safe
def employee_inspect(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show one person: particulars, and the panels of all rooms the viewer may see. `?all=1` cuts no list."""
    user, employee, may = person_in_office(request, public_id)
    asked = PanelRequest(employee, user, may, today(), now(), show_all=request.GET.get("all") == "1")
    shown: list[dict[str, Any]] = [
        {"name": panel.name, "title": panel.title, "template": panel.template, "data": panel.load(asked)}
        for panel in panels_for(may)
    ]
    context = office_context(
        str(employee), (reverse("people_office:employees"), pgettext("plural", "员工"))
    ) | {
        "employee": employee,
        "particulars": particulars(employee, may),
        "panels": shown,
        "show_all": asked.show_all,
        "employment_buttons": employment_buttons(user, employee),
        "may_reveal": Capability.UNMASK_IDENTITY in may and bool(employee.id_number_encrypted),
        "may_copy": Capability.UNMASK_IDENTITY in may,
        "may_change": Capability.MANAGE_PEOPLE in may,
        "may_correct": Capability.MANAGE_PEOPLE in may and employee.status != EmploymentStatus.LEFT,
        "has_photo": EmployeePhoto.objects.filter(employee=employee).exists(),
        "may_issue": Capability.MANAGE_PEOPLE in may
        and issuable_for(user, asked.today).filter(pk=employee.pk).exists(),
    }
    return render(request, "people/employee_inspect.html", context)
