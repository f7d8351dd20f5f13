"""Clearance is stored with reasons, and follows licences and the calendar."""

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from people.models import EmploymentStatus, Role
from tests.factories.people import (
    AssignmentFactory,
    EmployeeFactory,
    OrgUnitFactory,
    PostFactory,
    RoleGrantFactory,
)
from tests.factories.training import LicenceFactory, LicenceTypeFactory, ObligationFactory, at
from training import tasks
from training.actions.clearance import refresh_clearance, refresh_due
from training.actions.licences import save_licence
from training.errors import LicenceRefused
from training.models import ClearanceState, Licence
from training.queries.clearance import clearance_of

pytestmark = pytest.mark.django_db
NOW = at("2026-03-02")


@pytest.fixture
def welder():
    post = PostFactory(name="焊工")
    post.demanded_licences.add(LicenceTypeFactory())
    unit = OrgUnitFactory()
    employee = EmployeeFactory(name="张伟", employee_no="000001")
    AssignmentFactory(employee=employee, unit=unit, post=post)
    return employee


def save(employee, **changes):
    arguments = {
        "employee": employee,
        "licence_type": LicenceTypeFactory(),
        "number": "T001",
        "valid_from": dt.date(2024, 1, 1),
        "valid_until": dt.date(2029, 12, 31),
        "review_due_on": dt.date(2027, 1, 1),
        "acting_user": None,
        "now": NOW,
        **changes,
    }
    return save_licence(**arguments)


def state_of(employee):
    state = ClearanceState.objects.get(employee=employee)
    return state.is_cleared, [reason["code"] for reason in state.reasons], state.recheck_on


def test_post_that_demands_a_licence_is_closed_until_it_is_registered(welder):
    refresh_clearance(employee_ids=[welder.pk], now=NOW)
    assert state_of(welder) == (False, ["licence_missing"], None)

    save(welder)
    assert state_of(welder) == (True, [], dt.date(2027, 1, 2))


def test_licence_is_changed_in_place(welder):
    licence = save(welder)
    save(welder, licence=licence, valid_until=dt.date(2026, 3, 1), review_due_on=None)

    assert Licence.objects.count() == 1
    assert state_of(welder)[:2] == (False, ["licence_expired"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"number": "  "}, "请填写证号"),
        ({"valid_until": dt.date(2023, 1, 1)}, "早于开始日"),
        ({"review_due_on": dt.date(2030, 1, 1)}, "复审日期不在有效期内"),
    ],
)
def test_licence_that_cannot_be_is_refused(welder, changes, message):
    with pytest.raises(LicenceRefused, match=message):
        save(welder, **changes)
    assert Licence.objects.count() == 0


def test_number_registered_for_someone_else_is_refused_with_the_holder(welder):
    licence = save(welder)
    other = EmployeeFactory()
    with pytest.raises(LicenceRefused, match="张伟（000001）"):
        save(other)
    with pytest.raises(LicenceRefused, match="请另行登记"):
        save(other, licence=licence)


def test_licence_is_saved_by_those_who_manage_training_there(welder):
    unit = welder.assignments.get().unit
    officer = RoleGrantFactory(role=Role.SAFETY_OFFICER, unit=unit).user
    trainer = RoleGrantFactory(role=Role.TRAINER, unit=unit).user
    elsewhere = RoleGrantFactory(role=Role.SAFETY_OFFICER, unit=OrgUnitFactory()).user

    for user in (trainer, elsewhere):
        with pytest.raises(PermissionDenied):
            save(welder, acting_user=user)
    save(welder, acting_user=officer)


def test_answer_is_stored_anew_not_twice(welder):
    refresh_clearance(employee_ids=[welder.pk, welder.pk], now=NOW)
    refresh_clearance(employee_ids=[welder.pk], now=at("2026-03-03"))

    assert ClearanceState.objects.get().computed_at == at("2026-03-03")


def test_statements_do_not_grow_with_the_number_of_people():
    def statements(count):
        ids = []
        for _ in range(count):
            obligation = ObligationFactory()
            AssignmentFactory(employee=obligation.employee)
            LicenceFactory(employee=obligation.employee)
            ids.append(obligation.employee_id)
        with CaptureQueriesContext(connection) as queries:
            refresh_clearance(employee_ids=ids, now=NOW)
        return len(queries)

    assert statements(1) == statements(3)


def test_due_are_those_whose_day_has_come_and_those_never_computed(welder):
    save(welder)
    fresh = EmployeeFactory(assigned=True)
    left = EmployeeFactory(left=True)

    assert refresh_due(now=NOW) == 2
    assert refresh_due(now=at("2027-01-01")) == 0
    assert refresh_due(now=at("2027-01-02")) == 1
    assert state_of(welder)[:2] == (False, ["licence_review_overdue"])
    assert state_of(fresh)[0] is True
    assert state_of(left) == (False, ["left"], None)


def test_each_night_everyone_who_has_not_left_is_computed(welder):
    EmployeeFactory(left=True)
    with time_machine.travel(NOW, tick=False):
        assert tasks.refresh_due_clearance() == 1
    # What a post demands can change without any event of the person's own.
    welder.assignments.get().post.demanded_licences.clear()
    with time_machine.travel(at("2026-03-03"), tick=False):
        assert tasks.refresh_due_clearance() == 1
    assert state_of(welder) == (True, [], None)


def test_command_says_how_many(welder, capsys):
    call_command("refresh_clearance")
    assert "clearance of 1 people refreshed" in capsys.readouterr().out
    call_command("refresh_clearance", "--due")
    assert "clearance of 0 people refreshed" in capsys.readouterr().out


def test_stored_answer_is_read_with_one_query_and_a_stale_one_is_computed(welder, django_assert_num_queries):
    save(welder)
    with time_machine.travel(NOW, tick=False), django_assert_num_queries(1):
        assert clearance_of(welder).is_cleared
    with time_machine.travel(at("2027-01-02"), tick=False):
        view = clearance_of(welder)
    assert [reason.text for reason in view.reasons] == [
        "证件逾期未复审：熔化焊接与热切割作业（应于 2027-01-01 前复审）"
    ]
    assert view.reasons[0].licence_type == "welding"


def test_reasons_are_read_in_the_language_of_the_reader_and_stored_in_the_site_language(welder):
    with translation.override("en"):
        refresh_clearance(employee_ids=[welder.pk], now=NOW)
    assert ClearanceState.objects.get().reasons[0]["text"] == "岗位须持证，未登记：熔化焊接与热切割作业"
    with time_machine.travel(NOW, tick=False):
        assert clearance_of(welder).reasons[0].basis == "安全生产法第三十条"


@pytest.mark.parametrize(
    ("changes", "texts"),
    [
        ({"status": EmploymentStatus.AWAY}, ["离岗中，返岗登记后再核定"]),
        ({"status": EmploymentStatus.LEFT, "left_on": dt.date(2026, 3, 1)}, ["已离职"]),
        ({"status": EmploymentStatus.ACTIVE}, ["当前没有岗位"]),
    ],
)
def test_nobody_without_a_present_post_is_cleared(changes, texts):
    employee = EmployeeFactory(hired_on=dt.date(2026, 1, 1), **changes)
    with time_machine.travel(NOW, tick=False):
        assert [reason.text for reason in clearance_of(employee).reasons] == texts
