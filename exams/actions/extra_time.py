"""Extra time of persons: granted with a reason, for one exam or for all; withdrawn, never rewritten."""

import datetime as dt

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from exams.actions.deadlines import LONGEST_EXTENSION_S, extend_attempts
from exams.admission import ExtraTime
from exams.errors import BadChange
from exams.models import OPEN_STATES, Attempt, Exam, ExtraTimeGrant
from exams.queries.admission import extra_time_of
from people.audit import record_audit
from people.models import Employee, User
from people.permissions import Capability
from people.queries import employees_for

MOST_PCT = 300
MOST_S = 4 * 3600


def _require_over(user: User | None, employee_id: int) -> None:
    if user is not None and not employees_for(user, Capability.INVIGILATE).filter(pk=employee_id).exists():
        raise PermissionDenied(_("这名员工不在你的监考范围内。"))


@transaction.atomic
def grant_extra_time(
    *,
    employee: Employee,
    exam: Exam | None,
    extra: ExtraTime,
    reason: str,
    acting_user: User | None,
    now: dt.datetime,
    running_too: bool = False,
) -> ExtraTimeGrant:
    """Give a person more time from the next start on, at one exam or (None) at all; an earlier grant is withdrawn.

    `running_too` gives an attempt that is running what this grant adds to the earlier one.
    Raises: PermissionDenied; BadChange without a reason, or for no time or too much.
    """
    _require_over(acting_user, employee.pk)
    if not reason.strip():
        raise BadChange(_("请写明事由：它和操作一起留存。"))
    if not (0 <= extra.pct <= MOST_PCT and 0 <= extra.s <= MOST_S and (extra.pct or extra.s)):
        raise BadChange(_("请填加时：百分数不超过 300，分钟数不超过 240，至少填一个。"))
    Employee.objects.select_for_update(of=("self",)).get(pk=employee.pk)
    running = Attempt.objects.filter(employee=employee, state__in=OPEN_STATES).select_related("exam")
    if exam is not None:
        running = running.filter(exam=exam)
    before = {
        attempt: extra_time_of(attempt.exam_id, employee.pk) for attempt in running.defer("paper", "seed")
    }
    ExtraTimeGrant.objects.filter(employee=employee, exam=exam, withdrawn_at__isnull=True).update(
        withdrawn_at=now, withdrawn_by=acting_user
    )
    grant = ExtraTimeGrant.objects.create(
        employee=employee,
        exam=exam,
        extra_pct=extra.pct,
        extra_s=extra.s,
        reason=reason.strip()[:200],
        granted_by=acting_user,
        granted_at=now,
    )
    record_audit(employee, "exams.extra_time.grant", acting_user, {"grant": grant.pk})
    for attempt, earlier in before.items() if running_too else ():
        duration_s = attempt.exam.duration_s
        more_s = extra_time_of(attempt.exam_id, employee.pk).of(duration_s) - earlier.of(duration_s)
        if more_s > 0:
            extend_attempts(
                exam=attempt.exam,
                seconds=min(more_s, LONGEST_EXTENSION_S),
                reason=grant.reason,
                acting_user=acting_user,
                now=now,
                attempt_ids=[attempt.pk],
            )
    return grant


@transaction.atomic
def withdraw_extra_time(*, grant: ExtraTimeGrant, acting_user: User | None, now: dt.datetime) -> bool:
    """End a grant; attempts that run keep their time. Tells whether it was still in force.

    Raises: PermissionDenied.
    """
    _require_over(acting_user, grant.employee_id)
    ended = ExtraTimeGrant.objects.filter(pk=grant.pk, withdrawn_at__isnull=True).update(
        withdrawn_at=now, withdrawn_by=acting_user
    )
    if ended:
        record_audit(grant.employee, "exams.extra_time.withdraw", acting_user, {"grant": grant.pk})
    return bool(ended)
