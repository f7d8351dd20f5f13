"""Reads about clearance: the facts it rests on, and the answer in words."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from common import clock
from people.models import Assignment, Employee, Post
from training.clearance import (
    Clearance,
    ClearanceFacts,
    DemandedLicence,
    HeldLicence,
    OwedTraining,
    Reason,
    ReasonCode,
    Stay,
    clearance,
)
from training.models import ClearanceState, Licence, Obligation, ObligationState
from training.queries.basis import basis_text


@dataclass(frozen=True, slots=True)
class ReasonView:
    """One reason why a person is blocked, in the reader's language."""

    code: str
    text: str
    basis: str
    obligation_id: str = ""
    licence_type: str = ""


@dataclass(frozen=True, slots=True)
class ClearanceView:
    """Whether a person may work, why not, and when that may change by itself."""

    is_cleared: bool
    reasons: tuple[ReasonView, ...]
    recheck_on: dt.date | None
    computed_at: dt.datetime


def clearance_of(employee: Employee) -> ClearanceView:
    """Return the clearance of one person: the stored answer, or a fresh one where that has run out.

    One query where the stored answer stands.
    """
    now = clock.now()
    today = timezone.localdate(now)
    state = ClearanceState.objects.filter(employee=employee).first()
    if state is not None and (state.recheck_on is None or today < state.recheck_on):
        return ClearanceView(
            state.is_cleared, reason_views(state.reasons), state.recheck_on, state.computed_at
        )
    answer = clearance_answers([employee], today)[employee.pk]
    return ClearanceView(
        answer.is_cleared,
        tuple(_view(reason) for reason in answer.reasons),
        answer.recheck_on,
        now,
    )


def reason_views(stored: list[dict[str, str]]) -> tuple[ReasonView, ...]:
    """Return stored reasons (training.shapes.ClearanceReason) in the language of the present reader."""
    return tuple(
        ReasonView(
            code=item["code"],
            text=reason_text(item["code"], item["subject"], parse_date(item["day"]) if item["day"] else None),
            basis=item["basis"],
            obligation_id=item.get("obligation_id", ""),
            licence_type=item.get("licence_type", ""),
        )
        for item in stored
    )


def _view(reason: Reason) -> ReasonView:
    return ReasonView(
        code=reason.code,
        text=reason_text(reason.code, reason.subject, reason.day),
        basis=reason.basis,
        obligation_id=reason.obligation_id,
        licence_type=reason.licence_type,
    )


def reason_text(code: str, subject: str, day: dt.date | None) -> str:
    """Say one reason in a sentence of the active language."""
    values = {"subject": subject, "day": date_format(day, "Y-m-d") if day else ""}
    match code:
        case ReasonCode.LEFT:
            return _("已离职")
        case ReasonCode.AWAY:
            return _("离岗中，返岗登记后再核定")
        case ReasonCode.NO_POST:
            return _("当前没有岗位")
        case ReasonCode.TRAINING_OWED:
            return _("培训未完成：%(subject)s（截止 %(day)s）") % values
        case ReasonCode.LICENCE_MISSING:
            return _("岗位须持证，未登记：%(subject)s") % values
        case ReasonCode.LICENCE_NOT_YET_VALID:
            return _("证件尚未生效：%(subject)s（%(day)s 起有效）") % values
        case ReasonCode.LICENCE_EXPIRED:
            return _("证件已过期：%(subject)s（有效期至 %(day)s）") % values
        case ReasonCode.LICENCE_REVIEW_OVERDUE:
            return _("证件逾期未复审：%(subject)s（应于 %(day)s 前复审）") % values
    raise ValueError(f"unknown clearance reason {code!r}")


def clearance_answers(employees: Collection[Employee], on: dt.date) -> dict[int, Clearance]:
    """Return the clearance of each person on a day, computed from the facts. Six queries for any number."""
    ids = [employee.pk for employee in employees]
    stays = _stays(ids, on)
    owed = _owed(ids)
    held = _held(ids)
    return {
        employee.pk: clearance(
            ClearanceFacts(
                on=on,
                status=employee.status,
                stays=tuple(stays[employee.pk]),
                owed=tuple(owed[employee.pk]),
                held=tuple(held[employee.pk]),
            )
        )
        for employee in employees
    }


def _stays(ids: list[int], on: dt.date) -> dict[int, list[Stay]]:
    """Return the present and coming stays with what their posts demand."""
    rows = (
        Assignment.objects.filter(Q(ends_before__isnull=True) | Q(ends_before__gt=on), employee_id__in=ids)
        .order_by("starts_on", "id")
        .values_list("employee_id", "starts_on", "ends_before", "post_id")
    )
    demanded = {
        post.pk: tuple(
            DemandedLicence(kind.code, kind.name, kind.legal_basis) for kind in post.demanded_licences.all()
        )
        for post in Post.objects.filter(pk__in={row[3] for row in rows}).prefetch_related("demanded_licences")
    }
    found: dict[int, list[Stay]] = defaultdict(list)
    for employee_id, starts_on, ends_before, post_id in rows:
        found[employee_id].append(Stay(starts_on, ends_before, demanded[post_id]))
    return found


def _owed(ids: list[int]) -> dict[int, list[OwedTraining]]:
    found: dict[int, list[OwedTraining]] = defaultdict(list)
    for obligation in Obligation.objects.filter(
        employee_id__in=ids, state=ObligationState.OPEN, before_work=True
    ).select_related("programme", "rule"):
        found[obligation.employee_id].append(
            OwedTraining(
                public_id=str(obligation.public_id),
                title=obligation.programme.title,
                owed_from=obligation.owed_from,
                due_on=obligation.due_on,
                basis=basis_text(obligation.rule),
            )
        )
    return found


def _held(ids: list[int]) -> dict[int, list[HeldLicence]]:
    found: dict[int, list[HeldLicence]] = defaultdict(list)
    for employee_id, code, valid_from, valid_until, review_due_on in Licence.objects.filter(
        employee_id__in=ids
    ).values_list("employee_id", "licence_type__code", "valid_from", "valid_until", "review_due_on"):
        found[employee_id].append(HeldLicence(code, valid_from, valid_until, review_due_on))
    return found
