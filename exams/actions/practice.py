"""Practising: an answer is stored and marked at once; mistakes of released exams come into the wrong-answer book.

Nothing here writes an attempt, a mark, a study or a record: practice never counts as training.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from django.db import IntegrityError, transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from common.text import count_readable
from exams.campaign_ranking import reading_time_s
from exams.errors import BadAnswer, PracticeRefused
from exams.models import (
    Attempt,
    AttemptState,
    Campaign,
    PracticeAnswer,
    PracticeIntake,
    PracticeMode,
    PracticeState,
    QuestionVersion,
)
from exams.queries import latest_mark, marking_of
from exams.queries.papers import answers_are_released
from exams.queries.practice_pool import is_locked, practisable
from exams.queries.practice_serving import Serving, tokens_of
from exams.repetition import State, after
from exams.types import type_of
from people.models import Employee

MOST_INTAKES = 50  # attempts looked through at once, the newest first
PLACES = Decimal("0.0001")


def as_decimal(fraction: Fraction) -> Decimal:
    """Return a fraction of the points with four places, rounded half up."""
    return (Decimal(fraction.numerator) / Decimal(fraction.denominator)).quantize(PLACES, ROUND_HALF_UP)


def record_answer(*, serving: Serving, response: Sequence[str], now: dt.datetime) -> PracticeAnswer:
    """Store an answer and mark it; return what is stored. A repeated request returns the same, changed or not.

    What a person would have to mark is stored without a score. `response` holds tokens.
    Raises: PracticeRefused for a question that is no longer open to practice, or a second daily question;
    BadAnswer for a response that does not fit the question.
    """
    stored = PracticeAnswer.objects.filter(serving=serving.id).first()
    if stored is not None:
        return stored
    version = _open_version(serving, now)
    given = _given(version, serving, response)
    keys, bodies = marking_of([version.pk])
    fraction = type_of(version.kind).mark(given, bodies[version.pk], keys[version.pk])
    try:
        return _store(serving, version, given, fraction, now)
    except IntegrityError:
        # The same request twice at once, or the daily question answered in another window meanwhile.
        stored = PracticeAnswer.objects.filter(serving=serving.id).first()
        if stored is None:
            raise PracticeRefused(_("今天的每日一题已经答过了。想再练，请从“练习”里选。")) from None
        return stored


def _open_version(serving: Serving, now: dt.datetime) -> QuestionVersion:
    version = (
        QuestionVersion.objects.select_related("question__bank", "media")
        .filter(pk=serving.version_id)
        .first()
    )
    if version is None or not practisable().filter(pk=version.question_id).exists():
        raise PracticeRefused(_("这道题已经不开放练习。请换一道。"))
    if is_locked(version.question_id, now, serving.employee_id):
        raise PracticeRefused(_("这道题正在考试中使用，考试结束以前不能练，也不显示答案。请换一道。"))
    return version


def _given(version: QuestionVersion, serving: Serving, response: Sequence[str]) -> list[str]:
    """Return a response with option ids for tokens; raise BadAnswer for one that does not fit."""
    kind = type_of(version.kind)
    tokens = {token: option_id for option_id, token in tokens_of(version, serving.id.hex)}
    if not kind.is_answer(response):
        raise BadAnswer("response", _("还没有作答。先选一个或写几个字，再点“看答案”。"))
    if not kind.accepts(response, list(tokens)):
        raise BadAnswer("response", _("作答与这道题不符。请刷新页面后再答。"))
    return [tokens.get(text, "") for text in response] if kind.uses_tokens else list(response)


def _one_at_a_time(employee_id: int) -> None:
    """Let one request of a person write at a time: a day's cap, the time since the last answer and states are read first."""
    Employee.objects.select_for_update(no_key=True).only("pk").get(pk=employee_id)


@transaction.atomic
def _store(
    serving: Serving,
    version: QuestionVersion,
    given: list[str],
    fraction: Fraction | None,
    now: dt.datetime,
) -> PracticeAnswer:
    _one_at_a_time(serving.employee_id)
    day = localdate(now)
    earlier = PracticeAnswer.objects.filter(employee_id=serving.employee_id)
    last_at = earlier.order_by("-pk").values_list("answered_at", flat=True).first()
    # A question fetched ahead is read only once the one before it is answered.
    seen_at = max(serving.shown_at, last_at) if last_at else serving.shown_at
    took_s = max(int((now - seen_at).total_seconds()), 0)
    text = version.stem + "".join(option["text"] for option in version.options)
    answer = PracticeAnswer(
        serving=serving.id,
        employee_id=serving.employee_id,
        question_id=version.question_id,
        version=version,
        mode=serving.mode,
        campaign_id=serving.campaign_id,
        response=given,
        fraction=None if fraction is None else as_decimal(fraction),
        is_right=None if fraction is None else fraction == 1,
        took_s=took_s,
        too_fast=took_s < reading_time_s(count_readable(text)),
        day=day,
        answered_at=now,
    )
    if serving.campaign_id is not None:
        answer.counted = _counts(answer)
    answer.save(force_insert=True)
    learn(answer)
    return answer


def _counts(answer: PracticeAnswer) -> bool:
    """Tell whether an answer counts for its campaign: read, while it runs, new that day, and within the cap."""
    assert answer.campaign is not None
    campaign: Campaign = answer.campaign
    if answer.too_fast or answer.is_right is None:
        return False
    if not campaign.starts_on <= answer.day <= campaign.ends_on:
        return False
    today = PracticeAnswer.objects.filter(
        campaign=campaign, employee_id=answer.employee_id, day=answer.day
    ).values_list("question_id", "counted")
    seen = list(today)
    return (
        all(question_id != answer.question_id for question_id, _counted in seen)
        and sum(counted for _question, counted in seen) < campaign.daily_cap
    )


def learn(answer: PracticeAnswer) -> None:
    """Bring the derived state of a person and question up to an answer. Right answers given blindly teach nothing."""
    if answer.is_right is None or (answer.is_right and answer.too_fast):
        return
    _apply(answer.employee_id, [answer.question_id], is_right=answer.is_right, on=answer.day)


def _apply(employee_id: int, question_ids: Iterable[int], *, is_right: bool, on: dt.date) -> None:
    """Apply an answer to the states of several questions (three statements)."""
    wanted = sorted(set(question_ids))
    known = {
        row.question_id: row
        for row in PracticeState.objects.select_for_update().filter(
            employee_id=employee_id, question_id__in=wanted
        )
    }
    new, changed = [], []
    for question_id in wanted:
        row = known.get(question_id)
        state = after(as_state(row) if row else None, is_right=is_right, on=on)
        values = asdict(state)
        if row is None:
            new.append(PracticeState(employee_id=employee_id, question_id=question_id, **values))
        else:
            for name, value in values.items():
                setattr(row, name, value)
            changed.append(row)
    PracticeState.objects.bulk_create(new)
    if changed:
        PracticeState.objects.bulk_update(changed, list(State.__dataclass_fields__))


def as_state(row: PracticeState) -> State:
    """Return a stored state as the pure rule has it."""
    return State(**{name: getattr(row, name) for name in State.__dataclass_fields__})


@transaction.atomic
def rebuild_states(*, employee_id: int) -> int:
    """Make a person's states anew from the facts; return how many there are. The same facts, the same states."""
    _one_at_a_time(employee_id)
    PracticeState.objects.filter(employee_id=employee_id).delete()
    answers = PracticeAnswer.objects.filter(employee_id=employee_id, is_right__isnull=False).exclude(
        is_right=True, too_fast=True
    )
    events = [
        (at, question_id, is_right, day)
        for at, question_id, is_right, day in answers.order_by("pk").values_list(
            "answered_at", "question_id", "is_right", "day"
        )
    ]
    intakes = PracticeIntake.objects.filter(attempt__employee_id=employee_id)
    for at, question_ids in intakes.values_list("taken_at", "question_ids"):
        events += [(at, question_id, False, localdate(at)) for question_id in question_ids]
    events.sort(key=lambda event: event[0])
    states: dict[int, State] = {}
    for _at, question_id, is_right, day in events:
        states[question_id] = after(states.get(question_id), is_right=bool(is_right), on=day)
    PracticeState.objects.bulk_create(
        PracticeState(employee_id=employee_id, question_id=question_id, **asdict(state))
        for question_id, state in states.items()
    )
    return len(states)


def take_in_exam_mistakes(*, employee: Employee, now: dt.datetime) -> int:
    """Put what a person got wrong in exams into the wrong-answer book, once its answers are released to them.

    Each attempt is taken in once; one that is withheld is looked at again the next time. Returns how many
    questions came in. Two statements when there is nothing new.
    """
    waiting = (
        Attempt.objects.filter(employee=employee, state=AttemptState.GRADED, practice_intake__isnull=True)
        .select_related("exam")
        .order_by("-pk")[:MOST_INTAKES]
    )
    return sum(
        _take_in(attempt, now) for attempt in reversed(list(waiting)) if answers_are_released(attempt, now)
    )


def _take_in(attempt: Attempt, now: dt.datetime) -> int:
    mark = latest_mark(attempt)
    if mark is None:
        return 0
    slots = attempt.paper["slots"]
    wrong = {
        slots[entry["slot"] - 1]["version_id"]
        for entry in mark.per_slot
        if Decimal(entry["fraction"]) < 1 and not type_of(slots[entry["slot"] - 1]["kind"]).by_hand
    }
    found = QuestionVersion.objects.filter(pk__in=wrong).values_list("question_id", flat=True)
    question_ids = sorted(set(found))
    try:
        with transaction.atomic():
            _one_at_a_time(attempt.employee_id)
            PracticeIntake.objects.create(attempt=attempt, question_ids=question_ids, taken_at=now)
            _apply(attempt.employee_id, question_ids, is_right=False, on=localdate(now))
    except IntegrityError:
        return 0  # another request of the same person took it in at the same moment
    return len(question_ids)


def insert_answers(
    *,
    employee_id: int,
    mode: PracticeMode,
    answers: Iterable[tuple[QuestionVersion, list[str], Fraction | None]],
    now: dt.datetime,
) -> None:
    """Store answers given together, of a mock exam or on the spot, and learn from them. In the caller's transaction."""
    _one_at_a_time(employee_id)
    day = localdate(now)
    rows = [
        PracticeAnswer(
            serving=uuid.uuid4(),
            employee_id=employee_id,
            question_id=version.question_id,
            version=version,
            mode=mode,
            response=given,
            fraction=None if fraction is None else as_decimal(fraction),
            is_right=None if fraction is None else fraction == 1,
            took_s=0,
            day=day,
            answered_at=now,
        )
        for version, given, fraction in answers
    ]
    PracticeAnswer.objects.bulk_create(rows)
    for right in (True, False):
        ids = [row.question_id for row in rows if row.is_right is right]
        if ids:
            _apply(employee_id, ids, is_right=right, on=day)
