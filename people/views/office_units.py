"""The organisation as a tree, the page of one unit, and the tree as a workbook."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.clock import now, today
from common.spreadsheet import CONTENT_TYPE, Cell, Sheet, Watermark, workbook_bytes
from people.actions.levels import manages_all
from people.models import OrgUnit, User
from people.permissions import Capability, allows, scope_for
from people.queries import (
    UnitLine,
    full_name_of,
    get_unit_for,
    leaders_of,
    level_names,
    people_under,
    standings_of,
    unit_events,
    unit_lines,
)
from people.views.office_import import office_context
from people.views.office_people import require_viewer

MANY = 300  # a larger tree opens one level instead of two
INDENT = "　"  # an ideographic space per level, so that the tree can be read in a sheet


@dataclass(slots=True)
class Node:
    """A unit of the tree page with what hangs below it."""

    line: UnitLine
    kind: str
    is_closed: bool
    is_hit: bool = False
    is_open: bool = False
    children: list["Node"] = field(default_factory=list)


@require_safe
def unit_list(request: HttpRequest) -> HttpResponse:
    """Show the organisation as a tree, as far as it is in scope, with head counts of a day."""
    user = require_viewer(request)
    on = asked_day(request)
    words = request.GET.get("q", "").strip()[:60]
    with_closed = "closed" in request.GET
    lines = unit_lines(user, on)
    shown, hidden = _shown(lines, on, with_closed=with_closed)
    roots, hits = _tree(shown, words, on)
    context = office_context(_("组织机构")) | {
        "roots": roots,
        "has_units": bool(lines),
        "total": len(shown),
        "hits": hits,
        "hidden": hidden,
        "words": words,
        "with_closed": with_closed,
        "on": on,
        "is_today": on == today(),
        "today": today(),
        "may_manage": allows(user, Capability.MANAGE_ORGANISATION),
        "may_add_root": scope_for(user, Capability.MANAGE_ORGANISATION).everything,
        "may_name_levels": manages_all(user),
    }
    return render(request, "people/unit_list.html", context)


def asked_day(request: HttpRequest) -> dt.date:
    """Return the day a page was asked about: today unless the address names an earlier one."""
    try:
        asked = parse_date(request.GET.get("on", ""))
    except ValueError:
        asked = None
    return min(asked, today()) if asked else today()


def _shown(lines: Sequence[UnitLine], on: dt.date, *, with_closed: bool) -> tuple[list[UnitLine], int]:
    """Return the lines to show, and how many closed units were left out with what is below them."""
    shown: list[UnitLine] = []
    closed: tuple[str, ...] = ()
    for line in lines:
        if not with_closed and _is_closed(line, on) and not line.path.startswith(closed or ("-",)):
            closed = (*closed, line.path)
        if not line.path.startswith(closed or ("-",)):
            shown.append(line)
    return shown, len(lines) - len(shown)


def _is_closed(line: UnitLine, on: dt.date) -> bool:
    return line.unit.closed_on is not None and line.unit.closed_on <= on


def _tree(lines: Sequence[UnitLine], words: str, on: dt.date) -> tuple[list[Node], int]:
    """Return the topmost nodes and how many units were found; a search keeps the hits and what is above them."""
    names = level_names()
    wanted = words.casefold()
    open_down_to = 1 if len(lines) > MANY else 2
    by_path: dict[str, Node] = {}
    roots: list[Node] = []
    for line in lines:
        name = f"{line.unit.name} {line.unit.code or ''}".casefold()
        node = Node(
            line,
            names[line.unit.kind],
            _is_closed(line, on),
            is_hit=bool(wanted) and wanted in name,
            is_open=not wanted and line.depth < open_down_to,
        )
        by_path[line.path] = node
        above = by_path.get(line.path[: -OrgUnit.steplen])
        (above.children if above else roots).append(node)
    if not wanted:
        return roots, len(lines)
    return _only_hits(roots), sum(node.is_hit for node in by_path.values())


def _only_hits(nodes: Sequence[Node]) -> list[Node]:
    kept = []
    for node in nodes:
        node.children = _only_hits(node.children)
        node.is_open = bool(node.children)
        if node.is_hit or node.children:
            kept.append(node)
    return kept


@require_safe
def unit_inspect(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Show one unit: people, leader, legal standing, units below, history, and what may be done."""
    user = require_viewer(request)
    unit = unit_for(user, unit_id, Capability.VIEW_PEOPLE)
    manages = scope_for(user, Capability.MANAGE_ORGANISATION)
    parent = unit.get_parent()
    names = level_names()
    children = list(unit.get_children().filter(closed_on=None))
    context = office_context(unit.name, (reverse("people_office:units"), _("组织机构"))) | {
        "unit": unit,
        "full_name": full_name_of(unit),
        "kind": names[unit.kind],
        "people": people_under(unit, today()),
        "leader": leaders_of([unit], today()).get(unit.pk),
        "standing": standings_of([unit])[unit.pk],
        "children": [(child, names[child.kind]) for child in children],
        "events": unit_events(unit),
        "on": today(),
        "may_manage": manages.includes(unit),
        "may_move": manages.everything or (parent is not None and manages.includes(parent)),
        "may_coverage": allows(user, Capability.VIEW_COVERAGE, unit),
    }
    return render(request, "people/unit_inspect.html", context)


def unit_for(user: User, unit_id: int, capability: Capability) -> OrgUnit:
    """Return a unit in the scope of a capability; raises Http404 otherwise, whether or not there is one."""
    try:
        return get_unit_for(user, unit_id, capability)
    except OrgUnit.DoesNotExist as error:
        raise Http404 from error


@require_safe
def unit_export(request: HttpRequest) -> HttpResponse:
    """Send the tree of a day as a workbook, closed units included."""
    user = require_viewer(request)
    on = asked_day(request)
    lines = unit_lines(user, on)
    notes = [
        _("人数是 %(day)s 在岗的人，含下级单位；承包商和派遣单位的人同时计入用工单位和本单位。")
        % {"day": on.isoformat()},
    ]
    header = [
        _("单位"),
        _("全称"),
        _("层级"),
        _("编码"),
        _("人数"),
        _("负责人"),
        _("高危单位（令3 学时口径）"),
        _("法定重点行业（安全生产法第二十七条口径）"),
        _("撤销日期"),
    ]
    sheet = Sheet(_("组织机构"), header, _rows(lines), [30, 44, 10, 14, 8, 16, 24, 34, 12], notes)
    purpose = _("组织机构（%(on)s）") % {"on": on.isoformat()}
    mark = Watermark.of(
        user, now(), scope="、".join(line.unit.name for line in lines if not line.depth), purpose=purpose
    )
    response = HttpResponse(workbook_bytes([sheet], mark=mark), content_type=CONTENT_TYPE)
    name = f"{_('组织机构')}-{on.isoformat()}.xlsx"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "no-store, private"
    return response


def _rows(lines: Sequence[UnitLine]) -> list[list[Cell]]:
    names = level_names()
    full: dict[str, str] = {}
    rows: list[list[Cell]] = []
    for line in lines:
        above = full.get(line.path[: -OrgUnit.steplen])
        full[line.path] = f"{above}/{line.unit.name}" if above else line.unit.name
        rows.append(
            [
                INDENT * line.depth + line.unit.name,
                full[line.path],
                names[line.unit.kind],
                line.unit.code,
                line.people,
                _leader_text(line),
                standing_text(is_on=line.standing.is_high_risk, source=line.standing.high_risk_from),
                standing_text(is_on=line.standing.is_listed, source=line.standing.listed_from),
                line.unit.closed_on,
            ]
        )
    return rows


def _leader_text(line: UnitLine) -> str:
    if line.leader is None:
        return ""
    if line.leader.is_vacant:
        return _("空缺（原 %(name)s）") % {"name": line.leader.employee.name}
    return str(line.leader.employee)


def standing_text(*, is_on: bool, source: str) -> str:
    """Return whether a unit is on a legal list, and through which unit above it."""
    if source:
        return _("是（随上级 %(unit)s）") % {"unit": source}
    return _("是") if is_on else _("否")


def page_context(title: str, unit: OrgUnit | None = None) -> dict[str, Any]:
    """Return the frame of a page below the tree, and below a unit where there is one."""
    parents = [(reverse("people_office:units"), _("组织机构"))]
    if unit is not None and unit.pk:
        parents.append((reverse("people_office:unit", args=[unit.pk]), unit.name))
    return office_context(title, *parents)
