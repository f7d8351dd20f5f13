"""Sentences that a fixed line length or a page break cut in two, made whole again."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median_low

from courses.documents.markers import (
    CJK,
    CONTINUING,
    is_case_heading,
    is_finished,
    is_structural,
    mark_of,
    width,
)
from courses.documents.shapes import RepairLog, SourceLine

_HALF_OPEN = re.compile(r"(?:[，、,（(“‘《【]|[和与及或的把被对向从在])$")
LEAST_WRAPPED = 3  # lines of the same width before a file counts as wrapped
LONGEST_HEADING = 60
HALF_A_SENTENCE = 20
LONGEST_PARAGRAPH = 5_000  # characters; no paragraph grows beyond it by joining


@dataclass(frozen=True, slots=True)
class Layout:
    """How a text is set: the column at which lines were wrapped (0: not), and whether indents mean anything."""

    wrapped_at: int
    indents: bool


def layout_of(lines: Sequence[SourceLine]) -> Layout:
    """Find out how a text is set from its unfinished lines and its indents."""
    prose = [line for line in lines if line.is_prose and not is_case_heading(line.text)]
    widths = [
        width(line.text) + (4 if line.indented else 0)
        for line in prose
        if not is_finished(line.text) and len(line.text) >= HALF_A_SENTENCE - 4
    ]
    wrapped_at = 0
    if len(widths) >= LEAST_WRAPPED:
        middle = median_low(widths)
        near = sum(abs(one - middle) <= 6 for one in widths)
        wider = sum(width(line.text) > middle + 10 for line in prose)
        finished = sum(is_finished(line.text) for line in prose)
        # Nothing is wider than the column text was wrapped at; and slogans of one length end no sentence.
        if (
            near >= max(LEAST_WRAPPED, 0.6 * len(widths))
            and middle <= 160
            and wider <= 0.1 * len(prose)
            and finished * 15 >= len(widths)
        ):
            wrapped_at = middle
    shares = Counter(line.indented for line in prose)
    return Layout(wrapped_at, indents=bool(shares[True] and shares[False]))


def join(lines: Sequence[SourceLine], log: RepairLog) -> list[SourceLine]:
    """Rejoin lines that are halves of one sentence; everything else stays a line of its own."""
    layout = layout_of(lines)
    joined: list[SourceLine] = []
    last_width = 0
    for line in lines:
        before = joined[-1] if joined else None
        # The last of several lines that end without a stop is a slogan or a name, not half a sentence.
        in_series = len(joined) > 1 and _ends_nothing(joined[-2])
        if before is not None and _belongs(before, line, last_width, layout, in_series=in_series):
            if not line.continues and not line.cut_before:
                log.add("broken_line", line, f"{before.text[-12:]}⏎{line.text[:12]}")
            joined[-1] = replace(before, text=_glue(before.text, line.text), bold=before.bold and line.bold)
        else:
            joined.append(line)
        last_width = width(line.text) + (4 if line.indented else 0)
    return joined


def _ends_nothing(line: SourceLine) -> bool:
    return (
        line.is_prose
        and not is_finished(line.text)
        and mark_of(line.text) is None
        and not is_case_heading(line.text)
        and len(line.text) >= HALF_A_SENTENCE // 2
    )


def _glue(one: str, other: str) -> str:
    latin = re.search(r"[A-Za-z0-9]$", one) and re.match(r"[A-Za-z]", other)
    return f"{one} {other}" if latin else one + other


def _belongs(
    before: SourceLine, line: SourceLine, last_width: int, layout: Layout, *, in_series: bool
) -> bool:
    """Whether a line goes on with the sentence of the line before."""
    if line.kind != "text" or before.kind in {"table", "picture"} or before.heading == 0:
        return False
    if len(before.text) > LONGEST_PARAGRAPH:
        return False
    if line.continues:
        return True
    if line.heading is not None or is_structural(line.text) or is_case_heading(before.text):
        return False
    new_paragraph = line.indented and layout.indents
    if is_finished(before.text):
        return _wrapped_after_a_sentence(line, last_width, layout) and before.is_prose and not before.whole
    if CONTINUING.match(line.text):
        return True
    if before.heading is not None or new_paragraph:
        return False
    return _is_torn(before, line) or _is_wrapped(before, line, last_width, layout, in_series=in_series)


def _wrapped_after_a_sentence(line: SourceLine, last_width: int, layout: Layout) -> bool:
    """A full line that happens to end with a full stop, in a text whose paragraphs are indented."""
    return (
        bool(layout.wrapped_at)
        and layout.indents
        and last_width >= layout.wrapped_at - 2
        and not line.indented
        and not line.blank_before
        and not line.cut_before
    )


def _is_torn(before: SourceLine, line: SourceLine) -> bool:
    """Whether the line before stops where no line stops of itself."""
    if _HALF_OPEN.search(before.text) and before.text[-1] in "，、,（(“‘《【" and len(before.text) >= 6:
        return True
    if _opens_more_than_closes(before.text) and _closes(line.text):
        return True
    return (
        line.cut_before
        and before.kind == "text"
        and len(before.text) >= 10
        and mark_of(before.text) is None
        and len(line.text) >= 2
        and bool(re.match(rf"[{CJK}A-Za-z0-9“‘《（(]", line.text))
        and (is_finished(line.text) or bool(re.search(r"[，。；：]", line.text)))
    )


def _opens_more_than_closes(text: str) -> bool:
    return any(text.count(one) > text.count(other) for one, other in ("“”", "（）", "《》"))


def _closes(text: str) -> bool:
    found = re.search(r"[“”（）《》]", text)
    return bool(found) and found.group() in "”）》"  # type: ignore[union-attr]


def _is_wrapped(
    before: SourceLine, line: SourceLine, last_width: int, layout: Layout, *, in_series: bool
) -> bool:
    if line.blank_before and not line.cut_before:
        return False
    if layout.wrapped_at and last_width >= layout.wrapped_at - 6:
        return len(before.text) < LONGEST_HEADING or before.is_prose
    # Two lines of an otherwise unwrapped text: believed only where the first reads like half a sentence.
    return (
        not in_series
        and not before.whole
        and not line.whole
        and before.is_prose
        and mark_of(before.text) is None
        and len(before.text) >= HALF_A_SENTENCE
        and bool(re.search(r"[，。；、]", before.text))
        and bool(re.match(rf"[{CJK}A-Za-z“‘《（(]", line.text))
        and is_finished(line.text)
    )
