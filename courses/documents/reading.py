"""From the lines of a file to its documents: every repair in its order."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from courses.documents.cleaning import clean
from courses.documents.joining import join
from courses.documents.page_marks import drop_duplicates, drop_page_marks
from courses.documents.shapes import Document, DocumentProblem, RepairLog, SourceLine
from courses.documents.site_text import drop_site_text
from courses.documents.splitting import Part, split
from courses.documents.structure import build_blocks, take_salutation, take_title

MAX_CHARS = 2_000_000  # a book of a thousand pages
MAX_LINES = 100_000


def lines_of(text: str) -> list[SourceLine]:
    """Cut plain text into numbered lines; a form feed opens a page."""
    lines = []
    page_break = False
    for number, raw in enumerate(text.split("\n")):
        pieces = raw.split("\f")
        for place, piece in enumerate(pieces):
            page_break = page_break or place > 0
            lines.append(SourceLine(piece, number, page_break_before=page_break))
            page_break = page_break and not piece.strip()
    return lines


def understand(
    lines: Sequence[SourceLine], *, fallback_title: str, markdown: bool = False, log: RepairLog | None = None
) -> list[Document]:
    """Clean, repair and structure the lines of a file, and return the documents in it, in order.

    `fallback_title` names a text that has no title of its own; `log` may carry repairs a reader made.
    Raises DocumentProblem: too_large, or empty if nothing but site text was there.
    """
    log = log or RepairLog()
    if sum(len(line.text) for line in lines) > MAX_CHARS or len(lines) > MAX_LINES:
        raise DocumentProblem("too_large", f"more than {MAX_CHARS} characters or {MAX_LINES} lines")
    kept = clean(lines, log, markdown=markdown)
    kept = drop_site_text(kept, log)
    kept = drop_page_marks(kept, log)
    parts = split(kept, log)
    drafts = [
        _document(part, log, _name(fallback_title, place, len(parts)))
        for place, part in enumerate(parts, start=1)
    ]
    starts = [part.first_line for part in parts]
    documents = [
        replace(draft, repairs=made, losses=lost)
        for draft, made, lost in zip(drafts, log.by_part(starts), log.losses_by_part(starts), strict=True)
        if draft.blocks
    ]
    if not documents:
        raise DocumentProblem("empty", "no text")
    return documents


def _name(fallback: str, place: int, count: int) -> str:
    return fallback if count == 1 else f"{fallback}（{place}）"


def _document(part: Part, log: RepairLog, fallback_title: str) -> Document:
    lines = drop_duplicates(part.lines, log)
    title = part.title
    if title:
        lines = [line for place, line in enumerate(lines) if place > 1 or line.text != title]
    else:
        title, lines = take_title(lines, log)
    salutation, front, lines = take_salutation(lines, log)
    front = join([*part.preface, *front], log)
    lines = join(lines, log)
    if not front and not lines:
        # A single line is a text without a title rather than a title without a text.
        alone = salutation or title
        lines = [SourceLine(alone, part.first_line)] if alone else []
        title, salutation = (title, "") if salutation else (part.title, "")
    titled_by_name = not (title or part.fallback_title)
    return Document(
        title=title or part.fallback_title or fallback_title,
        salutation=salutation,
        blocks=tuple(build_blocks([*front, *lines])),
        repairs=(),
        titled_by_name=titled_by_name,
        salutation_after=len(front) if salutation else 0,
    )


def renumber(lines: Iterable[SourceLine]) -> list[SourceLine]:
    """Number lines in order, as the repairs are told apart by them."""
    return [replace(line, number=number) for number, line in enumerate(lines)]
