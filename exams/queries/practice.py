"""What a person may practise, and what comes next. No key is read here."""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.timezone import localdate

from exams.models import (
    Bank,
    Campaign,
    Exam,
    MockExam,
    PaperSource,
    PracticeAnswer,
    PracticeMode,
    PracticeState,
    Question,
    Topic,
    kind_label,
)
from exams.queries.attempts import own_employee_id
from exams.queries.practice_pool import (
    MARKED_BY_MACHINE,
    is_locked,
    locked_question_ids,
    pool,
    practisable,
    states_of,
    work_of,
)
from exams.queries.practice_serving import Served, serve
from exams.relevance import Practisable, Work, concerns, weight
from exams.repetition import RIGHT_DAYS_NEEDED, Candidate, choose, choose_set, streak
from people.models import Employee, OrgUnit, User

SET_SIZE = 10
STREAK_DAYS = 400  # how far back a row of days is counted


@dataclass(frozen=True, slots=True)
class PracticeCard:
    """What the learner's first page says of practice: the question of today, and what is in the wrong-answer book."""

    daily_done: bool
    streak: int
    wrong_count: int
    campaign: Campaign | None


def practice_card(employee: Employee, now: dt.datetime) -> PracticeCard | None:
    """Return the card of a person, or None where nothing is released for practice (four statements)."""
    if not Bank.objects.filter(may_be_practised=True).exists():
        return None
    today = localdate(now)
    days = daily_days(employee.pk, today)
    return PracticeCard(
        daily_done=today in days,
        streak=streak(days, today),
        wrong_count=wrong_states(employee.pk).count(),
        campaign=campaigns_of(employee, today).first(),
    )


def daily_days(employee_id: int, today: dt.date) -> list[dt.date]:
    """Return the days on which a person answered the daily question, the latest first (one statement)."""
    return list(
        PracticeAnswer.objects.filter(
            employee_id=employee_id,
            mode=PracticeMode.DAILY,
            day__gt=today - dt.timedelta(days=STREAK_DAYS),
        )
        .order_by("-day")
        .values_list("day", flat=True)
    )


def wrong_states(employee_id: int) -> QuerySet[PracticeState]:
    """Return the states of a person's wrong-answer book whose questions may be practised at all."""
    return PracticeState.objects.filter(
        employee_id=employee_id, in_wrong_book=True, question__in=practisable().values("pk")
    )


def campaigns_of(employee: Employee, on: dt.date) -> QuerySet[Campaign]:
    """Return the campaigns that run on a day and in which a person's unit takes part (one statement)."""
    paths = employee.assignments.filter(starts_on__lte=on).filter(
        Q(ends_before__isnull=True) | Q(ends_before__gt=on)
    )
    inside = Q(pk__in=())
    steplen = OrgUnit.steplen
    for path in paths.values_list("unit__path", flat=True):
        inside |= Q(units__path__in=[path[:end] for end in range(steplen, len(path) + 1, steplen)])
    return Campaign.objects.filter(inside, starts_on__lte=on, ends_on__gte=on).distinct()


def practice_topics() -> QuerySet[Topic]:
    """Return the topics with questions released for practice. Topics are shared by all."""
    return Topic.objects.filter(questions__in=practisable()).distinct()


@dataclass(frozen=True, slots=True)
class TopicLine:
    """A topic with how many questions may be practised now, and how many of them the person has met."""

    topic: Topic
    count: int
    met: int


@dataclass(frozen=True, slots=True)
class PracticeHome:
    """Everything on the page of practice."""

    daily_done: bool
    daily_open: bool
    streak: int
    wrong_count: int
    post_name: str
    post_count: int
    topics: tuple[TopicLine, ...]
    mocks: tuple[Exam, ...]
    campaigns: tuple[Campaign, ...]
    locked_count: int


def practice_home(employee: Employee, now: dt.datetime) -> PracticeHome:
    """Return what a person may practise now, in a fixed number of statements."""
    today = localdate(now)
    work, stay = work_of(employee.pk, today)
    items, met = pool(now, employee_id=employee.pk), states_of(employee.pk)
    counts = Counter(item.topic_id for item in items)
    met_counts = Counter(item.topic_id for item in items if item.question_id in met)
    days = daily_days(employee.pk, today)
    locked = locked_question_ids(now, employee.pk)
    return PracticeHome(
        daily_done=today in days,
        daily_open=any(item.kind in MARKED_BY_MACHINE for item in items),
        streak=streak(days, today),
        wrong_count=wrong_states(employee.pk).count(),
        post_name=stay.post.name if stay else "",
        post_count=sum(concerns(item, work) for item in items),
        topics=tuple(
            TopicLine(topic, counts[topic.pk], met_counts[topic.pk])
            for topic in Topic.objects.filter(pk__in=counts).order_by("name")
        ),
        mocks=tuple(mock_exams()),
        campaigns=tuple(campaigns_of(employee, today)),
        locked_count=practisable(Q(pk__in=locked)).count() if locked else 0,
    )


def mock_exams() -> QuerySet[Exam]:
    """Return the exams whose bank is released for practice and whose papers follow a blueprint."""
    found = Exam.objects.filter(is_open=True, bank__may_be_practised=True)
    return found.exclude(paper_source=PaperSource.FIXED).order_by("title", "pk")


def candidates(items: Sequence[Practisable], work: Work, employee_id: int) -> list[Candidate]:
    """Return questions with what the person knows of them and how much they matter (one statement)."""
    states = states_of(employee_id)
    return [Candidate(item.question_id, weight(item, work), states.get(item.question_id)) for item in items]


def set_of(
    employee: Employee,
    *,
    mode: str,
    now: dt.datetime,
    topic_id: int | None = None,
    campaign: Campaign | None = None,
) -> list[Served]:
    """Return up to ten questions to practise now, without keys: what is due first, then new ones.

    For the daily question it is one, and none once it is answered; for a campaign, what is left of today's.
    """
    today = localdate(now)
    work, _stay = work_of(employee.pk, today)
    size = SET_SIZE
    condition: Q | None = None
    if mode == PracticeMode.TOPIC:
        condition = Q(topic_id=topic_id)
    elif mode == PracticeMode.WRONG:
        condition = Q(pk__in=wrong_states(employee.pk).values("question"))
    elif mode == PracticeMode.CAMPAIGN:
        assert campaign is not None
        condition, left = _campaign_condition(employee.pk, campaign, today)
        size = min(size, left)
    machine_only = mode in {PracticeMode.DAILY, PracticeMode.CAMPAIGN}
    items = pool(now, condition, employee_id=employee.pk, machine_only=machine_only)
    if mode == PracticeMode.POST:
        items = [item for item in items if concerns(item, work)]
    known = candidates(items, work, employee.pk)
    seed = f"{employee.pk}:{today}"
    if mode == PracticeMode.DAILY:
        days = daily_days(employee.pk, today)
        chosen = None if today in days else choose(known, on=today, turn=len(days), seed=seed)
        ids = [] if chosen is None else [chosen]
    else:
        ids = choose_set(known, on=today, count=size, seed=seed)
    versions = {item.question_id: item.version_id for item in items}
    return serve(
        [versions[question_id] for question_id in ids],
        employee_id=employee.pk,
        mode=mode,
        now=now,
        campaign_id=campaign.pk if campaign else None,
    )


def _campaign_condition(employee_id: int, campaign: Campaign, today: dt.date) -> tuple[Q, int]:
    """Return which questions a campaign still asks a person today, and how many still count."""
    answered = list(
        PracticeAnswer.objects.filter(campaign=campaign, employee_id=employee_id, day=today).values_list(
            "question_id", "counted"
        )
    )
    condition = Q(bank__in=campaign.banks.values("pk"))
    topics = list(campaign.topics.values_list("pk", flat=True))
    if topics:
        condition &= Q(topic_id__in=topics)
    condition &= ~Q(pk__in=[question_id for question_id, _counted in answered])
    return condition, max(campaign.daily_cap - sum(counted for _id, counted in answered), 0)


@dataclass(frozen=True, slots=True)
class WrongLine:
    """A question of the wrong-answer book, as it says now."""

    stem: str
    kind: str
    topic: str
    right_days: int
    needed: int
    is_locked: bool


def wrong_book(employee: Employee, now: dt.datetime) -> tuple[list[WrongLine], int]:
    """Return a person's wrong-answer book, what was wrong last first, and how many more are not open to practice."""
    states = wrong_states(employee.pk).select_related("question__current_version", "question__topic")
    locked = locked_question_ids(now, employee.pk)
    lines = [
        WrongLine(
            stem=state.question.current_version.stem,
            kind=kind_label(state.question.current_version.kind),
            topic=state.question.topic.name,
            right_days=state.right_days,
            needed=RIGHT_DAYS_NEEDED,
            is_locked=state.question_id in locked,
        )
        for state in states.order_by("-last_wrong_on", "-pk")
        if state.question.current_version is not None
    ]
    whole = PracticeState.objects.filter(employee_id=employee.pk, in_wrong_book=True).count()
    return lines, whole - len(lines)


def get_mock_for(user: User, public_id: uuid.UUID) -> MockExam:
    """Return a mock exam of one's own; raise MockExam.DoesNotExist for all others."""
    return MockExam.objects.select_related("exam").get(
        public_id=public_id, employee_id__in=own_employee_id(user)
    )


def may_see(question: Question, employee: Employee, now: dt.datetime) -> bool:
    """Tell whether a question may be shown to a person in practice now, with its picture."""
    return practisable(Q(pk=question.pk)).exists() and not is_locked(question.pk, now, employee.pk)
