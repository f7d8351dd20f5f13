"""Case pushes: whom a case concerns, pushing it, and how far it has reached."""

import uuid
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common import clock
from courses.models import LessonPage
from exams.models import Bank
from people.models import Assignment, OrgUnit
from people.permissions import Capability, Scope, scope_for
from people.queries import level_names, unit_scope
from training.actions.pushes import (
    DEFAULT_MIN_CHARS,
    Quiz,
    end_push,
    job_of,
    push_case,
    units_to_push,
)
from training.coverage import Counts
from training.errors import PushRefused
from training.forms import EndPushForm, PushForm
from training.models import CasePush
from training.permissions import may, require_scope
from training.queries.coverage import coverage_people, coverage_stays, person_rows
from training.queries.push_curve import UnitReach, push_reach
from training.queries.push_workbook import push_workbook
from training.queries.pushes import (
    criteria_for,
    get_push_for,
    get_pushable_lesson_for,
    may_end,
    preview,
    push_scope,
    pushable_lessons,
    pushes_for,
)
from training.queries.workbooks import state_text
from training.views.coverage import BEHIND_PCT, FAR_BEHIND_PCT, STATE_SIGNS
from training.views.pages import admin_page, page_of, query_without_page, signed_in, workbook

ROWS_SHOWN = 300
BEHIND_SHOWN = 10
LESSONS_SHOWN = 20
STATES = ("overdue", "open", "done")
CHART_WIDTH, CHART_HEIGHT = 600, 200  # of the drawing's own units
SPARK_WIDTH, SPARK_HEIGHT = 120, 28


@dataclass(frozen=True, slots=True)
class Line:
    """A unit as the page shows it: its share in percent, the sign that fits, its own curve."""

    reach: UnitReach
    pct: float | None
    sign: str
    spark: str

    @property
    def indent(self) -> int:
        """Return how far the name is set in, at most six steps."""
        return min(self.reach.row.level, 6)


@require_safe
def pushes(request: HttpRequest) -> HttpResponse:
    """Show the pushes that reach the user's part of the tree, and what could be pushed."""
    _scope(request)
    may_push = may(request.user, Capability.PUSH_CASES)
    context = {
        "page": page_of(request, pushes_for(request.user)),
        "lessons": pushable_lessons(request.user)[:LESSONS_SHOWN] if may_push else [],
        "may_push": may_push,
        "today": clock.today(),
        "query": query_without_page(request),
    }
    return admin_page(request, "training/push_list.html", _("案例推送"), context, icon="mail")


@require_http_methods(["GET", "HEAD", "POST"])
def push_form(request: HttpRequest, lesson_id: int) -> HttpResponse:
    """Show who should learn from a case, and push it. Nothing is saved until the second button is pressed."""
    scope = require_scope(request.user, Capability.PUSH_CASES)
    try:
        lesson = get_pushable_lesson_for(request.user, lesson_id)
    except LessonPage.DoesNotExist as error:
        raise Http404 from error
    initial = {
        "key": uuid.uuid4(),
        "days": 7,
        "asks_reflection": True,
        "min_chars": DEFAULT_MIN_CHARS,
        "questions": 3,
    }
    form = PushForm(
        request.POST or None,
        initial=initial,
        units=OrgUnit.objects.filter(scope.q("path"), closed_on=None).order_by("path"),
        banks=_banks(scope),
        today=clock.today(),
    )
    is_valid = request.method == "POST" and form.is_valid()
    if is_valid and request.POST.get("do") == "push":
        try:
            push = push_case(lesson=lesson, **_asked(form), acting_user=signed_in(request), now=clock.now())
        except PushRefused as error:
            form.add_error(None, str(error))
            is_valid = False
        else:
            messages.success(request, _("已推送“%(title)s”，正在分发。") % {"title": lesson.title})
            return redirect("training_office:push", push.public_id)
    asked = _asked(form) if is_valid else {"units": (), "employment_types": ()}
    criteria = criteria_for(
        lesson, units_to_push(signed_in(request), asked["units"]), asked["employment_types"]
    )
    found = preview(criteria, scope, clock.today())
    count = found.total
    context = {
        "form": form,
        "lesson": lesson,
        "criteria": criteria,
        "has_tags": bool(criteria["hazards"] or criteria["feature_ids"] or criteria["post_ids"]),
        "preview": found,
        "rows": found.rows[:ROWS_SHOWN],
        "is_cut": len(found.rows) > ROWS_SHOWN,
        "earlier": pushes_for(request.user).filter(lesson_id=lesson.pk)[:5],
        "push_label": ngettext("推送给 %(count)d 人", "推送给 %(count)d 人", count) % {"count": count},
        "due_on": asked.get("due_on"),
        "is_narrowed": bool(asked["units"] or asked["employment_types"] or form.errors),
    }
    return admin_page(
        request,
        "training/push_form.html",
        _("谁应学习：%(title)s") % {"title": lesson.title},
        context,
        parents=((reverse("training_office:pushes"), _("案例推送")),),
        icon="mail",
        status=422 if request.method == "POST" and not is_valid else 200,
    )


def _banks(scope: Scope) -> QuerySet[Bank]:
    """Return the banks a quiz may be drawn from: those of everybody, and those of the user's part of the tree."""
    return Bank.objects.filter(
        Q(owner=None) | Q(pk__in=Bank.objects.filter(scope.q("owner__path")))
    ).order_by("name")


def _asked(form: PushForm) -> dict[str, Any]:
    data = form.cleaned_data
    min_chars = data["min_chars"] or DEFAULT_MIN_CHARS
    return {
        "key": data["key"],
        "units": list(data["units"]),
        "employment_types": data["employment_types"],
        "due_on": data["due_on"],
        "reflection_min_chars": min_chars if data["asks_reflection"] else None,
        "quiz": Quiz(data["bank"], data["questions"]) if data["bank"] else None,
    }


@require_safe
def push(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show how far a push has reached: numbers, the curve, level by level, the units furthest behind."""
    shown, scope, unit = _seen(request, public_id)
    reach = push_reach(shown, scope, clock.today())
    kinds = level_names()
    units = [_line(item) for item in reach.units]
    job = job_of(shown)
    context = {
        "push": shown,
        "unit": unit,
        "criteria": shown.criteria,
        "reach": reach,
        "total": reach.total,
        "total_pct": _pct(reach.total),
        "undone": reach.total.owed - reach.total.done,
        "chart": _points([_share(counts) for counts in reach.totals], CHART_WIDTH, CHART_HEIGHT),
        "levels": [
            (
                kinds.get(kind, kind),
                counts,
                _pct(counts),
                _sign(counts),
                _points(shares, SPARK_WIDTH, SPARK_HEIGHT),
            )
            for kind, counts, shares in reach.levels
        ],
        "behind": [_line(item) for item in reach.last_reached[:BEHIND_SHOWN]],
        "lines": [line for line in units if line.indent <= 2] if len(units) > ROWS_SHOWN else units,
        "is_cut": len(units) > ROWS_SHOWN,
        "job": job if job is not None and job.state != "done" else None,
        "sees_names": may(request.user, Capability.VIEW_COVERAGE),
        "may_end": may_end(request.user, shown) and not hasattr(shown, "end"),
        "end_form": EndPushForm(),
        "today": clock.today(),
        "unit_query": urlencode({"unit": unit.pk}) if unit else "",
    }
    parents = [(reverse("training_office:pushes"), _("案例推送"))]
    if unit:
        parents.append((reverse("training_office:push", args=[public_id]), shown.lesson_title))
    return admin_page(
        request,
        "training/push_inspect.html",
        unit.name if unit else shown.lesson_title,
        context,
        parents=tuple(parents),
        icon="mail",
    )


@require_safe
def push_people(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show by name who has done a push and who has not, of the people the user may see."""
    shown, scope, unit = _seen(request, public_id, by_name=True)
    state = request.GET.get("state", "")
    if state not in STATES:
        state = ""
    today, code = clock.today(), shown.programme.code
    stays = coverage_stays(scope, today, code, state)
    if not state:
        stays = stays.filter(Q(owes=True))
    page = page_of(request, stays)
    found = cast("QuerySet[Assignment]", page.object_list)
    rows = person_rows(found, [stay.employee_id for stay in found], today, code)
    context = {
        "push": shown,
        "unit": unit,
        "state": state,
        "states": [("", _("全部")), *[(code, state_text(code)) for code in STATES]],
        "page": page,
        "rows": [(row, state_text(row.state), STATE_SIGNS[row.state]) for row in rows],
        "unit_query": urlencode({"unit": unit.pk}) if unit else "",
        "query": query_without_page(request),
    }
    parents = (
        (reverse("training_office:pushes"), _("案例推送")),
        (reverse("training_office:push", args=[public_id]), shown.lesson_title),
    )
    title = _("%(unit)s 名单") % {"unit": unit.name if unit else _("全部单位")}
    return admin_page(request, "training/push_people.html", title, context, parents=parents, icon="mail")


@require_safe
def push_export(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Send a push as a workbook; names only of people the user may see by name."""
    shown, scope, unit = _seen(request, public_id)
    today, now = clock.today(), clock.now()
    named = scope_for(request.user, Capability.VIEW_COVERAGE)
    if unit is not None:
        named = scope if named.includes(unit) else Scope()
    people = coverage_people(named, today, shown.programme.code) if named else []
    data = push_workbook(
        shown, push_reach(shown, scope, today), people, exported_by=signed_in(request), now=now
    )
    place = f"{unit.name}-" if unit else ""
    return workbook(data, f"{_('案例推送')}-{shown.lesson_title[:40]}-{place}{today.isoformat()}.xlsx")


@require_POST
def push_end(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """End a push, or withdraw it."""
    require_scope(request.user, Capability.PUSH_CASES)
    shown, _scope, _unit = _seen(request, public_id)
    if not may_end(request.user, shown):
        raise PermissionDenied
    form = EndPushForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("请写明结束推送的原因。"))
        return redirect("training_office:push", public_id)
    try:
        end_push(push=shown, **form.cleaned_data, acting_user=signed_in(request), now=clock.now())
    except PushRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("推送已结束。"))
    return redirect("training_office:push", public_id)


def _scope(request: HttpRequest) -> Scope:
    scope = push_scope(request.user)
    if not scope:
        raise PermissionDenied
    return scope


def _seen(
    request: HttpRequest, public_id: uuid.UUID, *, by_name: bool = False
) -> tuple[CasePush, Scope, OrgUnit | None]:
    """Return the push, the part of the tree asked for, and its unit; not found outside the user's scope."""
    scope = require_scope(request.user, Capability.VIEW_COVERAGE) if by_name else _scope(request)
    try:
        shown = get_push_for(request.user, public_id)
        asked = request.GET.get("unit", "")
        if not asked:
            return shown, scope, None
        unit: OrgUnit = OrgUnit.objects.filter(scope.q("path")).get(pk=int(asked))
    except (CasePush.DoesNotExist, OrgUnit.DoesNotExist, ValueError) as error:
        raise Http404 from error
    return shown, unit_scope(unit), unit


def _share(counts: Counts) -> float | None:
    return counts.fraction


def _pct(counts: Counts) -> float | None:
    return None if counts.fraction is None else counts.fraction * 100


def _sign(counts: Counts) -> str:
    pct = _pct(counts)
    if pct is None:
        return ""
    if pct >= BEHIND_PCT:
        return "safe"
    return "care" if pct >= FAR_BEHIND_PCT else "stop"


def _line(item: UnitReach) -> Line:
    counts = item.row.counts
    return Line(item, _pct(counts), _sign(counts), _points(item.shares, SPARK_WIDTH, SPARK_HEIGHT))


def _points(shares: Any, width: int, height: int) -> str:
    """Return a curve as the points of an SVG polyline; days without anybody owing are left out."""
    last = max(len(shares) - 1, 1)
    points = [
        f"{width * index / last:.1f},{height - height * share:.1f}"
        for index, share in enumerate(shares)
        if share is not None
    ]
    # One day alone is drawn as a short level line, or nothing would be seen.
    return " ".join(
        [*points, f"{width * 0.02:.1f},{points[0].split(',')[1]}"] if len(points) == 1 else points
    )
