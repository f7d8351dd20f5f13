"""The list of who may pass, for a gate without a network: what it says, and what changed since a version. Pure.

docs/gates.md describes the format; tools/check_clearance_list.py reads it without this platform.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any

FORMAT = "anxue-clearance-list/1"
BADGE_CHARS = 32  # of the SHA-256 in hex: 128 bits, nobody guesses a code from it


def badge_key(code_digest: str) -> str:
    """Return the key a badge has in a list, from the SHA-256 of its code in hex."""
    return code_digest[:BADGE_CHARS]


def digest_of(entries: Mapping[str, str]) -> str:
    """Return the SHA-256 of a whole list: its lines `key day` in the order of the keys, each ended by a newline."""
    digest = hashlib.sha256()
    for key in sorted(entries):
        digest.update(f"{key} {entries[key]}\n".encode())
    return digest.hexdigest()


def full_payload(entries: Mapping[str, str], head: Mapping[str, Any]) -> dict[str, Any]:
    """Return the text of a whole list; `head` as from `heading`."""
    return {**head, "kind": "full", "entries": dict(entries), "sha256": digest_of(entries)}


def delta_payload(
    before: Mapping[str, str], after: Mapping[str, str], since: int, head: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what changed since a version: new and changed entries, and the keys that are gone.

    `sha256` is that of the whole list after the change, so that whoever applies it knows that nothing is missing.
    """
    return {
        **head,
        "kind": "delta",
        "since": since,
        "entries": {key: day for key, day in after.items() if before.get(key) != day},
        "removed": sorted(before.keys() - after.keys()),
        "sha256": digest_of(after),
    }


def heading(
    *,
    site: str,
    gate: int,
    version: int,
    key_by: str,
    created_at: dt.datetime,
    expires_at: dt.datetime,
    count: int,
) -> dict[str, Any]:
    """Return what every list says of itself; times in UTC to the second."""
    return {
        "format": FORMAT,
        "site": site,
        "gate": gate,
        "version": version,
        "key_by": key_by,
        "created_at": _utc(created_at),
        "expires_at": _utc(expires_at),
        "count": count,
    }


def _utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def until_text(recheck_on: dt.date | None) -> str:
    """Return the last good day of an answer, from the day on which it is to be asked anew; "" without end."""
    return "" if recheck_on is None else (recheck_on - dt.timedelta(days=1)).isoformat()
