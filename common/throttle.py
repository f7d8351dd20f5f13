"""A generous limit on how often one client may ask, counted on the cache all processes share."""

import datetime as dt
import hashlib

from django.core.cache import cache


def within_limit(scope: str, client: str, *, limit: int, window_s: int, now: dt.datetime) -> bool:
    """Count one request of `client` and tell whether it is among the first `limit` of its window.

    Windows are fixed slices of `window_s` seconds. A cache without atomic counting (the database table) may
    let a few more through under load; the limit slows down guessing, it guards nothing by itself.
    """
    digest = hashlib.sha256(client.encode()).hexdigest()[:32]
    key = f"throttle:{scope}:{digest}:{int(now.timestamp()) // window_s}"
    if cache.add(key, 1, timeout=window_s * 2):
        return True
    try:
        return cache.incr(key) <= limit
    except ValueError:
        # The entry was culled between the two calls: begin to count again.
        cache.set(key, 1, timeout=window_s * 2)
        return True
