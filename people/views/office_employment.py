"""HR's forms for what happens to one person: what would follow is shown first, then it is saved."""

import datetime as dt
from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from common.clock import now, today
from people.actions import employment
from people.actions.corrections import LEADS_SOMEWHERE, correct_event, end_secondment
from people.actions.rehearsal import rehearse
from people.employment_forms import FIELDS, EmploymentForm
from people.errors import EmploymentRefused
from people.importers.messages import problem_message
from people.models import Employee, EmploymentEvent, EmploymentStatus, EmploymentType, User
from people.permissions import Capability, scope_for
from people.queries import (
    current_assignment,
    employees_for,
    get_event_for,
    place_of_work,
    unit_directory,
)
from people.roster import EventName
from people.roster.history import SETS_TERMS
from people.views.office_import import office_context, require_hr

# The field a problem of people.roster belongs to on these forms, where the names differ.
FIELD_OF = {"left_on": "effective_on", "hired_on": "effective_on", "standing": "effective_on"}


class Kind(NamedTuple):
    """One form: its title, and how it calls its action."""

    title: Any
    call: Callable[..., Any]


def _place(filled: dict[str, Any]) -> dict[str, Any]:
    return {"unit": filled["unit"], "post": filled["post"]}


def _terms(filled: dict[str, Any]) -> dict[str, Any]:
    kind = filled["employment_type"]
    return {
        "employment_type": kind,
        "employer": None if kind == EmploymentType.OWN else filled["employer"],
    }


KINDS = {
    "transfer": Kind(
        pgettext_lazy("action", "转岗"),
        lambda filled, **who: employment.transfer(
            effective_on=filled["effective_on"], **_place(filled), **who
        ),
    ),
    "second": Kind(
        pgettext_lazy("action", "借调"),
        lambda filled, **who: employment.second(
            starts_on=filled["effective_on"], ends_before=filled["ends_before"], **_place(filled), **who
        ),
    ),
    "end-secondment": Kind(
        pgettext_lazy("action", "改借调结束日期"),
        lambda filled, **who: end_secondment(
            ends_before=filled["ends_before"], reason=filled["reason"], **who
        ),
    ),
    "leave-post": Kind(
        pgettext_lazy("action", "离岗"),
        lambda filled, **who: employment.leave_post(effective_on=filled["effective_on"], **who),
    ),
    "return": Kind(
        pgettext_lazy("action", "返岗"),
        lambda filled, **who: employment.return_to_post(
            effective_on=filled["effective_on"], **_place(filled), **who
        ),
    ),
    "leave": Kind(
        pgettext_lazy("action", "离职"),
        lambda filled, **who: employment.leave(left_on=filled["effective_on"], **who),
    ),
    "rehire": Kind(
        pgettext_lazy("action", "再入职"),
        lambda filled, **who: employment.rehire(
            hired_on=filled["effective_on"], **_place(filled), **_terms(filled), **who
        ),
    ),
    "terms": Kind(
        pgettext_lazy("action", "用工变更"),
        lambda filled, **who: employment.change_terms(
            effective_on=filled["effective_on"], **_terms(filled), **who
        ),
    ),
}
POSSIBLE = {
    EmploymentStatus.ACTIVE: ("transfer", "second", "leave-post", "terms", "leave"),
    EmploymentStatus.AWAY: ("return", "terms", "leave"),
    EmploymentStatus.LEFT: ("rehire",),
}


def employment_buttons(user: User, employee: Employee) -> list[tuple[str, str]]:
    """Return label and address of what `user` may record for a person now; nothing outside their scope."""
    if not employees_for(user, Capability.MANAGE_PEOPLE).filter(pk=employee.pk).exists():
        return []
    kinds = list(POSSIBLE[EmploymentStatus(employee.status)])
    if employee.events.filter(kind=EventName.SECONDMENT_ENDED, effective_on__gt=today()).exists():
        kinds.append("end-secondment")
    return [
        (KINDS[kind].title, reverse("people_office:employee-change", args=[employee.public_id, kind]))
        for kind in kinds
    ]


@never_cache
@require_http_methods(["GET", "POST"])
def employee_new(request: HttpRequest) -> HttpResponse:
    """Take on one person."""
    user = require_hr(request)
    form = _form(request, user, FIELDS["hire"], {"effective_on": today(), "employment_type": "own"})

    def save(at: dt.datetime) -> Employee:
        filled = form.cleaned_data
        return employment.hire(
            employee_no=filled["employee_no"],
            name=filled["name"],
            hired_on=filled["effective_on"],
            phone=filled["phone"],
            id_number=filled["id_number"],
            **_place(filled),
            **_terms(filled),
            acting_user=user,
            now=at,
        )

    context = office_context(pgettext("action", "入职"), _people_link())
    number = form.cleaned_data.get("employee_no", "") if form.is_bound and form.is_valid() else ""
    saved = _answer(request, form, save, number, context)
    if isinstance(saved, HttpResponse):
        return saved
    messages.success(request, _("“%(name)s”的入职已登记。") % {"name": saved.name})
    return redirect("people_office:employee", saved.public_id)


@never_cache
@require_http_methods(["GET", "POST"])
def employee_change(request: HttpRequest, public_id: UUID, kind: str) -> HttpResponse:
    """Record what happens to a person: one form for each kind."""
    user = require_hr(request)
    employee = employees_for(user, Capability.MANAGE_PEOPLE).filter(public_id=public_id).first()
    if employee is None or kind not in KINDS:
        raise Http404
    form = _form(request, user, FIELDS[kind], _initial(employee, kind))

    def save(at: dt.datetime) -> Any:
        return KINDS[kind].call(form.cleaned_data, employee=employee, acting_user=user, now=at)

    title = str(KINDS[kind].title)
    context = office_context(f"{employee.name}：{title}", _people_link(), _employee_link(employee))
    context["employee"] = employee
    context["place"] = place_of_work(employee.pk, today())
    saved = _answer(request, form, save, employee.employee_no, context)
    if isinstance(saved, HttpResponse):
        return saved
    if saved is None:
        messages.info(request, _("那一天本来就是这样，没有需要登记的。"))
    else:
        messages.success(request, _("“%(name)s”的%(what)s已登记。") % {"name": employee.name, "what": title})
    return redirect("people_office:employee", employee.public_id)


@never_cache
@require_http_methods(["GET", "POST"])
def event_correct(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Put a recorded event right, or take it back."""
    user = require_hr(request)
    try:
        event = get_event_for(user, event_id, Capability.MANAGE_PEOPLE)
    except EmploymentEvent.DoesNotExist as error:
        raise Http404 from error
    employee = event.employee
    form = _form(request, user, _correctable(event), _as_recorded(event))

    def save(at: dt.datetime) -> EmploymentEvent:
        filled = form.cleaned_data
        return correct_event(
            event=event,
            reason=filled["reason"],
            withdraw=filled["withdraw"],
            effective_on=filled["effective_on"],
            unit=filled.get("unit"),
            post=filled.get("post"),
            employment_type=filled.get("employment_type", ""),
            employer=filled.get("employer"),
            acting_user=user,
            now=at,
        )

    title = _("更正%(what)s") % {"what": event.get_kind_display()}
    context = office_context(f"{employee.name}：{title}", _people_link(), _employee_link(employee))
    context |= {"employee": employee, "event": event}
    saved = _answer(request, form, save, employee.employee_no, context)
    if isinstance(saved, HttpResponse):
        return saved
    messages.success(request, _("更正已登记；原来的记录保留在下面。"))
    return redirect("people_office:employee", employee.public_id)


def _answer(
    request: HttpRequest,
    form: EmploymentForm,
    save: Callable[[dt.datetime], Any],
    employee_no: str,
    context: dict[str, Any],
) -> Any:
    """Save what was confirmed and return it; else return the page, with what would follow or what is wrong."""
    at = now()
    context["form"] = form
    if request.method == "POST" and form.is_valid():
        try:
            if request.POST.get("seen") == form.digest:
                return save(at)
            context["consequences"] = _foreword(form.day) + (
                rehearse(change=lambda: save(at), employee_no=employee_no, now=at)
                or [_("不会产生或取消培训任务。")]
            )
            context["seen"] = form.digest
        except EmploymentRefused as refused:
            field = FIELD_OF.get(refused.problem.field, refused.problem.field)
            form.add_error(field if field in form.fields else None, problem_message(refused.problem))
        except PermissionDenied:
            form.add_error(
                None, _("您无权管理有关部门的人员：两边的部门都要在您的范围内，请由上级单位办理。")
            )
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "people/employment_form.html", context, status=status)


def _foreword(day: dt.date) -> list[str]:
    values = {"day": date_format(day, "Y-m-d")}
    if day > today():
        return [_("%(day)s 起自动生效，在那之前一切照旧。") % values]
    if day < today():
        return [_("这是补记：从 %(day)s 起的任职区间会按它重新划分。") % values]
    return [_("今天起生效。")]


def _form(
    request: HttpRequest, user: User, wanted: tuple[str, ...], initial: dict[str, Any]
) -> EmploymentForm:
    return EmploymentForm(
        request.POST or None,
        initial=initial,
        wanted=wanted,
        scope=scope_for(user, Capability.MANAGE_PEOPLE),
        directory=unit_directory(),
    )


def _initial(employee: Employee, kind: str) -> dict[str, Any]:
    filled: dict[str, Any] = {
        "effective_on": today(),
        "employment_type": employee.employment_type,
        "employer": employee.employer_id,
    }
    if kind == "return":
        stay = current_assignment(employee.pk, today()) or (
            employee.assignments.filter(kind="primary").select_related("unit", "post").last()
        )
        if stay is not None:
            filled |= {"unit": unit_directory()[stay.unit_id].full_name, "post": stay.post.name}
    return filled


def _correctable(event: EmploymentEvent) -> tuple[str, ...]:
    place = ("unit", "post") if EventName(event.kind) in LEADS_SOMEWHERE else ()
    terms = ("employment_type", "employer?") if EventName(event.kind) in SETS_TERMS else ()
    return ("effective_on", *place, *terms, "withdraw?", "reason")


def _as_recorded(event: EmploymentEvent) -> dict[str, Any]:
    return {
        "effective_on": event.effective_on,
        "unit": unit_directory()[event.to_unit_id].full_name if event.to_unit_id else "",
        "post": event.to_post.name if event.to_post else "",
        "employment_type": event.employment_type or event.employee.employment_type,
        "employer": event.employer_id,
    }


def _people_link() -> tuple[str, str]:
    return reverse("people_office:employees"), pgettext("plural", "员工")


def _employee_link(employee: Employee) -> tuple[str, str]:
    return reverse("people_office:employee", args=[employee.public_id]), employee.name
