"""HR's forms for what happens to one person."""

import datetime as dt
import re

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from people.actions.employment import leave, second, transfer
from people.actions.roles import grant_role
from people.models import Employee, EmploymentEvent, UnitKind
from people.queries.accounts import account_named
from tests.factories.people import EmployeeFactory, OrgUnitFactory, PostFactory, UserFactory, org_path
from tests.factories.training import TrainingRuleFactory
from training.models import Obligation, Trigger

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_frozen")]
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 20)
SYSTEM = {"acting_user": None, "now": NOW}


@pytest.fixture
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


def with_role(unit="总厂", role="hr_officer"):
    user = UserFactory()
    grant_role(user=user, role=role, unit=org_path(unit), starts_on=TODAY, acting_user=None, now=NOW)
    return user


@pytest.fixture
def hr(client):
    user = with_role()
    client.force_login(user)
    return user


@pytest.fixture
def employee():
    org_path("总厂/二车间/甲班")
    PostFactory(name="电工")
    return EmployeeFactory(name="张三", assigned__unit=org_path("总厂/一车间"), assigned__post__name="车工")


def form_of(employee, kind):
    return f"/admin/people/{employee.public_id}/change/{kind}/"


def correction_of(event):
    return f"/admin/people/events/{event.pk}/correct/"


def send(client, url, **data):
    """Fill in the form, look at what would follow, confirm; return the last answer and what was shown."""
    response = client.post(url, data)
    text = response.content.decode()
    seen = re.search(r'name="seen" value="(\w+)"', text)
    if seen is None:
        return response, text
    before = EmploymentEvent.objects.count()
    response = client.post(url, {**data, "seen": seen[1]})
    assert response.status_code == 302, response.content.decode()
    assert EmploymentEvent.objects.count() > before
    return response, text


MOVE = {"effective_on": "2026-12-01", "unit": "二车间/甲班", "post": "电工"}
FORMS = [
    ("transfer", MOVE, "transferred"),
    ("second", {**MOVE, "ends_before": "2027-01-01"}, "seconded"),
    ("leave-post", {"effective_on": "2026-11-20"}, "left_post"),
    ("leave", {"effective_on": "2026-11-20"}, "left"),
    ("terms", {"effective_on": "2026-11-20", "employment_type": "intern"}, "terms_changed"),
]


@pytest.mark.usefixtures("hr")
@pytest.mark.parametrize(("kind", "data", "event"), FORMS)
def test_each_form_shows_what_follows_then_records(client, employee, kind, data, event):
    page = client.get(f"/admin/people/{employee.public_id}/").content.decode()
    assert form_of(employee, kind) in page
    assert client.get(form_of(employee, kind)).status_code == 200
    response, _ = send(client, form_of(employee, kind), **data)
    assert response.headers["Location"] == f"/admin/people/{employee.public_id}/"
    assert employee.events.filter(kind=event).exists()


@pytest.mark.usefixtures("hr")
def test_looking_saves_nothing_and_names_the_training(client, employee):
    TrainingRuleFactory(trigger=Trigger.TRANSFERRED, programme__title="转岗培训", due_days=7)
    response = client.post(form_of(employee, "transfer"), MOVE)
    text = response.content.decode()
    assert "将有 1 项培训任务：“转岗培训”（截止 2026-12-08）。" in text
    assert "2026-12-01 起自动生效" in text
    assert not EmploymentEvent.objects.exists()
    assert not Obligation.objects.exists()
    changed = client.post(form_of(employee, "transfer"), {**MOVE, "effective_on": "2026-12-02", "seen":
                          re.search(r'name="seen" value="(\w+)"', text)[1]})  # fmt: skip
    assert "截止 2026-12-09" in changed.content.decode(), "what was changed since is shown again first"
    assert not EmploymentEvent.objects.exists()
    send(client, form_of(employee, "transfer"), **MOVE)
    assert Obligation.objects.get().due_on == dt.date(2026, 12, 8)


@pytest.mark.usefixtures("hr")
@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        ("transfer", {**MOVE, "unit": "九车间"}, "没有部门“九车间”"),
        ("transfer", {**MOVE, "post": "电"}, "没有岗位“电”"),
        ("transfer", {**MOVE, "effective_on": "2020-01-01"}, "2020-01-01 时此人还没有入职，请核对日期"),
        ("return", {**MOVE, "effective_on": "2026-11-20"}, "此人在 2026-11-20 没有离岗"),
        ("second", {**MOVE, "ends_before": "2026-12-01"}, "借调的结束日期必须晚于开始日期 2026-12-01"),
        ("terms", {"effective_on": "2026-11-20", "employment_type": "dispatched"}, "请选用人单位"),
        ("transfer", {**MOVE, "unit": "外厂"}, "您无权管理“外厂”的人员"),
        (
            "end-secondment",
            {"ends_before": "2026-12-01", "reason": "提前"},
            "此人没有正在进行或将要开始的借调",
        ),
    ],
)
def test_errors_say_what_is_wrong_and_what_to_do(client, employee, kind, data, message):
    org_path("外厂")
    response = client.post(form_of(employee, kind), data)
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not EmploymentEvent.objects.exists()


@pytest.mark.usefixtures("hr")
def test_hiring_one_person(client):
    org_path("总厂/一车间")
    PostFactory(name="车工")
    firm = OrgUnitFactory(name="远航派遣", kind=UnitKind.DISPATCH_FIRM)
    data = {
        "employee_no": "００７",
        "name": " 李 四　",
        "effective_on": "2026-11-20",
        "unit": "一车间",
        "post": "车工",
        "employment_type": "dispatched",
        "employer": firm.pk,
        "id_number": "11010519491231002x",
    }
    assert "登记一人入职" in client.get("/admin/people/").content.decode()
    assert client.get("/admin/people/new/").status_code == 200
    wrong = client.post("/admin/people/new/", {**data, "id_number": "110105194912310021"})
    assert "身份证号不对" in wrong.content.decode()
    for field, typed in (("phone", "1380000"), ("employee_no", "0 07/8"), ("name", "李" * 61)):
        refused = client.post("/admin/people/new/", {**data, field: typed})
        assert list(refused.context["form"].errors) == [field]
    send(client, "/admin/people/new/", **data, phone="+86 １３８-0000 0007")
    person = Employee.objects.get(employee_no="007")
    # As lists write it: people sign in by it.
    assert (person.phone, account_named("13800000007")) == ("13800000007", person.user)
    assert (person.name, person.employer, person.assignments.get().employer) == ("李四", firm, firm)
    again = client.post("/admin/people/new/", data)
    assert "工号 007 已有人使用" in again.content.decode()
    other = client.post("/admin/people/new/", {**data, "employee_no": "008"})
    assert "这个身份证号已登记在工号 007 名下" in other.content.decode()


@pytest.mark.usefixtures("hr")
def test_coming_back_and_being_hired_again(client, employee):
    send(client, form_of(employee, "leave-post"), effective_on="2026-11-01")
    page = client.get(form_of(employee, "return")).content.decode()
    assert 'value="总厂/一车间"' in page
    send(client, form_of(employee, "return"), effective_on="2026-11-20", unit="总厂/一车间", post="车工")
    send(client, form_of(employee, "leave"), effective_on="2026-11-20")
    page = client.get(f"/admin/people/{employee.public_id}/").content.decode()
    assert form_of(employee, "rehire") in page
    assert form_of(employee, "transfer") not in page
    send(client, form_of(employee, "rehire"), **{**MOVE, "employment_type": "own"})
    assert employee.events.count() == 4


@pytest.mark.usefixtures("hr")
def test_the_end_of_a_secondment_is_moved(client, employee):
    second(employee=employee, unit=org_path("总厂/二车间"), post=PostFactory(), starts_on=TODAY,
           ends_before=dt.date(2026, 12, 31), **SYSTEM)  # fmt: skip
    assert form_of(employee, "end-secondment") in client.get(
        f"/admin/people/{employee.public_id}/"
    ).content.decode()  # fmt: skip
    send(client, form_of(employee, "end-secondment"), ends_before="2026-12-01", reason="提前完成")
    assert employee.assignments.get(kind="secondment").ends_before == dt.date(2026, 12, 1)


@pytest.mark.usefixtures("hr")
def test_correcting_and_taking_back(client, employee):
    event = transfer(employee=employee, unit=org_path("总厂/二车间"), post=PostFactory(name="焊工"),
                     effective_on=dt.date(2026, 11, 2), **SYSTEM)  # fmt: skip
    page = client.get(correction_of(event)).content.decode()
    assert 'value="2026-11-02"' in page
    assert 'value="总厂/二车间"' in page
    data = {"effective_on": "2026-11-02", "unit": "总厂/二车间", "post": "焊工"}
    same = client.post(correction_of(event), {**data, "reason": "核对"})
    assert "没有改动" in same.content.decode()
    assert client.post(correction_of(event), data).status_code == 422
    send(client, correction_of(event), **{**data, "effective_on": "2026-11-09", "reason": "调令"})
    fixed = EmploymentEvent.objects.get(corrects=event)
    page = client.get(f"/admin/people/{employee.public_id}/").content.decode()
    assert correction_of(fixed) in page
    assert correction_of(event) not in page
    assert "调令" in page
    send(client, correction_of(fixed), **data, reason="误录", withdraw="on")
    assert employee.assignments.get().unit.name == "一车间"
    assert "已撤回" in client.get(f"/admin/people/{employee.public_id}/").content.decode()


def test_nobody_else_gets_there(client, employee):
    event = leave(employee=employee, left_on=TODAY, **SYSTEM)
    urls = [form_of(employee, "rehire"), correction_of(event)]
    for user, expected in (
        (with_role("总厂/二车间"), 404),
        # The back office sends those without the capability to its start page.
        (with_role("总厂", "safety_officer"), 302),
        (with_role("总厂", "auditor"), 302),
    ):
        client.force_login(user)
        for url in urls:
            assert client.get(url).status_code == expected
            assert client.post(url, {"reason": "x"}).status_code == expected
    client.force_login(with_role("总厂", "auditor"))
    page = client.get(f"/admin/people/{employee.public_id}/").content.decode()
    assert form_of(employee, "rehire") not in page
    assert correction_of(event) not in page
    assert client.get("/admin/people/new/").headers["Location"] == "/admin/"
    client.force_login(with_role())
    assert client.get(form_of(employee, "nonsense")).status_code == 404


@pytest.mark.usefixtures("hr")
def test_the_person_page_takes_the_same_queries_whatever_the_history(client, employee):
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/admin/people/{employee.public_id}/").status_code == 200
        return len(queries)

    posts = [PostFactory(), PostFactory()]
    transfer(employee=employee, unit=org_path("总厂/二车间"), post=posts[0], effective_on=TODAY, **SYSTEM)
    first = count()
    for number in range(3):
        day = TODAY + dt.timedelta(number)
        transfer(employee=employee, unit=org_path("总厂/一车间"), post=posts[number % 2],
                 effective_on=day, **SYSTEM)  # fmt: skip
    assert count() <= first
