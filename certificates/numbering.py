"""Certificate numbers: a prefix, the year, six digits without gaps, and two check digits.

`AX-2026-000123-89`. The check digits follow ISO 7064 MOD 97-10, the scheme of IBAN and LEI: letters count as
two digits (A = 10 … Z = 35), and the whole, check digits last, leaves 1 when divided by 97. It finds every
single wrong character and every swap of two neighbours. MOD 37,36, with its one check character, was not
taken because it lets one pair of neighbours through (state 18/19), and MOD 37-2 can end in an asterisk.
"""

import re
import unicodedata
from dataclasses import dataclass

LAST_SEQUENCE = 999_999
PREFIX_PATTERN = r"[A-Z]{1,10}"
_PREFIX = re.compile(PREFIX_PATTERN)
_COMPACT = re.compile(rf"({PREFIX_PATTERN})(\d{{4}})(\d{{6}})(\d{{2}})", re.ASCII)
_SEPARATORS = re.compile(r"[\s\-‐‑–—－]+")


class BadNumber(ValueError):
    """A text is not a certificate number. `reason` is `form` (not built like one) or `check` (a slip in it)."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(f"{reason}: {text}")
        self.reason = reason
        self.text = text


class NumbersExhausted(Exception):
    """A series has given out its last number; take another prefix."""


@dataclass(frozen=True, slots=True)
class SerialNumber:
    """The parts of a certificate number; `str()` gives the printed form."""

    prefix: str
    year: int
    sequence: int

    def __str__(self) -> str:
        body = f"{self.prefix}{self.year:04d}{self.sequence:06d}"
        return f"{self.prefix}-{self.year:04d}-{self.sequence:06d}-{check_digits(body)}"


def is_prefix(text: str) -> bool:
    """Tell whether `text` may begin a number: one to ten capital Latin letters.

    Digits are left out so that a swap of the last letter and the first digit cannot look like another number.
    """
    return _PREFIX.fullmatch(text) is not None


def series_name(prefix: str, year: int) -> str:
    """Return the name of the series in which the numbers of `prefix` and `year` are counted."""
    return f"{prefix}-{year:04d}"


def make_number(prefix: str, year: int, sequence: int) -> SerialNumber:
    """Return the number at place `sequence` (from 1) of a series.

    Raises BadNumber for a prefix that cannot begin a number, and NumbersExhausted above 999,999.
    """
    if not is_prefix(prefix) or not 1000 <= year <= 9999 or sequence < 1:
        raise BadNumber("form", f"{prefix}-{year}-{sequence}")
    if sequence > LAST_SEQUENCE:
        raise NumbersExhausted(series_name(prefix, year))
    return SerialNumber(prefix, year, sequence)


def check_digits(body: str) -> str:
    """Return the two check digits of capital letters and digits (ISO 7064 MOD 97-10)."""
    return f"{98 - int(_as_digits(body) + '00') % 97:02d}"


def parse_number(text: str) -> SerialNumber:
    """Read a number as people type it: small letters, spaces, any dashes and full-width forms are taken.

    Raises BadNumber, whose `reason` tells a wrong form from a failed check.
    """
    compact = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()
    found = _COMPACT.fullmatch(compact)
    if found is None or int(found[2]) < 1000 or int(found[3]) == 0:
        raise BadNumber("form", text)
    if check_digits(compact[:-2]) != found[4]:
        raise BadNumber("check", text)
    return SerialNumber(found[1], int(found[2]), int(found[3]))


def is_number(text: str) -> bool:
    """Tell whether `text` is a well-formed number with the right check digits."""
    try:
        parse_number(text)
    except BadNumber:
        return False
    return True


def _as_digits(text: str) -> str:
    return "".join(str(int(character, 36)) for character in text)
