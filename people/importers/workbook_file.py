"""Opening a file somebody uploaded: what it is, whether it is safe, and its sheets row by row.

The rows come from a child process (people.importers.sheets), which has ended before the first is seen here.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from common.archives import OLE_MAGIC, ArchiveLimits, BadArchive, check_archive
from common.quarantine import Quarantined, run_lines

MAX_BYTES = 30 * 1024 * 1024
PARSE_MEMORY_MB, PARSE_TIMEOUT_S = 900, 120
LIMITS = ArchiveLimits(max_entries=2_000, max_unpacked_bytes=400 * 1024 * 1024)
HASHED_BYTES = 1 << 20  # at a time


class BadWorkbook(Exception):
    """The file cannot be read; the message says why, to the user."""

    def __init__(self, message: str, sheet: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.sheet = sheet


@dataclass(frozen=True, slots=True)
class SheetRows:
    """A sheet and its rows, which must be taken before the next sheet is asked for; the rest is skipped."""

    name: str
    is_hidden: bool
    row_count: int
    merged: list[list[int]]
    rows: Iterator[list[Any]]


def file_sha256(path: Path) -> str:
    """Return the digest a file is known again by."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(HASHED_BYTES):
            digest.update(block)
    return digest.hexdigest()


def read_sheets(path: Path, *, file_name: str, rows: int | None = None) -> Iterator[SheetRows]:
    """Return the sheets of an .xlsx, .xls or .csv file; `rows` keeps it to the first rows of each.

    `file_name` is what the user calls the file. Raises BadWorkbook while reading.
    """
    name = {"name": file_name}
    argument = {
        "path": str(path.resolve()),
        "kind": _kind_of(path, file_name),
        "rows": rows,
        "name": Path(file_name).stem,  # a .csv has no sheet that would have one
    }
    stream = run_lines(
        "people.importers.sheets:read_workbook",
        argument,
        memory_mb=PARSE_MEMORY_MB,
        timeout_s=PARSE_TIMEOUT_S,
    )
    try:
        yield from _sheets(stream, file_name)
    except Quarantined as stopped:
        if stopped.reason == "failed":
            raise BadWorkbook(_("文件“%(name)s”已损坏，请用 Excel 打开后另存为 .xlsx") % name) from stopped
        message = _("文件“%(name)s”读取时占用过多，请删去空白行列和多余格式后另存")
        raise BadWorkbook(message % name) from stopped


def _sheets(stream: Iterator[Any], file_name: str) -> Iterator[SheetRows]:
    ahead: list[Any] = []

    def rows() -> Iterator[list[Any]]:
        for item in stream:
            if isinstance(item, dict):
                ahead.append(item)
                return
            yield from item

    while (item := ahead.pop() if ahead else next(stream, None)) is not None:
        if "fault" in item:
            raise _refused(item, file_name)
        here = rows()
        yield SheetRows(item["sheet"], item["hidden"], item["rows"], item["merged"], here)
        for _row in here:
            continue


def _refused(fault: dict[str, Any], file_name: str) -> BadWorkbook:
    sheet = fault.get("sheet", "")
    if fault["fault"] == "far_cell":
        message = _(
            "单元格 %(cell)s 里有内容，离表格太远（最多 20 万行、200 列）。请删掉它，或把名单复制到新的工作簿"
        )
        return BadWorkbook(message % {"cell": fault["cell"]}, sheet)
    if fault["fault"] == "too_long":
        return BadWorkbook(_("工作表超过 20 万行，请删去多余的行，或分成几个文件"), sheet)
    return BadWorkbook(_("文件“%(name)s”打不开，请用 Excel 打开后另存为 .xlsx") % {"name": file_name})


def _kind_of(path: Path, file_name: str) -> str:
    """Return the format by name and content. Raises BadWorkbook for a file that must not be opened."""
    suffix = Path(file_name).suffix.lower()
    try:
        size = path.stat().st_size
    except OSError:
        raise BadWorkbook(_("找不到文件“%(name)s”") % {"name": file_name}) from None
    if size > MAX_BYTES:
        message = _("文件“%(name)s”超过 30 MB，请删去图片和空白格式，或分成几个文件")
        raise BadWorkbook(message % {"name": file_name})
    with path.open("rb") as handle:
        head = handle.read(4096)
    message = ""
    if not head:
        message = _("文件“%(name)s”是空的")
    elif suffix == ".xlsm":
        message = _("文件“%(name)s”带有宏，不能导入，请另存为 .xlsx")
    elif suffix not in (".xlsx", ".xls", ".csv"):
        message = _("文件“%(name)s”不是 Excel 工作簿，请另存为 .xlsx")
    elif suffix == ".csv":
        return "csv"
    elif head.startswith(OLE_MAGIC) and suffix == ".xls":
        return "xls"
    elif head.lstrip()[:1] == b"<":
        message = _("文件“%(name)s”其实是网页，请用 Excel 打开后另存为 .xlsx")
    if message:
        raise BadWorkbook(message % {"name": file_name})
    _check_xlsx(path, file_name)
    return "xlsx"


def _check_xlsx(path: Path, file_name: str) -> None:
    try:
        check_archive(path, "xl/workbook.xml", LIMITS)
    except BadArchive as bad:
        messages = {
            "encrypted": _("文件“%(name)s”有密码保护或是改了名的 .xls，请去掉密码后另存为 .xlsx"),
            "truncated": _("文件“%(name)s”不完整，可能没有下载完，请重新取得这个文件"),
            "bomb": _("文件“%(name)s”解开后过大，请删去空白格式和图片后另存为 .xlsx"),
            "unsafe_name": _("文件“%(name)s”的内部结构不安全，请用 Excel 打开后另存为 .xlsx"),
        }
        unknown = _("文件“%(name)s”的内容不是 Excel 工作簿，请用 Excel 打开后另存为 .xlsx")
        raise BadWorkbook(messages.get(bad.code, unknown) % {"name": file_name}) from bad
