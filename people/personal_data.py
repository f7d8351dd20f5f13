"""Everything held on one person: the registry rooms add to, and what this room holds.

A room registers a `Provider` under the hook `personal_data`. Its `models` names every model it answers for; a
test compares them with all models that lead to a person, so that nothing new is forgotten. A value is written
as it is stored; the shape of each table is its columns, listed in docs/privacy.md.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import hooks
from wagtail.models import ModelLogEntry, PageLogEntry

from jobs.models import Job
from notices.models import Notice
from people.models import (
    Assignment,
    DirectoryLink,
    Employee,
    EmployeePhoto,
    EmploymentEvent,
    ErasedItem,
    ErasureRequest,
    KioskPin,
    OrgUnit,
    PersonalDataAccess,
    PersonalDataCopy,
    RoleGrant,
    ScimUser,
    SignInTicket,
    User,
)
from people.queries.identity import id_number_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

HOOK = "personal_data"


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A stored file that goes into the copy under `name`."""

    name: str
    file: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Held:
    """One table of the copy: columns (key → heading) and rows (key → value)."""

    name: str
    title: str
    columns: Mapping[str, str]
    rows: list[dict[str, Any]]
    files: tuple[HeldFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Provider:
    """What one room holds on a person (in short: `title`), and the models it answers for, by label."""

    title: "StrOrPromise"
    models: frozenset[str]
    held: Callable[[Employee], Iterable[Held]]


def table(name: str, title: str, found: QuerySet[Any], columns: Mapping[str, str]) -> Held:
    """Return the rows of a query as a table; the keys of `columns` are field lookups. One query."""
    return Held(name, title, columns, list(found.values(*columns)))


def providers() -> list[Provider]:
    """Return what every room registered."""
    return [provider for hook in hooks.get_hooks(HOOK) for provider in hook()]


def everything_on(employee: Employee) -> list[Held]:
    """Return all tables of all rooms on one person."""
    return [held for provider in providers() for held in provider.held(employee)]


def _people(employee: Employee) -> list[Held]:
    held = [
        Held(
            "employee",
            _("基本信息"),
            {
                "employee_no": _("工号"),
                "name": _("姓名"),
                "phone": _("手机号"),
                "id_number": _("身份证号"),
                "status": _("状态"),
                "employment_type": _("用工形式"),
                "employer": _("用人单位"),
                "hired_on": _("入职日期"),
                "left_on": _("离职日期"),
            },
            [
                {
                    "employee_no": employee.employee_no,
                    "name": employee.name,
                    "phone": employee.phone,
                    "id_number": id_number_of(employee),
                    "status": employee.get_status_display(),
                    "employment_type": employee.get_employment_type_display(),
                    "employer": employee.employer.name if employee.employer else "",
                    "hired_on": employee.hired_on,
                    "left_on": employee.left_on,
                }
            ],
        ),
        table(
            "assignments",
            _("任职区间"),
            Assignment.objects.filter(employee=employee),
            {
                "unit__name": _("部门"),
                "post__name": _("岗位"),
                "kind": _("类别"),
                "employment_type": _("用工形式"),
                "employer__name": _("用人单位"),
                "starts_on": _("开始"),
                "ends_before": _("结束（不含当日）"),
            },
        ),
        table(
            "employment_events",
            _("人事变动"),
            EmploymentEvent.objects.filter(employee=employee),
            {
                "id": _("编号"),
                "kind": _("类别"),
                "effective_on": _("生效日期"),
                "from_unit__name": _("原部门"),
                "from_post__name": _("原岗位"),
                "to_unit__name": _("新部门"),
                "to_post__name": _("新岗位"),
                "employment_type": _("用工形式"),
                "employer__name": _("用人单位"),
                "days_away": _("离岗天数"),
                "reason": _("原因"),
                "corrects_id": _("更正的编号"),
                "is_withdrawn": _("撤回"),
                "recorded_at": _("登记时间"),
            },
        ),
        table(
            "units_led",
            _("负责的部门"),
            OrgUnit.objects.filter(leader=employee),
            {"name": _("部门")},
        ),
        table(
            "kiosk_pin",
            _("平板登录码"),
            KioskPin.objects.filter(employee=employee),
            {"set_at": _("设置时间")},
        ),
        table(
            "directory",
            _("目录同步"),
            ScimUser.objects.filter(employee=employee),
            {
                "user_name": _("账号"),
                "external_id": _("外部编号"),
                "attributes": _("目录写入的资料"),
                "created_at": _("创建时间"),
            },
        ),
        table(
            "directory_links",
            _("目录里的编号"),
            DirectoryLink.objects.filter(employee=employee),
            {"source__name": _("目录"), "external_id": _("外部编号")},
        ),
        *_about_data(employee),
        *_log(employee),
    ]
    if employee.user is not None:
        held.extend(_account(employee.user))
    return held


def _about_data(employee: Employee) -> list[Held]:
    """Return what was done with the person's data: seen, copied, erased, and the photograph."""
    photo = EmployeePhoto.objects.filter(employee=employee)
    files = tuple(HeldFile("photo.jpg", one.file) for one in photo)
    taken = table("photo", _("照片"), photo, {"uploaded_at": _("上传时间"), "sha256": "SHA-256"})
    return [
        Held(taken.name, taken.title, taken.columns, taken.rows, files),
        table(
            "data_accesses",
            _("谁看过完整信息"),
            PersonalDataAccess.objects.filter(employee=employee),
            {
                "accessed_at": _("时间"),
                "viewer__name": _("查看人"),
                "kind": _("方式"),
                "fields": _("内容"),
                "reason": _("事由"),
                "reason_text": _("说明"),
            },
        ),
        table(
            "data_copies",
            _("个人数据副本"),
            PersonalDataCopy.objects.filter(employee=employee),
            {"requested_at": _("申请时间"), "requested_by__name": _("申请人"), "expires_at": _("失效时间")},
        ),
        table(
            "erasure_requests",
            _("删除申请"),
            ErasureRequest.objects.filter(employee=employee),
            {
                "requested_at": _("申请时间"),
                "what": _("内容"),
                "reason": _("原因"),
                "state": _("状态"),
                "decided_at": _("决定时间"),
            },
        ),
        table(
            "erased_items",
            _("已删除内容"),
            ErasedItem.objects.filter(employee=employee),
            {"what": _("内容"), "erased_at": _("删除时间")},
        ),
    ]


def _account(user: User) -> list[Held]:
    """Return what hangs on the account: roles, slips, messages and jobs."""
    return [
        table(
            "account",
            _("账号"),
            User.objects.filter(pk=user.pk),
            {
                "username": _("账号"),
                "name": _("姓名"),
                "email": _("电子邮箱"),
                "is_active": _("启用"),
                "date_joined": _("建立时间"),
                "last_login": _("上次登录"),
            },
        ),
        table(
            "roles",
            _("角色"),
            RoleGrant.objects.filter(user=user),
            {
                "role": _("角色"),
                "unit__name": _("范围"),
                "starts_on": _("开始"),
                "ends_before": _("结束（不含当日）"),
            },
        ),
        table(
            "sign_in_slips",
            _("首次登录凭条"),
            SignInTicket.objects.filter(user=user),
            {
                "issued_at": _("签发时间"),
                "expires_at": _("失效时间"),
                "used_at": _("使用时间"),
                "revoked_at": _("作废时间"),
            },
        ),
        table(
            "notices",
            _("消息"),
            Notice.objects.filter(recipient=user),
            {
                "created_at": _("创建时间"),
                "channel": _("渠道"),
                "title": _("标题"),
                "body": _("内容"),
                "read_at": _("阅读时间"),
            },
        ),
        table(
            "jobs",
            _("后台任务"),
            Job.objects.filter(requested_by=user),
            {"created_at": _("提交时间"), "title": _("名称"), "state": _("状态")},
        ),
        table(
            "e_mail_addresses",
            _("电子邮箱"),
            EmailAddress.objects.filter(user=user),
            {"email": _("电子邮箱"), "verified": _("已验证")},
        ),
        table(
            "second_factors",
            _("两步验证"),
            Authenticator.objects.filter(user=user),
            {"type": _("类别"), "created_at": _("开通时间"), "last_used_at": _("最近使用")},
        ),
        table(
            "linked_identities",
            _("外部账号"),
            SocialAccount.objects.filter(user=user),
            {"provider": _("来源"), "uid": _("编号"), "last_login": _("上次登录"), "extra_data": _("资料")},
        ),
        table(
            "sessions",
            _("登录"),
            UserSession.objects.filter(user=user),
            {
                "created_at": _("开始时间"),
                "last_seen_at": _("最近使用"),
                "ip": _("来源地址"),
                "user_agent": _("浏览器"),
            },
        ),
    ]


def _log(employee: Employee) -> list[Held]:
    """Return what was done with the person and with the account, and what the account did."""
    person = ContentType.objects.get_for_model(Employee)
    noted = Q(content_type=person, object_id=str(employee.pk))
    pages = PageLogEntry.objects.none()
    if employee.user_id is not None:
        account = ContentType.objects.get_for_model(User)
        noted |= Q(user_id=employee.user_id) | Q(content_type=account, object_id=str(employee.user_id))
        pages = PageLogEntry.objects.filter(user_id=employee.user_id)
    # The label of an entry names others as well, so the entry is copied without it.
    entry = {"timestamp": _("时间"), "action": _("操作")}
    return [
        table("audit_log", _("操作记录"), ModelLogEntry.objects.filter(noted).order_by("timestamp"), entry),
        table("page_log", _("页面操作记录"), pages.order_by("timestamp"), entry),
    ]


PROVIDERS = (
    Provider(
        gettext_lazy("任职与变动、账号、角色、消息"),
        frozenset(
            {
                "people.Employee",
                "people.Assignment",
                "people.EmploymentEvent",
                "people.EmployeePhoto",
                "people.PersonalDataAccess",
                "people.PersonalDataCopy",
                "people.ErasureRequest",
                "people.ErasedItem",
                "people.User",
                "people.RoleGrant",
                "people.OrgUnit",
                "people.KioskPin",
                "people.ScimUser",
                "people.DirectoryLink",
                "account.EmailAddress",
                "mfa.Authenticator",
                "socialaccount.SocialAccount",
                "usersessions.UserSession",
                "people.SignInTicket",
                "notices.Notice",
                "jobs.Job",
                "wagtailcore.ModelLogEntry",
                "wagtailcore.PageLogEntry",
            }
        ),
        _people,
    ),
)
