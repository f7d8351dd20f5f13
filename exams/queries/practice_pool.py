"""Which questions may be practised now, and by whom which are wanted.

A question of an exam that runs now is locked (reliability case A7): neither shown, nor marked, nor explained. Every
page of practice and every test on the spot takes its questions from `pool` and asks `is_locked` before it tells a
key.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection

from django.db.models import Count, Q, QuerySet

from exams.models import (
    OPEN_DOORS,
    Attempt,
    AttemptState,
    BlueprintRow,
    Exam,
    FixedQuestion,
    PracticeState,
    Question,
    QuestionVersion,
)
from exams.relevance import Practisable, Work
from exams.repetition import State
from exams.types import TYPES
from people.models import Assignment
from people.queries import place_of_work

# Of an exam that more people sit at once, all it may draw is locked; else what lies on their papers.
MOST_PAPERS = 20
MARKED_BY_MACHINE = frozenset(kind for kind, each in TYPES.items() if not each.by_hand)


def _running_exams(now: dt.datetime) -> Q:
    """Return the condition that an exam is on, within a window that ends or in a sitting: all it may draw is locked.

    An exam that is open for good locks only what lies on papers being answered, or nothing could be practised.
    """
    has_begun = Q(opens_at__isnull=True) | Q(opens_at__lte=now)
    return (has_begun & Q(closes_at__gt=now)) | Q(sittings__state__in=OPEN_DOORS)


def _drawable_by(exam_ids: Collection[int]) -> Q:
    """Return the condition that one of these exams may draw a question."""
    condition = Q(pk__in=())
    rows = BlueprintRow.objects.filter(exam_id__in=exam_ids).values_list(
        "exam__bank_id", "topic_id", "kind", "difficulty_min", "difficulty_max", "must_know_only"
    )
    for bank_id, topic_id, kind, least, most, must_know_only in rows:
        one = Q(
            bank_id=bank_id,
            current_version__kind=kind,
            current_version__difficulty__gte=least,
            current_version__difficulty__lte=most,
        )
        if topic_id is not None:
            one &= Q(topic_id=topic_id)
        if must_know_only:
            one &= Q(must_know=True)
        condition |= one
    listed = FixedQuestion.objects.filter(exam__in=exam_ids).values("version__question")
    return condition | Q(pk__in=listed)


def locked_question_ids(now: dt.datetime, employee_id: int | None = None) -> frozenset[int]:
    """Return the questions no practice may show now: those of running exams and of papers being answered.

    For `employee_id` also all that an exam may draw which this person is sitting: a second phone is no help.
    At most five statements, however many people sit exams.
    """
    running = set(Exam.objects.filter(_running_exams(now)).distinct().values_list("pk", flat=True))
    sat = Attempt.objects.filter(state=AttemptState.OPEN).order_by()
    rows = sat.values_list("exam_id").annotate(n=Count("pk"), own=Count("pk", filter=Q(employee=employee_id)))
    counts = {exam_id: n for exam_id, n, _own in rows}
    running |= {exam_id for exam_id, n, own in rows if n > MOST_PAPERS or own}
    papers = sat.filter(exam_id__in=set(counts) - running).values_list("paper", flat=True) if counts else ()
    versions = {slot["version_id"] for paper in papers for slot in paper["slots"]}
    locked: set[int] = set()
    if versions:
        locked |= set(QuestionVersion.objects.filter(pk__in=versions).values_list("question_id", flat=True))
    if running:
        locked |= set(Question.objects.filter(_drawable_by(running)).values_list("pk", flat=True))
    return frozenset(locked)


def is_locked(question_id: int, now: dt.datetime, employee_id: int) -> bool:
    """Tell whether a question is part of an exam that runs now, or that this person is sitting."""
    return question_id in locked_question_ids(now, employee_id)


def is_any_locked(question_ids: Collection[int], now: dt.datetime, employee_id: int) -> bool:
    """Tell whether one of these questions is part of an exam that runs now, or that this person is sitting."""
    return not locked_question_ids(now, employee_id).isdisjoint(question_ids)


def practisable(condition: Q | None = None) -> QuerySet[Question]:
    """Return the questions released for practice, locked ones among them."""
    found = Question.objects.filter(
        bank__may_be_practised=True, retired_at__isnull=True, current_version__isnull=False
    )
    return found.filter(condition) if condition is not None else found


def pool(
    now: dt.datetime,
    condition: Q | None = None,
    *,
    employee_id: int | None = None,
    bank_id: int | None = None,
    machine_only: bool = False,
) -> list[Practisable]:
    """Return the questions that may be practised now (by this person) and meet a condition, without any text.

    `machine_only` leaves out what a person would have to mark. Three statements beside those for the lock.
    """
    found = practisable(condition)
    if bank_id is not None:
        found = found.filter(bank_id=bank_id)
    if machine_only:
        found = found.filter(current_version__kind__in=MARKED_BY_MACHINE)
    locked = locked_question_ids(now, employee_id)
    rows = [
        row
        for row in found.order_by("pk")
        .values_list(
            "pk",
            "current_version_id",
            "bank_id",
            "topic_id",
            "current_version__kind",
            "current_version__difficulty",
            "must_know",
        )
        .distinct()
        if row[0] not in locked
    ]
    posts: dict[int, set[int]] = defaultdict(set)
    hazards: dict[int, set[str]] = defaultdict(set)
    if rows:
        chosen = found.order_by().values("pk")
        for question_id, post_id in Question.posts.through.objects.filter(question__in=chosen).values_list(
            "question_id", "post_id"
        ):
            posts[question_id].add(post_id)
        for question_id, name in Question.hazards.through.objects.filter(question__in=chosen).values_list(
            "question_id", "hazard__name"
        ):
            hazards[question_id].add(name)
    return [Practisable(*row, frozenset(posts[row[0]]), frozenset(hazards[row[0]])) for row in rows]


def work_of(employee_id: int, on: dt.date) -> tuple[Work, Assignment | None]:
    """Return what a person does on a day, and the stay (two statements)."""
    stay = place_of_work(employee_id, on)
    if stay is None:
        return Work(), None
    return Work(stay.post_id, frozenset(stay.post.hazards.values_list("name", flat=True))), stay


def states_of(employee_id: int) -> dict[int, State]:
    """Return how well a person knows the questions met so far, by question id (one statement)."""
    rows = PracticeState.objects.filter(employee_id=employee_id).values_list(
        "question_id",
        "due_on",
        "ease",
        "repetitions",
        "interval_days",
        "in_wrong_book",
        "right_days",
        "last_right_on",
        "last_wrong_on",
        "last_answered_on",
    )
    return {row[0]: State(*row[1:]) for row in rows}
