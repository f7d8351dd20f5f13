"""Signing in through providers, against stubs on this machine."""

import datetime as dt
import json
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import time_machine
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.dingtalk.views import DingTalkOAuth2Adapter
from allauth.socialaccount.providers.feishu.client import FeishuOAuth2Client
from allauth.socialaccount.providers.feishu.views import FeishuOAuth2Adapter
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from wagtail.models import ModelLogEntry

from config.sign_in import provider_config
from people.models import User
from tests.factories.people import PASSWORD, EmployeeFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
AGENTS = {
    "wecom": "Mozilla/5.0 (Linux; Android 14) wxwork/4.1 MicroMessenger/7.0",
    "dingtalk": "Mozilla/5.0 (Linux; Android 14) DingTalk/7.5",
    "feishu": "Mozilla/5.0 (Linux; Android 14) Lark/7.5",
}
PROVIDERS = ("openid_connect", "wecom", "dingtalk", "feishu")
NAMES = {"openid_connect": "统一身份认证", "wecom": "企业微信", "dingtalk": "钉钉", "feishu": "飞书"}
LOGIN = {
    "openid_connect": "/account/via/oidc/oidc/login/",
    "wecom": "/account/via/wecom/login/",
    "dingtalk": "/account/via/dingtalk/login/",
    "feishu": "/account/via/feishu/login/",
}
UID = {"openid_connect": "wang-1", "wecom": "ww1/wang", "dingtalk": "open-1", "feishu": "ou-1"}


@pytest.fixture
def stub(httpserver, settings, monkeypatch):
    """Configure all four providers and let them answer from this machine."""
    base = httpserver.url_for("").rstrip("/")
    app = {"client_id": "ww1", "secret": "s"}
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                app
                | {
                    "provider_id": "oidc",
                    "name": "统一身份认证",
                    "settings": {"server_url": base, "tenant": base, "uid_field": "sub"},
                }
            ],
        },
        "wecom": {
            "APPS": [
                app | {"name": "企业微信", "settings": {"tenant": "ww1", "agent_id": "1000002", "api": base}}
            ]
        },
        "dingtalk": {"APPS": [app | {"name": "钉钉", "settings": {"tenant": "ding1"}}]},
        "feishu": {"APPS": [app | {"name": "飞书", "settings": {"tenant": "t1"}}]},
    }
    monkeypatch.setattr(DingTalkOAuth2Adapter, "access_token_url", f"{base}/ding/token")
    monkeypatch.setattr(DingTalkOAuth2Adapter, "profile_url", f"{base}/ding/me")
    monkeypatch.setattr(FeishuOAuth2Adapter, "access_token_url", f"{base}/feishu/token")
    monkeypatch.setattr(FeishuOAuth2Client, "app_access_token_url", f"{base}/feishu/app")
    monkeypatch.setattr(FeishuOAuth2Adapter, "user_info_url", f"{base}/feishu/me")
    answer(httpserver, base)
    return httpserver


def answer(server, base):
    token = jwt.encode({"iss": base, "aud": "ww1", "sub": "wang-1", "iat": 1, "exp": 4_000_000_000}, "k" * 32)
    for path, reply in {
        "/.well-known/openid-configuration": {
            "issuer": base,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "userinfo_endpoint": f"{base}/me",
            "jwks_uri": f"{base}/keys",
        },
        "/token": {"access_token": "t", "token_type": "Bearer", "id_token": token},
        "/me": {"sub": "wang-1", "name": "王建国", "email": "w@example.org", "phone_number": "13800138000"},
        "/cgi-bin/gettoken": {"errcode": 0, "access_token": "app-token", "expires_in": 7200},
        "/cgi-bin/auth/getuserinfo": {"errcode": 0, "userid": "wang"},
        "/cgi-bin/user/get": {"errcode": 0, "name": "王建国", "mobile": "13800138000"},
        "/ding/token": {"accessToken": "t", "refreshToken": "r", "expireIn": 7200, "corpId": "ding1"},
        "/ding/me": {"nick": "王建国", "openId": "open-1", "unionId": "union-1", "mobile": "13800138000"},
        "/feishu/app": {"code": 0, "app_access_token": "a"},
        "/feishu/token": {"code": 0, "data": {"access_token": "t"}},
        "/feishu/me": {"code": 0, "data": {"name": "王建国", "open_id": "ou-1", "mobile": "+8613800138000"}},
    }.items():
        server.expect_request(path).respond_with_json(reply)


def begin(client, provider):
    """Start signing in and return the state the provider would send back, with the page it was sent to."""
    target = client.get(LOGIN[provider]).headers["Location"]
    parts = urlsplit(target)
    return parse_qs(parts.query)["state"][0], target


def come_back(client, provider, state, **more):
    key = "authCode" if provider == "dingtalk" else "code"
    return client.get(f"{LOGIN[provider]}callback/", {key: "c0de", "state": state} | more)


def sign_in_by(client, provider):
    state, _ = begin(client, provider)
    return come_back(client, provider, state)


def link(user, provider):
    name = "oidc" if provider == "openid_connect" else provider
    return SocialAccount.objects.create(user=user, provider=name, uid=UID[provider])


def signed_in_as(client):
    return client.session.get("_auth_user_id")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_linked_person_is_signed_in(client, stub, provider):
    user = EmployeeFactory().user
    link(user, provider)
    assert sign_in_by(client, provider).headers["Location"] == "/"
    assert signed_in_as(client) == str(user.pk)
    kept = json.dumps(SocialAccount.objects.get().extra_data)
    assert "13800138000" not in kept
    assert "example.org" not in kept


@pytest.mark.parametrize("provider", PROVIDERS)
def test_unknown_identity_signs_in_once_and_is_linked(client, stub, provider):
    user = EmployeeFactory(employee_no="001234").user
    before = User.objects.count()
    assert sign_in_by(client, provider).headers["Location"] == "/account/unknown/"
    assert signed_in_as(client) is None
    page = client.get("/account/unknown/").content.decode()
    assert f"您的{NAMES[provider]}账号还没有和工号对应" in page
    assert "王建国" in page
    answered = client.post("/login/", {"username": "001234", "password": PASSWORD})
    assert answered.headers["Location"] == "/account/link/"
    assert "001234" in client.get("/account/link/").content.decode()
    assert not SocialAccount.objects.exists()
    client.post("/account/link/", {"link": "1"})
    linked = SocialAccount.objects.get()
    assert (linked.user, linked.uid) == (user, UID[provider])
    assert ModelLogEntry.objects.filter(action="people.identity.link").count() == 1
    client.post("/logout/")
    sign_in_by(client, provider)
    assert signed_in_as(client) == str(user.pk)
    assert User.objects.count() == before


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("state", ["", "forged", "of another browser"])
def test_answer_that_was_not_asked_for_is_refused(client, stub, provider, state):
    link(EmployeeFactory().user, provider)
    if state.startswith("of"):
        state, _ = begin(Client(), provider)
    response = come_back(client, provider, state)
    assert response.status_code == 502
    assert "没有成功" in response.content.decode()
    assert signed_in_as(client) is None


@pytest.mark.parametrize("provider", PROVIDERS)
def test_leaver_is_told_and_kept_out(client, stub, provider):
    employee = EmployeeFactory(left=True)
    link(employee.user, provider)
    User.objects.filter(pk=employee.user_id).update(is_active=False)
    response = sign_in_by(client, provider)
    assert response.status_code == 403
    assert "已经停用" in response.content.decode()
    assert signed_in_as(client) is None


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("how", ["broken", "unreachable"])
def test_provider_that_is_down_leads_to_number_and_password(client, stub, provider, how):
    link(EmployeeFactory().user, provider)
    state, _ = begin(client, provider)
    stub.clear()
    if how == "broken":
        stub.expect_request("/.well-known/openid-configuration").respond_with_data("", status=500)
    response = come_back(client, provider, state)
    assert response.status_code == 502
    page = response.content.decode()
    assert f"{NAMES[provider]}登录没有成功" in page
    assert 'href="/login/"' in page
    assert signed_in_as(client) is None


def test_server_that_cannot_be_asked_where_to_go_does_not_break_the_button(client, stub):
    stub.clear()
    response = client.get(LOGIN["openid_connect"])
    assert response.status_code == 502
    assert "没有成功" in response.content.decode()


@pytest.mark.parametrize("provider", sorted(AGENTS))
def test_inside_the_app_nothing_is_typed_and_nothing_loops(stub, provider):
    client = Client(HTTP_USER_AGENT=AGENTS[provider])
    user = EmployeeFactory().user
    link(user, provider)
    with time_machine.travel(NOW, tick=False) as clock:
        target = client.get("/login/?next=/me/").headers["Location"]
        state = parse_qs(urlsplit(target).query)["state"][0]
        cancelled = client.get(f"{LOGIN[provider]}callback/", {"error": "access_denied", "state": state})
        assert "已取消" in cancelled.content.decode()
        assert client.get("/login/").status_code == 200
        clock.shift(dt.timedelta(minutes=11))
        target = client.get("/login/?next=/me/").headers["Location"]
        state = parse_qs(urlsplit(target).query)["state"][0]
        assert come_back(client, provider, state).headers["Location"] == "/me/"
        assert signed_in_as(client) == str(user.pk)
        out = client.post("/logout/")
        assert client.get(out.headers["Location"]).status_code == 200


def test_app_without_configuration_shows_the_form(client, settings):
    settings.SOCIALACCOUNT_PROVIDERS = {}
    for agent in AGENTS.values():
        page = client.get("/login/", headers={"User-Agent": agent})
        assert page.status_code == 200
        assert "/account/via/" not in page.content.decode()
    for address in LOGIN.values():
        assert client.get(address).status_code == 404


def test_buttons_of_the_sign_in_page_keep_the_way(client, stub):
    page = client.get("/login/?next=/me/").content.decode()
    for provider, address in LOGIN.items():
        assert f'href="{address}?next=%2Fme%2F"' in page
        assert f"用{NAMES[provider]}登录" in page


def test_wecom_goes_silently_inside_and_by_qr_code_outside(stub):
    _, inside = begin(Client(HTTP_USER_AGENT=AGENTS["wecom"]), "wecom")
    assert inside.startswith("https://open.weixin.qq.com/connect/oauth2/authorize?appid=ww1")
    assert "scope=snsapi_base" in inside
    assert inside.endswith("#wechat_redirect")
    _, outside = begin(Client(), "wecom")
    assert outside.startswith(
        "https://login.work.weixin.qq.com/wwlogin/sso/login?login_type=CorpApp&appid=ww1"
    )
    assert "agentid=1000002" in outside
    assert "callback" in outside


def test_wecom_token_is_fetched_once_and_again_when_refused(client, stub):
    link(EmployeeFactory().user, "wecom")
    for _ in range(2):
        sign_in_by(client, "wecom")
    asked = [request.path for request, _ in stub.log]
    assert asked.count("/cgi-bin/gettoken") == 1
    stub.clear()
    stub.expect_ordered_request("/cgi-bin/auth/getuserinfo").respond_with_json({"errcode": 42001})
    stub.expect_ordered_request("/cgi-bin/gettoken").respond_with_json(
        {"errcode": 0, "access_token": "new", "expires_in": 7200}
    )
    stub.expect_ordered_request(
        "/cgi-bin/auth/getuserinfo", query_string={"access_token": "new", "code": "c0de"}
    ).respond_with_json({"errcode": 0, "userid": "wang"})
    stub.expect_ordered_request("/cgi-bin/user/get").respond_with_json({"errcode": 60011})
    client.post("/logout/")
    sign_in_by(client, "wecom")
    assert signed_in_as(client)


@pytest.mark.parametrize(
    ("answered", "told"),
    [
        ({"errcode": 60020, "errmsg": "not allow"}, "企业可信 IP"),
        ({"errcode": 40029}, "已经用过或过期"),
        ({"errcode": 0, "openid": "o"}, "不是本企业的企业微信成员"),
        ({"errcode": -1}, "稍后再试"),
    ],
)
def test_wecom_refusals_are_said_in_plain_words(client, stub, answered, told):
    state, _ = begin(client, "wecom")
    stub.clear()
    stub.expect_request("/cgi-bin/gettoken").respond_with_json(
        {"errcode": 0, "access_token": "t", "expires_in": 7200}
    )
    stub.expect_request("/cgi-bin/auth/getuserinfo").respond_with_json(answered)
    response = come_back(client, "wecom", state)
    assert response.status_code == 502
    assert told in response.content.decode()


def test_identity_of_somebody_else_is_not_taken(client, stub):
    owner, other = EmployeeFactory().user, EmployeeFactory().user
    sign_in_by(client, "feishu")
    link(owner, "feishu")
    client.post("/login/", {"username": other.username, "password": PASSWORD})
    response = client.post("/account/link/", {"link": "1"}, follow=True)
    assert "已经连到另一个工号" in response.content.decode()
    assert SocialAccount.objects.get().user == owner


def test_waiting_identity_may_be_refused_and_is_forgotten_in_ten_minutes(client, stub):
    user = EmployeeFactory().user
    with time_machine.travel(NOW, tick=False) as clock:
        sign_in_by(client, "dingtalk")
        clock.shift(dt.timedelta(minutes=11))
        assert client.get("/account/unknown/").headers["Location"] == "/login/"
        sign_in_by(client, "dingtalk")
        client.post("/login/", {"username": user.username, "password": PASSWORD})
        client.post("/account/link/", {})
        assert not SocialAccount.objects.exists()
        assert client.get("/account/link/").headers["Location"] == "/account/"


def test_linking_by_a_foreign_link_is_refused(client, stub):
    client.force_login(EmployeeFactory().user)
    target = client.get(f"{LOGIN['dingtalk']}?process=connect").headers["Location"]
    state = parse_qs(urlsplit(target).query)["state"][0]
    assert come_back(client, "dingtalk", state).headers["Location"] == "/account/"
    assert not SocialAccount.objects.exists()


def test_owner_unlinks_what_is_theirs(client, stub):
    user = EmployeeFactory().user
    own, foreign = link(user, "wecom"), link(EmployeeFactory().user, "feishu")
    client.post("/login/", {"username": user.username, "password": PASSWORD})
    assert "企业微信" in client.get("/account/").content.decode()
    for identity in (foreign, own, own):
        client.post("/account/unlink/", {"identity": identity.pk})
    assert list(SocialAccount.objects.all()) == [foreign]
    assert ModelLogEntry.objects.filter(action="people.identity.unlink").count() == 1


COMPLETE = {
    "OIDC_SERVER_URL": "https://id.example.org",
    "OIDC_CLIENT_ID": "a",
    "OIDC_CLIENT_SECRET": "b",
    "WECOM_CORP_ID": "ww1",
    "WECOM_AGENT_ID": "1",
    "WECOM_SECRET": "s",
    "DINGTALK_CLIENT_ID": "d",
    "DINGTALK_CLIENT_SECRET": "e",
    "FEISHU_APP_ID": "f",
    "FEISHU_APP_SECRET": "g",
}


def test_environment_names_the_providers(monkeypatch):
    assert provider_config() == {}
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    config = provider_config()
    assert sorted(config) == sorted(PROVIDERS)
    assert config["wecom"]["APPS"][0]["settings"] == {"tenant": "ww1", "agent_id": "1"}
    assert config["dingtalk"]["APPS"][0]["settings"]["tenant"] == "d"


def test_half_a_provider_stops_the_start(monkeypatch):
    monkeypatch.setenv("WECOM_CORP_ID", "ww1")
    with pytest.raises(ImproperlyConfigured, match="Set WECOM_AGENT_ID, WECOM_SECRET as well"):
        provider_config()
