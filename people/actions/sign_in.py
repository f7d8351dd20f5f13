"""Failed sign-ins, counted on the shared cache.

Counted per account, and only with a very generous limit per address: a whole works signs in from behind one.
A slip still opens a locked account, so nobody can lock a rival out for good. Source: reliability cases C1 to C3.
"""

import datetime as dt
import hashlib

from django.core.cache import cache
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from common.throttle import within_limit
from notices.actions import send_notice
from people.audit import record_audit
from people.models import User

MAX_FAILURES = 10
# Six digits are guessed sooner than a password.
MAX_PIN_FAILURES = 5
WINDOW_S = 15 * 60
# Twenty thousand people behind one address, in the quarter of an hour before an exam.
MAX_PER_ADDRESS = 20_000
PIN = "pin:"


def _key(name: str) -> str:
    return f"people.sign_in.{hashlib.sha256(name.casefold().encode()).hexdigest()}"


def locked_until(name: str, now: dt.datetime) -> dt.datetime | None:
    """Return until when an account (or PIN, `PIN + number`) is locked, None if it is not."""
    until = cache.get(_key(name) + ".locked")
    if until is None or until <= now.timestamp():
        return None
    return dt.datetime.fromtimestamp(until, dt.UTC)


def minutes_locked(name: str, now: dt.datetime) -> int:
    """Return how many minutes an account is still locked, rounded up; 0 if it is not."""
    until = locked_until(name, now)
    return -int(-(until - now).total_seconds() // 60) if until else 0


def note_failure(name: str, now: dt.datetime, *, owner: User | None = None) -> bool:
    """Count one failure; the tenth (fifth for a PIN) within a quarter of an hour locks for as long.

    Returns whether this one locked it. The owner of the account, if there is one, is then told by a notice.
    """
    key = _key(name)
    limit = MAX_PIN_FAILURES if name.startswith(PIN) else MAX_FAILURES
    count = 1
    if not cache.add(key, 1, WINDOW_S):
        try:
            count = cache.incr(key)
            # A cache without atomic counting (the database table) gives an incremented entry its own time.
            cache.touch(key, WINDOW_S)
        except ValueError:
            # It ran out between the two calls.
            cache.set(key, 1, WINDOW_S)
    if count < limit:
        return False
    cache.delete(key)
    cache.set(key + ".locked", now.timestamp() + WINDOW_S, WINDOW_S)
    if owner is not None:
        _tell(owner, now)
    return True


def _tell(owner: User, now: dt.datetime) -> None:
    at = localtime(now)
    record_audit(owner, "people.sign_in.lock", None, {"at": now.isoformat()})
    send_notice(
        recipient_id=owner.pk,
        cause=f"people.lock:{at:%Y-%m-%d %H:%M}",
        title=_("您的账号因连续输错被锁定 15 分钟"),
        body=_(
            "%(at)s 有人多次输错您的密码或登录码。如果不是您本人，请改一个新密码，并告诉班组长或人事专员。"
        )
        % {"at": f"{at:%Y-%m-%d %H:%M}"},
        link="/account/",
        now=now,
    )


def forget_failures(name: str) -> None:
    """Start anew after a success, or after a slip was used."""
    cache.delete_many([_key(name), _key(name) + ".locked"])


def address_may_try(address: str, now: dt.datetime) -> bool:
    """Count one attempt of an address and tell whether it is within the very generous limit."""
    return within_limit("sign-in", address, limit=MAX_PER_ADDRESS, window_s=WINDOW_S, now=now)
