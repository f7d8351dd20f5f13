"""On-site training is recorded as it was held, or not at all."""

import json
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from people.models import Role
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory, UserFactory
from tests.factories.training import ObligationFactory, ProgrammeFactory, TrainingRuleFactory, at
from training.actions.ledger import correct_record
from training.actions.on_site import record_on_site_training
from training.errors import OnSiteRefused
from training.models import ComponentDone, Obligation, ObligationState, TrainingRecord
from training.queries.obligations import obligation_steps

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme():
    return ProgrammeFactory(on_site=[8, 8])


@pytest.fixture
def unit():
    return OrgUnitFactory(name="一车间")


@pytest.fixture
def people(programme, unit):
    rule = TrainingRuleFactory(programme=programme)
    return [
        ObligationFactory(rule=rule, employee=EmployeeFactory(name=name, assigned__unit=unit))
        for name in ("张伟", "李娜", "王芳")
    ]


def record(obligations, position=1, **changes):
    component = changes.pop("component", None) or obligations[0].programme.components.get(position=position)
    arguments = {
        "obligations": obligations,
        "component": component,
        "held_from": at("2026-03-02", "08:00"),
        "held_to": at("2026-03-02", "16:00"),
        "hours": Decimal(8),
        "place": "一车间培训室",
        "trainer_name": "周师傅",
        "acting_user": None,
        "now": at("2026-03-05"),
        **changes,
    }
    return record_on_site_training(**arguments)


def refused(obligations, **changes):
    before = TrainingRecord.objects.count()
    with pytest.raises(OnSiteRefused) as caught:
        record(obligations, **changes)
    assert TrainingRecord.objects.count() == before
    return caught.value.problems


def test_several_people_are_recorded_at_once(people):
    user = UserFactory(superuser=True)
    records = record(people, acting_user=user)

    assert [item.employee for item in records] == [item.employee for item in people]
    assert [item.seq for item in records] == [1, 2, 3]
    first = TrainingRecord.objects.first()
    assert (first.kind, first.hours, first.place, first.trainer_name) == (
        "on_site",
        Decimal(8),
        "一车间培训室",
        "周师傅",
    )
    assert first.recorded_by == user
    assert json.loads(first.payload)["content"] == [
        {"kind": "on_site", "title": "厂级安全教育", "revision_id": None, "sha256": "", "level": "factory"}
    ]
    assert ComponentDone.objects.count() == 3
    assert set(Obligation.objects.values_list("state", flat=True)) == {"open"}


def test_last_level_closes_the_obligation_with_the_hours_of_the_programme(people):
    record(people)
    record(
        people, 2, held_from=at("2026-03-03", "08:00"), held_to=at("2026-03-03", "16:00"), trainer_name="吴工"
    )

    assert set(Obligation.objects.values_list("state", flat=True)) == {"done"}
    whole = TrainingRecord.objects.filter(kind="programme").first()
    assert (whole.hours, whole.trainer_name, whole.score_pct) == (Decimal(16), "周师傅、吴工", None)
    assert (whole.started_at, whole.completed_at) == (at("2026-03-02", "08:00"), at("2026-03-03", "16:00"))
    parts = TrainingRecord.objects.filter(kind="on_site", employee=whole.employee).order_by("seq")
    assert [(item["record_seq"], item["sha256"]) for item in json.loads(whole.payload)["content"]] == [
        (part.seq, part.leaf_hash) for part in parts
    ]


def test_hours_add_up_over_days_until_the_level_is_complete(people):
    person = people[:1]
    for day, hours in (("2026-03-02", "4"), ("2026-03-03", "3.5")):
        record(person, held_from=at(day, "13:00"), held_to=at(day, "16:30"), hours=Decimal(hours))
    step = obligation_steps(person[0])[0]
    assert (step.state, step.hours_held, len(step.records)) == ("next", Decimal("7.5"), 2)
    assert ComponentDone.objects.count() == 0

    record(
        person, held_from=at("2026-03-04", "13:00"), held_to=at("2026-03-04", "13:30"), hours=Decimal("0.5")
    )

    assert len(ComponentDone.objects.get().evidence["training_record_ids"]) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"place": " "}, "地点"),
        ({"trainer_name": ""}, "教员"),
        ({"held_to": at("2026-03-02", "08:00")}, "晚于开始"),
        ({"held_to": at("2026-03-02", "13:59")}, "8 学时需要 360 分钟，登记的时段只有 359 分钟"),
        ({"hours": Decimal(0)}, "大于 0"),
        ({"now": at("2026-03-02", "15:59")}, "还没有结束"),
        ({"held_from": at("2026-03-01", "23:00")}, "不在同一天"),
        (
            {"hours": Decimal(9)},
            "超过每天 8 学时",
        ),
    ],
)
def test_session_that_cannot_have_been_is_refused(people, changes, message):
    assert any(message in problem for problem in refused(people, **changes))


def test_span_of_exactly_the_minutes_is_enough(people):
    assert record(people, held_to=at("2026-03-02", "14:00"))


def test_nobody_chosen_is_refused(people, programme):
    assert refused([], component=programme.components.first()) == ["没有选择人员：请勾选参加本次培训的人。"]


def test_person_elsewhere_at_that_time_is_named(people, programme):
    other_rule = TrainingRuleFactory(programme=ProgrammeFactory(on_site=[2]))
    other = ObligationFactory(rule=other_rule, employee=people[1].employee)
    record([other], held_from=at("2026-03-02", "15:30"), held_to=at("2026-03-02", "17:00"), hours=Decimal(2))

    problems = refused(people)

    assert len(problems) == 2
    assert all("李娜" in problem for problem in problems)
    assert "时间重叠" in problems[0]
    assert "将达 10 学时" in problems[1]


def test_times_that_only_touch_do_not_overlap(people):
    person = people[:1]
    record(person, held_to=at("2026-03-02", "11:00"), hours=Decimal(4))
    record(person, held_from=at("2026-03-02", "11:00"), held_to=at("2026-03-02", "14:00"), hours=Decimal(4))

    assert ComponentDone.objects.count() == 1


def test_corrected_row_counts_as_its_correction_says(people):
    person = people[:1]
    [row] = record(person, held_to=at("2026-03-02", "11:00"), hours=Decimal(4))
    correct_record(
        record=row, reason="登记多了", hours=Decimal(2), acting_user=None, now=at("2026-03-05", "10:00")
    )

    assert obligation_steps(person[0])[0].hours_held == Decimal(2)


def test_levels_come_in_their_order_and_once(people):
    assert "请先完成“厂级安全教育”" in refused(people, position=2)[0]
    record(people[:1])
    assert (
        "已完成，不必再登记"
        in refused(people[:1], held_from=at("2026-03-03", "08:00"), held_to=at("2026-03-03", "16:00"))[0]
    )


def test_closed_obligation_or_other_programme_is_refused(people):
    Obligation.objects.filter(pk=people[0].pk).update(
        state=ObligationState.CANCELLED, closed_at=at("2026-03-03")
    )
    assert "张伟" in refused(people)[0]

    stranger = ObligationFactory(employee__name="外人")
    assert "外人" in refused([people[1], stranger])[0]


def test_online_component_takes_no_hours(people, django_user_model):
    component = people[0].programme.components.first()
    component.kind = "exam"

    assert "不是现场教育环节" in refused(people, component=component)[0]


def test_person_twice_on_the_list_is_refused(people):
    twin = ObligationFactory(rule=people[0].rule, employee=people[0].employee)

    assert "选了两次" in refused([people[0], twin])[0]


def test_trainer_records_only_people_of_the_own_part_of_the_tree(people, unit):
    trainer = RoleGrantFactory(role=Role.TRAINER, unit=unit).user
    stranger = RoleGrantFactory(role=Role.TRAINER, unit=OrgUnitFactory()).user
    leader = RoleGrantFactory(role=Role.TEAM_LEADER, unit=unit).user

    for user in (stranger, leader, UserFactory()):
        with pytest.raises(PermissionDenied):
            record(people, acting_user=user)
    assert TrainingRecord.objects.count() == 0
    assert len(record(people, acting_user=trainer)) == 3
