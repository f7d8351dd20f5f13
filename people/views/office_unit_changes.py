"""Pages that change the organisation: add, edit, move, close and open units, name leaders and levels."""

import datetime as dt

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST

from common.clock import now, today
from people.actions.levels import manages_all, save_level_names
from people.actions.unit_changes import (
    MovePlan,
    add_unit,
    close_unit,
    move_unit,
    plan_move,
    reopen_unit,
    save_unit,
    set_leader,
)
from people.admin_forms import LeaderForm, LevelNamesForm, UnitDayForm, UnitForm
from people.errors import UnitRefused
from people.levels import KINDS, PRESETS
from people.models import Employee, OrgUnit, User
from people.permissions import Capability, scope_for
from people.queries import employees_for, full_name_of, own_level_names, units_in
from people.queries.unit_checks import closing_obstacles
from people.views.office_people import require_viewer
from people.views.office_units import page_context, unit_for

CANDIDATES = 30  # new parents offered at once; a search narrows them


@require_http_methods(["GET", "POST"])
def unit_add(request: HttpRequest) -> HttpResponse:
    """Add a unit below the one the address names, or at the top."""
    user = require_viewer(request)
    parent = _asked_parent(request, user)
    form = UnitForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            unit = add_unit(parent=parent, acting_user=user, now=now(), **form.cleaned_data)
        except UnitRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("“%(name)s”已新建。") % {"name": unit.name})
            return redirect("people_office:unit", unit.pk)
    title = _("在“%(parent)s”下新建单位") % {"parent": parent.name} if parent else _("新建最上级单位")
    context = page_context(title, parent) | {"form": form, "submit": _("新建")}
    return render(request, "people/unit_edit.html", context, status=_status(form))


def _asked_parent(request: HttpRequest, user: User) -> OrgUnit | None:
    asked = request.GET.get("parent", "")
    if not asked:
        if not scope_for(user, Capability.MANAGE_ORGANISATION).everything:
            raise PermissionDenied
        return None
    if not asked.isascii() or not asked.isdigit():
        raise Http404
    return unit_for(user, int(asked), Capability.MANAGE_ORGANISATION)


@require_http_methods(["GET", "POST"])
def unit_edit(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Change a unit's name, code, level and legal standing."""
    user = require_viewer(request)
    unit = unit_for(user, unit_id, Capability.MANAGE_ORGANISATION)
    name = unit.name
    form = UnitForm(request.POST or None, instance=unit)
    if request.method == "POST" and form.is_valid():
        try:
            save_unit(unit=form.instance, acting_user=user, now=now())
        except UnitRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("“%(name)s”已保存。") % {"name": unit.name})
            return redirect("people_office:unit", unit.pk)
    unit.name = name
    context = page_context(_("修改"), unit) | {"form": form, "submit": _("保存")}
    return render(request, "people/unit_edit.html", context, status=_status(form))


@require_http_methods(["GET", "POST"])
def unit_leader(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Name the leader of a unit."""
    user = require_viewer(request)
    unit = unit_for(user, unit_id, Capability.MANAGE_ORGANISATION)
    initial = {"employee_no": unit.leader.employee_no if unit.leader else ""}
    form = LeaderForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            leader = _leader(user, form.cleaned_data["employee_no"])
            set_leader(unit=unit, leader=leader, acting_user=user, now=now())
        except UnitRefused as refused:
            form.add_error("employee_no", str(refused))
        else:
            messages.success(request, _("“%(name)s”的负责人已保存。") % {"name": unit.name})
            return redirect("people_office:unit", unit.pk)
    context = page_context(_("负责人"), unit) | {"form": form, "submit": _("保存")}
    return render(request, "people/unit_edit.html", context, status=_status(form))


def _leader(user: User, number: str) -> Employee | None:
    number = number.strip()
    if not number:
        return None
    found = employees_for(user).filter(employee_no=number).first()
    if found is None:
        raise UnitRefused(_("没有工号 %(number)s 的员工：请核对工号。") % {"number": number})
    return found


@require_http_methods(["GET", "POST"])
def unit_move(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Find the new parent, show what the move would do, and do it."""
    user = require_viewer(request)
    unit = unit_for(user, unit_id, Capability.MANAGE_ORGANISATION)
    values = request.POST if request.method == "POST" else request.GET
    words = values.get("q", "").strip()[:60]
    chosen = values.get("parent", "")
    form = UnitDayForm(values if chosen else None, initial={"on": today()})
    plan, refusal = None, ""
    if chosen and form.is_valid():
        parent = _chosen_parent(user, chosen)
        day, note = form.cleaned_data["on"], form.cleaned_data["note"]
        try:
            if request.method == "POST":
                move_unit(unit=unit, parent=parent, effective_on=day, note=note, acting_user=user, now=now())
                messages.success(request, _("“%(name)s”已调整上级。") % {"name": unit.name})
                return redirect("people_office:unit", unit.pk)
            plan = plan_move(unit=unit, parent=parent, effective_on=day, acting_user=user, on=today())
        except UnitRefused as refused:
            refusal = str(refused)
    candidates = _candidates(user, unit, words)
    context = page_context(_("调整上级"), unit) | {
        "unit": unit,
        "full_name": full_name_of(unit),
        "form": form,
        "words": words,
        "chosen": chosen,
        "candidates": candidates[:CANDIDATES],
        "is_cut": len(candidates) > CANDIDATES,
        "may_top": scope_for(user, Capability.MANAGE_ORGANISATION).everything,
        "plan": plan,
        "parent_name": _parent_name(plan),
        "refusal": refusal,
    }
    return render(request, "people/unit_move.html", context, status=422 if refusal else _status(form))


def _chosen_parent(user: User, chosen: str) -> OrgUnit | None:
    if chosen == "top":
        return None
    if not chosen.isascii() or not chosen.isdigit():
        raise Http404
    return unit_for(user, int(chosen), Capability.MANAGE_ORGANISATION)


def _candidates(user: User, unit: OrgUnit, words: str) -> list[tuple[str, str]]:
    """Return (id, full name) of the open units it may hang below, those that fit the words."""
    below = set(unit.get_descendants().values_list("pk", flat=True)) | {unit.pk}
    scope = scope_for(user, Capability.MANAGE_ORGANISATION)
    wanted = words.casefold()
    return [(str(pk), name) for pk, name in units_in(scope) if pk not in below and wanted in name.casefold()]


def _parent_name(plan: MovePlan | None) -> str:
    if plan is None:
        return ""
    return full_name_of(plan.parent) if plan.parent else _("最上级")


@require_http_methods(["GET", "POST"])
def unit_close(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Show what stands against closing a unit, or close it."""
    user = require_viewer(request)
    unit = unit_for(user, unit_id, Capability.MANAGE_ORGANISATION)
    if unit.closed_on:
        return redirect("people_office:unit", unit.pk)
    form = UnitDayForm(request.POST or None, initial={"on": today()})
    if request.method == "POST" and form.is_valid():
        day, note = form.cleaned_data["on"], form.cleaned_data["note"]
        try:
            close_unit(unit=unit, closed_on=day, note=note, acting_user=user, now=now())
        except UnitRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("“%(name)s”已撤销。") % {"name": unit.name})
            return redirect("people_office:unit", unit.pk)
    context = page_context(pgettext("unit action", "撤销"), unit) | {
        "unit": unit,
        "form": form,
        "obstacles": closing_obstacles(unit, _day_of(form)),
    }
    return render(request, "people/unit_close.html", context, status=_status(form))


def _day_of(form: UnitDayForm) -> dt.date:
    day: dt.date | None = form.cleaned_data.get("on") if form.is_bound else None
    return day or today()


@require_POST
def unit_reopen(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Open a closed unit again."""
    user = require_viewer(request)
    unit = unit_for(user, unit_id, Capability.MANAGE_ORGANISATION)
    try:
        reopen_unit(unit=unit, acting_user=user, now=now())
    except UnitRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("“%(name)s”已恢复。") % {"name": unit.name})
    return redirect("people_office:unit", unit.pk)


@require_http_methods(["GET", "POST"])
def level_names_edit(request: HttpRequest) -> HttpResponse:
    """Name the levels of the tree, by hand or from a preset."""
    user = require_viewer(request)
    if not manages_all(user):
        raise PermissionDenied
    names, preset = own_level_names()
    asked = request.POST.get("preset", "") or request.GET.get("preset", "") or preset
    asked = asked if asked in PRESETS else ""
    if "preset" in request.GET and asked:
        names = dict(PRESETS[asked].names)
    form = LevelNamesForm(request.POST or None, initial=names)
    if request.method == "POST" and form.is_valid():
        chosen = {kind: form.cleaned_data[kind] for kind in KINDS}
        save_level_names(names=chosen, preset=asked, acting_user=user, now=now())
        messages.success(request, _("层级名称已保存。"))
        return redirect("people_office:levels")
    context = page_context(_("层级名称")) | {
        "form": form,
        "preset": asked,
        "presets": [(code, label) for code, label in preset_labels().items()],
    }
    return render(request, "people/level_names.html", context, status=_status(form))


def preset_labels() -> dict[str, str]:
    """Return what the presets of level names are called."""
    return {
        "manufacturing": _("制造业"),
        "construction": _("建筑施工"),
        "mining": _("矿山"),
        "city": _("城市和政府"),
    }


def _status(form: object) -> int:
    return 422 if getattr(form, "is_bound", False) and getattr(form, "errors", None) else 200
