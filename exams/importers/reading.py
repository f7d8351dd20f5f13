"""From a path to questions: what kind of file it is, and which reader opens it, in a child process."""

from pathlib import Path

from django.utils.translation import gettext as _

from common.quarantine import Quarantined, run
from exams.importers import excel
from exams.importers.items import Note, Reading
from people.importers.workbook_file import BadWorkbook, read_sheets

FORMATS = ("excel", "gift", "aiken", "moodle_xml", "qti21", "qti30")
MAX_BYTES = 60 * 1024 * 1024
MEMORY_MB, SECONDS = 1200, 120
_WORKBOOKS = (".xlsx", ".xls", ".csv", ".xlsm")


def read_file(path: Path, *, file_name: str, wanted: str = "auto") -> Reading:
    """Read a file of questions. A file that cannot be read gives a report, never an exception.

    `file_name` is what the user calls it; `wanted` one of FORMATS or `auto`.
    """
    reading = Reading("excel" if wanted == "auto" else wanted)
    try:
        size = path.stat().st_size
        is_file = path.is_file()
    except OSError:
        size, is_file = 0, False
    if not is_file:
        return _failed(reading, _("找不到文件“%(name)s”，请检查路径。") % {"name": file_name})
    if size == 0:
        return _failed(reading, _("文件“%(name)s”是空的。") % {"name": file_name})
    if size > MAX_BYTES:
        message = _("文件“%(name)s”超过 %(n)s MB，请分成几个文件。")
        return _failed(reading, message % {"name": file_name, "n": MAX_BYTES // 2**20})
    if wanted == "excel" or (wanted == "auto" and Path(file_name).suffix.lower() in _WORKBOOKS):
        return _read_workbook(path, file_name, reading)
    argument = {"path": str(path.resolve()), "format": wanted}
    try:
        return Reading.of(
            run("exams.importers.foreign:read_foreign", argument, memory_mb=MEMORY_MB, timeout_s=SECONDS)
        )
    except Quarantined as stopped:
        message = (
            _("文件“%(name)s”已损坏，读不了。")
            if stopped.reason == "failed"
            else _("文件“%(name)s”读取时占用过多，请分成几个文件。")
        )
        return _failed(reading, message % {"name": file_name})


def _read_workbook(path: Path, file_name: str, reading: Reading) -> Reading:
    try:
        tables = [
            excel.Table(sheet.name, list(sheet.rows), sheet.merged)
            for sheet in read_sheets(path, file_name=file_name)
        ]
    except BadWorkbook as bad:
        return _failed(reading, bad.message, place=bad.sheet)
    return excel.read(tables)


def _failed(reading: Reading, message: str, *, place: str = "") -> Reading:
    # The message is a finished sentence: what looks like a place for a value in it is text.
    reading.errors.append(Note(1, message.replace("%", "%%"), place=place))
    return reading
