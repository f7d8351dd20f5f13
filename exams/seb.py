"""Whether a request carries the keys of a Safe Exam Browser. Pure.

SEB sends with every request the SHA-256 of the request's URL followed by a key, in hex, as
X-SafeExamBrowser-ConfigKeyHash (the key of the configuration) and X-SafeExamBrowser-RequestHash (the Browser
Exam Key, which also covers the program). Source: safeexambrowser.org, developer documentation, "Browser Exam
Key" and "Config Key". A phone has no SEB; nobody should believe that this locks anything but a computer room.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urldefrag

KEY = re.compile(r"[0-9a-f]{64}")
_SHOWN = 64


@dataclass(frozen=True, slots=True)
class SebHeaders:
    """What a request said: its whole URL, and both hashes as sent (empty: none)."""

    url: str = ""
    config_key_hash: str = ""
    request_hash: str = ""


NO_SEB = SebHeaders()


def read_keys(text: str) -> tuple[list[str], list[str]]:
    """Return the keys in a text, one a line, in lower case and each once; and the lines that are no key."""
    keys: list[str] = []
    wrong: list[str] = []
    for line in (line.strip().lower() for line in text.splitlines()):
        if not line:
            continue
        if not KEY.fullmatch(line):
            wrong.append(line[:_SHOWN])
        elif line not in keys:
            keys.append(line)
    return keys, wrong


def expected_hash(url: str, key: str) -> str:
    """Return what SEB sends for a URL, without its fragment, and a key."""
    return hashlib.sha256((urldefrag(url).url + key).encode()).hexdigest()


def is_from_seb(headers: SebHeaders, keys: Iterable[str]) -> bool:
    """Tell whether one of the hashes fits one of the keys. Without keys nothing fits."""
    sent = [text.lower() for text in (headers.config_key_hash, headers.request_hash) if text]
    return any(
        hmac.compare_digest(expected_hash(headers.url, key).encode(), each.encode("utf-8", "replace"))
        for key in keys
        for each in sent
    )
