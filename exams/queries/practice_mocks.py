"""Showing a mock exam: its paper without keys, and once handed in, its review."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse

from exams.marking import chosen_options
from exams.models import AnswerKey, MockExam, MockResult, QuestionVersion
from exams.queries.corrections import effective_versions
from exams.queries.papers import ReviewedQuestion, ShownQuestion, content_of, show_question, shown_media
from exams.queries.practice_pool import locked_question_ids
from exams.queries.practice_serving import reviewed


def mock_questions(mock: MockExam, responses: dict[str, list[str]] | None = None) -> list[ShownQuestion]:
    """Return the questions of a mock exam as its candidate sees them (one statement). Never the key."""
    slots = mock.paper["slots"]
    versions = QuestionVersion.objects.select_related("media").in_bulk([slot["version_id"] for slot in slots])
    return [
        show_question(
            slot=number,
            kind=slot["kind"],
            content=content_of(versions[slot["version_id"]]),
            tokens=list(zip(slot["option_ids"], slot["tokens"], strict=True)),
            points=slot["points"],
            must_know=slot["must_know"],
            response=(responses or {}).get(str(number), []),
            media=shown_media(
                versions[slot["version_id"]].media,
                reverse("exams:practice-mock-media", args=[mock.public_id, number]),
            ),
        )
        for number, slot in enumerate(slots, start=1)
    ]


@dataclass(frozen=True, slots=True)
class MockReview:
    """A mock exam after it was handed in."""

    result: MockResult
    reaches: bool
    pass_pct: int
    right_count: int
    marked_count: int
    by_hand_count: int
    locked_count: int
    items: tuple[ReviewedQuestion, ...]


def mock_review(mock: MockExam, result: MockResult, now: dt.datetime) -> MockReview:
    """Return what was answered beside what is right. Only once it is handed in.

    Questions of an exam that runs now are left out until it is over, and counted.
    """
    locked = locked_question_ids(now, mock.employee_id)
    slots = mock.paper["slots"]
    shown = mock_questions(mock, result.responses)
    versions = QuestionVersion.objects.select_related("media").in_bulk([slot["version_id"] for slot in slots])
    in_force = effective_versions(versions)
    found = AnswerKey.objects.filter(version_id__in=in_force.values()).select_related("version__media")
    keys = {key.version_id: key for key in found}
    earned = {entry["slot"]: Decimal(entry["fraction"]) for entry in result.per_slot}
    items = tuple(
        reviewed(
            shown=question,
            version=versions[slot["version_id"]],
            key=keys[in_force[slot["version_id"]]],
            given=chosen_options(slot, list(question.response)),
            tokens=dict(zip(slot["option_ids"], slot["tokens"], strict=True)),
            fraction=earned.get(question.slot),
        )
        for question, slot in zip(shown, slots, strict=True)
        if versions[slot["version_id"]].question_id not in locked
    )
    pass_pct = mock.paper["policy"]["pass_pct"]
    return MockReview(
        result=result,
        reaches=result.score_pct is not None and Decimal(str(result.score_pct)) >= pass_pct,
        pass_pct=pass_pct,
        right_count=sum(fraction >= 1 for fraction in earned.values()),
        marked_count=len(earned),
        by_hand_count=len(slots) - len(earned),
        locked_count=len(slots) - len(items),
        items=items,
    )
