"""Chinese text: widths, spaces and what people paste."""

import re
import unicodedata
from decimal import Decimal

_SPACES = re.compile(r"[\s\u3000\u00a0\u200b\ufeff]+")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def half_width(text: str) -> str:
    """Turn full-width Latin letters, digits and signs into their half-width forms (Ａ１／ to A1/)."""
    return text.translate(_FULL_WIDTH).replace("\u3000", " ")


def squeeze(text: str) -> str:
    """Fold every run of white space, the ideographic and zero-width ones included, and trim."""
    return _SPACES.sub(" ", text).strip()


def plain_name(text: str) -> str:
    """Normalise a person's or unit's name: NFC, no white space between Chinese characters.

    Rare characters outside the basic plane are kept as they are.
    """
    text = unicodedata.normalize("NFC", squeeze(half_width(text)))
    return re.sub(rf"(?<={_CJK.pattern})\s+(?={_CJK.pattern})", "", text)


def count_readable(text: str) -> int:
    """Count what a reader reads: each Chinese character, and each run of Latin letters or digits, as one."""
    return len(_CJK.findall(text)) + len(re.findall(r"[A-Za-z0-9]+", half_width(text)))


def plain_number(number: Decimal) -> str:
    """Write a figure without idle zeros, as people do: 24.00 as 24, 4.50 as 4.5."""
    return f"{number.normalize():f}"
