"""Where knowledge is weak: topics across units and posts, as a page and as a workbook."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common import clock
from common.spreadsheet import CONTENT_TYPE, Sheet, Watermark, workbook_bytes
from exams.forms.weakness import WeaknessFilter
from exams.queries.practice_spots import spot_weaknesses
from exams.queries.weakness import ENOUGH, Weaknesses, weaknesses
from exams.views.office import for_those_who
from exams.weakness import Sum, WeaknessTable
from people.models import OrgUnit, User
from people.permissions import Capability, Scope, scope_for

DAYS_BACK = 365
TOPICS_SHOWN = 10
ROWS_SHOWN = 40
WEAKEST_SHOWN = 5
WEAK_BELOW_PCT = 60  # where a share is called weak, and where it is called sound: words of the page, not law
SOUND_FROM_PCT = 80


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, checked against the reader's scope."""

    scope: Scope
    unit: OrgUnit | None
    since: dt.date
    until: dt.date
    post_id: int | None
    form: WeaknessFilter

    def query(self, **changes: object) -> str:
        """Return the query string that asks for the same, with some things changed."""
        values = {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "unit": self.unit.pk if self.unit else "",
            "post": self.post_id or "",
            **changes,
        }
        return urlencode({name: value for name, value in values.items() if value})


def _asked(request: HttpRequest) -> Asked:
    scope = scope_for(request.user, Capability.VIEW_RESULTS)
    if not scope:
        raise PermissionDenied
    today = clock.today()
    data = request.GET.copy()
    data.setdefault("since", (today - dt.timedelta(days=DAYS_BACK)).isoformat())
    data.setdefault("until", today.isoformat())
    form = WeaknessFilter(data, units=OrgUnit.objects.filter(scope.q("path")))
    form.is_valid()
    if "unit" in form.errors or "post" in form.errors:
        raise Http404
    post = form.cleaned_data.get("post")
    return Asked(
        scope=scope,
        unit=form.cleaned_data.get("unit"),
        since=form.cleaned_data.get("since") or today - dt.timedelta(days=DAYS_BACK),
        until=form.cleaned_data.get("until") or today,
        post_id=post.pk if post else None,
        form=form,
    )


def _found(asked: Asked) -> Weaknesses:
    return weaknesses(
        asked.scope, unit=asked.unit, since=asked.since, until=asked.until, post_id=asked.post_id
    )


@dataclass(frozen=True, slots=True)
class SpotRow:
    """How a topic was answered on the spot, beside how it was answered in exams (`exam`: a cell, or None)."""

    topic: str
    answered: int
    right: int
    heat: str
    exam: dict[str, Any] | None

    @property
    def pct(self) -> float:
        """Return the share of right answers, in percent."""
        return 100 * self.right / self.answered


def _spots(request: HttpRequest, asked: Asked, found: Weaknesses) -> list[SpotRow]:
    """Return the topics that were asked on the spot, the least known first (two statements)."""
    figures = spot_weaknesses(
        request.user, since=asked.since, until=asked.until, unit=asked.unit, post_id=asked.post_id
    )
    sums: dict[int, tuple[str, int, int]] = {}
    for figure in figures:
        _name, answered, right = sums.get(figure.topic_id, ("", 0, 0))
        sums[figure.topic_id] = (figure.topic_name, answered + figure.answered, right + figure.right)
    rows = [
        SpotRow(name, answered, right, _heat_of(answered, 100 * right / answered), _cell(exam))
        for topic_id, (name, answered, right) in sums.items()
        for exam in [found.by_post.topic_sums.get(topic_id)]
    ]
    return sorted(rows, key=lambda row: (row.pct, row.topic))


def _heat(found: Sum) -> str:
    """Return the class of a cell: weak, middling, sound, or few where too few answered to say so."""
    return "few" if found.share is None else _heat_of(found.attempts, 100 * found.share)


def _heat_of(answered: int, pct: float) -> str:
    if answered < ENOUGH:
        return "few"
    return "weak" if pct < WEAK_BELOW_PCT else "sound" if pct >= SOUND_FROM_PCT else "middling"


def _cell(found: Sum | None) -> dict[str, Any] | None:
    if found is None or found.share is None:
        return None
    return {"pct": 100 * found.share, "attempts": found.attempts, "heat": _heat(found)}


def _grid(table: WeaknessTable, names: dict[int, tuple[str, str]], show_all: bool) -> dict[str, Any]:
    """Return a table as the page shows it. `names` gives each row its name and the query it leads to."""
    topics = table.topics if show_all else table.topics[:TOPICS_SHOWN]
    rows = table.rows if show_all else table.rows[:ROWS_SHOWN]
    return {
        "topics": topics,
        "rows": [
            {
                "name": names[row][0],
                "query": names[row][1],
                "all": _cell(table.row_sums[row]),
                "cells": [_cell(table.cells.get((row, topic))) for topic in topics],
            }
            for row in rows
        ],
        "is_cut": len(topics) < len(table.topics) or len(rows) < len(table.rows),
    }


@require_safe
@for_those_who(Capability.VIEW_RESULTS)
def weakness_map(request: HttpRequest) -> HttpResponse:
    """Show which topics are known least, by unit and by post, the weakest first."""
    asked = _asked(request)
    found = _found(asked)
    show_all = request.GET.get("all") == "1"
    own = (asked.unit.name if asked.unit else _("未归入下级")) if found.units else _("全部")
    units = {pk: (unit.name, asked.query(unit=pk)) for pk, unit in found.units.items()} | {0: (own, "")}
    posts = {pk: (name, asked.query(post=pk)) for pk, name in found.posts.items()} | {0: (_("无岗位"), "")}
    title = _("薄弱点：%(unit)s") % {"unit": asked.unit.name} if asked.unit else _("薄弱点")
    crumbs = [{"url": reverse("exams_office:weakness"), "label": _("薄弱点")}] if asked.unit else []
    context = {
        "page_title": title,
        "header_title": title,
        "header_icon": "list-ol",
        "breadcrumbs_items": [*crumbs, {"url": "", "label": title}],
        "asked": asked,
        "form": asked.form,
        "is_empty": found.is_empty,
        "enough": ENOUGH,
        "weak_below": WEAK_BELOW_PCT,
        "sound_from": SOUND_FROM_PCT,
        "topic_names": found.topics,
        "spots": _spots(request, asked, found),
        "weakest": [
            {"row": units[row][0], "topic": found.topics[topic], "cell": _cell(each)}
            for row, topic, each in found.by_unit.weakest(ENOUGH, WEAKEST_SHOWN)
            if 100 * (each.share or 0) < SOUND_FROM_PCT
        ],
        "grids": [
            {
                "id": name,
                "title": label,
                "first": first,
                "topics": [found.topics[topic] for topic in grid["topics"]],
                "totals": [_cell(table.topic_sums[topic]) for topic in grid["topics"]],
                **{key: grid[key] for key in ("rows", "is_cut")},
            }
            for name, label, first, table, grid in (
                ("units", _("按单位"), _("单位"), found.by_unit, _grid(found.by_unit, units, show_all)),
                ("posts", _("按岗位"), _("岗位"), found.by_post, _grid(found.by_post, posts, show_all)),
            )
        ],
    }
    return render(request, "exams/office_weakness.html", context)


@require_safe
@for_those_who(Capability.VIEW_RESULTS)
def weakness_workbook(request: HttpRequest) -> HttpResponse:
    """Send the same as a workbook: a sheet by unit and one by post, one line for each topic."""
    asked = _asked(request)
    found = _found(asked)
    units = {pk: unit.name for pk, unit in found.units.items()} | {0: _("本级")}
    posts = found.posts | {0: _("无岗位")}

    def sheet(title: str, first: str, table: WeaknessTable, names: dict[int, str]) -> Sheet:
        return Sheet(
            title=title,
            header=[first, _("知识点"), _("答卷份数"), _("得分"), _("满分"), _("得分率")],
            rows=[
                [
                    names[row],
                    found.topics[topic],
                    each.attempts,
                    float(each.earned),
                    float(each.possible),
                    None if each.share is None else round(each.share, 4),
                ]
                for row in table.rows
                for topic in table.topics
                if (each := table.cells.get((row, topic))) is not None
            ],
        )

    sheets = [
        sheet(_("按单位"), _("单位"), found.by_unit, units),
        sheet(_("按岗位"), _("岗位"), found.by_post, posts),
    ]
    spots: list[list[str | int | float]] = [
        [row.topic, row.answered, row.right, round(row.pct / 100, 4)] for row in _spots(request, asked, found)
    ]
    header = [_("知识点"), _("作答次数"), _("答对次数"), _("答对率")]
    sheets.append(Sheet(title=_("现场抽考"), header=header, rows=spots))
    scope = asked.unit.name if asked.unit else _("全部单位")
    mark = Watermark.of(cast(User, request.user), clock.now(), scope=scope, purpose=_("薄弱点"))
    response = HttpResponse(workbook_bytes(sheets, mark=mark), content_type=CONTENT_TYPE)
    name = f"{_('薄弱点')}-{asked.until.isoformat()}.xlsx"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response
