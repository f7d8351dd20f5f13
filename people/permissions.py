"""Who may do what, and over which part of the tree.

A role gives capabilities over one unit and everything below it, for as long as the grant runs. Learners need
no role: what concerns themselves is reached through access functions. Superusers may do everything.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from common.clock import today
from people.models import OrgUnit, Role, RoleGrant, User


class Capability(StrEnum):
    """Something a role may do within its scope."""

    VIEW_PEOPLE = "view_people"
    MANAGE_PEOPLE = "manage_people"  # employment changes, imports, first sign-in slips
    UNMASK_IDENTITY = "unmask_identity"  # one person's identity number, with a reason
    EXPORT_IDENTITY = "export_identity"  # lists with whole identity numbers, with a reason
    ERASE_PERSONAL_DATA = "erase_personal_data"  # ask for an erasure, or confirm somebody else's
    HOLD_PERSONAL_DATA = "hold_personal_data"  # legal holds, which stop erasure
    MANAGE_ORGANISATION = "manage_organisation"
    VIEW_ROLES = "view_roles"
    GRANT_ROLES = "grant_roles"
    MANAGE_DIRECTORIES = "manage_directories"  # where people come from by themselves, with its passwords
    VIEW_COVERAGE = "view_coverage"
    RECORD_TRAINING = "record_training"
    MANAGE_TRAINING = "manage_training"  # programmes, rules, waivers
    PUSH_CASES = "push_cases"  # put a case before the people it concerns; numbers, not names
    HANDLE_CASES = "handle_cases"  # the four gates of a case (四不放过)
    EDIT_CONTENT = "edit_content"
    VIEW_BANK = "view_bank"  # questions, banks, papers, without changing them
    WRITE_QUESTIONS = "write_questions"  # questions and topics
    REVIEW_QUESTIONS = "review_questions"  # withdraw a question, or put it back
    MANAGE_EXAMS = "manage_exams"  # banks, papers, exams
    VIEW_SITTINGS = "view_sittings"  # see sittings, who sat in them and their record, without changing them
    INVIGILATE = "invigilate"  # plan and run sittings of exams
    MARK_ATTEMPTS = "mark_attempts"  # give or correct a mark by hand
    VIEW_RESULTS = "view_results"
    SPOT_CHECK = "spot_check"  # ask people a few questions where they work (现场抽考)
    RUN_CAMPAIGNS = "run_campaigns"  # let units answer together (安全生产月); numbers, not names
    REVIEW_FINDINGS = "review_findings"  # decide about patterns in attempts, void them; see photographs
    MANAGE_CERTIFICATES = "manage_certificates"
    VIEW_AUDIT = "view_audit"


# What those who answer for a unit may do for people seconded to it, beside those of the home unit.
HOST_CAPABILITIES = frozenset(
    {
        Capability.VIEW_PEOPLE,
        Capability.VIEW_COVERAGE,
        Capability.RECORD_TRAINING,
        Capability.MANAGE_TRAINING,
        Capability.VIEW_RESULTS,
        Capability.INVIGILATE,
        Capability.SPOT_CHECK,
    }
)

CAPABILITY_NAMES: dict[Capability, Any] = {
    Capability.VIEW_PEOPLE: _("查看人员和组织机构"),
    Capability.MANAGE_PEOPLE: _("办理人事变动、导入、凭条"),
    Capability.UNMASK_IDENTITY: _("查看一人的完整证件号，须写事由"),
    Capability.EXPORT_IDENTITY: _("导出带完整证件号的名单，须写事由"),
    Capability.ERASE_PERSONAL_DATA: _("申请删除个人数据，或确认他人的申请"),
    Capability.HOLD_PERSONAL_DATA: _("登记和解除法定保全"),
    Capability.MANAGE_ORGANISATION: _("维护组织机构和岗位"),
    Capability.VIEW_ROLES: _("查看角色授权"),
    Capability.GRANT_ROLES: _("授予和收回角色"),
    Capability.MANAGE_DIRECTORIES: _("管理人员目录的同步"),
    Capability.VIEW_COVERAGE: _("查看任务、台账、覆盖率"),
    Capability.RECORD_TRAINING: _("登记现场教育"),
    Capability.MANAGE_TRAINING: _("管理方案、规则、外部证件"),
    Capability.PUSH_CASES: _("向有关岗位推送案例和新规程"),
    Capability.HANDLE_CASES: _("办理“四不放过”档案"),
    Capability.EDIT_CONTENT: _("编写和发布内容"),
    Capability.VIEW_BANK: _("查看题库和试卷"),
    Capability.WRITE_QUESTIONS: _("编写试题和知识点"),
    Capability.REVIEW_QUESTIONS: _("审查、停用和恢复试题"),
    Capability.MANAGE_EXAMS: _("管理题库、试卷和考试"),
    Capability.VIEW_SITTINGS: _("查看考试场次和考场记录"),
    Capability.INVIGILATE: _("排定考试场次、监考"),
    Capability.MARK_ATTEMPTS: _("评分和更正评分"),
    Capability.VIEW_RESULTS: _("查看成绩和证书"),
    Capability.SPOT_CHECK: _("发起现场抽考"),
    Capability.RUN_CAMPAIGNS: _("办答题活动，看单位排名"),
    Capability.REVIEW_FINDINGS: _("复核考试疑点，作废答卷，核对考生身份"),
    Capability.MANAGE_CERTIFICATES: _("暂停、恢复、撤销证书"),
    Capability.VIEW_AUDIT: _("查看操作日志"),
}

_C = Capability
ROLE_CAPABILITIES: dict[str, frozenset[Capability]] = {
    Role.TEAM_LEADER: frozenset({_C.VIEW_PEOPLE, _C.VIEW_COVERAGE}),
    Role.TRAINER: frozenset(
        {
            _C.VIEW_PEOPLE,
            _C.VIEW_COVERAGE,
            _C.RECORD_TRAINING,
            _C.VIEW_RESULTS,
            _C.VIEW_SITTINGS,
            _C.INVIGILATE,
            _C.SPOT_CHECK,
        }
    ),
    Role.HR_OFFICER: frozenset(
        {
            _C.VIEW_PEOPLE,
            _C.MANAGE_PEOPLE,
            _C.UNMASK_IDENTITY,
            _C.EXPORT_IDENTITY,
            _C.ERASE_PERSONAL_DATA,
            _C.HOLD_PERSONAL_DATA,
            _C.MANAGE_ORGANISATION,
            _C.VIEW_COVERAGE,
            _C.VIEW_RESULTS,
        }
    ),
    Role.SAFETY_OFFICER: frozenset(
        {
            _C.VIEW_PEOPLE,
            _C.VIEW_COVERAGE,
            _C.RECORD_TRAINING,
            _C.MANAGE_TRAINING,
            _C.VIEW_RESULTS,
            _C.REVIEW_FINDINGS,
            _C.MANAGE_CERTIFICATES,
            _C.HOLD_PERSONAL_DATA,
            _C.PUSH_CASES,
            _C.HANDLE_CASES,
            _C.VIEW_SITTINGS,
            _C.INVIGILATE,
            _C.SPOT_CHECK,
            _C.RUN_CAMPAIGNS,
        }
    ),
    Role.EDITOR: frozenset({_C.EDIT_CONTENT, _C.PUSH_CASES}),
    Role.QUESTION_WRITER: frozenset({_C.VIEW_BANK, _C.WRITE_QUESTIONS}),
    Role.EXAMINER: frozenset(
        {
            _C.VIEW_BANK,
            _C.WRITE_QUESTIONS,
            _C.REVIEW_QUESTIONS,
            _C.MANAGE_EXAMS,
            _C.VIEW_RESULTS,
            _C.VIEW_SITTINGS,
            _C.INVIGILATE,
            _C.REVIEW_FINDINGS,
        }
    ),
    Role.MARKER: frozenset({_C.MARK_ATTEMPTS, _C.VIEW_RESULTS}),
    Role.AUDITOR: frozenset(
        {
            _C.VIEW_PEOPLE,
            _C.VIEW_ROLES,
            _C.VIEW_COVERAGE,
            _C.VIEW_BANK,
            _C.VIEW_RESULTS,
            _C.VIEW_SITTINGS,
            _C.VIEW_AUDIT,
        }
    ),
    # Accounts and units, and neither results nor content: see docs/adr/0009.
    Role.ADMINISTRATOR: frozenset(
        {
            _C.VIEW_PEOPLE,
            _C.MANAGE_ORGANISATION,
            _C.VIEW_ROLES,
            _C.GRANT_ROLES,
            _C.MANAGE_DIRECTORIES,
            _C.VIEW_AUDIT,
            _C.ERASE_PERSONAL_DATA,
            _C.HOLD_PERSONAL_DATA,
        }
    ),
}

# What each role may do, in a sentence for whoever grants it.
ROLE_SENTENCES: dict[str, Any] = {
    Role.TEAM_LEADER: _("查看本单位人员、谁能上岗和培训覆盖率；不能修改。"),
    Role.TRAINER: _("登记现场教育，发起现场抽考，排考试场次并监考，查看人员、覆盖率和考试成绩。"),
    Role.HR_OFFICER: _(
        "办理入职、转岗、离职，导入名单，签发首次登录凭条，维护组织机构；可查看完整证件号，申请或确认删除个人数据。"
    ),
    Role.SAFETY_OFFICER: _(
        "管理培训方案、规则和外部证件，推送案例，办理“四不放过”，登记现场教育，发起现场抽考，监考，暂停或撤销证书，查看成绩，复核考试疑点，作废答卷，登记法定保全。"
    ),
    Role.EDITOR: _(
        "编写并发布讲话、案例、规程和课程，向有关岗位推送案例，管理影片和图片；只见人数，看不到人员和成绩。"
    ),
    Role.QUESTION_WRITER: _("编写和修改试题、知识点；不能组卷、停用试题，看不到成绩。"),
    Role.EXAMINER: _(
        "管理题库、试卷和考试，审查并停用试题，排考试场次并监考，查看成绩，复核考试疑点，作废答卷；不评分。"
    ),
    Role.MARKER: _("评分和更正评分，查看成绩；看不到试题的编辑页。"),
    Role.AUDITOR: _("查看人员、任务、台账、试题、考试场次、成绩、证书和授权记录；什么也不能改。"),
    Role.ADMINISTRATOR: _(
        "授予和收回角色，维护组织机构和人员目录，申请或确认删除个人数据；看不到成绩和内容，不能给自己授权。"
    ),
}


@dataclass(frozen=True, slots=True)
class Incompatible:
    """Two kinds of roles nobody should hold over the same unit at the same time, and why."""

    one: frozenset[str]
    other: frozenset[str]
    why: Any


# Docs: docs/adr/0009-roles-kept-apart.md. A grant against it needs a reason (settings.SEPARATION_OF_ROLES).
INCOMPATIBLE_ROLES: tuple[Incompatible, ...] = (
    Incompatible(
        frozenset({Role.QUESTION_WRITER, Role.EXAMINER}),
        frozenset({Role.MARKER}),
        _("出题和组卷的人不给同一考试评分。"),
    ),
    Incompatible(
        frozenset({Role.ADMINISTRATOR}),
        frozenset({Role.QUESTION_WRITER, Role.EXAMINER, Role.MARKER, Role.SAFETY_OFFICER}),
        _("管账号的人不经手试题、成绩和证书。"),
    ),
    Incompatible(
        frozenset({Role.AUDITOR}),
        frozenset(set(Role.values) - {Role.AUDITOR, Role.TEAM_LEADER}),
        _("审计的人不办理被审计的事。"),
    ),
)


@dataclass(frozen=True, slots=True)
class Holding:
    """A role over the subtree at a treebeard path, from a day on and before another (None: no end)."""

    role: str
    path: str
    starts_on: dt.date
    ends_before: dt.date | None = None

    def meets(self, other: "Holding") -> bool:
        """Tell whether the two hold over a common unit on a common day."""
        same_place = self.path.startswith(other.path) or other.path.startswith(self.path)
        mine_last = self.ends_before is None or other.starts_on < self.ends_before
        theirs_last = other.ends_before is None or self.starts_on < other.ends_before
        return same_place and mine_last and theirs_last


def conflict_between(one: Holding, other: Holding) -> Incompatible | None:
    """Return the rule that keeps two roles of one person apart, if they meet; else None."""
    for rule in INCOMPATIBLE_ROLES:
        crossed = (one.role in rule.one and other.role in rule.other) or (
            one.role in rule.other and other.role in rule.one
        )
        if crossed and one.meets(other):
            return rule
    return None


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the tree: everything, or the subtrees below these treebeard paths (none: nothing)."""

    everything: bool = False
    paths: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.everything or bool(self.paths)

    def includes(self, unit: OrgUnit) -> bool:
        """Tell whether `unit` lies inside."""
        return self.includes_path(unit.path)

    def includes_path(self, path: str) -> bool:
        """Tell whether the unit at this treebeard path lies inside."""
        return self.everything or any(path.startswith(start) for start in self.paths)

    def q(self, path_lookup: str) -> Q:
        """Return the condition that the treebeard path at `path_lookup` (e.g. `unit__path`) lies inside."""
        if self.everything:
            return Q()
        condition = Q(pk__in=())
        for path in self.paths:
            condition |= Q(**{f"{path_lookup}__startswith": path})
        return condition


def running_on(on: dt.date) -> Q:
    """Return the condition that a grant runs on a day."""
    return Q(starts_on__lte=on) & (Q(ends_before__isnull=True) | Q(ends_before__gt=on))


def running_grants(user: User, on: dt.date) -> list[tuple[str, str]]:
    """Return the roles an active account holds on a day, each with the path of its unit, by path. One query."""
    if not user.is_active:
        return []
    held = RoleGrant.objects.filter(running_on(on), user=user)
    return list(held.order_by("unit__path").values_list("role", "unit__path"))


@dataclass(frozen=True, slots=True)
class Remembered:
    """What somebody holds on a day, kept on the account object of one request."""

    on: dt.date
    grants: tuple[tuple[str, str], ...]


def remember_grants(user: User, on: dt.date) -> frozenset[str]:
    """Read what `user` holds on a day once for the whole request; return the roles.

    A page of the back office asks some thirty times. The object must not outlive the request: what is granted
    meanwhile is not seen.
    """
    remembered = Remembered(on, tuple(running_grants(user, on)))
    user.remembered_grants = remembered
    return frozenset(role for role, _path in remembered.grants)


def roles_with(capability: Capability) -> frozenset[str]:
    """Return the roles that carry `capability`."""
    return frozenset(role for role, given in ROLE_CAPABILITIES.items() if capability in given)


def scope_for(user: User | AnonymousUser, capability: Capability, on: dt.date | None = None) -> Scope:
    """Return where `user` has `capability` on a day (today, unless `on` says another). One query at most."""
    if not isinstance(user, User) or not user.is_active:
        return Scope()
    if user.is_superuser:
        return Scope(everything=True)
    on = on or today()
    remembered = user.remembered_grants
    if remembered is None or remembered.on != on:
        grants = running_grants(user, on)
    else:
        grants = list(remembered.grants)
    roles = roles_with(capability)
    kept: list[str] = []
    for path in (path for role, path in grants if role in roles):
        # Sorted, so a subtree follows the tree that holds it; one condition for both is enough.
        if not kept or not path.startswith(kept[-1]):
            kept.append(path)
    return Scope(paths=tuple(kept))


def scope_of(
    user: User | AnonymousUser, capability: Capability, on: dt.date | None = None
) -> QuerySet[OrgUnit]:
    """Return the units over which `user` has `capability` on a day, in the order of the tree."""
    units: QuerySet[OrgUnit] = OrgUnit.objects.filter(scope_for(user, capability, on).q("path"))
    return units.order_by("path")


def allows(
    user: User | AnonymousUser,
    capability: Capability,
    unit: OrgUnit | None = None,
    on: dt.date | None = None,
) -> bool:
    """Tell whether `user` has `capability` over `unit` on a day; without a unit, over any unit at all.

    A capability granted over a part of the tree never reaches a unit outside it. What touches the whole
    organisation must ask `scope_for(…).everything` or name the root unit.
    """
    scope = scope_for(user, capability, on)
    return bool(scope) if unit is None else scope.includes(unit)


def capabilities_over(
    user: User | AnonymousUser, path: str, on: dt.date | None = None
) -> frozenset[Capability]:
    """Return everything `user` may do with what stands at a treebeard path on a day. One query."""
    if not isinstance(user, User) or not user.is_active:
        return frozenset()
    if user.is_superuser:
        return frozenset(Capability)
    on = on or today()
    grants = (
        RoleGrant.objects.filter(user=user, starts_on__lte=on)
        .filter(Q(ends_before__isnull=True) | Q(ends_before__gt=on))
        .values_list("role", "unit__path")
    )
    # Somebody without any place belongs to nobody's part of the tree.
    held = {role for role, start in grants if path and path.startswith(start)}
    return frozenset(capability for role in held for capability in ROLE_CAPABILITIES[role])


def allows_everywhere(user: User | AnonymousUser, capability: Capability, on: dt.date | None = None) -> bool:
    """Tell whether `user` has `capability` over every tree there is: what all units share asks for this."""
    scope = scope_for(user, capability, on)
    if scope.everything or not scope:
        return scope.everything
    return all(scope.includes(root) for root in OrgUnit.get_root_nodes())


def grantable_roles(user: User | AnonymousUser) -> tuple[str, ...]:
    """Return the roles `user` may grant within their scope: the administrator's is for superusers alone."""
    if not allows(user, Capability.GRANT_ROLES):
        return ()
    return tuple(role for role in Role.values if user.is_superuser or role != Role.ADMINISTRATOR)


def may_change_grant(user: User, holder: User, role: str, unit: OrgUnit) -> bool:
    """Tell whether `user` may grant `holder` this role over `unit`, or end it.

    Nobody but a superuser touches the administrator's role, or a role of their own.
    """
    if user.is_superuser:
        return user.is_active
    if user.pk == holder.pk or role not in grantable_roles(user):
        return False
    return allows(user, Capability.GRANT_ROLES, unit)
