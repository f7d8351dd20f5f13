"""Tokens, limits and refusals of WeCom, DingTalk and Feishu."""

import json
import re
import socket

import pytest
import time_machine
from django.core.cache import cache
from werkzeug import Response

from people.directories import DirectoryError, MemberState, open_directory
from people.directories import http as calls
from tests.people.directories.vendors import DingTalk, Feishu, WeCom
from tests.people.directories.world import PEOPLE, Person, crowd


@pytest.fixture(params=[WeCom, DingTalk, Feishu], ids=lambda kind: kind.kind)
def vendor(request, httpserver, settings):
    found = request.param(httpserver)
    settings.DIRECTORY_HOSTS = found.hosts
    return found


@pytest.fixture
def opened():
    """Return a function that opens a vendor's directory; what it waited is in `opened.pauses`."""
    found = []

    def open_vendor(vendor, **changes):
        directory = open_directory(vendor.access, pause=open_vendor.pauses.append, **changes)
        found.append(directory)
        return directory

    open_vendor.pauses = []
    yield open_vendor
    for directory in found:
        directory.close()


def test_one_token_serves_every_client_until_shortly_before_it_expires(vendor, opened):
    with time_machine.travel("2026-11-20T01:00:00+00:00", tick=False) as clock:
        list(opened(vendor).members())
        list(opened(vendor).members())
        assert vendor.script.tokens_given == 1
        clock.shift(7200 - calls.REFRESH_BEFORE_S + 1)
        vendor.token = "expired"
        list(opened(vendor).departments())
        assert vendor.script.tokens_given == 2


def test_a_kept_token_is_not_readable_in_the_cache(vendor, opened):
    list(opened(vendor).departments())
    kept = [str(value) for value in cache._cache.values()]
    assert kept
    assert not any(vendor.token.encode() in cache._cache[key] for key in cache._cache)
    assert not any(secret in key for key in cache._cache for secret in vendor.secrets.values())


def test_a_token_refused_midway_is_renewed_and_nobody_is_lost(vendor, opened):
    vendor.script.people += crowd(320)
    vendor.script.expire_token_after = 4
    assert len(list(opened(vendor).members())) == 320 + len(PEOPLE)
    assert vendor.script.tokens_given == 2
    assert opened.pauses == []


def test_a_token_refused_again_and_again_ends_with_an_error(vendor, opened, monkeypatch):
    monkeypatch.setattr(type(vendor), "token_of", lambda self, request: "never right")
    with pytest.raises(DirectoryError):
        list(opened(vendor).departments())
    assert vendor.script.tokens_given <= 2


def test_told_to_wait_it_waits_longer_each_time_and_goes_on(vendor, opened):
    vendor.script.busy = 3
    assert len(list(opened(vendor).members())) == len(PEOPLE)
    assert opened.pauses == [1.0, 2.0, 4.0]


def test_patience_ends_with_words_for_the_administrator(vendor, opened):
    vendor.script.busy = 99
    with pytest.raises(DirectoryError, match="限流"):
        list(opened(vendor, attempts=3).departments())
    assert opened.pauses == [1.0, 2.0]


def test_a_page_that_leads_to_itself_is_an_error(vendor, opened):
    vendor.script.stuck_paging = True
    vendor.script.people += crowd(320)
    if vendor.kind == "wecom":  # pages only the list of ids
        refuse_list_only(vendor)
    with pytest.raises(DirectoryError):
        list(opened(vendor).members())


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{}", b'{"errcode": 0, "code": 0, "errmsg": "ok"', b'"ok"', b"\xff\xfe"],
)
def test_malformed_answers_are_errors(vendor, opened, body):
    vendor.script.garbage = {"": body}
    with pytest.raises(DirectoryError) as caught:
        opened(vendor).sign_on()
    assert caught.value.code == "malformed"


MISFORMED = [
    {"department": "x", "result": "x", "data": {"items": "x"}},
    {"department": ["x"], "result": ["x"], "data": {"items": ["x"]}},
    {"department": [{"name": "x"}], "result": [{"name": "x"}], "data": {"items": [{"name": "x"}]}},
]


@pytest.mark.parametrize("content", MISFORMED)
def test_departments_of_another_form_are_errors(vendor, opened, content):
    body = json.dumps({"errcode": 0, "code": 0, **content})
    vendor.script.garbage = {"department": body.encode()}
    with pytest.raises(DirectoryError) as caught:
        list(opened(vendor).departments())
    assert caught.value.code == "malformed"


def test_an_answer_without_end_is_cut_off(vendor, opened, monkeypatch):
    monkeypatch.setattr(calls, "MAX_ANSWER_BYTES", 1_000)
    vendor.script.garbage = {"": b"x" * 5_000}
    with pytest.raises(DirectoryError, match="太大"):
        opened(vendor).sign_on()


def test_a_gateway_error_is_tried_again(httpserver, settings, opened):
    vendor = WeCom(httpserver)
    settings.DIRECTORY_HOSTS = vendor.hosts
    httpserver.clear()
    httpserver.expect_ordered_request("/cgi-bin/gettoken").respond_with_handler(vendor._handle)
    httpserver.expect_ordered_request("/cgi-bin/department/list").respond_with_response(
        Response("<html>bad gateway</html>", status=502)
    )
    httpserver.expect_ordered_request("/cgi-bin/department/list").respond_with_handler(vendor._handle)
    assert list(opened(vendor).departments())
    assert opened.pauses == [1.0]


def test_silence_ends_in_an_error_that_shows_no_address(vendor, opened, monkeypatch, settings, caplog):
    monkeypatch.setattr(calls, "TIMEOUT_S", (0.5, 0.05))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings.DIRECTORY_HOSTS = dict.fromkeys(vendor.hosts, url)
        with pytest.raises(DirectoryError) as caught:
            opened(vendor, attempts=2).sign_on()
    assert caught.value.code == "timeout"
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert "secret" not in caplog.text


def test_nobody_there_is_an_error_with_a_name(vendor, opened, settings):
    settings.DIRECTORY_HOSTS = dict.fromkeys(vendor.hosts, "http://127.0.0.1:9")
    with pytest.raises(DirectoryError, match="连不上"):
        opened(vendor, attempts=2).sign_on()


def test_a_redirect_is_not_followed(vendor, opened, settings):
    vendor.server.clear()
    elsewhere = Response("", status=302, headers={"Location": "http://198.51.100.1/"})
    vendor.server.expect_request(re.compile(".*")).respond_with_response(elsewhere)
    with pytest.raises(DirectoryError):
        opened(vendor).sign_on()


REFUSALS = [
    (WeCom, 60020, "not allow to access from your ip, hint: [1], from ip: 203.0.113.9, more", "203.0.113.9"),
    (WeCom, 60011, "no privilege", "可见范围"),
    (WeCom, 60003, "department not found", "起始部门"),
    (WeCom, 40001, "invalid credential", "Secret"),
    (WeCom, 12345, "something new", "12345：something new"),
    (DingTalk, 60020, "访问ip不在白名单之中,request ip=203.0.113.9", "203.0.113.9"),
    (DingTalk, 60011, "没有调用该接口的权限", "成员信息读权限"),
    (DingTalk, 60121, "找不到该用户", "刚被删除"),
    (DingTalk, 33012, "无效的USERID", "刚被删除"),
    (DingTalk, 50004, "部门不在授权范围", "权限范围"),
    (Feishu, 99991672, "Access denied. scopes required", "权限管理"),
    (Feishu, 99991401, "ip denied", "白名单"),
    (Feishu, 40004, "no dept authority error", "通讯录权限范围"),
]


@pytest.mark.parametrize(("kind", "code", "said", "cure"), REFUSALS)
def test_a_refusal_names_the_cure(kind, code, said, cure, httpserver, settings, opened):
    vendor = kind(httpserver)
    settings.DIRECTORY_HOSTS = vendor.hosts
    vendor.script.refuse = {"department": (code, said)}
    with pytest.raises(DirectoryError) as caught:
        list(opened(vendor).departments())
    assert cure in str(caught.value)
    assert str(code) in str(caught.value)
    assert caught.value.code == str(code)
    assert opened.pauses == []


@pytest.fixture
def wecom(httpserver, settings):
    found = WeCom(httpserver)
    settings.DIRECTORY_HOSTS = found.hosts
    return found


def test_wecom_reads_ids_and_each_member_where_departments_are_closed(wecom, opened):
    wecom.script.people += crowd(150)
    wecom.script.refuse = {"department/list": (48002, "api forbidden")}
    refuse_list_only(wecom)
    found = {member.external_id: member for member in opened(wecom).members()}
    assert len(found) == 150 + len(PEOPLE)
    assert found["lisi"].main_unit_id == "20"
    names = {unit.name for unit in opened(wecom).departments()}
    assert "机修/电工车间" in names


def refuse_list_only(wecom):
    """Refuse user/list, but not user/list_id, as WeCom does for new apps."""
    content = wecom.content

    def answer(request):
        if request.path == "/cgi-bin/user/list":
            return wecom.refusal(48002, "api forbidden")
        return content(request)

    wecom.content = answer


def test_wecom_without_the_contacts_secret_says_which_secret_is_missing(wecom, opened):
    refuse_list_only(wecom)
    wecom.secrets = {"secret": "app-secret"}
    with pytest.raises(DirectoryError, match="通讯录同步"):
        list(opened(wecom).members())


def test_dingtalk_tells_a_union_id_the_day_of_hire_and_own_fields(httpserver, settings, opened):
    vendor = DingTalk(httpserver)
    settings.DIRECTORY_HOSTS = vendor.hosts
    member = next(one for one in opened(vendor).members() if one.external_id == "zhangsan")
    assert member.alternate_id == "union-zhangsan"
    assert member.hired_on.isoformat() == "2026-01-01"
    assert member.attributes["班次"] == "夜班"


def test_feishu_tells_who_resigned(httpserver, settings, opened):
    vendor = Feishu(httpserver)
    settings.DIRECTORY_HOSTS = vendor.hosts
    vendor.script.people = [Person("gone", "孙七", "1009", ("11",), state=MemberState.GONE)]
    (member,) = opened(vendor).members()
    assert member.state is MemberState.GONE
    assert member.alternate_id == "on_gone"
