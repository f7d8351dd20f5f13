"""What can happen to one person's employment: hire, transfer, second, leave the post, return, leave, rehire.

Each derives its event by the same rule as a whole list (people.roster) and writes through the same rows, so
that a form, an import and a directory can never disagree about what a transfer is. A day may lie in the past
or in the future: the event then takes its place among those recorded already, or it is refused.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import localdate

from common.signing import keyed_digest
from people.actions.employment_rows import Origin, PlaceIds, moment_after, record_changes
from people.actions.places_in_use import refuse_out_of_use
from people.audit import record_audit
from people.errors import EmploymentRefused
from people.models import Employee, EmploymentEvent, EmploymentType, OrgUnit, Post, User
from people.permissions import Capability, scope_for
from people.queries import UnitEntry, employees_for, recorded_entries, unit_directory
from people.roster import (
    Change,
    Entry,
    EventName,
    Happening,
    Outcome,
    Person,
    Problem,
    Row,
    Standing,
    State,
    diff_row,
    first_clash,
    in_force,
    state_on,
)
from people.roster.history import EventKey

ID_DIGEST_PURPOSE = "people.id_number"


def id_number_digest(id_number: str) -> str:
    """Return the keyed digest by which an identity number is found and compared."""
    return keyed_digest(ID_DIGEST_PURPOSE, id_number)


@transaction.atomic
def hire(
    *,
    employee_no: str,
    name: str,
    unit: OrgUnit,
    post: Post,
    hired_on: dt.date,
    employment_type: str = EmploymentType.OWN,
    employer: OrgUnit | None = None,
    phone: str = "",
    id_number: str = "",
    acting_user: User | None,
    now: dt.datetime,
) -> Employee:
    """Take on a new person: account without a usable password, stay from `hired_on`, event `hired`.

    Raises EmploymentRefused if the employee number, the account name or the identity number is taken (codes
    `exists`, `account_taken`, `id_number_taken`) or the place out of use (`closed_unit`, `archived_post`),
    PermissionDenied outside the scope of `acting_user`.
    """
    digest = id_number_digest(id_number) if id_number else ""
    _refuse_known(employee_no, digest)
    directory = unit_directory()
    row = Row(
        employee_no,
        line=1,
        name=name,
        unit=directory[unit.pk].full_name,
        post=post.name,
        standing=Standing.ACTIVE,
        hired_on=hired_on,
        phone=phone,
        id_digest=digest,
        employment_type=str(employment_type),
        employer=directory[employer.pk].full_name if employer else "",
    )
    change = derived(None, row, localdate(now))
    units = [unit, *([employer] if employer else [])]
    refuse_out_of_use(units=_named(unit, employer), posts=[post], directory=directory)
    _record(change, [], directory, {employee_no: id_number}, units, [post], acting_user, now)
    return Employee.objects.get(employee_no=employee_no)


def _refuse_known(employee_no: str, digest: str) -> None:
    if Employee.objects.filter(employee_no=employee_no).exists():
        raise EmploymentRefused(Problem(1, "employee_no", "exists", {"known": employee_no}))
    if User.objects.filter(username=employee_no).exists():
        raise EmploymentRefused(Problem(1, "employee_no", "account_taken", {"name": employee_no}))
    refuse_taken_id_number(digest, employee_no)


def refuse_taken_id_number(digest: str, employee_no: str) -> None:
    """Raise EmploymentRefused (code `id_number_taken`) if an identity number is that of somebody else."""
    others = Employee.objects.filter(id_number_digest=digest).exclude(employee_no=employee_no)
    holder = others.first() if digest else None
    if holder is not None:
        raise EmploymentRefused(Problem(1, "id_number", "id_number_taken", {"known": holder.employee_no}))


def transfer(
    *,
    employee: Employee,
    unit: OrgUnit,
    post: Post,
    effective_on: dt.date,
    acting_user: User | None,
    now: dt.datetime,
) -> EmploymentEvent | None:
    """Move a person to another unit or post from a day on; return the event, None if there on that day.

    Raises EmploymentRefused if the person was away or gone on that day, PermissionDenied unless both the old
    and the new unit are in scope.
    """
    return _happen(employee, effective_on, acting_user, now, unit=unit, post=post, effective_on=effective_on)


def leave_post(
    *, employee: Employee, effective_on: dt.date, acting_user: User | None, now: dt.datetime
) -> EmploymentEvent | None:
    """Let a person leave the post for a time (long sick leave); None if away on that day. Ends a secondment."""
    return _happen(
        employee, effective_on, acting_user, now, standing=Standing.AWAY, effective_on=effective_on
    )


def return_to_post(
    *,
    employee: Employee,
    effective_on: dt.date,
    unit: OrgUnit | None = None,
    post: Post | None = None,
    acting_user: User | None,
    now: dt.datetime,
) -> EmploymentEvent | None:
    """Bring a person back from being away, to the old place or another; None if at work there on that day.

    The event says for how many days the person was away. Another place adds a `transferred` event. Raises
    EmploymentRefused if the person had left, or was at work elsewhere.
    """
    return _happen(
        employee,
        effective_on,
        acting_user,
        now,
        unit=unit,
        post=post,
        comes_from=Standing.AWAY,
        standing=Standing.ACTIVE,
        effective_on=effective_on,
    )


def leave(
    *, employee: Employee, left_on: dt.date, acting_user: User | None, now: dt.datetime
) -> EmploymentEvent | None:
    """End a person's employment from a day on; None if already gone then.

    The account is deactivated with the event, or on the day itself if that is still to come.
    """
    return _happen(employee, left_on, acting_user, now, standing=Standing.LEFT, left_on=left_on)


def rehire(
    *,
    employee: Employee,
    hired_on: dt.date,
    unit: OrgUnit,
    post: Post,
    employment_type: str = "",
    employer: OrgUnit | None = None,
    acting_user: User | None,
    now: dt.datetime,
) -> EmploymentEvent | None:
    """Take a former employee on again under the old number and reactivate the account.

    Without `employment_type` the terms are those of the last employment.
    """
    return _happen(
        employee,
        hired_on,
        acting_user,
        now,
        unit=unit,
        post=post,
        terms=(employment_type, employer),
        comes_from=Standing.LEFT,
        standing=Standing.ACTIVE,
        hired_on=hired_on,
        effective_on=hired_on,
    )


def change_terms(
    *,
    employee: Employee,
    employment_type: str,
    employer: OrgUnit | None = None,
    effective_on: dt.date,
    acting_user: User | None,
    now: dt.datetime,
) -> EmploymentEvent | None:
    """Put a person under other terms (dispatched to own, another firm) from a day on; None if already so.

    The stay is closed and the next one opened at the same place. Own employees have no other employer.
    Raises EmploymentRefused if the person had left by then.
    """
    terms = (employment_type, employer)
    return _happen(employee, effective_on, acting_user, now, terms=terms, effective_on=effective_on)


@transaction.atomic
def second(
    *,
    employee: Employee,
    unit: OrgUnit,
    post: Post,
    starts_on: dt.date,
    ends_before: dt.date,
    acting_user: User | None,
    now: dt.datetime,
) -> EmploymentEvent:
    """Second a person to another unit or post up to, not including, the day `ends_before`.

    It is a second stay beside the own one, which goes on. Its planned end is an event of its own, recorded with
    it; `end_secondment` moves that day. Raises EmploymentRefused if another secondment overlaps or the person
    is not at the post, PermissionDenied unless the home and the host unit are in scope.
    """
    Employee.objects.select_for_update().get(pk=employee.pk)
    directory = unit_directory()
    entries = recorded_entries([employee.pk])[employee.pk]
    home = person_on(employee, entries, starts_on, directory)
    host = (directory[unit.pk].full_name, post.name)
    if ends_before <= starts_on:
        raise EmploymentRefused(Problem(1, "ends_before", "secondment_empty", {"known": str(starts_on)}))
    if host == (home.unit, home.post):
        raise EmploymentRefused(Problem(1, "unit", "same_place", {"name": " ".join(host)}))
    refuse_out_of_use(units=[("unit", unit)], posts=[post], directory=directory)
    own = (home.unit, home.post)
    change = Change(
        employee.employee_no,
        1,
        Outcome.MOVED,
        home,
        home,
        (
            Happening(EventName.SECONDED, starts_on, *own, *host),
            Happening(EventName.SECONDMENT_ENDED, ends_before, *host, *own),
        ),
    )
    events = _record(change, entries, directory, {}, [unit], [post], acting_user, now)
    employee.refresh_from_db()
    return events[0]


_NOT_FROM = {Standing.AWAY: "not_away", Standing.LEFT: "not_gone"}


@transaction.atomic
def _happen(
    employee: Employee,
    day: dt.date,
    acting_user: User | None,
    now: dt.datetime,
    *,
    unit: OrgUnit | None = None,
    post: Post | None = None,
    terms: tuple[str, OrgUnit | None] = ("", None),
    comes_from: Standing | None = None,
    **said: dt.date | Standing,
) -> EmploymentEvent | None:
    """Let something happen on a day, past or to come: the person is compared as they stood on that day."""
    Employee.objects.select_for_update().get(pk=employee.pk)
    directory = unit_directory()
    entries = recorded_entries([employee.pk])[employee.pk]
    before = person_on(employee, entries, day, directory)
    kind, employer = terms
    row = Row(
        employee.employee_no,
        line=1,
        unit=directory[unit.pk].full_name if unit else "",
        post=post.name if post else "",
        employment_type=str(kind),
        employer=directory[employer.pk].full_name if employer else "",
        **said,  # type: ignore[arg-type]
    )
    units = [place for place in (unit, employer) if place]
    change = derived(before, row, day)
    if comes_from is not None and change.events and before.standing is not comes_from:
        # Nobody returns, or is hired again, who was not away or gone: that would be something else.
        code = "already_left" if before.standing is Standing.LEFT else _NOT_FROM[comes_from]
        raise EmploymentRefused(
            Problem(1, "effective_on", code, {"day": str(day), "known": str(before.since)})
        )
    posts = [post] if post else []
    if change.events:
        refuse_out_of_use(units=_named(unit, employer), posts=posts, directory=directory)
    events = _record(change, entries, directory, {}, units, posts, acting_user, now)
    employee.refresh_from_db()
    return events[0] if events else None


def _named(unit: OrgUnit | None, employer: OrgUnit | None) -> list[tuple[str, OrgUnit]]:
    return [(field, place) for field, place in (("unit", unit), ("employer", employer)) if place]


def derived(before: Person | None, row: Row, day: dt.date) -> Change:
    """Return what a row comes to on a day; raises EmploymentRefused if it contradicts what is known."""
    change = diff_row(before, row, day)
    if isinstance(change, Problem):
        raise EmploymentRefused(change)
    return change


def person_on(
    employee: Employee, entries: Sequence[Entry], day: dt.date, directory: Mapping[int, UnitEntry]
) -> Person:
    """Return a person as they stood on a day by what is recorded now. At most one query.

    Raises EmploymentRefused (code `not_hired_yet`) for a day before the first.
    """
    state = state_on(entries, day)
    held = in_force(entries)
    if state is None and held:
        raise EmploymentRefused(
            Problem(1, "effective_on", "not_hired_yet", {"day": str(day), "known": str(held[0].on)})
        )
    if state is None:
        # The hire itself was taken back; hiring anew is a rehire under the same number.
        gone = employee.hired_on
        state = State(Standing.LEFT, gone, gone, None, None, employee.employment_type, None, left_on=gone)
    post = Post.objects.filter(pk=state.post).values_list("name", flat=True).first() if state.post else ""
    return Person(
        employee.employee_no,
        employee.name,
        state.standing,
        state.hired_on,
        state.since,
        directory[int(state.unit)].full_name if state.unit else "",
        post or "",
        state.left_on,
        employee.phone,
        employee.id_number_digest or "",
        state.employment_type,
        directory[int(state.employer)].full_name if state.employer else "",
    )


def refuse_clash(before: Sequence[Entry], after: Sequence[Entry], new: Collection[EventKey]) -> None:
    """Raise EmploymentRefused if events contradict each other after a change; `new` are the ids it brings."""
    clash = first_clash(before, after)
    if clash is None:
        return
    detail = {"day": str(clash.entry.on), "event": clash.entry.name.value, "known": clash.known}
    # What is said of a later event is how to get it out of the way.
    says_itself = clash.entry.id in new or clash.code.startswith("secondment")
    code = clash.code if says_itself else "later_event"
    raise EmploymentRefused(Problem(1, "effective_on", code, detail))


def _record(
    change: Change,
    entries: Sequence[Entry],
    directory: Mapping[int, UnitEntry],
    id_numbers: Mapping[str, str],
    units: list[OrgUnit],
    posts: list[Post],
    acting_user: User | None,
    now: dt.datetime,
) -> list[EmploymentEvent]:
    ids = {entry.full_name: entry.id for entry in directory.values()}
    # The units and posts handed in win over others of the same name.
    ids |= {directory[unit.pk].full_name: unit.pk for unit in units}
    if acting_user is not None:
        _check_scope(acting_user, change, directory, ids)
    names = {name for happening in change.events for name in (happening.from_post, happening.to_post) if name}
    post_ids = dict(Post.objects.filter(name__in=names).values_list("name", "pk"))
    post_ids |= {post.name: post.pk for post in posts}
    wanted = [
        Entry(
            ("new", number),
            happening.name,
            happening.effective_on,
            moment_after(entries, now) + dt.timedelta(microseconds=number),
            ids.get(happening.to_unit),
            post_ids.get(happening.to_post),
            happening.employment_type,
            ids.get(happening.employer),
        )
        for number, happening in enumerate(change.events)
    ]
    refuse_clash(entries, [*entries, *wanted], {entry.id for entry in wanted})
    events = record_changes(
        changes=[change],
        places=PlaceIds(ids, post_ids),
        id_numbers=id_numbers,
        origin=Origin(acting_user, now),
        recorded={change.employee_no: entries},
    )
    for event in events:
        record_audit(
            event.employee,
            f"people.employee.{event.kind}",
            acting_user,
            {"event": str(event.pk), "effective_on": event.effective_on.isoformat()},
        )
    return events


def _check_scope(
    acting_user: User, change: Change, directory: Mapping[int, UnitEntry], ids: Mapping[str, int]
) -> None:
    scope = scope_for(acting_user, Capability.MANAGE_PEOPLE)
    if scope.everything:
        return
    if change.before is not None:
        # Also where the person stands today, which a back-dated event need not touch.
        in_scope = employees_for(acting_user, Capability.MANAGE_PEOPLE)
        if not in_scope.filter(employee_no=change.employee_no).exists():
            raise PermissionDenied(change.employee_no)
    units = {person.unit for person in (change.before, change.after) if person is not None}
    units |= {happening.to_unit for happening in change.events if happening.to_unit}
    for unit in units:
        if not unit or not scope.includes_path(directory[ids[unit]].path):
            raise PermissionDenied(unit)
