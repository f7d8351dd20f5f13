"""WeCom, DingTalk and Feishu as their documents describe them, on this machine."""

import json
import re

from werkzeug import Request, Response

from people.directories import Access, MemberState
from tests.people.directories.world import Script

JSON = {"content_type": "application/json"}


class Vendor:
    """What the three share: tokens that expire, calls that are counted, faults that are asked for."""

    kind = ""
    root = ""
    has_disabled = True
    names_main_unit = True
    busy_code: object = ""
    stale_code: object = ""
    number_field = ""

    def __init__(self, server, script=None):
        self.script = script or Script()
        self.server = server
        self.token = "none"
        self.uses = 0
        server.expect_request(re.compile(".*")).respond_with_handler(self._handle)

    @property
    def hosts(self):
        url = self.server.url_for("").rstrip("/")
        return {"wecom": url, "dingtalk": url, "dingtalk_api": url, "feishu": url}

    @property
    def access(self):
        return Access(self.kind, self.settings, self.secrets, self.number_field, "")

    def unit_id(self, own):
        return self.root if own == "root" else own

    def _handle(self, request: Request) -> Response:
        path = request.path
        self.script.calls.append(path)
        for part, body in self.script.garbage.items():
            if part in path:
                return Response(body, status=200)
        if self.is_token_call(path):
            return self._answer(self.token_answer(request))
        if self.script.busy:
            self.script.busy -= 1
            return self._answer(self.refusal(self.busy_code, "too many requests"))
        self.uses += 1
        if self.script.expire_token_after is not None and self.uses > self.script.expire_token_after:
            self.script.expire_token_after = None
            self.token = "expired"
        if self.token_of(request) != self.token:
            return self._answer(self.refusal(self.stale_code, "token is not valid"))
        for part, (code, message) in self.script.refuse.items():
            if part in path:
                return self._answer(self.refusal(code, message))
        return self._answer(self.content(request))

    def _answer(self, content):
        return Response(json.dumps(content), **JSON)

    def new_token(self):
        self.script.tokens_given += 1
        self.token = f"{self.kind}-token-{self.script.tokens_given}"
        return self.token

    def members_of(self, unit):
        return [one for one in self.script.people if unit in map(self.unit_id, one.units)]

    def page(self, found, start, size):
        """Return a piece of a list and where the next begins (None: there is no more)."""
        piece = found[start : start + size]
        following = start + size if start + size < len(found) else None
        return piece, start if self.script.stuck_paging and following else following


class WeCom(Vendor):
    kind, root, number_field = "wecom", "1", "工号"
    busy_code, stale_code = 45009, 42001
    settings = {"corp_id": "ww1"}
    secrets = {"secret": "app-secret", "contacts_secret": "contacts-secret"}

    def is_token_call(self, path):
        return path == "/cgi-bin/gettoken"

    def token_answer(self, request):
        if not self.script.secret_is_right:
            return self.refusal(40001, "invalid credential")
        assert request.args["corpid"] == "ww1"
        assert request.args["corpsecret"] in self.secrets.values()
        # WeCom gives the same token to all who ask while it is good; one for both secrets is enough here.
        if self.token in {"none", "expired"}:
            self.new_token()
        return {"errcode": 0, "errmsg": "ok", "access_token": self.token, "expires_in": 7200}

    def token_of(self, request):
        return request.args.get("access_token")

    def refusal(self, code, message):
        return {"errcode": code, "errmsg": message}

    def _department(self, own):
        name, above = self.script.departments[own]
        parent = 0 if own == "root" else int(self.unit_id(above))
        return {"id": int(self.unit_id(own)), "name": name, "parentid": parent, "order": 1}

    def _user(self, one):
        state = {MemberState.ACTIVE: 1, MemberState.DISABLED: 2, MemberState.GONE: 5}[one.state]
        return {
            "userid": one.id,
            "name": one.name,
            "department": [int(self.unit_id(unit)) for unit in one.units],
            "main_department": int(self.unit_id(one.main)),
            "position": one.title,
            "mobile": one.phone,
            "status": state,
            "alias": "",
            "extattr": {"attrs": [{"type": 0, "name": "工号", "text": {"value": one.number}}]},
        }

    def content(self, request):
        ok = {"errcode": 0, "errmsg": "ok"}
        args = request.args
        by_id = {self.unit_id(own): own for own in self.script.departments}
        match request.path.removeprefix("/cgi-bin/"):
            case "department/list":
                return ok | {"department": [self._department(own) for own in self.script.departments]}
            case "department/simplelist":
                ids = [{"id": int(own), "parentid": 0, "order": 1} for own in by_id]
                return ok | {"department_id": ids}
            case "department/get":
                return ok | {"department": self._department(by_id[args["id"]])}
            case "user/list":
                return ok | {"userlist": [self._user(one) for one in self.members_of(args["department_id"])]}
            case "user/get":
                (one,) = [one for one in self.script.people if one.id == args["userid"]]
                return ok | self._user(one)
            case "user/list_id":
                body = request.get_json()
                pairs = [
                    {"userid": one.id, "department": int(self.unit_id(unit))}
                    for one in self.script.people
                    for unit in one.units
                ]
                piece, following = self.page(pairs, int(body["cursor"] or 0), 100)
                return ok | {"dept_user": piece, "next_cursor": "" if following is None else str(following)}
        return self.refusal(404, "no such interface")


class DingTalk(Vendor):
    kind, root, number_field = "dingtalk", "1", "job_number"
    has_disabled = names_main_unit = False
    busy_code, stale_code = 90018, 88
    settings = {"corp_id": "ding1", "app_key": "key"}
    secrets = {"app_secret": "app-secret"}

    def is_token_call(self, path):
        return path == "/v1.0/oauth2/accessToken"

    def token_answer(self, request):
        if not self.script.secret_is_right:
            return {"code": "invalidClientIdOrSecret", "message": "无效的clientId或者clientSecret"}
        assert request.get_json() == {"appKey": "key", "appSecret": "app-secret"}
        return {"accessToken": self.new_token(), "expireIn": 7200}

    def token_of(self, request):
        return request.args.get("access_token")

    def refusal(self, code, message):
        if code == 88:
            return {"errcode": 88, "sub_code": "40014", "sub_msg": "不合法的access_token", "errmsg": "error"}
        return {"errcode": code, "errmsg": message}

    def content(self, request):
        ok = {"errcode": 0, "errmsg": "ok"}
        body = request.get_json()
        match request.path.removeprefix("/topapi/v2/"):
            case "department/listsub":
                return ok | {
                    "result": [
                        {"dept_id": int(own), "name": name, "parent_id": int(body["dept_id"])}
                        for own, (name, above) in self.script.departments.items()
                        if own != "root" and self.unit_id(above) == str(body["dept_id"])
                    ]
                }
            case "user/list":
                assert body["size"] <= 100
                piece, following = self.page(
                    self.members_of(str(body["dept_id"])), int(body["cursor"]), body["size"]
                )
                result = {"has_more": following is not None, "list": [self._user(one) for one in piece]}
                return ok | {"result": result | ({} if following is None else {"next_cursor": following})}
        return self.refusal(404, "no such interface")

    def _user(self, one):
        return {
            "userid": one.id,
            "unionid": f"union-{one.id}",
            "name": one.name,
            "dept_id_list": [int(self.unit_id(unit)) for unit in one.units],
            "title": one.title,
            "mobile": one.phone,
            "job_number": one.number,
            "hired_date": 1_767_225_600_000,
            "active": True,
            "extension": '{"班次":"夜班"}',
        }


class Feishu(Vendor):
    kind, root, number_field = "feishu", "0", "employee_no"
    busy_code, stale_code = 99991400, 99991663
    settings = {"app_id": "cli_1"}
    secrets = {"app_secret": "app-secret"}

    def is_token_call(self, path):
        return path == "/open-apis/auth/v3/tenant_access_token/internal"

    def token_answer(self, request):
        if not self.script.secret_is_right:
            return {"code": 10014, "msg": "app secret invalid"}
        assert request.get_json() == {"app_id": "cli_1", "app_secret": "app-secret"}
        return {"code": 0, "msg": "ok", "tenant_access_token": self.new_token(), "expire": 7200}

    def token_of(self, request):
        return request.headers.get("Authorization", "").removeprefix("Bearer ")

    def refusal(self, code, message):
        return {"code": code, "msg": message}

    def content(self, request):
        args = request.args
        assert int(args["page_size"]) <= 50
        path = request.path.removeprefix("/open-apis/contact/v3/")
        if path == "departments/0/children":
            assert args["fetch_child"] == "true"
            found = [
                {"name": name, "open_department_id": own, "parent_department_id": self.unit_id(above)}
                for own, (name, above) in self.script.departments.items()
                if own != "root"
            ]
        elif path == "users/find_by_department":
            found = [self._user(one) for one in self.members_of(args["department_id"])]
        else:
            return self.refusal(404, "no such interface")
        piece, following = self.page(found, int(args.get("page_token") or 0), int(args["page_size"]))
        data = {"has_more": following is not None, "items": piece}
        # Feishu leaves out an empty list.
        data = {name: value for name, value in data.items() if value != []}
        more = {} if following is None else {"page_token": str(following)}
        return {"code": 0, "msg": "success", "data": data | more}

    def _user(self, one):
        orders = [
            {"department_id": self.unit_id(unit), "is_primary_dept": unit == one.main} for unit in one.units
        ]
        return {
            "open_id": one.id,
            "union_id": f"on_{one.id}",
            "user_id": one.id[:4],
            "name": one.name,
            "mobile": one.phone,
            "department_ids": [self.unit_id(unit) for unit in one.units],
            "orders": orders,
            "job_title": one.title,
            "employee_no": one.number,
            "join_time": 1_767_225_600,
            "status": {
                "is_frozen": one.state is MemberState.DISABLED,
                "is_resigned": one.state is MemberState.GONE,
                "is_activated": True,
            },
        }
