"""The pages of roles: list, grant, end, review, what was done, one's own."""

import datetime as dt
import io

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from people.actions.roles import grant_role
from people.models import Role, RoleGrant, User
from tests.factories.people import EmployeeFactory, PostFactory, RoleGrantFactory, UserFactory, org_path

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_frozen")]
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 20)
ROLES = "/admin/people/roles/"


@pytest.fixture
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


def holder(role, path="总厂", **more):
    user = UserFactory(**more)
    grant_role(user=user, role=role, unit=org_path(path), starts_on=TODAY, acting_user=None, now=NOW)
    return user


@pytest.fixture
def admin(client):
    user = holder(Role.ADMINISTRATOR, name="管理员")
    client.force_login(user)
    return user


@pytest.fixture
def worker():
    return EmployeeFactory(name="李小兰", employee_no="007001", assigned__unit=org_path("总厂/一车间"),
                           assigned__post=PostFactory())  # fmt: skip


def text(client, url=ROLES, **query):
    response = client.get(url, query)
    assert response.status_code == 200
    return response.content.decode()


def said(**changes):
    return {
        "role": "trainer",
        "unit": str(org_path("总厂/一车间").pk),
        "starts_on": "2026-11-20",
        "last_day": "2026-12-31",
        "exception_reason": "",
        **changes,
    }


GRANT = f"{ROLES}grant/?person=007001"


def test_find_somebody_and_grant(client, admin, worker):
    assert "李小兰（007001）" in text(client, f"{ROLES}grant/", q="小兰")
    page = text(client, GRANT)
    assert "登记现场教育" in page  # each role with what it may do
    assert 'value="administrator"' not in page
    response = client.post(GRANT, said())
    assert response.status_code == 302
    made = RoleGrant.objects.get(user=worker.user)
    assert (made.role, made.ends_before, made.granted_by) == ("trainer", dt.date(2027, 1, 1), admin)
    listed = text(client)
    assert "总厂/一车间" in listed
    assert "2026-12-31" in listed
    assert client.post(GRANT, said()).status_code == 302  # again: the same grant
    assert RoleGrant.objects.filter(user=worker.user).count() == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"unit": ""}, "errorlist"),
        ({"role": "administrator"}, "administrator"),
        ({"last_day": "2026-11-19"}, "有效至早于开始日期"),
        ({"starts_on": "某日"}, "日期"),
    ],
)
def test_a_wrong_form_grants_nothing(client, admin, worker, changes, message):
    response = client.post(GRANT, said(**changes))
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not RoleGrant.objects.filter(user=worker.user).exists()


def test_a_unit_out_of_scope_is_no_choice(client, admin, worker):
    response = client.post(GRANT, said(unit=str(org_path("别厂").pk)))
    assert response.status_code == 422
    assert not RoleGrant.objects.filter(user=worker.user).exists()


def test_nobody_grants_to_themselves(client, admin):
    response = client.post(f"{ROLES}grant/?person={admin.username}", said())
    assert response.status_code == 422
    assert "不能给自己授予角色" in response.content.decode()
    assert admin.role_grants.count() == 1


def test_roles_that_do_not_go_together_ask_for_a_reason(client, admin, worker):
    grant_role(user=worker.user, role=Role.MARKER, unit=org_path("总厂"), starts_on=TODAY, acting_user=None,
               now=NOW)  # fmt: skip
    response = client.post(GRANT, said(role="examiner"))
    assert response.status_code == 422
    assert "不相容" in response.content.decode()
    assert client.post(GRANT, said(role="examiner", exception_reason="只有一人懂")).status_code == 302
    assert "只有一人懂" in text(client)
    assert "只有一人懂" in text(client, f"{ROLES}review/")


def test_strangers_and_closed_accounts_are_not_found(client, admin):
    gone = UserFactory(is_active=False)
    for name in ("nobody", gone.username):
        assert client.get(f"{ROLES}grant/?person={name}").status_code == 404
    elsewhere = EmployeeFactory(name="王远", assigned__unit=org_path("别厂"), assigned__post=PostFactory())
    assert "没有这样的账号" in text(client, f"{ROLES}grant/", q="王远")
    # Whoever knows the account may name it: a trainer can come from another plant.
    assert elsewhere.employee_no in text(client, f"{ROLES}grant/", q=elsewhere.user.username)


def test_end_at_once_and_only_in_scope(client, admin, worker):
    inside = RoleGrantFactory(user=worker.user, unit=org_path("总厂"))
    outside = RoleGrantFactory(unit=org_path("别厂"))
    own = admin.role_grants.get()
    assert client.get(f"{ROLES}{inside.pk}/end/").status_code == 405
    assert client.post(f"{ROLES}{outside.pk}/end/").status_code == 404
    assert client.post(f"{ROLES}{own.pk}/end/").headers["Location"] == "/admin/"  # Wagtail's way to say no
    assert client.post(f"{ROLES}{inside.pk}/end/").status_code == 302
    inside.refresh_from_db()
    assert inside.ends_before == TODAY
    assert client.post(f"{ROLES}{inside.pk}/end/").status_code == 302
    own.refresh_from_db()
    assert own.ends_before is None


def test_the_list_is_searched_and_scoped(client, admin, worker):
    unit = org_path("总厂/一车间")
    RoleGrantFactory(user=worker.user, role=Role.TRAINER, unit=unit, ends_before=TODAY + dt.timedelta(9))
    RoleGrantFactory(user=UserFactory(name="赵前"), unit=unit, ends_before=TODAY - dt.timedelta(1))
    RoleGrantFactory(user=UserFactory(name="孙后"), unit=unit, starts_on=TODAY + dt.timedelta(3))
    RoleGrantFactory(user=UserFactory(name="外人"), unit=org_path("别厂"))
    names = ["李小兰", "赵前", "孙后", "外人"]

    def shown(**query):
        page = text(client, **query)
        return [name for name in names if name in page]

    assert shown() == ["李小兰"]
    assert shown(state="") == ["李小兰", "赵前", "孙后"]
    assert shown(state="soon") == ["李小兰"]
    assert shown(state="ended") == ["赵前"]
    assert shown(state="coming") == ["孙后"]
    assert shown(state="", q="007001") == ["李小兰"]
    assert shown(state="", role="trainer") == ["李小兰"]
    assert shown(state="", unit=str(unit.pk)) == ["李小兰", "赵前", "孙后"]
    assert shown(state="", unit=str(org_path("别厂").pk)) == ["李小兰", "赵前", "孙后"]


def test_the_review_names_what_to_ask(client, admin, worker):
    unit, old = org_path("总厂/二车间"), dt.date(2026, 1, 1)
    ends = TODAY + dt.timedelta(200)
    RoleGrantFactory(user=worker.user, unit=unit, starts_on=old, ends_before=ends)  # works elsewhere, unused
    fresh = UserFactory(name="钱新", last_login=NOW)
    RoleGrantFactory(user=fresh, unit=unit, starts_on=old, ends_before=ends)  # nothing to ask
    gone = UserFactory(name="周去", is_active=False, last_login=NOW)
    RoleGrantFactory(user=gone, unit=unit, starts_on=TODAY, ends_before=ends)
    page = text(client, f"{ROLES}review/")
    assert "本人已在“一车间”" in page
    assert "90 天没有登录" in page
    assert "账号已停用或人员已离职" in page
    assert "没有结束日期" in page  # the administrator's own
    assert "钱新" not in page
    response = client.get(f"{ROLES}review/export/")
    sheet = load_workbook(io.BytesIO(response.content)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[-1][0].startswith("管理员")  # who exported, and when
    assert {row[0] for row in rows[1:-1] if row[0]} == {"管理员", "李小兰", "钱新", "周去"}


def test_the_review_costs_the_same_for_one_and_three(client, admin):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            text(client, f"{ROLES}review/")
        return len(seen)

    def add():
        person = EmployeeFactory(assigned__unit=org_path("总厂"), assigned__post=PostFactory())
        RoleGrantFactory(user=person.user, unit=org_path("总厂"))

    add()
    text(client, f"{ROLES}review/")
    one = queries()
    add()
    add()
    assert queries() == one


def test_what_was_done_is_shown_in_scope(client, admin, worker):
    client.post(GRANT, said())
    client.post(f"{ROLES}{worker.user.role_grants.get().pk}/end/")
    grant_role(user=UserFactory(name="外人"), role=Role.TRAINER, unit=org_path("别厂"), starts_on=TODAY,
               acting_user=None, now=NOW)  # fmt: skip
    page = text(client, f"{ROLES}changes/")
    assert page.count("007001") >= 2
    assert "收回" in page
    assert "外人" not in page
    assert "李小兰" not in text(client, f"{ROLES}changes/", user=admin.username)


def test_an_auditor_looks_and_does_nothing(client, worker):
    client.force_login(holder(Role.AUDITOR))
    held = RoleGrantFactory(user=worker.user, unit=org_path("总厂"))
    page = text(client)
    assert "李小兰" in page
    assert "收回" not in page
    for url in (f"{ROLES}grant/", GRANT, f"{ROLES}{held.pk}/end/"):
        assert client.post(url, said()).headers["Location"] == "/admin/"
    assert RoleGrant.objects.filter(user=worker.user).count() == 1


def test_everybody_in_the_office_sees_their_own_roles(client):
    user = holder(Role.TRAINER)
    client.force_login(user)
    page = text(client, "/admin/account/")
    assert "培训教员" in page
    assert "登记现场教育" in page
    sent = {"name_email-name": "新名", "name_email-email": "", "avatar-avatar": ""}
    assert client.post("/admin/account/", sent).status_code in (200, 302)
    assert User.objects.get(pk=user.pk).role_grants.count() == 1
