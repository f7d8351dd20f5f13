"""The sessions of an account, kept by django-allauth beside Django's own: followed, and ended by their owner."""

import datetime as dt

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.http import HttpRequest

from people.audit import record_audit
from people.models import User


def follow_session(request: HttpRequest, user: User) -> None:
    """Note that this session is in use: since when, from which address, by which device."""
    assert request.user == user
    UserSession.objects.create_from_request(request)


@transaction.atomic
def end_sessions(
    *, user: User, keep: str = "", only: int | None = None, acting_user: User | None, now: dt.datetime
) -> int:
    """End sessions of an account at once and return how many: all but the one with the key `keep`, or `only`.

    `only` is the id of one session; somebody else's is left alone.
    """
    sessions = UserSession.objects.filter(user=user).exclude(session_key=keep)
    if only is not None:
        sessions = sessions.filter(pk=only)
    ended = list(sessions)
    for session in ended:
        session.end()
    if ended:
        record_audit(user, "people.session.end", acting_user, {"sessions": len(ended), "at": now.isoformat()})
    return len(ended)
