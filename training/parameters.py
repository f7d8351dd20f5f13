"""What each number of the rules is used for, and within which bounds a house may set it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_LICENCES = _("供查阅；每种证件的有效期、复审和离岗期限在证件种类里设置")
_EXAMS = _("供查阅；每场考试的合格分和补考次数在考试设置里定")
_RULES = _("供查阅；谁须参加演练由培训规则定")


@dataclass(frozen=True, slots=True)
class Use:
    """What a number is used for; `low` and `high` bound it, both included. A list of kinds has no bounds."""

    used_for: str | Promise
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)

    @property
    def is_list(self) -> bool:
        """Tell whether it is a list of kinds instead of a number."""
        return not self.high


# In the order of the page: what programs reckon with stands first.
USES: Mapping[str, Use] = {
    "credit_hour_minutes": Use(
        _("登记现场教育、授课和演练时核对学时填不填得下时段；线上学习与授课时间重叠时折算学时"),
        Decimal(20),
        Decimal(120),
    ),
    "daily_hours": Use(
        _("登记现场教育和累计学时的每人每日上限；判断任务来不来得及完成"), Decimal(1), Decimal(24)
    ),
    "online_share_pct": Use(_("累计学时：线上学时最多占多少"), Decimal(0), Decimal(100)),
    "counts_towards_annual": Use(_("累计学时：哪些培训计入从业人员年度再培训")),
    "counts_towards_managers": Use(_("累计学时：哪些培训计入负责人、安全管理人员再培训")),
    "exam_pass_mark": Use(_EXAMS, Decimal(1), Decimal(100)),
    "exam_resits": Use(_EXAMS, Decimal(0), Decimal(20)),
    "special_operation_valid_years": Use(_LICENCES, Decimal(1), Decimal(20)),
    "special_operation_review_years": Use(_LICENCES, Decimal(1), Decimal(20)),
    "special_operation_apply_days": Use(_LICENCES, Decimal(0), Decimal(365)),
    "special_operation_off_post_months": Use(_LICENCES, Decimal(1), Decimal(60)),
    "safety_qualification_valid_years": Use(_LICENCES, Decimal(1), Decimal(20)),
    "safety_qualification_renew_days": Use(_LICENCES, Decimal(0), Decimal(365)),
    "archive_retention_years": Use(_("供查阅；各类资料的保存期限在保存期限页设置"), Decimal(1), Decimal(100)),
    "drills_per_year": Use(_RULES, Decimal(0), Decimal(12)),
    "drills_on_site_per_half_year": Use(_RULES, Decimal(0), Decimal(12)),
}
