"""Send one message to an address outside, and nowhere it should not go. Knows no models.

The name is looked up once, every address it has is checked, and the connection goes to the very address that was
checked: a name that answers otherwise the second time (DNS rebinding) gains nothing. Redirects are not followed.
"""

import hmac
import http.client
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

TIMEOUT_S = 10
MAX_ANSWER = 2_000  # bytes read of an answer; nobody needs the rest


class NotAllowed(Exception):
    """The address is not https, has a name nobody knows, or leads into a network that is not allowed."""


class NotDelivered(Exception):
    """The other side did not take the message: no connection, or another status than 2xx. `str(error)` says which."""


def check_url(url: str) -> tuple[str, int, str]:
    """Return host, port and path of an address that may be told. Raises NotAllowed for anything but plain https."""
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError as error:
        raise NotAllowed("not_https") from error
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.password or parts.fragment:
        raise NotAllowed("not_https")
    if any(ord(letter) <= 32 or ord(letter) == 127 for letter in url):
        raise NotAllowed("not_https")
    path = parts.path or "/"
    return parts.hostname, port, f"{path}?{parts.query}" if parts.query else path


def is_public(address: str, networks: Iterable[str]) -> bool:
    """Tell whether an IP address may be told: one of the internet, or one of the networks that are allowed."""
    found = ipaddress.ip_address(address.split("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        found = inner or found
    if any(found in ipaddress.ip_network(one, strict=False) for one in networks):
        return True
    return found.is_global and not found.is_multicast


def addresses_of(host: str, port: int, networks: Iterable[str]) -> list[str]:
    """Return the addresses of a host, all of them allowed. Raises NotAllowed, NotDelivered for a name nobody knows."""
    allowed = tuple(networks)
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        raise NotDelivered("name_unknown") from error
    found = list(dict.fromkeys(str(row[4][0]) for row in rows))
    # One forbidden address among many is enough: which of them is taken would be luck.
    if not found or not all(is_public(address, allowed) for address in found):
        raise NotAllowed("private_address")
    return found


class _Pinned(http.client.HTTPSConnection):
    """A connection to a checked address, with the certificate of the name."""

    def __init__(self, host: str, port: int, address: str, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=TIMEOUT_S, context=context)
        self.address = address
        self.tls = context

    def connect(self) -> None:
        """Connect to the address, and let it prove the name."""
        plain = socket.create_connection((self.address, self.port), timeout=TIMEOUT_S)
        try:
            self.sock = self.tls.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


def send(
    url: str, body: bytes, headers: Mapping[str, str], *, networks: Iterable[str] = (), ca_file: str = ""
) -> int:
    """POST a body; return the status, which is 2xx. Raises NotAllowed, NotDelivered."""
    host, port, path = check_url(url)
    address = addresses_of(host, port, networks)[0]
    context = ssl.create_default_context(cafile=ca_file or None)
    connection = _Pinned(host, port, address, context)
    try:
        connection.request("POST", path, body, dict(headers))
        answer = connection.getresponse()
        answer.read(MAX_ANSWER)
        status = answer.status
    except (OSError, http.client.HTTPException) as error:
        raise NotDelivered(type(error).__name__) from error
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise NotDelivered(f"HTTP {status}")
    return status


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Return what proves that a body is ours and of this moment: HMAC-SHA256 over `timestamp.body`, in hex."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, "sha256").hexdigest()
