import datetime as dt
import uuid

import pytest
from django.contrib.auth.models import AnonymousUser

from people.models import Employee, Role
from people.permissions import Capability
from people.queries import (
    assignments_on,
    current_assignment,
    employee_of,
    employees_for,
    get_employee_for,
    known_people,
    unit_directory,
)
from tests.factories.people import (
    AssignmentFactory,
    EmployeeFactory,
    RoleGrantFactory,
    UserFactory,
    org_path,
)

pytestmark = pytest.mark.django_db
ON = dt.date(2026, 11, 20)


def test_get_employee_for_returns_oneself():
    employee = EmployeeFactory()
    assert get_employee_for(employee.user, employee.public_id) == employee
    assert employee_of(employee.user) == employee


def test_get_employee_for_refuses_a_colleague_and_a_stranger():
    employee = EmployeeFactory(assigned=True)
    for user in (EmployeeFactory(assigned=True).user, UserFactory(), AnonymousUser()):
        with pytest.raises(Employee.DoesNotExist):
            get_employee_for(user, employee.public_id)
    assert employee_of(AnonymousUser()) is None


def test_get_employee_for_follows_the_scope_of_the_role():
    inside = EmployeeFactory(assigned__unit=org_path("总厂/一车间/甲班"))
    outside = EmployeeFactory(assigned__unit=org_path("总厂/二车间"))
    leader = RoleGrantFactory(role=Role.TEAM_LEADER, unit=org_path("总厂/一车间")).user
    assert get_employee_for(leader, inside.public_id) == inside
    for public_id in (outside.public_id, uuid.uuid4()):
        with pytest.raises(Employee.DoesNotExist):
            get_employee_for(leader, public_id)
    with pytest.raises(Employee.DoesNotExist):
        get_employee_for(leader, inside.public_id, Capability.MANAGE_PEOPLE)


def test_get_employee_for_refuses_a_deactivated_account():
    employee = EmployeeFactory(user__is_active=False)
    with pytest.raises(Employee.DoesNotExist):
        get_employee_for(employee.user, employee.public_id)


def test_employees_for_keeps_people_who_left_with_their_last_place():
    unit = org_path("总厂/一车间")
    left = EmployeeFactory(left=True)
    AssignmentFactory(employee=left, unit=org_path("总厂/二车间"), starts_on=dt.date(2020, 1, 1),
                      ends_before=dt.date(2026, 1, 1))  # fmt: skip
    AssignmentFactory(employee=left, unit=unit, post__name="车工", starts_on=dt.date(2026, 1, 1),
                      ends_before=left.left_on)  # fmt: skip
    auditor = RoleGrantFactory(role=Role.AUDITOR, unit=unit).user
    found = employees_for(auditor).get()
    assert (found, found.last_unit_name, found.last_post_name) == (left, "一车间", "车工")


def test_current_assignment_uses_half_open_intervals(django_assert_num_queries):
    employee = EmployeeFactory()
    change = dt.date(2026, 6, 1)
    first = AssignmentFactory(employee=employee, starts_on=dt.date(2026, 3, 2), ends_before=change)
    second = AssignmentFactory(employee=employee, starts_on=change)
    assert current_assignment(employee.pk, change - dt.timedelta(1)) == first
    with django_assert_num_queries(1):
        found = current_assignment(employee.pk, change)
        assert found == second
        assert found.unit.name
        assert found.post.name
    assert current_assignment(employee.pk, dt.date(2026, 3, 1)) is None


@pytest.mark.parametrize("count", [1, 3])
def test_assignments_on_reads_a_subtree_in_one_query(django_assert_num_queries, count):
    team = org_path("总厂/一车间/甲班")
    workshop = org_path("总厂/一车间")
    inside = [EmployeeFactory(assigned__unit=team) for _ in range(count)]
    EmployeeFactory(assigned__unit=org_path("总厂/二车间"))
    AssignmentFactory(unit=team, starts_on=dt.date(2026, 1, 1), ends_before=ON)
    with django_assert_num_queries(1):
        stays = list(assignments_on(workshop, ON))
        assert [stay.employee for stay in stays] == inside
        assert {stay.unit.name for stay in stays} == {"甲班"}
        assert all(stay.post.name for stay in stays)
    assert assignments_on(None, ON).count() == count + 1


def test_unit_directory_gives_full_names_in_one_query(django_assert_num_queries):
    team = org_path("总厂/一车间/甲班")
    with django_assert_num_queries(1):
        directory = unit_directory()
    assert directory[team.pk].full_name == "总厂/一车间/甲班"


@pytest.mark.parametrize("count", [1, 3])
def test_known_people_reads_everybody_in_two_queries(django_assert_num_queries, count):
    unit = org_path("总厂/一车间")
    people = [EmployeeFactory(assigned__unit=unit, assigned__post__name=f"车工{n}") for n in range(count)]
    EmployeeFactory(left=True)
    directory = unit_directory()
    with django_assert_num_queries(2):
        known = known_people(directory)
    person = known[people[-1].employee_no]
    assert (person.unit, person.post, person.since) == (
        "总厂/一车间",
        f"车工{count - 1}",
        people[-1].hired_on,
    )
    assert list(known_people(directory, [people[0].pk])) == [people[0].employee_no]
