"""The employee page: panels by capability, a bounded number of queries, a long history, the drawing of years."""

import datetime as dt
import re

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from access.actions.badges import issue_badges
from certificates.models import Certificate, CertificateTemplate
from common.signing import encrypt_text
from people.actions.roles import grant_role
from people.models import AssignmentKind, Employee
from people.panels import PanelRequest, registered_panels
from people.permissions import Capability, capabilities_over
from people.queries import capabilities_for, employees_for, with_last_place
from people.queries.timeline import MAX_TICKS, timeline
from tests.factories.people import (
    AssignmentFactory,
    EmployeeFactory,
    PostFactory,
    RoleGrantFactory,
    UserFactory,
    org_path,
)
from tests.factories.training import (
    EmploymentEventFactory,
    ExamFactory,
    LicenceFactory,
    ObligationFactory,
    ProgrammeFactory,
    TrainingRuleFactory,
    grade_attempt,
    make_record,
)
from training.models import Component

NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 20)
LATER = dt.date(2026, 12, 20)
ID = "11010519491231002X"
# Panels ask 24, particulars and access 10; the rest is the frame's menu, an entry of which asks where one may.
PANEL_QUERIES, MOST = 26, 92
ALL = {
    "clearance",
    "told",
    "places",
    "obligations",
    "hours",
    "badge",
    "records",
    "cards",
    "licences",
    "certificates",
    "exams",
    "study",
    "account",
    "roles",
}
OFFICE = {"places"}
TRAINING = {"clearance", "told", "obligations", "hours", "records", "cards", "licences", "study"}


@pytest.fixture(autouse=True)
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


def with_role(role, unit="总厂"):
    user = UserFactory()
    grant_role(user=user, role=role, unit=org_path(unit), starts_on=TODAY, acting_user=None, now=NOW)
    return user


def person(rows=1, **fields):
    """A person in 总厂/一车间 with this many of everything a panel lists."""
    employee = EmployeeFactory(
        name="张三",
        assigned__unit=org_path("总厂/一车间"),
        phone="13800000001",
        id_number_encrypted=encrypt_text(ID),
        **fields,
    )
    for number in range(rows):
        day = dt.date(2026, 3, 2) + dt.timedelta(days=number)
        obligation = ObligationFactory(
            employee=employee, rule=TrainingRuleFactory(programme__title=f"方案{number}"), owed_from=day
        )
        record = make_record(employee, title=f"记录{number}")
        LicenceFactory(employee=employee, number=f"T110105194912310{employee.pk % 100:02d}{number}")
        grade_attempt(obligation, ExamFactory(title=f"考试{number}"))
        Certificate.objects.create(
            number=f"AX{employee.pk}-{number}",
            verify_code=f"v{employee.pk}-{number}",
            employee=employee,
            record=record,
            template=_template(),
            printed={"title": "合格证", "programme": f"方案{number}"},
            issued_at=NOW,
        )
        RoleGrantFactory(user=employee.user, unit=org_path(f"别厂{number}"))
    return employee


def _template():
    return CertificateTemplate.objects.get_or_create(code="t", defaults={"title": "合格证", "body": "x"})[0]


def page(client, employee, query=""):
    response = client.get(f"/admin/people/{employee.public_id}/{query}")
    assert response.status_code == 200
    return response.content.decode()


def panels_on(html):
    return set(re.findall(r'<section class="hr-section"\s+id="([a-z]+)"', html))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("hr_officer", ALL),
        ("auditor", ALL - {"badge"}),
        ("team_leader", OFFICE | TRAINING),
        ("trainer", OFFICE | TRAINING | {"exams", "certificates"}),
        ("safety_officer", OFFICE | TRAINING | {"exams", "certificates", "badge"}),
        ("administrator", OFFICE | {"account", "roles"}),
    ],
)
def test_each_role_sees_its_panels_and_no_more(client, role, expected):
    employee = person()
    client.force_login(with_role(role))
    html = page(client, employee)
    assert panels_on(html) == expected
    assert ID not in html
    assert "110105********002X" in html
    assert ("13800000001" in html) == (role == "hr_officer")
    assert ("查看完整号码" in html) == (role == "hr_officer")


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["editor", "examiner"])
def test_roles_without_a_view_of_people_find_no_page(client, role):
    employee = person(0)
    client.force_login(with_role(role))
    assert client.get(f"/admin/people/{employee.public_id}/").status_code == 404


@pytest.mark.django_db
def test_out_of_scope_own_and_anonymous_find_no_page(client):
    employee = person(0)
    url = f"/admin/people/{employee.public_id}/"
    assert client.get(url).status_code == 302
    client.force_login(with_role("hr_officer", "别厂"))
    assert client.get(url).status_code == 404
    client.force_login(employee.user)
    assert client.get(url).status_code in (302, 403, 404)


@pytest.mark.django_db
def test_panels_show_what_there_is(client):
    employee = person()
    client.force_login(with_role("hr_officer"))
    html = page(client, employee)
    for text in (
        "方案0",
        "记录0",
        "考试0",
        "AX",
        "合格证",
        "不可上岗",
        "从未登录",
        "人事专员",
        "T110105********",
    ):
        assert text in html, text


@pytest.mark.django_db
def test_number_of_queries_does_not_grow(client, django_assert_max_num_queries):
    hr = with_role("hr_officer")
    client.force_login(hr)
    one, three = person(1), person(3)
    page(client, one)
    counts = []
    for employee in (one, three):
        with django_assert_max_num_queries(MOST) as asked:
            page(client, employee)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    asked = PanelRequest(three, hr, frozenset(Capability), TODAY, NOW)
    with django_assert_max_num_queries(PANEL_QUERIES):
        for panel in registered_panels():
            panel.load(asked)


@pytest.mark.django_db
def test_twelve_years_are_cut_and_shown_in_full_on_demand(client, django_assert_max_num_queries):
    start = dt.date(2014, 1, 1)
    employee = EmployeeFactory(hired_on=start)
    unit, posts = org_path("总厂/一车间"), [PostFactory() for _ in range(5)]
    for number in range(48):
        day = start + dt.timedelta(days=90 * number)
        after = start + dt.timedelta(days=90 * (number + 1)) if number < 47 else None
        AssignmentFactory(
            employee=employee, unit=unit, post=posts[number % 5], starts_on=day, ends_before=after
        )
        ObligationFactory(employee=employee, owed_from=day)
        make_record(employee)
    client.force_login(with_role("hr_officer"))
    with django_assert_max_num_queries(MOST):
        short = page(client, employee)
    assert "显示全部 48 条" in short
    assert len(short) < 120_000
    with django_assert_max_num_queries(MOST):
        whole = page(client, employee, "?all=1")
    assert "显示全部 48 条" not in whole
    assert whole.count("厂级安全教育") >= 48
    assert whole.count("<rect") == 48


@pytest.mark.django_db
def test_a_person_without_account_place_or_anything(client):
    client.force_login(UserFactory(superuser=True))
    html = page(client, EmployeeFactory(user=None))
    assert panels_on(html) == ALL
    assert "没有账号" in html
    assert "没有任职记录" in html


@pytest.mark.django_db
def test_capabilities_over_a_place_follow_the_grants():
    team = org_path("总厂/一车间/甲班")
    user = with_role("team_leader", "总厂/一车间")
    RoleGrantFactory(user=user, role="auditor", unit=org_path("别厂"))
    ended = dt.date(2026, 11, 1)
    RoleGrantFactory(user=user, role="hr_officer", unit=org_path("总厂"), ends_before=ended)
    assert capabilities_over(user, team.path) == {Capability.VIEW_PEOPLE, Capability.VIEW_COVERAGE}
    assert Capability.MANAGE_PEOPLE in capabilities_over(user, team.path, dt.date(2026, 10, 1))
    assert capabilities_over(user, "") == frozenset()
    user.is_active = False
    assert capabilities_over(user, team.path) == frozenset()


def test_every_panel_has_its_own_name_and_place():
    panels = registered_panels()
    assert {panel.name for panel in panels} == ALL
    assert len({panel.order for panel in panels}) == len(panels)


class Stay:
    def __init__(self, starts_on, ends_before=None, kind=AssignmentKind.PRIMARY):
        self.starts_on, self.ends_before, self.kind = starts_on, ends_before, str(kind)


def test_timeline_draws_stays_in_lanes():
    drawn = timeline(
        [
            Stay(dt.date(2025, 1, 1), dt.date(2026, 1, 1)),
            Stay(dt.date(2026, 1, 1)),
            Stay(dt.date(2025, 7, 2), dt.date(2025, 10, 1), AssignmentKind.SECONDMENT),
        ],
        dt.date(2027, 1, 1),
    )
    assert [(bar.x_pct, bar.width_pct, bar.y_px) for bar in drawn.bars] == [
        (0.0, 50.0, 6),
        (50.0, 50.0, 6),
        (24.932, 12.465, 40),
    ]
    assert [bar.has_label for bar in drawn.bars] == [True, True, False]
    assert [(tick.year, tick.x_pct) for tick in drawn.ticks] == [(2026, 50.0), (2027, 100.0)]
    assert timeline([], TODAY) is None


DAYS = st.dates(dt.date(1980, 1, 1), dt.date(2030, 1, 1))


@given(st.lists(st.tuples(DAYS, st.integers(1, 5000) | st.none()), min_size=1, max_size=30), DAYS)
def test_timeline_stays_within_its_width(spans, today):
    stays = [Stay(day, day + dt.timedelta(days=days) if days else None) for day, days in spans]
    drawn = timeline(stays, today)
    assert len(drawn.bars) == len(stays)
    for bar in drawn.bars:
        assert 0 <= bar.x_pct <= 100
        assert 0.4 <= bar.width_pct <= 100.001
    assert len(drawn.ticks) <= MAX_TICKS
    assert 0 <= drawn.today_pct <= 100 or today < drawn.starts_on


@pytest.mark.django_db
def test_events_are_listed_latest_first(client):
    employee = EmployeeFactory(assigned__unit=org_path("总厂"))
    for number in range(12):
        EmploymentEventFactory(employee=employee, effective_on=dt.date(2025, 1, 1 + number))
    client.force_login(with_role("auditor"))
    html = page(client, employee)
    assert "2025-01-12" in html
    assert "<td>2025-01-01</td>" not in html
    assert "<td>2025-01-01</td>" in page(client, employee, "?all=1")


@pytest.mark.django_db
def test_hours_that_are_owed_and_lacking_stand_on_the_page(client):
    employee = EmployeeFactory(assigned__unit=org_path("总厂/一车间"))
    programme = ProgrammeFactory(title="年度再培训", kind="annual", on_site=[])
    Component.objects.create(programme=programme, position=1, kind="hours", title="年度学时", hours=8)
    ObligationFactory(employee=employee, rule=TrainingRuleFactory(programme=programme), owed_from=TODAY)
    client.force_login(with_role("hr_officer"))
    html = page(client, employee)
    assert "0 / 8" in html
    assert "8 学时" in html


@pytest.mark.django_db
def test_the_badge_is_printed_and_ended_from_the_page(client):
    employee = EmployeeFactory(assigned__unit=org_path("总厂/一车间"))
    client.force_login(with_role("hr_officer"))
    assert "还没有胸牌" in page(client, employee)
    issue_badges(people=[employee], acting_user=None, now=NOW)
    assert "胸牌使用中" in page(client, employee)
    client.post(f"/admin/access/badges/{employee.public_id}/", {"reason": "lost"})
    assert "还没有胸牌" in page(client, employee)


@pytest.mark.django_db
def test_the_unit_that_hosts_somebody_finds_the_page_and_the_badge(client):
    employee = EmployeeFactory(assigned__unit=org_path("总厂/一车间"))
    AssignmentFactory(employee=employee, unit=org_path("分厂/三车间"), kind="secondment", ends_before=LATER)
    client.force_login(with_role("safety_officer", "分厂"))
    assert panels_on(page(client, employee)) == OFFICE | TRAINING | {"exams", "certificates", "badge"}
    badge = f"/admin/access/badges/{employee.public_id}/"
    assert client.get(badge).status_code == 200
    assert employee.employee_no in client.get("/admin/access/badges/").content.decode()
    issue_badges(people=[employee], acting_user=with_role("safety_officer", "分厂"), now=NOW)
    assert "胸牌使用中" in page(client, employee)
    assert client.post(badge, {"reason": "lost", "replace": "on"}).status_code == 302

    # The employment stays with the home unit: the host's clerk sees where somebody works, and no more.
    client.force_login(with_role("hr_officer", "分厂"))
    assert "badge" not in panels_on(page(client, employee))
    assert client.get(badge).status_code == 404
    with time_machine.travel(dt.datetime.combine(LATER, dt.time(4), dt.UTC), tick=False):
        client.force_login(with_role("safety_officer", "分厂"))
        for url in (badge, f"/admin/people/{employee.public_id}/"):
            assert client.get(url).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("unit", ["总厂", "分厂", "劳务公司", "别厂"])
def test_what_one_may_do_with_a_person_is_what_finds_the_person(unit):
    firm = org_path("劳务公司")
    employee = EmployeeFactory(
        employer=firm, employment_type="dispatched", assigned__unit=org_path("总厂/一车间")
    )
    AssignmentFactory(employee=employee, unit=org_path("分厂/三车间"), kind="secondment")
    for role in ("hr_officer", "safety_officer"):
        user = with_role(role, unit)
        found = {each for each in Capability if employees_for(user, each).filter(pk=employee.pk).exists()}
        assert capabilities_for(user, with_last_place(Employee.objects.all()).get(pk=employee.pk)) == found
