"""The office's list of second factors, for the day somebody loses a phone."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from common.clock import now, today
from people.actions.second_factor import reset_second_factor, resettable_for
from people.models import User
from people.permissions import Capability, allows
from people.sessions import recent_authentication_required
from people.views.office_import import office_context

PER_PAGE = 50


def _administrator(request: HttpRequest) -> User:
    """Return the user if they grant roles anywhere. Raises PermissionDenied."""
    if not isinstance(request.user, User) or not allows(request.user, Capability.GRANT_ROLES):
        raise PermissionDenied
    return request.user


@require_safe
def second_factors(request: HttpRequest) -> HttpResponse:
    """List the accounts with a second factor in scope."""
    user = _administrator(request)
    words = request.GET.get("q", "").strip()[:60]
    accounts = resettable_for(user, today())
    if words:
        accounts = accounts.filter(Q(username__icontains=words) | Q(name__icontains=words))
    page = Paginator(accounts, PER_PAGE).get_page(request.GET.get("p"))
    context = office_context(_("两步验证")) | {"page": page, "words": words}
    return render(request, "people/second_factor_list.html", context)


@require_POST
@recent_authentication_required
def reset(request: HttpRequest) -> HttpResponse:
    """Take the second factor from the account named by `account`."""
    user = _administrator(request)
    chosen = request.POST.get("account", "")
    if not (chosen.isascii() and chosen.isdigit()):
        raise Http404
    account = resettable_for(user, today()).filter(pk=int(chosen)).first()
    if account is None:
        raise Http404
    reset_second_factor(user=account, acting_user=user, now=now())
    messages.success(request, _("已重置 %(name)s 的两步验证，本人会收到消息。") % {"name": account})
    return redirect("people_office:second-factors")
