"""Roles: who holds what over which part, granting and ending, the review, and what was done."""

import datetime as dt
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
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.clock import now, today
from common.spreadsheet import CONTENT_TYPE
from people.actions.roles import end_role, grant_role
from people.errors import RolesIncompatible
from people.models import Role, RoleGrant, User
from people.permissions import Capability, allows, grantable_roles, may_change_grant, scope_of
from people.queries import (
    accounts_for_grant,
    get_account_for_grant,
    get_grant_for,
    grants_for,
    review_of,
    role_history,
    search_grants,
    unit_directory,
)
from people.queries.role_workbook import questions_about, review_workbook
from people.role_forms import GrantForm
from people.views.office_import import office_context

PER_PAGE = 50
ONE_DAY = dt.timedelta(days=1)


def _require(request: HttpRequest, capability: Capability) -> User:
    if not isinstance(request.user, User) or not allows(request.user, capability):
        raise PermissionDenied
    return request.user


def _roles_link() -> tuple[str, str]:
    return reverse("people_office:roles"), pgettext("plural", "角色")


def _states() -> list[tuple[str, str]]:
    return [
        ("running", _("生效中")),
        ("soon", _("三十天内到期")),
        ("coming", _("尚未开始")),
        ("ended", _("已结束")),
    ]


def _last_day(grant: RoleGrant) -> dt.date | None:
    return grant.ends_before - ONE_DAY if grant.ends_before else None


@require_safe
def role_list(request: HttpRequest) -> HttpResponse:
    """List who holds which role over what, in the reader's scope."""
    user = _require(request, Capability.VIEW_ROLES)
    asked = {name: request.GET.get(name, "").strip()[:60] for name in ("q", "role", "unit", "state")}
    if "state" not in request.GET:
        asked["state"] = "running"
    names = unit_directory()
    units = list(scope_of(user, Capability.VIEW_ROLES))
    chosen = next((unit for unit in units if str(unit.pk) == asked["unit"]), None)
    on = today()
    grants = search_grants(
        grants_for(user),
        words=asked["q"],
        role=asked["role"] if asked["role"] in Role.values else "",
        unit_path=chosen.path if chosen else "",
        state=asked["state"],
        on=on,
    )
    page = Paginator(grants, PER_PAGE).get_page(request.GET.get("p"))
    query = request.GET.copy()
    query.pop("p", None)
    context: dict[str, Any] = office_context(pgettext("plural", "角色")) | {
        "page": page,
        "rows": [
            {
                "grant": grant,
                "unit": names[grant.unit_id].full_name,
                "last_day": _last_day(grant),
                "is_running": grant.starts_on <= on and (grant.ends_before is None or grant.ends_before > on),
                "may_end": (grant.ends_before is None or grant.ends_before > on)
                and may_change_grant(user, grant.user, grant.role, grant.unit),
            }
            for grant in page.object_list
        ],
        "asked": asked,
        "roles": Role.choices,
        "states": _states(),
        "units": [(str(unit.pk), names[unit.pk].full_name) for unit in units],
        "may_grant": allows(user, Capability.GRANT_ROLES),
        "query": query,
    }
    return render(request, "people/role_list.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def role_grant(request: HttpRequest) -> HttpResponse:
    """Find a person, then choose role, unit and time. `person` in the address is the exact user name."""
    user = _require(request, Capability.GRANT_ROLES)
    words = request.GET.get("q", "").strip()[:60]
    person = _person(user, request.GET.get("person", ""))
    form = None
    if person is not None:
        names = unit_directory()
        units = [(unit.pk, names[unit.pk].full_name) for unit in scope_of(user, Capability.GRANT_ROLES)]
        form = GrantForm(
            request.POST or None, roles=grantable_roles(user), units=units, initial={"starts_on": today()}
        )
        if request.method == "POST" and form.is_valid() and _grant(request, user, person, form):
            return redirect("people_office:roles")
    status = 422 if request.method == "POST" else 200
    context = office_context(_("授予角色"), _roles_link()) | {
        "words": words,
        "found": accounts_for_grant(user, words) if words else [],
        "person": person,
        "form": form,
    }
    return render(request, "people/role_grant.html", context, status=status)


def _person(user: User, username: str) -> User | None:
    if not username:
        return None
    try:
        return get_account_for_grant(user, username)
    except User.DoesNotExist as error:
        raise Http404 from error


def _grant(request: HttpRequest, user: User, person: User, form: GrantForm) -> bool:
    """Grant what the form says; on refusal say at the form why and return False."""
    said = form.cleaned_data
    last_day = said["last_day"]
    try:
        grant = grant_role(
            user=person,
            role=said["role"],
            unit=said["unit"],
            starts_on=said["starts_on"],
            ends_before=last_day + ONE_DAY if last_day else None,
            exception_reason=said["exception_reason"],
            acting_user=user,
            now=now(),
        )
    except RolesIncompatible as error:
        form.add_error("exception_reason", str(error))
        return False
    except PermissionDenied:
        form.add_error(None, _("不能给自己授予角色；请由另一位系统管理员办理。"))
        return False
    messages.success(
        request,
        _("已授予 %(name)s：%(unit)s 的%(role)s。")
        % {"name": person, "unit": grant.unit, "role": grant.get_role_display()},
    )
    return True


@require_POST
def role_end(request: HttpRequest, grant_id: int) -> HttpResponse:
    """End a role today; one that has not begun is withdrawn."""
    user = _require(request, Capability.GRANT_ROLES)
    try:
        grant = get_grant_for(user, grant_id, Capability.GRANT_ROLES)
    except RoleGrant.DoesNotExist as error:
        raise Http404 from error
    end_role(grant=grant, ends_before=today(), acting_user=user, now=now())
    messages.success(
        request,
        _("已收回 %(name)s 的%(role)s（%(unit)s），即时生效。")
        % {"name": grant.user, "unit": grant.unit, "role": grant.get_role_display()},
    )
    return redirect("people_office:roles")


@require_safe
def role_review(request: HttpRequest) -> HttpResponse:
    """Show the grants somebody should ask about: unused, left, moved, without end, not going together."""
    user = _require(request, Capability.VIEW_ROLES)
    names = unit_directory()
    findings = review_of(user, today(), now())
    rows = [
        {
            "grant": finding.grant,
            "unit": names[finding.grant.unit_id].full_name,
            "last_day": _last_day(finding.grant),
            "questions": questions_about(finding),
            "sign": "stop" if finding.has_left or finding.conflicts else "care",
        }
        for finding in findings
        if not finding.is_clean
    ]
    context = office_context(_("角色复核"), _roles_link()) | {"rows": rows, "total": len(findings)}
    return render(request, "people/role_review.html", context)


@require_safe
def role_review_export(request: HttpRequest) -> HttpResponse:
    """Send every running grant with its questions as a workbook to decide and sign in."""
    user = _require(request, Capability.VIEW_ROLES)
    data = review_workbook(review_of(user, today(), now()), exported_by=user, now=now())
    name = f"{_('角色复核')}-{today().isoformat()}.xlsx"
    response = HttpResponse(data, content_type=CONTENT_TYPE)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "no-store, private"
    return response


@require_safe
def role_changes(request: HttpRequest) -> HttpResponse:
    """Show what was granted and ended, by whom, from the audit log; `user` keeps one account."""
    user = _require(request, Capability.VIEW_AUDIT)
    words = request.GET.get("user", "").strip()[:150]
    page = Paginator(role_history(user, words), PER_PAGE).get_page(request.GET.get("p"))
    labels = dict(Role.choices)
    rows = []
    for entry in page.object_list:
        after = entry.data.get("after", {})
        rows.append(
            {
                "entry": entry,
                "after": after,
                "role": labels.get(after.get("role", ""), after.get("role", "")),
                "is_grant": entry.action == "people.role.grant",
            }
        )
    context = office_context(_("授权记录"), _roles_link()) | {"page": page, "rows": rows, "words": words}
    return render(request, "people/role_changes.html", context)
