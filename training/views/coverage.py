"""Coverage: figures, levels, the tree, the people behind them, and the workbook."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common import clock
from people.models import Assignment, OrgUnit
from people.permissions import Capability, Scope
from people.queries import level_names, unit_scope
from training.coverage import Counts, CoverageRow
from training.forms import CoverageFilter
from training.permissions import require_scope
from training.queries.coverage import coverage_stays, coverage_table, person_rows
from training.queries.work import LICENCE_NOTICE_DAYS, work_counts
from training.queries.workbooks import coverage_workbook, programme_name, state_text
from training.views.pages import admin_page, page_of, query_without_page, signed_in, workbook

BEHIND_PCT = 90  # below this share a unit is shown as falling behind
FAR_BEHIND_PCT = 70
ROWS_SHOWN = 300  # a larger tree is shown down to two levels, the rest by opening a unit
STATES = ("overdue", "open", "done", "none")
STATE_SIGNS = {"overdue": "care", "open": "must", "done": "safe", "none": ""}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a coverage page was asked for, checked against the user's scope."""

    scope: Scope
    unit: OrgUnit | None
    on: dt.date
    kind: str
    form: CoverageFilter

    def query(self, **changes: Any) -> str:
        """Return the query string that asks for the same, with some things changed."""
        values = {
            "on": self.on.isoformat(),
            "kind": self.kind,
            "unit": self.unit.pk if self.unit else "",
            **changes,
        }
        return urlencode({name: value for name, value in values.items() if value})


@dataclass(frozen=True, slots=True)
class Line:
    """A row as the page shows it: the share in percent, and the sign that fits it."""

    row: CoverageRow
    pct: float | None
    sign: str
    query: str

    @property
    def indent(self) -> int:
        """Return how far the name is set in, at most six steps."""
        return min(self.row.level, 6)


@require_safe
def coverage(request: HttpRequest) -> HttpResponse:
    """Show how far training reaches down the tree, as of a day."""
    asked = _asked(request)
    table = coverage_table(asked.scope, asked.on, asked.kind)
    rows = table.rows
    is_cut = len(rows) > ROWS_SHOWN
    shown = [row for row in rows if row.level <= 2] if is_cut else rows
    work = work_counts(request.user, clock.today())
    kinds = level_names()
    context = {
        "asked": asked,
        "form": asked.form,
        "total": table.total,
        "total_pct": _pct(table.total),
        "levels": [(kinds[kind], counts, _pct(counts), _sign(counts)) for kind, counts in table.levels],
        "lines": [
            Line(row, _pct(row.counts), _sign(row.counts), asked.query(unit=row.unit_id)) for row in shown
        ],
        "is_cut": is_cut,
        "kind_name": programme_name(asked.kind),
        "work": work,
        "licence_days": LICENCE_NOTICE_DAYS,
        "today": clock.today(),
    }
    parents = ((f"{reverse('training_office:coverage')}?{asked.query(unit='')}", _("培训覆盖率")),)
    title = asked.unit.name if asked.unit else _("培训覆盖率")
    return admin_page(
        request,
        "training/coverage_table.html",
        title,
        context,
        parents=parents if asked.unit else (),
        status=200 if asked.form.is_valid() else 422,
    )


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Show the people behind a unit's figures, by state."""
    asked = _asked(request)
    state = request.GET.get("state", "")
    if state not in (*STATES, "blocked"):
        state = ""
    page = page_of(request, coverage_stays(asked.scope, asked.on, asked.kind, state))
    stays = cast("QuerySet[Assignment]", page.object_list)
    rows = person_rows(stays, [stay.employee_id for stay in stays], asked.on, asked.kind)
    context = {
        "asked": asked,
        "state": state,
        "states": [
            ("", _("全部")),
            *[(code, state_text(code)) for code in STATES],
            ("blocked", _("当前停岗")),
        ],
        "page": page,
        "rows": [(row, state_text(row.state), STATE_SIGNS[row.state]) for row in rows],
        "query": query_without_page(request),
    }
    parents = ((f"{reverse('training_office:coverage')}?{asked.query()}", _("培训覆盖率")),)
    return admin_page(
        request,
        "training/coverage_people.html",
        _("%(unit)s 名单") % {"unit": asked.unit.name if asked.unit else _("全部单位")},
        context,
        parents=parents,
    )


@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Send the workbook of what the coverage page shows."""
    asked = _asked(request)
    if not asked.form.is_valid():
        raise Http404
    data = coverage_workbook(
        asked.scope, asked.on, programme_kind=asked.kind, exported_by=signed_in(request), now=clock.now()
    )
    place = f"{asked.unit.name}-" if asked.unit else ""
    return workbook(data, f"{_('培训覆盖率')}-{place}{asked.on.isoformat()}.xlsx")


def _asked(request: HttpRequest) -> Asked:
    """Read the address; a unit outside the scope is not found, a wrong day is answered with today's."""
    scope = require_scope(request.user, Capability.VIEW_COVERAGE)
    today = clock.today()
    data = request.GET.copy()
    data.setdefault("on", today.isoformat())
    form = CoverageFilter(data, units=OrgUnit.objects.filter(scope.q("path")), today=today)
    form.is_valid()
    if "unit" in form.errors:
        raise Http404
    unit: OrgUnit | None = form.cleaned_data.get("unit")
    return Asked(
        scope=unit_scope(unit) if unit else scope,
        unit=unit,
        on=form.cleaned_data.get("on") or today,
        kind=form.cleaned_data.get("kind") or "",
        form=form,
    )


def _pct(counts: Counts) -> float | None:
    return None if counts.fraction is None else counts.fraction * 100


def _sign(counts: Counts) -> str:
    """Return the sign of a share: safe, falling behind, or far behind; none where nobody owes anything."""
    pct = _pct(counts)
    if pct is None:
        return ""
    if pct >= BEHIND_PCT:
        return "safe"
    return "care" if pct >= FAR_BEHIND_PCT else "stop"
