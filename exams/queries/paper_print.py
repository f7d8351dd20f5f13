"""A frozen paper as it is printed: sections by kind, pictures as data. Never the key."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from exams.models import MediaKind, PrintedPaper, QuestionMedia, QuestionVersion, kind_label
from exams.queries.papers import ShownQuestion, content_of, show_question
from exams.shapes import Paper, PaperSlot
from exams.types import type_of


@dataclass(frozen=True, slots=True)
class PrintQuestion:
    """One question on paper: `answering` is how it is answered there.

    `bubbles` (letters to fill in), `letters` (so many boxes for a letter each), `blanks`, `marks` (places on the
    picture, named on lines), or `lines` (so many to write on).
    """

    shown: ShownQuestion
    answering: str
    labels: tuple[str, ...]
    lines: range
    picture: str
    has_film: bool

    @property
    def lettered(self) -> bool:
        """Tell whether options with letters are printed: not for right and wrong, which the sheet names."""
        return bool(self.shown.options) and type_of(self.shown.kind).fixed_options is None


@dataclass(frozen=True, slots=True)
class PrintSection:
    """The questions of one kind. `each` is what one earns, None where that differs."""

    ordinal: str
    title: str
    each: Decimal | None
    points: Decimal
    questions: tuple[PrintQuestion, ...]


ORDINALS = "一二三四五六七八九十"


def by_kind(paper: Paper) -> Paper:
    """Return a paper whose questions of one kind stand together, as sections of a printed one do."""
    kinds = list(dict.fromkeys(slot["kind"] for slot in paper["slots"]))
    slots = sorted(paper["slots"], key=lambda slot: kinds.index(slot["kind"]))
    return Paper(**{**paper, "slots": slots})


def print_sections(printed: PrintedPaper) -> list[PrintSection]:
    """Return the sections of a frozen paper (one statement, and the pictures' files)."""
    slots: list[PaperSlot] = printed.paper["slots"]
    versions = QuestionVersion.objects.select_related("media").in_bulk([slot["version_id"] for slot in slots])
    numbered = list(enumerate(slots, start=1))
    sections = []
    for place, (kind, group) in enumerate(groupby(numbered, key=lambda entry: entry[1]["kind"])):
        entries = list(group)
        points = [Decimal(slot["points"]) for _number, slot in entries]
        sections.append(
            PrintSection(
                ordinal=ORDINALS[place],
                title=kind_label(kind),
                each=points[0] if len(set(points)) == 1 else None,
                points=sum(points, Decimal(0)),
                questions=tuple(_question(n, slot, versions[slot["version_id"]]) for n, slot in entries),
            )
        )
    return sections


def _question(number: int, slot: PaperSlot, version: QuestionVersion) -> PrintQuestion:
    shown = show_question(
        slot=number,
        kind=slot["kind"],
        content=content_of(version),
        tokens=list(zip(slot["option_ids"], slot["tokens"], strict=True)),
        points=slot["points"],
        must_know=slot["must_know"],
    )
    answering, labels, lines = _answering(shown)
    media = version.media
    return PrintQuestion(
        shown=shown,
        answering=answering,
        labels=labels,
        lines=range(1, lines + 1),
        picture=_picture(media) if media and media.kind == MediaKind.IMAGE else "",
        has_film=media is not None and media.kind == MediaKind.FILM,
    )


def _answering(shown: ShownQuestion) -> tuple[str, tuple[str, ...], int]:
    """Return how a question is answered on paper; it follows from what its control needs, so new types fit in."""
    kind, view = type_of(shown.kind), shown.view
    if kind.uses_tokens and not kind.ordered:
        words = kind.fixed_options is not None
        return "bubbles", tuple(option.text if words else option.letter for option in shown.options), 0
    if kind.uses_tokens:
        places: Sequence[dict[str, Any]] = view.get("pairs") or view.get("places") or ()
        return "letters", tuple(str(entry.get("text") or entry["number"]) for entry in places), 0
    if "blanks" in view:
        return "blanks", tuple(blank["unit"] for blank in view["blanks"]), 0
    if "taps" in view:
        return "marks", (), view["taps"]
    return "lines", (), 2 * view["rows"]


def _picture(media: QuestionMedia) -> str:
    with media.file.open("rb") as file:
        return f"data:image/webp;base64,{base64.b64encode(file.read()).decode()}"
