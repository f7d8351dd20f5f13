"""Title, salutation, headings, paragraphs and lists of one text."""

import re
from collections.abc import Sequence
from dataclasses import replace

from courses.documents.markers import (
    CJK,
    has_sentence_end_inside,
    is_case_heading,
    is_date_line,
    is_finished,
    is_salutation,
    is_title_like,
    leading_salutation,
    mark_of,
    names_a_text,
    number_of,
)
from courses.documents.shapes import Block, RepairLog, SourceLine

NEAR_THE_TOP = 8  # lines in which a title and a salutation are looked for
LONGEST_HEADING = 60
LONGEST_SUBHEADING = 30
LONGEST_RUN_IN = 26
LONGEST_NAME = 15
_MERGED = re.compile(
    rf"^([{CJK}\w“”《》（）()、·—\-]{{4,50}}?(?:讲话|发言|致辞|致词|演讲稿?|讲话稿|发言稿|报告|主持词)(?:[（(][^）)]{{1,12}}[）)])?)\s*"
    rf"((?:尊敬的|敬爱的|亲爱的|各位|同志们)[^。；：:]{{0,40}}[：:])(.*)$"
)
_TITLE_LABEL = re.compile(r"^(?:标题|题目|题名)\s*[：:]\s*")


def take_title(lines: list[SourceLine], log: RepairLog) -> tuple[str, list[SourceLine]]:
    """Return the title, or an empty string, and the remaining lines."""
    lines = _part_merged(lines, log)
    for place, line in enumerate(lines[:NEAR_THE_TOP]):
        if line.heading == 0 and line.text:
            return line.text, [*lines[:place], *lines[place + 1 :]]
    if len(lines) > 1 and re.fullmatch(r"(?:19|20)\d\d", lines[0].text) and lines[1].text.startswith("年"):
        log.add("broken_line", lines[1], f"{lines[0].text}⏎{lines[1].text[:12]}")
        lines = [replace(lines[1], text=lines[0].text + lines[1].text), *lines[2:]]
    place = next((at for at, line in enumerate(lines[:3]) if line.kind != "picture"), 0)
    if place >= len(lines):
        return "", lines
    first = lines[place]
    text = _TITLE_LABEL.sub("", first.text)
    if first.kind == "text" and is_title_like(text) and not is_case_heading(text):
        used = place + 1
        if used < len(lines) and _goes_on(first, text, lines[used]):
            log.add("broken_line", lines[used], f"{text}⏎{lines[used].text}")
            text += lines[used].text
            used += 1
        return text, [*lines[:place], *lines[used:]]
    return "", lines


def _goes_on(first: SourceLine, title: str, line: SourceLine) -> bool:
    """Whether the second line is the second half of a title: 在全市安全生产工作会议暨 / 动员大会上的讲话."""
    return (
        line.kind == "text"
        and line.heading == first.heading
        and not names_a_text(title)
        and names_a_text(line.text)
        and is_title_like(line.text)
        and len(title) >= 8
        and len(title + line.text) <= LONGEST_HEADING
        and not line.blank_before
        and bool(re.search(r"[暨和与及、的上]$", title) or re.match(r"[暨和与及上的会]", line.text))
    )


def _part_merged(lines: list[SourceLine], log: RepairLog) -> list[SourceLine]:
    """Part a title, a salutation and a text that were run together into one line."""
    if not lines or lines[0].kind != "text":
        return lines
    found = _MERGED.match(lines[0].text)
    if not found or not is_salutation(found.group(2)):
        return lines
    log.add("run_together", lines[0], lines[0].text[:60])
    parted = [replace(lines[0], text=piece.strip()) for piece in found.groups() if piece.strip()]
    return [*parted, *lines[1:]]


def take_salutation(
    lines: list[SourceLine], log: RepairLog
) -> tuple[str, list[SourceLine], list[SourceLine]]:
    """Return the salutation, or an empty string, and the lines before it and after it."""
    prefaced = False
    for place, line in enumerate(lines[:NEAR_THE_TOP]):
        if line.kind != "text":
            continue
        if is_salutation(line.text) and (not prefaced or line.text[-1] in "：:"):
            return line.text, lines[:place], lines[place + 1 :]
        if prefaced:
            continue
        lead = leading_salutation(line.text)
        if lead:
            log.add("run_together", line, line.text[: len(lead) + 12])
            rest = replace(line, text=line.text[len(lead) :].strip())
            return lead, lines[:place], [rest, *lines[place + 1 :]]
        if mark_of(line.text):
            break
        # After an introduction only a line that is nothing else is taken for the salutation.
        prefaced = len(line.text) > LONGEST_HEADING
    return "", [], lines


def build_blocks(lines: Sequence[SourceLine]) -> list[Block]:
    """Turn lines into headings, paragraphs, lists, tables and pictures."""
    levels = _Levels(lines)
    blocks: list[Block] = []
    for place, line in enumerate(lines):
        if line.kind == "table":
            blocks.append(Block("table", rows=line.rows))
        elif line.kind == "picture":
            blocks.append(Block("picture", picture=line.picture, description=line.description))
        elif level := levels.of(place):
            blocks.append(Block("heading", _tidy(line.text), level, source=line.text))
        elif run_in := levels.run_in(place):
            lead, level = run_in
            blocks.append(Block("heading", _tidy(lead), level, run_in=True, source=lead))
            blocks.append(Block("paragraph", line.text[len(lead) :]))
        elif line.kind in {"bullet", "numbered"}:
            _add_item(blocks, line)
        else:
            blocks.append(Block("paragraph", line.text))
    return blocks


def _tidy(text: str) -> str:
    return text.rstrip("。：:；; ").strip("【】") if not text.endswith("】") else text.strip("【】")


def _add_item(blocks: list[Block], line: SourceLine) -> None:
    kind = "bullets" if line.kind == "bullet" else "numbers"
    last = blocks[-1] if blocks else None
    if last is not None and last.kind in {"bullets", "numbers"} and _belongs_to(last, kind, line):
        depths = (*(last.depths or (0,) * len(last.items)), line.depth)
        blocks[-1] = replace(last, items=(*last.items, line.text), depths=depths if any(depths) else ())
    elif line.kind == "bullet":
        depths = (line.depth,) if line.depth else ()
        blocks.append(Block("bullets", items=(line.text,), depths=depths))
    else:
        mark = mark_of(line.text)
        # A list in the page counts from 1; an item that does not keeps its number as text.
        starts = mark is not None and mark[0] == "digit" and number_of(mark[1]) == 1
        depths = (line.depth,) if line.depth else ()
        listed = Block("numbers", items=(line.text,), depths=depths)
        blocks.append(listed if starts else Block("paragraph", line.text))


def _belongs_to(last: Block, kind: str, line: SourceLine) -> bool:
    """Whether an item goes on a list: as one of an inner list, or as the next of the outermost."""
    depths = last.depths or (0,) * len(last.items)
    if line.depth > depths[0]:
        return True
    outermost = [item for item, depth in zip(last.items, depths, strict=True) if depth <= depths[0]]
    return last.kind == kind and _counts_on(outermost[-1], line)


def _counts_on(last: str, line: SourceLine) -> bool:
    if line.kind == "bullet":
        return True
    one, other = mark_of(last), mark_of(line.text)
    return (
        one is not None
        and other is not None
        and one[0] == other[0]
        and number_of(other[1]) == number_of(one[1]) + 1
    )


_FIXED = {"chapter": 1, "section": 2, "han": 1, "han_bracket": 2, "digit": 3}


class _Levels:
    """The heading levels of the lines of one text.

    一、 is level 1, （一） level 2, 1. level 3 whatever else the text uses; 章, 节 and 条 rank by what is there;
    1 / 1.1 / 1.1.1 count as levels of their own where no 一、 stands above them.
    """

    def __init__(self, lines: Sequence[SourceLine]) -> None:
        self.lines = lines
        self.marks = [mark_of(line.text) if line.kind in {"text", "numbered"} else None for line in lines]
        kinds = {mark[0] for mark in self.marks if mark}
        self.levels = dict(_FIXED)
        self.levels["article"] = 1 + ("chapter" in kinds) + ("section" in kinds)
        if "chapter" in kinds:
            self.levels["han"] = 2 if self._is_below_chapters() else 1
        self.levels["ordinal"] = 2 if "han" in kinds else 1
        tree = "decimal" in kinds and "han" not in kinds and "chapter" not in kinds
        self.levels |= {"digit": 1, "decimal": 2, "decimal_deep": 3} if tree else {"decimal": 3}
        styles = sorted({line.heading for line in lines if line.heading})
        self.styles = {style: min(rank, 3) for rank, style in enumerate(styles, start=1)}
        self.found: dict[int, int] = {}
        for place in range(len(lines)):
            self.found[place] = self._decide(place)

    def _is_below_chapters(self) -> bool:
        """Whether 一、 counts anew in each chapter."""
        return (
            sum(mark is not None and mark[0] == "han" and number_of(mark[1]) == 1 for mark in self.marks) > 1
        )

    def of(self, place: int) -> int:
        """Return the heading level of a line, 0 if it is none."""
        return self.found[place]

    def _decide(self, place: int) -> int:
        line, mark = self.lines[place], self.marks[place]
        if line.kind not in {"text", "numbered"} or not line.text or len(line.text) > 150:
            return 0
        if line.heading:
            return self.levels.get(mark[0], self.styles[line.heading]) if mark else self.styles[line.heading]
        if mark is None:
            return self._unmarked(place)
        if mark[0] not in self.levels or not self._reads_like_a_heading(place, mark):
            return 0
        if self.levels[mark[0]] >= 3 or mark[0] in {"digit", "decimal", "ordinal"}:
            return self.levels[mark[0]] if self._stands_above_text(place, mark) else 0
        return self.levels[mark[0]]

    def _unmarked(self, place: int) -> int:
        line = self.lines[place]
        if is_case_heading(line.text):
            return 2 if "han" in {mark[0] for mark in self.marks if mark} else 1
        if self._heads_a_list(place):
            return 2 if "han" in {mark[0] for mark in self.marks if mark} else 1
        followed = place + 1 < len(self.lines) and self.lines[place + 1].kind != "picture"
        if (
            line.bold
            and line.whole
            and followed
            and 2 <= len(line.text) <= LONGEST_SUBHEADING
            and not is_finished(line.text)
            and not self.lines[place + 1].bold
            and not is_date_line(line.text)
        ):
            return 2 if any(mark and mark[0] == "han" for mark in self.marks) else 1
        return 0

    def _heads_a_list(self, place: int) -> bool:
        """Whether a short bare line (电焊) stands above the first item of a list."""
        text = self.lines[place].text
        below = self.marks[place + 1] if place + 1 < len(self.lines) else None
        return (
            self.lines[place].is_prose
            and 2 <= len(text) <= LONGEST_NAME
            and bool(re.fullmatch(rf"[{CJK}A-Za-z0-9（）()]+", text))
            and below is not None
            and below[0] == "digit"
            and number_of(below[1]) == 1
        )

    def _reads_like_a_heading(self, place: int, mark: tuple[str, str]) -> bool:
        text = self.lines[place].text
        short = self.levels[mark[0]] >= 3 or mark[0] == "ordinal"
        longest = LONGEST_SUBHEADING if short else LONGEST_HEADING
        rest = text[len(mark[1]) :].strip()
        if not rest and mark[0] not in {"chapter", "section"}:
            return False
        if len(text) > longest or has_sentence_end_inside(text) or text[-1] in "，,、；;":
            return False
        if not is_finished(text):
            return True
        if short or mark[0] == "article" or len(text) > 40:
            return False
        if text[-1] in "：:":
            return len(text) <= LONGEST_SUBHEADING
        return self._has_text_below(place, mark[0])

    def _has_text_below(self, place: int, kind: str) -> bool:
        """Whether something other than the next item of the same list follows."""
        if place + 1 >= len(self.lines):
            return False
        after = self.marks[place + 1]
        return after is None or after[0] != kind

    def _stands_above_text(self, place: int, mark: tuple[str, str]) -> bool:
        """Whether a short numbered line heads a passage, rather than being an item of a list."""
        line = self.lines[place]
        earlier = self.marks[place - 1] if place else None
        if earlier and earlier[0] == mark[0] and number_of(earlier[1]) == number_of(mark[1]) - 1:
            return bool(self.found.get(place - 1))  # an item right after an item is what that one is
        if line.bold and line.whole:
            return True
        if not self._has_text_below(place, mark[0]):
            return False
        below = self.lines[place + 1]
        if below.kind != "text" or self.marks[place + 1] is not None:
            return True
        return len(below.text) > len(line.text) or is_finished(below.text)

    def run_in(self, place: int) -> tuple[str, int] | None:
        """Return the heading with which a paragraph begins (（一）加强领导。各级…), and its level."""
        line, mark = self.lines[place], self.marks[place]
        if line.kind != "text" or mark is None or mark[0] not in {"han", "han_bracket"}:
            return None
        found = re.match(rf"^(.{{{len(mark[1]) + 2},{LONGEST_RUN_IN}}}?[。：:])(?=[{CJK}“《\w])", line.text)
        if not found or len(line.text) - found.end() < LONGEST_SUBHEADING - 10:
            return None
        lead = found.group(1)
        if re.search(r"[；;！？?]", lead) or re.search(r"[“《（(][^”》）)]*$", lead[len(mark[1]) :]):
            return None
        return lead, self.levels[mark[0]]
