"""The key of a whole paper: for examiners' eyes, on a preview they ask for and in the printed key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from exams.models import AnswerKey
from exams.queries.corrections import effective_versions
from exams.queries.papers import content_of
from exams.shapes import Key, Paper, PaperSlot
from exams.types import Content, type_of


@dataclass(frozen=True, slots=True)
class KeyLine:
    """What is right at one place of a paper. `rubric` are (point, points to give) where a person marks."""

    slot: int
    points: str
    stem: str
    answers: tuple[str, ...]
    rubric: tuple[tuple[str, str], ...]
    explanation: str
    source: str


def key_lines(paper: Paper) -> list[KeyLine]:
    """Return the key of a paper, corrections included. Whoever asks must have been let to edit the exam."""
    slots = paper["slots"]
    in_force = effective_versions(slot["version_id"] for slot in slots)
    found = AnswerKey.objects.filter(version_id__in=in_force.values()).select_related("version__media")
    keys = {key.version_id: key for key in found}
    return [
        _line(number, slot, keys[in_force[slot["version_id"]]]) for number, slot in enumerate(slots, start=1)
    ]


def _line(number: int, slot: PaperSlot, key: AnswerKey) -> KeyLine:
    content = content_of(key.version)
    return KeyLine(
        slot=number,
        points=slot["points"].removesuffix(".0"),
        stem=key.version.stem,
        answers=_answers(slot, content, key.correct),
        rubric=_rubric(slot, key.correct),
        explanation=key.explanation,
        source=key.version.source,
    )


def _answers(slot: PaperSlot, content: Content, key: Key) -> tuple[str, ...]:
    kind = type_of(slot["kind"])
    right = kind.right_response(content, key)
    if not kind.uses_tokens:
        if kind.by_hand:
            return tuple(text for text in right if text)
        return tuple(
            " ".join(part for part in (f"{line.label}.", line.expected) if part)
            for line in kind.review(content, [], key)
        )
    letters = {option_id: chr(ord("A") + place) for place, option_id in enumerate(slot["option_ids"])}
    if kind.fixed_options is not None:
        names = {option["id"]: _(option["text"]) for option in kind.fixed_options}
        return tuple(names[option_id] for option_id in right)
    if not kind.ordered:
        return ("".join(sorted(letters[option_id] for option_id in right)),)
    left: Sequence[str] = content.body.get("left", ())
    if left:
        pairs = zip(left, right, strict=True)
        return tuple(f"{name} — {letters[option_id]}" for name, option_id in pairs)
    return (" → ".join(letters[option_id] for option_id in right),)


def _rubric(slot: PaperSlot, key: Any) -> tuple[tuple[str, str], ...]:
    if not type_of(slot["kind"]).by_hand or not isinstance(key, Mapping):
        return ()
    points = float(slot["points"])
    return tuple((row["point"], f"{points * row['share'] / 100:g}") for row in key["rubric"])
