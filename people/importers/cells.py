"""One cell of an HR list to one clean value, or a flaw that says what is wrong and what to do.

Nothing is guessed: a date that could be read two ways, a number that lost digits and a formula without a
result are flaws. Cells come as people.importers.sheets writes them.
"""

import datetime as dt
import re
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from common.text import half_width, plain_name, squeeze
from people.identity import id_number_flaw
from people.models import EmploymentType
from people.roster import CLEAR, Standing

EARLIEST = dt.date(1950, 1, 1)
EXACT_DIGITS = 15  # Excel keeps no more
NAME_LENGTH, UNIT_LENGTH, POST_LENGTH = 60, 80, 60
_EMPLOYEE_NO = re.compile(r"[\w.@+-]{1,32}")
_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_LANDLINE = re.compile(r"0\d{2,3}-?\d{7,8}(-\d{1,6})?", re.ASCII)
_YEAR_FIRST = re.compile(
    r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|\.(\d{1,2})\.(\d{1,2})|年(\d{1,2})月(\d{1,2})日?|(\d{2})(\d{2}))"
    r"(?: 0{1,2}:00(:00)?)?",
    re.ASCII,
)

_STANDINGS = {
    Standing.ACTIVE: "在职 在岗 正常 试用 试用期 转正 返岗 复岗 复工 上岗 在册 在册在岗 已返岗 再入职",
    Standing.AWAY: "离岗 长假 长期病假 病假 产假 停薪留职 待岗 脱岗 休假 离岗休养 工伤休假",
    Standing.LEFT: "离职 已离职 辞职 退休 辞退 解除 终止 解除合同 已退休 调出 离厂",
}
STANDINGS = {word: standing for standing, words in _STANDINGS.items() for word in words.split()}
_TYPES = {
    EmploymentType.OWN: "正式员工 正式 正式工 合同工 合同制 劳动合同 劳动合同制 自有员工 全职 在编 固定期限 无固定期限",
    EmploymentType.DISPATCHED: "劳务派遣 派遣 派遣工 派遣员工 劳务派遣工 被派遣劳动者",
    EmploymentType.INTERN: "实习学生 实习 实习生 见习 见习生 学生实习",
    EmploymentType.CONTRACTOR: "承包商人员 承包商 外包 劳务外包 外协 外委 外包人员 外协人员 相关方",
    EmploymentType.TEMPORARY: "临时用工 临时工 临时 短期工 季节工 小时工",
    EmploymentType.VISITOR: "外来人员 外来 访客 参观",
}
EMPLOYMENT_TYPES = {word: kind.value for kind, words in _TYPES.items() for word in words.split()}
# What the template offers: words of the file, which is Chinese whatever language the screens are in.
STANDING_CHOICES = tuple(words.split()[0] for words in _STANDINGS.values())
TYPE_CHOICES = tuple(words.split()[0] for words in _TYPES.values())


class CellFlaw(ValueError):
    """What is wrong with a cell, in words for the person who filled it in."""


def raw_text(cell: Any) -> str:
    """Return a cell as one line of half-width text; an empty cell is "".

    Whole numbers lose their `.0`. Raises CellFlaw for an error value, a formula without a stored result and a
    number too long to be exact.
    """
    if cell is None:
        return ""
    if isinstance(cell, dict):
        if "e" in cell:
            raise CellFlaw(_("单元格是错误值 %(code)s，请改成正确的内容") % {"code": cell["e"]})
        if "f" in cell:
            raise CellFlaw(_("公式没有保存计算结果，请用 Excel 打开并保存，或把公式粘贴为数值"))
        return str(cell["d"])
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        if abs(cell) >= 10**EXACT_DIGITS:
            raise CellFlaw(_("数字超过 15 位，Excel 已丢失末几位，请把单元格设为文本后重新填写"))
        return str(int(cell)) if float(cell).is_integer() else repr(cell)
    return squeeze(half_width(str(cell)))


def is_clear(cell: Any) -> bool:
    """Tell whether a cell asks to erase what is known."""
    return isinstance(cell, str) and "清空" in cell and squeeze(half_width(cell)) == CLEAR


def employee_no(cell: Any) -> str:
    """Return an employee number; text keeps its leading zeros, the number 1001.0 is 1001."""
    if isinstance(cell, dict) and "d" in cell:
        raise CellFlaw(_("工号被 Excel 存成了日期，请把这一列设为文本后重新填写"))
    text = raw_text(cell)
    if text and not _EMPLOYEE_NO.fullmatch(text):
        raise CellFlaw(
            _("工号“%(text)s”只能由字母、数字、汉字和 - _ . 组成，最长 32 位，中间没有空格")
            % {"text": text[:40]}
        )
    return text


def person_name(cell: Any) -> str:
    """Return a name without stray white space; rare characters stay as they are."""
    if isinstance(cell, int | float | bool) or (isinstance(cell, dict) and "d" in cell):
        raise CellFlaw(_("姓名应为文字"))
    return _limited(plain_name(raw_text(cell)), NAME_LENGTH)


def post_name(cell: Any) -> str:
    """Return a post's name."""
    if isinstance(cell, dict) and "d" in cell:
        raise CellFlaw(_("岗位被 Excel 存成了日期，请把这一列设为文本后重新填写"))
    return _limited(_plain_name(raw_text(cell)), POST_LENGTH)


def unit_path(cell: Any) -> str:
    """Return a unit's name or path, each part without stray white space."""
    parts = [_plain_name(part) for part in re.split(r"[/\\>→]", raw_text(cell))]
    return "/".join(_limited(part, UNIT_LENGTH) for part in parts if part)


def _limited(text: str, length: int) -> str:
    if len(text) > length:
        raise CellFlaw(
            _("内容有 %(count)d 个字，最长 %(length)d 个字") % {"count": len(text), "length": length}
        )
    return text


@lru_cache(maxsize=4096)
def _plain_name(text: str) -> str:
    return plain_name(text)


def date(cell: Any) -> dt.date | None:
    """Return a day from a date cell, 2026-01-02, 2026/1/2, 2026.1.2, 2026年1月2日 or 20260102."""
    text = raw_text(cell)
    if not text:
        return None
    is_number = isinstance(cell, int | float)
    match = _YEAR_FIRST.fullmatch(text)
    if match is None or (is_number and len(text) != 8):
        if is_number:
            raise CellFlaw(
                _("日期存成了数字 %(text)s，请把单元格设为日期格式，或写成 2026-01-02") % {"text": text}
            )
        raise CellFlaw(_("看不懂日期“%(text)s”，请写成 2026-01-02（年-月-日）") % {"text": text[:30]})
    year, month, day = (int(part) for part in match.groups()[:11] if part and part.isdigit())
    try:
        found = dt.date(year, month, day)
    except ValueError:
        raise CellFlaw(_("没有“%(text)s”这一天，请核对") % {"text": text}) from None
    if found < EARLIEST:
        raise CellFlaw(_("日期 %(day)s 太早，请核对年份") % {"day": found})
    return found


def phone(cell: Any) -> str:
    """Return a mobile or landline number without spaces and country code."""
    text = re.sub(r"[\s()]", "", raw_text(cell))
    mobile = re.sub(r"^(\+?86|0086)(?=1\d{10}$)", "", text.replace("-", ""))
    if not text or _MOBILE.fullmatch(mobile):
        return mobile
    if _LANDLINE.fullmatch(text):
        return text
    raise CellFlaw(_("电话号码格式不对：手机号是 11 位数字，座机写成 0532-88886666"))


def id_number(cell: Any) -> str:
    """Return a resident identity number in half-width upper case. The message never repeats the number."""
    is_number = isinstance(cell, int | float) and not isinstance(cell, bool)
    text = "" if is_number else raw_text(cell).replace(" ", "").lstrip("'").upper()
    if is_number or re.fullmatch(r"\d(\.\d+)?E\+?\d+", text):
        raise CellFlaw(_("身份证号被 Excel 存成数字，末几位已丢失，请用模板的文本列重新填写"))
    flaw = id_number_flaw(text) if text else None
    if flaw == "length":
        raise CellFlaw(_("身份证号应为 18 位：17 位数字加一位数字或 X"))
    if flaw == "date":
        raise CellFlaw(_("身份证号里的出生日期不存在，请核对"))
    if flaw == "check":
        raise CellFlaw(_("身份证号校验位不对，有数字写错了，请核对"))
    return text


def standing(cell: Any) -> Standing | None:
    """Return whether a person works, from the words HR uses."""
    text = _word(cell)
    if text and text not in STANDINGS:
        raise CellFlaw(_("不认识状态“%(text)s”，可填：在职、离岗、离职") % {"text": text[:20]})
    return STANDINGS.get(text)


def employment_type(cell: Any) -> str:
    """Return an employment type, from the words HR uses; empty stays empty."""
    text = _word(cell)
    if text and text not in EMPLOYMENT_TYPES:
        message = _("不认识用工形式“%(text)s”，可填：%(allowed)s")
        raise CellFlaw(message % {"text": text[:20], "allowed": "、".join(TYPE_CHOICES)})
    return EMPLOYMENT_TYPES.get(text, "")


def _word(cell: Any) -> str:
    return re.sub(r"\s|\([^()]*\)", "", raw_text(cell))
