"""Which device a request comes from: a random name kept in a cookie. It proves nothing; it tells two apart."""

import re
import secrets

from django.http import HttpRequest, HttpResponseBase

COOKIE = "device"
COOKIE_AGE_S = 400 * 24 * 3600  # what browsers allow at most
_SHAPE = re.compile(r"[A-Za-z0-9_-]{20,64}")


def device_of(request: HttpRequest) -> str:
    """Return the name of the requesting device, a new one if it has none yet.

    Pass the response through `remember_device` so that the next request carries the same name.
    """
    known = request.COOKIES.get(COOKIE, "")
    if not _SHAPE.fullmatch(known):
        known = secrets.token_urlsafe(18)
        request.COOKIES[COOKIE] = known
        request.META["anxue.new_device"] = known
    return known


def remember_device(request: HttpRequest, response: HttpResponseBase) -> None:
    """Set the cookie if `device_of` had to make a name for this request."""
    new = request.META.get("anxue.new_device")
    if new:
        response.set_cookie(  # type: ignore[attr-defined]
            COOKIE, new, max_age=COOKIE_AGE_S, httponly=True, samesite="Lax", secure=request.is_secure()
        )
