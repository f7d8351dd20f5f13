import datetime as dt

import pytest
import time_machine
from allauth.account.internal.flows.login import record_authentication
from allauth.usersessions.models import UserSession
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from wagtail.api.v3.auth import BearerTokenAuth
from wagtail.models import APIToken

from config.urls import urlpatterns as site_urls
from people.actions.employment import leave
from people.actions.imports import ImportOptions, apply_import
from people.actions.roles import end_role, grant_role
from people.actions.sessions import end_sessions
from people.models import Role, User
from people.roster import Row, Standing
from people.sessions import recent_authentication_required, recently_authenticated
from people.views.account import device_name, mask_address
from tests.factories.people import PASSWORD, EmployeeFactory, UserFactory, org_path

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
LIST = "/account/sessions/"
END = "/account/sessions/end/"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 wxwork/4.1 MicroMessenger/7"
OFFICE_PC = "Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0"


@recent_authentication_required
def reveal(request):
    return HttpResponse(f"revealed {request.POST.get('reason', '')}")


urlpatterns = [*site_urls, path("reveal/", reveal)]


def browser(user, agent=IPHONE, address="120.36.7.9", password=PASSWORD):
    client = Client(HTTP_USER_AGENT=agent, REMOTE_ADDR=address)
    client.post("/login/", {"username": user.username, "password": password})
    return client


def is_in(client):
    return client.get("/me/").status_code == 200


def test_owner_sees_every_device_and_ends_one(django_assert_max_num_queries):
    user = EmployeeFactory().user
    other = browser(EmployeeFactory().user, agent=OFFICE_PC)
    phone, computer = browser(user), browser(user, OFFICE_PC, "2409:8a55:1:2:3:4:5:6")
    page = phone.get(LIST).content.decode()
    assert page.index("iPhone · 企业微信") < page.index("Windows · Edge")
    assert page.count("就是这台") == 1
    assert "120.36.*.*" in page
    assert "120.36.7.9" not in page
    assert "2409:8a55:1:…" in page
    row = UserSession.objects.get(user=user, user_agent=OFFICE_PC)
    phone.post(END, {"session": row.pk})
    assert is_in(phone)
    assert not is_in(computer)
    theirs = UserSession.objects.get(user_agent=OFFICE_PC)
    phone.post(END, {"session": theirs.pk})
    assert is_in(other)
    assert phone.post(END, {"session": "x"}).status_code == 404


def test_owner_ends_all_others():
    user = EmployeeFactory().user
    clients = [browser(user) for _ in range(3)]
    clients[0].post(END)
    assert [is_in(client) for client in clients] == [True, False, False]
    assert end_sessions(user=user, acting_user=user, now=NOW) == 1
    assert end_sessions(user=user, acting_user=user, now=NOW) == 0


def test_list_is_closed_to_strangers(client):
    assert client.get(LIST).status_code == 302
    assert client.post(END).status_code == 302


def test_last_use_is_noted_every_quarter_of_an_hour():
    user = EmployeeFactory().user
    with time_machine.travel(NOW, tick=False) as clock:
        client = browser(user)
        for minutes in (5, 11):
            clock.shift(dt.timedelta(minutes=minutes))
            client.get("/me/")
        assert UserSession.objects.get(user=user).last_seen_at == NOW + dt.timedelta(minutes=16)
        clock.shift(dt.timedelta(minutes=5))
        client.get("/me/")
        assert UserSession.objects.get(user=user).last_seen_at == NOW + dt.timedelta(minutes=16)


def test_new_password_ends_every_other_session():
    user = EmployeeFactory().user
    here, there = browser(user), browser(user)
    new = {"old_password": PASSWORD, "new_password1": "guan-tong-88", "new_password2": "guan-tong-88"}
    assert here.post("/password/", new).status_code == 302
    assert is_in(here)
    assert not is_in(there)
    page = here.get(LIST).content.decode()
    assert page.count("就是这台") == 1
    assert "退出其他所有设备" not in page


def test_access_ends_with_the_event_of_leaving():
    employee = EmployeeFactory(assigned__unit=org_path("总厂/一车间"))
    token, key = APIToken.create_token(user=employee.user, name="t")
    client = browser(employee.user)
    assert is_in(client)
    assert BearerTokenAuth().authenticate(client.get("/me/").wsgi_request, key) == token
    leave(employee=employee, left_on=dt.date(2026, 11, 19), acting_user=None, now=NOW)
    assert not is_in(client)
    assert BearerTokenAuth().authenticate(client.get("/me/").wsgi_request, key) is None
    assert not is_in(browser(User.objects.get(pk=employee.user_id)))


def test_access_of_a_role_ends_with_the_role():
    boss = UserFactory(superuser=True)
    user = EmployeeFactory(assigned__unit=org_path("总厂/一车间")).user
    grant = grant_role(
        user=user,
        role=Role.HR_OFFICER,
        unit=org_path("总厂"),
        starts_on=dt.date(2026, 1, 1),
        acting_user=boss,
        now=NOW,
    )
    with time_machine.travel(NOW, tick=False):
        client = browser(user)
        assert client.get("/admin/people/").status_code == 200
        end_role(grant=grant, ends_before=dt.date(2026, 11, 20), acting_user=boss, now=NOW)
        assert client.get("/admin/people/").status_code == 302
        assert is_in(client)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (IPHONE, "iPhone · 企业微信"),
        (OFFICE_PC, "Windows · Edge"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/120 Mobile DingTalk/7.5", "Android · 钉钉"),
        ("Mozilla/5.0 (Macintosh) Version/18 Safari/605", "Mac · Safari"),
        ("curl/8", "未知设备"),
        ("", "未知设备"),
    ],
)
def test_device_names(agent, name):
    assert device_name(agent) == name


def test_addresses_are_masked():
    assert mask_address("10.1.2.3") == "10.1.*.*"
    assert mask_address("2409:8a55:1::6") == "2409:8a55:1:…"


@pytest.mark.urls("tests.people.test_sessions")
def test_something_weighty_asks_again_after_ten_minutes_and_goes_on():
    user = EmployeeFactory().user
    with time_machine.travel(NOW, tick=False) as clock:
        client = browser(user)
        assert client.post("/reveal/", {"reason": "核对"}).content.decode() == "revealed 核对"
        clock.shift(dt.timedelta(minutes=10, seconds=1))
        asked = client.post("/reveal/", {"reason": "核对"})
        assert asked.headers["Location"] == "/account/password-again/?next=%2Freveal%2F"
        assert "请再输一次密码" in client.get(asked.headers["Location"]).content.decode()
        wrong = client.post(asked.headers["Location"], {"password": "x", "next": "/reveal/"})
        assert "现在的密码不对" in wrong.content.decode()
        done = client.post(asked.headers["Location"], {"password": PASSWORD, "next": "/reveal/"})
        assert done.content.decode() == "revealed 核对"
        assert client.get("/reveal/").status_code == 200


@pytest.mark.urls("tests.people.test_sessions")
def test_somebody_without_password_and_code_signs_in_anew(client):
    user = EmployeeFactory(user__password=None).user
    client.force_login(user)
    response = client.get("/reveal/")
    assert response.status_code == 403
    assert "请退出，重新登录" in response.content.decode()


def test_recent_proof_is_this_persons_and_not_old(rf, client):
    user, colleague = UserFactory(), UserFactory()
    client.force_login(user)
    request = rf.get("/")
    request.session, request.user = client.session, user
    assert not recently_authenticated(request)
    with time_machine.travel(NOW, tick=False) as clock:
        record_authentication(request, colleague, "password")
        assert not recently_authenticated(request)
        record_authentication(request, user, "password")
        assert recently_authenticated(request)
        clock.shift(dt.timedelta(minutes=3))
        assert not recently_authenticated(request, within_s=120)


def test_access_ends_with_a_list_that_says_so():
    employee = EmployeeFactory(assigned__unit=org_path("总厂/一车间"))
    client = browser(employee.user)
    assert is_in(client)
    gone = Row(employee.employee_no, line=2, standing=Standing.LEFT, left_on=dt.date(2026, 11, 19))
    apply_import(
        rows=[gone],
        options=ImportOptions(),
        file_name="a.xlsx",
        file_sha256="0" * 64,
        acting_user=None,
        now=NOW,
    )
    assert not is_in(client)
