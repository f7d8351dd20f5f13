"""Resident identity numbers: check and mask. Pure; storing them is common.signing's matter."""

import datetime as dt
import re

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"
# Anywhere in a text: the number of a special-operation licence is T and the holder's identity number.
_EMBEDDED = re.compile(r"(?<!\d)[1-9]\d{16}[\dXx](?!\d)", re.ASCII)
_SHAPE = re.compile(r"[1-9]\d{16}[\dX]", re.ASCII)


def id_number_flaw(number: str) -> str | None:
    """Return what is wrong with an 18-character identity number: `length`, `date` or `check`; None if sound.

    `number` is already in half-width upper case. Source: GB 11643-1999 §4 (composition), check character by
    ISO 7064 MOD 11-2.
    """
    if not _SHAPE.fullmatch(number):
        return "length"
    try:
        dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return "date"
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True))
    return None if _CHECK_CHARACTERS[total % 11] == number[17] else "check"


def mask_id_number(number: str) -> str:
    """Hide the day of birth and the sequence: 110105********002X."""
    return (
        f"{number[:6]}{'*' * max(len(number) - 10, 0)}{number[-4:]}"
        if len(number) > 10
        else "*" * len(number)
    )


def mask_phone(phone: str) -> str:
    """Hide the middle of a phone number: 138****5678."""
    return f"{phone[:3]}{'*' * max(len(phone) - 7, 0)}{phone[-4:]}" if len(phone) > 7 else "*" * len(phone)


def mask_name(name: str) -> str:
    """Leave the first character of a name: 张**. Whoever holds the paper can compare; nobody else learns it."""
    return f"{name[:1]}{'*' * max(len(name) - 1, 0)}"


def mask_in_text(text: str) -> str:
    """Hide the identity numbers within a text: T110105********002X. Anything else stays as it is."""
    return _EMBEDDED.sub(lambda found: mask_id_number(found[0]), text)
