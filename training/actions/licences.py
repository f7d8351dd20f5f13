"""External licences: registered, corrected, reviewed, compared with the official site, and their scans."""

import datetime as dt
import hashlib
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from people.audit import record_audit
from people.identity import mask_in_text
from people.models import Employee, LicenceType, User
from people.permissions import Capability
from people.queries import employees_for
from training.actions.checks import settle_licences
from training.actions.clearance import refresh_clearance
from training.errors import LicenceRefused
from training.models import CheckOutcome, Licence, LicenceCheck

# What the official site was compared with; another value asks for another look.
_COMPARED = ("licence_type_id", "number", "valid_from", "valid_until", "review_due_on")


def save_licence(
    *,
    employee: Employee,
    licence_type: LicenceType,
    number: str,
    valid_from: dt.date,
    valid_until: dt.date,
    review_due_on: dt.date | None = None,
    review_done_on: dt.date | None = None,
    last_worked_on: dt.date | None = None,
    reassessed_on: dt.date | None = None,
    issuer: str = "",
    licence: Licence | None = None,
    acting_user: User | None,
    now: dt.datetime,
) -> Licence:
    """Register a licence a person holds, or correct one already registered, and refresh the clearance.

    `valid_until` and `review_due_on` are the last good days. Raises LicenceRefused for a span that is empty, a
    review outside it, a day of the past that is to come, or a number registered before; PermissionDenied outside
    the user's scope.
    """
    _check_scope(employee, acting_user)
    number = number.strip()
    check_terms(
        employee,
        licence_type,
        number,
        (valid_from, valid_until, review_due_on),
        (review_done_on, last_worked_on, reassessed_on),
        timezone.localdate(now),
    )
    names = {"name": employee.name, "number": mask_in_text(number), "kind": licence_type.name}
    if licence is not None and licence.employee_id != employee.pk:
        raise LicenceRefused(
            _("证件 %(number)s 已登记在 %(holder)s 名下，不能改到 %(name)s 名下：请另行登记。")
            % {**names, "holder": str(licence.employee)}
        )
    with transaction.atomic():
        Employee.objects.select_for_update().get(pk=employee.pk)
        twins = Licence.objects.filter(licence_type=licence_type, number=number).select_related("employee")
        twin = (twins.exclude(pk=licence.pk) if licence else twins).first()
        if twin is not None:
            raise LicenceRefused(
                _("证号 %(number)s（%(kind)s）已登记在 %(holder)s 名下，请核对证号。")
                % {**names, "holder": str(twin.employee)}
            )
        action = "training.licence.change" if licence else "training.licence.add"
        licence = licence or Licence()
        fields = {
            "licence_type_id": licence_type.pk,
            "number": number,
            "valid_from": valid_from,
            "valid_until": valid_until,
            "review_due_on": review_due_on,
        }
        take_back_check(licence, fields)
        licence.employee = employee
        licence.licence_type = licence_type
        licence.number = number
        licence.issuer = issuer
        licence.valid_from = valid_from
        licence.valid_until = valid_until
        licence.review_due_on = review_due_on
        licence.review_done_on = review_done_on
        licence.last_worked_on = last_worked_on
        licence.reassessed_on = reassessed_on
        licence.save()
        noted = {"number": mask_in_text(number), "valid_until": valid_until.isoformat()}
        record_audit(licence, action, acting_user, noted)
        settle_licences(employee_ids=[employee.pk], now=now)
        refresh_clearance(employee_ids=[employee.pk], now=now)
    return licence


def check_terms(
    employee: Employee,
    licence_type: LicenceType,
    number: str,
    span: tuple[dt.date, dt.date, dt.date | None],
    past: tuple[dt.date | None, ...],
    today: dt.date,
) -> None:
    """Raise LicenceRefused for a number or days that cannot be: `span` is from, until, review due."""
    valid_from, valid_until, review_due_on = span
    names = {"name": employee.name, "number": mask_in_text(number), "kind": licence_type.name}
    if not number:
        raise LicenceRefused(_("%(name)s 的%(kind)s：请填写证号。") % names)
    if valid_until < valid_from:
        raise LicenceRefused(_("%(name)s 的证件 %(number)s：有效期的结束日早于开始日，请核对证件。") % names)
    if review_due_on is not None and not valid_from <= review_due_on <= valid_until:
        raise LicenceRefused(_("%(name)s 的证件 %(number)s：复审日期不在有效期内，请核对证件。") % names)
    if any(day is not None and day > today for day in past):
        raise LicenceRefused(
            _("%(name)s 的证件 %(number)s：已经发生的日期（复审、从事作业、考核）不能晚于今天，请核对。")
            % names
        )


def take_back_check(licence: Licence, fields: dict[str, Any]) -> None:
    """Forget what the official site said if what it was compared with changes. Not saved here."""
    if licence.pk is not None and any(getattr(licence, name) != fields[name] for name in _COMPARED):
        licence.checked_outcome, licence.checked_at, licence.checked_by = CheckOutcome.NOT_CHECKED, None, None


def _check_scope(employee: Employee, acting_user: User | None) -> None:
    if acting_user is not None and not (
        employees_for(acting_user, Capability.MANAGE_TRAINING).filter(pk=employee.pk).exists()
    ):
        raise PermissionDenied


def _locked(licence: Licence, acting_user: User | None) -> Licence:
    """Return the licence as it stands, its holder locked. Raises PermissionDenied out of scope."""
    employee = Employee.objects.select_for_update().get(pk=licence.employee_id)
    _check_scope(employee, acting_user)
    return Licence.objects.select_related("licence_type", "employee").get(pk=licence.pk)


@transaction.atomic
def record_review(
    *,
    licence: Licence,
    done_on: dt.date,
    next_due_on: dt.date | None,
    valid_until: dt.date,
    acting_user: User | None,
    now: dt.datetime,
) -> Licence:
    """Note that a licence was reviewed (复审) on a day, until when it holds now, and when the next review is due.

    Raises LicenceRefused for days that cannot be, PermissionDenied.
    """
    current = _locked(licence, acting_user)
    check_terms(
        current.employee,
        current.licence_type,
        current.number,
        (current.valid_from, valid_until, next_due_on),
        (done_on,),
        timezone.localdate(now),
    )
    if done_on < current.valid_from:
        raise LicenceRefused(_("复审日期早于证件的有效期，请核对。"))
    take_back_check(
        current,
        {name: getattr(current, name) for name in _COMPARED}
        | {"valid_until": valid_until, "review_due_on": next_due_on},
    )
    current.review_done_on, current.review_due_on, current.valid_until = done_on, next_due_on, valid_until
    current.save()
    noted = {"done_on": done_on.isoformat(), "next": next_due_on.isoformat() if next_due_on else None}
    record_audit(current, "training.licence.review", acting_user, noted)
    refresh_clearance(employee_ids=[current.employee_id], now=now)
    return current


@transaction.atomic
def record_check(
    *,
    licence: Licence,
    outcome: str,
    site: str,
    note: str = "",
    acting_user: User | None,
    now: dt.datetime,
) -> LicenceCheck:
    """Note what the official query site showed for a licence; what it refutes no longer counts.

    The site is asked by a person (it guards itself with a captcha); nothing is fetched here. Raises
    LicenceRefused without an outcome or a site, PermissionDenied.
    """
    if outcome not in set(CheckOutcome.values) - {CheckOutcome.NOT_CHECKED} or not site.strip():
        raise LicenceRefused(_("请选择核验结果，并写明查询的网站。"))
    current = _locked(licence, acting_user)
    check = LicenceCheck.objects.create(
        licence=current,
        outcome=outcome,
        site=site.strip(),
        note=note.strip(),
        valid_until=current.valid_until,
        checked_by=acting_user,
        checked_at=now,
    )
    current.checked_outcome, current.checked_at, current.checked_by = outcome, now, acting_user
    current.save(update_fields=["checked_outcome", "checked_at", "checked_by"])
    record_audit(current, "training.licence.check", acting_user, {"outcome": outcome, "site": check.site})
    refresh_clearance(employee_ids=[current.employee_id], now=now)
    return check


def note_scan_seen(*, licence: Licence, acting_user: User, now: dt.datetime) -> None:
    """Note that somebody opened the scan of a licence, which shows its holder's identity number."""
    record_audit(licence, "training.licence.scan_seen", acting_user, {"at": now.isoformat()})


def save_scan(
    *, licence: Licence, data: bytes, suffix: str, acting_user: User | None, now: dt.datetime
) -> Licence:
    """Keep a scan in place of an earlier one, whose file is deleted. `data` has been drawn anew (`.pdf`, `.jpg`).

    Raises PermissionDenied.
    """
    stored = ""
    storage: Any = Licence._meta.get_field("scan").storage  # type: ignore[union-attr]
    try:
        with transaction.atomic():
            current = _locked(licence, acting_user)
            former = current.scan.name
            digest = hashlib.sha256(data).hexdigest()
            current.scan_sha256 = digest
            current.scan.save(f"{digest[:32]}{suffix}", ContentFile(data), save=False)
            stored = current.scan.name or ""
            current.save(update_fields=["scan", "scan_sha256"])
            record_audit(
                current, "training.licence.scan", acting_user, {"sha256": digest, "at": now.isoformat()}
            )
            if former and former != stored:
                # After the commit: a file that is gone cannot come back with a rollback.
                transaction.on_commit(lambda: storage.delete(former))
    except BaseException:
        # The row is rolled back; files know no transaction.
        if stored:
            storage.delete(stored)
        raise
    return current
