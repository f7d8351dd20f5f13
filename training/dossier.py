"""What training adds to a person's file: clearance, what was owed, the ledger, licences."""

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.text import plain_number
from people.dossier import DossierSection, DossierTable, day
from people.identity import mask_in_text
from people.models import Employee
from people.permissions import Capability
from training.models import Licence, Obligation, RecordSignature, SignerRole, TrainingRecord
from training.queries.basis import basis_text
from training.queries.clearance import clearance_of

HASH_CHARS = 16


def _clearance(employee: Employee, now: dt.datetime) -> DossierTable:
    found = clearance_of(employee)
    if found.is_cleared:
        return DossierTable(header=[_("上岗资格")], rows=[[_("可以上岗")]])
    return DossierTable(
        header=[_("暂不可上岗的原因"), _("依据")],
        rows=[[reason.text, reason.basis] for reason in found.reasons],
    )


def _obligations(employee: Employee, now: dt.datetime) -> DossierTable:
    owed = (
        Obligation.objects.filter(employee=employee)
        .select_related("programme", "rule", "push")
        .order_by("owed_from", "pk")
    )
    return DossierTable(
        header=[_("起算日"), _("截止日"), _("培训方案"), _("依据"), _("状态"), _("结束时间")],
        rows=[
            [
                day(item.owed_from),
                day(item.due_on),
                item.programme.title,
                basis_text(item.rule) if item.rule else _("案例推送"),
                item.get_state_display(),
                day(timezone.localdate(item.closed_at)) if item.closed_at else "",
            ]
            for item in owed
        ],
    )


def _records(employee: Employee, now: dt.datetime) -> DossierTable:
    records = TrainingRecord.objects.filter(employee=employee).select_related("corrects").order_by("seq")
    roles: dict[int, set[str]] = {}
    for record_id, role in RecordSignature.objects.filter(record__employee=employee).values_list(
        "record_id", "role"
    ):
        roles.setdefault(record_id, set()).add(role)
    return DossierTable(
        header=[
            _("台账"), _("完成时间"), _("内容"), _("类别"), _("学时"), _("成绩"), _("结果"), _("教员"), _("签字"),
            _("记录摘要"),
        ],
        rows=[
            [
                f"#{record.seq}",
                timezone.localtime(record.completed_at).strftime("%Y-%m-%d %H:%M"),
                record.title
                + (_("（更正第 %(seq)s 号）") % {"seq": record.corrects.seq} if record.corrects else ""),
                record.get_kind_display(),
                plain_number(record.hours),
                "" if record.score_pct is None else plain_number(record.score_pct),
                str(_("合格") if record.passed else _("不合格")),
                record.trainer_name,
                "、".join(
                    str(SignerRole(role).label)
                    for role in SignerRole.values
                    if role in roles.get(record.pk, ())
                ),
                record.leaf_hash[:HASH_CHARS],
            ]
            for record in records
        ],
        note=_("“培训完成”的学时含其中的现场教育，两类不得相加。更正是另一条记录，原记录保留。"),
    )  # fmt: skip


def _licences(employee: Employee, now: dt.datetime) -> DossierTable:
    held = Licence.objects.filter(employee=employee).select_related("licence_type").order_by("valid_from")
    return DossierTable(
        header=[_("证件"), _("证号"), _("发证机关"), _("有效期自"), _("有效期至"), _("复审日期")],
        rows=[
            [
                str(licence.licence_type),
                mask_in_text(licence.number),
                licence.issuer,
                day(licence.valid_from),
                day(licence.valid_until),
                day(licence.review_due_on),
            ]
            for licence in held
        ],
    )


_SEEN_BY = frozenset({Capability.VIEW_COVERAGE})
SECTIONS = (
    DossierSection(gettext_lazy("上岗资格"), 5, _SEEN_BY, _clearance),
    DossierSection(gettext_lazy("培训任务"), 20, _SEEN_BY, _obligations),
    DossierSection(gettext_lazy("培训台账"), 30, _SEEN_BY, _records),
    DossierSection(gettext_lazy("外部证件"), 50, _SEEN_BY, _licences),
)
