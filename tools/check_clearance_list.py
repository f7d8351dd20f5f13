#!/usr/bin/env python3
"""Check a clearance list of 安学 AnXue for a gate without a network. Needs Python 3.8 or newer and nothing else.

    python3 check_clearance_list.py --key PUBLICKEY list.json                    is it ours, whole and not expired
    python3 check_clearance_list.py --key PUBLICKEY --person 001001 list.json    may this person pass
    python3 check_clearance_list.py --key PUBLICKEY --badge CODE list.json       may the holder of this badge pass
    python3 check_clearance_list.py --key PUBLICKEY --base old.json delta.json --output new-entries.json

The public key (64 hex digits) stands on the page of gates; never take it from the list itself. A delta is applied to
the full list it is based on, or to what an earlier --output wrote. Exit status: 0 the list holds (and the person may
pass), 1 it does not hold, has expired, or the person may not pass, 2 a file cannot be read.

docs/gates.md describes the format. Ed25519 as in RFC 8032 5.1.7, in plain Python, so that nothing has to be installed
on a gate; no secret passes through it.
"""

from __future__ import annotations  # "X | None" on Python 3.8, which reads no annotation then

import argparse
import datetime as dt
import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    Point = tuple[int, int, int, int]

FORMAT = "anxue-clearance-list/1"
SIGNED_PREFIX = b"anxue-clearance-list/1\n"

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, PRIME - 2, PRIME) % PRIME
ROOT_OF_MINUS_ONE = pow(2, (PRIME - 1) // 4, PRIME)


class Unfit(Exception):
    """Something in the list does not fit together."""


# Ed25519 (RFC 8032): points in extended coordinates (X, Y, Z, T), x = X/Z, y = Y/Z, xy = T/Z


def _add(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % PRIME
    b = (one[1] + one[0]) * (other[1] + other[0]) % PRIME
    c = 2 * one[3] * other[3] * D % PRIME
    d = 2 * one[2] * other[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME


def _times(factor: int, point: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            result = _add(result, point)
        point = _add(point, point)
        factor >>= 1
    return result


def _same_point(one: Point, other: Point) -> bool:
    return (one[0] * other[2] - other[0] * one[2]) % PRIME == 0 and (
        one[1] * other[2] - other[1] * one[2]
    ) % PRIME == 0


def _point(data: bytes) -> Point | None:
    """Return the point that 32 bytes encode, or None if they encode none."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= PRIME:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, PRIME - 2, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * ROOT_OF_MINUS_ONE % PRIME
    if (x * x - square) % PRIME or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = PRIME - x
    return x, y, 1, x * y % PRIME


_BASE = _point((4 * pow(5, PRIME - 2, PRIME) % PRIME).to_bytes(32, "little"))


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether 64 bytes of `signature` over `message` are by the 32 bytes of `key`."""
    if len(key) != 32 or len(signature) != 64:
        return False
    public, commitment = _point(key), _point(signature[:32])
    factor = int.from_bytes(signature[32:], "little")
    if _BASE is None or public is None or commitment is None or factor >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + key + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    return _same_point(_times(factor, _BASE), _add(commitment, _times(challenge, public)))


# The list


def opened(envelope: dict[str, Any], key: str) -> dict[str, Any]:
    """Return what a list says after its signature was checked. Raises Unfit."""
    if not all(isinstance(envelope.get(name), str) for name in ("payload", "signature")):
        raise Unfit("this is no clearance list")
    text = envelope["payload"].encode()
    try:
        public, signature = bytes.fromhex(key), bytes.fromhex(envelope["signature"])
    except ValueError as error:
        raise Unfit("the key or the signature is not hexadecimal") from error
    if not is_signed(public, SIGNED_PREFIX + text, signature):
        raise Unfit("the signature is not by this key")
    payload: dict[str, Any] = json.loads(text)
    if payload.get("format") != FORMAT:
        raise Unfit(f"unknown format {payload.get('format')!r}")
    return payload


def digest_of(entries: dict[str, str]) -> str:
    """Return the SHA-256 of a whole list."""
    digest = hashlib.sha256()
    for name in sorted(entries):
        digest.update(f"{name} {entries[name]}\n".encode())
    return digest.hexdigest()


def whole(payload: dict[str, Any], base: dict[str, Any] | None) -> dict[str, str]:
    """Return all entries: those of a full list, or of a delta applied to its base. Raises Unfit."""
    if payload["kind"] == "full":
        entries: dict[str, str] = dict(payload["entries"])
    else:
        if base is None:
            raise Unfit("this is a delta: give the list it is based on with --base")
        if base["version"] != payload["since"] or base["key_by"] != payload["key_by"]:
            raise Unfit(f"this delta is for version {payload['since']}, the base is {base['version']}")
        entries = {name: day for name, day in base["entries"].items() if name not in set(payload["removed"])}
        entries.update(payload["entries"])
    if digest_of(entries) != payload["sha256"] or len(entries) != payload["count"]:
        raise Unfit("entries are missing or changed")
    return entries


def read_base(path: str, key: str) -> dict[str, Any]:
    """Return the base of a delta: a signed full list, or what --output wrote on this machine. Raises Unfit."""
    found: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    if "payload" not in found:
        return found
    payload = opened(found, key)
    return {"version": payload["version"], "key_by": payload["key_by"], "entries": whole(payload, None)}


def may_pass(entries: dict[str, str], name: str, on: str) -> bool:
    """Tell whether somebody is cleared on a day (ISO): in the list, and not beyond the last good day."""
    day = entries.get(name)
    return day is not None and (day == "" or on <= day)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a list and say what came of it; return the exit status."""
    parser = argparse.ArgumentParser(description="Check a clearance list of AnXue.")
    parser.add_argument("file")
    parser.add_argument("--key", required=True, help="public key, 64 hex digits, from the page of gates")
    parser.add_argument("--base", help="the full list a delta is based on, or an earlier --output")
    parser.add_argument("--output", help="write all entries to this file, to be the base of the next delta")
    parser.add_argument("--person", help="employee number")
    parser.add_argument(
        "--badge", help="code of a badge as read from its QR code: the part between /b/ and /"
    )
    parser.add_argument("--at", help="ISO time with zone to check for instead of now")
    asked = parser.parse_args(arguments)
    now = dt.datetime.fromisoformat(asked.at) if asked.at else dt.datetime.now().astimezone()
    try:
        payload = opened(json.loads(Path(asked.file).read_text(encoding="utf-8")), asked.key)
        entries = whole(payload, read_base(asked.base, asked.key) if asked.base else None)
        expires = dt.datetime.strptime(payload["expires_at"], "%Y-%m-%dT%H:%M:%S%z")
        if now >= expires:
            raise Unfit(f"the list expired at {payload['expires_at']}")
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError) as error:
        print(f"cannot be read: {type(error).__name__}: {error}")
        return 2
    except Unfit as problem:
        print(f"NOT VALID: {problem}")
        return 1
    print(f"valid: version {payload['version']}, {len(entries)} people, until {payload['expires_at']}")
    if asked.output:
        kept = {"version": payload["version"], "key_by": payload["key_by"], "entries": entries}
        Path(asked.output).write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    if asked.person or asked.badge:
        wanted = "badge" if asked.badge else "employee_no"
        if payload["key_by"] != wanted:
            print(f"NOT CLEARED: this list goes by {payload['key_by']}")
            return 1
        name = hashlib.sha256(asked.badge.encode()).hexdigest()[:32] if asked.badge else asked.person
        if not may_pass(entries, name, now.date().isoformat()):
            print("NOT CLEARED")
            return 1
        print(f"cleared until {entries[name] or 'further notice'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
