"""The people of a sitting: who is on its roster, who came, who was recognised."""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _

from exams.actions.attempts import EmployeeId
from exams.actions.sitting_notices import tell_removed, tell_seated
from exams.actions.sittings import locked, note
from exams.errors import SittingRefused
from exams.models import (
    OPEN_DOORS,
    OVER,
    Seat,
    SeatState,
    Sitting,
    SittingEventKind,
)
from exams.queries.sittings import who_owes
from exams.shapes import OPEN_PURPOSE
from people.models import Employee, EmploymentStatus, User
from people.permissions import Capability
from people.queries import employees_for

MOST_SEATS = 5_000
CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class RosterLine:
    """One line of a list, as it was written: what became of it. `line` counts from 1."""

    line: int
    text: str
    outcome: str  # "added", "known" or "refused"
    message: str


@dataclass(frozen=True, slots=True)
class RosterReport:
    """What came of adding people. `lines` speaks of those of a list; the rest are counted."""

    added: int
    known: int
    lines: tuple[RosterLine, ...]

    @property
    def refused(self) -> tuple[RosterLine, ...]:
        """Return the lines that were not taken."""
        return tuple(line for line in self.lines if line.outcome == "refused")


@transaction.atomic
def add_people(
    *, sitting_id: int, employee_ids: Iterable[int], acting_user: User | None, now: dt.datetime
) -> RosterReport:
    """Put people on the roster, numbered behind those there, and tell them; who is on it already stays as is.

    Only people in the reach of `acting_user` who have an account and have not left are taken; others in the
    list are left out without a word, see `add_numbers` for a report. Late additions are taken while it runs.
    Raises SittingRefused (`over`, `too_many`).
    """
    sitting = locked(sitting_id, acting_user)
    _refuse_over(sitting)
    wanted = list(dict.fromkeys(employee_ids))
    reachable = _reachable(acting_user)
    allowed: set[int] = set()
    for start in range(0, len(wanted), CHUNK):
        piece = reachable.filter(pk__in=wanted[start : start + CHUNK])
        allowed |= set(piece.values_list("pk", flat=True))
    added, known = _seat(sitting, [pk for pk in wanted if pk in allowed], acting_user, now)
    return RosterReport(added, known, ())


@transaction.atomic
def add_numbers(
    *, sitting_id: int, numbers: Sequence[tuple[int, str]], acting_user: User | None, now: dt.datetime
) -> RosterReport:
    """Put the people with these employee numbers, given as (line, number), on the roster; report each line.

    Raises SittingRefused (`over`, `too_many`).
    """
    sitting = locked(sitting_id, acting_user)
    _refuse_over(sitting)
    people: dict[str, Employee] = {}
    texts = list(dict.fromkeys(text for _line, text in numbers))
    visible = _visible(acting_user)
    for start in range(0, len(texts), CHUNK):
        piece = visible.filter(employee_no__in=texts[start : start + CHUNK]).select_related("user")
        people |= {person.employee_no: person for person in piece}
    in_reach = {person.pk for person in people.values() if _unfit(person) is None}
    already = set(sitting.seats.values_list("employee_id", flat=True))
    lines: list[RosterLine] = []
    seen: dict[str, int] = {}
    for line, text in numbers:
        lines.append(_line(line, text, people.get(text), already, seen))
        seen.setdefault(text, line)
    order = [people[text].pk for text in texts if text in people and people[text].pk in in_reach]
    added, known = _seat(sitting, order, acting_user, now)
    return RosterReport(added, known, tuple(lines))


def _line(
    line: int, text: str, person: Employee | None, already: Collection[int], seen: dict[str, int]
) -> RosterLine:
    if person is None:
        message = _("没有工号“%(no)s”，或此人不在你负责的范围内。请核对工号。") % {"no": text}
        return RosterLine(line, text, "refused", message)
    problem = _unfit(person)
    if problem:
        return RosterLine(line, text, "refused", problem)
    if text in seen:
        return RosterLine(line, text, "known", _("与第 %(n)s 行重复，只排一次。") % {"n": seen[text]})
    if person.pk in already:
        return RosterLine(line, text, "known", _("%(name)s 已在名单里。") % {"name": person.name})
    return RosterLine(line, text, "added", person.name)


def _unfit(person: Employee) -> str | None:
    """Return why somebody cannot sit an exam here, in words, or None."""
    if person.status == EmploymentStatus.LEFT:
        return str(_("%(name)s 已离职。") % {"name": person.name})
    if person.user is None or not person.user.is_active:
        return str(_("%(name)s 没有可用的账号，不能在线考试。请先在员工页开通账号。") % {"name": person.name})
    return None


def _visible(acting_user: User | None) -> QuerySet[Employee]:
    if acting_user is None:
        return Employee.objects.all()
    return employees_for(acting_user, Capability.INVIGILATE)


def _reachable(acting_user: User | None) -> QuerySet[Employee]:
    return _visible(acting_user).filter(user__is_active=True).exclude(status=EmploymentStatus.LEFT)


def _refuse_over(sitting: Sitting) -> None:
    if sitting.state in OVER:
        message = _("这个场次%(state)s，名单不能再改。") % {"state": sitting.get_state_display()}
        raise SittingRefused("over", message)


def _seat(
    sitting: Sitting, employee_ids: Sequence[int], acting_user: User | None, now: dt.datetime
) -> tuple[int, int]:
    """Add seats for those who have none; return how many were added and how many had one."""
    has_seat = set(sitting.seats.values_list("employee_id", flat=True))
    fresh = [pk for pk in employee_ids if pk not in has_seat]
    if len(has_seat) + len(fresh) > MOST_SEATS:
        message = _("一个场次最多 %(n)s 人。请分成几个场次。") % {"n": MOST_SEATS}
        raise SittingRefused("too_many", message)
    if not fresh:
        return 0, len(employee_ids)
    owes = who_owes(sitting.exam_id, fresh)
    last = sitting.seats.aggregate(last=Max("number"))["last"] or 0
    Seat.objects.bulk_create(
        [
            Seat(
                sitting=sitting,
                employee_id=pk,
                number=number,
                purpose=owes[pk].purpose if pk in owes else OPEN_PURPOSE,
            )
            for number, pk in enumerate(fresh, start=last + 1)
        ],
        batch_size=CHUNK,
    )
    event = note(sitting, SittingEventKind.ROSTER, acting_user=acting_user, now=now, added=len(fresh))
    for start in range(0, len(fresh), CHUNK):
        tell_seated(event=event, employee_ids=fresh[start : start + CHUNK], now=now)
    return len(fresh), len(employee_ids) - len(fresh)


@transaction.atomic
def remove_seat(*, seat_id: int, acting_user: User | None, now: dt.datetime) -> None:
    """Take somebody off the roster who has not started, and say so. Raises SittingRefused (`over`, `started`)."""
    # The sitting first and then the seat, as everywhere: two who wait for each other would wait for ever.
    sitting = locked(Seat.objects.values_list("sitting_id", flat=True).get(pk=seat_id), acting_user)
    seat = Seat.objects.select_for_update(of=("self",)).select_related("employee").get(pk=seat_id)
    _refuse_over(sitting)
    if seat.attempt_id is not None:
        message = _("%(name)s 已经开始答题，不能移出名单。") % {"name": seat.employee.name}
        raise SittingRefused("started", message)
    seat.delete()
    event = note(sitting, SittingEventKind.REMOVED, acting_user=acting_user, now=now, employee=seat.employee)
    tell_removed(event=event, now=now)


def arrive(*, sitting_public_id: uuid.UUID, employee_id: EmployeeId, now: dt.datetime) -> Seat:
    """Note that somebody stands in the lobby. Again: no change.

    Raises: Seat.DoesNotExist; SittingRefused (`doors_closed`, `over`).
    """
    owner = {"employee_id": employee_id} if isinstance(employee_id, int) else {"employee_id__in": employee_id}
    with transaction.atomic():
        seat = Seat.objects.select_related("sitting", "employee").get(
            sitting__public_id=sitting_public_id, **owner
        )
        require_open_doors(seat.sitting)
        mark_arrived(seat, now)
    return seat


def mark_arrived(seat: Seat, now: dt.datetime) -> None:
    """Note the arrival of a seat that was expected; any other stays as it is."""
    if Seat.objects.filter(pk=seat.pk, state=SeatState.EXPECTED).update(
        state=SeatState.ARRIVED, arrived_at=now
    ):
        seat.state, seat.arrived_at = SeatState.ARRIVED, now


def require_open_doors(sitting: Sitting) -> None:
    """Raise SittingRefused (`doors_closed`, `over`) unless people may be in the lobby."""
    if sitting.state in OVER:
        raise SittingRefused("over", _("这个场次%(state)s。") % {"state": sitting.get_state_display()})
    if sitting.state not in OPEN_DOORS:
        raise SittingRefused("doors_closed", _("考场还没有开门。请到开门时间再来。"))


@transaction.atomic
def admit(
    *, sitting_id: int, seat_ids: Collection[int] | None, acting_user: User | None, now: dt.datetime
) -> int:
    """Note that somebody's identity was checked by eye (None: of everybody who arrived); return how many.

    Raises SittingRefused (`doors_closed`, `over`).
    """
    sitting = locked(sitting_id, acting_user)
    require_open_doors(sitting)
    waiting = Q(state=SeatState.ARRIVED)
    if seat_ids is not None:
        # Who stands at the table has arrived, whether or not the phone said so.
        waiting = Q(state__in=(SeatState.ARRIVED, SeatState.EXPECTED), pk__in=seat_ids)
    seats = list(
        Seat.objects.select_for_update(of=("self",))
        .filter(waiting, sitting=sitting)
        .select_related("employee")
        .order_by("number")
    )
    ids = [seat.pk for seat in seats]
    Seat.objects.filter(pk__in=ids, arrived_at=None).update(arrived_at=now)
    Seat.objects.filter(pk__in=ids).update(state=SeatState.ADMITTED, admitted_at=now, admitted_by=acting_user)
    if seats:
        note(
            sitting,
            SittingEventKind.ADMITTED,
            acting_user=acting_user,
            now=now,
            employee=seats[0].employee if len(seats) == 1 else None,
            employee_nos=[seat.employee.employee_no for seat in seats],
        )
    return len(seats)


def refresh_purposes(sitting: Sitting) -> int:
    """Ask again what the seats that have not begun are sat for; return how many changed."""
    waiting = list(Seat.objects.filter(sitting=sitting, attempt=None))
    owes = who_owes(sitting.exam_id, [seat.employee_id for seat in waiting])
    changed: list[Seat] = []
    for seat in waiting:
        owing = owes.get(seat.employee_id)
        purpose = owing.purpose if owing else OPEN_PURPOSE
        if seat.purpose != purpose:
            seat.purpose = purpose
            changed.append(seat)
    Seat.objects.bulk_update(changed, ["purpose"], batch_size=CHUNK)
    return len(changed)
