import datetime as dt

import pytest
from django.contrib.auth.models import AnonymousUser

from people.models import Role
from people.permissions import ROLE_CAPABILITIES, Capability, Scope, allows, scope_for, scope_of
from tests.factories.people import RoleGrantFactory, UserFactory, org_path

pytestmark = pytest.mark.django_db
ON = dt.date(2026, 11, 20)


@pytest.fixture
def tree():
    return {path: org_path(path) for path in ("总厂", "总厂/一车间", "总厂/一车间/甲班", "总厂/二车间")}


def test_every_role_has_its_capabilities():
    assert set(ROLE_CAPABILITIES) == set(Role.values)


def test_allows_reaches_down_the_tree_and_not_sideways_or_up(tree):
    user = RoleGrantFactory(role=Role.HR_OFFICER, unit=tree["总厂/一车间"]).user
    manage = Capability.MANAGE_PEOPLE
    assert allows(user, manage, tree["总厂/一车间"], ON)
    assert allows(user, manage, tree["总厂/一车间/甲班"], ON)
    assert not allows(user, manage, tree["总厂/二车间"], ON)
    assert not allows(user, manage, tree["总厂"], ON)
    assert allows(user, manage, on=ON)


def test_allows_is_false_for_a_capability_of_another_role(tree):
    user = RoleGrantFactory(role=Role.TEAM_LEADER, unit=tree["总厂"]).user
    assert allows(user, Capability.VIEW_PEOPLE, tree["总厂"], ON)
    assert not allows(user, Capability.MANAGE_PEOPLE, tree["总厂"], ON)


@pytest.mark.parametrize(
    ("starts_on", "ends_before", "expected"),
    [
        (ON, None, True),
        (ON + dt.timedelta(1), None, False),
        (ON - dt.timedelta(9), ON, False),
        (ON - dt.timedelta(9), ON + dt.timedelta(1), True),
    ],
)
def test_allows_follows_the_half_open_time_of_the_grant(tree, starts_on, ends_before, expected):
    user = RoleGrantFactory(unit=tree["总厂"], starts_on=starts_on, ends_before=ends_before).user
    assert allows(user, Capability.VIEW_PEOPLE, tree["总厂"], ON) is expected


def test_superuser_may_do_everything_until_deactivated(tree):
    user = UserFactory(superuser=True)
    assert all(allows(user, capability, tree["总厂"], ON) for capability in Capability)
    user.is_active = False
    assert not allows(user, Capability.VIEW_PEOPLE, tree["总厂"], ON)


def test_nobody_without_a_role_has_anything(tree):
    assert not allows(UserFactory(), Capability.VIEW_PEOPLE)
    assert not allows(AnonymousUser(), Capability.VIEW_PEOPLE)
    assert scope_for(AnonymousUser(), Capability.VIEW_PEOPLE) == Scope()


def test_scope_of_joins_grants_and_drops_the_inner_ones(tree, django_assert_num_queries):
    user = UserFactory()
    RoleGrantFactory(user=user, role=Role.HR_OFFICER, unit=tree["总厂/一车间/甲班"])
    RoleGrantFactory(user=user, role=Role.AUDITOR, unit=tree["总厂/一车间"])
    RoleGrantFactory(user=user, role=Role.AUDITOR, unit=tree["总厂/二车间"])
    with django_assert_num_queries(1):
        scope = scope_for(user, Capability.VIEW_PEOPLE, ON)
    assert scope.paths == (tree["总厂/一车间"].path, tree["总厂/二车间"].path)
    assert [unit.name for unit in scope_of(user, Capability.VIEW_PEOPLE, ON)] == ["一车间", "甲班", "二车间"]
    assert not scope_of(UserFactory(), Capability.VIEW_PEOPLE, ON).exists()
