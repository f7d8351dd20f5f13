"""The review of roles as a workbook for whoever signs it."""

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _

from common.spreadsheet import Cell, Sheet, Watermark, workbook_bytes
from people.models import User
from people.queries.roles import DORMANT_DAYS, Finding
from people.queries.units import unit_directory


def questions_about(finding: Finding) -> list[str]:
    """Return what a reviewer should ask about a grant, in words, the gravest first."""
    asked = []
    if finding.has_left:
        asked.append(_("账号已停用或人员已离职"))
    for conflict in finding.conflicts:
        reason = finding.grant.exception_reason or conflict.other.exception_reason
        words = _("与“%(role)s”（%(unit)s）不相容：%(why)s") % {
            "role": conflict.other.get_role_display(),
            "unit": conflict.other.unit,
            "why": conflict.rule.why,
        }
        asked.append(
            words + (_("例外理由：%(reason)s") % {"reason": reason} if reason else _("没有例外理由"))
        )
    if finding.moved_to:
        asked.append(_("本人已在“%(unit)s”，不在授权单位") % {"unit": finding.moved_to})
    if finding.is_dormant:
        asked.append(_("%(days)s 天没有登录") % {"days": DORMANT_DAYS})
    if finding.is_endless:
        asked.append(_("没有结束日期"))
    return asked


def review_workbook(findings: Sequence[Finding], *, exported_by: User, now: dt.datetime) -> bytes:
    """Return every grant with its questions and columns to decide and sign in, as an .xlsx file."""
    names = unit_directory()
    rows: list[list[Cell]] = [
        [
            str(finding.grant.user),
            finding.grant.user.username,
            finding.grant.get_role_display(),
            names[finding.grant.unit_id].full_name,
            finding.grant.starts_on,
            finding.grant.ends_before - dt.timedelta(days=1) if finding.grant.ends_before else None,
            finding.grant.user.last_login,
            str(finding.grant.granted_by or _("系统")),
            "；".join(questions_about(finding)),
            "",
            "",
        ]
        for finding in findings
    ]
    sheet = Sheet(
        title=_("角色复核"),
        header=[
            _("姓名"),
            _("账号"),
            _("角色"),
            _("单位"),
            _("开始"),
            _("有效至"),
            _("上次登录"),
            _("授权人"),
            _("待核事项"),
            _("复核结论"),
            _("复核人签字"),
        ],
        rows=rows,
        widths=(12, 14, 12, 30, 12, 12, 18, 12, 60, 14, 14),
    )
    mark = Watermark.of(exported_by, now, scope=_("本人授权范围内的单位"), purpose=_("角色复核"))
    return workbook_bytes([sheet], mark=mark)
