"""Who is missing to record or judge a component: found for each kind of assessor, said with the cure, gone with it."""

import datetime as dt

import pytest
import time_machine

from people.models import Role
from tests.factories.people import (
    AssignmentFactory,
    EmployeeFactory,
    OrgUnitFactory,
    PostFactory,
    RoleGrantFactory,
)
from tests.factories.training import SIGNATURE, ObligationFactory, at
from tests.training.test_worklist import officer
from training.actions.checks import record_practical_check
from training.actions.programmes import ComponentSpec, StageSpec, save_programme
from training.errors import CheckRefused
from training.models import Assessor, ComponentKind
from training.queries.exceptions import Hindrance, exceptions_for
from training.queries.worklist import work_section

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 3, 3)
NOW = at("2026-03-03")


@pytest.fixture(autouse=True)
def _moment():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def unit():
    return OrgUnitFactory(name="一车间")


def owing(unit, *kinds, assessor=Assessor.ANYONE):
    """Return what somebody in the unit owes: one component of each kind, all in one stage."""
    specs = {
        ComponentKind.PRACTICAL: {"checklist": ["停电挂牌"]},
        ComponentKind.DRILL: {"hours": 1},
    }
    programme = save_programme(
        code=f"p{unit.pk}{assessor}",
        title="岗位实操",
        kind="special",
        stages=[StageSpec("一", 0, "all", assessor)],
        components=[
            ComponentSpec(kind, f"部分{number}", stage="一", **specs[kind])
            for number, kind in enumerate(kinds, start=1)
        ],
        acting_user=None,
        now=NOW,
    )
    person = EmployeeFactory(name="王建国", assigned__unit=unit)
    return ObligationFactory(employee=person, rule__programme=programme)


def missing(user):
    return [each.text for each in exceptions_for(user, DAY) if each.kind == Hindrance.NO_TRAINER]


def trainer(unit, employee=None, role=Role.TRAINER):
    employee = employee or EmployeeFactory(name="许文海", assigned__unit=unit)
    RoleGrantFactory(role=role, unit=unit, user=employee.user)
    return employee


def is_accepted(item, mentor):
    try:
        record_practical_check(
            obligation=item,
            component=item.programme.components.get(),
            results=[True],
            signature=SIGNATURE,
            acting_user=mentor.user,
            now=NOW,
        )
    except CheckRefused:
        return False
    return True


@pytest.mark.parametrize(
    ("assessor", "words"),
    [
        (Assessor.ANYONE, "“部分1”没有人能考核：请给本单位授予培训师或安全员角色。"),
        (Assessor.TRAINER, "“部分1”没有人能考核：请给本单位授予培训师或安全员角色。"),
        (Assessor.MENTOR, "“部分1”要由师傅考核，没有合适的人"),
        (Assessor.SAFETY_MANAGER, "“部分1”要由安全管理人员考核，没有合适的人"),
        (Assessor.UNIT_LEADER, "“部分1”要由单位负责人考核，“一车间”还没有负责人：请先任命"),
    ],
)
def test_a_check_names_the_assessor_it_lacks_until_one_could_record_it(unit, assessor, words):
    item = owing(unit, ComponentKind.PRACTICAL, assessor=assessor)
    reader = officer(Role.TEAM_LEADER, unit)
    (text,) = missing(reader)
    assert text.startswith(words)
    # The person's own role helps nobody; nor, where somebody certain is asked for, does anybody else's.
    trainer(unit, item.employee)
    assert missing(reader) == [text]
    RoleGrantFactory(role=Role.TRAINER, unit=unit)  # an account without an employee
    if assessor in (Assessor.ANYONE, Assessor.TRAINER):
        assert missing(reader) == []
        return
    assert missing(reader) == [text]
    right = trainer(unit)
    if assessor == Assessor.SAFETY_MANAGER:
        assert missing(reader) == [text]
        assert not is_accepted(item, right)
        stay = right.assignments.get()
        stay.post = PostFactory(is_safety_manager=True)
        stay.save()
    elif assessor == Assessor.UNIT_LEADER:
        assert not is_accepted(item, right)
        unit.leader = EmployeeFactory(name="马骏", assigned__unit=unit)
        unit.save()
        assert missing(reader) == [
            "“部分1”要由单位负责人考核，“一车间”的负责人马骏还不能登记：请给他授予培训师角色。"
        ]
        right = trainer(unit, unit.leader)
    assert missing(reader) == []
    assert is_accepted(item, right)


def test_a_drill_asks_for_whoever_records_training_whatever_the_stage_asks_for(unit):
    owing(unit, ComponentKind.DRILL, ComponentKind.PRACTICAL, assessor=Assessor.UNIT_LEADER)
    reader = officer(Role.TEAM_LEADER, unit)
    assert missing(reader) == ["“部分1”没有人能登记：请给本单位授予培训师或安全员角色。"]
    trainer(unit)
    assert [text.partition("：")[0] for text in missing(reader)] == [
        "“部分2”要由单位负责人考核，“一车间”还没有负责人"
    ]


def test_a_trainer_of_the_host_is_somebody(unit):
    item = owing(unit, ComponentKind.DRILL)
    host = OrgUnitFactory(name="三车间")
    trainer(host)
    reader = officer(Role.TEAM_LEADER, unit)
    assert len(missing(reader)) == 1
    AssignmentFactory(employee=item.employee, unit=host, kind="secondment")
    assert missing(reader) == []


def test_the_line_ends_in_naming_a_leader_and_in_the_role(client, unit):
    owing(unit, ComponentKind.PRACTICAL, assessor=Assessor.UNIT_LEADER)
    trainer(unit)
    hr = officer(Role.HR_OFFICER, unit)
    RoleGrantFactory(user=hr, role=Role.ADMINISTRATOR, unit=unit)
    (line,) = work_section(hr, "stuck", NOW, DAY)[:]
    acts = {act.label: act.link for act in line.acts}
    assert acts["任命负责人"] == f"/admin/people/units/{unit.pk}/leader/"
    assert acts["授予角色"] == "/admin/people/roles/grant/"
    client.force_login(hr)
    assert client.get(acts["任命负责人"]).status_code == 200


def test_the_statements_do_not_grow_with_the_people(unit, django_assert_max_num_queries):
    reader = officer(Role.TEAM_LEADER, unit)
    owing(unit, ComponentKind.PRACTICAL, assessor=Assessor.UNIT_LEADER)
    with django_assert_max_num_queries(20) as few:
        assert len(missing(reader)) == 1
    for name in ("二车间", "三车间"):
        owing(OrgUnitFactory(name=name, parent=unit), ComponentKind.PRACTICAL, assessor=Assessor.UNIT_LEADER)
    with django_assert_max_num_queries(len(few)):
        assert len(missing(reader)) == 3


@pytest.mark.parametrize(
    ("assessor", "whose", "names"),
    [
        (Assessor.ANYONE, "轮到现场考核", "周立、许文海"),
        (Assessor.TRAINER, "轮到现场考核", "周立、许文海"),
        (Assessor.MENTOR, "轮到师傅考核", "许文海"),
        (Assessor.SAFETY_MANAGER, "轮到安全管理人员考核", "还没有合适的人"),
        (Assessor.UNIT_LEADER, "轮到单位负责人考核", "还没有合适的人"),
    ],
)
def test_a_line_names_those_who_may_judge_the_work(unit, assessor, whose, names):
    item = owing(unit, ComponentKind.PRACTICAL, assessor=assessor)
    trainer(unit)
    trainer(unit, item.employee)  # nobody judges the own work
    RoleGrantFactory(role=Role.TRAINER, unit=unit, user__name="周立")  # an account without an employee
    (line,) = work_section(officer(Role.HR_OFFICER, unit), "new", NOW, DAY)[:]
    assert line.texts[0] == f"岗位实操 · {whose}：部分1（{names}）"


def test_those_nearest_to_the_person_are_named_first(unit):
    team = OrgUnitFactory(name="一班", parent=unit)
    item = owing(team, ComponentKind.PRACTICAL, assessor=Assessor.MENTOR)
    trainer(unit)
    trainer(unit, EmployeeFactory(name="安然", assigned__unit=unit))
    trainer(team, EmployeeFactory(name="赵师傅", assigned__unit=team))
    (line,) = work_section(officer(Role.HR_OFFICER, unit), "new", NOW, DAY)[:]
    assert line.who == str(item.employee)
    assert "（赵师傅、安然）" in line.texts[0]
