"""Keeping clearance up to date, and the licences it rests on."""

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import islice

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from people.audit import record_audit
from people.models import Employee, EmploymentStatus, LicenceType, User
from people.permissions import Capability
from people.queries import employees_for
from training.clearance import Reason
from training.errors import LicenceRefused
from training.models import ClearanceState, Licence
from training.queries.clearance import clearance_answers, reason_text
from training.shapes import ClearanceReason

CHUNK = 1000  # people per transaction and per statement


def in_chunks(ids: Iterable[int], size: int = CHUNK) -> Iterator[list[int]]:
    """Yield the distinct ids in ascending order, `size` at a time."""
    iterator = iter(sorted(set(ids)))
    while chunk := list(islice(iterator, size)):
        yield chunk


def refresh_clearance(*, employee_ids: Iterable[int], now: dt.datetime) -> None:
    """Recompute and store the clearance of these people.

    The number of statements depends on the number of chunks, not of people. Locks: the employees' rows, always
    in ascending order and before anything else, so that an answer is never computed from half a change made
    beside it.
    """
    today = timezone.localdate(now)
    for chunk in in_chunks(employee_ids):
        with transaction.atomic(), translation.override(settings.LANGUAGE_CODE):
            employees = list(Employee.objects.select_for_update().filter(pk__in=chunk).order_by("pk"))
            answers = clearance_answers(employees, today)
            ClearanceState.objects.bulk_create(
                [
                    ClearanceState(
                        employee=employee,
                        is_cleared=answers[employee.pk].is_cleared,
                        reasons=[_stored(reason) for reason in answers[employee.pk].reasons],
                        recheck_on=answers[employee.pk].recheck_on,
                        computed_at=now,
                    )
                    for employee in employees
                ],
                update_conflicts=True,
                unique_fields=["employee"],
                update_fields=["is_cleared", "reasons", "recheck_on", "computed_at"],
            )


def _stored(reason: Reason) -> ClearanceReason:
    stored: ClearanceReason = {
        "code": str(reason.code),
        "text": reason_text(reason.code, reason.subject, reason.day),
        "basis": reason.basis,
        "subject": reason.subject,
        "day": reason.day.isoformat() if reason.day else None,
    }
    if reason.obligation_id:
        stored["obligation_id"] = reason.obligation_id
    if reason.licence_type:
        stored["licence_type"] = reason.licence_type
    return stored


def refresh_due(*, now: dt.datetime) -> int:
    """Recompute the clearance of everyone whose answer may have changed by itself; return how many.

    These are the people whose recheck day has come and those never computed.
    """
    today = timezone.localdate(now)
    return _refresh(
        Employee.objects.filter(Q(clearance__isnull=True) | Q(clearance__recheck_on__lte=today)).values_list(
            "pk", flat=True
        ),
        now,
    )


def refresh_all(*, now: dt.datetime) -> int:
    """Recompute the clearance of everyone who has not left; return how many.

    Run each night: a post's demands or a rule's basis can change without any event of the person's own.
    """
    return _refresh(Employee.objects.exclude(status=EmploymentStatus.LEFT).values_list("pk", flat=True), now)


def _refresh(employee_ids: Iterable[int], now: dt.datetime) -> int:
    ids = list(employee_ids)
    refresh_clearance(employee_ids=ids, now=now)
    return len(ids)


def save_licence(
    *,
    employee: Employee,
    licence_type: LicenceType,
    number: str,
    valid_from: dt.date,
    valid_until: dt.date,
    review_due_on: dt.date | None = None,
    issuer: str = "",
    licence: Licence | None = None,
    acting_user: User | None,
    now: dt.datetime,
) -> Licence:
    """Register a licence a person holds, or correct one already registered, and refresh the clearance.

    `valid_until` and `review_due_on` are the last good days. Raises LicenceRefused for a span that is empty, a
    review outside it, or a number registered before; PermissionDenied outside the user's scope.
    """
    if acting_user is not None and not (
        employees_for(acting_user, Capability.MANAGE_TRAINING).filter(pk=employee.pk).exists()
    ):
        raise PermissionDenied
    number = number.strip()
    names = {"name": employee.name, "number": number, "kind": licence_type.name}
    if not number:
        raise LicenceRefused(_("%(name)s 的%(kind)s：请填写证号。") % names)
    if valid_until < valid_from:
        raise LicenceRefused(_("%(name)s 的证件 %(number)s：有效期的结束日早于开始日，请核对证件。") % names)
    if review_due_on is not None and not valid_from <= review_due_on <= valid_until:
        raise LicenceRefused(_("%(name)s 的证件 %(number)s：复审日期不在有效期内，请核对证件。") % names)
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
        licence.employee = employee
        licence.licence_type = licence_type
        licence.number = number
        licence.issuer = issuer
        licence.valid_from = valid_from
        licence.valid_until = valid_until
        licence.review_due_on = review_due_on
        licence.save()
        record_audit(licence, action, acting_user, {"number": number, "valid_until": valid_until.isoformat()})
        refresh_clearance(employee_ids=[employee.pk], now=now)
    return licence
