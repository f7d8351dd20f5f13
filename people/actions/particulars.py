"""Correcting one person's own data: name, telephone, identity number.

What a correction comes to is decided by the rule of lists (people.roster), and it is written through the same
rows. What a directory says of a person over SCIM goes through `record_particulars`, too.
"""

import datetime as dt
from dataclasses import replace

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import localdate

from people.actions.employment import derived, id_number_digest, refuse_taken_id_number
from people.actions.employment_rows import Origin, PlaceIds, record_changes
from people.audit import record_audit
from people.errors import EmploymentRefused, StaleParticulars
from people.models import Employee, User
from people.permissions import Capability
from people.queries import employees_for, known_people, unit_directory
from people.queries.identity import particulars_mark
from people.roster import CLEAR, Change, Outcome, Person, Problem, Row, Standing

# What is kept of a person beside place and terms, and what it is called in the audit log and on forms.
_FIELDS = {"name": "name", "phone": "phone", "id_digest": "id_number"}


@transaction.atomic
def change_particulars(
    *,
    employee: Employee,
    name: str,
    phone: str,
    id_number: str = "",
    expected_mark: str | None = None,
    acting_user: User | None,
    now: dt.datetime,
) -> list[str]:
    """Correct a person's data and return the names of the fields that changed, none if all is so already.

    An empty `phone` erases the number, an empty `id_number` leaves it as it is; all three are as lists write
    them. `expected_mark` is the `particulars_mark` of what the editor started from; None writes over whatever
    is there. Locks: the employee. Raises StaleParticulars if it was changed meanwhile; EmploymentRefused for
    somebody who has left, whom lists leave alone as well (`gone_stays_so`), and for an identity number that is
    somebody else's (`id_number_taken`); PermissionDenied outside the scope of `acting_user`.
    """
    locked = Employee.objects.select_for_update().get(pk=employee.pk)
    if acting_user is not None:
        in_scope = employees_for(acting_user, Capability.MANAGE_PEOPLE)
        if not in_scope.filter(pk=locked.pk).exists():
            raise PermissionDenied(locked.employee_no)
    before = _known(locked)
    if before.standing is Standing.LEFT:
        raise EmploymentRefused(gone_stays_so(before.left_on))
    digest = id_number_digest(id_number) if id_number else ""
    row = Row(locked.employee_no, line=1, name=name, phone=phone or CLEAR, id_digest=digest)
    after = derived(before, row, localdate(now)).after or before
    if not _changed(before, after):
        return []
    if expected_mark is not None and expected_mark != particulars_mark(locked):
        raise StaleParticulars
    refuse_taken_id_number(digest, locked.employee_no)
    return record_particulars(
        employee=locked, before=before, after=after, id_number=id_number, acting_user=acting_user, now=now
    )


def gone_stays_so(left_on: dt.date | None) -> Problem:
    """Return what stands against correcting somebody who has left."""
    return Problem(1, "standing", "gone_stays_so", {"known": str(left_on)})


def correct_from_directory(
    *, employee: Employee, name: str, phone: str, acting_user: User, now: dt.datetime
) -> list[str]:
    """Bring name and telephone to what a directory says, of people who have left as well.

    An empty `phone` says nothing. The caller owns the transaction, holds the employee's row and has checked the
    scope.
    """
    if (name, phone or employee.phone) == (employee.name, employee.phone):
        return []  # what directories say most of the time costs nothing
    before = _known(employee)
    after = replace(before, name=name, phone=phone or before.phone)
    return record_particulars(
        employee=employee, before=before, after=after, id_number="", acting_user=acting_user, now=now
    )


def record_particulars(
    *,
    employee: Employee,
    before: Person,
    after: Person,
    id_number: str,
    acting_user: User | None,
    now: dt.datetime,
) -> list[str]:
    """Write the particulars of one person as a list writes them; return the names of those that changed.

    Nothing else of `after` counts. The account carries the same name. The caller owns the transaction and has
    checked permission.
    """
    changed = _changed(before, after)
    if not changed:
        return []
    own = {field: getattr(after, field) for field in _FIELDS}
    change = Change(employee.employee_no, 1, Outcome.UNCHANGED, before, replace(before, **own))
    record_changes(
        changes=[change],
        places=PlaceIds({}, {}),
        id_numbers={employee.employee_no: id_number},
        origin=Origin(acting_user, now),
    )
    # Which of them changed, never to what: neither number belongs into a log.
    record_audit(
        Employee.objects.get(pk=employee.pk),
        "people.employee.particulars",
        acting_user,
        {"after": {"changed": changed}},
    )
    return changed


def _known(employee: Employee) -> Person:
    return known_people(unit_directory(), [employee.pk])[employee.employee_no]


def _changed(before: Person, after: Person) -> list[str]:
    return [name for field, name in _FIELDS.items() if getattr(before, field) != getattr(after, field)]
