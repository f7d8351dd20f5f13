"""Workbooks about people: the list, with identity numbers masked or in clear, and who looked at them."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from common.clock import today
from common.spreadsheet import Cell, Sheet, Watermark, workbook_bytes
from people.identity import mask_id_number, mask_phone
from people.models import Assignment, PersonalDataAccess
from people.queries.employees import secondments_of
from people.queries.identity import id_number_of
from people.queries.units import unit_directory


def field_words(fields: Iterable[str]) -> str:
    """Return what was seen (people.shapes.PersonalField) in words."""
    words = {
        "id_number": _("身份证号"),
        "phone": _("手机号"),
        "photo": _("照片"),
        "everything": _("全部个人数据"),
    }
    return "、".join(words[field] for field in fields)


def people_workbook(
    people: Sequence[Any], *, in_clear: bool, phones_in_clear: frozenset[int], mark: Watermark
) -> bytes:
    """Return people (with last places and employers) as an .xlsx file.

    `in_clear` writes whole identity numbers: only behind `people.actions.identity.note_accesses`.
    `phones_in_clear` holds the ids of those whose telephone the reader may see whole.
    """
    directory = unit_directory()
    full_names = {entry.path: entry.full_name for entry in directory.values()}
    unit_names = {entry.id: entry.full_name for entry in directory.values()}
    lent = secondments_of([one.pk for one in people], today())
    rows: list[list[Cell]] = [
        [
            one.employee_no,
            one.name,
            one.get_status_display(),
            full_names.get(one.last_unit_path or "", ""),
            one.last_post_name or "",
            one.get_employment_type_display(),
            one.employer.name if one.employer else "",
            _lent(lent.get(one.pk, []), unit_names),
            one.hired_on,
            one.left_on,
            one.phone if one.pk in phones_in_clear else mask_phone(one.phone),
            id_number_of(one) if in_clear else mask_id_number(id_number_of(one)),
        ]
        for one in people
    ]
    header = [
        _("工号"),
        _("姓名"),
        _("状态"),
        _("部门"),
        _("岗位"),
        _("用工形式"),
        _("用人单位"),
        _("借调"),
        _("入职日期"),
        _("离职日期"),
        _("手机号"),
        _("身份证号"),
    ]
    return workbook_bytes(
        [Sheet(_("人员名单"), header, rows, [12, 12, 8, 30, 16, 12, 20, 30, 12, 12, 14, 22])], mark=mark
    )


def _lent(stays: Iterable[Assignment], unit_names: Mapping[int, str]) -> str:
    """Return secondments in words: where to, and for how long (the last day included)."""
    parts = []
    for stay in stays:
        last = f"{stay.ends_before - dt.timedelta(days=1):%Y-%m-%d}" if stay.ends_before else ""
        parts.append(f"{unit_names[stay.unit_id]} {stay.post.name} {stay.starts_on:%Y-%m-%d}–{last}")
    return "；".join(parts)


def accesses_workbook(rows: Iterable[PersonalDataAccess], *, mark: Watermark) -> bytes:
    """Return who saw whose data in clear as an .xlsx file."""
    header = [
        _("时间"),
        _("查看人"),
        _("账号"),
        _("被查看人"),
        _("工号"),
        _("方式"),
        _("内容"),
        _("事由"),
        _("说明"),
        _("来源地址"),
    ]
    lines: Iterable[list[Cell]] = (
        [
            row.accessed_at,
            row.viewer.name,
            row.viewer.username,
            row.employee.name,
            row.employee.employee_no,
            row.get_kind_display(),
            field_words(row.fields),
            row.get_reason_display(),
            row.reason_text,
            row.address,
        ]
        for row in rows
    )
    return workbook_bytes(
        [Sheet(_("个人信息查看记录"), header, lines, [18, 12, 12, 12, 12, 16, 20, 20, 40, 18])], mark=mark
    )
