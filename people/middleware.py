"""What is checked of every request of somebody signed in: a second factor, a shared tablet, a session in use."""

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from requests import RequestException

from common.clock import now
from people.actions.sessions import follow_session
from people.external import provider_failed
from people.models import User
from people.queries import kiosk_is_open, needs_second_factor
from people.sessions import (
    SEEN,
    has_second_factor,
    is_kiosk,
    kiosk_session,
    limited_session,
    note_kiosk_use,
)

logger = logging.getLogger(__name__)
Next = Callable[[HttpRequest], HttpResponseBase]

# Pages that show nobody but the reader. Whatever is not named here is taken for a page about other people.
OWN_PAGES = frozenset({"portal", "certificates", "training", "courses", "people", "exams"})
OWN_NAMES = frozenset({"health", "set_language", "wagtail_serve", "wagtaildocs_serve", "wagtailimages_serve"})
OWN_PREFIX = "/account/"
PROVIDER_PREFIX = "/account/via/"

# What a shared tablet may show: the reader's own tasks, lessons, exams and certificates.
KIOSK_PAGES = frozenset({"portal", "training", "courses", "exams", "certificates"})
KIOSK_NAMES = frozenset(
    {"people:preferences", "people:logout", "people:kiosk", "people:kiosk-time", "people:kiosk-end"}
) | {"set_language", "wagtail_serve", "wagtaildocs_serve", "wagtailimages_serve"}

# What a session opened for one purpose may do besides: choose language and type size, and sign out.
LIMITED_NAMES = frozenset({"people:preferences", "people:logout", "set_language"})

SEEN_EVERY_S = 15 * 60
# A tablet asks often while a film is playing; its use is written down at most this often.
KIOSK_NOTE_EVERY_S = 5
AFTER_ENROLMENT = "after_enrolment"
OFFICE_PREFIX = "/admin/"


def _is_among(request: HttpRequest, pages: frozenset[str], names: frozenset[str]) -> bool:
    """Tell whether the page asked for belongs to one of these rooms or has one of these names."""
    match = request.resolver_match
    if match is None or request.path.startswith(OFFICE_PREFIX):
        return False
    return (match.namespaces[:1] or [""])[0] in pages or match.view_name in names


class SecondFactorMiddleware:
    """Keep those who can see other people's data out until they gave a second factor (MFA_REQUIRED)."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Send to the code page, or to set one up, before any page that is not the reader's own.

        No query for a session that gave its code; two for one that did not. A request that carries a token
        instead of a session is the API's business.
        """
        if not settings.MFA_REQUIRED:
            return None
        if _is_among(request, OWN_PAGES, OWN_NAMES) or request.path.startswith(OWN_PREFIX):
            return None
        user = request.user
        if not isinstance(user, User) or has_second_factor(request) or not needs_second_factor(user):
            return None
        enrolled = is_mfa_enabled(user, [Authenticator.Type.TOTP])
        page = reverse("mfa_reauthenticate" if enrolled else "mfa_activate_totp")
        target = request.get_full_path() if request.method == "GET" else reverse("wagtailadmin_home")
        if not enrolled:
            # Setting up leads over the recovery codes; their page leads on from there.
            request.session[AFTER_ENROLMENT] = target
        url = f"{page}?{urlencode({'next': target})}"
        if getattr(request, "htmx", False):
            return HttpResponse(status=403, headers={"HX-Redirect": url})
        return redirect(url)


class ProviderDownMiddleware:
    """Turn a provider that does not answer, or answers nonsense, into a page that leads to the password."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for the addresses of providers alone; what allauth catches itself does not come here."""
        if not request.path.startswith(PROVIDER_PREFIX):
            return None
        if not isinstance(exception, (RequestException, OAuth2Error, KeyError, ValueError)):
            return None
        logger.warning("provider failed", exc_info=exception)
        return provider_failed(request, exception=exception)


class KioskMiddleware:
    """Hold a session on a shared tablet to its limits: the learner's pages, a registered tablet, its time."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """End the session if its time is over or its tablet is no longer registered."""
        kept = kiosk_session(request)
        if kept is None:
            return self.get_response(request)
        at = now()
        over = at.timestamp() > kept.ends_at or not request.user.is_authenticated
        if over or not kiosk_is_open(kept.kiosk_id, request.COOKIES):
            logout(request)
            if "application/json" in (request.content_type, request.headers.get("Accept")):
                return JsonResponse({"error": "signed_out"}, status=401)
            return redirect("people:kiosk")
        response = self.get_response(request)
        # Asking for the time left is not using the tablet.
        match = request.resolver_match
        left = kiosk_session(request)
        is_idle = match is not None and match.view_name == "people:kiosk-time" and request.method == "GET"
        if left is not None and not is_idle and at.timestamp() - left.seen >= KIOSK_NOTE_EVERY_S:
            note_kiosk_use(request, left, at)
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Refuse every page a shared tablet does not show."""
        if not is_kiosk(request):
            return None
        if _is_among(request, KIOSK_PAGES, KIOSK_NAMES):
            return None
        return render(request, "people/kiosk_refused.html", status=403)


class LimitedSessionMiddleware:
    """Hold a session opened for one purpose to its addresses and its time (people.sessions.LimitedSession)."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """End the session if its time is over."""
        kept = limited_session(request)
        if kept is not None and now().timestamp() > kept.ends_at:
            logout(request)
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Refuse every page outside its limits."""
        kept = limited_session(request)
        if kept is None or kept.shows(request.path) or _is_among(request, frozenset(), LIMITED_NAMES):
            return None
        return render(request, "people/limited_refused.html", {"back": kept.paths[0]}, status=403)


class SessionSeenMiddleware:
    """Note about every quarter of an hour that a session is in use, for its owner's list."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Note it in the session and in the list; nothing is read or written in between."""
        seen_at = request.session.get(SEEN)
        at = now().timestamp()
        if seen_at is not None and at - seen_at >= SEEN_EVERY_S and isinstance(request.user, User):
            follow_session(request, request.user)
            request.session[SEEN] = int(at)
        return self.get_response(request)
