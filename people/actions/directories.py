"""Keep directories: their settings and secrets, who is who in them, and how a run went."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from common.signing import FieldKeyMismatch, decrypt_text, encrypt_text
from notices.actions import NoticeDraft, send_notices
from people.actions.imports import ImportOptions, ImportPlan, apply_import
from people.audit import record_audit
from people.directories import Access, DirectoryError
from people.models import (
    DirectoryLink,
    DirectorySource,
    DirectoryState,
    DirectoryUnitLink,
    Employee,
    ImportBatch,
    OrgUnit,
    User,
)
from people.permissions import Capability, allows
from people.queries import directory_administrators, unit_directory
from people.shapes import DirectoryReport

CHUNK = 500
T = TypeVar("T")
NEED_ATTENTION = (DirectoryState.PARTLY, DirectoryState.STOPPED, DirectoryState.FAILED)


def secrets_of(source: DirectorySource) -> dict[str, str]:
    """Return the secrets of a directory in clear, for opening it. Raises FieldKeyMismatch for a lost key."""
    stored = source.secrets_encrypted
    found: dict[str, str] = json.loads(decrypt_text(stored)) if stored else {}
    return found


def _readable_secrets(source: DirectorySource) -> dict[str, str]:
    """Return the secrets that can still be read: what a lost key closed is filled in anew."""
    try:
        return secrets_of(source)
    except FieldKeyMismatch:
        return {}


def access_to(source: DirectorySource) -> Access:
    """Return what it takes to open a directory. Raises DirectoryError if its secrets cannot be read."""
    try:
        secrets = secrets_of(source)
    except FieldKeyMismatch:
        raise DirectoryError(
            _("保存的密码打不开了（服务器的 FIELD_KEYS 换过）：请在“修改”里重新填写"), "secrets"
        ) from None
    return Access(source.kind, source.settings, secrets, source.number_field, source.root_department)


def tenant_of(kind: str, settings: Mapping[str, object]) -> str:
    """Return whose ids the entries of a directory carry."""
    name = {"wecom": "corp_id", "dingtalk": "corp_id", "feishu": "app_id", "ldap": "host"}[kind]
    return str(settings[name])


@transaction.atomic
def save_directory_source(
    *, source: DirectorySource, secrets: Mapping[str, str], acting_user: User | None, now: dt.datetime
) -> DirectorySource:
    """Save a directory, new or changed; secrets left empty stay as they are.

    The caller has validated the fields. Raises PermissionDenied unless `acting_user` (None: the system)
    manages directories over both the unit it reaches and the one it reached before.
    """
    before = DirectorySource.objects.select_related("root_unit").filter(pk=source.pk).first()
    units = [source.root_unit, *([before.root_unit] if before else [])]
    for unit in units:
        _require(acting_user, unit)
    kept = _readable_secrets(before) if before else {}
    kept |= {name: value for name, value in secrets.items() if value}
    source.secrets_encrypted = encrypt_text(json.dumps(kept))
    source.tenant = tenant_of(source.kind, source.settings)
    if before is not None and before.tenant != source.tenant:
        # Ids of another enterprise: what they were linked to means nothing any more.
        source.links.all().delete()
        source.unit_links.all().delete()
    source.save()
    record_audit(
        source,
        "people.directory.save",
        acting_user,
        {
            "after": {"name": source.name, "kind": source.kind, "tenant": source.tenant},
            "secrets_changed": sorted(name for name, value in secrets.items() if value),
            "at": now.isoformat(),
        },
    )
    return source


@transaction.atomic
def delete_directory_source(*, source: DirectorySource, acting_user: User | None, now: dt.datetime) -> None:
    """Delete a directory with its links; people and units stay. Raises PermissionDenied out of scope."""
    _require(acting_user, source.root_unit)
    record_audit(
        source,
        "people.directory.delete",
        acting_user,
        {"before": {"name": source.name, "kind": source.kind}, "at": now.isoformat()},
    )
    source.delete()


def _require(acting_user: User | None, unit: OrgUnit) -> None:
    if acting_user is not None and not allows(acting_user, Capability.MANAGE_DIRECTORIES, unit):
        raise PermissionDenied(unit.name)


@dataclass(frozen=True, slots=True)
class EntryIdentity:
    """Which entry of a directory is the person with an employee number."""

    external_id: str
    alternate_id: str
    employee_no: str


@dataclass(frozen=True, slots=True)
class Bindings:
    """What a run learned of who and what is what, to be kept once its list is applied."""

    people: list[EntryIdentity] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)  # department → full name of the unit
    missing: list[int] = field(default_factory=list)  # links whose entry is no longer in the directory


def apply_directory(
    *,
    source: DirectorySource,
    plan: ImportPlan,
    options: ImportOptions,
    sha256: str,
    bindings: Bindings,
    acting_user: User | None,
    now: dt.datetime,
) -> ImportBatch | None:
    """Apply a directory's list like any other, then keep who is who; return the batch, if there is one.

    Runs as the system: a directory reaches what lies below its unit, which its list was checked for, whoever
    pressed the button. A run cut short in between is made good by the next. Raises what `apply_import` raises.
    """
    _applied, batch = apply_import(
        rows=plan.rows,
        options=options,
        file_name=source.name,
        file_sha256=sha256,
        source=source.name,
        expected_fingerprint=plan.fingerprint,
        acting_user=None,
        now=now,
    )
    keep_bindings(source=source, bindings=bindings, now=now)
    record_audit(
        source,
        "people.directory.sync",
        acting_user,
        {"batch": batch.pk if batch else None, "counts": plan.counts, "at": now.isoformat()},
    )
    return batch


@transaction.atomic
def keep_bindings(*, source: DirectorySource, bindings: Bindings, now: dt.datetime) -> None:
    """Keep which entry is which person and department which unit; note who is missing.

    A handful of statements, however many entries. Locks: the directory.
    """
    DirectorySource.objects.select_for_update().get(pk=source.pk)
    _link_people(source, bindings.people)
    for links in _pieces(bindings.missing):
        source.links.filter(pk__in=links, missing_since__isnull=True).update(missing_since=localdate(now))
    ids = {entry.full_name: entry.id for entry in unit_directory().values()}
    wanted = {own: ids[name] for own, name in bindings.units.items() if name in ids}
    known = dict(source.unit_links.values_list("external_id", "unit_id"))
    changed = {own: unit_id for own, unit_id in wanted.items() if known.get(own) != unit_id}
    for piece in _pieces([own for own in changed if own in known]):
        source.unit_links.filter(external_id__in=piece).delete()
    DirectoryUnitLink.objects.bulk_create(
        [DirectoryUnitLink(source=source, external_id=own, unit_id=changed[own]) for own in changed],
        batch_size=CHUNK,
    )


def _link_people(source: DirectorySource, people: list[EntryIdentity]) -> None:
    ids: dict[str, int] = {}
    for piece in _pieces([one.employee_no for one in people]):
        ids |= dict(Employee.objects.filter(employee_no__in=piece).values_list("employee_no", "pk"))
    known = {link.external_id: link for link in source.links.all()}
    by_employee = {link.employee_id: link for link in known.values()}
    new: list[DirectoryLink] = []
    replaced: list[int] = []
    changed: list[DirectoryLink] = []
    for one in people:
        employee_id = ids.get(one.employee_no)
        if employee_id is None:
            continue
        link = known.get(one.external_id)
        if link is None:
            if employee_id in by_employee:
                replaced.append(by_employee[employee_id].pk)
            new.append(
                DirectoryLink(
                    source=source,
                    external_id=one.external_id,
                    alternate_id=one.alternate_id,
                    employee_id=employee_id,
                )
            )
        elif link.missing_since is not None or link.alternate_id != one.alternate_id:
            link.missing_since, link.alternate_id = None, one.alternate_id
            changed.append(link)
    for links in _pieces(replaced):
        source.links.filter(pk__in=links).delete()
    DirectoryLink.objects.bulk_create(new, batch_size=CHUNK)
    DirectoryLink.objects.bulk_update(changed, ["missing_since", "alternate_id"], batch_size=CHUNK)


def _pieces(items: list[T]) -> Iterable[list[T]]:
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))


@transaction.atomic
def record_directory_run(
    *,
    source: DirectorySource,
    state: DirectoryState,
    report: DirectoryReport,
    batch: ImportBatch | None,
    link: str,
    now: dt.datetime,
) -> None:
    """Keep how a run went, and tell the administrators of the directory where it needs them.

    They are told once a day and state, with `link` as the page to go to.
    """
    DirectorySource.objects.filter(pk=source.pk).update(
        last_state=state, last_run_at=now, last_report=report, **({"last_batch": batch} if batch else {})
    )
    source.refresh_from_db()
    if state not in NEED_ATTENTION:
        return
    on = localdate(now)
    title = _("人员目录“%(name)s”：%(state)s") % {"name": source.name, "state": state.label}
    body = report.get("message", "") or _("%(count)d 人没有同步上，请看原因。") % {
        "count": report.get("fault_count", 0)
    }
    send_notices(
        drafts=[
            NoticeDraft(pk, f"directory:{source.pk}:{state}:{on}", title, body, link)
            for pk in directory_administrators(source, on)
        ],
        now=now,
    )
