"""Tokens for other systems: list them, make one, end one."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.clock import now, today
from people.actions.api_grants import create_api_grant, revoke_api_grant
from people.forms import ApiGrantForm
from people.models import ApiCapability, ApiGrant, User
from people.permissions import Capability, allows
from people.queries import api_grants_for, get_api_grant_for
from people.views.office_import import office_context


def require_administrator(request: HttpRequest) -> User:
    """Return the user if they may grant roles anywhere. Raises PermissionDenied."""
    if not isinstance(request.user, User) or not allows(request.user, Capability.GRANT_ROLES):
        raise PermissionDenied
    return request.user


def _list_link() -> tuple[str, str]:
    return reverse("people_office:api-tokens"), _("接口令牌")


@require_safe
def token_list(request: HttpRequest) -> HttpResponse:
    """List the tokens in the administrator's reach, the running ones first."""
    user = require_administrator(request)
    rows = sorted((_row(grant) for grant in api_grants_for(user, today())), key=lambda row: row["order"])
    return render(request, "people/api_token_list.html", office_context(_("接口令牌")) | {"rows": rows})


def _row(grant: ApiGrant) -> dict[str, Any]:
    if grant.token.revoked_at:
        state, sign, order = _("已作废"), "stop", 2
    elif grant.expires_on < today():
        state, sign, order = _("已到期"), "care", 1
    elif not grant.token.user.is_active:
        state, sign, order = _("账号已停用"), "care", 1
    else:
        state, sign, order = _("有效"), "safe", 0
    labels = dict(ApiCapability.choices)
    return {
        "grant": grant,
        "state": state,
        "sign": sign,
        "order": order,
        "may_revoke": not grant.token.revoked_at,
        "capabilities": [labels.get(one, one) for one in grant.capabilities],
    }


@never_cache
@require_http_methods(["GET", "POST"])
def token_create(request: HttpRequest) -> HttpResponse:
    """Make a token and show its text, this once."""
    user = require_administrator(request)
    form = ApiGrantForm(request.POST or None, user=user, today=today())
    if request.method == "POST" and form.is_valid():
        grant, text = create_api_grant(**form.cleaned_data, acting_user=user, now=now())
        context = office_context(_("令牌已创建"), _list_link()) | {"grant": grant, "text": text}
        return render(request, "people/api_token_created.html", context)
    context = office_context(_("新建令牌"), _list_link()) | {"form": form}
    return render(request, "people/api_token_create.html", context)


@require_POST
def token_revoke(request: HttpRequest, grant_id: int) -> HttpResponse:
    """End a token at once."""
    user = require_administrator(request)
    grant = get_api_grant_for(user, grant_id)
    if grant is None:
        raise Http404
    if revoke_api_grant(grant=grant, acting_user=user, now=now()):
        messages.success(request, _("“%(purpose)s”的令牌已作废。") % {"purpose": grant.purpose})
    return redirect("people_office:api-tokens")
