"""What can happen to one person's employment: hire, transfer, leave the post, return, leave, rehire.

Each derives its event by the same rule as a whole list (people.roster) and writes through the same rows, so
that a form, an import and a directory can never disagree about what a transfer is.
"""

import datetime as dt
from collections.abc import Mapping

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import localdate

from common.signing import keyed_digest
from people.actions.employment_rows import Origin, PlaceIds, record_changes
from people.audit import record_audit
from people.errors import EmploymentRefused
from people.models import Employee, EmploymentEvent, EmploymentType, OrgUnit, Post, User
from people.permissions import Capability, scope_for
from people.queries import UnitEntry, known_people, unit_directory
from people.roster import Change, Person, Problem, Row, Standing, diff_row

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

    Raises EmploymentRefused (code `exists`) if the employee number is taken, PermissionDenied outside the
    scope of `acting_user`.
    """
    if Employee.objects.filter(employee_no=employee_no).exists():
        raise EmploymentRefused(Problem(1, "employee_no", "exists", {"known": employee_no}))
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
        id_digest=id_number_digest(id_number) if id_number else "",
        employment_type=str(employment_type),
        employer=directory[employer.pk].full_name if employer else "",
    )
    _record(None, row, directory, {employee_no: id_number}, [unit, *([employer] if employer else [])],
            [post], acting_user, now)  # fmt: skip
    return Employee.objects.get(employee_no=employee_no)


def transfer(
    *,
    employee: Employee,
    unit: OrgUnit,
    post: Post,
    effective_on: dt.date,
    acting_user: User | None,
    now: dt.datetime,
) -> EmploymentEvent | None:
    """Move a person to another unit or post from a day on; return the event, None if already there.

    Raises EmploymentRefused if the day lies before the present stay or the person is away,
    PermissionDenied unless both the old and the new unit are in scope.
    """
    return _happen(employee, acting_user, now, unit=unit, post=post, effective_on=effective_on)


def leave_post(
    *, employee: Employee, effective_on: dt.date, acting_user: User | None, now: dt.datetime
) -> EmploymentEvent | None:
    """Let a person leave the post for a time (long sick leave, detachment); None if already away."""
    return _happen(employee, acting_user, now, standing=Standing.AWAY, effective_on=effective_on)


def return_to_post(
    *,
    employee: Employee,
    effective_on: dt.date,
    unit: OrgUnit | None = None,
    post: Post | None = None,
    acting_user: User | None,
    now: dt.datetime,
) -> EmploymentEvent | None:
    """Bring a person back from being away, to the old place or another; None if not away.

    The event says for how many days the person was away. Another place adds a `transferred` event.
    """
    return _happen(
        employee, acting_user, now, standing=Standing.ACTIVE, unit=unit, post=post, effective_on=effective_on
    )


def leave(
    *, employee: Employee, left_on: dt.date, acting_user: User | None, now: dt.datetime
) -> EmploymentEvent | None:
    """End a person's employment and deactivate the account; None if already gone.

    Raises EmploymentRefused for a day in the future: the account would close too early.
    """
    return _happen(employee, acting_user, now, standing=Standing.LEFT, left_on=left_on)


def rehire(
    *,
    employee: Employee,
    hired_on: dt.date,
    unit: OrgUnit,
    post: Post,
    acting_user: User | None,
    now: dt.datetime,
) -> EmploymentEvent | None:
    """Take a former employee on again under the old number and reactivate the account."""
    return _happen(
        employee, acting_user, now, standing=Standing.ACTIVE, unit=unit, post=post, hired_on=hired_on
    )


@transaction.atomic
def _happen(
    employee: Employee,
    acting_user: User | None,
    now: dt.datetime,
    *,
    unit: OrgUnit | None = None,
    post: Post | None = None,
    **said: dt.date | Standing,
) -> EmploymentEvent | None:
    Employee.objects.select_for_update().get(pk=employee.pk)
    directory = unit_directory()
    before = known_people(directory, [employee.pk])[employee.employee_no]
    row = Row(
        employee.employee_no,
        line=1,
        unit=directory[unit.pk].full_name if unit else "",
        post=post.name if post else "",
        **said,  # type: ignore[arg-type]
    )
    events = _record(
        before, row, directory, {}, [unit] if unit else [], [post] if post else [], acting_user, now
    )
    employee.refresh_from_db()
    return events[0] if events else None


def _record(
    before: Person | None,
    row: Row,
    directory: Mapping[int, UnitEntry],
    id_numbers: Mapping[str, str],
    units: list[OrgUnit],
    posts: list[Post],
    acting_user: User | None,
    now: dt.datetime,
) -> list[EmploymentEvent]:
    change = diff_row(before, row, localdate(now))
    if isinstance(change, Problem):
        raise EmploymentRefused(change)
    ids = {entry.full_name: entry.id for entry in directory.values()}
    # The units and posts handed in win over others of the same name.
    ids |= {directory[unit.pk].full_name: unit.pk for unit in units}
    if acting_user is not None:
        _check_scope(acting_user, change, directory, ids)
    names = {name for happening in change.events for name in (happening.from_post, happening.to_post) if name}
    post_ids = dict(Post.objects.filter(name__in=names).values_list("name", "pk"))
    post_ids |= {post.name: post.pk for post in posts}
    events = record_changes(
        changes=[change],
        places=PlaceIds(ids, post_ids),
        id_numbers=id_numbers,
        origin=Origin(acting_user, now),
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
    for person in (change.before, change.after):
        if person is None or scope.everything:
            continue
        if not person.unit or not scope.includes_path(directory[ids[person.unit]].path):
            raise PermissionDenied(person.unit)
