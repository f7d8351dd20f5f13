"""What a drawn paper looks like before anybody sits it: its questions as a candidate sees them, and its sums."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse

from exams.models import QuestionVersion, kind_label
from exams.pacing import expected_min
from exams.queries.papers import ShownQuestion, content_of, show_question, shown_media
from exams.shapes import Paper


@dataclass(frozen=True, slots=True)
class PaperFacts:
    """The sums of a paper. `kinds` are (name, questions, points); `difficulties` are (1 … 5, questions)."""

    questions: int
    points: Decimal
    minutes: int
    must_know: int
    kinds: tuple[tuple[str, int, Decimal], ...]
    difficulties: tuple[tuple[int, int], ...]


def facts_of(paper: Paper) -> PaperFacts:
    """Return the sums of a drawn paper (one statement)."""
    versions = QuestionVersion.objects.in_bulk([slot["version_id"] for slot in paper["slots"]])
    return _facts(
        [(versions[slot["version_id"]], Decimal(slot["points"])) for slot in paper["slots"]],
        must_know=sum(slot["must_know"] for slot in paper["slots"]),
    )


def facts_of_versions(entries: Sequence[tuple[QuestionVersion, Decimal]]) -> PaperFacts:
    """Return the sums of a list of versions (with their question) and points."""
    return _facts(entries, must_know=sum(version.question.must_know for version, _points in entries))


def _facts(entries: Sequence[tuple[QuestionVersion, Decimal]], *, must_know: int) -> PaperFacts:
    counted: Counter[str] = Counter()
    points: dict[str, Decimal] = {}
    for version, given in entries:
        counted[version.kind] += 1
        points[version.kind] = points.get(version.kind, Decimal(0)) + given
    difficulties = Counter(version.difficulty for version, _points in entries)
    return PaperFacts(
        questions=len(entries),
        points=sum(points.values(), Decimal(0)),
        minutes=expected_min(
            (version.kind, len(version.stem) + sum(len(option["text"]) for option in version.options))
            for version, _points in entries
        ),
        must_know=must_know,
        kinds=tuple((kind_label(kind), n, points[kind]) for kind, n in counted.items()),
        difficulties=tuple((level, difficulties[level]) for level in range(1, 6)),
    )


def shown_draw(paper: Paper) -> tuple[ShownQuestion, ...]:
    """Return the questions of a drawn paper as a candidate would see them (one statement). Never the key.

    Pictures come from the author's address, which asks for the right to see the bank.
    """
    slots = paper["slots"]
    versions = QuestionVersion.objects.select_related("media").in_bulk([slot["version_id"] for slot in slots])
    shown = []
    for number, slot in enumerate(slots, start=1):
        version = versions[slot["version_id"]]
        address = reverse("exams_office:media", args=[version.media_id]) if version.media_id else ""
        shown.append(
            show_question(
                slot=number,
                kind=slot["kind"],
                content=content_of(version),
                tokens=list(zip(slot["option_ids"], slot["tokens"], strict=True)),
                points=slot["points"],
                must_know=slot["must_know"],
                media=shown_media(version.media, address),
            )
        )
    return tuple(shown)
