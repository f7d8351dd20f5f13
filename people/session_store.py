"""Sessions in their table, read by a prepared query: every request of somebody signed in begins with it."""

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.models import Session
from django.db.models import CharField, DateTimeField
from django.utils import timezone

from common.prepared import Prepared

_running = Prepared(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now),
    key=CharField(),
    now=DateTimeField(),
)


class SessionStore(DatabaseSessionStore):
    """Django's own sessions, with one statement less dear."""

    def _get_session_from_db(self) -> Any:
        found = _running.first(key=self.session_key, now=timezone.now()) if self.session_key else None
        if found is None:
            self._session_key = None
        return found
