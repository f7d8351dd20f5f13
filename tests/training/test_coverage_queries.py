"""Coverage as of a day, and who stands behind it."""

import datetime as dt
import io
from decimal import Decimal

import pytest
import time_machine
from openpyxl import load_workbook

from people.actions.levels import save_level_names
from people.actions.organisation import ensure_unit_path
from people.actions.unit_changes import move_unit
from people.models import Employee, OrgUnit, Role
from people.permissions import Capability, Scope, scope_for
from people.queries import unit_scope
from tests.factories.people import (
    AssignmentFactory,
    EmployeeFactory,
    OrgUnitFactory,
    PostFactory,
    RoleGrantFactory,
    UserFactory,
    org_path,
)
from tests.factories.training import (
    LicenceFactory,
    ObligationFactory,
    ProgrammeFactory,
    TrainingRuleFactory,
    at,
    make_record,
)
from training.actions.clearance import refresh_clearance
from training.actions.ledger import correct_record
from training.coverage import Counts
from training.models import ObligationState, ProgrammeKind
from training.queries.coverage import coverage_people, coverage_table
from training.queries.work import on_site_groups, waiting, work_counts
from training.queries.workbooks import coverage_workbook, ledger_workbook

pytestmark = pytest.mark.django_db
EVERYTHING = Scope(everything=True)
MARCH_31 = dt.date(2026, 3, 31)


@pytest.fixture
def rule():
    return TrainingRuleFactory(programme__title="三级教育")


def person(path, rule=None, **obligation):
    unit = org_path(path)
    employee = EmployeeFactory(hired_on=dt.date(2026, 1, 1))
    AssignmentFactory(employee=employee, unit=unit, starts_on=dt.date(2026, 1, 1), post=PostFactory())
    if rule:
        ObligationFactory(employee=employee, rule=rule, **obligation)
    return employee


def done(day):
    return {"state": ObligationState.DONE, "closed_at": at(day, "23:30")}


def counts(on=MARCH_31, **kwargs):
    return {row.name: row.counts for row in coverage_table(EVERYTHING, on, **kwargs).rows}


def test_people_count_up_the_tree_by_their_state(rule):
    person("总厂/一车间/甲班", rule, **done("2026-03-31"))
    person("总厂/一车间/甲班", rule, due_on=MARCH_31)
    person("总厂/一车间/乙班", rule, due_on=dt.date(2026, 3, 30))
    person("总厂/一车间/乙班")
    person("总厂")
    OrgUnitFactory(name="空")

    found = counts()

    assert found["甲班"] == Counts(people=2, owed=2, done=1, tasks=2, tasks_done=1)
    assert found["乙班"] == Counts(people=2, owed=1, overdue=1, tasks=1)
    assert found["一车间"] == Counts(people=4, owed=3, done=1, overdue=1, tasks=3, tasks_done=1)
    assert found["总厂"] == Counts(people=5, owed=3, done=1, overdue=1, tasks=3, tasks_done=1)
    assert found["空"].fraction is None
    table = coverage_table(EVERYTHING, MARCH_31)
    assert table.total == found["总厂"]
    assert [row.level for row in table.rows] == [0, 1, 2, 2, 0]


def test_one_open_training_of_several_leaves_a_person_uncovered(rule):
    employee = person("总厂", rule, **done("2026-03-10"))
    ObligationFactory(employee=employee, due_on=dt.date(2026, 4, 30))

    found = counts()["总厂"]
    assert found == Counts(people=1, owed=1, tasks=2, tasks_done=1)
    assert found.task_fraction == 0.5


def test_one_programme_can_be_asked_for_by_its_code(rule):
    employee = person("总厂", rule, **done("2026-03-10"))
    other = ObligationFactory(employee=employee, due_on=dt.date(2026, 4, 30))
    code = employee.obligations.exclude(pk=other.pk).get().programme.code

    assert counts(programme_kind=code)["总厂"] == Counts(people=1, owed=1, done=1, tasks=1, tasks_done=1)
    assert counts(programme_kind="no-such-programme")["总厂"] == Counts(people=1)


def test_answer_for_a_past_day_stays_the_same(rule):
    finished_later = person("总厂", rule)
    cancelled_later = person("总厂", rule)
    cancelled_before = person("总厂", rule, state="cancelled", closed_at=at("2026-03-31", "23:59"))
    moved_later = person("总厂", rule)
    person("总厂", rule, owed_from=dt.date(2026, 4, 1))
    before = counts()
    assert before["总厂"] == Counts(people=5, owed=3, overdue=3, tasks=3)

    finished_later.obligations.update(state="done", closed_at=at("2026-04-01", "00:00"))
    cancelled_later.obligations.update(state="cancelled", closed_at=at("2026-04-01", "00:00"))
    moved_later.assignments.update(ends_before=dt.date(2026, 4, 1))
    AssignmentFactory(employee=moved_later, unit=org_path("分厂"), starts_on=dt.date(2026, 4, 1))
    ObligationFactory(employee=cancelled_before, owed_from=dt.date(2026, 4, 10))

    assert {name: counts()[name] for name in before} == before
    assert counts(dt.date(2026, 4, 1))["总厂"] == Counts(
        people=4, owed=2, done=1, overdue=0, tasks=2, tasks_done=1
    )


def test_day_ends_at_local_midnight(rule):
    person("总厂", rule, state="done", closed_at=dt.datetime(2026, 3, 31, 15, 59, 59, tzinfo=dt.UTC))
    person("总厂", rule, state="done", closed_at=dt.datetime(2026, 3, 31, 16, 0, tzinfo=dt.UTC))

    assert counts()["总厂"].done == 1
    assert counts(dt.date(2026, 4, 1))["总厂"].done == 2


def test_kind_of_programme_limits_what_is_counted(rule):
    person("总厂", rule)
    person("总厂", TrainingRuleFactory(programme=ProgrammeFactory(kind=ProgrammeKind.JOB_CHANGE)))

    assert counts(programme_kind=ProgrammeKind.JOB_CHANGE)["总厂"].owed == 1
    assert counts()["总厂"].owed == 2


def test_secondments_do_not_count_a_person_twice(rule):
    employee = person("总厂", rule)
    AssignmentFactory(
        employee=employee, unit=org_path("分厂"), kind="secondment", starts_on=dt.date(2026, 1, 1)
    )

    assert coverage_table(EVERYTHING, MARCH_31).total.people == 1


def test_blocked_is_the_present_clearance(rule):
    employee = person("总厂", rule)
    refresh_clearance(employee_ids=[employee.pk], now=at("2026-03-05"))

    assert counts()["总厂"].blocked == 1


def test_scope_shows_its_part_of_the_tree_only(rule):
    person("总厂/一车间/甲班", rule)
    person("总厂/二车间", rule)
    officer = RoleGrantFactory(role=Role.SAFETY_OFFICER, unit=org_path("总厂/一车间")).user

    table = coverage_table(scope_for(officer, Capability.VIEW_COVERAGE), MARCH_31)

    assert [row.name for row in table.rows] == ["一车间", "甲班"]
    assert table.total.people == 1
    assert coverage_table(scope_for(UserFactory(), Capability.VIEW_COVERAGE), MARCH_31).rows == []


def test_queries_do_not_grow(rule, django_assert_num_queries):
    for number in range(3):
        person(f"总厂/{number}车间", rule)
        with django_assert_num_queries(3):
            coverage_table(EVERYTHING, MARCH_31)
        with django_assert_num_queries(4):
            coverage_people(EVERYTHING, MARCH_31)


def test_people_behind_the_figures(rule):
    late = person("总厂/甲班", rule)
    ok = person("总厂/甲班", rule, **done("2026-03-05"))
    open_one = person("总厂/甲班", rule, due_on=dt.date(2026, 4, 5))
    free = person("总厂/乙班")

    rows = coverage_people(EVERYTHING, MARCH_31)

    assert {row.employee_id: row.state for row in rows} == {
        late.pk: "overdue",
        ok.pk: "done",
        open_one.pk: "open",
        free.pk: "none",
    }
    first = next(row for row in rows if row.employee_id == late.pk)
    assert (first.unit, [item.title for item in first.missing]) == ("甲班", ["三级教育"])
    assert len(coverage_people(unit_scope(org_path("总厂/甲班")), MARCH_31)) == 3


def test_workbook_holds_units_people_and_definitions(rule):
    late = person("总厂/甲班", rule)
    person("总厂/甲班", rule, **done("2026-03-05"))
    data = coverage_workbook(
        EVERYTHING,
        MARCH_31,
        exported_by=UserFactory(username="hr", name="刘敏"),
        now=at("2026-04-02", "10:30"),
    )

    book = load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["覆盖率", "名单", "说明"]
    units = list(book["覆盖率"].iter_rows(values_only=True))
    assert units[-1][0].startswith(
        "刘敏（hr） 导出于 2026-04-02 10:30；范围：总厂；共 2 条；用途：培训覆盖率"
    )
    assert units[1:3] == [
        ("总厂", "车间", 2, 2, 1, 1, 0, 0.5, 2, 1, 0.5),
        ("　甲班", "车间", 2, 2, 1, 1, 0, 0.5, 2, 1, 0.5),
    ]
    people = list(book["名单"].iter_rows(values_only=True))
    assert people[1][:2] == (late.employee_no, late.name)
    assert people[1][4:7] == ("逾期", "三级教育", dt.datetime(2026, 3, 9))
    notes = {row[0]: row[1] for row in book["说明"].iter_rows(values_only=True)}
    assert notes["截至日期"] == dt.datetime(2026, 3, 31)
    assert notes["导出人"] == "刘敏（hr）"
    assert notes["导出时间"] == dt.datetime(2026, 4, 2, 10, 30)
    assert notes["培训类别"] == "全部培训"


def test_ledger_workbook_holds_rows_and_hashes():
    old = make_record()
    new = correct_record(record=old, reason="x", hours=Decimal(4), acting_user=None, now=at("2026-03-05"))
    data = ledger_workbook([old, new], exported_by=UserFactory(), now=at("2026-04-02"))

    rows = list(load_workbook(io.BytesIO(data))["培训台账"].iter_rows(min_row=3, max_row=4, values_only=True))
    assert [(row[0], row[3], row[5], row[12], row[14]) for row in rows] == [
        (1, "现场教育", 8, None, old.leaf_hash),
        (2, "更正", 4, 1, new.leaf_hash),
    ]


def test_on_site_groups_list_who_needs_which_level_next(django_assert_num_queries):
    unit = OrgUnitFactory()
    programme = ProgrammeFactory(on_site=[8, 8])
    rule = TrainingRuleFactory(programme=programme)
    first, second = (
        ObligationFactory(rule=rule, employee=EmployeeFactory(assigned__unit=unit)) for _ in range(2)
    )
    ObligationFactory(rule=rule, employee=EmployeeFactory(assigned=True))
    level_1, level_2 = programme.components.all()
    make_record(first.employee, obligation=first, component=level_1, hours=Decimal(3))
    second.components_done.create(component=level_1, evidence={}, done_at=at("2026-03-03"))
    trainer = RoleGrantFactory(role=Role.TRAINER, unit=unit).user

    with django_assert_num_queries(8):
        groups = on_site_groups(trainer)

    assert [(group.component, [entry.obligation for entry in group.entries]) for group in groups] == [
        (level_1, [first]),
        (level_2, [second]),
    ]
    assert groups[0].entries[0].hours_held == Decimal(3)
    assert groups[0].entries[0].unit_name == unit.name
    assert on_site_groups(UserFactory()) == []


def test_work_list_sorts_what_waits(rule, django_assert_max_num_queries):
    unit = OrgUnitFactory()
    officer = RoleGrantFactory(role=Role.SAFETY_OFFICER, unit=unit).user
    hired = EmployeeFactory(assigned__unit=unit)
    moved = EmployeeFactory(assigned__unit=unit)
    stranger = EmployeeFactory(assigned=True)
    new = ObligationFactory(employee=hired, rule=rule)
    change = ObligationFactory(employee=moved, rule=rule, due_on=dt.date(2026, 3, 3))
    ObligationFactory(employee=stranger, rule=rule)
    licence = LicenceFactory(employee=moved, valid_until=dt.date(2026, 3, 20))
    LicenceFactory(employee=hired, valid_until=dt.date(2026, 5, 20))
    refresh_clearance(employee_ids=[hired.pk, moved.pk, stranger.pk], now=at("2026-03-04"))

    with time_machine.travel(at("2026-03-04"), tick=False), django_assert_max_num_queries(25):
        found = waiting(officer, dt.date(2026, 3, 4))
        counts = work_counts(officer, dt.date(2026, 3, 4))
        groups = on_site_groups(officer)

    assert set(found.new) == {new, change}
    assert (counts.new_count, counts.moved_count, counts.today_count) == (2, 0, 2)
    assert list(found.late) == [change]
    assert [state.employee for state in found.blocked] == [hired, moved]
    assert list(found.licences) == [licence]
    assert sum(len(group.entries) for group in groups) == 2
    assert work_counts(officer, dt.date(2026, 3, 20)).new_count == 0


def branch():
    for path in ("集团/一车间/甲班", "集团/二车间"):
        ensure_unit_path(path=path, acting_user=None, now=at("2026-03-01"))
    return org_path("集团/一车间/甲班"), org_path("集团/一车间"), org_path("集团/二车间")


def test_coverage_of_a_past_day_uses_the_tree_of_that_day(rule, django_assert_num_queries):
    team, first, second = branch()
    person("集团/一车间/甲班", rule, **done("2026-03-20"))
    before = counts()
    move_unit(
        unit=team, parent=second, effective_on=dt.date(2026, 5, 1), acting_user=None, now=at("2026-05-10")
    )

    assert counts() == before
    later = counts(dt.date(2026, 5, 1))
    assert (later["一车间"].people, later["二车间"].people) == (0, 1)
    for unit, people in ((first, 1), (second, 0)):
        scope = unit_scope(OrgUnit.objects.get(pk=unit.pk))
        assert coverage_table(scope, MARCH_31).total.people == people
        assert len(coverage_people(scope, MARCH_31)) == people
        assert len(coverage_people(scope, dt.date(2026, 5, 1))) == 1 - people
    with django_assert_num_queries(4):
        coverage_table(EVERYTHING, MARCH_31)
    with django_assert_num_queries(5):
        coverage_table(unit_scope(first), MARCH_31)
    with django_assert_num_queries(3):
        coverage_table(EVERYTHING, dt.date(2026, 5, 1))
    with django_assert_num_queries(4):
        coverage_people(EVERYTHING, MARCH_31)
    with django_assert_num_queries(7):
        coverage_people(unit_scope(first), MARCH_31)


def test_a_firms_people_are_in_its_table_and_in_the_hosts_and_once_above_both(rule):
    team, _, _ = branch()
    firm = ensure_unit_path(path="集团/远航劳务", acting_user=None, now=at("2026-03-01"))
    sent = person("集团/一车间/甲班", rule, **done("2026-03-20"))
    Employee.objects.filter(pk=sent.pk).update(employer=firm)
    sent.assignments.update(employer=firm)
    person("集团/一车间/甲班", rule)
    OrgUnit.objects.filter(pk=firm.pk).update(kind="dispatch_firm")

    table = coverage_table(EVERYTHING, MARCH_31)
    found = {row.name: row.counts for row in table.rows}
    assert found["远航劳务"] == Counts(people=1, owed=1, done=1, tasks=1, tasks_done=1)
    assert (found["甲班"].people, found["集团"].people, table.total.people) == (2, 2, 2)
    assert dict(table.levels)["dispatch_firm"].people == 1
    of_firm = scope_for(RoleGrantFactory(role=Role.SAFETY_OFFICER, unit=firm).user, Capability.VIEW_COVERAGE)
    assert coverage_table(of_firm, MARCH_31).total == found["远航劳务"]
    assert [(row.employee_id, row.unit) for row in coverage_people(of_firm, MARCH_31)] == [(sent.pk, "甲班")]
    assert coverage_table(unit_scope(team), MARCH_31).total.people == 2


def test_levels_carry_the_names_of_the_organisation(rule):
    person("集团/一车间", rule)
    save_level_names(names={"workshop": "项目部"}, acting_user=None, now=at("2026-03-01"))
    data = coverage_workbook(EVERYTHING, MARCH_31, exported_by=UserFactory(), now=at("2026-04-02"))
    rows = list(load_workbook(io.BytesIO(data))["覆盖率"].iter_rows(values_only=True))
    assert {row[1] for row in rows[1:-2]} == {"项目部"}
