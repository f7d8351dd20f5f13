"""What rests on an exam attempt that is, or would be, made void."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from exams.signals import Consequence, VoidAsked
from training.models import (
    ComponentDone,
    ComponentKind,
    Obligation,
    ObligationState,
    RecordKind,
    TrainingRecord,
)
from training.queries.purposes import obligation_id_in


@dataclass(frozen=True, slots=True)
class Resting:
    """The obligation whose exam an attempt settled, and that entry."""

    obligation: Obligation
    done: ComponentDone


def resting_on(*, attempt_id: int, employee_id: int, purpose: str) -> Resting | None:
    """Return what rests on an attempt: nothing if it failed, counted for nothing, or another one counted."""
    public_id = obligation_id_in(purpose)
    if public_id is None:
        return None
    found = (
        ComponentDone.objects.filter(
            obligation__public_id=public_id,
            obligation__employee_id=employee_id,
            component__kind=ComponentKind.EXAM,
        )
        .select_related("obligation__programme", "obligation__employee", "obligation__rule", "component")
        .order_by("pk")
    )
    for done in found:
        if done.evidence.get("attempt_id") == attempt_id:
            return Resting(done.obligation, done)
    return None


def standing_row(obligation_id: int) -> TrainingRecord | None:
    """Return the ledger row that says now how the programme of an obligation ended, or None before the first."""
    return TrainingRecord.objects.filter(
        obligation_id=obligation_id,
        kind__in=(RecordKind.PROGRAMME, RecordKind.CORRECTION),
        component__isnull=True,
        corrected_by__isnull=True,
    ).first()


def consequences_of_void(asked: VoidAsked) -> list[Consequence]:
    """Say what becomes of the training the attempt settled the exam of. One statement."""
    resting = resting_on(attempt_id=asked.attempt_id, employee_id=asked.employee_id, purpose=asked.purpose)
    if resting is None:
        return []
    item = resting.obligation
    if item.state == ObligationState.DONE and item.before_work:
        text = _("培训任务“%(programme)s”重新打开，台账更正为不合格，须重新考试，考过以前不得上岗。")
    elif item.state == ObligationState.DONE:
        text = _("培训任务“%(programme)s”重新打开，台账更正为不合格，须重新考试。")
    else:
        text = _("培训任务“%(programme)s”的考试改为没有通过，须重新考试。")
    return [Consequence(asked.attempt_id, text % {"programme": item.programme.title})]


def loses_completion(asked: VoidAsked) -> int | None:
    """Return the id of the finished obligation that would be open again, or None."""
    resting = resting_on(attempt_id=asked.attempt_id, employee_id=asked.employee_id, purpose=asked.purpose)
    if resting is None or resting.obligation.state != ObligationState.DONE:
        return None
    return resting.obligation.pk
