"""Several texts in one file: 篇1 … 篇2 …, 【篇一】, 范文1, or a new title and salutation after an end."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from courses.documents.markers import (
    CJK,
    NUMERAL,
    has_sentence_end_inside,
    is_finished,
    is_salutation,
    is_title_like,
    leading_salutation,
    mark_of,
    names_a_text,
    to_int,
)
from courses.documents.shapes import RepairLog, SourceLine

_NUM = rf"(?P<number>\d{{1,2}}|{NUMERAL})"
_OPEN, _CLOSE = r"[【\[（(〔★☆●■◆*#\s]*", r"\s*[】\]）)〕]?\s*"
_MARKS = (
    re.compile(
        rf"^{_OPEN}第\s*{_NUM}\s*篇{_CLOSE}(?:[：:、.．,，|\-—]+\s*|\s+|$|(?<=[】\]）)〕]))(?P<rest>.*)$"
    ),
    re.compile(
        rf"^{_OPEN}(?:篇|范文|例文|样本|样文|模板)\s*{_NUM}(?!章|段|百)(?P<edge>{_CLOSE}[：:、.．|\-—]*\s*)(?P<rest>.*)$"
    ),
    re.compile(
        rf"^(?P<prefix>[^。；;！!？?：:]{{2,40}}?)\s*[【\[（(]?\s*(?:第\s*{_NUM}\s*篇|(?:篇|范文|例文)\s*{_NUM.replace('number', 'other')})"
        rf"{_CLOSE}[：:]?\s*(?P<rest>.{{0,40}})$"
    ),
    re.compile(
        rf"^(?P<prefix>[{CJK}“”《》、\w]{{2,40}}(?:稿|讲话|发言|致辞|致词|演讲|报告|范文|主持词|规程|总结))"
        rf"[（(]?(?P<number>\d{{1,2}}|[一二三四五六七八九十]{{1,2}})[）)]?\s*[：:]?(?P<rest>)$"
    ),
)
_COLLECTION = re.compile(
    rf"\s*[（(【\[]?\s*(?:精选|通用|推荐|合集|集锦|大全|最新|优秀|汇编|共|多)?\s*(?:\d{{1,2}}|{NUMERAL})\s*篇\s*[）)】\]]?\s*(?:合集|精选|范文|汇编)?$"
)
CHARS_OF_A_TEXT = 20  # Chinese characters below which what follows a mark is a line of a contents list


@dataclass(slots=True)
class Part:
    """The lines of one text, the title its mark gave it, and where its source begins."""

    lines: list[SourceLine]
    first_line: int
    title: str = ""
    fallback_title: str = ""
    preface: list[SourceLine] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Mark:
    place: int
    number: int
    rest: str
    whole: str


def split(lines: Sequence[SourceLine], log: RepairLog) -> list[Part]:
    """Cut the lines of a file into its texts, in order. A file of one text gives one part."""
    marks = _series(lines, log)
    parts = _by_marks(lines, marks, log) if marks else [Part(list(lines), 0)]
    return [piece for part in parts for piece in _by_titles(part, log)]


def _find(line: SourceLine) -> _Mark | None:
    text = line.text.strip("# *")
    if line.kind in {"table", "picture"} or len(text) > 100:
        return None
    for place, pattern in enumerate(_MARKS):
        found = pattern.match(text)
        if not found:
            continue
        groups = found.groupdict()
        rest = (groups.get("rest") or "").strip()
        if place == 1 and rest and not groups["edge"] and not groups["number"].isdecimal():
            continue  # 篇一般…: the numeral belongs to a word
        if place >= 2 and (has_sentence_end_inside(text) or is_finished(text.rstrip("：:")) or mark_of(text)):
            continue
        number = to_int(groups.get("number") or groups.get("other") or "0")
        return _Mark(0, number, rest, text)
    return None


def _series(lines: Sequence[SourceLine], log: RepairLog) -> list[_Mark]:
    """Return the marks that count 1, 2, 3 …; a contents list in front of the texts is dropped from them."""
    found = [
        replace(mark, place=place)
        for place, line in enumerate(lines)
        if (mark := _find(line)) is not None and mark.number
    ]
    if any(re.match(rf"第(?:{NUMERAL}|\d+)章", line.text) for line in lines) and all(
        mark.whole.startswith("第") for mark in found
    ):
        return []  # 第一篇 is then a part of one work, above its chapters
    series: list[_Mark] = []
    for mark in found:
        if mark.number == len(series) + 1:
            series.append(mark)
        elif mark.number == 1 and series and _is_contents(lines, [*series, mark]):
            series = [mark]
    if len(series) >= 2:
        return series
    return series if series and series[0].place <= 3 and not series[0].whole.startswith("第") else []


def _is_contents(lines: Sequence[SourceLine], marks: Sequence[_Mark]) -> bool:
    return all(
        sum(len(re.findall(rf"[{CJK}]", line.text)) for line in lines[one.place + 1 : other.place])
        < CHARS_OF_A_TEXT
        for one, other in pairwise(marks)
    )


def _by_marks(lines: Sequence[SourceLine], marks: Sequence[_Mark], log: RepairLog) -> list[Part]:
    preamble = list(lines[: marks[0].place])
    collection = ""
    if preamble and is_title_like(preamble[0].text) and len(marks) > 1:
        collection = _COLLECTION.sub("", preamble[0].text).strip() or preamble[0].text
        log.add("split", preamble[0], preamble[0].text, removed=preamble[0].text)
        preamble = preamble[1:]
    preamble = _without_contents(preamble, marks, log)
    ends = [*(mark.place for mark in marks[1:]), len(lines)]
    parts = []
    for mark, end in zip(marks, ends, strict=True):
        line = lines[mark.place]
        body = list(lines[mark.place + 1 : end])
        log.add("split", line, mark.whole, removed=line.text.removesuffix(mark.rest))
        title = _title_of(mark, collection)
        part = Part(body, line.number, fallback_title=title)
        if mark.rest and is_title_like(mark.rest):
            part.title = mark.rest
        elif mark.rest:
            part.lines.insert(0, replace(line, text=mark.rest, heading=None))
        parts.append(part)
    parts[0].first_line = 0
    parts[0].preface = preamble
    return _without_empty(parts, lines, marks, log)


def _title_of(mark: _Mark, collection: str) -> str:
    bare = mark.whole.removesuffix(mark.rest).strip(" ：:、*#")
    own = re.search(rf"[{CJK}]{{4,}}", re.sub(rf"篇|第|范文|{NUMERAL}", "", bare))
    if own or not collection:
        return bare.strip("【】[]")
    return f"{collection}（{bare.strip('【】[]（）()')}）"


def _without_contents(preamble: list[SourceLine], marks: Sequence[_Mark], log: RepairLog) -> list[SourceLine]:
    """Drop the lines in front of the texts that only announce them."""
    announced = {mark.whole for mark in marks} | {mark.rest for mark in marks if mark.rest}
    kept = []
    for line in preamble:
        if line.text in announced or re.fullmatch(r"目\s*[录次]", line.text) or _find(line):
            log.add("contents_list", line, line.text, removed=line.text)
        else:
            kept.append(line)
    return kept


def _without_empty(
    parts: list[Part], lines: Sequence[SourceLine], marks: Sequence[_Mark], log: RepairLog
) -> list[Part]:
    """Drop the marks that nothing follows; a file of marks alone is one text, its lines as they are."""
    kept = [part for part in parts if part.lines]
    if not kept:
        return [Part(list(lines), 0)]
    for part, mark in zip(parts, marks, strict=True):
        if not part.lines:
            log.add("contents_list", lines[mark.place], mark.whole, removed=mark.rest)
    if kept and parts[0] is not kept[0]:
        kept[0].preface = parts[0].preface
        kept[0].first_line = 0
    return kept


def _by_titles(part: Part, log: RepairLog) -> list[Part]:
    """Cut where, after the end of a sentence, a new title stands above a new salutation."""
    cuts = [place for place in range(3, len(part.lines) - 1) if _opens_another(part.lines, place)]
    if not cuts:
        return [part]
    pieces = [replace_lines(part, part.lines[: cuts[0]])]
    for one, other in zip(cuts, [*cuts[1:], len(part.lines)], strict=True):
        log.add("split", part.lines[one], part.lines[one].text)
        pieces.append(Part(part.lines[one:other], part.lines[one].number))
    return pieces


def replace_lines(part: Part, lines: list[SourceLine]) -> Part:
    """Return the same part with other lines."""
    return Part(lines, part.first_line, part.title, part.fallback_title, part.preface)


def _opens_another(lines: Sequence[SourceLine], place: int) -> bool:
    line = lines[place]
    if not line.is_prose and line.heading not in {0, 1}:
        return False
    if not (is_title_like(line.text) and names_a_text(line.text) and is_finished(lines[place - 1].text)):
        return False
    for later in lines[place + 1 : place + 4]:
        if is_salutation(later.text) or leading_salutation(later.text):
            return True
        if len(later.text) > 40 or mark_of(later.text):
            return False
    return False
