"""Reads about licences: the list with its filters, who lacks one, one licence, and the workbook."""

import datetime as dt
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.spreadsheet import Cell, Sheet, Watermark, workbook_bytes
from people.identity import mask_in_text
from people.models import Assignment, EmploymentStatus, User
from people.permissions import Capability
from people.queries import employees_for
from training.models import REFUTED, CheckOutcome, Licence

STATES = {
    "90": gettext_lazy("90 天内到期或须复审"),
    "60": gettext_lazy("60 天内到期或须复审"),
    "30": gettext_lazy("30 天内到期或须复审"),
    "7": gettext_lazy("7 天内到期或须复审"),
    "lapsed": gettext_lazy("已过期或逾期未复审"),
    "unchecked": gettext_lazy("未在官网核验"),
    "refuted": gettext_lazy("官网核验不符"),
    "missing": gettext_lazy("岗位须持证而未登记"),
}


def licences_seen(user: User | AnonymousUser) -> QuerySet[Licence]:
    """Return the licences of the people within the user's scope, the first to run out first."""
    people = employees_for(user, Capability.VIEW_COVERAGE).values("pk")
    licences = Licence.objects.filter(employee__in=people).exclude(employee__status=EmploymentStatus.LEFT)
    return licences.select_related("employee", "licence_type", "checked_by").order_by("valid_until", "id")


def get_licence_for(
    user: User | AnonymousUser, pk: int, capability: Capability = Capability.VIEW_COVERAGE
) -> Licence:
    """Return a licence of somebody within the user's scope, or of the user; raise Licence.DoesNotExist."""
    licences = Licence.objects.select_related("employee", "licence_type", "checked_by")
    if isinstance(user, User) and capability == Capability.VIEW_COVERAGE:
        own = licences.filter(pk=pk, employee__user_id=user.pk).first()
        if own is not None:
            return own
    return licences.filter(employee__in=employees_for(user, capability).values("pk")).get(pk=pk)


def own_licences(employee_id: int) -> QuerySet[Licence]:
    """Return a person's licences, the one that runs out last first."""
    held = Licence.objects.filter(employee_id=employee_id).select_related("licence_type")
    return held.order_by("-valid_until", "-pk")


def running_out(licences: QuerySet[Licence], on: dt.date, days: int) -> QuerySet[Licence]:
    """Return the licences that end, or are to be reviewed, within so many days and were not renewed yet.

    Renewed is one of which another of its kind lasts longer: the same is not reminded of (licence_reminders).
    """
    until = on + dt.timedelta(days=days)
    longer = Licence.objects.filter(
        employee_id=OuterRef("employee_id"),
        licence_type_id=OuterRef("licence_type_id"),
        valid_until__gt=OuterRef("valid_until"),
    )
    near = Q(valid_until__range=(on, until)) | Q(review_due_on__range=(on, until), valid_until__gte=on)
    return licences.filter(near, ~Exists(longer))


def narrowed(
    licences: QuerySet[Licence], *, state: str, words: str, kind_id: int | None, on: dt.date
) -> QuerySet[Licence]:
    """Return the licences in one of STATES as of a day, of a kind, or of people whose name or number has the words."""
    if state.isdigit():
        until = on + dt.timedelta(days=int(state))
        licences = licences.filter(
            Q(valid_until__range=(on, until)) | Q(review_due_on__range=(on, until), valid_until__gte=on)
        )
    elif state == "lapsed":
        licences = licences.filter(Q(valid_until__lt=on) | Q(review_due_on__lt=on))
    elif state == "unchecked":
        licences = licences.filter(checked_outcome=CheckOutcome.NOT_CHECKED)
    elif state == "refuted":
        licences = licences.filter(checked_outcome__in=REFUTED)
    if kind_id is not None:
        licences = licences.filter(licence_type_id=kind_id)
    if words:
        licences = licences.filter(
            Q(employee__name__icontains=words)
            | Q(employee__employee_no__icontains=words)
            | Q(number__icontains=words)
        )
    return licences


def lacks_seen(
    user: User | AnonymousUser, *, words: str, kind_id: int | None, on: dt.date
) -> QuerySet[Any, Any]:
    """Return who stands in a post that demands a licence they have none of, as dicts."""
    people = employees_for(user, Capability.VIEW_COVERAGE).exclude(status=EmploymentStatus.LEFT)
    # By annotations, which all speak of the same joined row; conditions on a relation to many would not.
    stays = Assignment.objects.annotate(
        kind_id=F("post__demanded_licences"), kind_name=F("post__demanded_licences__name")
    ).filter(
        Q(ends_before__isnull=True) | Q(ends_before__gt=on),
        starts_on__lte=on,
        employee__in=people.values("pk"),
        kind_id__isnull=False,
    )
    held = Licence.objects.filter(employee_id=OuterRef("employee_id"), licence_type_id=OuterRef("kind_id"))
    stays = stays.filter(~Exists(held))
    if kind_id is not None:
        stays = stays.filter(kind_id=kind_id)
    if words:
        stays = stays.filter(Q(employee__name__icontains=words) | Q(employee__employee_no__icontains=words))
    return stays.order_by("unit__path", "employee__employee_no", "kind_name").values(
        "kind_name", "employee__employee_no", "employee__name", "unit__name", "post__name"
    )


def licence_workbook(
    licences: QuerySet[Licence],
    lacks: QuerySet[Any, Any],
    *,
    purpose: str,
    exported_by: User,
    now: dt.datetime,
) -> bytes:
    """Return the list as an .xlsx file: 证件 as filtered and 缺证 by post. Numbers that are identity numbers are masked."""
    outcomes = dict(CheckOutcome.choices)
    header = [
        _("工号"), _("姓名"), _("证件种类"), _("证号"), _("发证机关"), _("有效期自"), _("有效期至"),
        _("复审日期"), _("上次复审"), _("最近一次从事该作业"), _("官网核验"), _("核验时间"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            one.employee.employee_no,
            one.employee.name,
            one.licence_type.name,
            mask_in_text(one.number),
            one.issuer,
            one.valid_from,
            one.valid_until,
            one.review_due_on,
            one.review_done_on,
            one.last_worked_on,
            str(outcomes[one.checked_outcome]),
            one.checked_at,
        ]
        for one in licences
    ]
    lacking: list[list[Cell]] = [
        [
            one["employee__employee_no"],
            one["employee__name"],
            one["unit__name"],
            one["post__name"],
            one["kind_name"],
        ]
        for one in lacks
    ]
    sheets = [
        Sheet(_("证件"), header, rows, widths=[12, 12, 26, 22, 24, 12, 12, 12, 12, 16, 16, 18]),
        Sheet(
            _("缺证"),
            [_("工号"), _("姓名"), _("单位"), _("岗位"), _("须持证件")],
            lacking,
            widths=[12, 12, 24, 20, 30],
        ),
    ]
    return workbook_bytes(sheets, mark=Watermark.of(exported_by, now, purpose=purpose))
