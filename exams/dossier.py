"""What exams add to a person's training file: every attempt and how it ended."""

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.text import plain_number
from exams.models import Attempt
from exams.queries import with_latest_mark
from people.dossier import DossierSection, DossierTable
from people.models import Employee
from people.permissions import Capability


def _attempts(employee: Employee, now: dt.datetime) -> DossierTable:
    attempts = with_latest_mark(
        Attempt.objects.filter(employee=employee).select_related("exam").defer("paper").order_by("started_at")
    )
    rows = []
    for attempt in attempts:
        score, passed = getattr(attempt, "score_pct", None), getattr(attempt, "passed", None)
        rows.append(
            [
                timezone.localtime(attempt.started_at).strftime("%Y-%m-%d %H:%M"),
                attempt.exam.title,
                str(attempt.number),
                attempt.get_state_display(),
                "" if score is None else plain_number(score),
                "" if passed is None else str(_("合格") if passed else _("不合格")),
            ]
        )
    return DossierTable(
        header=[_("开始时间"), _("考试"), _("第几次"), _("状态"), _("成绩"), _("结果")], rows=rows
    )


SECTIONS = (DossierSection(gettext_lazy("考试"), 40, frozenset({Capability.VIEW_RESULTS}), _attempts),)
