"""Which address a request comes from, also behind a proxy, and whether it lies in a range."""

import ipaddress
from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest

LOCAL_SOCKET = "unix"  # in settings.TRUSTED_PROXIES: a proxy on this machine that asks through a Unix socket


def client_address(request: HttpRequest) -> str:
    """Return the address of whoever asked, as text; "" if the server knows none (a Unix socket).

    X-Forwarded-For is believed only from a proxy in settings.TRUSTED_PROXIES, and then from its right end:
    whatever stands further left was written by the client. What is no address is never returned.
    """
    address = str(request.META.get("REMOTE_ADDR", ""))
    for hop in reversed(str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")):
        if not _is_trusted(address) or not is_address(hop.strip()):
            break
        address = hop.strip()
    return address


def came_through_proxy(request: HttpRequest) -> bool:
    """Tell whether a request came from a proxy in settings.TRUSTED_PROXIES, whose headers are its own."""
    return _is_trusted(str(request.META.get("REMOTE_ADDR", "")))


def _is_trusted(address: str) -> bool:
    """Tell whether an address is one of the proxies; without one the caller sits behind a local socket."""
    proxies: list[str] = settings.TRUSTED_PROXIES
    if not address:
        return LOCAL_SOCKET in proxies
    return in_ranges(address, (one for one in proxies if one != LOCAL_SOCKET))


def is_address(text: str) -> bool:
    """Tell whether a text is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def in_ranges(address: str, ranges: Iterable[str]) -> bool:
    """Tell whether an address lies in one of the CIDR ranges. What is no address lies in none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return any(found in ipaddress.ip_network(one, strict=False) for one in ranges)


def plain_range(text: str) -> str:
    """Return an address or a CIDR range in its usual form. Raises ValueError."""
    return str(ipaddress.ip_network(text.strip(), strict=False))
