"""Workbooks for inspectors and managers: coverage, and the ledger."""

import datetime as dt
from collections.abc import Iterable

from django.utils.translation import gettext as _

from common.spreadsheet import Cell, Sheet, Watermark, workbook_bytes
from people.models import User
from people.permissions import Scope
from people.queries import level_names
from training.models import Programme, ProgrammeKind, TrainingRecord
from training.queries.coverage import CoverageTable, PersonRow, coverage_people, coverage_table

INDENT = "　"  # an ideographic space per level, so that the tree can be read in a sheet


def state_text(state: str) -> str:
    """Return the state of a person in the coverage list in words."""
    texts = {"none": _("无培训任务"), "done": _("已完成"), "open": _("未完成"), "overdue": _("逾期")}
    return texts[state]


def programme_name(programme_kind: str) -> str:
    """Return what a coverage filter looks at, in words: a kind of programme, one programme, or all."""
    if not programme_kind:
        return _("全部培训")
    kinds = dict(ProgrammeKind.choices)
    if programme_kind in kinds:
        return str(kinds[programme_kind])
    found = Programme.objects.filter(code=programme_kind).values_list("title", flat=True).first()
    return found or programme_kind


def coverage_workbook(
    scope: Scope, on: dt.date, *, programme_kind: str = "", exported_by: User, now: dt.datetime
) -> bytes:
    """Return coverage as an .xlsx file: 覆盖率 by unit, 名单 by person, 说明 with what the figures mean."""
    table = coverage_table(scope, on, programme_kind)
    people = coverage_people(scope, on, programme_kind)
    top = "、".join(row.name for row in table.rows if row.level == 0)
    purpose = _("培训覆盖率（%(programme)s，截至 %(on)s）") % {
        "programme": programme_name(programme_kind),
        "on": on.isoformat(),
    }
    return workbook_bytes(
        [_units_sheet(table), _people_sheet(people), _notes_sheet(table, len(people), exported_by, now)],
        mark=Watermark.of(exported_by, now, scope=top, purpose=purpose),
    )


def _units_sheet(table: CoverageTable) -> Sheet:
    kinds = level_names()
    return Sheet(
        title=_("覆盖率"),
        header=[
            _("单位"),
            _("层级"),
            _("人数"),
            _("应培训"),
            _("已完成"),
            _("逾期"),
            _("当前停岗"),
            _("覆盖率"),
            _("培训任务"),
            _("任务已完成"),
            _("任务完成率"),
        ],
        rows=[
            [
                INDENT * row.level + row.name,
                kinds.get(row.kind, row.kind),
                row.counts.people,
                row.counts.owed,
                row.counts.done,
                row.counts.overdue,
                row.counts.blocked,
                row.counts.fraction,
                row.counts.tasks,
                row.counts.tasks_done,
                row.counts.task_fraction,
            ]
            for row in table.rows
        ],
        widths=[30, 12, 8, 8, 8, 8, 10, 10, 10, 12, 12],
        percent_columns=frozenset({7, 10}),
    )


def _people_sheet(people: Iterable[PersonRow]) -> Sheet:
    return Sheet(
        title=_("名单"),
        header=[
            _("工号"),
            _("姓名"),
            _("单位"),
            _("岗位"),
            _("状态"),
            _("未完成的培训"),
            _("最早截止"),
            _("当前停岗原因"),
        ],
        rows=[
            [
                person.employee_no,
                person.name,
                person.unit,
                person.post,
                state_text(person.state),
                "、".join(training.title for training in person.missing),
                min((training.due_on for training in person.missing), default=None),
                "；".join(reason.text for reason in person.blocked_by),
            ]
            for person in people
        ],
        widths=[12, 12, 20, 16, 12, 44, 12, 60],
    )


def _notes_sheet(table: CoverageTable, people: int, exported_by: User, now: dt.datetime) -> Sheet:
    rows: list[list[Cell]] = [
        [_("截至日期"), table.on],
        [_("培训类别"), programme_name(table.programme_kind)],
        [_("人数"), people],
        [_("导出人"), f"{exported_by}（{exported_by.username}）"],
        [_("导出时间"), now],
        [_("人数口径"), _("截至日期当天在该单位及其下级任职（本岗）的人员")],
        [_("应培训"), _("截至日期当天至少有一项已起算且未取消的培训任务的人员")],
        [_("已完成"), _("应培训人员中，全部任务在截至日期当天结束前完成的人员")],
        [_("逾期"), _("截至日期当天仍有未完成任务且已过截止日的人员")],
        [_("覆盖率"), _("已完成 ÷ 应培训；没有应培训人员的单位不计算")],
        [_("培训任务"), _("这些人员在截至日期当天已起算且未取消的培训任务，按任务计")],
        [_("任务完成率"), _("任务已完成 ÷ 培训任务")],
        [_("当前停岗"), _("导出时不可上岗的人员，不随截至日期变化")],
    ]
    return Sheet(title=_("说明"), header=[_("项目"), _("内容")], rows=rows, widths=[14, 70])


def ledger_workbook(records: Iterable[TrainingRecord], *, exported_by: User, now: dt.datetime) -> bytes:
    """Return ledger rows as an .xlsx file, with the hash by which each can be proved."""
    header = [
        _("序号"),
        _("工号"),
        _("姓名"),
        _("类别"),
        _("内容"),
        _("学时"),
        _("成绩"),
        _("合格"),
        _("开始时间"),
        _("完成时间"),
        _("教员"),
        _("地点"),
        _("更正第几号"),
        _("入账时间"),
        _("哈希"),
    ]
    rows = [
        [
            record.seq,
            record.employee.employee_no,
            record.employee.name,
            record.get_kind_display(),
            record.title,
            record.hours,
            record.score_pct,
            _("是") if record.passed else _("否"),
            record.started_at,
            record.completed_at,
            record.trainer_name,
            record.place,
            record.corrects.seq if record.corrects else None,
            record.recorded_at,
            record.leaf_hash,
        ]
        for record in records
    ]
    notes = [_("“培训完成”的学时含其中的现场教育，与“现场教育”各行不得相加。")]
    return workbook_bytes(
        [Sheet(_("培训台账"), header, rows, [8, 12, 10, 10, 40, 8, 8, 8, 18, 18, 12, 18, 10, 18, 70], notes)],
        mark=Watermark.of(exported_by, now, purpose=_("培训台账")),
    )
