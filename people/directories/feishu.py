"""Feishu (飞书): departments and members of an enterprise, read by a self-built app.

Facts: open.feishu.cn, auth/v3/tenant_access_token/internal, contact/v3/departments/:id/children,
contact/v3/users/find_by_department.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from people.directories.http import MAX_PAGES, Request, TokenKeeper, VendorApi
from people.directories.reading import day, entries, malformed, needed, part, seconds, text, texts
from people.directories.shapes import DirectoryMember, DirectoryUnit, FeishuSettings, MemberState

HOST = "https://open.feishu.cn"
ROOT = "0"
PAGE_SIZE = 50
_SCOPES = gettext_lazy(
    "应用没有通讯录权限：到飞书开发者后台“权限管理”开通“获取部门基础信息”“获取用户基本信息”"
    "“获取用户组织架构信息”“获取用户受雇信息”，再发布版本"
)
_RANGE = gettext_lazy(
    "部门不在应用的通讯录权限范围内：到飞书开发者后台“权限管理”把“通讯录权限范围”设为要同步的部门"
)
_SECRET = gettext_lazy("App ID 或 App Secret 不对：到飞书开发者后台“凭证与基础信息”里重新复制")


class FeishuDirectory(VendorApi):
    """The contact list of one enterprise, as far as the app may see it."""

    busy = frozenset({"99991400", "11232", "1500", "2200"})
    stale = frozenset({"99991661", "99991663", "99991664"})
    cures = {
        "10003": _SECRET,
        "10014": _SECRET,
        "99991543": _SECRET,
        "99991662": gettext_lazy("应用没有启用：到飞书管理后台“工作台”启用这个应用"),
        "99991663": gettext_lazy("飞书不认刚换的凭证，请稍后再试；一直如此请重新复制 App Secret"),
        "99991672": _SCOPES,
        "99991679": _SCOPES,
        "99991401": gettext_lazy(
            "服务器 IP 不在飞书应用的 IP 白名单里：到飞书开发者后台“安全设置”的“IP 白名单”中加上它"
        ),
        "40004": _RANGE,
        "40014": _RANGE,
        "41050": _RANGE,
        "43005": _RANGE,
        "44003": gettext_lazy("起始部门不存在：请核对部门 ID（根部门是 0）"),
        "99991400": gettext_lazy("调用飞书太频繁，被限流：请过一会儿再试"),
        "11232": gettext_lazy("调用飞书太频繁，被限流：请过一会儿再试"),
    }

    def __init__(
        self,
        settings: FeishuSettings,
        secrets: Mapping[str, str],
        *,
        root: str = ROOT,
        host: str = HOST,
        **patience: Any,
    ) -> None:
        super().__init__(**patience)
        self._root = root or ROOT
        self._host = host.rstrip("/")
        app_id, secret = settings["app_id"], secrets.get("app_secret", "")
        self._app = TokenKeeper(f"feishu:{app_id}", secret, lambda: self._fetch(app_id, secret))

    @property
    def product(self) -> str:
        """Return the product's name."""
        return _("飞书")

    def code_of(self, answer: Mapping[str, Any]) -> str:
        """Return code; empty for 0."""
        code = text(answer, "code")
        if not code:
            raise malformed(self.product, "code")
        return "" if code == "0" else code

    def said(self, answer: Mapping[str, Any]) -> str:
        """Return msg."""
        return text(answer, "msg")

    def with_token(self, request: Request, token: str) -> Request:
        """Put the token into the header."""
        headers = {"Authorization": f"Bearer {token}"}
        return Request(request.method, request.url, request.query, request.body, headers)

    def sign_on(self) -> None:
        """Ask for a new token."""
        self._app.renew("")

    def departments(self) -> Iterator[DirectoryUnit]:
        """Yield the departments from the root on; Feishu lists the whole subtree in pages."""
        yield DirectoryUnit(self._root, "")
        seen = {self._root}
        path = f"departments/{self._root}/children"
        for entry in self._pages(path, department_id_type="open_department_id", fetch_child="true"):
            own = needed(entry, "open_department_id", self.product)
            status = entry.get("status")
            if own in seen or (isinstance(status, dict) and status.get("is_deleted")):
                continue
            seen.add(own)
            yield DirectoryUnit(own, text(entry, "name"), text(entry, "parent_department_id"))

    def members(self) -> Iterator[DirectoryMember]:
        """Yield the members department by department, page by page."""
        seen: set[str] = set()
        for unit in list(self.departments()):
            found = self._pages(
                "users/find_by_department",
                department_id=unit.external_id,
                department_id_type="open_department_id",
                user_id_type="open_id",
            )
            for entry in found:
                member = self._member(entry)
                if member.external_id not in seen:
                    seen.add(member.external_id)
                    yield member

    def _member(self, entry: Mapping[str, Any]) -> DirectoryMember:
        orders = entries(entry, "orders", self.product)
        main = next((text(order, "department_id") for order in orders if order.get("is_primary_dept")), "")
        return DirectoryMember(
            external_id=needed(entry, "open_id", self.product),
            alternate_id=text(entry, "union_id"),
            name=text(entry, "name"),
            unit_ids=texts(entry.get("department_ids")),
            main_unit_id=main,
            title=text(entry, "job_title"),
            phone=text(entry, "mobile"),
            state=_state(entry),
            hired_on=day(entry.get("join_time")),
            attributes={
                **_extra(entry),
                "employee_no": text(entry, "employee_no"),
                "user_id": text(entry, "user_id"),
            },
        )

    def _pages(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        token = ""
        for _page in range(MAX_PAGES):
            paged = {**query, "page_size": PAGE_SIZE} | ({"page_token": token} if token else {})
            answer = self.ask(Request("GET", f"{self._host}/open-apis/contact/v3/{path}", paged), self._app)
            data = part(answer, "data", self.product)
            yield from entries(data, "items", self.product)
            if not data.get("has_more"):
                return
            before, token = token, needed(data, "page_token", self.product)
            if token == before:
                raise malformed(self.product, "page_token")

    def _fetch(self, app_id: str, secret: str) -> tuple[str, int]:
        url = f"{self._host}/open-apis/auth/v3/tenant_access_token/internal"
        answer = self.ask(Request("POST", url, {}, {"app_id": app_id, "app_secret": secret}), None)
        return needed(answer, "tenant_access_token", self.product), seconds(answer, "expire")


def _state(entry: Mapping[str, Any]) -> MemberState:
    status = entry.get("status")
    if not isinstance(status, dict):
        return MemberState.ACTIVE
    if status.get("is_resigned") or status.get("is_exited"):
        return MemberState.GONE
    return MemberState.DISABLED if status.get("is_frozen") else MemberState.ACTIVE


def _extra(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return the text fields an enterprise added to its members (custom_attrs), by id."""
    found = entry.get("custom_attrs")
    extra = {}
    for attribute in found if isinstance(found, list) else ():
        value = attribute.get("value") if isinstance(attribute, dict) else None
        if isinstance(value, dict):
            extra[text(attribute, "id")] = text(value, "text")
    return extra
