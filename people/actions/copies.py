"""Copies of everything held on one person: asked for, made by a job, kept for a week, dropped."""

import datetime as dt
import json
import shutil
import tempfile
import zipfile
from typing import Any

from django.core.files import File
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from common.spreadsheet import Watermark
from jobs.queue import enqueue
from people.actions.identity import Why, note_accesses
from people.models import AccessKind, Employee, PersonalDataCopy, User
from people.permissions import Capability
from people.personal_data import Held, everything_on

KEPT_FOR = dt.timedelta(days=7)
FORMAT = 1


@transaction.atomic
def request_copy(*, employee: Employee, why: Why, acting_user: User, now: dt.datetime) -> PersonalDataCopy:
    """Log that a copy is wanted and queue the job that makes it.

    For oneself, or for people within the scope of UNMASK_IDENTITY: the copy holds the identity number in clear.
    Raises PermissionDenied otherwise, AlreadyShown for a form sent before.
    """
    note_accesses(
        people=[employee.pk],
        kind=AccessKind.COPY,
        fields=["everything"],
        capability=Capability.UNMASK_IDENTITY,
        why=why,
        acting_user=acting_user,
        now=now,
    )
    copy = PersonalDataCopy.objects.create(
        employee=employee, requested_by=acting_user, requested_at=now, expires_at=now + KEPT_FOR
    )
    copy.job = enqueue(
        "people.tasks.make_copy",
        title=_("导出个人数据"),
        params={"copy": str(copy.public_id)},
        requested_by=acting_user,
    )
    copy.save(update_fields=["job"])
    return copy


def make_copy(*, copy: PersonalDataCopy, now: dt.datetime) -> PersonalDataCopy:
    """Write the zip of a copy: data.json, index.html, files/. Made once; an expired one is not made any more."""
    if copy.file or copy.made_at or copy.expires_at <= now:
        return copy
    employee = Employee.objects.select_related("user", "employer").get(pk=copy.employee_id)
    tables = everything_on(employee)
    mark = Watermark.of(copy.requested_by, now, scope=str(employee), purpose=_("个人数据副本"))
    with tempfile.TemporaryFile() as handle:
        _write(handle, employee, tables, mark)
        handle.seek(0)
        copy.file.save(f"{copy.public_id}.zip", File(handle), save=False)
    copy.made_at = now
    if not PersonalDataCopy.objects.filter(pk=copy.pk, made_at=None).update(file=copy.file.name, made_at=now):
        # Another run of the job was first.
        copy.file.storage.delete(copy.file.name or "")
        copy.refresh_from_db()
    return copy


def _write(handle: Any, employee: Employee, tables: list[Held], mark: Watermark) -> None:
    data = {
        "format": FORMAT,
        "employee": str(employee.public_id),
        "mark": mark.line(),
        "tables": {held.name: held.rows for held in tables},
    }
    shown = [
        {
            "title": held.title,
            "columns": list(held.columns.values()),
            "rows": [[_plain(row[key]) for key in held.columns] for row in held.rows],
        }
        for held in tables
    ]
    files = [file for held in tables for file in held.files]
    context = {"employee": employee, "mark": mark.line(), "tables": shown, "files": files}
    with zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1))
        archive.writestr("index.html", render_to_string("people/copy_index.html", context))
        for file in files:
            with file.file.open("rb") as source, archive.open(f"files/{file.name}", "w") as target:
                shutil.copyfileobj(source, target)


def _plain(value: Any) -> str | dt.date | None:
    """Return a value for the readable page: structures as JSON, times and texts as they are."""
    if value is None or isinstance(value, str | dt.date):
        return value
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, list | dict):
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
    return str(value)


def drop_expired_copies(*, now: dt.datetime) -> int:
    """Delete the files of copies whose week is over and return how many. The row stays: a copy was given."""
    dropped = 0
    for copy in PersonalDataCopy.objects.filter(expires_at__lte=now).exclude(file=""):
        name, storage = copy.file.name or "", copy.file.storage
        # The row first: a file nobody names is found by the next clean-up, a name without its file is an error.
        if PersonalDataCopy.objects.filter(pk=copy.pk, file=name).update(file=""):
            storage.delete(name)
            dropped += 1
    return dropped
