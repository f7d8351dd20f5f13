"""From a list and what is known to changes and employment events.

A person the list does not mention is left alone, unless the list is declared to be the full roster. A row
applied twice changes nothing the second time.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from people.roster.shapes import CLEAR, Change, EventName, Happening, Outcome, Person, Problem, Row, Standing

# The brake on lists: more than both is refused. A wrong file (one workshop instead of the works, the end of the
# contract taken for the day of leaving) ends hundreds; a month's real leavers stay far below.
BRAKE_SHARE_PCT = 10
BRAKE_COUNT = 5


@dataclass(frozen=True, slots=True)
class RosterDiff:
    """All changes, in the order of the list (people missing from a full roster last), and all problems."""

    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]

    def count(self, outcome: Outcome) -> int:
        """Return how many people come to `outcome`."""
        return sum(1 for change in self.changes if change.outcome is outcome)


class _Contradiction(Exception):
    def __init__(self, field: str, code: str, **detail: object) -> None:
        super().__init__(code)
        self.field = field
        self.code = code
        self.detail = {name: str(value) for name, value in detail.items()}


def diff_roster(
    known: Mapping[str, Person],
    rows: Iterable[Row],
    on: dt.date,
    *,
    missing_have_left: Iterable[str] = (),
) -> RosterDiff:
    """Compare a list with what is known on the day `on`.

    `known` is keyed by employee number. `missing_have_left` holds the numbers of the people who have left if
    the list does not name them: empty for a partial list, everyone concerned for a full roster.
    """
    changes: list[Change] = []
    problems: list[Problem] = []
    named: set[str] = set()
    for row in rows:
        named.add(row.employee_no)
        result = diff_row(known.get(row.employee_no), row, on)
        if isinstance(result, Problem):
            problems.append(result)
        else:
            changes.append(result)
    for employee_no in missing_have_left:
        person = known[employee_no]
        if employee_no not in named and person.standing is not Standing.LEFT:
            gone = Row(employee_no, standing=Standing.LEFT, left_on=max(on, person.since))
            changes.append(_leave(person, gone, max(on, person.since)))
    return RosterDiff(tuple(changes), tuple(problems))


def brake_ending(known: Mapping[str, Person], diff: RosterDiff, *, allowed: int = 0) -> int:
    """Return how many people a list would end, named as leavers or missing from a full roster, if too many.

    0 means that it may go ahead: at most BRAKE_COUNT people, or BRAKE_SHARE_PCT of those employed, or no
    more than `allowed`. Who only leaves the post for a time is not counted.
    """
    ending = sum(1 for change in diff.changes if ends(change))
    employed = sum(1 for person in known.values() if person.standing is not Standing.LEFT)
    too_many = ending > BRAKE_COUNT and ending * 100 > employed * BRAKE_SHARE_PCT
    return ending if too_many and ending > allowed else 0


def ends(change: Change) -> bool:
    """Tell whether a change ends somebody's employment."""
    return change.after is not None and bool(change.events) and change.after.standing is Standing.LEFT


def diff_row(before: Person | None, row: Row, on: dt.date) -> Change | Problem:
    """Compare one row with the person it names on the day `on`; contradictions come back as a Problem."""
    try:
        if before is None:
            return _new(row, on)
        change = _known(before, row, on)
        _refuse_before_coming(before, change)
        return change
    except _Contradiction as found:
        return Problem(row.line, found.field, found.code, found.detail)


def replay(known: Mapping[str, Person], diff: RosterDiff) -> dict[str, Person]:
    """Return what is known once `diff` has been applied."""
    people = dict(known)
    people.update({change.employee_no: change.after for change in diff.changes if change.after is not None})
    return people


def _new(row: Row, on: dt.date) -> Change:
    standing = row.standing or (Standing.LEFT if _has_left(row) else Standing.ACTIVE)
    if standing is Standing.ACTIVE:
        _refuse_leaving_date(row)
    if standing is Standing.LEFT:
        # Somebody unknown who has already left: what the list wants is already so.
        return Change(row.employee_no, row.line, Outcome.UNCHANGED, None, None)
    hired_on = row.hired_on or row.assumed_hired_on
    for field in ("name", "unit", "post"):
        if not getattr(row, field):
            raise _Contradiction(field, "required")
    if hired_on is None:
        raise _Contradiction("hired_on", "required")
    kind = row.employment_type or "own"
    employer = _employer(kind, row.employer, "")
    events = [
        Happening(
            EventName.HIRED,
            hired_on,
            to_unit=row.unit,
            to_post=row.post,
            employment_type=kind,
            employer=employer,
        )
    ]
    since = hired_on
    if standing is Standing.AWAY:
        since = max(row.effective_on or on, hired_on)
        events.append(Happening(EventName.LEFT_POST, since, from_unit=row.unit, from_post=row.post))
    person = Person(
        row.employee_no, row.name, standing, hired_on, since, row.unit, row.post, None, _said(row.phone, ""),
        row.id_digest, kind, employer,
    )  # fmt: skip
    return Change(row.employee_no, row.line, Outcome.CREATED, None, person, tuple(events))


def _known(before: Person, row: Row, on: dt.date) -> Change:
    wanted = _wanted_standing(before, row)
    if wanted is Standing.LEFT:
        if before.standing is Standing.LEFT:
            return _still_gone(before, row)
        return _leave(_with_details(before, row), row, on, before)
    if before.standing is Standing.LEFT:
        return _rehire(before, row, wanted, on)
    detailed = _with_details(before, row)
    if wanted is Standing.AWAY:
        if before.standing is Standing.AWAY:
            return _still_away(before, detailed, row, on)
        return _leave_post(before, detailed, row, on)
    if before.standing is Standing.AWAY:
        return _return(before, detailed, row, on)
    return _stay_or_move(before, detailed, row, on)


# How somebody must stand for an event to be possible, and how they stand after it. What is not named here is
# possible at any time and changes nothing about it.
_POSSIBLE: dict[EventName, frozenset[Standing]] = {
    EventName.REHIRED: frozenset({Standing.LEFT}),
    EventName.RETURNED: frozenset({Standing.AWAY}),
    EventName.TRANSFERRED: frozenset({Standing.ACTIVE}),
    EventName.SECONDED: frozenset({Standing.ACTIVE}),
    EventName.LEFT_POST: frozenset({Standing.ACTIVE}),
    EventName.TERMS_CHANGED: frozenset({Standing.ACTIVE, Standing.AWAY}),
    EventName.LEFT: frozenset({Standing.ACTIVE, Standing.AWAY}),
}
_AFTER = {
    EventName.REHIRED: Standing.ACTIVE,
    EventName.RETURNED: Standing.ACTIVE,
    EventName.LEFT_POST: Standing.AWAY,
    EventName.LEFT: Standing.LEFT,
}


def _refuse_before_coming(before: Person, change: Change) -> None:
    """Refuse what makes an event of a later day, recorded already, impossible."""
    if not change.events or change.after is None:
        return
    standing = change.after.standing
    for name, day in before.coming:
        if name in _POSSIBLE and standing not in _POSSIBLE[name]:
            raise _Contradiction("effective_on", "later_event", day=day, event=name.value)
        standing = _AFTER.get(name, standing)


def _has_left(row: Row) -> bool:
    return row.left_on is not None and not (row.hired_on and row.hired_on > row.left_on)


def _refuse_leaving_date(row: Row) -> None:
    if _has_left(row):
        raise _Contradiction("left_on", "active_with_left_on")


def _wanted_standing(before: Person, row: Row) -> Standing:
    if row.standing is Standing.ACTIVE:
        _refuse_leaving_date(row)
    if row.standing is not None:
        return row.standing
    if row.left_on is not None:
        return Standing.LEFT if _has_left(row) else Standing.ACTIVE
    if before.left_on and row.hired_on and row.hired_on > before.left_on:
        return Standing.ACTIVE
    return before.standing


def _with_details(before: Person, row: Row) -> Person:
    kind = row.employment_type or before.employment_type
    after = replace(
        before,
        name=row.name or before.name,
        phone=_said(row.phone, before.phone),
        id_digest=row.id_digest or before.id_digest,
        employment_type=kind,
        employer=_employer(kind, row.employer, before.employer),
        hired_on=row.hired_on or before.hired_on,
    )
    # One object for both where nothing changes: in a list read again that is everybody.
    return before if after == before else after


def _employer(employment_type: str, wanted: str, present: str) -> str:
    """Own employees have no other employer, whatever the list repeats in that column."""
    return "" if employment_type == "own" else _said(wanted, present)


def _said(wanted: str, present: str) -> str:
    return "" if wanted == CLEAR else wanted or present


def _terms_change(before: Person, detailed: Person, day: dt.date) -> list[Happening]:
    """Return the event of other terms of employment, if the terms are others than before.

    It happens at the place somebody stands in afterwards: a move of the same day comes before it.
    """
    if (before.employment_type, before.employer) == (detailed.employment_type, detailed.employer):
        return []
    return [
        Happening(
            EventName.TERMS_CHANGED,
            day,
            detailed.unit,
            detailed.post,
            detailed.unit,
            detailed.post,
            employment_type=detailed.employment_type,
            employer=detailed.employer,
        )
    ]


def _still_gone(before: Person, row: Row) -> Change:
    if row.left_on and before.left_on and row.left_on != before.left_on:
        raise _Contradiction("left_on", "left_on_differs", known=before.left_on)
    return Change(row.employee_no, row.line, Outcome.UNCHANGED, before, before)


def _still_away(before: Person, detailed: Person, row: Row, on: dt.date) -> Change:
    if row.standing is None and _place_of(row, before) != (before.unit, before.post):
        raise _Contradiction("unit", "away_cannot_move", known=f"{before.unit} {before.post}")
    events = tuple(_terms_change(before, detailed, row.effective_on or max(on, before.since)))
    outcome = Outcome.TERMS if events else Outcome.UNCHANGED
    return Change(row.employee_no, row.line, outcome, before, detailed, events)


def _leave(person: Person, row: Row, on: dt.date, before: Person | None = None) -> Change:
    day = row.left_on or row.effective_on or on
    if day > on and row.line:
        raise _Contradiction("left_on", "left_on_in_future", day=day)
    if day < person.hired_on:
        raise _Contradiction("left_on", "left_before_hired", known=person.hired_on)
    if day < person.since:
        raise _Contradiction("left_on", "before_stay", known=person.since)
    # An employment that ends keeps its terms, whatever a list says of somebody who is gone.
    terms = before or person
    after = replace(
        person,
        standing=Standing.LEFT,
        left_on=day,
        since=day,
        employment_type=terms.employment_type,
        employer=terms.employer,
    )
    event = Happening(EventName.LEFT, day, from_unit=person.unit, from_post=person.post)
    return Change(row.employee_no, row.line, Outcome.LEFT, before or person, after, (event,))


def _leave_post(before: Person, detailed: Person, row: Row, on: dt.date) -> Change:
    day = row.effective_on or max(on, before.since)
    if day < before.since:
        raise _Contradiction("effective_on", "before_stay", known=before.since)
    event = Happening(EventName.LEFT_POST, day, from_unit=before.unit, from_post=before.post)
    after = replace(detailed, standing=Standing.AWAY, since=day)
    events = (event, *_terms_change(before, detailed, day))
    return Change(row.employee_no, row.line, Outcome.LEFT, before, after, events)


def _rehire(before: Person, row: Row, wanted: Standing, on: dt.date) -> Change:
    if wanted is Standing.AWAY:
        raise _Contradiction("standing", "left_cannot_be_away", known=before.left_on)
    gone = before.left_on or before.since
    day = row.hired_on if row.hired_on and row.hired_on > gone else row.effective_on or on
    if day < gone:
        raise _Contradiction("effective_on", "back_before_gone", known=gone)
    unit, post = _required_place(row, before)
    after = replace(
        _with_details(before, row),
        standing=Standing.ACTIVE,
        left_on=None,
        since=day,
        unit=unit,
        post=post,
        hired_on=row.hired_on or day,
    )
    event = Happening(
        EventName.REHIRED,
        day,
        before.unit,
        before.post,
        unit,
        post,
        days_away=(day - gone).days,
        employment_type=after.employment_type,
        employer=after.employer,
    )
    return Change(row.employee_no, row.line, Outcome.RETURNED, before, after, (event,))


def _return(before: Person, detailed: Person, row: Row, on: dt.date) -> Change:
    day = row.effective_on or max(on, before.since)
    if day < before.since:
        raise _Contradiction("effective_on", "back_before_gone", known=before.since)
    unit, post = _required_place(row, before)
    place = (before.unit, before.post, unit, post)
    events = [Happening(EventName.RETURNED, day, *place, days_away=(day - before.since).days)]
    if (unit, post) != (before.unit, before.post):
        # Somebody who comes back to another post owes the training of both.
        events.append(Happening(EventName.TRANSFERRED, day, *place))
    after = replace(detailed, standing=Standing.ACTIVE, since=day, unit=unit, post=post)
    events += _terms_change(before, after, day)
    return Change(row.employee_no, row.line, Outcome.RETURNED, before, after, tuple(events))


def _stay_or_move(before: Person, detailed: Person, row: Row, on: dt.date) -> Change:
    unit, post = _place_of(row, before)
    day = row.effective_on or max(on, before.since)
    events: list[Happening] = []
    if (unit, post) != (before.unit, before.post):
        _required_place(row, before)
        events.append(Happening(EventName.TRANSFERRED, day, before.unit, before.post, unit, post))
    after = replace(detailed, unit=unit, post=post)
    events += _terms_change(before, after, day)
    if not events:
        return Change(row.employee_no, row.line, Outcome.UNCHANGED, before, detailed)
    if day < before.since:
        raise _Contradiction("effective_on", "before_stay", known=before.since)
    outcome = Outcome.TERMS if (unit, post) == (before.unit, before.post) else Outcome.MOVED
    return Change(row.employee_no, row.line, outcome, before, replace(after, since=day), tuple(events))


def _place_of(row: Row, before: Person) -> tuple[str, str]:
    return row.unit or before.unit, row.post or before.post


def _required_place(row: Row, before: Person) -> tuple[str, str]:
    unit, post = _place_of(row, before)
    if not unit:
        raise _Contradiction("unit", "required")
    if not post:
        raise _Contradiction("post", "required")
    return unit, post
