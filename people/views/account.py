"""One's own account: password, second factor, sessions, linked identities, the PIN of shared tablets."""

import re
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.clock import now
from people.actions.identities import link_identity, unlink_identity
from people.actions.kiosks import set_kiosk_pin
from people.actions.sessions import end_sessions
from people.errors import IdentityTaken
from people.external import forget_identity, provider_links, waiting_identity
from people.forms import PinForm
from people.models import Kiosk, User
from people.queries import employee_of, needs_second_factor
from people.sessions import recent_authentication_required

BROWSERS = (
    (r"wxwork/", "企业微信"),
    (r"DingTalk/", "钉钉"),
    (r"Lark/|Feishu/", "飞书"),
    (r"MicroMessenger/", "微信"),
    (r"Edg(?:A|iOS)?/", "Edge"),
    (r"HuaweiBrowser/", "华为浏览器"),
    (r"MiuiBrowser/", "小米浏览器"),
    (r"Firefox/|FxiOS/", "Firefox"),
    (r"Chrome/|CriOS/", "Chrome"),
    (r"Safari/", "Safari"),
)
DEVICES = (
    (r"iPhone", "iPhone"),
    (r"iPad", "iPad"),
    (r"HarmonyOS|OpenHarmony", "鸿蒙"),
    (r"Android", "Android"),
    (r"Windows", "Windows"),
    (r"Macintosh", "Mac"),
    (r"Linux", "Linux"),
)


def device_name(agent: str) -> str:
    """Return what a browser says of itself in two words: the device and the browser."""
    found = [
        next((str(_(name)) for pattern, name in table if re.search(pattern, agent)), "")
        for table in (DEVICES, BROWSERS)
    ]
    return " · ".join(filter(None, found)) or _("未知设备")


def mask_address(address: str) -> str:
    """Hide the last part of an address: enough to tell home from the works, too little to find a house."""
    if ":" in address:
        return ":".join(address.split(":")[:3]) + ":…"
    return ".".join([*address.split(".")[:2], "*", "*"])


def _owner(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@never_cache
@require_safe
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Show what belongs to one's own account, each with its way to change it."""
    user = _owner(request)
    employee = employee_of(user)
    context = {
        "employee": employee,
        "has_totp": Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists(),
        "needs_totp": needs_second_factor(user),
        "has_password": user.has_usable_password(),
        "identities": _identities(request, user),
        "has_kiosks": employee is not None and Kiosk.objects.filter(revoked_at=None).exists(),
        "tab": "me",
    }
    return render(request, "people/account.html", context)


def _identities(request: HttpRequest, user: User) -> list[dict[str, Any]]:
    names = {link.id: link.name for link in provider_links(request)}
    return [
        {
            "id": one.pk,
            "provider": names.get(one.provider, one.provider),
            "name": one.extra_data.get("name", ""),
            "since": one.date_joined,
        }
        for one in SocialAccount.objects.filter(user=user).order_by("date_joined")
    ]


@never_cache
@require_safe
@login_required
def sessions(request: HttpRequest) -> HttpResponse:
    """List where this account is signed in, the session in use first."""
    own = request.session.session_key
    rows = [
        {
            "id": one.pk,
            "device": device_name(one.user_agent),
            "address": mask_address(one.ip),
            "since": one.created_at,
            "seen": one.last_seen_at,
            "is_this": one.session_key == own,
        }
        for one in UserSession.objects.purge_and_list(_owner(request))
    ]
    rows.sort(key=lambda row: (not row["is_this"], -row["seen"].timestamp()))
    return render(request, "people/sessions.html", {"rows": rows, "tab": "me"})


@require_POST
@login_required
def end_session(request: HttpRequest) -> HttpResponse:
    """End one session, named by `session`, or all but this one."""
    chosen = request.POST.get("session", "")
    only = int(chosen) if chosen.isascii() and chosen.isdigit() else None
    if chosen and only is None:
        raise Http404
    user = _owner(request)
    ended = end_sessions(
        user=user,
        keep=request.session.session_key or "",
        only=only,
        acting_user=user,
        now=now(),
    )
    if ended:
        messages.success(request, _("已退出。"))
    else:
        messages.info(request, _("没有别的登录了。"))
    return redirect("people:sessions")


@never_cache
@require_safe
def unknown_identity(request: HttpRequest) -> HttpResponse:
    """Tell somebody whom a provider vouched for, but whom nobody here knows yet, what to do."""
    waiting = waiting_identity(request)
    if waiting is None:
        return redirect("people:login")
    return render(request, "people/unknown_identity.html", {"waiting": waiting}, status=403)


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def link(request: HttpRequest) -> HttpResponse:
    """Ask whether the identity that waits belongs to this account, and link it."""
    waiting = waiting_identity(request)
    if waiting is None:
        return redirect("people:account")
    user = _owner(request)
    if request.method == "GET":
        return render(request, "people/link.html", {"waiting": waiting})
    forget_identity(request)
    if "link" in request.POST:
        try:
            link_identity(user=user, account=waiting.login.account, acting_user=user, now=now())
        except IdentityTaken:
            messages.error(request, _("这个账号已经连到另一个工号，请找人事专员。"))
        else:
            messages.success(
                request, _("已连好，以后可以直接用%(provider)s登录。") % {"provider": waiting.provider}
            )
    return redirect("portal:home")


@require_POST
@login_required
@recent_authentication_required
def unlink(request: HttpRequest) -> HttpResponse:
    """Take a linked identity from this account."""
    user = _owner(request)
    chosen = request.POST.get("identity", "")
    if not user.has_usable_password():
        messages.error(request, _("请先用登录凭条设一个密码，再断开。否则就登录不了了。"))
    elif (
        chosen.isascii()
        and chosen.isdigit()
        and unlink_identity(user=user, identity_id=int(chosen), acting_user=user, now=now())
    ):
        messages.success(request, _("已断开。"))
    return redirect("people:account")


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
@login_required
@recent_authentication_required
def pin(request: HttpRequest) -> HttpResponse:
    """Choose the PIN for shared tablets."""
    user = _owner(request)
    employee = employee_of(user)
    if employee is None:
        raise Http404
    form = PinForm(request.POST or None, number=employee.employee_no)
    if request.method == "POST" and form.is_valid():
        set_kiosk_pin(employee=employee, pin=form.cleaned_data["pin1"], acting_user=user, now=now())
        messages.success(request, _("平板登录码已设好。"))
        return redirect("people:account")
    return render(request, "people/pin.html", {"form": form, "employee": employee})
