"""Reading exams. Nothing here gives a candidate the key before it is released to that candidate.

The answer key is read in three places only: `keys_of` for marking, `result_for_display` under the release
rule, and the back office's `content_for_editing` for people who may edit the bank.
"""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from exams.drawing import PoolItem
from exams.models import (
    AnswerKey,
    AnswerStep,
    Attempt,
    AttemptMark,
    AttemptState,
    BlueprintRow,
    Exam,
    Question,
    QuestionKind,
    QuestionVersion,
    Topic,
)
from exams.shapes import Option, PaperSlot, Response
from exams.types import type_of
from people.models import Employee, User

# Bank and blueprint


def pool_of(bank_id: int) -> list[PoolItem]:
    """Return the questions of a bank that may be drawn (one statement, no texts)."""
    rows = (
        Question.objects.filter(bank_id=bank_id, retired_at__isnull=True, current_version__isnull=False)
        .order_by("pk")
        .values_list(
            "pk",
            "current_version_id",
            "topic_id",
            "current_version__kind",
            "current_version__difficulty",
            "must_know",
        )
    )
    return [PoolItem(*row) for row in rows]


def options_of(version_ids: Iterable[int]) -> dict[int, list[Option]]:
    """Return the options of versions, by version id."""
    return dict(QuestionVersion.objects.filter(pk__in=list(version_ids)).values_list("pk", "options"))


def describe_row(row: BlueprintRow) -> str:
    """Return a blueprint row in words, e.g. `单选题·动火作业·难度 2–4·必知`."""
    parts = [str(QuestionKind(row.kind).label), row.topic.name if row.topic else _("不限知识点")]
    if (row.difficulty_min, row.difficulty_max) != (1, 5):
        parts.append(_("难度 %(low)s–%(high)s") % {"low": row.difficulty_min, "high": row.difficulty_max})
    if row.must_know_only:
        parts.append(_("必知"))
    return "·".join(parts)


def keys_of(version_ids: Iterable[int]) -> dict[int, list[str]]:
    """Return the right option ids of versions, by version id. For marking only."""
    return dict(
        AnswerKey.objects.filter(version_id__in=list(version_ids)).values_list("version_id", "correct")
    )


# Attempts


def own_employee_id(user: User) -> QuerySet[Employee, int]:
    """Return the id of the employee behind an account, as a subquery: it costs no statement of its own."""
    return Employee.objects.filter(user_id=user.pk).values_list("pk", flat=True)


def get_attempt_for(user: User, public_id: uuid.UUID) -> Attempt:
    """Return an attempt the user sits or sat, with its exam; raise Attempt.DoesNotExist for all others."""
    return Attempt.objects.select_related("exam").get(
        public_id=public_id, employee_id__in=own_employee_id(user)
    )


def get_open_exam_for(user: User, code: str) -> tuple[Exam, Employee]:
    """Return an exam an employee may start by themselves; raise Exam.DoesNotExist or Employee.DoesNotExist."""
    return Exam.objects.get(code=code, is_open=True), Employee.objects.get(user_id=user.pk)


def with_latest_mark(attempts: QuerySet[Attempt]) -> QuerySet[Attempt]:
    """Add `score_pct` and `passed` of each attempt's latest mark (None while unmarked)."""
    latest = AttemptMark.objects.filter(attempt=OuterRef("pk")).order_by("-number")
    return attempts.annotate(
        score_pct=Subquery(latest.values("score_pct")[:1]), passed=Subquery(latest.values("passed")[:1])
    )


def attempts_for(employee_id: int, exam_id: int, purpose: str) -> QuerySet[Attempt]:
    """Return a person's attempts at an exam for a purpose, the first first, with `score_pct` and `passed`."""
    attempts = Attempt.objects.filter(employee_id=employee_id, exam_id=exam_id, purpose=purpose)
    return with_latest_mark(attempts).defer("paper").order_by("number")


def passing_mark(employee_id: int, exam_id: int, purpose: str) -> AttemptMark | None:
    """Return the mark with which the person passed first, going by each attempt's latest mark."""
    latest = AttemptMark.objects.filter(attempt=OuterRef("attempt")).order_by("-number").values("number")[:1]
    return (
        AttemptMark.objects.filter(
            attempt__employee_id=employee_id,
            attempt__exam_id=exam_id,
            attempt__purpose=purpose,
            attempt__state=AttemptState.GRADED,
            number=Subquery(latest),
            passed=True,
        )
        .select_related("attempt")
        .order_by("attempt__number")
        .first()
    )


def latest_mark(attempt: Attempt) -> AttemptMark | None:
    """Return the mark that counts, or None."""
    return AttemptMark.objects.filter(attempt=attempt).order_by("-number").first()


def latest_steps(attempt_id: int) -> dict[int, tuple[int, Response]]:
    """Return slot → (seq, response) of the latest step of each slot (one statement)."""
    newest = AnswerStep.objects.filter(attempt_id=attempt_id, slot=OuterRef("slot")).order_by("-seq")
    steps = AnswerStep.objects.filter(attempt_id=attempt_id, seq=Subquery(newest.values("seq")[:1]))
    return {slot: (seq, response) for slot, seq, response in steps.values_list("slot", "seq", "response")}


# What a candidate sees


@dataclass(frozen=True, slots=True)
class ExamIntro:
    """What a person should know before starting."""

    title: str
    question_count: int
    duration_min: int
    pass_pct: int
    attempts_allowed: int
    attempts_left: int
    must_know_fails: bool
    next_start_at: dt.datetime | None
    open_attempt: uuid.UUID | None

    @property
    def can_start(self) -> bool:
        """Tell whether a new attempt may be started now, or an open one continued."""
        return self.open_attempt is not None or (self.attempts_left > 0 and self.next_start_at is None)


def exam_intro(exam: Exam, employee_id: int, purpose: str, now: dt.datetime) -> ExamIntro:
    """Return the rules of an exam and where this person stands in it (two statements)."""
    attempts = list(attempts_for(employee_id, exam.pk, purpose).exclude(state=AttemptState.VOID))
    still_open = next(
        (attempt for attempt in attempts if attempt.state == AttemptState.OPEN and not is_due(attempt, now)),
        None,
    )
    return ExamIntro(
        title=exam.title,
        question_count=sum(exam.blueprint_rows.values_list("count", flat=True)),
        duration_min=exam.duration_s // 60,
        pass_pct=exam.pass_pct,
        attempts_allowed=exam.attempts_allowed,
        attempts_left=max(exam.attempts_allowed - len(attempts), 0),
        must_know_fails=exam.must_know_fails,
        next_start_at=next_start_at(exam, attempts, now),
        open_attempt=still_open.public_id if still_open else None,
    )


def is_due(attempt: Attempt, now: dt.datetime) -> bool:
    """Tell whether an open attempt is past its deadline and grace."""
    return attempt.next_check_at is not None and now > attempt.next_check_at


def next_start_at(exam: Exam, attempts: Iterable[Attempt], now: dt.datetime) -> dt.datetime | None:
    """Return when the cool-down after the last attempt ends, or None if it is over."""
    ends = [attempt.submitted_at or attempt.deadline_at for attempt in attempts]
    if not ends:
        return None
    until = max(ends) + dt.timedelta(seconds=exam.cool_down_s)
    return until if now < until and exam.cool_down_s else None


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
                text=_(texts[option_id]) if fixed else texts[option_id],  # noqa: INT
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


# The back office


def questions_for_listing() -> QuerySet[Question]:
    """Return all questions with what a list shows of them."""
    return Question.objects.select_related("bank", "topic", "current_version").order_by("bank__code", "code")


def exams_for_listing() -> QuerySet[Exam]:
    """Return all exams with `question_count` and `attempt_count`."""
    rows = BlueprintRow.objects.filter(exam=OuterRef("pk")).values("exam")
    from_rows = rows.annotate(total=Count("pk")).values("total")
    return (
        Exam.objects.select_related("bank")
        .annotate(
            row_count=Subquery(from_rows[:1]),
            attempt_count=Count("attempts", filter=~Q(attempts__state=AttemptState.VOID)),
        )
        .order_by("code")
    )


def attempts_for_listing() -> QuerySet[Attempt]:
    """Return all attempts with their result, the newest first."""
    return with_latest_mark(
        Attempt.objects.select_related("exam", "employee").defer("paper").order_by("-started_at")
    )


@dataclass(frozen=True, slots=True)
class EditableContent:
    """What the question form starts from. Holds the key: only for people who may edit the bank."""

    version: QuestionVersion
    correct: list[str]
    explanation: str


def content_for_editing(question: Question) -> EditableContent | None:
    """Return the current version with its key, or None for a question without one."""
    key = (
        AnswerKey.objects.select_related("version")
        .filter(version_id=F("version__question__current_version_id"), version__question=question)
        .first()
    )
    if key is None:
        return None
    return EditableContent(version=key.version, correct=key.correct, explanation=key.explanation)


def topics() -> QuerySet[Topic]:
    """Return all topics, by code."""
    return Topic.objects.order_by("code")
