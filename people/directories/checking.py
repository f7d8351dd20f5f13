"""Try a directory out step by step and say in plain words what works and what does not."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from django.utils.translation import gettext as _

from people.directories.errors import DirectoryError
from people.directories.shapes import Directory, DirectoryMember

SAMPLE = 200


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One step: what was tried, whether it worked (None: it works, but look at it), and what to know."""

    title: str
    works: bool | None
    message: str


def check_directory(directory: Directory, number_field: str) -> list[CheckLine]:
    """Sign on, list the departments, read some members and look for their employee numbers.

    Reads only, and stops at the first step that fails. `number_field` is the attribute with the number.
    """
    lines: list[CheckLine] = []
    try:
        directory.sign_on()
        lines.append(CheckLine(_("登录目录"), True, _("凭证有效")))
        count = sum(1 for _unit in directory.departments())
        lines.append(
            CheckLine(_("读取部门"), True, _("能看到 %(count)d 个部门（含起始部门）") % {"count": count})
        )
        members = list(islice(directory.members(), SAMPLE))
    except DirectoryError as error:
        steps = (_("登录目录"), _("读取部门"), _("读取成员"))
        lines.append(CheckLine(steps[len(lines)], False, str(error)))
        return lines
    finally:
        directory.close()
    lines.append(_members_line(members))
    if members:
        lines.append(_numbers_line(members, number_field))
    return lines


def _members_line(members: list[DirectoryMember]) -> CheckLine:
    if not members:
        message = _("一个成员也看不到：请检查应用的可见范围、起始部门或筛选条件")
        return CheckLine(_("读取成员"), False, message)
    nameless = sum(1 for member in members if not member.name)
    if nameless:
        message = _("读了 %(count)d 人，其中 %(nameless)d 人没有姓名：请给应用开通读取姓名的权限")
        return CheckLine(_("读取成员"), False, message % {"count": len(members), "nameless": nameless})
    more = _("只试读前 %(count)d 人") if len(members) == SAMPLE else _("共 %(count)d 人")
    return CheckLine(_("读取成员"), True, more % {"count": len(members)})


def _numbers_line(members: list[DirectoryMember], number_field: str) -> CheckLine:
    title = _("工号字段“%(field)s”") % {"field": number_field}
    having = sum(1 for member in members if member.attributes.get(number_field))
    if having == len(members):
        return CheckLine(title, True, _("试读的人都有工号"))
    if having:
        message = _("试读的 %(count)d 人里有 %(missing)d 人没有工号，这些人不会同步")
        return CheckLine(title, None, message % {"count": len(members), "missing": len(members) - having})
    message = _("没有一个人有这个字段。目录里有值的字段：%(fields)s")
    return CheckLine(title, False, message % {"fields": "、".join(_filled(members)) or _("无")})


def _filled(members: Iterable[DirectoryMember]) -> list[str]:
    """Return the attributes that hold a value for anybody, in the order met."""
    return list(dict.fromkeys(name for one in members for name, value in one.attributes.items() if value))
