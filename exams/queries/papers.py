"""What a candidate sees of a paper and of its result. The key is read only once it is released."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from django.utils.translation import gettext as _

from exams.models import AnswerKey, Attempt, AttemptMark, AttemptState, QuestionKind, QuestionVersion
from exams.queries.attempts import attempts_for, latest_mark, latest_steps, next_start_at
from exams.shapes import PaperSlot, Response
from exams.types import type_of


@dataclass(frozen=True, slots=True)
class ShownOption:
    """An option as shown: its letter in this paper, its token, and whether the candidate chose it."""

    letter: str
    token: str
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ShownQuestion:
    """A question as a candidate sees it. There is no key in it."""

    slot: int
    kind: str
    kind_label: str
    control: str
    must_know: bool
    points: str
    stem: str
    seq: int
    options: tuple[ShownOption, ...]

    @property
    def answered(self) -> bool:
        """Tell whether an answer is stored."""
        return any(option.chosen for option in self.options)


@dataclass(frozen=True, slots=True)
class ShownPaper:
    """A paper as a candidate sees it; `last_seq` is the highest seq stored for the attempt."""

    questions: tuple[ShownQuestion, ...]
    last_seq: int


def _shown_question(
    number: int, slot: PaperSlot, version: QuestionVersion, step: tuple[int, Response]
) -> ShownQuestion:
    texts = {option["id"]: option["text"] for option in version.options}
    fixed = type_of(slot["kind"]).fixed_options is not None
    seq, response = step
    return ShownQuestion(
        slot=number,
        kind=slot["kind"],
        kind_label=str(QuestionKind(slot["kind"]).label),
        control=type_of(slot["kind"]).control,
        must_know=slot["must_know"],
        points=slot["points"].removesuffix(".0"),
        stem=version.stem,
        seq=seq,
        options=tuple(
            ShownOption(
                letter=chr(ord("A") + place),
                token=token,
                # Fixed options are the interface's words, so they follow its language.
                text=_(texts[option_id]) if fixed else texts[option_id],
                chosen=token in response,
            )
            for place, (option_id, token) in enumerate(zip(slot["option_ids"], slot["tokens"], strict=True))
        ),
    )


def paper_for_display(attempt: Attempt) -> ShownPaper:
    """Return an attempt's paper with the answers stored so far (two statements). Never the key."""
    slots = attempt.paper["slots"]
    versions = QuestionVersion.objects.in_bulk([slot["version_id"] for slot in slots])
    steps = latest_steps(attempt.pk)
    return ShownPaper(
        questions=tuple(
            _shown_question(number, slot, versions[slot["version_id"]], steps.get(number, (0, [])))
            for number, slot in enumerate(slots, start=1)
        ),
        last_seq=max((seq for seq, _response in steps.values()), default=0),
    )


@dataclass(frozen=True, slots=True)
class ReviewedQuestion:
    """A question after marking: what was chosen, what was right, and why."""

    shown: ShownQuestion
    correct: bool
    earned: str
    right_tokens: frozenset[str]
    right_letters: str
    chosen_letters: str
    explanation: str
    source: str


@dataclass(frozen=True, slots=True)
class ShownResult:
    """An attempt's result. `review` is empty while the key is withheld; then `restudy` names the topics."""

    mark: AttemptMark
    pass_pct: int
    attempts_left: int
    next_start_at: dt.datetime | None
    must_know_fails: bool
    review: tuple[ReviewedQuestion, ...]
    restudy: tuple[tuple[str, int], ...]
    right_count: int
    question_count: int

    @property
    def released(self) -> bool:
        """Tell whether right answers and explanations may be shown."""
        return bool(self.review)


def result_for_display(attempt: Attempt, now: dt.datetime) -> ShownResult | None:
    """Return the result of a marked attempt, or None before it is marked.

    Release rule: which answers were right is shown once the person has passed this exam for this purpose, or
    has no attempt left. Before that a resit could still be sat with the key in hand, so only the score and the
    topics to study again are given.
    """
    mark = latest_mark(attempt)
    if attempt.state != AttemptState.GRADED or mark is None:
        return None
    siblings = [
        sibling
        for sibling in attempts_for(attempt.employee_id, attempt.exam_id, attempt.purpose)
        if sibling.state != AttemptState.VOID
    ]
    left = max(attempt.exam.attempts_allowed - len(siblings), 0)
    # A resit that is still running is an attempt left, too: its key must not leak from this page.
    running = any(sibling.state == AttemptState.OPEN for sibling in siblings)
    has_passed = any(getattr(sibling, "passed", None) for sibling in siblings)
    released = not running and (has_passed or left == 0)
    wrong = {entry["slot"] for entry in mark.per_slot if float(entry["fraction"]) < 1}
    return ShownResult(
        mark=mark,
        pass_pct=attempt.paper["policy"]["pass_pct"],
        attempts_left=left,
        next_start_at=next_start_at(attempt.exam, siblings, now) if left else None,
        must_know_fails=attempt.paper["policy"]["must_know_fails"],
        review=_review(attempt, mark) if released else (),
        restudy=_topics_of(attempt, wrong),
        right_count=len(mark.per_slot) - len(wrong),
        question_count=len(mark.per_slot),
    )


def _topics_of(attempt: Attempt, slots: set[int]) -> tuple[tuple[str, int], ...]:
    """Return (topic name, number of questions) of these slots, the most frequent first."""
    version_ids = [
        slot["version_id"] for number, slot in enumerate(attempt.paper["slots"], start=1) if number in slots
    ]
    names = QuestionVersion.objects.filter(pk__in=version_ids).values_list("question__topic__name", flat=True)
    return tuple(Counter(names).most_common())


def _review(attempt: Attempt, mark: AttemptMark) -> tuple[ReviewedQuestion, ...]:
    paper = paper_for_display(attempt)
    slots = attempt.paper["slots"]
    keys = {
        key.version_id: key
        for key in AnswerKey.objects.filter(
            version_id__in=[slot["version_id"] for slot in slots]
        ).select_related("version")
    }
    reviewed = []
    for shown, slot, entry in zip(paper.questions, slots, mark.per_slot, strict=True):
        key = keys[slot["version_id"]]
        right = frozenset(
            token
            for option_id, token in zip(slot["option_ids"], slot["tokens"], strict=True)
            if option_id in key.correct
        )
        reviewed.append(
            ReviewedQuestion(
                shown=shown,
                correct=float(entry["fraction"]) >= 1,
                earned=entry["points"],
                right_tokens=right,
                right_letters="、".join(option.letter for option in shown.options if option.token in right),
                chosen_letters="、".join(option.letter for option in shown.options if option.chosen),
                explanation=key.explanation,
                source=key.version.source,
            )
        )
    return tuple(reviewed)
