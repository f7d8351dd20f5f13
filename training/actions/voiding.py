"""Taking back what rested on an exam attempt that was made void."""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from exams.signals import AttemptVoided
from people.audit import record_audit
from people.models import Employee, EmploymentStatus
from training.actions.clearance import refresh_clearance
from training.actions.ledger import correct_record
from training.actions.past_obligations import keep_past
from training.models import ComponentTakenBack, Obligation, ObligationState
from training.queries.voids import Resting, resting_on, standing_row
from training.signals import CompletionWithdrawn, completion_withdrawn


@transaction.atomic
def on_attempt_voided(*, event: AttemptVoided) -> Obligation | None:
    """Take an exam back that a void attempt had settled; hearing the event again does nothing.

    What else was done for the obligation stays done, so that only the exam is to be sat again. A finished
    obligation is open again as of now: how it stood is kept (PastObligation), its row of the ledger is corrected to
    not passed, and it is due as many days from today as the rule gives, if its day is over. Whoever has left owes
    nothing any more: there it is cancelled. Returns the obligation, or None if nothing rested on the attempt.
    Locks: the employee, then the obligation, as completion does.
    """
    list(Employee.objects.select_for_update().filter(pk=event.employee_id).values("pk"))
    resting = resting_on(attempt_id=event.attempt_id, employee_id=event.employee_id, purpose=event.purpose)
    if resting is None:
        return None
    obligation = Obligation.objects.select_for_update(of=("self",)).get(pk=resting.obligation.pk)
    taken_back = {"component": resting.done.component_id, "attempt": event.attempt_id}
    ComponentTakenBack.objects.create(
        done=resting.done, cause=f"void:{event.attempt_id}", taken_back_at=event.voided_at
    )
    record_audit(obligation, "training.component.take_back", None, taken_back)
    if obligation.state == ObligationState.DONE:
        with translation.override(settings.LANGUAGE_CODE):
            _reopen(obligation, resting, event)
    refresh_clearance(employee_ids=[event.employee_id], now=event.voided_at)
    return obligation


def _reopen(obligation: Obligation, resting: Resting, event: AttemptVoided) -> None:
    now = event.voided_at
    keep_past(obligation_ids=[obligation.pk], now=now)
    obligation.refresh_from_db(fields=["stands_since"])
    reason = _("考试答卷作废：%(reason)s") % {"reason": event.reason}
    if resting.obligation.employee.status == EmploymentStatus.LEFT:
        obligation.state, obligation.closed_at = ObligationState.CANCELLED, now
        obligation.close_reason = reason[:200]
    else:
        obligation.state, obligation.closed_at, obligation.close_reason = ObligationState.OPEN, None, ""
        obligation.due_on = max(obligation.due_on, _due_again(resting.obligation, timezone.localdate(now)))
    obligation.save(update_fields=["state", "closed_at", "close_reason", "due_on"])
    row = standing_row(obligation.pk)
    assert row is not None  # what is done has its row
    withdrawn = correct_record(record=row, reason=reason, acting_user=None, now=now, passed=False)
    completion_withdrawn.send(
        sender=Obligation,
        event=CompletionWithdrawn(
            obligation_id=obligation.pk,
            record_id=withdrawn.pk,
            employee_id=event.employee_id,
            reason=reason,
            withdrawn_at=now,
        ),
    )


def _due_again(obligation: Obligation, today: dt.date) -> dt.date:
    """Return the day by which it is to be made up for: the rule's days, or as many as the push had given."""
    if obligation.rule is not None:
        return today + dt.timedelta(days=obligation.rule.due_days)
    return today + (obligation.due_on - obligation.owed_from)
