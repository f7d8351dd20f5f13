"""Nobody comes to a closed unit or an archived post, by whatever way, and everybody is told what to do instead."""

import datetime as dt
import json

import pytest
import time_machine
from treebeard.exceptions import PathOverflow

from people.actions.corrections import correct_event
from people.actions.employment import (
    change_terms,
    hire,
    leave,
    leave_post,
    rehire,
    return_to_post,
    second,
    transfer,
)
from people.actions.import_plan import ImportOptions, plan_import
from people.actions.organisation import ensure_unit_paths
from people.actions.roles import grant_role
from people.actions.unit_changes import close_unit
from people.errors import EmploymentRefused
from people.importers.messages import problem_message
from people.models import OrgUnit, Post, Role, UnitEvent, UnitKind, UnitPlacement
from people.roster import Row, Standing
from tests.factories.api import api_client, make_token
from tests.factories.people import EmployeeFactory, OrgUnitFactory, PostFactory, UserFactory, org_path

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_frozen")]
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 20)
CLOSED = "部门“总厂/旧车间”已撤销：请改填现在的部门，或先在组织机构里恢复它"
ARCHIVED = "岗位“旧岗位”已停用：请改填现在的岗位，或先在岗位页恢复它"
SYSTEM = {"acting_user": None, "now": NOW}


@pytest.fixture
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def old():
    """A unit that was closed, with nobody in it."""
    unit = org_path("总厂/旧车间")
    OrgUnit.objects.filter(pk=unit.pk).update(closed_on=dt.date(2026, 5, 1))
    return unit


@pytest.fixture
def gone():
    return PostFactory(name="旧岗位", archived_on=dt.date(2026, 5, 1))


@pytest.fixture
def employee():
    org_path("总厂/二车间")
    return EmployeeFactory(
        employee_no="7", name="张三", assigned__unit=org_path("总厂/一车间"), assigned__post__name="车工"
    )


def hired(employee, place):
    hire(employee_no="9", name="李四", hired_on=TODAY, **place, **SYSTEM)


def moved(employee, place):
    transfer(employee=employee, effective_on=TODAY, **place, **SYSTEM)


def moved_before_it_was_closed(employee, place):
    transfer(employee=employee, effective_on=dt.date(2026, 4, 1), **place, **SYSTEM)


def lent(employee, place):
    second(employee=employee, starts_on=TODAY, ends_before=TODAY + dt.timedelta(9), **place, **SYSTEM)


def back(employee, place):
    leave_post(employee=employee, effective_on=dt.date(2026, 11, 1), **SYSTEM)
    return_to_post(employee=employee, effective_on=TODAY, **place, **SYSTEM)


def hired_again(employee, place):
    leave(employee=employee, left_on=dt.date(2026, 11, 1), **SYSTEM)
    rehire(employee=employee, hired_on=TODAY, **place, **SYSTEM)


def corrected(employee, place):
    event = transfer(
        employee=employee,
        effective_on=dt.date(2026, 11, 1),
        unit=org_path("总厂/二车间"),
        post=Post.objects.get(name="车工"),
        **SYSTEM,
    )
    correct_event(event=event, reason="写错了", **place, **SYSTEM)


WAYS = [hired, moved, moved_before_it_was_closed, lent, back, hired_again, corrected]


@pytest.mark.parametrize("what", ["unit", "post"])
@pytest.mark.parametrize("way", WAYS)
def test_actions_refuse_and_say_what_to_do(employee, old, gone, way, what):
    place = {"unit": org_path("总厂/二车间"), "post": Post.objects.get(name="车工")}
    place |= {"unit": old} if what == "unit" else {"post": gone}
    with pytest.raises(EmploymentRefused) as refused:
        way(employee, place)
    assert problem_message(refused.value.problem) == (CLOSED if what == "unit" else ARCHIVED)


def test_a_closed_firm_employs_nobody(employee):
    firm = OrgUnitFactory(name="旧劳务", kind=UnitKind.DISPATCH_FIRM, closed_on=dt.date(2026, 5, 1))
    with pytest.raises(EmploymentRefused) as refused:
        change_terms(
            employee=employee, employment_type="dispatched", employer=firm, effective_on=TODAY, **SYSTEM
        )
    assert refused.value.problem.field == "employer"


def test_a_day_is_put_right_though_the_place_is_gone_since(employee):
    event = transfer(
        employee=employee,
        effective_on=dt.date(2026, 4, 1),
        unit=org_path("总厂/二车间"),
        post=Post.objects.get(name="车工"),
        **SYSTEM,
    )
    transfer(
        employee=employee,
        effective_on=dt.date(2026, 6, 1),
        unit=org_path("总厂/一车间"),
        post=Post.objects.get(name="车工"),
        **SYSTEM,
    )
    OrgUnit.objects.filter(name="二车间").update(closed_on=dt.date(2026, 7, 1))
    place = {"unit": org_path("总厂/二车间"), "post": Post.objects.get(name="车工")}
    done = correct_event(event=event, reason="早一天", effective_on=dt.date(2026, 3, 31), **place, **SYSTEM)
    assert done.effective_on == dt.date(2026, 3, 31)


@pytest.mark.parametrize(
    ("unit", "post", "says"),
    [
        ("总厂/旧车间", "车工", CLOSED),
        ("旧车间", "车工", CLOSED),
        ("总厂/旧车间/新班组", "车工", CLOSED),
        ("总厂/二车间", "旧岗位", ARCHIVED),
        ("总厂/二车间", "车工", ""),
    ],
)
@pytest.mark.parametrize("number", ["7", "9"])
def test_lists_are_told_which_place_is_gone(employee, old, gone, number, unit, post, says):
    row = Row(number, line=2, name="张三", unit=unit, post=post, standing=Standing.ACTIVE, hired_on=TODAY)
    plan = plan_import(rows=[row], options=ImportOptions(create_missing=True), acting_user=None, on=TODAY)
    problems = plan.diff.problems
    assert [problem_message(problem) for problem in problems if problem.code != "before_stay"] == [
        says
    ] * bool(says)


def test_a_list_may_name_the_old_place_of_somebody_who_left(employee, old, gone):
    leave(employee=employee, left_on=dt.date(2026, 11, 1), **SYSTEM)
    row = Row("7", line=2, unit="旧车间", post="旧岗位", standing=Standing.LEFT, left_on=dt.date(2026, 11, 1))
    plan = plan_import(rows=[row], options=ImportOptions(), acting_user=None, on=TODAY)
    assert plan.diff.problems == ()


def test_other_systems_are_told(old, gone):
    PostFactory(name="电工")
    _, token = make_token("people:sync", "scim", unit=org_path("总厂"))
    client = api_client(token)
    sent = {"employee_no": "1", "name": "张三", "post": "电工", "hired_on": "2026-03-02"}
    rows = [{**sent, "unit": "旧车间"}, {**sent, "employee_no": "2", "unit": "总厂", "post": "旧岗位"}]
    answer = client.post("/api/people/sync", json.dumps({"rows": rows}), content_type="application/json")
    told = [fault["message"] for fault in answer.json()["errors"]]
    assert told == [CLOSED, ARCHIVED], answer.content
    for place, says in (
        ({"department": "旧车间", "title": "电工"}, CLOSED),
        ({"department": "总厂", "title": "旧岗位"}, ARCHIVED),
    ):
        more = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
        body = {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", more],
            "userName": "zhang",
            "displayName": "张三",
            "title": place["title"],
            more: {"employeeNumber": "3", "department": place["department"]},
        }
        answer = client.post("/scim/v2/Users", json.dumps(body), content_type="application/scim+json")
        assert answer.status_code == 400
        assert answer.json()["detail"] == says


def test_the_form_says_so_too(client, employee, old, gone):
    user = UserFactory()
    grant_role(user=user, role=Role.HR_OFFICER, unit=org_path("总厂"), starts_on=TODAY, **SYSTEM)
    client.force_login(user)
    url = f"/admin/people/{employee.public_id}/change/transfer/"
    page = client.post(url, {"effective_on": TODAY, "unit": "旧车间", "post": "旧岗位"}).content.decode()
    assert CLOSED in page
    assert ARCHIVED in page


# Units made in bulk stand as if made one by one.


def test_new_units_stand_behind_their_siblings():
    org_path("总厂/一车间")
    twin = org_path("总厂/二车间")
    OrgUnit.objects.filter(pk=twin.pk).update(name="一车间")  # two of one name: the first one is meant
    paths = ["总厂/三车间/甲班", "总厂/三车间/乙班", "总厂/一车间/丙班", "外包/甲队", "总厂/四车间"]
    ids = ensure_unit_paths(paths=paths, **SYSTEM)
    assert OrgUnit.find_problems() == ([], [], [], [], [])
    names = list(OrgUnit.objects.order_by("path").values_list("name", flat=True))
    assert names == ["总厂", "一车间", "丙班", "一车间", "三车间", "甲班", "乙班", "四车间", "外包", "甲队"]
    new = {ids[path] for path in [*paths, "外包", "总厂/三车间"]}
    assert set(UnitEvent.objects.values_list("unit", flat=True)) == new
    placed = {
        (row.unit.name, row.parent.name if row.parent else None)
        for row in UnitPlacement.objects.filter(unit__in=new)
    }
    assert {("甲班", "三车间"), ("三车间", "总厂"), ("外包", None), ("丙班", "一车间")} < placed
    assert ensure_unit_paths(paths=paths, **SYSTEM) == ids
    OrgUnit.objects.get(name="三车间").add_child(name="丁班")
    assert OrgUnit.find_problems() == ([], [], [], [], [])


def test_a_thousand_units_take_a_handful_of_statements(django_assert_max_num_queries):
    org_path("总厂")
    for many, most in ((10, 20), (1_000, 30)):
        paths = [f"总厂/{many}/{number // 10}/{number}" for number in range(many)]
        with django_assert_max_num_queries(most):
            ensure_unit_paths(paths=paths, **SYSTEM)


def test_a_tree_too_deep_is_refused():
    with pytest.raises(PathOverflow):
        ensure_unit_paths(paths=["/".join("甲" * 70)], **SYSTEM)


@pytest.mark.parametrize("what", ["moved away", "left"])
def test_taking_back_does_not_put_people_into_what_is_closed_since(employee, what):
    """Who went before the workshop was closed cannot have stayed in it."""
    first = employee.assignments.get().unit
    if what == "left":
        event = leave(employee=employee, left_on=dt.date(2026, 4, 1), **SYSTEM)
    else:
        event = transfer(
            employee=employee,
            effective_on=dt.date(2026, 4, 1),
            unit=org_path("总厂/二车间"),
            post=Post.objects.get(name="车工"),
            **SYSTEM,
        )
    close_unit(unit=first, closed_on=dt.date(2026, 5, 1), **SYSTEM)
    for change in ({"withdraw": True}, {"effective_on": dt.date(2026, 5, 2)}):
        with pytest.raises(EmploymentRefused) as refused:
            correct_event(event=event, reason="写错了", **change, **SYSTEM)
        assert "总厂/一车间" in problem_message(refused.value.problem)
    # Up to the last day before it was closed it stays possible.
    assert correct_event(event=event, reason="写错了", effective_on=dt.date(2026, 5, 1), **SYSTEM)
