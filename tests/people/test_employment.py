import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.models import ModelLogEntry

from common.signing import decrypt_text
from people.actions.employment import (
    hire,
    id_number_digest,
    leave,
    leave_post,
    rehire,
    return_to_post,
    transfer,
)
from people.errors import EmploymentRefused
from people.models import Assignment, Employee, EmploymentEvent, EmploymentStatus
from people.signals import employment_changed
from tests.factories.people import EmployeeFactory, PostFactory, RoleGrantFactory, UserFactory, org_path

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 20)
HIRED = dt.date(2026, 3, 2)
SYSTEM = {"acting_user": None, "now": NOW}


@pytest.fixture
def heard():
    events = []

    def receiver(sender, event, **kwargs):
        events.append(event)

    employment_changed.connect(receiver)
    yield events
    employment_changed.disconnect(receiver)


@pytest.fixture
def employee():
    return EmployeeFactory(assigned__unit=org_path("总厂/一车间"), assigned__post__name="车工")


def stays(employee):
    return list(employee.assignments.values_list("unit__name", "post__name", "starts_on", "ends_before"))


def test_hire_makes_account_stay_and_event_and_tells(heard):
    unit, post = org_path("总厂/一车间"), PostFactory(name="电焊工")
    employee = hire(employee_no="007", name="张𠮷", unit=unit, post=post, hired_on=dt.date(2026, 11, 18),
                    phone="13800000000", id_number="11010519491231002X", **SYSTEM)  # fmt: skip
    user = employee.user
    assert (user.username, user.name, user.must_change_password) == ("007", "张𠮷", True)
    assert user.is_active
    assert not user.has_usable_password()
    assert stays(employee) == [("一车间", "电焊工", dt.date(2026, 11, 18), None)]
    event = employee.events.get()
    assert (event.kind, event.to_unit, event.to_post, event.recorded_at) == ("hired", unit, post, NOW)
    assert [(told.event_id, told.employee_id, told.kind) for told in heard] == [
        (event.pk, employee.pk, "hired")
    ]
    assert decrypt_text(employee.id_number_encrypted) == "11010519491231002X"
    assert employee.id_number_digest == id_number_digest("11010519491231002X")
    assert ModelLogEntry.objects.filter(action="people.employee.hired").exists()


def test_hire_twice_is_refused(employee):
    with pytest.raises(EmploymentRefused) as refused:
        hire(employee_no=employee.employee_no, name="李四", unit=org_path("总厂"), post=PostFactory(),
             hired_on=TODAY, **SYSTEM)  # fmt: skip
    assert refused.value.problem.code == "exists"


def test_transfer_closes_one_stay_and_opens_the_next(employee, heard):
    unit, post = org_path("总厂/二车间"), PostFactory(name="电工")
    event = transfer(employee=employee, unit=unit, post=post, effective_on=TODAY, **SYSTEM)
    assert stays(employee) == [("一车间", "车工", HIRED, TODAY), ("二车间", "电工", TODAY, None)]
    assert (event.kind, event.from_unit.name, event.to_unit) == ("transferred", "一车间", unit)
    assert len(heard) == 1
    assert transfer(employee=employee, unit=unit, post=post, effective_on=TODAY, **SYSTEM) is None
    assert len(heard) == 1


def test_transfer_on_the_first_day_replaces_the_stay(employee):
    transfer(employee=employee, unit=org_path("总厂/二车间"), post=PostFactory(name="电工"),
             effective_on=HIRED, **SYSTEM)  # fmt: skip
    assert stays(employee) == [("二车间", "电工", HIRED, None)]


def test_transfer_before_the_first_day_is_refused_and_writes_nothing(employee):
    with pytest.raises(EmploymentRefused) as refused:
        transfer(employee=employee, unit=org_path("总厂/二车间"), post=PostFactory(),
                 effective_on=dt.date(2026, 1, 1), **SYSTEM)  # fmt: skip
    assert refused.value.problem.code == "not_hired_yet"
    assert not EmploymentEvent.objects.exists()
    assert stays(employee) == [("一车间", "车工", HIRED, None)]


def test_leave_post_and_return_count_the_days_away(employee):
    away = dt.date(2026, 5, 1)
    leave_post(employee=employee, effective_on=away, **SYSTEM)
    assert employee.status == EmploymentStatus.AWAY
    assert employee.user.is_active
    assert stays(employee) == [("一车间", "车工", HIRED, away)]
    assert leave_post(employee=employee, effective_on=away, **SYSTEM) is None
    event = return_to_post(employee=employee, effective_on=TODAY, **SYSTEM)
    assert (event.kind, event.days_away) == ("returned", (TODAY - away).days)
    assert stays(employee) == [("一车间", "车工", HIRED, away), ("一车间", "车工", TODAY, None)]
    assert employee.status == EmploymentStatus.ACTIVE


def test_leave_and_rehire_close_and_open_the_account(employee):
    left_on = dt.date(2026, 10, 31)
    leave(employee=employee, left_on=left_on, **SYSTEM)
    assert (employee.status, employee.left_on) == (EmploymentStatus.LEFT, left_on)
    assert not employee.user.is_active
    assert stays(employee) == [("一车间", "车工", HIRED, left_on)]
    assert leave(employee=employee, left_on=left_on, **SYSTEM) is None
    event = rehire(employee=employee, hired_on=TODAY, unit=org_path("总厂/二车间"), post=PostFactory(),
                   **SYSTEM)  # fmt: skip
    assert (event.kind, event.days_away) == ("rehired", 20)
    assert (employee.status, employee.left_on, employee.hired_on) == (EmploymentStatus.ACTIVE, None, TODAY)
    assert Employee.objects.get(pk=employee.pk).user.is_active


def test_leaving_on_the_first_day_keeps_that_day(employee):
    leave(employee=employee, left_on=HIRED, **SYSTEM)
    assert stays(employee) == [("一车间", "车工", HIRED, HIRED + dt.timedelta(1))]


def test_actions_ask_for_both_ends_of_a_transfer(employee):
    hr = RoleGrantFactory(unit=org_path("总厂/一车间")).user
    new = {"unit": org_path("总厂/二车间"), "post": PostFactory(), "effective_on": TODAY, "now": NOW}
    for user in (hr, UserFactory(), employee.user):
        with pytest.raises(PermissionDenied):
            transfer(employee=employee, acting_user=user, **new)
    chief = RoleGrantFactory(unit=org_path("总厂")).user
    event = transfer(employee=employee, acting_user=chief, **new)
    assert event.recorded_by == chief


def test_hire_outside_the_scope_is_denied():
    hr = RoleGrantFactory(unit=org_path("总厂/一车间")).user
    with pytest.raises(PermissionDenied):
        hire(employee_no="9", name="张三", unit=org_path("总厂/二车间"), post=PostFactory(), hired_on=TODAY,
             acting_user=hr, now=NOW)  # fmt: skip
    assert not Employee.objects.exists()
    assert not Assignment.objects.exists()


def test_a_transfer_takes_the_same_queries_whatever_the_history(employee):
    def count(unit):
        with CaptureQueriesContext(connection, ) as queries:  # fmt: skip
            transfer(employee=employee, unit=unit, post=post, effective_on=TODAY, **SYSTEM)
        return len(queries)

    post = PostFactory()
    first = count(org_path("总厂/二车间"))
    assert count(org_path("总厂/三车间")) <= first
