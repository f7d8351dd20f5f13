"""Sheets of sign-in slips to print, cut and hand out."""

from typing import Any

import segno
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from common.clock import now, today
from people.actions.tickets import IssuedTicket, issuable_for, issue_sign_in_tickets
from people.models import Employee
from people.permissions import Scope
from people.queries import batch_people, get_import_batch_for, without_password
from people.queries.kiosks import kiosk_scope_in_use
from people.views.office_import import require_hr

# More would keep a browser and a printer busy for minutes; the page offers the next lot.
SLIPS_AT_ONCE = 200


@never_cache
@require_POST
def slips(request: HttpRequest) -> HttpResponse:
    """Issue slips and show them to be printed, this once.

    Takes `employee` (public ids) or `batch` (an applied list: its people who have no password yet).
    """
    user = require_hr(request)
    people: QuerySet[Any] = (
        issuable_for(user, today()).select_related("user").order_by("last_unit_path", "employee_no")
    )
    batch_id = request.POST.get("batch", "")
    if batch_id.isascii() and batch_id.isdigit():
        batch = get_import_batch_for(user, int(batch_id))
        people = (
            without_password(people.filter(pk__in=batch_people(batch)), now()) if batch else people.none()
        )
    else:
        try:
            people = people.filter(public_id__in=request.POST.getlist("employee"))
        except ValidationError as error:
            raise PermissionDenied from error
    chosen = list(people[: SLIPS_AT_ONCE + 1])
    if not chosen:
        messages.warning(request, _("没有可以签发凭条的人：请先选人；已离职的和有管理角色的账号不能签发。"))
        return redirect("people_office:employees")
    page = chosen[:SLIPS_AT_ONCE]
    tickets = issue_sign_in_tickets(
        users=[one.user for one in page if one.user is not None], acting_user=user, now=now()
    )
    tablets = kiosk_scope_in_use()
    context = {
        "slips": [_slip(one, ticket, tablets) for one, ticket in zip(page, tickets, strict=True)],
        "more": len(chosen) > SLIPS_AT_ONCE,
        "organisation": settings.ORGANISATION_NAME,
    }
    return render(request, "people/slips.html", context)


def _slip(employee: Employee, ticket: IssuedTicket, tablets: Scope) -> dict[str, Any]:
    link = settings.PUBLIC_BASE_URL + reverse("people:join", args=[ticket.token])
    code = segno.make(link, error="m", micro=False)
    return {
        "employee": employee,
        "unit": getattr(employee, "last_unit_name", ""),
        "link": link,
        "qr": code.svg_data_uri(scale=3, border=2),
        "expires_at": ticket.expires_at,
        "has_tablet": tablets.includes_path(getattr(employee, "last_unit_path", None) or ""),
    }
