"""The office's pages of badges: who has one, sheets to print, and a lost one replaced."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from access.actions.badge_sheets import AT_ONCE
from access.actions.badges import end_badge
from access.errors import BadgeRefused
from access.forms import BadgeFilter, EndBadgeForm
from access.models import Badge, BadgeLook
from access.permissions import badge_scope
from access.queries.badges import badge_people, unprinted
from access.views.office_gates import units_in
from common.clock import now
from jobs.queue import enqueue
from people.models import Employee
from people.queries import search_employees
from training.views.pages import admin_page, page_of, query_without_page, signed_in


def _people(request: HttpRequest, data: Any) -> tuple[BadgeFilter, QuerySet[Any]]:
    form = BadgeFilter(data, units=units_in(badge_scope(request.user)))
    form.is_valid()
    asked = form.cleaned_data
    unit = asked.get("unit")
    people = search_employees(
        badge_people(request.user), words=asked.get("q", ""), unit_path=unit.path if unit else ""
    )
    if asked.get("state") == "with":
        people = people.filter(badge_id__isnull=False)
    elif asked.get("state") == "without":
        people = people.filter(badge_id__isnull=True)
    elif asked.get("state") == "unprinted":
        people = unprinted(people)
    return form, people


@require_safe
def badges(request: HttpRequest) -> HttpResponse:
    """List people with their badges."""
    form, people = _people(request, request.GET)
    context = {
        "form": form,
        "page": page_of(request, people),
        "query": query_without_page(request),
        "at_once": AT_ONCE,
    }
    return admin_page(request, "access/badge_list.html", _("胸牌"), context, icon="user")


@require_POST
def badge_sheets(request: HttpRequest) -> HttpResponse:
    """Queue the printing of the badges of the people ticked, or of all the filter finds."""
    _form, people = _people(request, request.POST)
    ticked = [text for text in request.POST.getlist("employee") if text.isascii() and text.isdigit()]
    if "all" not in request.POST:
        people = people.filter(pk__in=[int(text) for text in ticked[:AT_ONCE] if len(text) < 18])
    ids = list(people.values_list("pk", flat=True)[: AT_ONCE + 1])
    if not ids:
        messages.warning(request, _("请先勾选要打印胸牌的人。"))
        return redirect("access_office:badges")
    if len(ids) > AT_ONCE:
        messages.warning(
            request,
            _("一次最多打印 %(count)d 张，请按单位分批；这次打印前 %(count)d 人。") % {"count": AT_ONCE},
        )
    user = signed_in(request)
    job = enqueue(
        "access.tasks.print_badges",
        title=_("打印胸牌"),
        params={
            "employee_ids": ids[:AT_ONCE],
            "with_photo": "photo" in request.POST,
            "user_id": user.pk,
        },
        requested_by=user,
    )
    return redirect("jobs:detail", job.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def badge_of(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show a person's badges and who looked at them; POST ends the one in use."""
    badge_scope(request.user)
    try:
        employee: Employee = badge_people(request.user).get(public_id=public_id)
    except Employee.DoesNotExist as error:
        raise Http404 from error
    form = EndBadgeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = end_badge(
                employee=employee, **form.cleaned_data, acting_user=signed_in(request), now=now()
            )
        except BadgeRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request,
                _("旧胸牌已作废，新的请在胸牌页打印。") if made else _("胸牌已作废，扫码不再有效。"),
            )
            return redirect("access_office:badge", public_id)
    own = Badge.objects.filter(employee=employee).select_related("issued_by", "ended_by")
    looks = BadgeLook.objects.filter(badge__employee=employee).select_related("viewer")
    context = {
        "employee": employee,
        "badges": own,
        "current": next((badge for badge in own if badge.ended_at is None), None),
        "looks": looks[:50],
        "form": form,
    }
    status = 422 if request.method == "POST" else 200
    parents = ((reverse("access_office:badges"), _("胸牌")),)
    return admin_page(
        request,
        "access/badge_inspect.html",
        str(employee),
        context,
        parents=parents,
        icon="user",
        status=status,
    )
