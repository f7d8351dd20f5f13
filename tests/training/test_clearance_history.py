"""The page that tells HR and inspectors whether somebody was cleared on a past day, and what the gate said."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from people.actions.roles import grant_role
from tests.factories.people import AssignmentFactory, EmployeeFactory, UserFactory, org_path
from tests.factories.training import ObligationFactory, at
from tests.training.test_known_clearance import make_welder, refresh, renew

pytestmark = pytest.mark.django_db
NOW = at("2026-03-25", "15:30")


@pytest.fixture(autouse=True)
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def welder():
    """A welder whose licence ran out on 10 March, and was entered anew on the 20th."""
    person = make_welder()
    refresh(person, day="2026-03-01")
    refresh(person, day="2026-03-11")
    renew(person, "2029-03-10", day="2026-03-20")
    return person


def look(client, role="auditor", unit="总厂"):
    user = UserFactory()
    grant_role(user=user, role=role, unit=org_path(unit), starts_on=NOW.date(), acting_user=None, now=NOW)
    client.force_login(user)


def address(person):
    return f"/admin/training/clearance/{person.public_id}/"


def page(client, person, **asked):
    response = client.get(address(person), asked)
    assert response.status_code == 200
    return response


def test_what_the_gate_said_on_12_march_at_ten(client, welder):
    look(client)
    response = page(client, welder, on="2026-03-12", clock="10:00")
    assert response.context["said"] == [
        "2026-03-12 10:00 门禁和扫码得到的回答：不可上岗。",
        "这一回答自 2026-03-11 00:10 起给出，到 2026-03-20 09:00 换成另一回答。",
        "依据是当时已经登记的事实；以后的补登和更正不改变当时的回答。",
    ]
    assert "证件已过期：熔化焊接与热切割作业（有效期至 2026-03-10）" in response.content.decode()
    assert page(client, welder, on="2026-03-10", clock="10:00").context["answer"].is_cleared


def test_without_a_moment_it_answers_of_now(client, welder):
    look(client, "team_leader")
    response = page(client, welder)
    assert response.context["said"][:2] == [
        "2026-03-25 15:30 门禁和扫码得到的回答：可以上岗。",
        "这一回答自 2026-03-20 09:00 起给出，至今未变。",
    ]
    assert 'value="15:30"' in response.content.decode()


def test_the_minute_that_is_running_means_now(client, welder):
    look(client)
    with time_machine.travel(at("2026-03-25", "15:31:40"), tick=False):
        welder.licences.all().delete()
        refresh(welder, day="2026-03-25", time="15:31:20")
        response = page(client, welder, on="2026-03-25", clock="15:31")
        assert response.context["answer"].is_cleared is False


def test_before_the_first_answer_it_says_since_when_there_is_one(client, welder):
    look(client)
    assert page(client, welder, on="2026-02-01", clock="08:00").context["said"] == [
        "2026-02-01 08:00 没有留存的回答：当时系统还没有核定过此人能否上岗。",
        "最早留存的回答始于 2026-03-01 00:10。",
    ]
    never = EmployeeFactory()
    AssignmentFactory(employee=never, unit=org_path("总厂"), starts_on=dt.date(2026, 1, 1))
    response = page(client, never)
    assert len(response.context["said"]) == 1
    assert "还没有核定过能否上岗。" in response.content.decode()


def test_an_answer_that_had_run_out_says_so(client):
    person = make_welder()
    refresh(person, day="2026-03-01")
    refresh(person, day="2026-03-14")
    look(client)
    said = page(client, person, on="2026-03-12", clock="10:00").context["said"]
    assert said[0].endswith("可以上岗。")
    assert "夜间核定还没有做完" in said[2]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"on": "2026-03-25", "clock": "15:31"}, "这一刻还没有到"),
        ({"on": "", "clock": "10:00"}, "日期："),
        ({"on": "2026-03-12", "clock": "25:00"}, "时间："),
    ],
)
def test_a_moment_that_cannot_be_is_refused_and_nothing_is_said(client, welder, asked, message):
    look(client)
    response = page(client, welder, **asked)
    assert message in response.content.decode()
    assert "said" not in response.context


def test_it_is_of_those_who_answer_for_the_person(client, welder):
    for role, unit in (("auditor", "别厂"), ("team_leader", "别厂")):
        look(client, role, unit)
        assert client.get(address(welder)).status_code == 404
    look(client, "examiner")
    assert client.get(address(welder)).status_code in (302, 403)
    client.force_login(welder.user)
    assert client.get(address(welder)).status_code in (302, 403, 404)


def test_long_histories_have_pages_and_as_many_queries_as_short_ones(client, welder):
    look(client)

    def queries():
        with CaptureQueriesContext(connection) as found:
            response = page(client, welder, on="2026-03-02", clock="10:00")
        return len(found), response

    queries()
    few, _response = queries()
    owed = ObligationFactory(employee=welder)
    for minute in range(59):
        owed.state, owed.closed_at = ("open", None) if minute % 2 == 0 else ("done", NOW)
        owed.save()
        refresh(welder, day="2026-03-25", time=f"10:{minute:02}")
    many, response = queries()
    assert many == few
    assert response.context["page"].paginator.num_pages == 2
    text = client.get(f"/admin/people/{welder.public_id}/").content.decode()
    assert "全部变化" in text
    assert page(client, welder, p=2).context["page"].number == 2


def test_the_employee_page_shows_the_changes_and_asks_of_a_moment(client, welder):
    look(client)
    text = client.get(f"/admin/people/{welder.public_id}/").content.decode()
    assert "2026-03-11 00:10" in text
    assert f'action="{address(welder)}"' in text
