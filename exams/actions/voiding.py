"""Making a handed-in attempt void: with a reason, its consequences seen beforehand, once and for good."""

import datetime as dt
from typing import cast

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from exams.errors import VoidRefused
from exams.models import Attempt, AttemptState, AttemptVoid
from exams.queries.integrity import attempts_to_review
from exams.signals import (
    AttemptVoided,
    Consequence,
    VoidAsked,
    attempt_voided,
    void_consequences_asked,
)
from notices.actions import send_notice
from people.audit import record_audit
from people.models import User

MOST_REASON = 500


def plan_void(*, attempt: Attempt, acting_user: User | None) -> list[Consequence]:
    """Say what would follow if an attempt were made void, and store nothing.

    Raises: PermissionDenied outside the scope of those who review findings, or about oneself; VoidRefused as
    `void_attempt` does.
    """
    _check(attempt, acting_user)
    asked = VoidAsked(attempt.pk, attempt.employee_id, attempt.exam_id, attempt.purpose)
    told: list[Consequence] = []
    for _receiver, answer in void_consequences_asked.send(sender=Attempt, asked=asked):
        told += cast(list[Consequence], answer or [])
    return told


@transaction.atomic
def void_attempt(*, attempt_id: int, reason: str, acting_user: User | None, now: dt.datetime) -> AttemptVoid:
    """Make a handed-in attempt void: it counts neither as passed nor as one of those an exam allows.

    Answers and marks stay. The rooms above hear of it inside the transaction and take back what rested on it;
    the candidate is told. A second call returns what stands.
    Raises: PermissionDenied outside the scope of those who review findings, or about oneself; VoidRefused without
    a reason, for an attempt that is still open, and for one that was sat on paper.
    """
    attempt = Attempt.objects.select_for_update(no_key=True).select_related("exam").get(pk=attempt_id)
    if attempt.state == AttemptState.VOID:
        return AttemptVoid.objects.get(attempt=attempt)
    _check(attempt, acting_user)
    reason = reason.strip()[:MOST_REASON]
    if not reason:
        raise VoidRefused(_("请写明理由：凭什么作废，看了什么、问了谁。"))
    voiding = AttemptVoid.objects.create(
        attempt=attempt, was_state=attempt.state, reason=reason, voided_by=acting_user, voided_at=now
    )
    attempt.state = AttemptState.VOID
    attempt.save(update_fields=["state"])
    record_audit(attempt, "exams.attempt.void", acting_user, {"was_state": voiding.was_state})
    event = AttemptVoided(
        attempt_id=attempt.pk,
        employee_id=attempt.employee_id,
        exam_id=attempt.exam_id,
        purpose=attempt.purpose,
        reason=reason,
        voided_at=now,
    )
    attempt_voided.send(sender=AttemptVoid, event=event)
    _tell(attempt, reason, now)
    return voiding


def _check(attempt: Attempt, acting_user: User | None) -> None:
    if acting_user is not None and not attempts_to_review(acting_user).filter(pk=attempt.pk).exists():
        raise PermissionDenied
    if attempt.state == AttemptState.OPEN:
        raise VoidRefused(_("这份答卷还在作答，交卷以后才能作废。需要马上停止的，请先在考试场次里结束考试。"))
    if attempt.state == AttemptState.VOID:
        raise VoidRefused(_("这份答卷已经作废。"))
    if "printed" in attempt.paper:
        raise VoidRefused(_("这是纸质考试的成绩，请到“纸质考试登分”里更正。"))


def _tell(attempt: Attempt, reason: str, now: dt.datetime) -> None:
    if attempt.employee.user_id is None:
        return
    with translation.override(settings.LANGUAGE_CODE):
        send_notice(
            recipient_id=attempt.employee.user_id,
            cause=f"attempt:{attempt.public_id}:void",
            title=_("答卷已作废：%(exam)s") % {"exam": attempt.exam.title},
            body=_("理由：%(reason)s 有异议请找考务员或安全员。需要重考的，看“我的任务”。")
            % {"reason": reason},
            link=reverse("exams:result", args=[attempt.public_id]),
            now=now,
        )
