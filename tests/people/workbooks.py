"""Workbooks as HR departments make them, for tests."""

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

HEADER = ("工号", "姓名", "部门", "岗位", "用工形式", "入职日期", "手机号", "身份证号")
GOOD = ("001001", "张三", "总厂/一车间/甲班", "电焊工", "正式员工", "2026-11-18", "13800000001", "")


def row(**cells: Any) -> list[Any]:
    """Return GOOD with some cells changed, named by their header."""
    values = dict(zip(HEADER, GOOD, strict=True)) | cells
    return [values[name] for name in HEADER]


def save(
    path: Path,
    rows: Sequence[Sequence[Any]],
    header: Sequence[Any] = HEADER,
    *,
    title: str = "花名册",
    change: Callable[[Worksheet], None] | None = None,
) -> Path:
    """Write one sheet and let `change` spoil it."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    sheet.append(list(header))
    for values in rows:
        sheet.append(list(values))
    if change:
        change(sheet)
    book.save(path)
    return path


def patch_part(path: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    """Rewrite one member of a workbook's archive."""
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    members[part] = change(members[part])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path
