"""The shared tablet: pairing it, the number pad, the time left, and leaving."""

from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from common.clock import now
from people.actions.kiosks import enter_kiosk, pair_kiosk, waiting_kiosk
from people.errors import KioskRefused
from people.forms import KioskForm
from people.queries import kiosk_of_cookies
from people.queries.kiosks import KIOSK_COOKIE
from people.sessions import is_kiosk, kiosk_session, note_kiosk_use, open_kiosk_session

COOKIE_AGE_S = 400 * 24 * 3600  # what browsers allow at most


def _refusal(error: KioskRefused) -> str:
    return {
        "wrong": _("工号或登录码不对。没有登录码？请在自己手机上的“我的 → 账号与安全”里设一个。"),
        "locked": _("输错太多次，%(minutes)s 分钟内不能在平板上登录。用自己的手机还可以。")
        % {"minutes": error.minutes},
        "elsewhere": _("您不在这台平板所属的部门，不能在这里登录。请用自己的手机或本部门的平板。"),
        "unknown": _("这条登记链接已经用过、停用，或超过一小时。请在后台重新登记。"),
    }[error.code]


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def kiosk(request: HttpRequest) -> HttpResponse:
    """Show the number pad on a registered tablet, and sign in with badge number and PIN."""
    if is_kiosk(request):
        return redirect("portal:home")
    device = kiosk_of_cookies(request.COOKIES)
    if device is None:
        return render(request, "people/kiosk_unknown.html", status=403)
    form = KioskForm(request.POST or None)
    problem, status = "", 200
    if request.method == "POST" and form.is_valid():
        at = now()
        try:
            user = enter_kiosk(
                kiosk=device, number=form.cleaned_data["number"], pin=form.cleaned_data["pin"], now=at
            )
        except KioskRefused as error:
            problem, status = _refusal(error), 429 if error.code == "locked" else 403
        else:
            open_kiosk_session(request, user, device.pk, at)
            return redirect("portal:home")
    elif request.method == "POST":
        problem, status = _("请输入工号和 6 位登录码。"), 400
    number = form["number"].value() or "" if status == 403 else ""
    context = {"kiosk_device": device, "problem": problem, "number": number}
    return render(request, "people/kiosk.html", context, status=status)


@never_cache
@require_http_methods(["GET", "POST"])
def kiosk_pair(request: HttpRequest, token: str) -> HttpResponse:
    """Make the device that opens a pairing link a shared tablet, after a tap."""
    try:
        if request.method == "GET":
            return render(request, "people/kiosk_pair.html", {"device": waiting_kiosk(token, now())})
        _device, own = pair_kiosk(token=token, now=now())
    except KioskRefused as error:
        return render(request, "people/kiosk_unknown.html", {"problem": _refusal(error)}, status=410)
    logout(request)
    response: Any = redirect("people:kiosk")
    response.set_cookie(
        KIOSK_COOKIE,
        own,
        max_age=COOKIE_AGE_S,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response  # type: ignore[no-any-return]


@never_cache
@require_http_methods(["GET", "POST"])
def kiosk_time(request: HttpRequest) -> JsonResponse:
    """Tell how many seconds a session on a tablet has left. POST: somebody is touching it, begin anew."""
    kept = kiosk_session(request)
    if kept and request.method == "POST":
        note_kiosk_use(request, kept, now())
        kept = kiosk_session(request)
    left = max(int(kept.ends_at - now().timestamp()), 0) if kept else 0
    return JsonResponse({"left_s": left}, status=200 if kept else 401)


@require_POST
def kiosk_end(request: HttpRequest) -> HttpResponse:
    """End the session and go back to the number pad."""
    logout(request)
    return redirect("people:kiosk")
