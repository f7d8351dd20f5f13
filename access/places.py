"""May this person enter this place today? Pure: the place's own conditions, beside those of the post."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from training.clearance import (
    DemandedLicence,
    HeldLicence,
    Reason,
    ReasonCode,
    Worked,
    licence_reason,
    months_after,
)


@dataclass(frozen=True, slots=True)
class DemandedProgramme:
    """A training a place asks for, and for how many months it holds (None: for good)."""

    code: str
    title: str
    valid_months: int | None = None


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a place asks for. `own_people_only`: of those who work in the unit it belongs to."""

    name: str
    unit_path: str
    own_people_only: bool = False
    licences: tuple[DemandedLicence, ...] = ()
    programmes: tuple[DemandedProgramme, ...] = ()
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Visitor:
    """What is known of whoever wants in: the paths of the units they count under today, licences, training done."""

    paths: tuple[str, ...] = ()
    held: tuple[HeldLicence, ...] = ()
    worked: tuple[Worked, ...] = ()
    done: tuple[tuple[str, dt.date], ...] = ()  # code of the programme, day it was completed


def last_good_day(done_on: dt.date, valid_months: int | None) -> dt.date | None:
    """Return until when a training holds, including that day; None: for good."""
    if valid_months is None:
        return None
    return months_after(done_on, valid_months) - dt.timedelta(days=1)


def place_reasons(place: Conditions, visitor: Visitor, on: dt.date) -> tuple[Reason, ...]:
    """Return every reason why the place is closed to somebody, beyond what their own post asks for."""
    reasons: list[Reason] = []
    if place.own_people_only and not any(path.startswith(place.unit_path) for path in visitor.paths):
        reasons.append(Reason(ReasonCode.NOT_OF_THIS_PLACE, subject=place.name, basis=place.basis))
    for demanded in sorted(place.licences, key=lambda kind: kind.code):
        found = licence_reason(demanded, visitor.held, visitor.worked, on)
        if found is not None:
            reasons.append(found)
    for programme in sorted(place.programmes, key=lambda one: one.code):
        days = [day for code, day in visitor.done if code == programme.code and day <= on]
        if not days:
            reasons.append(Reason(ReasonCode.PROGRAMME_MISSING, subject=programme.title, basis=place.basis))
            continue
        until = last_good_day(max(days), programme.valid_months)
        if until is not None and until < on:
            reasons.append(
                Reason(ReasonCode.PROGRAMME_EXPIRED, subject=programme.title, day=until, basis=place.basis)
            )
    return tuple(reasons)


def place_until(place: Conditions, visitor: Visitor, on: dt.date) -> dt.date | None:
    """Return the last day on which the answer about a place stays as it is by itself; None: no end is known."""
    codes = {kind.code for kind in place.licences}
    ends = _licence_days((one for one in visitor.held if one.code in codes), on)
    for programme in place.programmes:
        ends += [
            until
            for code, day in visitor.done
            if code == programme.code and (until := last_good_day(day, programme.valid_months)) is not None
        ]
    return min((day for day in ends if day >= on), default=None)


def _licence_days(held: Iterable[HeldLicence], on: dt.date) -> list[dt.date]:
    days: list[dt.date] = []
    for licence in held:
        days.append(licence.valid_until)
        if licence.review_due_on is not None:
            days.append(licence.review_due_on)
        if licence.valid_from > on:
            days.append(licence.valid_from - dt.timedelta(days=1))
    return days
