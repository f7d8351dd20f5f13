"""Keep one photograph of a person, as drawn anew by people.importers.photos."""

import datetime as dt
import hashlib
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.db import transaction

from people.audit import record_audit
from people.models import Employee, EmployeePhoto, User
from people.permissions import Capability
from people.queries import employees_for


def save_photo(*, employee: Employee, jpeg: bytes, acting_user: User, now: dt.datetime) -> EmployeePhoto:
    """Keep this photograph in place of an earlier one, whose file is deleted.

    `jpeg` has been drawn anew. Raises PermissionDenied unless the user manages the person.
    """
    if not employees_for(acting_user, Capability.MANAGE_PEOPLE).filter(pk=employee.pk).exists():
        raise PermissionDenied
    with transaction.atomic():
        Employee.objects.select_for_update().get(pk=employee.pk)
        _forget(employee)
        # A name nobody can guess from the person.
        digest = hashlib.sha256(jpeg).hexdigest()
        photo = EmployeePhoto(employee=employee, sha256=digest, uploaded_by=acting_user, uploaded_at=now)
        photo.file.save("photo.jpg", ContentFile(jpeg), save=False)
        photo.save()
        record_audit(employee, "people.photo.save", acting_user, {"at": now.isoformat()})
    return photo


@transaction.atomic
def delete_photo(*, employee: Employee, acting_user: User | None, now: dt.datetime) -> bool:
    """Delete a person's photograph and its file; tell whether there was one.

    The person, those who manage the person and None (the system) may. Raises PermissionDenied for others.
    """
    if acting_user is not None and acting_user.pk != employee.user_id:
        people = employees_for(acting_user, Capability.MANAGE_PEOPLE)
        if not people.filter(pk=employee.pk).exists():
            raise PermissionDenied
    Employee.objects.select_for_update().get(pk=employee.pk)
    had = _forget(employee)
    if had:
        record_audit(employee, "people.photo.delete", acting_user, {"at": now.isoformat()})
    return had


def _forget(employee: Employee) -> bool:
    photo = EmployeePhoto.objects.filter(employee=employee).first()
    if photo is None:
        return False
    storage: Any = photo.file.storage
    name = photo.file.name
    photo.delete()
    # After the commit: a file that is gone cannot come back with a rollback.
    transaction.on_commit(lambda: storage.delete(name))
    return True
