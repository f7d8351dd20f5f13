"""May this person work in the present post today? Pure: facts in, answer with reasons out.

Work Safety Law art. 28: nobody works who was not trained and found qualified. The answer names every reason,
the rule behind it, and the first day on which it may change by itself.
"""

import datetime as dt
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class ReasonCode(StrEnum):
    """Why a person is blocked."""

    LEFT = "left"
    AWAY = "away"
    NO_POST = "no_post"
    TRAINING_OWED = "training_owed"
    LICENCE_MISSING = "licence_missing"
    LICENCE_NOT_YET_VALID = "licence_not_yet_valid"
    LICENCE_EXPIRED = "licence_expired"
    LICENCE_REVIEW_OVERDUE = "licence_review_overdue"
    LICENCE_REFUTED = "licence_refuted"
    REASSESSMENT_DUE = "reassessment_due"
    # Of a place, see access.places.
    NOT_OF_THIS_PLACE = "not_of_this_place"
    PROGRAMME_MISSING = "programme_missing"
    PROGRAMME_EXPIRED = "programme_expired"


@dataclass(frozen=True, slots=True)
class OwedTraining:
    """An open obligation that must be done before work."""

    public_id: str
    title: str
    owed_from: dt.date
    due_on: dt.date
    basis: str


@dataclass(frozen=True, slots=True)
class DemandedLicence:
    """A kind of licence a post demands. After `off_post_months` without the work it asks for a new practical exam."""

    code: str
    name: str
    basis: str
    off_post_months: int | None = None


@dataclass(frozen=True, slots=True)
class HeldLicence:
    """A licence the person holds; valid and reviewed up to and including the two dates.

    `is_refuted`: the official query site knows it otherwise or not at all. `assessed_on` are the days on which the
    holder was examined since (review, practical exam after a break).
    """

    code: str
    valid_from: dt.date
    valid_until: dt.date
    review_due_on: dt.date | None = None
    is_refuted: bool = False
    assessed_on: tuple[dt.date, ...] = ()


@dataclass(frozen=True, slots=True)
class Worked:
    """A time in which the person did the work a kind of licence is for; `ends_before` None: still does."""

    code: str
    starts_on: dt.date
    ends_before: dt.date | None


@dataclass(frozen=True, slots=True)
class Stay:
    """A time in one post with what it demands; `ends_before` is the first day after it."""

    starts_on: dt.date
    ends_before: dt.date | None
    demanded: tuple[DemandedLicence, ...] = ()

    def covers(self, on: dt.date) -> bool:
        """Tell whether the person stood in this post on a day."""
        return self.starts_on <= on and (self.ends_before is None or on < self.ends_before)


@dataclass(frozen=True, slots=True)
class ClearanceFacts:
    """Everything the answer rests on. `status` is active, away or left (people.models.EmploymentStatus)."""

    on: dt.date
    status: str
    stays: tuple[Stay, ...] = ()
    owed: tuple[OwedTraining, ...] = ()
    held: tuple[HeldLicence, ...] = ()
    worked: tuple[Worked, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for being blocked. `subject` names the training or licence, `day` the date that matters."""

    code: ReasonCode
    subject: str = ""
    day: dt.date | None = None
    basis: str = ""
    obligation_id: str = ""
    licence_type: str = ""


@dataclass(frozen=True, slots=True)
class Clearance:
    """The answer for a day. `recheck_on` is the first later day on which it may change by itself."""

    reasons: tuple[Reason, ...]
    recheck_on: dt.date | None

    @property
    def is_cleared(self) -> bool:
        """Tell whether nothing stands against working."""
        return not self.reasons


def clearance(facts: ClearanceFacts) -> Clearance:
    """Return whether the person may work on `facts.on`, with every reason why not."""
    if facts.status == "left":
        return Clearance((Reason(ReasonCode.LEFT),), None)
    current = next((stay for stay in facts.stays if stay.covers(facts.on)), None)
    reasons: list[Reason] = []
    if facts.status == "away":
        reasons.append(Reason(ReasonCode.AWAY))
    elif current is None:
        reasons.append(Reason(ReasonCode.NO_POST))
    reasons += _training_reasons(facts)
    for demanded in sorted(_demanded_on(facts.stays, facts.on), key=lambda item: item.code):
        reason = licence_reason(demanded, facts.held, facts.worked, facts.on)
        if reason is not None:
            reasons.append(reason)
    return Clearance(tuple(reasons), _next_change(facts))


def _training_reasons(facts: ClearanceFacts) -> list[Reason]:
    return [
        Reason(
            ReasonCode.TRAINING_OWED,
            subject=owed.title,
            day=owed.due_on,
            basis=owed.basis,
            obligation_id=owed.public_id,
        )
        for owed in sorted(facts.owed, key=lambda item: (item.due_on, item.title, item.public_id))
        if owed.owed_from <= facts.on
    ]


def _demanded_on(stays: Iterable[Stay], on: dt.date) -> set[DemandedLicence]:
    return {demanded for stay in stays if stay.covers(on) for demanded in stay.demanded}


def licence_reason(
    demanded: DemandedLicence, held: Iterable[HeldLicence], worked: Iterable[Worked], on: dt.date
) -> Reason | None:
    """Return what is wrong with the best licence of a demanded kind, or None if one is good."""
    own = [licence for licence in held if licence.code == demanded.code]
    verdicts = [_verdict(licence, on) for licence in own]
    if None in verdicts:
        last = last_day_before_break(demanded, own, worked, on)
        if last is None:
            return None
        return Reason(
            ReasonCode.REASSESSMENT_DUE,
            subject=demanded.name,
            day=last,
            basis=demanded.basis,
            licence_type=demanded.code,
        )
    code, day = max(
        (verdict for verdict in verdicts if verdict is not None),
        default=(ReasonCode.LICENCE_MISSING, None),
        # The licence that was good longest tells the holder most about what to do.
        key=lambda verdict: verdict[1] or dt.date.min,
    )
    return Reason(code, subject=demanded.name, day=day, basis=demanded.basis, licence_type=demanded.code)


def last_day_before_break(
    demanded: DemandedLicence, own: Iterable[HeldLicence], worked: Iterable[Worked], on: dt.date
) -> dt.date | None:
    """Return the last day of work before a break that asks for a new practical exam, or None.

    A break counts from the last day of the work to the first day of it thereafter, and is healed by any
    examination since: a review, a new licence, or the exam itself. Where nothing is known of earlier work,
    nothing is asked. Source: order 30, off the post for six months or more (the months are data).
    """
    if demanded.off_post_months is None:
        return None
    examined = [day for licence in own for day in (licence.valid_from, *licence.assessed_on) if day <= on]
    spans = sorted(
        (one.starts_on, one.ends_before)
        for one in worked
        if one.code == demanded.code and one.starts_on <= on
    )
    last: dt.date | None = None
    for starts_on, ends_before in spans:
        too_long = last is not None and months_after(last, demanded.off_post_months) <= starts_on
        if last is not None and too_long and not any(day > last for day in examined):
            return last
        end = on if ends_before is None else min(ends_before - dt.timedelta(days=1), on)
        last = end if last is None else max(last, end)
    return None


def months_after(day: dt.date, months: int) -> dt.date:
    """Return the same day so many months later, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > dt.MAXYEAR:
        return dt.date.max
    return dt.date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _verdict(licence: HeldLicence, on: dt.date) -> tuple[ReasonCode, dt.date | None] | None:
    if licence.is_refuted:
        return ReasonCode.LICENCE_REFUTED, None
    if on < licence.valid_from:
        return ReasonCode.LICENCE_NOT_YET_VALID, licence.valid_from
    if on > licence.valid_until:
        return ReasonCode.LICENCE_EXPIRED, licence.valid_until
    if licence.review_due_on is not None and on > licence.review_due_on:
        return ReasonCode.LICENCE_REVIEW_OVERDUE, licence.review_due_on
    return None


def _next_change(facts: ClearanceFacts) -> dt.date | None:
    """Return the next day on which any of the facts starts or stops to count."""
    days: list[dt.date] = [owed.owed_from for owed in facts.owed]
    for stay in facts.stays:
        days.append(stay.starts_on)
        if stay.ends_before is not None:
            days.append(stay.ends_before)
    for licence in facts.held:
        days += [licence.valid_from, licence.valid_until + dt.timedelta(days=1)]
        if licence.review_due_on is not None:
            days.append(licence.review_due_on + dt.timedelta(days=1))
    return min((day for day in days if day > facts.on), default=None)
