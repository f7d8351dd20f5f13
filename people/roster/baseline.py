"""Where a person stood before the first recorded event: stays that no event tells of. Pure.

Every path of the platform records an event with a stay. Stays without one come from databases filled by other
means; the events they stand for are made up here, so that a later event has something to follow.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from people.roster.history import COMES_BACK, Entry, Key, Span
from people.roster.shapes import EventName, Standing

UNRECORDED = dt.datetime.min.replace(tzinfo=dt.UTC)  # before anything that was recorded


@dataclass(frozen=True, slots=True)
class Standpoint:
    """How somebody stands, and under which terms, as the person's own row says it."""

    standing: Standing
    hired_on: dt.date
    left_on: dt.date | None
    employment_type: str
    employer: Key | None


def baseline(stays: Sequence[Span], person: Standpoint, first: Entry | None) -> list[Entry]:
    """Return the events that primary stays begun before the `first` recorded event stand for.

    A stay that begins on the day of that event counts only if it is the only one: else the event made it.
    """
    before = [stay for stay in stays if first is None or stay.starts_on < first.on]
    before = before or [stay for stay in stays[:1] if first is not None and stay.starts_on == first.on]
    made = _Made()
    if not before:
        day = person.hired_on if first is None else min(person.hired_on, first.on)
        made.add(EventName.HIRED, day, None, None, person.employment_type, person.employer)
        if person.left_on is not None and first is None:
            made.add(EventName.LEFT, person.left_on)
        return made.entries
    end: dt.date | None = None
    for stay in before:
        place = (stay.unit, stay.post, stay.employment_type, stay.employer)
        if not made.entries:
            made.add(EventName.HIRED, stay.starts_on, *place)
        elif end is not None and end < stay.starts_on:
            made.add(EventName.LEFT_POST, end)
            made.add(EventName.RETURNED, stay.starts_on, *place)
        else:
            made.add(EventName.TRANSFERRED, stay.starts_on, *place)
        end = stay.ends_before
    gone = _gone(person.standing) if first is None else _gone_before(first, end)
    if end is not None and gone is not None:
        made.add(gone, (person.left_on if gone is EventName.LEFT else None) or end)
    return made.entries


@dataclass(slots=True)
class _Made:
    entries: list[Entry] = field(default_factory=list)

    def add(
        self,
        name: EventName,
        on: dt.date,
        unit: Key | None = None,
        post: Key | None = None,
        employment_type: str = "",
        employer: Key | None = None,
    ) -> None:
        number = len(self.entries)
        moment = UNRECORDED + dt.timedelta(microseconds=number)
        self.entries.append(
            Entry(("baseline", number), name, on, moment, unit, post, employment_type, employer)
        )


def _gone(standing: Standing) -> EventName | None:
    return {Standing.LEFT: EventName.LEFT, Standing.AWAY: EventName.LEFT_POST}.get(standing)


def _gone_before(first: Entry, end: dt.date | None) -> EventName | None:
    """Return what must have happened between the end of the last stay and the first recorded event."""
    if end is None or end > first.on:
        return None
    if first.name in COMES_BACK:
        return EventName.LEFT if first.name is EventName.REHIRED else EventName.LEFT_POST
    return EventName.LEFT_POST if end < first.on else None
