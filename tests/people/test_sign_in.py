import datetime as dt

import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse
from wagtail.models import ModelLogEntry

from notices.models import Notice
from people.actions.sign_in import MAX_FAILURES, locked_until
from people.models import User
from tests.factories.people import PASSWORD, EmployeeFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
LOGIN = "/login/"


def sign_in(client, username, password=PASSWORD, **more):
    return client.post(LOGIN, {"username": username, "password": password} | more)


def signed_in_as(client):
    return client.session.get("_auth_user_id")


@pytest.mark.parametrize("typed", ["001234", "００１２３４", " 001234\u3000"])
def test_employee_number_signs_in(client, typed):
    employee = EmployeeFactory(employee_no="001234")
    response = sign_in(client, typed)
    assert response.headers["Location"] == reverse("portal:home")
    assert signed_in_as(client) == str(employee.user_id)


def test_sign_in_goes_on_to_where_the_reader_wanted(client):
    UserFactory(username="a")
    assert sign_in(client, "a", next="/me/").headers["Location"] == "/me/"
    client.logout()
    assert sign_in(client, "a", next="https://evil.example/").headers["Location"] == "/"


@pytest.mark.parametrize(
    ("username", "password"), [("001234", "wrong"), ("nobody", PASSWORD), ("gone", PASSWORD), ("blank", "")]
)
def test_every_failure_looks_the_same(client, username, password):
    UserFactory(username="001234")
    UserFactory(username="gone", is_active=False)
    UserFactory(username="slip", password=None)
    response = sign_in(client, username, password or "x")
    assert response.status_code == 200
    assert "工号或密码不对" in response.content.decode()
    assert signed_in_as(client) is None


def test_ten_failures_lock_the_account_for_a_quarter_of_an_hour(client):
    UserFactory(username="001234")
    other = UserFactory(username="005678")
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(MAX_FAILURES - 1):
            assert sign_in(client, "００1234", "wrong").status_code == 200
        response = sign_in(client, "001234", "wrong")
        assert response.status_code == 429
        assert "15 分钟内不能登录" in response.content.decode()
        clock.shift(dt.timedelta(minutes=5))
        response = sign_in(client, "001234")
        assert response.status_code == 429
        assert "10 分钟内不能登录" in response.content.decode()
        assert signed_in_as(client) is None
        assert sign_in(client, "005678").status_code == 302
        assert signed_in_as(client) == str(other.pk)
        client.logout()
        clock.shift(dt.timedelta(minutes=10, seconds=1))
        assert sign_in(client, "001234").status_code == 302
        client.logout()
        assert sign_in(client, "001234", "wrong").status_code == 200


def test_owner_is_told_once_of_a_lock_out_and_strangers_are_locked_alike(client):
    owner = UserFactory(username="001234")
    with time_machine.travel(NOW, tick=False):
        for name in ("001234", "nobody"):
            answers = [sign_in(client, name, "wrong").status_code for _ in range(MAX_FAILURES + 1)]
            assert answers == [200] * (MAX_FAILURES - 1) + [429, 429]
    notice = Notice.objects.get()
    assert notice.recipient == owner
    assert "锁定 15 分钟" in notice.title
    assert ModelLogEntry.objects.filter(action="people.sign_in.lock", object_id=str(owner.pk)).count() == 1


def test_lock_holds_on_the_cache_in_the_database(client, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "cache_entries",
        }
    }
    call_command("createcachetable")
    UserFactory(username="001234")
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(MAX_FAILURES - 1):
            sign_in(client, "001234", "wrong")
        # The table gives an incremented entry five minutes unless told otherwise.
        clock.shift(dt.timedelta(minutes=9))
        assert sign_in(client, "001234", "wrong").status_code == 429
        clock.shift(dt.timedelta(minutes=14))
        assert sign_in(client, "001234").status_code == 429


def test_an_address_may_try_very_often_but_not_without_end(client, monkeypatch):
    UserFactory(username="001234")
    monkeypatch.setattr("people.actions.sign_in.MAX_PER_ADDRESS", 2)
    with time_machine.travel(NOW, tick=False):
        assert sign_in(client, "a", "wrong").status_code == 200
        assert sign_in(client, "b", "wrong").status_code == 200
        response = sign_in(client, "001234")
        assert response.status_code == 429
        assert "这个网络上登录的次数太多" in response.content.decode()
        assert signed_in_as(client) is None
        client.post(LOGIN, {"username": "001234", "password": PASSWORD}, REMOTE_ADDR="10.0.0.9")
        assert signed_in_as(client) is not None


@pytest.mark.parametrize(
    "typed", ["13800138000", "138 0013 8000", "+86 138-0013-8000", "１３８００１３８０００"]
)
def test_phone_number_signs_in_if_it_is_one_persons(client, typed):
    employee = EmployeeFactory(phone="13800138000")
    EmployeeFactory(phone="13800138000", left=True)
    sign_in(client, typed)
    assert signed_in_as(client) == str(employee.user_id)


@pytest.mark.parametrize("kind", ["two", "two_one_without_account", "left", "none", "inactive"])
def test_phone_number_of_no_one_or_of_two_signs_nobody_in(client, kind):
    phone = "13800138000"
    if kind.startswith("two"):
        EmployeeFactory(phone=phone)
        other = {"user": None} if kind == "two_one_without_account" else {}
        EmployeeFactory(phone=phone, **other)
    if kind == "left":
        EmployeeFactory(phone=phone, left=True)
    if kind == "inactive":
        EmployeeFactory(phone=phone, user__is_active=False)
    response = sign_in(client, phone)
    assert "工号或密码不对" in response.content.decode()
    assert signed_in_as(client) is None


def test_number_and_phone_share_one_counter(client):
    EmployeeFactory(employee_no="001234", phone="13800138000")
    for n in range(MAX_FAILURES):
        sign_in(client, ("001234", "13800138000")[n % 2], "wrong")
    assert sign_in(client, "001234").status_code == sign_in(client, "13800138000").status_code == 429


def test_an_account_named_like_a_phone_number_comes_first(client):
    EmployeeFactory(phone="13800138000")
    account = UserFactory(username="13800138000")
    sign_in(client, "13800138000")
    assert signed_in_as(client) == str(account.pk)


@pytest.mark.parametrize(
    ("typed", "count"), [("13800138000", 3), ("13900139000", 3), ("001234", 2), ("x", 2)]
)
def test_a_name_costs_the_same_whether_or_not_it_exists(client, django_assert_num_queries, typed, count):
    EmployeeFactory(employee_no="001234", phone="13800138000")
    with django_assert_num_queries(count):
        sign_in(client, typed, "wrong")


def test_success_forgets_the_failures(client):
    UserFactory(username="001234")
    for _ in range(MAX_FAILURES - 1):
        sign_in(client, "001234", "wrong")
    sign_in(client, "001234")
    client.logout()
    sign_in(client, "001234", "wrong")
    assert locked_until("001234", dt.datetime.now(dt.UTC)) is None


def test_first_password_must_be_changed_before_anything_else(client):
    user = UserFactory(username="001234", must_change_password=True)
    response = sign_in(client, "001234", next="/me/")
    assert response.headers["Location"] == reverse("people:password")
    assert signed_in_as(client) is None
    assert client.get("/me/").status_code == 302
    page = client.get("/password/").content.decode()
    assert "第一次登录" in page
    assert "现在的密码" not in page
    new = {"new_password1": "guan-tong-88", "new_password2": "guan-tong-88"}
    assert client.post("/password/", new).headers["Location"] == "/me/"
    assert signed_in_as(client) == str(user.pk)
    user.refresh_from_db()
    assert not user.must_change_password
    assert user.check_password("guan-tong-88")


def test_first_password_waits_only_a_quarter_of_an_hour(client):
    UserFactory(username="001234", must_change_password=True)
    with time_machine.travel(NOW, tick=False) as clock:
        sign_in(client, "001234")
        clock.shift(dt.timedelta(minutes=16))
        assert client.get("/password/").headers["Location"] == LOGIN


def test_password_page_is_closed_to_strangers(client):
    new = {"new_password1": "guan-tong-88", "new_password2": "guan-tong-88"}
    assert client.get("/password/").headers["Location"] == LOGIN
    assert client.post("/password/", new).headers["Location"] == LOGIN


def test_changing_the_password_needs_the_old_one(client):
    user = UserFactory()
    client.force_login(user)
    new = {"new_password1": "guan-tong-88", "new_password2": "guan-tong-88"}
    assert "现在的密码不对" in client.post("/password/", new | {"old_password": "x"}).content.decode()
    assert client.post("/password/", new | {"old_password": PASSWORD}).status_code == 302
    assert User.objects.get(pk=user.pk).check_password("guan-tong-88")
    assert client.get("/me/").status_code == 200
    assert ModelLogEntry.objects.get(action="people.password.change").user == user


def test_weak_and_unequal_passwords_are_refused(client):
    client.force_login(UserFactory(username="001234"))
    for first, second in (("12345678", "12345678"), ("guan-tong-88", "guan-tong-89"), ("ab1", "ab1")):
        data = {"old_password": PASSWORD, "new_password1": first, "new_password2": second}
        assert client.post("/password/", data).status_code == 200


def test_signing_out_needs_post(client):
    client.force_login(UserFactory())
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").headers["Location"] == f"{LOGIN}?stay=1"
    assert signed_in_as(client) is None


def test_deactivated_account_is_out_at_once(client):
    user = UserFactory()
    client.force_login(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/me/").status_code == 302


def test_back_office_uses_the_same_sign_in(client):
    response = client.get("/admin/login/")
    assert "people/sign_in.html" in [template.name for template in response.templates]
    assert client.get("/admin/").headers["Location"].startswith(LOGIN)
    admin = UserFactory(superuser=True)
    assert sign_in(client, admin.username, next="/admin/").headers["Location"] == "/admin/"


def test_learner_turned_away_from_the_back_office_lands_at_home(client):
    client.force_login(EmployeeFactory().user)
    response = client.get("/admin/")
    assert client.get(response.headers["Location"]).headers["Location"] == reverse("portal:home")
    assert client.get("/login/?next=/me/").headers["Location"] == "/me/"
    assert client.get(LOGIN).headers["Location"] == reverse("portal:home")


@pytest.mark.parametrize(
    ("data", "cookies"),
    [
        ({"size": "large"}, {"size": "large"}),
        ({"theme": "dark", "size": "normal"}, {"theme": "dark", "size": "normal"}),
        ({"theme": "<script>"}, {}),
    ],
)
def test_preferences(client, data, cookies):
    response = client.post("/preferences/", data | {"next": "/login/?a=1"})
    assert response.headers["Location"] == "/login/?a=1"
    assert {name: morsel.value for name, morsel in response.cookies.items()} == cookies


def test_preferences_go_to_no_other_site_and_need_post(client):
    assert client.post("/preferences/", {"next": "//evil.example/"}).headers["Location"] == "/"
    assert client.get("/preferences/").status_code == 405


def test_large_type_is_on_the_page(client):
    client.cookies["size"] = "large"
    assert 'data-size="large"' in client.get(LOGIN).content.decode()
