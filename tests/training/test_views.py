"""The back office: what it shows, to whom, and what it does."""

import datetime as dt
import io

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from people.models import Role
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory, UserFactory, org_path
from tests.factories.training import (
    LicenceFactory,
    LicenceTypeFactory,
    ObligationFactory,
    ProgrammeFactory,
    TrainingRuleFactory,
    at,
    make_record,
)
from training.actions.clearance import refresh_clearance
from training.models import Licence, Obligation, Programme, TrainingRecord

pytestmark = pytest.mark.django_db
PAGES = ["coverage", "coverage-people", "obligations", "ledger", "programmes", "licences"]


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(at("2026-03-05"), tick=False):
        yield


def sign_in(client, user):
    user.user_permissions.add(Permission.objects.get(codename="access_admin"))
    client.force_login(user)
    return user


@pytest.fixture
def unit():
    return org_path("总厂/一车间/甲班")


@pytest.fixture
def officer(client, unit):
    return sign_in(client, RoleGrantFactory(role=Role.SAFETY_OFFICER, unit=unit).user)


@pytest.fixture
def rule():
    return TrainingRuleFactory(programme=ProgrammeFactory(title="三级教育", on_site=[8, 8]))


def owing(unit, rule, name="张伟", **fields):
    return ObligationFactory(
        rule=rule,
        employee=EmployeeFactory(name=name, assigned__unit=unit, assigned__starts_on=dt.date(2026, 3, 2)),
        **fields,
    )


def url(name, *args):
    return reverse(f"training_office:{name}", args=args)


@pytest.mark.parametrize("page", PAGES)
def test_page_shows_the_scope_and_nothing_else(client, officer, unit, rule, page):
    mine = owing(unit, rule, name="张伟")
    foreign = owing(org_path("分厂"), rule, name="赵外人")
    for obligation in (mine, foreign):
        make_record(obligation.employee, title=f"{obligation.employee.name}的记录")
        LicenceFactory(employee=obligation.employee)
    response = client.get(url(page))

    assert response.status_code == 200
    text = response.content.decode()
    assert "赵外人" not in text
    assert "分厂" not in text
    if page in {"coverage-people", "obligations", "ledger", "licences"}:
        assert "张伟" in text


@pytest.mark.parametrize("page", [*PAGES, "coverage-export", "ledger-export", "on-site", "licence-add"])
def test_page_is_closed_to_those_without_a_role(client, page):
    sign_in(client, UserFactory())

    response = client.get(url(page))

    assert (response.status_code, response.headers.get("Location")) == (302, reverse("wagtailadmin_home"))


@pytest.mark.parametrize("page", [*PAGES, "on-site"])
def test_statements_do_not_grow_with_rows(client, officer, unit, rule, page):
    owing(unit, rule)
    client.get(url(page))
    with CaptureQueriesContext(connection) as one:
        client.get(url(page))
    for _ in range(2):
        obligation = owing(unit, rule)
        make_record(obligation.employee)
        LicenceFactory(employee=obligation.employee)
    make_record(Obligation.objects.first().employee)
    LicenceFactory(employee=Obligation.objects.first().employee)
    with CaptureQueriesContext(connection) as three:
        client.get(url(page))
    assert len(three) <= len(one) + 2  # prefetches that had nothing to fetch before


def test_coverage_shows_figures_levels_and_a_row_per_unit(client, officer, unit, rule):
    owing(unit, rule, state="done", closed_at=at("2026-03-04"))
    late = owing(unit, rule, due_on=dt.date(2026, 3, 4))
    refresh_clearance(employee_ids=[late.employee_id], now=at("2026-03-05"))

    response = client.get(url("coverage"))

    text = response.content.decode()
    assert "50.0%" in text
    assert response.context["total"].overdue == 1
    assert response.context["total"].blocked == 1
    assert [line.row.name for line in response.context["lines"]] == ["甲班"]
    assert "严重落后" in text


def test_coverage_is_asked_for_a_past_day_and_a_kind(client, officer, unit, rule):
    owing(unit, rule, state="done", closed_at=at("2026-03-04"))

    before = client.get(url("coverage"), {"on": "2026-03-03", "kind": "pre_job", "unit": unit.pk})
    other = client.get(url("coverage"), {"kind": "annual"})

    assert (before.context["total"].owed, before.context["total"].done) == (1, 0)
    assert other.context["total"].owed == 0


def test_coverage_refuses_days_to_come_and_foreign_units(client, officer):
    response = client.get(url("coverage"), {"on": "2026-03-06"})
    assert response.status_code == 422
    assert "截至日期不能晚于今天" in response.content.decode()
    assert client.get(url("coverage-export"), {"on": "2026-03-06"}).status_code == 404
    for page in ("coverage", "coverage-people", "coverage-export"):
        assert client.get(url(page), {"unit": OrgUnitFactory().pk}).status_code == 404


def test_large_tree_is_shown_down_to_two_levels(client, rule, monkeypatch):
    monkeypatch.setattr("training.views.coverage.ROWS_SHOWN", 3)
    org_path("总厂/一车间/甲班/一组")
    sign_in(client, UserFactory(superuser=True))

    lines = client.get(url("coverage")).context["lines"]

    assert [line.row.name for line in lines] == ["总厂", "一车间", "甲班"]


def test_people_are_listed_by_state(client, officer, unit, rule):
    owing(unit, rule, name="甲完成", state="done", closed_at=at("2026-03-04"))
    owing(unit, rule, name="乙逾期", due_on=dt.date(2026, 3, 4))
    blocked = owing(unit, rule, name="丙未完")
    refresh_clearance(employee_ids=[blocked.employee_id], now=at("2026-03-05"))

    def names(state):
        return [
            row.name for row, _, _ in client.get(url("coverage-people"), {"state": state}).context["rows"]
        ]

    assert names("done") == ["甲完成"]
    assert names("overdue") == ["乙逾期"]
    assert names("open") == ["丙未完"]
    assert names("blocked") == ["丙未完"]
    assert len(names("")) == 3


def test_coverage_is_exported(client, officer, unit, rule):
    owing(unit, rule)
    response = client.get(url("coverage-export"), {"unit": unit.pk, "on": "2026-03-04"})

    assert "filename*=utf-8''" in response["Content-Disposition"]
    book = load_workbook(io.BytesIO(response.content))
    assert book.sheetnames == ["覆盖率", "名单", "说明"]
    assert book["名单"]["B2"].value == "张伟"


def form_data(*obligations, **changes):
    return {
        "people": [str(obligation.public_id) for obligation in obligations],
        "held_on": "2026-03-04",
        "starts_at": "08:00",
        "ends_at": "16:00",
        "hours": "8",
        "place": "培训室",
        "trainer_name": "周师傅",
        **changes,
    }


def test_on_site_training_is_recorded_from_list_to_ledger(client, officer, unit, rule):
    first, second = owing(unit, rule, name="张伟"), owing(unit, rule, name="李娜")
    owing(org_path("分厂"), rule, name="赵外人")
    component = rule.programme.components.first()
    listed = client.get(url("on-site"))
    assert [(group.component, len(group.entries)) for group in listed.context["groups"]] == [(component, 2)]
    form = client.get(url("on-site-record", component.pk)).content.decode()
    assert "张伟" in form
    assert "赵外人" not in form

    response = client.post(url("on-site-record", component.pk), form_data(first, second), follow=True)

    assert "已登记 2 人，记入培训台账第 1 至 2 号。" in response.content.decode()
    assert set(TrainingRecord.objects.values_list("recorded_by", "started_at")) == {
        (officer.pk, at("2026-03-04", "08:00"))
    }


def test_refused_on_site_training_says_why_and_keeps_what_was_typed(client, officer, unit, rule):
    first = owing(unit, rule)
    component = rule.programme.components.first()

    response = client.post(url("on-site-record", component.pk), form_data(first, ends_at="10:00"))
    assert response.status_code == 422
    text = response.content.decode()
    assert "登记的时段只有 120 分钟" in text
    assert "周师傅" in text
    assert "checked" in text
    nobody = client.post(url("on-site-record", component.pk), form_data())
    assert "没有选择人员" in nobody.content.decode()
    assert TrainingRecord.objects.count() == 0


def test_on_site_training_of_people_out_of_scope_is_not_found(client, officer, unit, rule):
    foreign = owing(org_path("分厂"), rule)
    component = rule.programme.components.first()
    assert client.get(url("on-site-record", component.pk)).status_code == 404

    owing(unit, rule)
    response = client.post(url("on-site-record", component.pk), form_data(foreign))
    assert "名单已变化" in response.content.decode()
    assert TrainingRecord.objects.count() == 0


def test_team_leader_sees_but_does_not_record(client, unit, rule):
    sign_in(client, RoleGrantFactory(role=Role.TEAM_LEADER, unit=unit).user)
    owing(unit, rule)

    assert client.get(url("coverage")).status_code == 200
    component = rule.programme.components.first()
    assert client.post(url("on-site-record", component.pk), form_data()).status_code == 302
    assert client.post(url("templates")).status_code == 302
    assert (TrainingRecord.objects.count(), Programme.objects.count()) == (0, 1)


def test_ledger_is_filtered_and_exported(client, officer, unit):
    employee = EmployeeFactory(name="张伟", assigned__unit=unit)
    make_record(employee, title="厂级教育")
    make_record(employee, title="旧教育", started_at=at("2026-01-02"), completed_at=at("2026-01-02", "23:59"))

    def titles(**query):
        return {record.title for record in client.get(url("ledger"), query).context["page"]}

    assert titles() == {"厂级教育", "旧教育"}
    assert titles(q="厂级") == {"厂级教育"}
    assert titles(q=employee.employee_no, since="2026-03-02") == {"厂级教育"}
    assert titles(until="2026-01-02") == {"旧教育"}
    assert titles(until="2026-01-01") == set()
    assert titles(kind="programme") == set()
    response = client.get(url("ledger-export"), {"q": "旧"})
    rows = list(
        load_workbook(io.BytesIO(response.content)).active.iter_rows(min_row=3, max_row=3, values_only=True)
    )
    assert [row[4] for row in rows] == ["旧教育"]


def test_obligations_are_filtered_and_inspected(client, officer, unit, rule):
    late = owing(unit, rule, name="张伟", due_on=dt.date(2026, 3, 4))
    owing(unit, rule, name="李娜", state="done", closed_at=at("2026-03-04"))
    foreign = owing(org_path("分厂"), rule)

    def names(**query):
        return [item.employee.name for item in client.get(url("obligations"), query).context["page"]]

    assert names(state="late") == ["张伟"]
    assert names(state="done") == ["李娜"]
    assert names(q="李") == ["李娜"]
    assert names(kind="pre_job", state="open") == ["张伟"]
    assert names(kind="annual") == []
    page = client.get(url("obligation", late.public_id)).content.decode()
    assert "条文待核对原文" in page
    assert "厂级安全教育" in page
    assert client.get(url("obligation", foreign.public_id)).status_code == 404


def test_templates_are_loaded_by_a_button(client):
    sign_in(client, UserFactory(superuser=True))
    response = client.post(url("templates"), follow=True)

    text = response.content.decode()
    assert Programme.objects.filter(code="three-level-72").exists()
    assert "高危单位新上岗三级安全教育（72 学时）" in text
    assert "条文待核对原文" in text


def licence_data(employee, **changes):
    return {
        "employee_no": employee.employee_no,
        "licence_type": LicenceTypeFactory().pk,
        "number": "T001",
        "issuer": "应急管理局",
        "valid_from": "2024-01-01",
        "valid_until": "2030-01-01",
        "review_due_on": "",
        **changes,
    }


def test_licence_is_registered_and_corrected(client, officer, unit):
    employee = EmployeeFactory(assigned__unit=unit)
    assert client.post(url("licence-add"), licence_data(employee)).status_code == 302
    licence = Licence.objects.get()
    assert "T001" in client.get(url("licence-edit", licence.pk)).content.decode()
    client.post(url("licence-edit", licence.pk), licence_data(employee, number="T002"))

    licence.refresh_from_db()
    assert (licence.number, licence.employee, licence.issuer) == ("T002", employee, "应急管理局")


def test_licence_of_someone_out_of_scope_or_impossible_is_refused(client, officer, unit):
    foreign = LicenceFactory()
    employee = EmployeeFactory(assigned__unit=unit)
    assert client.get(url("licence-edit", foreign.pk)).status_code == 404
    response = client.post(url("licence-add"), licence_data(foreign.employee))
    assert response.status_code == 422
    assert "没有工号为" in response.content.decode()
    response = client.post(url("licence-add"), licence_data(employee, valid_until="2023-01-01"))
    assert "早于开始日" in response.content.decode()
    assert Licence.objects.count() == 1


def test_menu_shows_what_a_role_may_open(client, unit):
    sign_in(client, RoleGrantFactory(role=Role.TEAM_LEADER, unit=unit).user)
    text = client.get(reverse("wagtailadmin_home")).content.decode()

    assert url("coverage") in text
    assert url("on-site") not in text
