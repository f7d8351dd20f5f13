"""Starting the exam of an obligation."""

import datetime as dt

from django.utils.translation import gettext as _

from exams.actions.attempts import start_attempt
from exams.models import Attempt
from people.models import Employee
from training.actions.completion import purpose_of
from training.errors import StepLocked
from training.models import Component, ComponentDone, ComponentKind, Obligation, ObligationState


def start_component_exam(
    *, obligation: Obligation, component: Component, employee: Employee, device: str, now: dt.datetime
) -> Attempt:
    """Start, or continue, the exam of one component for the person who owes it.

    Everything before it in the programme must be done: an exam waits for its courses.
    Raises StepLocked if it must wait or the obligation is closed; Obligation.DoesNotExist if it is somebody
    else's; Component.DoesNotExist if the component is not an exam of this programme; whatever exams raise.
    """
    if obligation.employee_id != employee.pk:
        raise Obligation.DoesNotExist
    if component.programme_id != obligation.programme_id or component.kind != ComponentKind.EXAM:
        raise Component.DoesNotExist
    if obligation.state != ObligationState.OPEN:
        raise StepLocked(_("培训任务“%(title)s”已结束，不需要再考。") % {"title": obligation.programme.title})
    done = ComponentDone.objects.filter(obligation=obligation).values("component_id")
    if component.pk in set(done.values_list("component_id", flat=True)):
        raise StepLocked(_("“%(title)s”已经合格，不需要再考。") % {"title": component.title})
    missing = (
        Component.objects.filter(programme_id=obligation.programme_id, position__lt=component.position)
        .exclude(pk__in=done)
        .order_by("position")
        .first()
    )
    if missing is not None:
        raise StepLocked(
            _("还不能参加“%(title)s”：请先完成“%(missing)s”。")
            % {"title": component.title, "missing": missing.title}
        )
    exam = component.exam
    if exam is None:
        raise Component.DoesNotExist
    return start_attempt(exam=exam, employee=employee, purpose=purpose_of(obligation), device=device, now=now)
