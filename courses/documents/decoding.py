"""Bytes of a text file into text: UTF-8, UTF-16 and GB18030, told apart by evidence, and mojibake refused."""

import codecs
import re

from courses.documents.shapes import DocumentProblem

# The longest mark first: UTF-32's begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# What is left when UTF-8 is read as GBK and saved, or the other way round.
_SCARS = re.compile("锟斤拷|烫烫烫|屯屯屯|锘縷|ï»¿|ï¿½|鈥[渜淐]|銆[侀傚]")
_LATIN_SCARS = re.compile("[\u00c2-\u00ef][\u0080-\u00bf\u0152-\u2122]{1,2}")
SAMPLE_CHARS = 20_000
MOST_LOST = 0.002  # share of U+FFFD above which the text has lost too much to be read


def decode(data: bytes) -> tuple[str, str]:
    """Return the text and the name of its encoding.

    Raises DocumentProblem: empty, truncated (it ends inside a character), wrong_type (binary data) or
    undecodable (none of the encodings fits, or the text was garbled before it was saved).
    """
    if not data.strip(b" \t\r\n\x0b\x0c\x00") or data in {mark for mark, _ in _MARKS}:
        raise DocumentProblem("empty")
    text, encoding = _read(data)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    _refuse_garbled(text)
    return text, encoding


def _read(data: bytes) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strictly(data, encoding), encoding
    wide = _without_mark(data)
    if wide:
        return _strictly(data, wide), wide
    if b"\x00" in data:
        raise DocumentProblem("wrong_type", "NUL bytes")
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        # A multi-byte character that the end of the file cuts off; what came before is sound UTF-8.
        if error.reason == "unexpected end of data" and _HAN.search(data[: error.start].decode("utf-8")):
            raise DocumentProblem("truncated", "the last character is incomplete") from error
    return _strictly(data, "gb18030"), "gb18030"


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        at_the_end = error.end >= len(data) and error.start >= len(data) - 4
        if at_the_end and _looks_chinese(data[: error.start].decode(encoding, errors="ignore")):
            raise DocumentProblem("truncated", "the last character is incomplete") from error
        raise DocumentProblem("undecodable", f"{encoding} at byte {error.start}") from error


def _without_mark(data: bytes) -> str | None:
    """Recognise UTF-16 without its mark by how its two halves differ."""
    sample = data[:SAMPLE_CHARS]
    if len(sample) % 2:
        sample = sample[:-1]
    if len(sample) < 4:
        return None
    best: tuple[float, str] = (0.0, "")
    for encoding in ("utf-16-le", "utf-16-be"):
        text = sample.decode(encoding, errors="replace")
        best = max(best, (_plausible_share(text), encoding))
    # Chinese UTF-8 or GB18030 read as UTF-16 gives characters from everywhere, hardly any of them common,
    # and never the line ends and spaces that real text has as 16-bit units.
    share, encoding = best
    signs = "\n\u3000，。、：；！？ 0123456789"
    text = sample.decode(encoding, errors="replace") if encoding else ""
    return encoding if share > 0.9 and any(sign in text for sign in signs) else None


def _plausible_share(text: str) -> float:
    """Return the share of characters that a Chinese text is expected to have."""
    if not text:
        return 0.0
    return sum(map(_is_expected, text)) / len(text)


def _is_expected(char: str) -> bool:
    code = ord(char)
    if code < 0x80:
        return char.isprintable() or char in "\n\r\t\f"
    if 0x3000 <= code <= 0x301F or 0xFF01 <= code <= 0xFF5E or char in "“”‘’…—·–\ufeff":
        return True
    return _is_common(char)


def _is_common(char: str) -> bool:
    """Whether this is one of the 3,755 everyday characters (GB 2312 level 1)."""
    try:
        encoded = char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return len(encoded) == 2 and 0xB0 <= encoded[0] <= 0xD7


def _is_common_traditional(char: str) -> bool:
    """Whether this is one of the 5,401 everyday characters of traditional writing (Big5 level 1)."""
    try:
        encoded = char.encode("big5")
    except UnicodeEncodeError:
        return False
    return len(encoded) == 2 and 0xA4 <= encoded[0] <= 0xC6


def _looks_chinese(text: str) -> bool:
    han = _HAN.findall(text[-SAMPLE_CHARS:])
    return len(han) >= 2 and sum(map(_is_common, han)) / len(han) > 0.8


def _refuse_garbled(text: str) -> None:
    """Raise DocumentProblem if the characters are not what anybody wrote."""
    sample = text[:SAMPLE_CHARS]
    visible = [char for char in sample if not char.isspace()]
    if not visible:
        raise DocumentProblem("empty")
    if len(_BINARY.findall(sample)) > max(2, len(sample) // 200):
        raise DocumentProblem("wrong_type", "control characters")
    lost = text.count("\ufffd")
    if lost > 2 and lost > MOST_LOST * len(text):
        raise DocumentProblem("undecodable", f"{lost} lost characters")
    scars = len(_SCARS.findall(sample))
    if scars >= 3 or (scars and scars * 50 > len(visible)):
        raise DocumentProblem("undecodable", "garbled before it was saved")
    if _LATIN_SCARS.search(sample) and _undoes("cp1252", sample):
        raise DocumentProblem("undecodable", "UTF-8 read as Latin")
    _refuse_strange_characters(visible, sample)


def _refuse_strange_characters(visible: list[str], sample: str) -> None:
    han = [char for char in visible if _HAN.match(char)]
    strange = sum(
        not _HAN.match(char) and not _is_expected(char) and not char.isalnum() and ord(char) > 0x7F
        for char in visible
    ) + sum("\ue000" <= char <= "\uf8ff" for char in visible)
    if strange > len(visible) * 0.3:
        raise DocumentProblem("undecodable", "mostly unassigned or private characters")
    if len(han) < 4:
        foreign = sum(ord(char) > 0x7F for char in visible)
        if foreign > len(visible) * 0.5 and not _mostly_signs(visible):
            raise DocumentProblem("undecodable", "no Chinese in it")
        return
    common = sum(map(_is_common, han)) / len(han)
    written = sum(_is_common(char) or _is_common_traditional(char) for char in han) / len(han)
    enough = 0.7 if len(han) >= 20 else 0.35  # a name or two may be rare all over
    if common < 0.7 and (_undoes("gb18030", sample) or written < enough):
        raise DocumentProblem("undecodable", "characters nobody writes")


def _mostly_signs(visible: list[str]) -> bool:
    return sum(map(_is_expected, visible)) > len(visible) * 0.5


def _undoes(wrong: str, sample: str) -> bool:
    """Whether writing the text in `wrong` and reading it as UTF-8 gives sensible Chinese: then it was garbled."""
    restored = sample.encode(wrong, errors="ignore").decode("utf-8", errors="ignore")
    return len(_HAN.findall(restored)) * 4 > len(sample) * 0.5 and _looks_chinese(restored)
