"""Failed sign-ins of one account, counted on the shared cache.

Counted per account and never per address: a whole works signs in from behind one. A slip still opens a locked
account, so nobody can lock a rival out for good. Source: reliability cases C1 to C3.
"""

import hashlib

from django.core.cache import cache

MAX_FAILURES = 10
WINDOW_S = 15 * 60


def _key(username: str) -> str:
    return f"people.sign_in.{hashlib.sha256(username.casefold().encode()).hexdigest()}"


def is_locked(username: str) -> bool:
    """Tell whether an account had too many failures within the last quarter of an hour."""
    return int(cache.get(_key(username), 0)) >= MAX_FAILURES


def note_failure(username: str) -> None:
    """Count one failure. The window starts with the first and is not drawn out by further ones."""
    key = _key(username)
    if not cache.add(key, 1, WINDOW_S):
        try:
            cache.incr(key)
        except ValueError:
            # It ran out between the two calls.
            cache.set(key, 1, WINDOW_S)


def forget_failures(username: str) -> None:
    """Start anew after a success."""
    cache.delete(_key(username))
