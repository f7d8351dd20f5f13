"""Reading sittings: whose they are, who is where, and when the bell rings."""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.timezone import localtime

from common.clock import today
from exams.models import (
    OPEN_DOORS,
    OPEN_STATES,
    OVER,
    AnswerStep,
    Attempt,
    AttemptState,
    Exam,
    PreparedPaper,
    Seat,
    SeatState,
    Sitting,
    SittingEvent,
    SittingEventKind,
    SittingState,
)
from exams.queries.attempts import own_employee_id
from exams.queries.office import Reader
from exams.queries.paper_sources import question_count
from exams.shapes import OPEN_PURPOSE
from exams.signals import Owing, OwingAsked, owing_asked
from people.models import Employee, EmployeePhoto, OrgUnit, RoleGrant, User
from people.permissions import Capability, allows, roles_with, running_on, scope_for
from people.queries import employees_for, search_employees, with_last_place

RECORD_CHUNK = 500
NOT_BEGUN = (SeatState.EXPECTED, SeatState.ARRIVED, SeatState.ADMITTED, SeatState.ABSENT)
# What a record tells by itself, before the steps of the sitting.
OUT_OF_ORDER = (SittingEventKind.INCIDENT, SittingEventKind.CLOCK)


def sittings_for(user: Reader) -> QuerySet[Sitting]:
    """Return the sittings a user runs: of units in reach, and those that name the user; with `seat_count`."""
    scope = scope_for(user, Capability.INVIGILATE)
    condition = scope.q("unit__path")
    if scope and not scope.everything:
        condition |= _naming(user)
    return _listed(condition)


def sittings_seen_by(user: Reader) -> QuerySet[Sitting]:
    """Return the sittings a user may look at: those the user runs, and those of units where the user reads only."""
    scope, runs = scope_for(user, Capability.VIEW_SITTINGS), scope_for(user, Capability.INVIGILATE)
    if scope.everything or runs.everything:
        return _listed(Q())
    condition = scope.q("unit__path") | runs.q("unit__path")
    return _listed(condition | _naming(user) if runs else condition)


def _naming(user: Reader) -> Q:
    return Q(Exists(Sitting.invigilators.through.objects.filter(sitting=OuterRef("pk"), user=user.pk)))


def _listed(condition: Q) -> QuerySet[Sitting]:
    return (
        Sitting.objects.filter(condition)
        .select_related("exam", "unit")
        .annotate(seat_count=_count_of_seats())
        .order_by("-planned_at", "-pk")
    )


def _count_of_seats() -> Coalesce:
    seats = Seat.objects.filter(sitting=OuterRef("pk")).order_by().values("sitting")
    return Coalesce(Subquery(seats.annotate(n=Count("pk")).values("n")[:1]), 0)


def get_sitting_for(user: Reader, sitting_id: int) -> Sitting:
    """Return a sitting the user runs; raise Sitting.DoesNotExist for any other."""
    return sittings_for(user).get(pk=sitting_id)


def get_sitting_seen_by(user: Reader, sitting_id: int) -> Sitting:
    """Return a sitting the user may look at; raise Sitting.DoesNotExist for any other."""
    return sittings_seen_by(user).get(pk=sitting_id)


def get_seat_of(sitting: Sitting, seat_id: int) -> Seat:
    """Return a seat of this sitting with person and attempt; raise Seat.DoesNotExist for any other."""
    return Seat.objects.select_related("employee", "attempt", "sitting").get(pk=seat_id, sitting=sitting)


def exams_to_sit(user: User) -> QuerySet[Exam]:
    """Return the open exams a user may plan sittings of: everybody's, and those of units within or above reach."""
    scope = scope_for(user, Capability.INVIGILATE)
    above = {
        path[:end] for path in scope.paths for end in range(OrgUnit.steplen, len(path) + 1, OrgUnit.steplen)
    }
    condition = (
        scope.q("bank__owner__path") | Q(bank__owner__isnull=True) | Q(bank__owner__path__in=sorted(above))
    )
    if scope.everything:
        condition = Q()
    return Exam.objects.filter(condition, is_open=True).select_related("bank").order_by("code")


def invigilators_for(user: User) -> QuerySet[User]:
    """Return the active accounts that may invigilate somewhere in the reach of `user`, and `user`."""
    scope = scope_for(user, Capability.INVIGILATE)
    holders = RoleGrant.objects.filter(
        running_on(today()), scope.q("unit__path"), role__in=roles_with(Capability.INVIGILATE)
    )
    condition = Q(pk__in=holders.values("user")) | Q(pk=user.pk)
    return User.objects.filter(condition, is_active=True).order_by("name", "username")


# The candidate


def own_seat(user: User, sitting_public_id: uuid.UUID) -> Seat:
    """Return the user's own seat with sitting, exam and attempt (one statement); raise Seat.DoesNotExist.

    `sitting_seats` tells how many the sitting holds, which says how often its phones may ask.
    """
    seats = Seat.objects.filter(sitting=OuterRef("sitting_id")).order_by().values("sitting")
    return (
        Seat.objects.select_related("sitting__exam", "employee", "attempt")
        .defer("attempt__paper")
        .annotate(sitting_seats=Subquery(seats.annotate(n=Count("pk")).values("n")[:1]))
        .get(sitting__public_id=sitting_public_id, employee_id__in=own_employee_id(user))
    )


def next_sitting_of(employee_id: int, exam_id: int) -> Sitting | None:
    """Return the sitting of an exam this person is to come to next, and has not begun in."""
    return (
        Sitting.objects.filter(exam_id=exam_id)
        .exclude(state__in=OVER)
        .filter(seats__employee_id=employee_id, seats__attempt=None)
        .order_by("planned_at")
        .first()
    )


def coming_seats(employee_id: int, now: dt.datetime) -> list[Seat]:
    """Return this person's seats of today and later that are not behind them, with sitting and exam. One query."""
    to_come = Q(attempt=None) | Q(attempt__state__in=OPEN_STATES)
    day = localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    # A sitting nobody opened stays planned for ever; one that is open counts until it is ended.
    not_forgotten = Q(sitting__planned_at__gte=day) | Q(sitting__state__in=OPEN_DOORS)
    seats = Seat.objects.filter(to_come, not_forgotten, employee_id=employee_id)
    return list(
        seats.exclude(sitting__state__in=OVER)
        .select_related("sitting__exam")
        .order_by("sitting__planned_at", "pk")
    )


def who_owes(
    exam_id: int, employee_ids: Sequence[int] | None = None, *, only_next: bool = True
) -> dict[int, Owing]:
    """Return by employee what the exam would be sat for, as the rooms above say (one statement for each).

    Without `only_next` also for those who have something else to finish first.
    """
    asked = OwingAsked(exam_id, None if employee_ids is None else tuple(employee_ids), only_next)
    found: dict[int, Owing] = {}
    for _receiver, answer in owing_asked.send(sender=None, asked=asked):
        answered: list[Owing] = answer  # type: ignore[assignment]
        for owing in answered:
            found.setdefault(owing.employee_id, owing)
    return found


# The console


@dataclass(frozen=True, slots=True)
class SeatLine:
    """One seat as the invigilator sees it. `answered` counts the questions with a saved answer, on the server.

    `handed_in_at`: when the paper was handed in. One whose time is over counts from its deadline, though the
    sweep, which hands it in as of that moment, has not come by yet.
    """

    seat: Seat
    unit: str
    answered: int
    total: int
    has_photo: bool
    counts_for_task: bool
    handed_in_at: dt.datetime | None = None
    by_deadline: bool = False

    @property
    def attempt(self) -> Attempt | None:
        """Return the attempt, if there is one."""
        return self.seat.attempt

    @property
    def state(self) -> str:
        """Return the state shown: that of the seat, and `handed_in` once the attempt is."""
        if self.seat.attempt is not None and self.seat.attempt.state != AttemptState.OPEN:
            return "handed_in"
        return self.seat.state


@dataclass(frozen=True, slots=True)
class Tally:
    """How many seats there are of each kind."""

    total: int
    expected: int
    arrived: int
    admitted: int
    writing: int
    handed_in: int
    absent: int
    prepared: int

    @property
    def started(self) -> int:
        """Return how many have begun, handed in or not."""
        return self.writing + self.handed_in

    @property
    def not_started(self) -> int:
        """Return how many have not begun."""
        return self.total - self.started


def tally_of(sitting: Sitting) -> Tally:
    """Count the seats of a sitting (one statement)."""
    handed_in = Q(state=SeatState.STARTED) & ~Q(attempt__state=AttemptState.OPEN)
    counts = Seat.objects.filter(sitting=sitting).aggregate(
        total=Count("pk"),
        expected=Count("pk", filter=Q(state=SeatState.EXPECTED)),
        arrived=Count("pk", filter=Q(state=SeatState.ARRIVED)),
        admitted=Count("pk", filter=Q(state=SeatState.ADMITTED)),
        writing=Count("pk", filter=Q(state=SeatState.STARTED, attempt__state=AttemptState.OPEN)),
        handed_in=Count("pk", filter=handed_in),
        absent=Count("pk", filter=Q(state=SeatState.ABSENT)),
        prepared=Count("pk", filter=Exists(PreparedPaper.objects.filter(seat=OuterRef("pk")))),
    )
    return Tally(**counts)


def seats_of(sitting: Sitting, *, state: str = "", words: str = "") -> QuerySet[Seat]:
    """Return the seats of a sitting by number, narrowed to a state as shown and to a name or number."""
    seats = Seat.objects.filter(sitting=sitting).order_by("number")
    if state == "handed_in":
        seats = seats.filter(state=SeatState.STARTED).exclude(attempt__state=AttemptState.OPEN)
    elif state == SeatState.STARTED:
        seats = seats.filter(attempt__state=AttemptState.OPEN)
    elif state:
        seats = seats.filter(state=state)
    if words:
        seats = seats.filter(Q(employee__name__icontains=words) | Q(employee__employee_no__icontains=words))
    return seats


def lines_of(seats: Iterable[Seat], *, reader: Reader, now: dt.datetime) -> list[SeatLine]:
    """Return seats with person, progress and photograph for the console (five statements for any number)."""
    ids = [seat.pk for seat in seats]
    kept = list(
        Seat.objects.filter(pk__in=ids)
        .select_related("employee", "attempt", "admitted_by", "sitting__exam")
        .defer("attempt__paper", "attempt__seed")
        .order_by("number")
    )
    people = {
        person.pk: getattr(person, "last_unit_name", None) or ""
        for person in with_last_place(Employee.objects.filter(pk__in=[seat.employee_id for seat in kept]))
    }
    answered = _answered([seat.attempt_id for seat in kept if seat.attempt_id])
    total = question_count(kept[0].sitting.exam) if kept else 0
    seen = _with_photo([seat.employee_id for seat in kept], reader)
    return [
        SeatLine(
            seat=seat,
            unit=people.get(seat.employee_id, ""),
            answered=answered.get(seat.attempt_id or 0, 0),
            total=total,
            has_photo=seat.employee_id in seen,
            counts_for_task=seat.purpose != OPEN_PURPOSE,
            **_handed_in(seat.attempt, now),
        )
        for seat in kept
    ]


def _handed_in(attempt: Attempt | None, now: dt.datetime) -> dict[str, Any]:
    """Return when a paper was handed in and whether its deadline did it; nothing while it is being written."""
    if attempt is None:
        return {}
    if attempt.submitted_at is not None:
        return {"handed_in_at": attempt.submitted_at, "by_deadline": attempt.submitted_by_deadline}
    if attempt.paused_at is None and attempt.deadline_at <= now:
        return {"handed_in_at": attempt.deadline_at, "by_deadline": True}
    return {}


def _answered(attempt_ids: list[int]) -> dict[int, int]:
    """Return how many questions of each attempt have a saved answer that was not taken back."""
    newest = AnswerStep.objects.filter(attempt=OuterRef("attempt"), slot=OuterRef("slot")).order_by("-seq")
    latest = AnswerStep.objects.filter(attempt_id__in=attempt_ids, seq=Subquery(newest.values("seq")[:1]))
    found: dict[int, int] = {}
    for attempt_id, response in latest.values_list("attempt_id", "response"):
        found[attempt_id] = found.get(attempt_id, 0) + any(response)
    return found


def _with_photo(employee_ids: list[int], reader: Reader) -> set[int]:
    """Return which of these people have a photograph the reader may see."""
    if not allows(reader, Capability.VIEW_PEOPLE):
        return set()
    visible = employees_for(reader).filter(pk__in=employee_ids).values("pk")
    return set(EmployeePhoto.objects.filter(employee__in=visible).values_list("employee_id", flat=True))


def events_of(sitting: Sitting) -> QuerySet[SittingEvent]:
    """Return what happened in a sitting, in its order."""
    return SittingEvent.objects.filter(sitting=sitting).select_related("by", "employee").order_by("pk")


def record_of(sitting: Sitting, *, reader: Reader, now: dt.datetime) -> dict[str, Any]:
    """Return what stands in the record of a sitting: every seat, who did not come, incidents, and the steps."""
    lines: list[SeatLine] = []
    seats = list(seats_of(sitting))
    for start in range(0, len(seats), RECORD_CHUNK):
        lines += lines_of(seats[start : start + RECORD_CHUNK], reader=reader, now=now)
    events = list(events_of(sitting))
    return {
        "lines": lines,
        "tally": tally_of(sitting),
        "steps": [event for event in events if event.kind not in (*OUT_OF_ORDER, SittingEventKind.ADMITTED)],
        "incidents": [event for event in events if event.kind in OUT_OF_ORDER],
        "invigilators": list(sitting.invigilators.order_by("name")),
        "absent": [line.seat for line in lines if line.state in NOT_BEGUN],
    }


def running_sittings() -> QuerySet[Sitting]:
    """Return the sittings that are running."""
    return Sitting.objects.filter(state=SittingState.RUNNING).select_related("exam")


# How many phones may ask the server in a second: a tenth of what two cores answer (measured: M2).
ASKS_PER_S = 40
QUICKEST_S, SLOWEST_S, FAR_S = 4, 50, 60
FAR = dt.timedelta(minutes=15)


def ask_again_s(seats: int, until_bell: dt.timedelta, *, jitter: float) -> int:
    """Return after how many seconds a phone in the lobby asks again, spread by a third around the mean.

    `jitter` is a random number from 0 to 1. All phones of a sitting together ask about ASKS_PER_S times in a
    second, the lone phone every four seconds, and once in a minute while the bell is far.
    """
    mean = max(QUICKEST_S, min(seats / ASKS_PER_S, SLOWEST_S))
    if until_bell > FAR:
        mean = max(mean, FAR_S)
    return max(round(mean * (1 + (jitter - 0.5) * 2 / 3)), 3)


def people_of_unit(user: User, unit: OrgUnit | None) -> list[int]:
    """Return the people of a unit (None: all) over whom the user invigilates, by number. One statement."""
    people = employees_for(user, Capability.INVIGILATE)
    found = search_employees(people, unit_path=unit.path if unit else "")
    return list(found.values_list("pk", flat=True))
