import datetime as dt
import re

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from wagtail.models import ModelLogEntry

from common.signing import decrypt_text, encrypt_text
from notices.models import Notice
from people.actions.accounts import change_password
from people.actions.roles import ensure_role_group
from people.actions.second_factor import reset_second_factor, resettable_for
from people.middleware import SecondFactorMiddleware
from people.models import Role, User
from people.queries import needs_second_factor
from tests.factories.people import PASSWORD, EmployeeFactory, RoleGrantFactory, UserFactory, org_path

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
OFFICE = "/admin/people/"
CODE = "/account/code/"
AGAIN = "/account/code-again/"
ON = "/account/second-factor/on/"


@pytest.fixture(autouse=True)
def _required(settings):
    settings.MFA_REQUIRED = True


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as travelling:
        yield travelling


def code_now(secret=SECRET):
    return format_hotp_value(hotp_value(secret, int(dt.datetime.now(dt.UTC).timestamp()) // 30))


def enrol(user):
    return Authenticator.objects.create(
        user=user, type=Authenticator.Type.TOTP, data={"secret": encrypt_text(SECRET)}
    )


def hr(unit="总厂"):
    user = EmployeeFactory(assigned__unit=org_path("总厂/一车间")).user
    RoleGrantFactory(user=user, role=Role.HR_OFFICER, unit=org_path(unit))
    user.groups.add(ensure_role_group(Role.HR_OFFICER))
    return user


def sign_in(client, user, next_url="", password=PASSWORD):
    return client.post("/login/", {"username": user.username, "password": password, "next": next_url})


def signed_in_as(client):
    return client.session.get("_auth_user_id")


@pytest.mark.django_db(transaction=True)  # allauth reports what was set up when it is committed
def test_hr_is_led_from_the_password_to_setting_up_and_to_the_page(client, clock):
    user = hr()
    assert sign_in(client, user, OFFICE).headers["Location"] == OFFICE
    assert client.get(OFFICE).headers["Location"] == f"{ON}?next=%2Fadmin%2Fpeople%2F"
    page = client.get(ON).content.decode()
    secret = re.search(r'class="key">(\w+)<', page)[1]
    assert "data:image/svg+xml;base64" in page
    assert "验证码不对" in client.post(ON, {"code": "000000"}).content.decode()
    response = client.post(ON, {"code": code_now(secret)})
    assert response.headers["Location"] == "/account/recovery-codes/"
    page = client.get("/account/recovery-codes/").content.decode()
    assert len(re.findall(r"<li>(\d{8})</li>", page)) == 10
    assert f'href="{OFFICE}"' in page
    assert client.get(OFFICE).status_code == 200
    stored = Authenticator.objects.get(user=user, type="totp").data["secret"]
    assert secret not in stored
    assert decrypt_text(stored) == secret
    log = ModelLogEntry.objects.filter(object_id=str(user.pk)).values_list("action", flat=True)
    assert {"people.second_factor.add", "people.recovery_codes.add"} <= set(log)


def test_code_is_asked_for_before_anybody_is_signed_in(client, clock):
    user = hr()
    enrol(user)
    assert sign_in(client, user, OFFICE).headers["Location"] == CODE
    assert signed_in_as(client) is None
    assert client.get("/me/").headers["Location"].startswith("/login/")
    assert "验证码不对" in client.post(CODE, {"code": "123456"}).content.decode()
    typed = " ".join(code_now()).translate({ord(str(n)): 0xFF10 + n for n in range(10)})
    assert client.post(CODE, {"code": typed}).headers["Location"] == "/account/code/trust/"
    response = client.post("/account/code/trust/", {"action": "no"})
    assert response.headers["Location"] == OFFICE
    assert signed_in_as(client) == str(user.pk)
    assert client.get(OFFICE).status_code == 200


def test_one_code_opens_one_door(client, clock):
    user = hr()
    enrol(user)
    sign_in(client, user)
    code = code_now()
    assert client.post(CODE, {"code": code}).status_code == 302
    other = Client()
    sign_in(other, user)
    assert "验证码不对" in other.post(CODE, {"code": code}).content.decode()


def test_recovery_code_works_once(client, clock):
    user = hr()
    enrol(user)
    code = RecoveryCodes.activate(user).generate_codes()[3]
    for expected in (302, 200):
        browser = Client()
        sign_in(browser, user)
        assert browser.post(CODE, {"code": f"{code[:4]} {code[4:]}"}).status_code == expected


def test_guessing_codes_is_limited_for_five_minutes(client, clock):
    user = hr()
    enrol(user)
    sign_in(client, user)
    for _ in range(5):
        client.post(CODE, {"code": "000000"})
    assert "等 5 分钟再试" in client.post(CODE, {"code": code_now()}).content.decode()
    clock.shift(dt.timedelta(minutes=5, seconds=1))
    assert client.post(CODE, {"code": code_now()}).status_code == 302


def trusted_browser(user):
    browser = Client()
    sign_in(browser, user)
    browser.post(CODE, {"code": code_now()})
    browser.post("/account/code/trust/", {"action": "trust"})
    browser.post("/logout/")
    return browser


def test_trusted_browser_is_not_asked_for_a_fortnight(clock):
    user = hr()
    enrol(user)
    browser = trusted_browser(user)
    clock.shift(dt.timedelta(days=13))
    assert sign_in(browser, user, OFFICE).headers["Location"] == OFFICE
    assert browser.get(OFFICE).status_code == 200
    browser.post("/logout/")
    clock.shift(dt.timedelta(days=2))
    assert sign_in(browser, user, OFFICE).headers["Location"] == CODE


def test_trust_is_bound_to_one_person_and_ends_with_the_password(clock):
    user, colleague = hr(), hr()
    enrol(user)
    enrol(colleague)
    browser = trusted_browser(user)
    assert sign_in(browser, colleague).headers["Location"] == CODE
    change_password(user=user, password="guan-tong-88", acting_user=user, now=NOW)
    browser.post("/logout/")
    assert sign_in(browser, user, password="guan-tong-88").headers["Location"] == CODE


def test_session_from_before_must_give_the_code_before_other_peoples_data(client, clock):
    user = hr()
    client.force_login(user)
    assert client.get("/me/").status_code == 200
    enrol(user)
    assert client.get(OFFICE).headers["Location"] == f"{AGAIN}?next=%2Fadmin%2Fpeople%2F"
    response = client.post(f"{AGAIN}?next={OFFICE}", {"code": code_now(), "next": OFFICE})
    assert response.headers["Location"] == OFFICE
    assert client.get(OFFICE).status_code == 200


@pytest.mark.parametrize(
    ("role", "needed"), [(role, role != Role.EDITOR) for role in Role.values] + [(None, False)]
)
def test_who_needs_one(role, needed):
    user = UserFactory()
    if role:
        RoleGrantFactory(user=user, role=role)
    assert needs_second_factor(user, dt.date(2026, 11, 20)) is needed


def test_a_role_that_is_over_or_has_not_begun_asks_for_nothing():
    user, on = UserFactory(), dt.date(2026, 11, 20)
    RoleGrantFactory(user=user, ends_before=on)
    RoleGrantFactory(user=user, starts_on=dt.date(2026, 11, 21))
    assert not needs_second_factor(user, on)
    assert needs_second_factor(UserFactory(superuser=True), on)
    assert not needs_second_factor(UserFactory(superuser=True, is_active=False), on)


def test_learners_and_own_pages_are_left_alone(client):
    client.force_login(EmployeeFactory().user)
    assert client.get("/").status_code == 200
    client.force_login(hr())
    for path in ("/", "/me/", "/account/", "/account/sessions/", "/password/"):
        assert client.get(path).status_code == 200, path


@pytest.mark.parametrize("path", ["/admin/", "/admin/people/units/", "/admin/reports/site-history/"])
def test_no_office_page_before_the_factor(client, path):
    client.force_login(UserFactory(superuser=True))
    assert client.get(path).headers["Location"].startswith(ON)
    assert client.post(path, {}).headers["Location"] == f"{ON}?next=%2Fadmin%2F"
    htmx = client.get(path, headers={"HX-Request": "true"})
    assert htmx.status_code == 403
    assert htmx.headers["HX-Redirect"].startswith(ON)


def test_demo_sites_do_not_ask(client, settings):
    settings.MFA_REQUIRED = False
    client.force_login(UserFactory(superuser=True))
    assert client.get("/admin/").status_code == 200


def test_once_given_it_costs_no_query(client, clock, django_assert_num_queries):
    user = UserFactory(superuser=True)
    enrol(user)
    sign_in(client, user)
    client.post(CODE, {"code": code_now()})
    client.post("/account/code/trust/", {"action": "no"})
    request = client.get("/admin/").wsgi_request
    with django_assert_num_queries(0):
        assert SecondFactorMiddleware(None).process_view(request, None, (), {}) is None


def test_those_who_need_it_cannot_turn_it_off(client, clock):
    user = hr()
    factor = enrol(user)
    client.force_login(user)
    sign_in_again(client)
    response = client.post("/account/second-factor/off/")
    assert "不能关闭两步验证" in response.content.decode()
    assert Authenticator.objects.filter(pk=factor.pk).exists()


def sign_in_again(client):
    assert client.post("/account/password-again/", {"password": PASSWORD}).status_code == 302


def test_learner_may_turn_it_on_and_off(client, clock):
    user = EmployeeFactory().user
    enrol(user)
    client.force_login(user)
    assert (
        client.get("/account/second-factor/off/").headers["Location"].startswith("/account/password-again/")
    )
    sign_in_again(client)
    assert client.post("/account/second-factor/off/").headers["Location"] == "/account/second-factor/"
    assert not Authenticator.objects.filter(user=user).exists()


def test_administrator_resets_and_the_owner_is_told(client, clock):
    boss, user = hr(), hr("总厂/一车间")
    RoleGrantFactory(user=boss, role=Role.ADMINISTRATOR, unit=org_path("总厂"))
    boss.groups.add(ensure_role_group(Role.ADMINISTRATOR))
    enrol(user)
    enrol(boss)
    other = Client()
    other.force_login(user)
    other.get("/me/")
    client.force_login(boss)
    client.post(AGAIN, {"code": code_now()})
    page = client.get("/admin/people/second-factor/").content.decode()
    assert f'value="{user.pk}"' in page
    assert f'value="{boss.pk}"' not in page
    response = client.post("/admin/people/second-factor/reset/", {"account": user.pk})
    assert response.headers["Location"] == "/admin/people/second-factor/"
    assert not Authenticator.objects.filter(user=user).exists()
    assert Notice.objects.get(recipient=user).title == "您的两步验证已被重置"
    assert ModelLogEntry.objects.filter(action="people.second_factor.reset", user=boss).count() == 1
    reset_second_factor(user=user, acting_user=boss, now=NOW)
    assert Notice.objects.filter(recipient=user).count() == 1


def test_reset_reaches_no_further_than_granting_roles():
    boss, inside, outside, root = hr(), hr("总厂/一车间"), hr(), UserFactory(superuser=True)
    RoleGrantFactory(user=boss, role=Role.ADMINISTRATOR, unit=org_path("总厂/一车间"))
    RoleGrantFactory(user=outside, role=Role.AUDITOR, unit=org_path("分厂"))
    for user in (boss, inside, outside, root):
        enrol(user)
    on = dt.date(2026, 11, 20)
    assert list(resettable_for(boss, on)) == [inside]
    assert set(resettable_for(root, on)) == {boss, inside, outside}
    assert not resettable_for(inside, on).exists()
    for user in (outside, root, boss):
        with pytest.raises(Exception, match=user.username):
            reset_second_factor(user=user, acting_user=boss, now=NOW)


def test_office_list_is_closed_to_hr(client, clock):
    user = hr()
    enrol(user)
    client.force_login(user)
    client.post(AGAIN, {"code": code_now()})
    assert client.get("/admin/people/second-factor/").status_code == 302
    assert client.post("/admin/people/second-factor/reset/", {"account": user.pk}).status_code == 302


@pytest.mark.parametrize(
    "path",
    [
        "/account/login/",
        "/account/logout/",
        "/account/signup/",
        "/account/email/",
        "/account/password/reset/",
        "/account/password/change/",
        "/account/password/set/",
        "/account/confirm-email/",
        "/account/inactive/",
        "/account/2fa/",
        "/account/3rdparty/",
        "/account/3rdparty/signup/",
        "/account/recovery-codes/download/",
        "/accounts/login/",
        "/account/via/google/login/",
    ],
)
def test_what_allauth_brings_besides_is_not_there(client, path):
    assert client.get(path).status_code == 404
    client.force_login(EmployeeFactory().user)
    assert client.get(path).status_code == 404


def test_only_the_listed_names_of_allauth_are_mounted():
    names = {key for key in get_resolver().reverse_dict if isinstance(key, str)}
    allauth = {
        name for name in names if name.startswith(("account_", "mfa_", "socialaccount_", "usersessions_"))
    }
    assert allauth == {
        "account_login",
        "account_reauthenticate",
        "mfa_authenticate",
        "mfa_trust",
        "mfa_reauthenticate",
        "mfa_index",
        "mfa_activate_totp",
        "mfa_deactivate_totp",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
    }
    assert reverse("account_login") == "/login/"
    with pytest.raises(NoReverseMatch):
        reverse("socialaccount_signup")


def test_nobody_signs_up(client):
    before = User.objects.count()
    client.post("/account/via/wecom/login/", {"username": "neu", "password1": PASSWORD})
    assert User.objects.count() == before
