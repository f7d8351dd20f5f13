"""Reads about clearance: the facts it rests on, and the answer in words."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from common import clock
from people.models import Assignment, Employee, LicenceType, Post
from training.clearance import (
    Clearance,
    ClearanceFacts,
    DemandedLicence,
    HeldLicence,
    OwedTraining,
    Reason,
    ReasonCode,
    Stay,
    Worked,
    clearance,
)
from training.models import REFUTED, ClearanceState, Licence, Obligation, ObligationState
from training.queries.basis import basis_words


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
    answer = clearance_answers({employee.pk: employee.status}, today)[employee.pk]
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


# Functions, so that each is looked up in the reader's language.
_TEXTS: dict[str, Callable[[], str]] = {
    ReasonCode.LEFT: lambda: _("已离职"),
    ReasonCode.AWAY: lambda: _("离岗中，返岗登记后再核定"),
    ReasonCode.NO_POST: lambda: _("当前没有岗位"),
    ReasonCode.TRAINING_OWED: lambda: _("培训未完成：%(subject)s（截止 %(day)s）"),
    ReasonCode.LICENCE_MISSING: lambda: _("岗位须持证，未登记：%(subject)s"),
    ReasonCode.LICENCE_NOT_YET_VALID: lambda: _("证件尚未生效：%(subject)s（%(day)s 起有效）"),
    ReasonCode.LICENCE_EXPIRED: lambda: _("证件已过期：%(subject)s（有效期至 %(day)s）"),
    ReasonCode.LICENCE_REVIEW_OVERDUE: lambda: _("证件逾期未复审：%(subject)s（应于 %(day)s 前复审）"),
    ReasonCode.LICENCE_REFUTED: lambda: _("证件未通过官网核验：%(subject)s"),
    ReasonCode.REASSESSMENT_DUE: lambda: _(
        "离开该作业时间过长，须重新实操考核：%(subject)s（最近一次从事 %(day)s）"
    ),
    ReasonCode.NOT_OF_THIS_PLACE: lambda: _("不是本场所所属单位的人员：%(subject)s"),
    ReasonCode.PROGRAMME_MISSING: lambda: _("进入本场所须先完成培训：%(subject)s"),
    ReasonCode.PROGRAMME_EXPIRED: lambda: _("进入本场所的培训已过期：%(subject)s（有效期至 %(day)s）"),
}


def reason_text(code: str, subject: str, day: dt.date | None) -> str:
    """Say one reason in a sentence of the active language. Raises ValueError for a code there is none of."""
    if code not in _TEXTS:
        raise ValueError(f"unknown clearance reason {code!r}")
    values = {"subject": subject, "day": date_format(day, "Y-m-d") if day else ""}
    text = _TEXTS[code]()
    return text % values if "%(" in text else text


def clearance_answers(statuses: Mapping[int, str], on: dt.date) -> dict[int, Clearance]:
    """Return the clearance on a day of people given by id and status, computed from the facts.

    Six queries for any number, and one more if somebody's licence asks for practice.
    """
    ids = list(statuses)
    stays = _stays(ids, on)
    owed = _owed(ids)
    held, worked = licences_held(ids, on)
    return {
        pk: clearance(
            ClearanceFacts(
                on=on,
                status=status,
                stays=tuple(stays[pk]),
                owed=tuple(owed[pk]),
                held=tuple(held[pk]),
                worked=tuple(worked[pk]),
            )
        )
        for pk, status in statuses.items()
    }


def _stays(ids: list[int], on: dt.date) -> dict[int, list[Stay]]:
    """Return the present and coming stays with what their posts demand."""
    rows = (
        Assignment.objects.filter(Q(ends_before__isnull=True) | Q(ends_before__gt=on), employee_id__in=ids)
        .order_by("starts_on", "id")
        .values_list("employee_id", "starts_on", "ends_before", "post_id")
    )
    demanded = {
        post.pk: tuple(demanded_licence(kind) for kind in post.demanded_licences.all())
        for post in Post.objects.filter(pk__in={row[3] for row in rows}).prefetch_related("demanded_licences")
    }
    found: dict[int, list[Stay]] = defaultdict(list)
    for employee_id, starts_on, ends_before, post_id in rows:
        found[employee_id].append(Stay(starts_on, ends_before, demanded[post_id]))
    return found


def _owed(ids: list[int]) -> dict[int, list[OwedTraining]]:
    found: dict[int, list[OwedTraining]] = defaultdict(list)
    # Plain values: a list of new people owes thousands under one rule, each of which would be made anew.
    rows = Obligation.objects.filter(
        Q(before_work=True) | Q(blocks_overdue=True), employee_id__in=ids, state=ObligationState.OPEN
    ).values_list(
        "employee_id",
        "public_id",
        "programme__title",
        "owed_from",
        "due_on",
        "rule__legal_basis",
        "rule__basis_verified",
        "before_work",
    )
    bases: dict[tuple[str, bool], str] = {}
    for employee_id, public_id, title, owed_from, due_on, legal_basis, is_verified, before_work in rows:
        if (legal_basis, is_verified) not in bases:
            bases[legal_basis, is_verified] = basis_words(legal_basis, is_verified)
        basis = bases[legal_basis, is_verified]
        # What may be done beside the work stands against it from the day after it was due.
        counts_from = owed_from if before_work else due_on + dt.timedelta(days=1)
        found[employee_id].append(OwedTraining(str(public_id), title, counts_from, due_on, basis))
    return found


def demanded_licence(kind: LicenceType) -> DemandedLicence:
    """Return a kind of licence as the rules know it; a clause nobody compared says so."""
    basis = basis_words(kind.legal_basis, kind.basis_verified)
    return DemandedLicence(kind.code, kind.name, basis, kind.off_post_months)


def licences_held(
    ids: list[int], on: dt.date
) -> tuple[dict[int, list[HeldLicence]], dict[int, list[Worked]]]:
    """Return the licences of people, and when they did the work those are for that ask for practice.

    One query; two if there are such licences.
    """
    found: dict[int, list[HeldLicence]] = defaultdict(list)
    worked: dict[int, list[Worked]] = defaultdict(list)
    practised: set[int] = set()
    rows = Licence.objects.filter(employee_id__in=ids).values_list(
        "employee_id",
        "licence_type__code",
        "licence_type__off_post_months",
        "valid_from",
        "valid_until",
        "review_due_on",
        "review_done_on",
        "reassessed_on",
        "last_worked_on",
        "checked_outcome",
    )
    for pk, code, months, valid_from, valid_until, due, reviewed, reassessed, last, outcome in rows:
        examined = tuple(day for day in (reviewed, reassessed) if day is not None)
        found[pk].append(HeldLicence(code, valid_from, valid_until, due, outcome in REFUTED, examined))
        if months is not None:
            practised.add(pk)
            if last is not None:
                worked[pk].append(Worked(code, last, last + dt.timedelta(days=1)))
    if practised:
        stays = Assignment.objects.filter(
            employee_id__in=practised,
            starts_on__lte=on,
            post__demanded_licences__off_post_months__isnull=False,
        )
        for pk, code, starts_on, ends_before in stays.values_list(
            "employee_id", "post__demanded_licences__code", "starts_on", "ends_before"
        ):
            worked[pk].append(Worked(code, starts_on, ends_before))
    return found, worked
