import datetime as dt
import json

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import ModelLogEntry

from notices.models import Notice
from people.actions.kiosks import enter_kiosk, pair_kiosk, register_kiosk, revoke_kiosk, set_kiosk_pin
from people.actions.roles import ensure_role_group
from people.actions.sign_in import MAX_PIN_FAILURES
from people.errors import KioskRefused
from people.forms import PinForm
from people.models import Kiosk, KioskPin, Role, User
from people.sessions import hold_kiosk_session, kiosk_session
from tests.factories.exams import DEVICE, make_attempt, right_response, submit
from tests.factories.people import PASSWORD, EmployeeFactory, RoleGrantFactory, UserFactory, org_path

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
PIN = "270591"
PAD = "/kiosk/"
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as travelling:
        yield travelling


def worker(unit="总厂/一车间/甲班", pin=PIN, **more):
    employee = EmployeeFactory(assigned__unit=org_path(unit), **more)
    if pin:
        set_kiosk_pin(employee=employee, pin=pin, acting_user=None, now=NOW)
    return employee


def make_kiosk(unit="总厂/一车间"):
    kiosk, token = register_kiosk(name="门口", unit=org_path(unit), acting_user=None, now=NOW)
    return kiosk, pair_kiosk(token=token, now=NOW)[1]


@pytest.fixture
def tablet(clock):
    client = Client()
    client.cookies["kiosk"] = make_kiosk()[1]
    return client


def enter(client, employee, pin=PIN):
    return client.post(PAD, {"number": employee.employee_no, "pin": pin})


def signed_in_as(client):
    return client.session.get("_auth_user_id")


def keeper(role=Role.HR_OFFICER, unit="总厂/一车间"):
    user = UserFactory()
    RoleGrantFactory(user=user, role=role, unit=org_path(unit))
    user.groups.add(ensure_role_group(role))
    return user


def test_badge_and_pin_open_the_learners_pages(tablet):
    employee = worker()
    assert "刷工牌，或输入工号" in tablet.get(PAD).content.decode()
    response = tablet.post(PAD, {"number": f" {employee.employee_no}\u3000", "pin": "２７０５９１"})
    assert response.headers["Location"] == "/"
    assert signed_in_as(tablet) == str(employee.user_id)
    page = tablet.get("/").content.decode()
    assert "结束并退出" in page
    assert 'data-left="180"' in page
    assert tablet.get("/me/").status_code == 200
    assert tablet.get(PAD).headers["Location"] == "/"
    assert Kiosk.objects.get().last_used_at == NOW


def test_leaving_goes_back_to_the_pad(tablet):
    enter(tablet, worker())
    assert tablet.get("/kiosk/end/").status_code == 405
    assert tablet.post("/kiosk/end/").headers["Location"] == PAD
    assert signed_in_as(tablet) is None
    assert tablet.get(PAD).status_code == 200
    enter(tablet, worker())
    assert tablet.post("/logout/").headers["Location"] == PAD


@pytest.mark.parametrize(
    "path",
    [
        "/admin/",
        "/admin/people/",
        "/password/",
        "/account/",
        "/account/sessions/",
        "/account/pin/",
        "/account/second-factor/on/",
        "/account/via/wecom/login/",
        "/jobs/00000000-0000-0000-0000-000000000000/",
        "/login/",
        "/health/",
    ],
)
def test_nothing_else_opens_on_a_tablet(tablet, path):
    employee = worker()
    User.objects.filter(pk=employee.user_id).update(is_superuser=True, is_staff=True)
    enter(tablet, employee)
    response = tablet.get(path)
    assert response.status_code == 403
    assert "共用平板上不能打开这一页" in response.content.decode()
    assert tablet.post(path, {}).status_code == 403


def test_page_of_oneself_shows_no_way_to_the_office(tablet):
    employee = worker()
    User.objects.filter(pk=employee.user_id).update(is_superuser=True)
    enter(tablet, employee)
    page = tablet.get("/me/").content.decode()
    assert "进入管理后台" not in page
    assert "账号与安全" not in page


def test_three_idle_minutes_end_it(tablet, clock):
    enter(tablet, worker())
    for _ in range(5):
        clock.shift(2 * MINUTE)
        assert tablet.get("/").status_code == 200
    clock.shift(3 * MINUTE + dt.timedelta(seconds=1))
    assert tablet.get("/").headers["Location"] == PAD
    assert signed_in_as(tablet) is None


def test_three_quarters_of_an_hour_end_it_however_busy(tablet, clock):
    enter(tablet, worker())
    for _ in range(22):
        clock.shift(2 * MINUTE)
        assert tablet.get("/").status_code == 200
    clock.shift(2 * MINUTE)
    assert tablet.get("/").headers["Location"] == PAD


def test_time_left_is_told_without_lengthening_it_and_a_touch_begins_anew(tablet, clock):
    enter(tablet, worker())
    clock.shift(MINUTE)
    assert tablet.get("/kiosk/time/").json() == {"left_s": 120}
    clock.shift(MINUTE)
    assert tablet.get("/kiosk/time/").json() == {"left_s": 60}
    assert tablet.post("/kiosk/time/").json() == {"left_s": 180}
    clock.shift(4 * MINUTE)
    over = tablet.get("/kiosk/time/", headers={"Accept": "application/json"})
    assert over.status_code == 401
    assert Client().get("/kiosk/time/").status_code == 401


def test_running_exam_holds_it_open_and_no_longer(tablet, clock, rf):
    enter(tablet, worker())
    request = rf.get("/")
    session = request.session = tablet.session
    hold_kiosk_session(request, NOW + 60 * MINUTE)
    session.save()
    clock.shift(62 * MINUTE)
    assert tablet.get("/").status_code == 200
    request.session = session = tablet.session
    hold_kiosk_session(request, None)
    session.save()
    assert kiosk_session(request).held_until == 0
    assert tablet.get("/").headers["Location"] == PAD


def test_page_of_a_running_exam_keeps_the_session_until_the_result_is_seen(tablet, clock):
    employee = worker()
    attempt = make_attempt(employee=employee, device=DEVICE, now=NOW)
    enter(tablet, employee)
    tablet.cookies["device"] = DEVICE
    page = reverse("exams:attempt", args=[attempt.public_id])
    assert tablet.get(page).status_code == 200
    long = attempt.deadline_at - NOW - MINUTE
    assert long > 4 * MINUTE
    clock.shift(long)
    step = {"slot": 1, "seq": 1, "response": right_response(attempt, 1)}
    saved = tablet.post(
        reverse("exams:save", args=[attempt.public_id]), {"steps": [step]}, content_type="application/json"
    )
    assert saved.status_code == 200
    submit(attempt, now=attempt.deadline_at - MINUTE)
    assert tablet.get(page, follow=True).status_code == 200
    clock.shift(4 * MINUTE)
    assert tablet.get("/").headers["Location"] == PAD


def test_exam_answers_get_a_plain_refusal_when_it_is_over(tablet, clock):
    enter(tablet, worker())
    clock.shift(5 * MINUTE)
    url = "/exam/attempts/00000000-0000-0000-0000-000000000000/answers/"
    response = tablet.post(url, json.dumps({}), content_type="application/json")
    assert response.status_code == 401
    assert response.json() == {"error": "signed_out"}


def test_unregistered_device_has_no_pad(client):
    worker()
    for cookie in (None, "made-up"):
        if cookie:
            client.cookies["kiosk"] = cookie
        response = client.get(PAD)
        assert response.status_code == 403
        assert "没有登记为共用平板" in response.content.decode()


def test_stopped_tablet_throws_out_who_is_on_it(tablet, clock):
    enter(tablet, worker())
    kiosk = Kiosk.objects.get()
    for _ in range(2):
        revoke_kiosk(kiosk=kiosk, acting_user=None, now=NOW)
    assert ModelLogEntry.objects.filter(action="people.kiosk.revoke").count() == 1
    assert tablet.get("/").headers["Location"] == PAD
    assert signed_in_as(tablet) is None
    assert tablet.get(PAD).status_code == 403


def test_session_moved_to_another_device_is_over(tablet):
    enter(tablet, worker())
    thief = Client()
    thief.cookies["sessionid"] = tablet.cookies["sessionid"].value
    assert thief.get("/").headers["Location"] == PAD


def test_people_of_other_units_and_leavers_stay_out(tablet):
    assert "不在这台平板所属的部门" in enter(tablet, worker("总厂/二车间")).content.decode()
    gone = worker(left=True)
    User.objects.filter(pk=gone.user_id).update(is_active=False)
    for employee, pin in ((gone, PIN), (worker(pin=None), PIN), (worker(), "111111"), (worker(), "")):
        response = enter(tablet, employee, pin)
        assert response.status_code in (400, 403)
        assert signed_in_as(tablet) is None


def test_leaver_is_out_at_the_next_tap(tablet):
    employee = worker()
    enter(tablet, employee)
    User.objects.filter(pk=employee.user_id).update(is_active=False)
    assert tablet.get("/").headers["Location"] == PAD


@pytest.mark.parametrize("known", [True, False])
def test_five_wrong_pins_lock_the_pad_for_the_number_whether_or_not_it_exists(tablet, clock, known):
    employee = worker() if known else EmployeeFactory.build(user=None, employee_no="999999")
    statuses = [enter(tablet, employee, "111112").status_code for _ in range(MAX_PIN_FAILURES)]
    assert statuses == [403] * (MAX_PIN_FAILURES - 1) + [429]
    assert "15 分钟内不能在平板上登录" in enter(tablet, employee).content.decode()
    assert Notice.objects.count() == known
    clock.shift(15 * MINUTE + dt.timedelta(seconds=1))
    if known:
        assert (
            Client().post("/login/", {"username": employee.employee_no, "password": PASSWORD}).status_code
            == 302
        )
        assert enter(tablet, employee).status_code == 302


@pytest.mark.parametrize("known", [True, False])
def test_wrong_pin_costs_the_same_for_everybody(known, django_assert_num_queries):
    kiosk, _ = make_kiosk()
    number = worker().employee_no if known else "999999"
    with django_assert_num_queries(1), pytest.raises(KioskRefused):
        enter_kiosk(kiosk=kiosk, number=number, pin="111112", now=NOW)


def test_pairing_link_works_once_within_the_hour(clock):
    kiosk, token = register_kiosk(name="门口", unit=org_path("总厂"), acting_user=None, now=NOW)
    link = f"/kiosk/pair/{token}/"
    tablet, other = Client(), Client()
    assert "登记为共用平板？" in tablet.get(link).content.decode()
    assert tablet.get(PAD).status_code == 403
    paired = tablet.post(link)
    assert paired.headers["Location"] == PAD
    assert paired.cookies["kiosk"]["httponly"]
    assert tablet.get(PAD).status_code == 200
    assert other.get(link).status_code == other.post(link).status_code == 410
    assert other.get(PAD).status_code == 403
    _, late = register_kiosk(name="后门", unit=org_path("总厂"), acting_user=None, now=NOW)
    clock.shift(61 * MINUTE)
    assert other.post(f"/kiosk/pair/{late}/").status_code == 410
    assert tablet.get(PAD).status_code == 200
    assert kiosk.token_digest != Kiosk.objects.get(pk=kiosk.pk).token_digest


def test_pin_is_chosen_by_its_owner_and_kept_as_a_hash(client):
    employee = EmployeeFactory()
    assert client.get("/account/pin/").headers["Location"].startswith("/login/")
    client.post("/login/", {"username": employee.employee_no, "password": PASSWORD})
    assert (
        "两次输入的不一样" in client.post("/account/pin/", {"pin1": PIN, "pin2": "270592"}).content.decode()
    )
    assert (
        client.post("/account/pin/", {"pin1": PIN, "pin2": "２７０５９１"}).headers["Location"] == "/account/"
    )
    assert PIN not in KioskPin.objects.get(employee=employee).pin
    with pytest.raises(PermissionDenied):
        set_kiosk_pin(employee=employee, pin=PIN, acting_user=UserFactory(), now=NOW)
    client.force_login(UserFactory())
    assert client.get("/account/pin/").headers["Location"].startswith("/account/password-again/")


@pytest.mark.parametrize(
    ("pin", "fits"),
    [
        ("270591", True),
        *((pin, False) for pin in ("111111", "123456", "654321", "890123", "001234")),
        *((pin, False) for pin in ("12345", "1234567", "abcdef", "²34561")),
    ],
)
def test_pins_everybody_tries_first_are_refused(pin, fits):
    assert PinForm({"pin1": pin, "pin2": pin}, number="001234").is_valid() is fits


@pytest.mark.parametrize(
    ("role", "unit", "status"),
    [
        (Role.HR_OFFICER, "总厂/一车间", 200),
        (Role.ADMINISTRATOR, "总厂", 200),
        (Role.TEAM_LEADER, "总厂/一车间", 302),
        (Role.AUDITOR, "总厂", 302),
    ],
)
def test_who_registers_tablets(client, role, unit, status):
    client.force_login(keeper(role, unit))
    assert client.get("/admin/people/kiosks/").status_code == status


def test_office_registers_and_stops_within_its_units(client):
    mine, other = org_path("总厂/一车间"), org_path("总厂/二车间")
    client.force_login(keeper())
    page = client.post("/admin/people/kiosks/", {"name": "门口", "unit": mine.pk}).content.decode()
    assert "/kiosk/pair/" in page
    assert "data:image/svg+xml" in page
    assert "/kiosk/pair/" not in client.get("/admin/people/kiosks/").content.decode()
    client.post("/admin/people/kiosks/", {"name": "越界", "unit": other.pk})
    kiosk = Kiosk.objects.get()
    foreign, _ = register_kiosk(name="二车间", unit=other, acting_user=None, now=NOW)
    assert client.post(f"/admin/people/kiosks/{foreign.pk}/revoke/").status_code == 404
    assert client.post(f"/admin/people/kiosks/{kiosk.pk}/revoke/").status_code == 302
    assert Kiosk.objects.filter(revoked_at=None).get() == foreign
    with pytest.raises(PermissionDenied):
        register_kiosk(name="x", unit=other, acting_user=keeper(), now=NOW)
    with pytest.raises(PermissionDenied):
        revoke_kiosk(kiosk=foreign, acting_user=keeper(), now=NOW)


def test_list_costs_the_same_for_one_and_for_three(client):
    client.force_login(keeper())
    counts = []
    for more in (1, 2):
        for _ in range(more):
            make_kiosk()
        client.get("/admin/people/kiosks/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/admin/people/kiosks/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
