"""When a request reached the proxy in front of the site: in overload it may wait there for a worker."""

import datetime as dt

from django.conf import settings
from django.http import HttpRequest

from common.addresses import came_through_proxy


def arrived_at(request: HttpRequest, now: dt.datetime) -> dt.datetime:
    """Return when a request arrived by `X-Request-Start` of a trusted proxy, at most the configured time ago; else `now`.

    The header is believed only with settings.EXAM_ARRIVAL_GRACE_S above 0 and from an address in
    settings.TRUSTED_PROXIES, which must overwrite whatever the client sent (nginx: `t=${msec}`, in seconds; some
    others write milliseconds or microseconds). What lies ahead or cannot be read counts as `now`.
    """
    longest = dt.timedelta(seconds=settings.EXAM_ARRIVAL_GRACE_S)
    sent = str(request.META.get("HTTP_X_REQUEST_START", "")).strip().removeprefix("t=")
    if not longest or not came_through_proxy(request):
        return now
    try:
        stamp = float(sent)
    except ValueError:
        return now
    for unit in (1.0, 1e3, 1e6):
        ago_s = now.timestamp() - stamp / unit
        if 0 <= ago_s <= longest.total_seconds():
            return now - dt.timedelta(seconds=ago_s)
        if 0 <= ago_s < 3600:
            return now - longest
    return now
