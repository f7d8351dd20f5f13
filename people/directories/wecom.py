"""WeCom (企业微信): departments and members of an enterprise, read with the secret of a self-built app.

An app that may not read whole departments gets only the ids of members, with the contact list's own secret,
and reads each member by itself. Facts: developer.work.weixin.qq.com, 通讯录管理 (90193 to 90208, 96067).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from people.directories.errors import DirectoryError
from people.directories.http import MAX_PAGES, Request, TokenKeeper, VendorApi
from people.directories.reading import entries, malformed, needed, part, seconds, text, texts
from people.directories.shapes import DirectoryMember, DirectoryUnit, MemberState, WeComSettings

HOST = "https://qyapi.weixin.qq.com"
ROOT = "1"
# The interface is closed to this app or this way of asking.
CLOSED = frozenset({"48002", "60011", "60203", "301002"})
_STATES = {"1": MemberState.ACTIVE, "2": MemberState.DISABLED, "5": MemberState.GONE}
_IDS_AT_ONCE = 10_000


class WeComDirectory(VendorApi):
    """The contact list of one enterprise, as far as the app may see it."""

    busy = frozenset({"-1", "45009", "45033", "50001"})
    stale = frozenset({"40014", "42001"})
    cures = {
        "40001": gettext_lazy("应用 Secret 不对：到企业微信管理后台“应用管理”里重新复制这个应用的 Secret"),
        "40013": gettext_lazy("企业 ID 不对：到企业微信管理后台“我的企业”最下方复制企业 ID"),
        "40014": gettext_lazy("企业微信不认刚换的凭证，请稍后再试；一直如此请重新复制 Secret"),
        "42001": gettext_lazy("企业微信的凭证刚换就说过期，请检查服务器时间，稍后再试"),
        "60020": gettext_lazy(
            "服务器 IP（%(ip)s）不在企业可信 IP 里：到企业微信管理后台打开这个应用，在“企业可信IP”中加上它"
        ),
        "60011": gettext_lazy("应用看不到这个部门或成员：到企业微信管理后台把应用的“可见范围”设为要同步的部门"),
        "60203": gettext_lazy("应用看不到这个部门或成员：到企业微信管理后台把应用的“可见范围”设为要同步的部门"),
        "60003": gettext_lazy("起始部门不存在：请核对部门 ID（根部门是 1）"),
        "60123": gettext_lazy("起始部门 ID 不对：请填数字（根部门是 1）"),
        "48002": gettext_lazy(
            "应用没有这个接口的权限：请用自建应用的 Secret；新企业还要填“通讯录同步”的 Secret"
        ),
        "301002": gettext_lazy("应用没有权限读取：请检查应用的“可见范围”和接口权限"),
        "45009": gettext_lazy("今天或这一分钟调用企业微信太多，被限流：请过一会儿再试"),
        "45033": gettext_lazy("同时调用企业微信太多，被限流：请过一会儿再试"),
        "-1": gettext_lazy("企业微信系统繁忙，请稍后再试"),
        "50001": gettext_lazy("企业微信系统繁忙，请稍后再试"),
    }  # fmt: skip

    def __init__(
        self,
        settings: WeComSettings,
        secrets: Mapping[str, str],
        *,
        root: str = ROOT,
        host: str = HOST,
        **patience: Any,
    ) -> None:
        super().__init__(**patience)
        self._root = root or ROOT
        self._host = host.rstrip("/")
        corp_id, secret = settings["corp_id"], secrets.get("secret", "")
        self._app = TokenKeeper(f"wecom:{corp_id}", secret, lambda: self._fetch(corp_id, secret))
        contacts = secrets.get("contacts_secret", "")
        self._contacts = (
            TokenKeeper(f"wecom:{corp_id}", contacts, lambda: self._fetch(corp_id, contacts))
            if contacts
            else None
        )

    @property
    def product(self) -> str:
        """Return the product's name."""
        return _("企业微信")

    def code_of(self, answer: Mapping[str, Any]) -> str:
        """Return errcode; empty for 0."""
        code = text(answer, "errcode")
        if not code:
            raise malformed(self.product, "errcode")
        return "" if code == "0" else code

    def said(self, answer: Mapping[str, Any]) -> str:
        """Return errmsg."""
        return text(answer, "errmsg")

    def with_token(self, request: Request, token: str) -> Request:
        """Put the token into the query."""
        return Request(request.method, request.url, {**request.query, "access_token": token}, request.body)

    def sign_on(self) -> None:
        """Ask for new tokens."""
        self._app.renew("")
        if self._contacts:
            self._contacts.renew("")

    def departments(self) -> Iterator[DirectoryUnit]:
        """Yield the departments from the root on; WeCom lists the whole subtree at once."""
        try:
            answer = self._get("department/list", id=self._root)
        except DirectoryError as error:
            if error.code not in CLOSED - {"60011"}:
                raise
            yield from self._departments_one_by_one()
            return
        for entry in entries(answer, "department", self.product):
            yield self._unit(entry)

    def _departments_one_by_one(self) -> Iterator[DirectoryUnit]:
        answer = self._get("department/simplelist", id=self._root)
        for entry in entries(answer, "department_id", self.product):
            found = self._get("department/get", id=needed(entry, "id", self.product))
            yield self._unit(part(found, "department", self.product))

    def _unit(self, entry: Mapping[str, Any]) -> DirectoryUnit:
        own = needed(entry, "id", self.product)
        parent = "" if own == self._root else text(entry, "parentid")
        return DirectoryUnit(own, text(entry, "name"), parent)

    def members(self) -> Iterator[DirectoryMember]:
        """Yield the members: by department, or each by its id where departments are closed to the app."""
        seen: set[str] = set()
        for unit in list(self.departments()):
            try:
                answer = self._get("user/list", department_id=unit.external_id)
            except DirectoryError as error:
                if error.code not in CLOSED or self._contacts is None or seen:
                    raise
                yield from self._members_one_by_one()
                return
            for entry in entries(answer, "userlist", self.product):
                member = self._member(entry)
                if member.external_id not in seen:
                    seen.add(member.external_id)
                    yield member

    def _members_one_by_one(self) -> Iterator[DirectoryMember]:
        assert self._contacts is not None
        known = {unit.external_id for unit in self.departments()}
        wanted: dict[str, None] = {}
        cursor = ""
        for _page in range(MAX_PAGES):
            request = Request(
                "POST", f"{self._host}/cgi-bin/user/list_id", {}, {"cursor": cursor, "limit": _IDS_AT_ONCE}
            )
            answer = self.ask(request, self._contacts)
            for entry in entries(answer, "dept_user", self.product):
                if text(entry, "department") in known:
                    wanted[needed(entry, "userid", self.product)] = None
            before, cursor = cursor, text(answer, "next_cursor")
            if not cursor:
                break
            if cursor == before:
                raise malformed(self.product, "next_cursor")
        for userid in wanted:
            yield self._member(self._get("user/get", userid=userid))

    def _member(self, entry: Mapping[str, Any]) -> DirectoryMember:
        userid = needed(entry, "userid", self.product)
        return DirectoryMember(
            external_id=userid,
            name=text(entry, "name"),
            unit_ids=texts(entry.get("department")),
            main_unit_id=text(entry, "main_department"),
            title=text(entry, "position"),
            phone=text(entry, "mobile"),
            # 4 is "not activated": a member all the same.
            state=_STATES.get(text(entry, "status"), MemberState.ACTIVE),
            attributes={"userid": userid, "alias": text(entry, "alias"), **_extra(entry)},
        )

    def _get(self, path: str, **query: str) -> dict[str, Any]:
        return self.ask(Request("GET", f"{self._host}/cgi-bin/{path}", query), self._app)

    def _fetch(self, corp_id: str, secret: str) -> tuple[str, int]:
        query = {"corpid": corp_id, "corpsecret": secret}
        answer = self.ask(Request("GET", f"{self._host}/cgi-bin/gettoken", query), None)
        return needed(answer, "access_token", self.product), seconds(answer, "expires_in")


def _extra(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return the text fields an enterprise added to its members (扩展属性), by name."""
    listed = entry.get("extattr")
    found = listed.get("attrs") if isinstance(listed, dict) else None
    extra = {}
    for attribute in found if isinstance(found, list) else ():
        if isinstance(attribute, dict):
            value = attribute.get("text")
            extra[text(attribute, "name")] = (
                text(value, "value") if isinstance(value, dict) else text(attribute, "value")
            )
    return extra
