"""What printing leaves in a text: page numbers, running headers, contents lists, repeated lines."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate

from courses.documents.markers import (
    CJK,
    CONTINUING,
    ENDED,
    is_case_heading,
    is_finished,
    is_structural,
    is_title_like,
    mark_of,
    number_of,
)
from courses.documents.shapes import RepairLog, SourceLine

_DASH = r"[-—–－―─_·•~～*＊=]"
_EDGE = r"[-—–－―─_·•~～*＊=（()）\[\]【】\s]*"
_COUNT = r"(?:\d{1,4}|[一二三四五六七八九十百]{1,4})"
_WHOLE = re.compile(
    rf"{_DASH}+\s*\d{{1,4}}\s*{_DASH}+"
    rf"|{_EDGE}第\s*{_COUNT}\s*页(?:\s*[,，/／|、]?\s*[（(]?\s*共\s*{_COUNT}\s*页)?{_EDGE}"
    rf"|[（(]?\s*共\s*{_COUNT}\s*页(?:\s*[,，/／|、]?\s*第\s*{_COUNT}\s*页)?\s*[）)]?"
    r"|(?:page|p\.?)\s*\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?|\d{1,4}\s*页|\d{1,3}\s*(?:/|／|of)\s*\d{1,3}\s*(?:页)?"
    r"|[（(]\s*\d{1,3}\s*/\s*\d{1,3}\s*[）)]",
    re.IGNORECASE,
)
_BARE = re.compile(r"(\d{1,3})\s*[、.．]?")
_INSIDE = re.compile(
    rf"\s*[（(]?第\s*\d{{1,4}}\s*页\s*[,，/／|、]?\s*共\s*\d{{1,4}}\s*页[）)]?\s*"
    rf"|(?<=[{CJK}，、])\s*[-—–－]\s*\d{{1,3}}\s*[-—–－]\s*(?=[{CJK}，、。])"
    rf"|^{_DASH}\s*\d{{1,3}}\s*{_DASH}\s*(?=[{CJK}，。、“])|(?<=[{CJK}，、])\s*[-—–－]\s*\d{{1,3}}\s*[-—–－]$"
    rf"|(?<=[{CJK}])(?<![第表图条款项点为是号章节])\s?\d{{1,3}}[、.．]\s*(?=的(?!确)|们)"
)
_FRAGMENT = re.compile(r"(\d{1,3})\s*[、.．,，]?\s*")
_LEADER = re.compile(r"^.{1,80}?\s*(?:[.．·•]{3,}|…{2,}|_{4,})\s*\d{1,4}$")
_COUNTED = re.compile(
    r"万|亿|千|起|名|元|吨|[%％℃]|公里|毫?米|小时|分钟|件|台|辆|月|岁|周岁|层|号|例|宗"
    r"|人(?![员民们人身的为才力类])|次(?![要日生])|个(?![人别体性])|项(?!目)|家(?![庭属里园长])|处(?![理置于罚在分])"
    r"|日(?![常益前])|年(?![度底初终轻])|天(?![然气])|时(?![间刻候期常])|条(?![件例])|级(?!别)"
)
# No item of a list begins with these, but the second half of a sentence does.
_GOING_ON = re.compile(
    r"和(?![谐平])|与(?!会)|及(?!时)|以及|等(?!待|级)|地(?![方区点面下震铁质])|得(?![到知力])|了(?!解)|着(?![力手眼重装火])"
    r"|之(?![前后间一])|性(?![能质格])|化(?![学工解验肥险])|者"
)
LONG_ENOUGH = 12  # characters of a line before it can be half a sentence rather than a label
PART_OF_A_PAGE = 200  # characters; numbers closer together are a list's
NEARBY = 15  # lines in which a numbered list is looked for


def drop_page_marks(lines: Sequence[SourceLine], log: RepairLog) -> list[SourceLine]:
    """Drop page numbers, contents lists and running headers; mark where a sentence may have been cut."""
    kept = _drop_contents(lines, log)
    kept = _drop_numbers(kept, log)
    kept = [_without_numbers_inside(line, log) for line in kept]
    kept = _mend_fragments([line for line in kept if line.text or not line.is_prose], log)
    return _drop_running_headers(kept, log)


def _drop(lines: Sequence[SourceLine], places: set[int]) -> list[SourceLine]:
    """Drop lines, leaving the mark of a cut on what follows."""
    kept: list[SourceLine] = []
    cut = False
    for place, line in enumerate(lines):
        if place in places:
            cut = True
            continue
        # The blank line around a page number belongs to the page, not to the text.
        kept.append(replace(line, cut_before=True, blank_before=False) if cut else line)
        cut = False
    return kept


def _drop_contents(lines: Sequence[SourceLine], log: RepairLog) -> list[SourceLine]:
    places = {place for place, line in enumerate(lines) if line.is_prose and _LEADER.match(line.text)}
    if len(places) < 2:
        places = set()
    for place, line in enumerate(lines):
        if place + 1 in places and re.fullmatch(r"目\s*[录次]", line.text):
            places.add(place)
    for place in sorted(places):
        log.add("contents_list", lines[place], lines[place].text, removed=lines[place].text)
    return _drop(lines, places)


def _drop_numbers(lines: Sequence[SourceLine], log: RepairLog) -> list[SourceLine]:
    places = {
        place
        for place, line in enumerate(lines)
        if line.kind == "text" and line.heading is None and _WHOLE.fullmatch(line.text)
    }
    bare = {
        place: int(found.group(1))
        for place, line in enumerate(lines)
        if line.kind == "text" and place not in places and (found := _BARE.fullmatch(line.text))
    }
    series = _in_series(lines, bare)
    numbers = places | bare.keys()
    text_before = _nearest_text(lines, numbers, range(len(lines)))
    text_after = _nearest_text(lines, numbers, range(len(lines) - 1, -1, -1))
    places |= {
        place
        for place in bare
        if place in series or _is_page_number(lines[place], text_before[place], text_after[place])
    }
    for place in sorted(places):
        before = lines[place - 1].text[-10:] if place else ""
        after = lines[place + 1].text[:10] if place + 1 < len(lines) else ""
        text = lines[place].text
        log.add("page_number", lines[place], f"{before}⏎{text}⏎{after}".strip("⏎"), removed=text)
    return _drop(lines, places)


def _nearest_text(
    lines: Sequence[SourceLine], numbers: set[int], order: Iterable[int]
) -> dict[int, SourceLine | None]:
    """Return, for each number's place, the last line of text met on the way there."""
    found: dict[int, SourceLine | None] = {}
    last: SourceLine | None = None
    for place in order:
        if place in numbers:
            found[place] = last
        else:
            last = lines[place]
    return found


def _is_page_number(line: SourceLine, before: SourceLine | None, after: SourceLine | None) -> bool:
    """Weigh the evidence that a number alone on its line is a page's, and not a figure of the text."""
    if line.page_break_before or (after is not None and after.page_break_before):
        return True
    if before is not None and after is not None and _halves(before, after):
        return True
    if before is None and after is not None and is_title_like(after.text) and not after.text.startswith("年"):
        return True
    if line.text[-1] in "、.．":
        return False
    if (
        before is None
        or not before.is_prose
        or not is_finished(before.text)
        or len(before.text) < LONG_ENOUGH
    ):
        return False
    return after is None or (
        after.is_prose and (len(after.text) >= LONG_ENOUGH or mark_of(after.text) is not None)
    )


def _halves(before: SourceLine, after: SourceLine) -> bool:
    """Whether two lines read like the halves of one sentence."""
    if not (before.is_prose and after.is_prose) or is_finished(before.text) or is_structural(after.text):
        return False
    if CONTINUING.match(after.text):
        return len(before.text) >= 2
    if _COUNTED.match(after.text):
        return False  # the number counts what follows: 共发生事故 / 12 / 起
    sentence = len(after.text) >= 6 and is_finished(after.text)
    return (
        len(before.text) >= (LONG_ENOUGH // 2 if sentence else LONG_ENOUGH)
        and len(after.text) >= 4
        and before.text[-1] not in "）)】"
        and bool(re.match(rf"[{CJK}A-Za-z“‘《（(]", after.text))
    )


def _in_series(lines: Sequence[SourceLine], bare: dict[int, int]) -> set[int]:
    """Return the places of bare numbers that count on, n and n + 1, with at least part of a page between."""
    before_place = list(accumulate((len(line.text) for line in lines), initial=0))
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for place, number in bare.items():
        first.setdefault(number, place)
        last[number] = place
    found: set[int] = set()
    for place, number in bare.items():
        if lines[place].text[-1] in "、.．":
            continue
        earlier, later = first.get(number - 1, place), last.get(number + 1, place)
        if (
            before_place[place] - before_place[earlier] >= PART_OF_A_PAGE
            or before_place[later] - before_place[place] >= PART_OF_A_PAGE
        ):
            found.add(place)
    return found


def _without_numbers_inside(line: SourceLine, log: RepairLog) -> SourceLine:
    if line.kind in {"table", "picture"}:
        return line
    found = [match for match in _INSIDE.finditer(line.text) if match.group().strip()]
    for match in found:
        example = line.text[max(0, match.start() - 10) : match.end() + 10]
        log.add("page_fragment", line, example, removed=match.group())
    if not found:
        return line
    text = _INSIDE.sub("", line.text).strip()
    return replace(line, text=text, cut_before=line.cut_before or found[0].start() == 0)


def _mend_fragments(lines: list[SourceLine], log: RepairLog) -> list[SourceLine]:
    """Take the number off lines such as `2、的行政首长要…`, which go on from the line before."""
    mended: list[SourceLine] = []
    for place, line in enumerate(lines):
        before = mended[-1] if mended else None
        if before is not None and _is_fragment(lines, place, before):
            number = _FRAGMENT.match(line.text)
            mark = number.group() if number else ""
            log.add("page_fragment", line, f"{before.text[-12:]}⏎{line.text[:16]}", removed=mark)
            mended.append(replace(line, text=line.text[len(mark) :], continues=True, kind="text"))
        else:
            mended.append(line)
    return mended


def _is_fragment(lines: Sequence[SourceLine], place: int, before: SourceLine) -> bool:
    line = lines[place]
    found = _FRAGMENT.match(line.text)
    if not found or line.kind not in {"text", "numbered"} or before.kind not in {"text", "numbered"}:
        return False
    rest = line.text[found.end() :]
    if not rest or before.text[-1:] in ENDED or line.heading is not None or before.heading == 0:
        return False
    if CONTINUING.match(rest) and not re.match(r"[，、,;!?%％）)。；]", rest):
        return True
    return _is_out_of_sequence(lines, place, before, rest)


def _is_out_of_sequence(lines: Sequence[SourceLine], place: int, before: SourceLine, rest: str) -> bool:
    """Whether a numbered line belongs to no list and the line before stops in mid-sentence."""
    own = mark_of(lines[place].text)
    if own is None or own[0] != "digit" or lines[place].indented or lines[place].blank_before:
        return False
    number = number_of(own[1])
    going_on = bool(_GOING_ON.match(rest))
    near = [*lines[max(0, place - NEARBY) : place], *lines[place + 1 : place + 1 + NEARBY]]
    others = {number_of(mark[1]) for other in near if (mark := mark_of(other.text)) and mark[0] == "digit"}
    return (
        number >= 2
        and not others & {number - 1, number + 1}
        and before.is_prose
        and not is_finished(before.text)
        and mark_of(before.text) is None
        and len(before.text) >= (LONG_ENOUGH // 2 if going_on else LONG_ENOUGH + 8)
        and (going_on or bool(re.search(r"[，、。；]", before.text)))
        and bool(re.match(rf"[{CJK}]", rest))
        and (going_on or is_finished(rest))
    )


def _drop_running_headers(lines: Sequence[SourceLine], log: RepairLog) -> list[SourceLine]:
    """Drop a short line that comes back on page after page, where it stands at a cut or inside a sentence."""
    where: dict[str, list[int]] = defaultdict(list)
    for place, line in enumerate(lines):
        if line.is_prose and 2 < len(line.text) <= 40 and not is_finished(line.text):
            where[line.text].append(place)
    places: set[int] = set()
    for text, found in where.items():
        if len(found) < 3 or is_structural(text) or is_case_heading(text):
            continue
        places |= {place for place in found[1:] if _is_at_a_cut(lines, place)}
    for place in sorted(places):
        log.add("running_header", lines[place], lines[place].text, removed=lines[place].text)
    return _drop(lines, places)


def _is_at_a_cut(lines: Sequence[SourceLine], place: int) -> bool:
    line = lines[place]
    after = lines[place + 1] if place + 1 < len(lines) else None
    if line.cut_before or line.page_break_before or (after is not None and after.cut_before):
        return True
    return place > 0 and after is not None and _halves(lines[place - 1], after)


def drop_duplicates(lines: Sequence[SourceLine], log: RepairLog) -> list[SourceLine]:
    """Drop lines that stand twice: at once, or a long one anywhere later in the same text."""
    kept: list[SourceLine] = []
    long_ones: set[str] = set()
    for line in lines:
        if line.kind in {"table", "picture"}:
            kept.append(line)
            continue
        at_once = bool(kept) and line.text == kept[-1].text and len(line.text) >= 6
        if at_once or line.text in long_ones:
            log.add("duplicate", line, line.text, removed=line.text)
            continue
        if len(line.text) >= SURELY_COPIED and mark_of(line.text) is None and line.kind == "text":
            long_ones.add(line.text)
        kept.append(line)
    return kept


SURELY_COPIED = 50  # characters; nobody writes the same long paragraph twice in one speech
