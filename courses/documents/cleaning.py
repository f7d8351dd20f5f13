"""Repairs inside a line: watermarks, invisible characters, HTML, spaces and punctuation."""

import html
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace

from courses.documents.markers import CJK, NUMERAL
from courses.documents.shapes import RepairLog, SourceLine

_DELIMITER = r"[#＃@＠$＄%％]{2,}"
# Begins at the first sign of a run and never gives one back: a line of a million # takes one pass.
_OPENING = r"(?<![#＃@＠$＄%％])[#＃@＠$＄%％]{2,}+"
_WATERMARK = re.compile(
    rf"{_OPENING}[^#＃\n]{{0,60}}?(?:begin|end|start|stop|开始|结束|水印|watermark)[^#＃\n]{{0,10}}?{_DELIMITER}"
    rf"|(?<![#＃])[#＃]{{2,}}+[A-Za-z0-9_.\-…]{{1,40}}[#＃]{{2,}}",
    re.IGNORECASE,
)
_WATERMARK_LINE = re.compile(
    r"^[#＃]{2,}\s*[^#＃\n]{0,40}?(?:begin|end)\s*[#＃]*$|^[^#＃\n]{0,40}?(?:begin|end)\s*[#＃]{2,}$",
    re.IGNORECASE,
)
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]|[\ufe00-\ufe0f]"
)
_ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}|#\d{2,6}|#[xX][0-9A-Fa-f]{2,5});")
_BREAK = re.compile(
    r"<\s*(?:br\s*/?|/?\s*p(?:\s[^<>]{0,200})?|/?\s*div(?:\s[^<>]{0,200})?|/\s*tr|/\s*li|/\s*h[1-6])\s*>",
    re.I,
)
_TAG = re.compile(
    r"<!--.{0,2000}?-->|<\s*/?\s*(?:a|b|i|u|em|strong|span|font|center|img|h[1-6]|ul|ol|li|table|tbody|thead|tr|td|th|hr|"
    r"sup|sub|small|big|section|article|o:p|st1:[a-z]+|input|label|script|style|body|html|head|meta|blockquote|pre)"
    r"(?:\s[^<>]{0,400})?/?\s*>",
    re.IGNORECASE,
)
_STYLE_RULE = re.compile(r"[@.#]?[A-Za-z][\w.#@:\- ,]{0,60}\{\s*[A-Za-z-]{2,30}\s*:[^{}]{0,500}\}")
LONG_LINE = 60  # characters from which on a wide gap inside a line is a lost line end
VERY_LONG_LINE = 200  # … and from which on a single space after a sentence is
_WIDE_GAP = re.compile(r"(?:\u3000{2,}|\u00a0{4,}| {4,})(?=\S)")
_MARK = rf"(?:{NUMERAL}、(?!{NUMERAL}、)|[（(]{NUMERAL}[）)]|第{NUMERAL}[章节条]\s)"
_LOST_END = re.compile(
    rf"(?<=[。！？：；:…”）)])[ \u3000]+(?=[{CJK}“《（(\d])|[ \u3000]+(?={_MARK})|(?<=[。！？：；:])(?={_MARK})"
)
_AFTER_HEADING = re.compile(rf"^({_MARK}[^ 。！？；]{{2,50}}) +(?=\S)")
_WIDE_SPACE = re.compile(r"[\u3000\u00a0\u2000-\u200a\u202f\u205f\t\v]")
_SIGNS = "，。、；：！？“”‘’（）《》〈〉【】「」『』"
_HAN_SIGN_SPACE = re.compile(
    rf"(?<=[{CJK}][,;:!?]) +(?=[{CJK}])|(?<=[{_SIGNS}]) +(?=[{CJK}{_SIGNS}])|(?<=[{CJK}]) +(?=[{_SIGNS}])"
)
_HAN_GAP = re.compile(rf"(?<=[{CJK}])( *)(?=[{CJK}])")
_ODD = re.compile(r"[\u2e80-\u2fdf]")
_HALF_WIDTH_SIGNS = {",": "，", ";": "；", ":": "：", "?": "？", "!": "！"}
_MIXED = re.compile(rf"(?<=[{CJK}”’》）])([,;:?!])(?=[{CJK}“‘《（]|$)")


def clean(lines: Iterable[SourceLine], log: RepairLog, *, markdown: bool = False) -> list[SourceLine]:
    """Repair every line by itself and drop those of which nothing is left.

    `markdown` spares lines such as `## The end`, which are headings there.
    """
    cleaned: list[SourceLine] = []
    blank = cut = broken_page = False
    for line in lines:
        if line.kind in {"table", "picture"}:
            tidy = _clean_rows(line, log)
            cleaned.append(replace(tidy, blank_before=blank, cut_before=cut))
            blank = cut = broken_page = False
            continue
        pieces, lost_something = _clean_line(line, log, markdown=markdown)
        broken_page = broken_page or line.page_break_before
        cut = cut or lost_something
        blank = blank or not line.text.strip()
        for piece in pieces:
            cleaned.append(
                replace(
                    piece,
                    blank_before=blank or piece.blank_before,
                    cut_before=cut or piece.cut_before,
                    page_break_before=broken_page,
                )
            )
            blank = cut = broken_page = False
    return _mend_punctuation(cleaned, log)


def _clean_line(line: SourceLine, log: RepairLog, *, markdown: bool) -> tuple[list[SourceLine], bool]:
    """Return what is left of a line, and whether a watermark took all of it."""
    text, original = line.text, line.text
    text, marks = _without_watermarks(text, line, log, markdown=markdown)
    text = _without_invisible(text, line, log)
    pieces = _without_html(text, line, log)
    indented = bool(re.match(r"[\u3000\u00a0]|\s{2}|\t", original.lstrip("\ufeff"))) or line.indented
    found = []
    for piece in _part(pieces, line, log):
        mended = _mend_odd(_mend_spaces(piece, line, log), line, log)
        if mended:
            found.append(replace(line, text=mended, indented=indented))
    for later, piece_line in enumerate(found):
        if later:
            found[later] = replace(piece_line, blank_before=True)
    return found, bool(marks and not found)


def _without_watermarks(
    text: str, line: SourceLine, log: RepairLog, *, markdown: bool
) -> tuple[str, list[str]]:
    marks = _WATERMARK.findall(text)
    if marks:
        text = _WATERMARK.sub("", text)
    elif not markdown and _WATERMARK_LINE.match(text.strip()):
        marks, text = [text.strip()], ""
    for mark in marks:
        log.add("watermark", line, mark, removed=mark)
    return text, marks


def _without_invisible(text: str, line: SourceLine, log: RepairLog) -> str:
    if not _INVISIBLE.search(text):
        return text
    shown = _INVISIBLE.sub(lambda found: f"[U+{ord(found.group()):04X}]", text)
    where = shown.find("[U+")
    log.add("zero_width", line, shown[max(0, where - 12) : where + 24])
    return _INVISIBLE.sub("", text)


def _without_html(text: str, line: SourceLine, log: RepairLog) -> list[str]:
    rules = _STYLE_RULE.findall(text)
    if rules:
        log.add("html", line, rules[0], removed="".join(rules))
        text = _STYLE_RULE.sub(" ", text)
    tags = [*_BREAK.findall(text), *_TAG.findall(text)]
    entities = _ENTITY.findall(text)
    if not tags and not entities:
        return [text]
    log.add("html", line, _around(text, (tags or entities)[0]), removed="".join(tags))
    for _ in range(2):  # &amp;nbsp; is written by sites that escape twice
        text = _ENTITY.sub(lambda found: html.unescape(found.group()), text)
        text = _BREAK.sub("\n", text)
        text = _TAG.sub("", text)
    return [piece for piece in text.split("\n") if piece.strip()]


def _part(pieces: list[str], line: SourceLine, log: RepairLog) -> list[str]:
    """Part a line into which a whole text was run: at wide gaps, and where a sentence or heading ends."""
    parted: list[str] = []
    for piece in pieces:
        parts = [piece]
        if len(piece) > LONG_LINE:
            parts = _WIDE_GAP.split(piece.strip())
        if len(piece) > VERY_LONG_LINE:
            parts = [one for part in parts for one in _LOST_END.split(part)]
            parts = [one for part in parts for one in _AFTER_HEADING.sub(r"\1\n", part).split("\n")]
        parts = [part for part in parts if part and part.strip()]
        if len(parts) > 1:
            log.add("run_together", line, f"{parts[0][-12:]}⏎{parts[1][:12]}")
        parted += parts
    return parted


def _around(text: str, part: str) -> str:
    where = text.find(part)
    return text[max(0, where - 12) : where + len(part) + 12]


def _mend_spaces(text: str, line: SourceLine, log: RepairLog) -> str:
    mended = _WIDE_SPACE.sub(" ", text)
    mended = re.sub(r" {2,}", " ", mended).strip()
    mended = _HAN_SIGN_SPACE.sub("", mended)
    gaps = _HAN_GAP.findall(mended)
    wide = sum(bool(gap) for gap in gaps)
    if wide and (wide >= 3 or (len(gaps) <= 2 and len(mended) <= 5)) and wide > len(gaps) * 0.6:
        mended = _HAN_GAP.sub("", mended)  # 讲 话 稿: letters spaced out, not words
    if mended != text.strip(" \n") or _WIDE_SPACE.match(text):
        log.add("spaces", line, text[:30].replace("\u3000", "□").replace("\t", "→"))
    return mended


def _mend_odd(text: str, line: SourceLine, log: RepairLog) -> str:
    """Turn radicals that PDF readers put in place of characters (⽣) into the characters (生)."""
    odd = _ODD.findall(text)
    if odd:
        mended = _ODD.sub(lambda found: unicodedata.normalize("NFKC", found.group()), text)
        if mended != text:
            log.add("odd_characters", line, f"{''.join(odd[:10])}", removed="".join(odd))
        text = mended
    if "\ufffd" in text:
        log.add("lost_character", line, _around(text, "\ufffd"))
    return text


def _clean_rows(line: SourceLine, log: RepairLog) -> SourceLine:
    def tidy(cell: str) -> str:
        pieces = _without_html(_INVISIBLE.sub("", cell), line, log)
        return re.sub(r"[ \u3000\u00a0\t]+", " ", " ".join(pieces)).strip()

    return replace(line, rows=tuple(tuple(tidy(cell) for cell in row) for row in line.rows))


def _mend_punctuation(lines: list[SourceLine], log: RepairLog) -> list[SourceLine]:
    """Make half-width signs between Chinese characters full-width where the file mostly writes them so.

    Only signs whose full-width twin is the more frequent in the same file: a file that uses half-width
    commas throughout reads as its author wrote it.
    """
    whole = "\n".join(line.text for line in lines)
    half = {sign: len(re.findall(rf"(?<=[{CJK}]){re.escape(sign)}", whole)) for sign in _HALF_WIDTH_SIGNS}
    minority = {
        sign for sign, count in half.items() if count and whole.count(_HALF_WIDTH_SIGNS[sign]) > count
    }
    if not minority:
        return lines
    return [_mend_line(line, minority, log) for line in lines]


def _mend_line(line: SourceLine, minority: set[str], log: RepairLog) -> SourceLine:
    def swap(found: re.Match[str]) -> str:
        sign = found.group()
        return _HALF_WIDTH_SIGNS[sign] if sign in minority else sign

    mended = _MIXED.sub(swap, line.text)
    if mended == line.text:
        return line
    where = next(place for place, (old, new) in enumerate(zip(line.text, mended, strict=True)) if old != new)
    log.add("punctuation", line, line.text[max(0, where - 8) : where + 8])
    return replace(line, text=mended)
