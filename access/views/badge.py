"""What a telephone shows that scans a badge."""

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import localdate
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from access.actions.badges import note_look
from access.queries.badges import badge_of_code, look_at, open_places
from common.addresses import client_address
from common.clock import now
from common.throttle import within_limit
from people.models import User

SCANS_PER_MINUTE = 60


@never_cache
@require_safe
def badge(request: HttpRequest, code: str) -> HttpResponse:
    """Show whether the holder of a badge may work: to those responsible with the reasons, to others without a name.

    Whoever is not signed in is asked to, unless the site lets anybody see the answer (BADGE_PUBLIC_SCAN). A code
    that ended and one that never was are answered alike.
    """
    moment = now()
    viewer = request.user if isinstance(request.user, User) and request.user.is_active else None
    if viewer is None and not settings.BADGE_PUBLIC_SCAN:
        return redirect_to_login(request.get_full_path())
    client = str(viewer.pk) if viewer else client_address(request)
    if not within_limit("badge", client, limit=SCANS_PER_MINUTE, window_s=60, now=moment):
        response = render(request, "access/badge_busy.html", status=429)
        response["Retry-After"] = "60"
        return response
    found = badge_of_code(code)
    if found is None:
        response = render(request, "access/badge_unknown.html", status=404)
    else:
        look = look_at(found, request.user, place_code=request.GET.get("place", "")[:40], now=moment)
        if request.method == "GET":
            note_look(look=look, viewer=viewer, now=moment)
        places = open_places(localdate(moment)) if look.names_person else ()
        context = {"look": look, "places": places, "at": moment, "is_signed_in": viewer is not None}
        response = render(request, "access/badge.html", context)
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
