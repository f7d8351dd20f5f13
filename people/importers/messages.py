"""Problems of a comparison in words for HR: what is wrong, and what to do about it."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from people.importers.findings import RosterFile
from people.models import EventKind
from people.roster import Problem

# Functions, so that the texts are looked up in the reader's language.
_MESSAGES: dict[str, Callable[[], str]] = {
    "required": lambda: _("新员工必须填写这一项"),
    "exists": lambda: _("工号 %(known)s 已有人使用"),
    "zeros_lost": lambda: _(
        "工号存成了数字，前面的 0 已丢失；是不是 %(known)s？请把这一列设为文本后重新填写"
    ),
    "account_taken": lambda: _("账号名 %(name)s 已被不是员工的账号占用，请换工号或先改掉那个账号"),
    "id_number_taken": lambda: _("这个身份证号已登记在工号 %(known)s 名下；再入职请沿用原工号"),
    "unknown_unit": lambda: _("没有部门“%(name)s”"),
    "ambiguous_unit": lambda: _("部门“%(name)s”不止一个，请写完整路径：%(near)s"),
    "unknown_post": lambda: _("没有岗位“%(name)s”"),
    "unknown_employer": lambda: _("没有用人单位“%(name)s”"),
    "ambiguous_employer": lambda: _("用人单位“%(name)s”不止一个，请写完整路径：%(near)s"),
    "closed_unit": lambda: _("部门“%(name)s”已撤销：请改填现在的部门，或先在组织机构里恢复它"),
    "archived_post": lambda: _("岗位“%(name)s”已停用：请改填现在的岗位，或先在岗位页恢复它"),
    "out_of_scope": lambda: _("您无权管理“%(name)s”的人员，请由上级单位导入"),
    "active_with_left_on": lambda: _("状态是在职，却填了离职日期，请删去其中一项"),
    "left_on_in_future": lambda: _("离职日期 %(day)s 还没有到，请到期后再导入"),
    "left_before_hired": lambda: _("离职日期早于入职日期 %(known)s"),
    "left_on_differs": lambda: _("已登记的离职日期是 %(known)s，导入不能更改，请核对"),
    "before_stay": lambda: _("日期早于现任职的开始日期 %(known)s，请核对"),
    "away_cannot_move": lambda: _("此人离岗中（原在 %(known)s），返岗请在“状态”列填“在职”"),
    "back_before_gone": lambda: _("返岗日期早于离岗或离职日期 %(known)s，请核对"),
    "later_event": lambda: _(
        "此人已登记 %(day)s 的“%(event)s”，与这次变动矛盾：请先在员工页更正或撤回那一条"
    ),
    "already_hired": lambda: _("此人已经入职（%(known)s），不能再登记入职"),
    "not_hired_yet": lambda: _("%(day)s 时此人还没有入职，请核对日期"),
    "not_gone": lambda: _("此人在 %(day)s 没有离职，不能登记再入职，请核对日期"),
    "already_left": lambda: _("此人已于 %(known)s 离职：请先登记再入职，或核对日期"),
    "not_away": lambda: _("此人在 %(day)s 没有离岗，不用登记返岗，请核对日期"),
    "is_away": lambda: _("此人自 %(known)s 起离岗：请先登记返岗，或核对日期"),
    "secondments_overlap": lambda: _("与 %(known)s 起的借调重叠：请先把那次借调的结束日期改早，或核对日期"),
    "secondment_without_end": lambda: _("借调必须有结束日期，请改结束日期，不要撤回它"),
    "secondment_empty": lambda: _("借调的结束日期必须晚于开始日期 %(known)s"),
    "no_secondment": lambda: _("此人没有正在进行或将要开始的借调"),
    "same_place": lambda: _("此人当时就在“%(name)s”，请选别的部门或岗位"),
    "already_corrected": lambda: _("这条变动已经更正过，请更正最新的那一条"),
    "is_withdrawn": lambda: _("这条变动已经撤回，不能再更正；需要时请重新登记"),
    "nothing_changed": lambda: _("没有改动：请改日期、部门、岗位或用工形式，或者选择撤回"),
    "reason_required": lambda: _("请写明更正原因"),
    "gone_stays_so": lambda: _("此人已于 %(known)s 离职，资料保持当时的样子：要更正，请先登记再入职"),
    "left_cannot_be_away": lambda: _("此人已于 %(known)s 离职，不能登记离岗"),
}


def problem_message(problem: Problem) -> str:
    """Return a problem in words, with the nearest existing names where a name is unknown."""
    detail = dict(problem.detail)
    if "event" in detail:
        detail["event"] = str(EventKind(detail["event"]).label)
    text = _MESSAGES[problem.code]() % detail
    if problem.code.startswith("unknown_"):
        near = problem.detail.get("near")
        hint = _("，最接近的是：%(near)s") % {"near": near} if near else ""
        return text + hint + _("。请改正，或允许新建")
    return text


def add_problems(file: RosterFile, problems: tuple[Problem, ...]) -> None:
    """Add the problems of a comparison to the faults of the file, where they stand."""
    for problem in problems:
        file.fault_at(problem.line, problem.field, problem_message(problem))
