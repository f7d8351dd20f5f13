"""What a browser session has proved, beyond who it belongs to.

A second factor, a recent proof of the person at the keyboard, and the limits of a session on a shared tablet.
Everything here reads and writes `request.session`; rows are the business of actions.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.internal.flows.trust import is_trusted_browser
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from common.clock import now as clock_now
from people.models import User

BACKEND = "people.backends.AccountBackend"
RECENT_S = 10 * 60
# Set once the browser was found to be a trusted one, so that it is not looked up on every request.
TRUSTED = "people.trusted_browser"

# When the session was last noted as being in use (people/middleware.py).
SEEN = "people.seen"

KIOSK = "people.kiosk"
KIOSK_IDLE_S = 3 * 60
KIOSK_LONGEST_S = 45 * 60
# An exam may be handed in and its result read after its own time is over.
KIOSK_EXAM_GRACE_S = 3 * 60

# A session opened for one purpose: until when, and below which addresses.
LIMITED = "people.limited"

View = Callable[..., HttpResponse]


def has_second_factor(request: HttpRequest) -> bool:
    """Tell whether this session gave a one-time code, or runs in a browser the person chose to trust.

    No query when a code was given in this session; one or none for a trusted browser.
    """
    user = request.user
    if not isinstance(user, User):
        return False
    if any(record.get("method") == "mfa" for record in get_authentication_records(request, user)):
        return True
    if request.session.get(TRUSTED) == user.pk:
        return True
    if is_trusted_browser(request, user):
        request.session[TRUSTED] = user.pk
        return True
    return False


def recently_authenticated(request: HttpRequest, *, within_s: int = RECENT_S) -> bool:
    """Tell whether the person proved who they are within the last `within_s` seconds (default: ten minutes).

    Signing in counts, by whatever way; so do the password and a one-time code given again later.
    """
    user = request.user
    if not isinstance(user, User) or is_kiosk(request) or is_limited(request):
        return False
    records = get_authentication_records(request, user)
    return any(clock_now().timestamp() - record["at"] < within_s for record in records)


def recent_authentication_required(view: View) -> View:
    """Let a view run only for somebody who proved within ten minutes that it is them; others are asked first.

    They give their password or a one-time code and come back to what they were about to do, a posted form
    included. Somebody with neither (signed in through WeCom alone) is told to sign in anew. To be used under
    `login_required`, for revealing identity numbers and the like.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if recently_authenticated(request):
            return view(request, *args, **kwargs)
        if is_kiosk(request) or not get_adapter().get_reauthentication_methods(request.user):
            return render(request, "people/sign_in_again.html", status=403)
        raise ReauthenticationRequired

    return wrapped


def client_address(request: HttpRequest) -> str | None:
    """Return the address a request came from, as far as the proxies in front can be trusted; None if unknown."""
    address: str = get_adapter(request).get_client_ip(request)
    return address or None


@dataclass(frozen=True, slots=True)
class KioskSession:
    """A session on a shared tablet: which one, since when, last used when, and until when an exam holds it."""

    kiosk_id: int
    started: float
    seen: float
    held_until: float = 0.0

    @property
    def ends_at(self) -> float:
        """Return when the session ends if nothing more is done, as a timestamp.

        Three minutes after the last request, and at the latest forty-five minutes after it began; an exam
        that is running lengthens both to its own end.
        """
        return max(min(self.seen + KIOSK_IDLE_S, self.started + KIOSK_LONGEST_S), self.held_until)


def is_kiosk(request: HttpRequest) -> bool:
    """Tell whether this is a session on a shared tablet."""
    return KIOSK in request.session


def kiosk_session(request: HttpRequest) -> KioskSession | None:
    """Return what is known of the session on a shared tablet, None for any other session."""
    kept = request.session.get(KIOSK)
    return KioskSession(*kept) if kept else None


def open_kiosk_session(request: HttpRequest, user: User, kiosk_id: int, now: dt.datetime) -> None:
    """Sign `user` in on a shared tablet. What the session before left behind goes first."""
    request.session.flush()
    login(request, user, backend=BACKEND)
    at = now.timestamp()
    _keep(request, KioskSession(kiosk_id, at, at))
    request.session.set_expiry(KIOSK_LONGEST_S + 3 * 3600)  # the middleware ends it; this is the last resort


def note_kiosk_use(request: HttpRequest, kept: KioskSession, now: dt.datetime) -> None:
    """Begin the three minutes anew."""
    _keep(request, KioskSession(kept.kiosk_id, kept.started, now.timestamp(), kept.held_until))


def hold_kiosk_session(request: HttpRequest, until: dt.datetime | None) -> None:
    """Keep a session on a shared tablet open until an exam is over; None: it is over now.

    Rooms above call this from the page of a running exam. It does nothing in any other session.
    """
    kept = kiosk_session(request)
    if kept is None:
        return
    held = until.timestamp() + KIOSK_EXAM_GRACE_S if until else 0.0
    if kept.held_until != held:
        _keep(request, KioskSession(kept.kiosk_id, kept.started, kept.seen, held))


def _keep(request: HttpRequest, kept: KioskSession) -> None:
    request.session[KIOSK] = [kept.kiosk_id, kept.started, kept.seen, kept.held_until]


@dataclass(frozen=True, slots=True)
class LimitedSession:
    """A session that shows only what lies below `paths`, until a timestamp (e.g. one exam, for a ticket)."""

    ends_at: float
    paths: tuple[str, ...]

    def shows(self, path: str) -> bool:
        """Tell whether this session may open an address."""
        return any(path.startswith(start) for start in self.paths)


def is_limited(request: HttpRequest) -> bool:
    """Tell whether this is a session opened for one purpose."""
    return LIMITED in request.session


def limited_session(request: HttpRequest) -> LimitedSession | None:
    """Return the limits of the session, None if it has none."""
    kept = request.session.get(LIMITED)
    return LimitedSession(kept[0], tuple(kept[1:])) if kept else None


def open_limited_session(
    request: HttpRequest, user: User, *, paths: tuple[str, ...], until: dt.datetime, now: dt.datetime
) -> None:
    """Sign `user` in for what lies below `paths` alone, without a password. What was there before goes first.

    The caller has seen a proof of the person (a one-time ticket). people.middleware holds the session to it.
    """
    request.session.flush()
    login(request, user, backend=BACKEND)
    request.session[LIMITED] = [until.timestamp(), *paths]
    request.session.set_expiry(max(int((until - now).total_seconds()), 1))


def widen_limited_session(request: HttpRequest, path: str, until: dt.datetime | None = None) -> None:
    """Let a limited session open one more address, at least until then. It does nothing in any other session."""
    kept = limited_session(request)
    if kept is None:
        return
    ends_at = max(kept.ends_at, until.timestamp() if until else 0.0)
    paths = kept.paths if path in kept.paths else (*kept.paths, path)
    if (ends_at, paths) != (kept.ends_at, kept.paths):
        request.session[LIMITED] = [ends_at, *paths]
        request.session.set_expiry(max(int(ends_at - clock_now().timestamp()), 1))
