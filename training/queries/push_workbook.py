"""A push as a workbook: coverage by unit, the curve by day, and who is missing."""

import datetime as dt

from django.utils.translation import gettext as _

from common.spreadsheet import Cell, Sheet, Watermark, workbook_bytes
from people.models import User
from people.queries import level_names
from training.models import CasePush
from training.queries.coverage import PersonRow
from training.queries.push_curve import PushReach
from training.queries.workbooks import INDENT, state_text


def push_workbook(
    push: CasePush,
    reach: PushReach,
    people: list[PersonRow],
    *,
    exported_by: User,
    now: dt.datetime,
) -> bytes:
    """Return a push as an .xlsx file: 覆盖 by unit, 曲线 by day, 名单 by person (those the user may see by name)."""
    top = "、".join(unit.row.name for unit in reach.units if unit.row.level == 0)
    sheets = [_units_sheet(reach), _curve_sheet(reach)]
    if people:
        sheets.append(_people_sheet(people))
    purpose = _("案例推送“%(title)s”（截至 %(on)s）") % {
        "title": push.lesson_title,
        "on": reach.days[-1].isoformat(),
    }
    return workbook_bytes(sheets, mark=Watermark.of(exported_by, now, scope=top, purpose=purpose))


def _units_sheet(reach: PushReach) -> Sheet:
    kinds = level_names()
    rows: list[list[Cell]] = [
        [
            INDENT * unit.row.level + unit.row.name,
            kinds.get(unit.row.kind, unit.row.kind),
            unit.row.counts.owed,
            unit.row.counts.done,
            unit.row.counts.overdue,
            unit.row.counts.fraction,
            unit.reached_on,
        ]
        for unit in reach.units
    ]
    header = [_("单位"), _("层级"), _("应学习"), _("已完成"), _("逾期"), _("覆盖率"), _("达到 90% 的日期")]
    return Sheet(_("覆盖"), header, rows, [30, 12, 8, 8, 8, 10, 16], percent_columns=frozenset({5}))


def _curve_sheet(reach: PushReach) -> Sheet:
    rows: list[list[Cell]] = [
        [day, counts.owed, counts.done, counts.fraction]
        for day, counts in zip(reach.days, reach.totals, strict=True)
    ]
    header = [_("日期"), _("应学习"), _("已完成"), _("覆盖率")]
    return Sheet(_("曲线"), header, rows, [12, 10, 10, 10], percent_columns=frozenset({3}))


def _people_sheet(people: list[PersonRow]) -> Sheet:
    rows: list[list[Cell]] = [
        [
            person.employee_no,
            person.name,
            person.unit,
            person.post,
            state_text(person.state),
            min((training.due_on for training in person.missing), default=None),
        ]
        for person in people
        if person.state != "none"
    ]
    header = [_("工号"), _("姓名"), _("单位"), _("岗位"), _("状态"), _("截止")]
    return Sheet(_("名单"), header, rows, [12, 12, 20, 16, 10, 12])
