"""Read a vendor's JSON without trusting it: what is not of the documented form is an error with a name."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext as _

from people.directories.errors import DirectoryError


def malformed(product: str, what: str) -> DirectoryError:
    """Return the error for an answer that is not of the documented form."""
    return DirectoryError(
        _("%(product)s的应答不完整（缺少 %(what)s），请稍后再试；一直如此请联系%(product)s客服")
        % {"product": product, "what": what},
        "malformed",
    )


def entries(answer: Mapping[str, Any], key: str, product: str) -> list[dict[str, Any]]:
    """Return a list of objects. Vendors leave an empty list out or send null; anything else is an error."""
    found = answer.get(key) or []
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise malformed(product, key)
    return found


def part(answer: Mapping[str, Any], key: str, product: str) -> dict[str, Any]:
    """Return an object inside an answer; raises DirectoryError where there is none."""
    found = answer.get(key)
    if not isinstance(found, dict):
        raise malformed(product, key)
    return found


def text(entry: Mapping[str, Any], key: str) -> str:
    """Return a field as text; a missing or structured one is empty."""
    found = entry.get(key)
    return str(found).strip() if isinstance(found, str | int | float) and not isinstance(found, bool) else ""


def needed(entry: Mapping[str, Any], key: str, product: str) -> str:
    """Return a field as text; raises DirectoryError if it is missing or empty."""
    found = text(entry, key)
    if not found:
        raise malformed(product, key)
    return found


def texts(values: Any) -> tuple[str, ...]:
    """Return a list of ids as texts, each once; anything but a list is empty."""
    listed: Iterable[Any] = values if isinstance(values, list) else ()
    return tuple(dict.fromkeys(str(value) for value in listed if isinstance(value, str | int)))


def seconds(answer: Mapping[str, Any], key: str) -> int:
    """Return a span of time in seconds; 0 for anything but a whole number."""
    found = answer.get(key)
    return found if isinstance(found, int) and found > 0 else 0


def day(unix_s: Any) -> dt.date | None:
    """Return the local day of a Unix time in seconds; nothing for what is no plausible one."""
    if not isinstance(unix_s, int | float) or not 0 < unix_s < 4_102_444_800:  # the year 2100
        return None
    return dt.datetime.fromtimestamp(unix_s, get_default_timezone()).date()
