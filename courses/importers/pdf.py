"""Reader of PDF with text in it: headings, paragraphs and lists are guessed from how the lines are set.

A PDF says where each letter stands and nothing of paragraphs. What is made of it is a draft for somebody to
compare with the original, and the list of losses says so. Pages without text (scans) are named one by one.
The PDF itself is opened in a child process (courses.importers.pdf_pages).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Any

from courses.documents import Document, DocumentProblem, SourceLine, understand
from courses.documents.markers import CJK, is_finished, is_structural
from courses.documents.shapes import RepairLog

EDGE = 0.12  # share of a page's height, at its top and at its bottom, where running heads stand
HEADING = 1.15  # times the size of the body
LONGEST_HEADING = 60
UNREADABLE = 0.3  # share of signs that stand for no letter
PAGE_NUMBER = re.compile(
    r"[-—–\s]*(?:第\s*)?\d{1,4}\s*(?:页)?(?:\s*(?:/|／|of|，?共)\s*\d{1,4}\s*页?)?[-—–\s]*", re.I
)

MARK = re.compile(r"(?:[（(]?(?:\d{1,2}|[a-z]|[一二三四五六七八九十]{1,3})[.．、)）]|[•●◦○▪■·➢✓-])")
NUMBERED = re.compile(r"(?:\d{1,2}[.．、)）]|[（(]\d{1,2}[)）])(?!\d)\s*\S")
BULLET = re.compile(r"[•●◦○▪■·➢✓]\s*")


@dataclass(frozen=True, slots=True)
class SetLine:
    """A line as it is set on a page; lengths in points, `top` counted from the bottom of the page."""

    page: int
    text: str
    left: float
    bottom: float
    right: float
    top: float
    size: float
    bold: bool = False


@dataclass(frozen=True, slots=True)
class SetPage:
    """A page: its height, its lines in the order they were drawn, how many pictures and remarks it carries."""

    number: int
    height: float
    lines: tuple[SetLine, ...]
    pictures: int = 0
    notes: int = 0


def read_pages(parsed: dict[str, Any], *, fallback_title: str) -> list[Document]:
    """Return the documents in what `pdf_pages.parse` found.

    Raises DocumentProblem: scan where no page has text, and what `courses.documents.understand` raises.
    """
    if "problem" in parsed:
        raise DocumentProblem(parsed["problem"], parsed["detail"])
    pages = [
        SetPage(
            number,
            page["height"],
            tuple(_with_marks([SetLine(number, **line) for line in page["lines"]])),
            page["pictures"],
            page["notes"],
        )
        for number, page in enumerate(parsed["pages"], start=1)
    ]
    if not any(page.lines for page in pages):
        raise DocumentProblem("empty", "scan")
    if all(_is_unreadable(page) for page in pages if page.lines):
        raise DocumentProblem("undecodable", "pdf")
    log = RepairLog()
    log.lose("layout", None, "")
    for page in pages:
        _note_losses(page, log)
    kept = _without_edges([page for page in pages if page.lines and not _is_unreadable(page)], log)
    lines = [
        replace(line, number=number)
        for number, line in enumerate(
            _listed(list(_headed(list(_paragraphs([line for page in kept for line in page])))))
        )
    ]
    return understand(lines, fallback_title=fallback_title, log=log)


def _with_marks(lines: list[SetLine]) -> list[SetLine]:
    """Put the numbers and bullets of lists before their items: many programs draw them apart from the text."""
    marks = [line for line in lines if MARK.fullmatch(line.text)]
    marked: dict[int, SetLine] = {}
    for mark in marks:
        beside = [
            (line.left, place)
            for place, line in enumerate(lines)
            if line is not mark
            and place not in marked
            and mark.right <= line.left < mark.right + 4 * mark.size
            and abs(line.bottom - mark.bottom) < 0.5 * line.size
        ]
        if beside:
            marked[min(beside)[1]] = mark
    taken = {id(mark) for mark in marked.values()}
    return [
        replace(line, text=f"{marked[place].text} {line.text}", left=marked[place].left)
        if place in marked
        else line
        for place, line in enumerate(lines)
        if id(line) not in taken
    ]


def _is_unreadable(page: SetPage) -> bool:
    """Whether a page's letters have lost their meaning: fonts without a table of what each sign is."""
    text = "".join(line.text for line in page.lines)
    strange = sum(char == "\ufffd" or "\ue000" <= char <= "\uf8ff" for char in text)
    return bool(text) and strange > UNREADABLE * len(text)


def _note_losses(page: SetPage, log: RepairLog) -> None:
    if not page.lines:
        log.lose("scanned_page", None, str(page.number))
    elif _is_unreadable(page):
        log.lose("garbled_page", None, str(page.number))
    if page.lines and page.pictures:
        log.lose("page_picture", None, f"{page.number} ×{page.pictures}")
    if page.notes:
        log.lose("page_note", None, f"{page.number} ×{page.notes}")


def _without_edges(pages: Sequence[SetPage], log: RepairLog) -> list[list[SetLine]]:
    """Take running heads and feet off the pages, and list each text once."""
    seen: dict[tuple[int, str], set[int]] = defaultdict(set)
    for page in pages:
        for line in page.lines:
            if _edge(page, line) is not None:
                seen[round(line.bottom), _bare(line.text)].add(page.number)
    repeated = {key for key, numbers in seen.items() if len(numbers) >= 2 and len(numbers) * 3 >= len(pages)}
    told: set[str] = set()
    kept = []
    for page in pages:
        left = []
        for line in page.lines:
            is_number = bool(PAGE_NUMBER.fullmatch(line.text))
            bare = _bare(line.text)
            if _edge(page, line) is None or not (is_number or (round(line.bottom), bare) in repeated):
                left.append(line)
            elif not is_number and bare not in told:  # page numbers alone are nobody's loss
                log.lose("header_footer", None, line.text)
                told.add(bare)
        kept.append(left)
    return kept


def _edge(page: SetPage, line: SetLine) -> bool | None:
    """Tell where a line stands: at the top of its page (True), at its bottom (False), or between (None)."""
    if line.bottom > page.height * (1 - EDGE):
        return True
    return False if line.top < page.height * EDGE else None


def _bare(text: str) -> str:
    return re.sub(r"\d+", "#", re.sub(r"\s+", "", text))


def _paragraphs(lines: Sequence[SetLine]) -> Iterator[tuple[SetLine, SourceLine]]:
    """Join lines to paragraphs; yield each with its first line, by which its size and place are known."""
    if not lines:
        return
    body = _body_size(lines)
    left = _usual([line.left for line in lines if _is_like(line.size, body)])
    right = max((line.right for line in lines if _is_like(line.size, body)), default=0.0)
    gap = _usual_gap(lines)
    first, text, before = lines[0], lines[0].text, lines[0]
    for line in lines[1:]:
        if _goes_on(before, line, text, left=left, right=right, gap=gap):
            text = _joined(text, line.text)
        else:
            yield first, _source(first, text, left, right)
            first, text = line, line.text
        before = line
    yield first, _source(first, text, left, right)


def _goes_on(before: SetLine, line: SetLine, text: str, *, left: float, right: float, gap: float) -> bool:
    """Whether a line is the rest of the paragraph before it."""
    is_over = before.page != line.page
    if not _is_like(before.size, line.size) or before.bold != line.bold or is_structural(line.text):
        return False
    is_full = before.right >= right - 2.5 * before.size
    is_indented = line.left > left + 1.2 * line.size and line.left > before.left + 0.8 * line.size
    if not is_full or is_indented:
        return False
    if is_over:
        return not is_finished(text)
    return before.bottom - line.top < 1.6 * gap + 0.3 * line.size


def _usual_gap(lines: Sequence[SetLine]) -> float:
    gaps = [
        one.bottom - other.top
        for one, other in pairwise(lines)
        if one.page == other.page and _is_like(one.size, other.size)
    ]
    return max(median(gaps), 0.0) if gaps else 0.0


def _usual(numbers: Sequence[float]) -> float:
    """Return the number most lines share, to the point."""
    return float(Counter(round(number) for number in numbers).most_common(1)[0][0]) if numbers else 0.0


def _body_size(lines: Sequence[SetLine]) -> float:
    letters: Counter[float] = Counter()
    for line in lines:
        letters[round(line.size * 2) / 2] += len(line.text)
    return letters.most_common(1)[0][0]


def _is_like(size: float, other: float) -> bool:
    return abs(size - other) <= 0.08 * max(size, other)


def _joined(text: str, rest: str) -> str:
    if re.search(r"[A-Za-z]-$", text) and re.match(r"[a-z]", rest):
        return text[:-1] + rest
    is_spaced = re.search(r"[A-Za-z0-9,.;:)]$", text) and re.match(r"[A-Za-z0-9(]", rest)
    return f"{text} {rest}" if is_spaced else text + rest


def _source(first: SetLine, text: str, left: float, right: float) -> SourceLine:
    middle = (first.left + first.right) / 2
    is_centred = first.left > left + 2 * first.size and abs(middle - (left + right) / 2) < first.size
    text = re.sub(rf"(?<=[{CJK}，。、；：])\s+(?=[{CJK}])", "", text)
    return SourceLine(
        text, whole=True, bold=first.bold, centred=is_centred, indented=first.left > left + first.size
    )


def _headed(paragraphs: list[tuple[SetLine, SourceLine]]) -> Iterator[SourceLine]:
    """Mark what is set larger than the body as headings, the largest at the beginning as the title."""
    if not paragraphs:
        return
    body = _body_size([replace(first, text=line.text) for first, line in paragraphs])
    sizes = [
        round(first.size)
        for first, line in paragraphs
        if first.size >= HEADING * body and len(line.text) <= LONGEST_HEADING
    ]
    ranks = sorted(set(sizes), reverse=True)
    opening = round(paragraphs[0][0].size)
    has_title = bool(ranks) and opening == ranks[0] and sizes.count(opening) == 1
    for first, line in paragraphs:
        size = round(first.size)
        if size not in ranks or first.size < HEADING * body or len(line.text) > LONGEST_HEADING:
            yield line
        elif has_title and size == ranks[0]:
            yield replace(line, heading=0)
        else:
            yield replace(line, heading=min(ranks.index(size) + (0 if has_title else 1), 3))


def _listed(lines: Sequence[SourceLine]) -> Iterator[SourceLine]:
    """Make items of a list of lines that begin with a bullet, and of numbered ones that follow one another."""
    numbered = [bool(NUMBERED.match(line.text)) and line.heading is None for line in lines]
    for place, line in enumerate(lines):
        has_neighbour = any(numbered[max(place - 1, 0) : place] + numbered[place + 1 : place + 2])
        if line.heading is None and (bullet := BULLET.match(line.text)):
            yield replace(line, kind="bullet", text=line.text[bullet.end() :])
        elif numbered[place] and has_neighbour:
            yield replace(line, kind="numbered")
        else:
            yield line
