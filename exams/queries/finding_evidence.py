"""A finding laid out for whoever decides about it: the people beside each other, and what they share.

What was answered and what is right is read only for those who may see the bank of the exam.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from exams.models import Attempt, Finding, FindingKind, QuestionVersion
from exams.queries.attempts import latest_steps, with_latest_mark
from exams.queries.finding_inputs import first_answers
from exams.shapes import Response
from exams.types import type_of

SHOWN = 60


@dataclass(frozen=True, slots=True)
class SharedAnswer:
    """A question two people answered alike: where it stood for each, and how many answered so.

    `stem`, `answer` and `right` are empty for those who may not see the bank.
    """

    slots: tuple[int, int]
    share_pct: float
    stem: str = ""
    answer: str = ""
    right: bool | None = None


@dataclass(frozen=True, slots=True)
class SharedInterval:
    """How long both took for a question, in seconds."""

    slot: int
    one_s: float
    other_s: float


@dataclass(frozen=True, slots=True)
class Compared:
    """Two attempts of a finding side by side."""

    one: Attempt
    other: Attempt
    figures: dict[str, Any]
    answers: tuple[SharedAnswer, ...] = ()
    intervals: tuple[SharedInterval, ...] = ()


@dataclass(frozen=True, slots=True)
class Quick:
    """A question answered faster than it can be read."""

    slot: int
    stem: str


def people_of(finding: Finding) -> list[Attempt]:
    """Return a finding's attempts with their people and results, in the order they were started."""
    return list(
        with_latest_mark(finding.attempts.select_related("employee", "exam")).order_by("started_at", "pk")
    )


def pairs_of(finding: Finding, people: Sequence[Attempt]) -> list[dict[str, Any]]:
    """Return the pairs a finding keeps, as (figures with the attempts behind them)."""
    known = {attempt.pk: attempt for attempt in people}
    return [
        {**pair, "first": known[pair["one"]], "second": known[pair["other"]]}
        for pair in finding.evidence.get("pairs", ())
        if pair["one"] in known and pair["other"] in known
    ]


def compared(finding: Finding, pair: dict[str, Any], *, with_bank: bool) -> Compared:
    """Return one pair side by side (four statements)."""
    one, other = pair["first"], pair["second"]
    if finding.kind == FindingKind.SIMILAR_ANSWERS:
        return Compared(one, other, pair, answers=_shared(one, other, pair["equal"], with_bank=with_bank))
    if finding.kind == FindingKind.SIMILAR_TIMING:
        return Compared(one, other, pair, intervals=_intervals(one, other))
    return Compared(one, other, pair)


def _slots_by_version(attempt: Attempt) -> dict[int, int]:
    return {slot["version_id"]: place for place, slot in enumerate(attempt.paper["slots"], start=1)}


def _shared(
    one: Attempt, other: Attempt, equal: Sequence[dict[str, Any]], *, with_bank: bool
) -> tuple[SharedAnswer, ...]:
    mine, theirs = _slots_by_version(one), _slots_by_version(other)
    shown = [each for each in equal if each["version"] in mine and each["version"] in theirs][:SHOWN]
    if not with_bank:
        # The order would tell which of them are wrong.
        ordered = sorted(shown, key=lambda each: mine[each["version"]])
        return tuple(
            SharedAnswer((mine[each["version"]], theirs[each["version"]]), each["share_pct"])
            for each in ordered
        )
    versions = QuestionVersion.objects.in_bulk([each["version"] for each in shown])
    steps = latest_steps(one.pk)
    return tuple(
        SharedAnswer(
            slots=(mine[each["version"]], theirs[each["version"]]),
            share_pct=each["share_pct"],
            stem=versions[each["version"]].stem,
            answer=_words(
                versions[each["version"]],
                one.paper["slots"][mine[each["version"]] - 1],
                steps.get(mine[each["version"]], (0, []))[1],
            ),
            right=each["right"],
        )
        for each in shown
    )


def _words(version: QuestionVersion, slot: Any, response: Response) -> str:
    if not type_of(slot["kind"]).uses_tokens:
        return "；".join(response)
    meaning = dict(zip(slot["tokens"], slot["option_ids"], strict=True))
    texts = {option["id"]: option["text"] for option in version.options}
    return "；".join(texts.get(meaning.get(token, ""), "") for token in response)


def _intervals(one: Attempt, other: Attempt) -> tuple[SharedInterval, ...]:
    mine, theirs = _took(one), _took(other)
    return tuple(
        SharedInterval(slot, round(mine[slot], 1), round(theirs[slot], 1)) for slot in mine if slot in theirs
    )[:SHOWN]


def _took(attempt: Attempt) -> dict[int, float]:
    before: dt.datetime = attempt.started_at
    took = {}
    for slot, at in first_answers(attempt.pk):
        took[slot] = (at - before).total_seconds()
        before = at
    return took


def quick_answers(finding: Finding, attempt: Attempt, *, with_bank: bool) -> list[Quick]:
    """Return the questions answered faster than they can be read (one statement at most)."""
    slots = [slot for slot in finding.evidence["slots"] if slot <= len(attempt.paper["slots"])]
    version_of = {slot: attempt.paper["slots"][slot - 1]["version_id"] for slot in slots}
    stems = (
        dict(QuestionVersion.objects.filter(pk__in=version_of.values()).values_list("pk", "stem"))
        if with_bank
        else {}
    )
    return [Quick(slot, stems.get(version_of[slot], "")) for slot in slots]
