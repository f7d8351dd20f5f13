"""The learner's pages: what to do next, one task, and what one has."""

import uuid
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from access.actions.badges import badge_url
from access.queries.badges import own_badge
from certificates.queries import cards, certificates_of
from common.clock import now, today
from common.delivery import deliver
from common.devices import device_of, remember_device
from common.printing import qr_svg
from exams.errors import ExamError, OnlyInSittings
from exams.queries import exam_intro
from exams.sessions import presence_of
from exams.views.origin import origin_of
from notices.actions import mark_all_read
from notices.queries import unread_notices
from people.queries import employee_of, place_of_work
from portal.queries import Task, learner_home, task_of
from training.actions.checks import sign_letter
from training.actions.completion import purpose_of
from training.actions.exam_component import start_component_exam
from training.actions.reflections import sign_reflection
from training.errors import CheckRefused, ReflectionRefused, TrainingError
from training.models import Obligation
from training.queries.clearance import clearance_of
from training.queries.licences import own_licences
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
    intro = exam_intro(
        step.component.exam,
        shown.obligation.employee_id,
        purpose_of(shown.obligation),
        now(),
        presence_of(request),
    )
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
            presence=presence_of(request),
            origin=origin_of(request),
        )
    except OnlyInSittings as error:
        messages.warning(request, str(error))
        if error.sitting is not None:
            return redirect("exams:lobby", error.sitting.public_id)
        return redirect("portal:task-exam", public_id, component_id)
    except (TrainingError, ExamError) as error:
        messages.error(request, str(error))
        return redirect("portal:task-exam", public_id, component_id)
    response: HttpResponse = redirect("exams:attempt", attempt.public_id)
    remember_device(request, response)
    return response


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def task_reflection(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Let a learner write what a case means for the own post, and sign it."""
    shown = _own_task(request, public_id)
    step = next((step for step in shown.steps if step.kind == "reflection"), None)
    push = shown.obligation.push
    if step is None or push is None:
        raise Http404
    if step.state == "done":
        return redirect("portal:task", public_id)
    problem = ""
    if request.method == "POST":
        try:
            sign_reflection(
                obligation=shown.obligation,
                employee=shown.obligation.employee,
                text=request.POST.get("text", ""),
                signature=request.POST.get("signature", ""),
                typed_name=request.POST.get("typed_name", ""),
                is_confirmed="is_confirmed" in request.POST,
                device=device_of(request),
                now=now(),
            )
        except ReflectionRefused as error:
            problem = str(error)
        else:
            messages.success(request, _("已收到你的感悟和签名。"))
            response: HttpResponse = redirect("portal:task", public_id)
            remember_device(request, response)
            return response
    stay = place_of_work(shown.obligation.employee_id, today())
    context = {
        "task": shown,
        "step": step,
        "least": push.reflection_min_chars,
        "post_name": stay.post.name if stay else "",
        "problem": problem,
        "text": request.POST.get("text", ""),
        "signature": request.POST.get("signature", ""),
        "typed_name": request.POST.get("typed_name", ""),
        "tab": "home",
    }
    return render(request, "portal/task_reflection.html", context, status=422 if problem else 200)


@never_cache
@login_required
@require_safe
def licences(request: HttpRequest) -> HttpResponse:
    """Show the learner's external licences, and what to do about those that run out."""
    employee = employee_of(request.user)
    if employee is None:
        raise Http404
    context = {"licences": own_licences(employee.pk), "today": today(), "tab": "me"}
    return render(request, "portal/licences.html", context)


@never_cache
@login_required
@require_safe
def licence_scan(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send the learner the scan of an own licence."""
    employee = employee_of(request.user)
    found = own_licences(employee.pk).filter(pk=pk).first() if employee else None
    if found is None or not found.scan:
        raise Http404
    return deliver(request, found.scan.storage, found.scan.name or "")


@never_cache
@login_required
@require_safe
def badge(request: HttpRequest) -> HttpResponse:
    """Show the learner's badge on the telephone, for whoever left the paper at home."""
    employee = employee_of(request.user)
    if employee is None:
        raise Http404
    own = own_badge(employee.pk)
    context = {
        "employee": employee,
        "qr": qr_svg(badge_url(own)) if own else "",
        "clearance": clearance_of(employee),
        "tab": "me",
    }
    return render(request, "portal/badge.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def task_letter(request: HttpRequest, public_id: uuid.UUID, component_id: int) -> HttpResponse:
    """Let a learner read a responsibility letter and sign it."""
    shown = _own_task(request, public_id)
    step = next(
        (step for step in shown.steps if step.component.pk == component_id and step.kind == "letter"), None
    )
    if step is None:
        raise Http404
    if step.state == "done":
        return redirect("portal:task", public_id)
    problem = ""
    if request.method == "POST":
        try:
            sign_letter(
                obligation=shown.obligation,
                component=step.component,
                employee=shown.obligation.employee,
                signature=request.POST.get("signature", ""),
                typed_name=request.POST.get("typed_name", ""),
                is_confirmed="is_confirmed" in request.POST,
                device=device_of(request),
                now=now(),
            )
        except CheckRefused as error:
            problem = str(error)
        else:
            messages.success(request, _("已收到你的签名。"))
            response: HttpResponse = redirect("portal:task", public_id)
            remember_device(request, response)
            return response
    context = {
        "task": shown,
        "step": step,
        "problem": problem,
        "signature": request.POST.get("signature", ""),
        "typed_name": request.POST.get("typed_name", ""),
        "tab": "home",
    }
    return render(request, "portal/task_letter.html", context, status=422 if problem else 200)


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
            "assignment": place_of_work(employee.pk, today()),
            "records": records_of(employee.pk),
            "certificates": cards(certificates_of(employee.pk), now()),
            "notices": unread_notices(_user_id(request)),
        }
    return render(request, "portal/me.html", context)
