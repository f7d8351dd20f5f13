"""The learner's pages: what to do next, one task, and what one has."""

import uuid
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from certificates.queries import cards, certificates_of
from common.clock import now, today
from common.devices import device_of, remember_device
from exams.errors import ExamError
from exams.queries import exam_intro
from notices.actions import mark_all_read
from notices.queries import unread_notices
from people.queries import current_assignment, employee_of
from portal.queries import Task, learner_home, task_of
from training.actions.completion import purpose_of
from training.actions.exam_component import start_component_exam
from training.errors import TrainingError
from training.models import Obligation
from training.queries.obligations import ObligationStep, get_obligation_for
from training.queries.records import records_of


def _user_id(request: HttpRequest) -> int:
    """Return the id of the signed-in user; views that call it are behind `login_required`."""
    return cast(int, request.user.pk)


@never_cache
@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show whether the learner may work, why not, and the one thing to do next."""
    screen = learner_home(request.user, today())
    if screen is None:
        if request.user.has_perm("wagtailadmin.access_admin"):
            return redirect("wagtailadmin_home")
        return render(request, "portal/no_employee.html", {"tab": "home"})
    return render(request, "portal/home.html", {"home": screen, "tab": "home"})


def _own_task(request: HttpRequest, public_id: uuid.UUID) -> Task:
    """Return the learner's own task; somebody responsible reads it in the back office, not here."""
    employee = employee_of(request.user)
    try:
        obligation = get_obligation_for(request.user, public_id)
    except Obligation.DoesNotExist as error:
        raise Http404 from error
    if employee is None or obligation.employee_id != employee.pk:
        raise Http404
    return task_of(obligation, today())


def _exam_step(task: Task, component_id: int) -> ObligationStep:
    for step in task.steps:
        if step.component.pk == component_id and step.kind == "exam":
            return step
    raise Http404


@never_cache
@login_required
@require_safe
def task(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show one task: why it is owed, its steps, and the next one."""
    return render(request, "portal/task.html", {"task": _own_task(request, public_id), "tab": "home"})


@never_cache
@login_required
@require_safe
def task_exam(request: HttpRequest, public_id: uuid.UUID, component_id: int) -> HttpResponse:
    """Show the rules of a task's exam before it starts."""
    shown = _own_task(request, public_id)
    step = _exam_step(shown, component_id)
    assert step.component.exam is not None
    intro = exam_intro(step.component.exam, shown.obligation.employee_id, purpose_of(shown.obligation), now())
    return render(
        request, "portal/task_exam.html", {"task": shown, "step": step, "intro": intro, "tab": "home"}
    )


@never_cache
@login_required
@require_POST
def start_task_exam(request: HttpRequest, public_id: uuid.UUID, component_id: int) -> HttpResponse:
    """Start a task's exam, or go on with the open attempt."""
    shown = _own_task(request, public_id)
    step = _exam_step(shown, component_id)
    try:
        attempt = start_component_exam(
            obligation=shown.obligation,
            component=step.component,
            employee=shown.obligation.employee,
            device=device_of(request),
            now=now(),
        )
    except (TrainingError, ExamError) as error:
        messages.error(request, str(error))
        return redirect("portal:task-exam", public_id, component_id)
    response: HttpResponse = redirect("exams:attempt", attempt.public_id)
    remember_device(request, response)
    return response


@login_required
@require_POST
def read_notices(request: HttpRequest) -> HttpResponse:
    """Mark all of the learner's messages as read."""
    mark_all_read(recipient_id=_user_id(request), now=now())
    return redirect("portal:me")


@never_cache
@login_required
@require_safe
def me(request: HttpRequest) -> HttpResponse:
    """Show the learner's records and certificates, and the display settings."""
    employee = employee_of(request.user)
    context: dict[str, object] = {"tab": "me", "employee": employee, "next": reverse("portal:me")}
    if employee is not None:
        context |= {
            "assignment": current_assignment(employee.pk, today()),
            "records": records_of(employee.pk),
            "certificates": cards(certificates_of(employee.pk), now()),
            "notices": unread_notices(_user_id(request)),
        }
    return render(request, "portal/me.html", context)
