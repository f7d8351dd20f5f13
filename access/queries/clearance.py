"""What a gate is answered: the stored clearance of people it may ask about, in two statements."""

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q
from django.utils.timezone import localdate

from access.models import AccessPlace, Gate
from access.passlists import until_text
from access.places import Conditions, DemandedProgramme, Visitor, place_reasons, place_until
from common.addresses import in_ranges
from common.signing import token_digest
from people.models import Employee, EmploymentStatus
from training.clearance import Clearance
from training.models import TrainingRecord
from training.queries.clearance import (
    ReasonView,
    clearance_answers,
    demanded_licence,
    licences_held,
    reason_text,
    reason_views,
)


@dataclass(frozen=True, slots=True)
class AskingGate:
    """A gate as its token shows it, with the paths of the units it may ask about."""

    pk: int
    name: str
    paths: tuple[str, ...]
    calls_per_minute: int
    expires_on: dt.date
    ip_ranges: tuple[str, ...]

    def allows_address(self, address: str) -> bool:
        """Tell whether the gate may ask from an address."""
        return not self.ip_ranges or in_ranges(address, self.ip_ranges)

    def covers(self, path: str | None) -> bool:
        """Tell whether a unit lies among the gate's."""
        return path is not None and any(path.startswith(start) for start in self.paths)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a gate is told of a person. `until` is the last day it holds by itself, "" without end."""

    employee_id: int
    employee_no: str
    is_cleared: bool
    reasons: tuple[ReasonView, ...]
    until: str
    place: str = ""

    def document(self, checked_at: dt.datetime) -> dict[str, Any]:
        """Return the answer as JSON shows it."""
        told = self._told()
        return {**told, "checked_at": checked_at.isoformat(timespec="seconds"), "etag": _etag(told)}

    def etag(self) -> str:
        """Return what names this very answer: it changes when a reason, a day or a word of it does."""
        return _etag(self._told())

    def _told(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "employee_no": self.employee_no,
            "cleared": self.is_cleared,
            "reasons": [
                {"code": str(one.code), "text": one.text, "basis": one.basis} for one in self.reasons
            ],
            "until": self.until or None,
        }
        return told | {"place": self.place} if self.place else told


def _etag(told: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]


def asking_gate(token: str) -> AskingGate | None:
    """Return the gate a token belongs to, unless it was stopped. One query."""
    rows = list(
        Gate.objects.filter(token_digest=token_digest(token), revoked_at__isnull=True)
        .order_by()
        .values_list("pk", "name", "calls_per_minute", "expires_on", "ip_ranges", "units__path")
    )
    if not rows:
        return None
    pk, name, calls, expires_on, ranges, _path = rows[0]
    paths = tuple(sorted(row[5] for row in rows if row[5]))
    return AskingGate(pk, name, paths, calls, expires_on, tuple(ranges))


def answers_for(
    gate: AskingGate,
    *,
    employee_nos: Collection[str] = (),
    badge_digest: str = "",
    now: dt.datetime,
) -> dict[str, Answer]:
    """Return the answers about people the gate may ask about, by employee number. One query.

    Who is not there is unknown, or not the gate's: the two are never told apart. An answer that has run out (the
    night's work is still to come) is computed anew; six more queries then, for all of them together.
    """
    asked = (
        Q(badges__code_digest=badge_digest, badges__ended_at__isnull=True)
        if badge_digest
        else Q(employee_no__in=employee_nos)
    )
    today = localdate(now)
    rows = (
        Employee.objects.filter(asked)
        .order_by()
        .values_list(
            "pk",
            "employee_no",
            "status",
            "employer__path",
            "clearance__is_cleared",
            "clearance__reasons",
            "clearance__recheck_on",
            "assignments__unit__path",
            "assignments__employer__path",
            "assignments__starts_on",
            "assignments__ends_before",
        )
    )
    people: dict[int, _Person] = {}
    for row in rows:
        person = people.get(row[0])
        if person is None:
            person = people[row[0]] = _Person(*row[:7], stays=[])
        person.stays.append(row[7:])
    seen = [person for person in people.values() if person.is_seen_by(gate, today)]
    stale = {person.pk: person.status for person in seen if person.is_stale(today)}
    fresh = clearance_answers(stale, today) if stale else {}
    return {
        person.employee_no: (_computed(person, fresh[person.pk]) if person.pk in fresh else _stored(person))
        for person in seen
    }


@dataclass(slots=True)
class _Person:
    """One person as read, with the stays as (unit, firm, start, end)."""

    pk: int
    employee_no: str
    status: str
    firm_path: str | None
    is_cleared: bool | None
    reasons: list[dict[str, str]] | None
    recheck_on: dt.date | None
    stays: list[tuple[Any, ...]]

    def is_stale(self, today: dt.date) -> bool:
        """Tell whether there is no stored answer, or its day has come."""
        return self.is_cleared is None or (self.recheck_on is not None and self.recheck_on <= today)

    def is_seen_by(self, gate: AskingGate, today: dt.date) -> bool:
        """Tell whether the person counts under the gate's units: by a stay of today, the last one, or the firm."""
        return gate.covers(self.firm_path) or any(gate.covers(path) for path in self.paths(today))

    def paths(self, today: dt.date) -> list[str | None]:
        """Return where the person counts today; who has no stay today counts where the last one was."""
        begun = [stay for stay in self.stays if stay[2] is not None and stay[2] <= today]
        current = [stay for stay in begun if stay[3] is None or stay[3] > today]
        if not current:
            current = sorted(begun, key=lambda stay: stay[2])[-1:]
        return [path for stay in current for path in (stay[0], stay[1])]


def _stored(person: _Person) -> Answer:
    return Answer(
        person.pk,
        person.employee_no,
        bool(person.is_cleared),
        reason_views(person.reasons or []),
        until_text(person.recheck_on),
    )


def _computed(person: _Person, answer: Clearance) -> Answer:
    views = tuple(_view(reason) for reason in answer.reasons)
    return Answer(person.pk, person.employee_no, answer.is_cleared, views, until_text(answer.recheck_on))


def _view(reason: Any) -> ReasonView:
    return ReasonView(
        code=str(reason.code),
        text=reason_text(str(reason.code), reason.subject, reason.day),
        basis=reason.basis,
        obligation_id=reason.obligation_id,
        licence_type=reason.licence_type,
    )


# Places


def place_with_code(code: str, paths: Iterable[str], on: dt.date) -> AccessPlace | None:
    """Return an open place of one of these subtrees by its code. One query."""
    within = Q(pk__in=())
    for path in paths:
        within |= Q(unit__path__startswith=path)
    places = AccessPlace.objects.filter(Q(closed_on__isnull=True) | Q(closed_on__gt=on), within, code=code)
    return places.select_related("unit").first()


def conditions_of(place: AccessPlace) -> Conditions:
    """Return what a place asks for. Two queries."""
    return Conditions(
        name=place.name,
        unit_path=place.unit.path,
        own_people_only=place.own_people_only,
        licences=tuple(demanded_licence(kind) for kind in place.demanded_licences.all()),
        programmes=tuple(
            DemandedProgramme(one.code, one.title, one.valid_months)
            for one in place.demanded_programmes.all()
        ),
        basis=place.basis,
    )


def at_place(answers: Collection[Answer], place: AccessPlace, now: dt.datetime) -> dict[str, Answer]:
    """Return answers with the place's own conditions added. Seven queries at most for any number of people."""
    today = localdate(now)
    conditions = conditions_of(place)
    ids = [answer.employee_id for answer in answers]
    held, worked = licences_held(ids, today)
    done: dict[int, list[tuple[str, dt.date]]] = {}
    for pk, code, completed_at in TrainingRecord.objects.filter(
        employee_id__in=ids,
        programme__in=place.demanded_programmes.all(),
        # The row of a whole programme, or what corrects it: rows of single parts name a component.
        kind__in=("programme", "correction"),
        component__isnull=True,
        passed=True,
        corrected_by__isnull=True,
    ).values_list("employee_id", "programme__code", "completed_at"):
        done.setdefault(pk, []).append((code, localdate(completed_at)))
    paths = _paths_today(ids, today) if conditions.own_people_only else {}
    found = {}
    for answer in answers:
        pk = answer.employee_id
        visitor = Visitor(
            paths=tuple(paths.get(pk, ())),
            held=tuple(held[pk]),
            worked=tuple(worked[pk]),
            done=tuple(done.get(pk, ())),
        )
        found[answer.employee_no] = _with_place(answer, place, conditions, visitor, today)
    return found


def _with_place(
    answer: Answer, place: AccessPlace, conditions: Conditions, visitor: Visitor, today: dt.date
) -> Answer:
    known = {(one.code, one.licence_type) for one in answer.reasons if one.licence_type}
    added = tuple(
        _view(reason)
        for reason in place_reasons(conditions, visitor, today)
        # What the post asks for as well is said once.
        if (str(reason.code), reason.licence_type) not in known
    )
    until = place_until(conditions, visitor, today)
    days = [day for day in (answer.until, until.isoformat() if until else "") if day]
    return replace(
        answer,
        is_cleared=answer.is_cleared and not added,
        reasons=(*answer.reasons, *added),
        until=min(days, default=""),
        place=place.code,
    )


def _paths_today(ids: Collection[int], today: dt.date) -> dict[int, list[str]]:
    rows = Employee.objects.filter(pk__in=ids).exclude(status=EmploymentStatus.LEFT)
    found: dict[int, list[str]] = {}
    for pk, unit, firm, starts_on, ends_before in rows.values_list(
        "pk",
        "assignments__unit__path",
        "assignments__employer__path",
        "assignments__starts_on",
        "assignments__ends_before",
    ):
        if starts_on is not None and starts_on <= today and (ends_before is None or ends_before > today):
            found.setdefault(pk, []).extend(path for path in (unit, firm) if path)
    return found
