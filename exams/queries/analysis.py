"""The figures of an exam from what is stored: six statements and one for the bank, whatever the number of attempts."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from exams.analysis import ExamFigures, ItemFigures, SatPaper, Thresholds, analyse
from exams.drift import Drift, Tally, drift
from exams.models import AnswerKey, AnswerStep, Attempt, AttemptMark, AttemptState, Exam, Question
from exams.queries.bank import marking_of
from exams.shapes import Key, Paper, PaperSlot, Response, SlotMark
from exams.types import type_of


@dataclass(frozen=True, slots=True)
class ItemInfo:
    """A version as the analysis names it. `options` are (id, text, is right), empty for answers in words."""

    version_id: int
    question_id: int
    code: str
    number: int
    kind: str
    topic: str
    stem: str
    options: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, slots=True)
class Drifts:
    """How a version compares: with the version of the question before it, and its later answers with its earlier."""

    from_version: Drift | None = None
    lately: Drift | None = None


@dataclass(frozen=True, slots=True)
class ExamAnalysis:
    """An exam's figures and what its items are called.

    `unmarked` attempts still wait for a mark. `drifts` is by version, and holds only what changed by more than
    chance explains. `never_drawn` counts the questions in use of the bank that were on none of the papers.
    """

    figures: ExamFigures
    items: tuple[tuple[ItemInfo, ItemFigures], ...]
    unmarked: int
    drifts: Mapping[int, Drifts]
    never_drawn: int

    def exposure(self, figures: ItemFigures) -> float:
        """Return the share of the papers a version was on, 0 to 1."""
        return figures.n / self.figures.n


def exam_analysis(exam: Exam, *, first_only: bool = True) -> ExamAnalysis:
    """Return the figures of an exam's marked attempts; with `first_only` each person's first attempt alone.

    A resit is sat by those who failed, on questions they have seen: counted together with first attempts it
    would make questions look easier and people weaker than they are. Whoever asks must have been let to the
    exam (exams.queries.office.exams_for): the figures name right options.
    """
    attempts = Attempt.objects.filter(exam=exam)
    if first_only:
        attempts = attempts.filter(number=1)
    sat = _sat_papers(attempts.filter(state=AttemptState.GRADED))
    infos = _infos({version_id for paper in sat for version_id in paper.versions})
    figures = analyse(
        sat,
        {pk: [(option_id, right) for option_id, _text, right in info.options] for pk, info in infos.items()},
    )
    return ExamAnalysis(
        figures=figures,
        items=tuple((infos[item.version_id], item) for item in figures.items),
        unmarked=attempts.filter(state__in=(AttemptState.SUBMITTED, AttemptState.MARKING)).count(),
        drifts=_drifts(sat, infos),
        never_drawn=_never_drawn(exam, {info.question_id for info in infos.values()}),
    )


def _drifts(sat: Sequence[SatPaper], infos: Mapping[int, ItemInfo]) -> dict[int, Drifts]:
    """Return what drifted, from papers in the order of their time."""
    limits = Thresholds()
    shares: dict[int, list[float]] = defaultdict(list)
    for paper in sat:
        for version_id, share in zip(paper.versions, paper.shares, strict=True):
            shares[version_id].append(share)
    versions: dict[int, list[ItemInfo]] = defaultdict(list)
    for info in infos.values():
        versions[info.question_id].append(info)

    def told(before: Sequence[float], after: Sequence[float]) -> Drift | None:
        found = drift(Tally.of(before), Tally.of(after), enough=limits.enough)
        return found if found is not None and found.is_marked(limits.drift_at_least) else None

    drifts = {}
    for each in versions.values():
        earlier: Sequence[float] = ()
        for info in sorted(each, key=lambda info: info.number):
            own = shares[info.version_id]
            half = len(own) // 2
            found = Drifts(from_version=told(earlier, own), lately=told(own[:half], own[half:]))
            if found != Drifts():
                drifts[info.version_id] = found
            earlier = own
    return drifts


def _never_drawn(exam: Exam, drawn: set[int]) -> int:
    """Return how many questions in use in the exam's bank were on none of the papers."""
    in_use = Question.objects.filter(
        bank_id=exam.bank_id, retired_at__isnull=True, current_version__isnull=False
    )
    return sum(pk not in drawn for pk in in_use.values_list("pk", flat=True))


def _sat_papers(marked: QuerySet[Attempt]) -> list[SatPaper]:
    """Return the papers of marked attempts in the order of handing in, which is the time that drift runs along.

    JSON comes as text and is taken apart attempt by attempt: kept as objects, the papers and marks of 2,000
    attempts are some hundred thousand dictionaries, and keeping them cost more time than reading them.
    """
    marks = _latest_marks(marked)
    responses = _latest_responses(marked)
    papers = marked.order_by("submitted_at", "pk").values_list("pk", _text("paper"))
    columns = _Columns()
    return [
        columns.of(json.loads(paper), json.loads(marks[pk][0]), marks[pk][1], responses.get(pk, {}))
        for pk, paper in papers.iterator(chunk_size=200)
        if pk in marks
    ]


def _text(name: str) -> Cast:
    """Return a field of JSON as it is stored, undecoded: the same on SQLite and PostgreSQL."""
    return Cast(name, TextField())


def _latest_marks(marked: QuerySet[Attempt]) -> dict[int, tuple[str, bool]]:
    rows = (
        AttemptMark.objects.filter(attempt__in=marked)
        .order_by("attempt_id", "number")
        .values_list("attempt_id", _text("per_slot"), "passed")
    )
    # Papers whose total alone was typed in say nothing of questions.
    return {pk: (per_slot, passed) for pk, per_slot, passed in rows if per_slot != "[]"}


def _latest_responses(marked: QuerySet[Attempt]) -> dict[int, dict[int, str]]:
    rows = (
        AnswerStep.objects.filter(attempt__in=marked)
        .order_by("attempt_id", "slot", "seq")  # as they lie in the index
        .values_list("attempt_id", "slot", _text("response"))
    )
    latest: dict[int, dict[int, str]] = defaultdict(dict)
    for pk, slot, response in rows.iterator(chunk_size=5000):
        latest[pk][slot] = response
    return latest


class _Columns:
    """Makes columns of attempts. Equal columns are kept once: on a fixed paper most are those of everybody."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, ...], tuple[Any, ...]] = {}

    def of(
        self, paper: Paper, marks: Sequence[SlotMark], passed: bool, responses: Mapping[int, str]
    ) -> SatPaper:
        """Return an attempt by columns; `responses` are the latest ones as JSON, by slot."""
        slots = paper["slots"]
        texts = [
            responses.get(mark["slot"], "[]") if _has_choices(slot["kind"]) else "[]"
            for slot, mark in zip(slots, marks, strict=True)
        ]
        given = json.loads(f"[{','.join(texts)}]")  # one call for all of them
        return SatPaper(
            versions=self._once(tuple([slot["version_id"] for slot in slots])),
            shares=tuple([float(mark["fraction"]) for mark in marks]),
            points=self._once(tuple([float(slot["points"]) for slot in slots])),
            chosen=tuple([self._once(_chosen(*each)) for each in zip(slots, given, strict=True)]),
            answered=self._once(tuple([mark["answered"] for mark in marks])),
            passed=passed,
        )

    def _once(self, column: tuple[Any, ...]) -> tuple[Any, ...]:
        return self._kept.setdefault(column, column)


@lru_cache(maxsize=64)
def _has_choices(kind: str) -> bool:
    """Tell whether an answer of a kind is a choice of options whose order says nothing."""
    found = type_of(kind)
    return found.uses_tokens and not found.ordered


def _infos(version_ids: set[int]) -> dict[int, ItemInfo]:
    keys = AnswerKey.objects.filter(version_id__in=version_ids).select_related("version__question__topic")
    correct, _bodies = marking_of(version_ids)
    return {key.version_id: _info(key, correct[key.version_id]) for key in keys}


def _info(key: AnswerKey, correct: Key) -> ItemInfo:
    version = key.version
    question = version.question
    kind = type_of(version.kind)
    # Only where the key is a list of the options' ids can an option be right or wrong by itself.
    chosen = _has_choices(version.kind) and isinstance(correct, list)
    return ItemInfo(
        version_id=version.pk,
        question_id=question.pk,
        code=question.code,
        number=version.number,
        kind=str(kind.label),
        topic=question.topic.name,
        stem=version.stem,
        options=tuple(
            (option["id"], option["text"], option["id"] in correct)
            for option in (version.options if chosen else ())
        ),
    )


def _chosen(slot: PaperSlot, response: Response) -> tuple[str, ...]:
    tokens, option_ids = slot["tokens"], slot["option_ids"]
    return tuple([option_ids[tokens.index(token)] for token in response if token in tokens])
