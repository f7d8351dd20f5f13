"""Who was in workshop 3 on 31 March, and who was believed to be there."""

import datetime as dt
import io

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from people.actions.employment import hire, transfer
from people.actions.roles import grant_role
from people.actions.unit_changes import move_unit
from people.queries import people_under
from tests.factories.people import PostFactory, UserFactory, org_path

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_frozen")]
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
MARCH_31, APRIL_2 = dt.date(2026, 3, 31), dt.date(2026, 4, 2)


@pytest.fixture
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


def at(day):
    return dt.datetime.combine(day, dt.time(2, 0), tzinfo=dt.UTC)


@pytest.fixture
def third():
    """Workshop 3 with 张三, hired in January; HR learnt in May that he had gone elsewhere on 20 March."""
    unit, post = org_path("总厂/三车间"), PostFactory(name="车工")
    january = dt.date(2026, 1, 5)
    for number, name in (("1", "张三"), ("2", "李四")):
        who = hire(employee_no=number, name=name, unit=unit, post=post, hired_on=january,
                   acting_user=None, now=at(january))  # fmt: skip
        if name == "张三":
            gone = who
    transfer(
        employee=gone,
        unit=org_path("总厂/四车间"),
        post=post,
        effective_on=dt.date(2026, 3, 20),
        acting_user=None,
        now=at(dt.date(2026, 5, 4)),
    )
    return unit


def viewer(client, unit="总厂", role="auditor"):
    user = UserFactory()
    grant_role(user=user, role=role, unit=org_path(unit), starts_on=NOW.date(), acting_user=None, now=NOW)
    client.force_login(user)


def page(client, unit, **asked):
    response = client.get(f"/admin/people/units/{unit.pk}/stays/", asked)
    assert response.status_code == 200
    return response


def test_as_known_today_and_as_known_then(client, third):
    viewer(client)
    now_known = page(client, third, on=MARCH_31).content.decode()
    assert "李四" in now_known
    assert "张三" not in now_known
    assert "按现在登记的，2026-03-31 有 1 条任职。" in now_known
    then = page(client, third, on=MARCH_31, known=APRIL_2).content.decode()
    assert "张三" in then
    assert "按 2026-04-02 当时登记的，2026-03-31 有 2 条任职。" in then
    assert "有 2 条" in page(client, third, on="2026-03-19").content.decode()
    assert "有 0 条" in page(client, third, on=MARCH_31, known="2026-01-04").content.decode()


def test_days_that_are_none_mean_today(client, third):
    viewer(client)
    text = page(client, third, on="31.3.2026", known="2099-01-01").content.decode()
    assert "按现在登记的，2026-11-20 有 1 条任职。" in text


def test_who_stands_elsewhere_now_is_counted_and_not_named(client, third):
    viewer(client, "总厂/三车间", "team_leader")
    text = page(client, third, on=MARCH_31, known=APRIL_2).content.decode()
    assert "李四" in text
    assert "张三" not in text
    assert "另有 1 条属于现在不归您管理的人" in text
    assert client.get(f"/admin/people/units/{org_path('总厂/四车间').pk}/stays/").status_code == 404


def test_workbook_says_what_was_asked(client, third):
    viewer(client)
    answer = page(client, third, on=MARCH_31, known=APRIL_2, export="1")
    values = [
        cell
        for row in load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True)
        for cell in row
    ]
    assert "按 2026-04-02 当时登记的，2026-03-31 有 2 条任职。" in values
    assert {"张三", "李四", "总厂/三车间"} <= set(values)


def test_more_people_take_no_more_statements(client, third):
    viewer(client)
    counts = []
    for number in range(3, 9):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            page(client, third, on=MARCH_31)
        counts.append(len(asked))
        hire(employee_no=str(number), name="王五", unit=third, post=PostFactory(), hired_on=dt.date(2026, 1, 5),
             acting_user=None, now=NOW)  # fmt: skip
    assert counts[-1] <= counts[1]


def test_a_firms_people_are_in_it_wherever_they_work(client, third):
    firm = org_path("远航派遣")
    hire(employee_no="3", name="王五", unit=third, post=PostFactory(), hired_on=dt.date(2026, 1, 5),
         employment_type="dispatched", employer=firm, acting_user=None, now=at(dt.date(2026, 1, 5)))  # fmt: skip
    viewer(client, "远航派遣")
    for day in (MARCH_31, NOW.date()):
        assert "王五" in page(client, firm, on=day).content.decode()
    viewer(client)
    assert "王五" in page(client, third, on=MARCH_31).content.decode()


def test_a_branch_counts_where_it_hung_that_day(client, third):
    """The list of a day names whom the tree of that day counts."""
    team, post = org_path("总厂/三车间/甲班"), PostFactory()
    hire(employee_no="3", name="王五", unit=team, post=post, hired_on=dt.date(2026, 1, 5),
         acting_user=None, now=at(dt.date(2026, 1, 5)))  # fmt: skip
    fourth = org_path("总厂/四车间")
    move_unit(unit=team, parent=fourth, effective_on=dt.date(2026, 6, 1), acting_user=None, now=NOW)
    viewer(client)
    third.refresh_from_db()
    fourth.refresh_from_db()
    for day, inside in ((MARCH_31, third), (dt.date(2026, 6, 1), fourth)):
        outside = fourth if inside == third else third
        assert "王五" in page(client, inside, on=day).content.decode()
        assert "王五" not in page(client, outside, on=day).content.decode()
        assert people_under(inside, day) == page(client, inside, on=day).context["page"].paginator.count
