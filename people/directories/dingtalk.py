"""DingTalk (钉钉): departments and members of an enterprise, read by an internal app.

Facts: open.dingtalk.com, v1.0/oauth2/accessToken, topapi/v2/department/listsub, topapi/v2/user/list.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from people.directories.http import MAX_PAGES, Request, TokenKeeper, VendorApi
from people.directories.reading import day, entries, malformed, needed, part, seconds, text, texts
from people.directories.shapes import DingTalkSettings, DirectoryMember, DirectoryUnit

HOST = "https://oapi.dingtalk.com"
API_HOST = "https://api.dingtalk.com"
ROOT = "1"
PAGE_SIZE = 100


class DingTalkDirectory(VendorApi):
    """The contact list of one enterprise, as far as the app may see it. It names no main department."""

    busy = frozenset({"-1", "90002", "90006", "90018", "ServiceUnavailable", "Throttling"})
    stale = frozenset({"40014", "42001"})
    cures = {
        "88": gettext_lazy("钉钉拒绝了这次调用（%(said)s）：请在开发者后台检查应用的权限和凭证"),
        "invalidClientIdOrSecret": gettext_lazy(
            "AppKey 或 AppSecret 不对：到钉钉开发者后台“凭证与基础信息”里重新复制"
        ),
        "invalidParameter.idOrSecret.illegal": gettext_lazy(
            "AppKey 或 AppSecret 不对：到钉钉开发者后台“凭证与基础信息”里重新复制"
        ),
        "40014": gettext_lazy("钉钉不认刚换的凭证，请稍后再试；一直如此请重新复制 AppSecret"),
        "42001": gettext_lazy("钉钉的凭证刚换就说过期，请检查服务器时间，稍后再试"),
        "33012": gettext_lazy("钉钉说成员账号无效，读取期间此人可能刚被删除：请再试一次"),
        "60121": gettext_lazy("钉钉找不到这个成员，读取期间此人可能刚被删除：请再试一次"),
        "60003": gettext_lazy("起始部门不存在：请核对部门 ID（根部门是 1）"),
        "60011": gettext_lazy(
            "应用没有通讯录权限：到钉钉开发者后台“权限管理”开通“通讯录部门信息读权限”和“成员信息读权限”"
        ),
        "60020": gettext_lazy(
            "服务器 IP（%(ip)s）不在白名单里：到钉钉开发者后台“安全设置”的“服务器出口IP”中加上它"
        ),
        "50002": gettext_lazy("成员不在应用的授权范围内：到钉钉开发者后台“权限管理”把“权限范围”设为全部员工"),
        "50004": gettext_lazy("部门不在应用的授权范围内：到钉钉开发者后台“权限管理”把“权限范围”设为全部员工"),
        "90002": gettext_lazy("这台服务器调用钉钉太频繁，被限流：请过一会儿再试"),
        "90006": gettext_lazy("这个企业调用钉钉太频繁，被限流：请过一会儿再试"),
        "90018": gettext_lazy("这个应用调用钉钉太频繁，被限流：请过一会儿再试"),
        "-1": gettext_lazy("钉钉系统繁忙，请稍后再试"),
    }  # fmt: skip

    def __init__(
        self,
        settings: DingTalkSettings,
        secrets: Mapping[str, str],
        *,
        root: str = ROOT,
        host: str = HOST,
        api_host: str = API_HOST,
        **patience: Any,
    ) -> None:
        super().__init__(**patience)
        self._root = root or ROOT
        self._host, self._api_host = host.rstrip("/"), api_host.rstrip("/")
        key, secret = settings["app_key"], secrets.get("app_secret", "")
        self._app = TokenKeeper(f"dingtalk:{key}", secret, lambda: self._fetch(key, secret))

    @property
    def product(self) -> str:
        """Return the product's name."""
        return _("钉钉")

    def code_of(self, answer: Mapping[str, Any]) -> str:
        """Return errcode, the gateway's sub_code behind 88, or the `code` of the newer interface."""
        if "accessToken" in answer:
            return ""
        code = text(answer, "errcode") or text(answer, "code")
        if not code:
            raise malformed(self.product, "errcode")
        if code == "88":
            return text(answer, "sub_code") or code
        return "" if code == "0" else code

    def said(self, answer: Mapping[str, Any]) -> str:
        """Return the message behind the code."""
        return text(answer, "sub_msg") or text(answer, "errmsg") or text(answer, "message")

    def with_token(self, request: Request, token: str) -> Request:
        """Put the token into the query."""
        return Request(request.method, request.url, {**request.query, "access_token": token}, request.body)

    def sign_on(self) -> None:
        """Ask for a new token."""
        self._app.renew("")

    def departments(self) -> Iterator[DirectoryUnit]:
        """Yield the departments from the root on; DingTalk lists one level at a time."""
        yield DirectoryUnit(self._root, "")
        seen, waiting = {self._root}, [self._root]
        while waiting:
            above = waiting.pop(0)
            for entry in entries(self._post("department/listsub", dept_id=above), "result", self.product):
                own = needed(entry, "dept_id", self.product)
                if own not in seen:
                    seen.add(own)
                    waiting.append(own)
                    yield DirectoryUnit(own, text(entry, "name"), above)

    def members(self) -> Iterator[DirectoryMember]:
        """Yield the members department by department, page by page."""
        seen: set[str] = set()
        for unit in list(self.departments()):
            cursor = 0
            for _page in range(MAX_PAGES):
                answer = self._post("user/list", dept_id=unit.external_id, cursor=cursor, size=PAGE_SIZE)
                result = part(answer, "result", self.product)
                for entry in entries(result, "list", self.product):
                    member = self._member(entry)
                    if member.external_id not in seen:
                        seen.add(member.external_id)
                        yield member
                if not result.get("has_more"):
                    break
                following = needed(result, "next_cursor", self.product)
                if not following.isdigit() or int(following) == cursor:
                    raise malformed(self.product, "next_cursor")
                cursor = int(following)

    def _member(self, entry: Mapping[str, Any]) -> DirectoryMember:
        userid = needed(entry, "userid", self.product)
        hired_ms = entry.get("hired_date")
        return DirectoryMember(
            external_id=userid,
            alternate_id=text(entry, "unionid"),
            name=text(entry, "name"),
            unit_ids=texts(entry.get("dept_id_list")),
            title=text(entry, "title"),
            phone=text(entry, "mobile"),
            hired_on=day(hired_ms / 1000) if isinstance(hired_ms, int) else None,
            attributes={**_extra(entry), "job_number": text(entry, "job_number"), "userid": userid},
        )

    def _post(self, path: str, **body: Any) -> dict[str, Any]:
        return self.ask(Request("POST", f"{self._host}/topapi/v2/{path}", {}, body), self._app)

    def _fetch(self, key: str, secret: str) -> tuple[str, int]:
        body = {"appKey": key, "appSecret": secret}
        answer = self.ask(Request("POST", f"{self._api_host}/v1.0/oauth2/accessToken", {}, body), None)
        return needed(answer, "accessToken", self.product), seconds(answer, "expireIn")


def _extra(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields an enterprise added to its members (`extension`, a JSON text), by name."""
    try:
        found = json.loads(text(entry, "extension") or "{}")
    except ValueError:
        return {}
    return {str(name): text(found, name) for name in found} if isinstance(found, dict) else {}
