"""Roles begin and end by the day, with leaving, and without a job; roles kept apart."""

import datetime as dt

import pytest
import time_machine
from django.contrib.auth.models import Group
from wagtail.models import ModelLogEntry

from people.actions.employment import leave, rehire, transfer
from people.actions.role_groups import keep_all_access_in_step
from people.actions.roles import end_role, grant_role
from people.errors import RolesIncompatible
from people.models import Role, RoleGrant, User
from people.permissions import INCOMPATIBLE_ROLES, ROLE_SENTENCES, Holding, conflict_between
from people.tasks import step_roles
from tests.factories.people import EmployeeFactory, PostFactory, RoleGrantFactory, UserFactory, org_path

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)  # 09:00 in Shanghai
TODAY = dt.date(2026, 11, 20)
DAY = dt.timedelta(1)


def grant(user, role=Role.HR_OFFICER, unit=None, starts_on=TODAY, **more):
    return grant_role(user=user, role=role, unit=unit or org_path("总厂"), starts_on=starts_on,
                      acting_user=None, now=NOW, **more)  # fmt: skip


def opens(client, user, path, days=0):
    with time_machine.travel(NOW + days * DAY, tick=False):
        client.force_login(user)
        response = client.get(path)
    return response.status_code == 200


def test_a_grant_opens_the_office_on_its_first_day_and_shuts_it_after_its_last(client):
    user = UserFactory()
    grant(user, starts_on=TODAY + 2 * DAY, ends_before=TODAY + 4 * DAY)
    days = [opens(client, user, "/admin/people/", days) for days in range(-1, 6)]
    assert days == [False, False, False, True, True, False, False]
    assert not User.objects.get(pk=user.pk).has_perm("wagtailadmin.access_admin")


def test_a_session_over_midnight_loses_the_office_with_the_role(client):
    user = UserFactory()
    grant(user, ends_before=TODAY + DAY)
    evening, midnight = (dt.datetime(2026, 11, 20, 15, minute, tzinfo=dt.UTC) for minute in (59, 0))
    with time_machine.travel(evening, tick=False):
        client.force_login(user)
        assert client.get("/admin/people/").status_code == 200
    with time_machine.travel(midnight + dt.timedelta(hours=1), tick=False):
        assert client.get("/admin/people/").status_code == 302


def test_an_editors_tools_shut_with_the_role_while_another_role_keeps_the_office_open(client):
    user = UserFactory()
    grant(user)
    grant(user, Role.EDITOR, ends_before=TODAY + DAY)
    tools = ("/admin/pages/", "/admin/images/", "/admin/choose-page/", "/admin/import-documents/")
    assert [opens(client, user, path) for path in tools] == [True] * 4
    assert [opens(client, user, path, days=1) for path in tools] == [False] * 4
    assert opens(client, user, "/admin/people/", days=1)
    assert [group.name for group in user.groups.all()] == ["anxue-hr_officer"]


def test_a_group_that_belongs_to_no_role_is_left_alone():
    user = UserFactory()
    user.groups.add(Group.objects.create(name="Moderators"))
    end_role(grant=grant(user), ends_before=TODAY, acting_user=None, now=NOW)
    assert [group.name for group in user.groups.all()] == ["Moderators"]


def test_every_night_memberships_follow_the_day():
    coming, going = UserFactory(), UserFactory()
    grant(coming, starts_on=TODAY + DAY)
    grant(going, ends_before=TODAY + DAY)
    left = UserFactory()
    grant(left)
    User.objects.filter(pk=left.pk).update(is_active=False)
    with time_machine.travel(NOW + DAY, tick=False):
        assert step_roles() == 3
        assert step_roles() == 0
    assert coming.groups.exists()
    assert not going.groups.exists()
    assert not left.groups.exists()


def test_the_night_costs_the_same_for_one_and_three(django_assert_max_num_queries):
    for _ in range(3):
        RoleGrantFactory(unit=org_path("总厂"))
    with django_assert_max_num_queries(60) as first:
        keep_all_access_in_step(now=NOW)
    RoleGrant.objects.all().delete()
    RoleGrantFactory(unit=org_path("总厂"))
    with django_assert_max_num_queries(len(first)):
        keep_all_access_in_step(now=NOW)


def test_leaving_ends_every_role_with_the_event_and_coming_back_restores_none():
    works = org_path("总厂")
    employee = EmployeeFactory(assigned__unit=works, assigned__post=PostFactory())
    running = grant(employee.user, starts_on=TODAY - 30 * DAY)
    grant(employee.user, Role.EDITOR, starts_on=TODAY + 7 * DAY)
    leave(employee=employee, left_on=TODAY, acting_user=None, now=NOW)
    running.refresh_from_db()
    assert running.ends_before == TODAY
    assert list(RoleGrant.objects.all()) == [running]
    assert not employee.user.groups.exists()
    assert ModelLogEntry.objects.filter(action="people.role.end").count() == 2
    rehire(employee=employee, hired_on=TODAY + DAY, unit=works, post=PostFactory(), acting_user=None,
           now=NOW + DAY)  # fmt: skip
    assert RoleGrant.objects.get() == running
    assert not User.objects.get(pk=employee.user.pk).has_perm("wagtailadmin.access_admin")


def test_moving_within_or_out_of_the_unit_leaves_the_role_to_the_review():
    employee = EmployeeFactory(assigned__unit=org_path("总厂/一车间"), assigned__post=PostFactory())
    held = grant(employee.user, unit=org_path("总厂/一车间"), starts_on=TODAY - 30 * DAY)
    transfer(employee=employee, unit=org_path("总厂/二车间"), post=PostFactory(), effective_on=TODAY,
             acting_user=None, now=NOW)  # fmt: skip
    held.refresh_from_db()
    assert held.ends_before is None


@pytest.mark.parametrize(
    ("first", "second", "is_refused"),
    [
        (Role.QUESTION_WRITER, Role.MARKER, True),
        (Role.MARKER, Role.EXAMINER, True),
        (Role.ADMINISTRATOR, Role.EXAMINER, True),
        (Role.AUDITOR, Role.HR_OFFICER, True),
        (Role.QUESTION_WRITER, Role.EXAMINER, False),
        (Role.AUDITOR, Role.TEAM_LEADER, False),
        (Role.HR_OFFICER, Role.SAFETY_OFFICER, False),
    ],
)
def test_roles_kept_apart(first, second, is_refused):
    user = UserFactory(name="何立新")
    grant(user, first)
    if not is_refused:
        assert grant(user, second)
        return
    with pytest.raises(RolesIncompatible, match=r"何立新.*总厂.*不相容"):
        grant(user, second)
    assert RoleGrant.objects.get().role == first
    made = grant(user, second, exception_reason="厂里只有一名考务人员，评分由安环部复核")
    assert made.exception_reason.startswith("厂里")
    log = ModelLogEntry.objects.filter(action="people.role.grant").order_by("-pk").first()
    assert log.data["after"]["exception_reason"] == made.exception_reason


def test_a_reason_without_a_conflict_is_not_kept():
    assert grant(UserFactory(), exception_reason="无").exception_reason == ""


def test_roles_kept_apart_only_warn_where_the_site_says_so(settings):
    settings.SEPARATION_OF_ROLES = "warn"
    user = UserFactory()
    grant(user, Role.QUESTION_WRITER)
    assert grant(user, Role.MARKER).exception_reason == ""


PLANT, SHOP, OTHER = "0001", "00010001", "0002"


@pytest.mark.parametrize(
    ("one", "other", "meets"),
    [
        (Holding("examiner", PLANT, TODAY), Holding("marker", SHOP, TODAY), True),
        (Holding("examiner", SHOP, TODAY), Holding("marker", PLANT, TODAY), True),
        (Holding("examiner", PLANT, TODAY), Holding("marker", OTHER, TODAY), False),
        (Holding("examiner", PLANT, TODAY, TODAY + DAY), Holding("marker", PLANT, TODAY + DAY), False),
        (Holding("examiner", PLANT, TODAY, TODAY + 2 * DAY), Holding("marker", PLANT, TODAY + DAY), True),
        (Holding("examiner", PLANT, TODAY), Holding("examiner", PLANT, TODAY), False),
    ],
)
def test_roles_meet_in_place_and_time(one, other, meets):
    assert (conflict_between(one, other) is not None) is meets
    assert (conflict_between(other, one) is not None) is meets


def test_every_role_has_a_sentence_and_no_role_is_kept_from_itself():
    assert set(ROLE_SENTENCES) == set(Role.values)
    assert not any(rule.one & rule.other for rule in INCOMPATIBLE_ROLES)
    assert all(rule.one | rule.other <= set(Role.values) for rule in INCOMPATIBLE_ROLES)
