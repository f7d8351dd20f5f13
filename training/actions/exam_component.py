"""Starting the exam of an obligation."""

import datetime as dt

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from exams.actions.starting import start_attempt
from exams.admission import NOWHERE, Presence
from exams.models import Attempt
from exams.shapes import NO_ORIGIN, Origin
from people.models import Employee
from training.actions.completion import purpose_of
from training.errors import StepLocked
from training.models import Component, ComponentKind, Obligation, ObligationState
from training.queries.parts import openings_of
from training.stages import DONE, LOCKED, SPARED


def start_component_exam(
    *,
    obligation: Obligation,
    component: Component,
    employee: Employee,
    device: str,
    now: dt.datetime,
    presence: Presence = NOWHERE,
    origin: Origin = NO_ORIGIN,
) -> Attempt:
    """Start, or continue, the exam of one component for the person who owes it.

    Everything before it in the programme must be done: an exam waits for its courses, a stage for its day.
    Raises StepLocked if it must wait or the obligation is closed; Obligation.DoesNotExist if it is somebody
    else's; Component.DoesNotExist if the component is not an exam of this programme; whatever exams raise.
    """
    if obligation.employee_id != employee.pk:
        raise Obligation.DoesNotExist
    if component.programme_id != obligation.programme_id or component.kind != ComponentKind.EXAM:
        raise Component.DoesNotExist
    if obligation.state != ObligationState.OPEN:
        raise StepLocked(_("培训任务“%(title)s”已结束，不需要再考。") % {"title": obligation.programme.title})
    opening = openings_of([obligation], timezone.localdate(now))[obligation.pk][component.pk]
    if opening.state in (DONE, SPARED):
        raise StepLocked(_("“%(title)s”已经合格，不需要再考。") % {"title": component.title})
    if opening.opens_on is not None:
        day = date_format(opening.opens_on, "Y-m-d")
        raise StepLocked(_("“%(title)s”从 %(day)s 起开放。") % {"title": component.title, "day": day})
    if opening.state == LOCKED:
        raise StepLocked(
            _("还不能参加“%(title)s”：请先完成“%(missing)s”。")
            % {"title": component.title, "missing": opening.waits_for}
        )
    exam = component.exam
    if exam is None:
        raise Component.DoesNotExist
    return start_attempt(
        exam=exam,
        employee=employee,
        purpose=purpose_of(obligation),
        device=device,
        now=now,
        presence=presence,
        origin=origin,
    )
