"""On-site training is recorded as it was held, or not at all."""

import datetime as dt
import json
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.urls import reverse

from people.models import Role
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory, UserFactory
from tests.factories.training import ObligationFactory, ProgrammeFactory, TrainingRuleFactory, at
from training.actions.dispensations import ask_dispensation, decide_dispensation
from training.actions.ledger import correct_record
from training.actions.on_site import record_on_site_training
from training.actions.programmes import ComponentSpec, StageSpec, save_programme
from training.errors import OnSiteRefused, ProgrammeRefused
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


def staged(unit, *, days_between=0):
    programme = save_programme(
        code="staged",
        title="三级安全教育",
        kind="pre_job",
        components=[
            ComponentSpec("on_site", title, hours=Decimal(8), stage=title) for title in ("厂级", "车间级")
        ],
        stages=[StageSpec("厂级"), StageSpec("车间级", min_days_after=days_between)],
        acting_user=None,
        now=at("2026-03-01"),
    )
    return ObligationFactory(
        rule__programme=programme, employee=EmployeeFactory(name="张伟", assigned__unit=unit)
    )


def on(day):
    return {"held_from": at(day, "08:00"), "held_to": at(day, "16:00")}


def test_levels_that_are_entered_days_later_are_spaced_by_when_they_were_held(unit):
    person = [staged(unit, days_between=2)]
    record(person, **on("2026-03-02"))
    refusals = refused(person, position=2, **on("2026-03-03"))
    assert refusals == [f"{person[0].employee} 的“车间级”从 2026-03-04 起才能进行：与上一阶段须有间隔。"]

    # Entered on the same day as the first level, and held two days after it.
    with time_machine.travel(at("2026-03-05"), tick=False):
        assert obligation_steps(person[0])[1].state == "next"
    record(person, 2, **on("2026-03-04"))
    assert Obligation.objects.get().state == "done"


def test_after_recognised_training_the_next_level_may_have_been_held_before_the_approval(unit):
    person = [staged(unit)]
    request = ask_dispensation(
        obligation=person[0],
        kind="recognition",
        reason="集团已讲",
        component=person[0].programme.components.get(position=1),
        hours=Decimal(8),
        held_on=dt.date(2026, 3, 1),
        evidence=ContentFile(b"%PDF-1.4", "record.pdf"),
        acting_user=None,
        now=at("2026-03-05"),
    )
    decide_dispensation(dispensation=request, is_approved=True, acting_user=None, now=at("2026-03-05"))
    record(person, 2, **on("2026-03-02"))
    assert Obligation.objects.get().state == "done"


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


# With a pass mark


@pytest.fixture
def scored(programme, people):
    programme.components.filter(position=1).update(pass_mark=80)
    return people


def test_whoever_reaches_the_mark_has_the_component_and_whoever_does_not_starts_again(scored):
    good, bad, *_ = scored
    rows = record([good, bad], scores={good.pk: Decimal(80), bad.pk: Decimal("79.5")})

    assert [(row.score_pct, row.passed) for row in rows] == [(80, True), (Decimal("79.50"), False)]
    done = ComponentDone.objects.get()
    assert (done.obligation, done.evidence["score_pct"]) == (good, "80")
    again = {"held_from": at("2026-03-03", "08:00"), "held_to": at("2026-03-03", "16:00")}
    record([bad], scores={bad.pk: Decimal(90)}, **again)
    assert ComponentDone.objects.count() == 2


def test_a_score_is_asked_for_when_the_hours_are_complete_and_not_before(scored):
    first, *_ = scored
    half = {"hours": Decimal(4), "held_to": at("2026-03-02", "12:00")}
    record([first], **half)
    rest = {**half, "held_from": at("2026-03-03", "08:00"), "held_to": at("2026-03-03", "12:00")}

    assert "还没有成绩：请填写考核成绩（80 分合格）" in str(refused([first], **rest))
    assert "0 到 100 分之间" in str(refused([first], scores={first.pk: Decimal(101)}, **rest))
    record([first], scores={first.pk: Decimal(85)}, **rest)
    assert ComponentDone.objects.count() == 1


def test_what_has_no_mark_takes_no_score(people):
    assert "不打分" in str(refused(people[:1], scores={people[0].pk: Decimal(90)}))


def test_the_page_asks_for_scores_and_keeps_them(scored, client):
    first, *_ = scored
    client.force_login(UserFactory(is_superuser=True))
    component = first.programme.components.get(position=1)
    address = reverse("training_office:on-site-record", args=[component.pk])
    data = {
        "held_on": "2026-03-02",
        "starts_at": "08:00",
        "ends_at": "16:00",
        "hours": "8",
        "place": "培训室",
        "trainer_name": "周师傅",
        "people": [first.public_id],
    }
    with time_machine.travel(at("2026-03-05"), tick=False):
        page = client.get(address).content.decode()
        assert page.count(f"{first.employee.name} 的成绩") == 1
        assert page.count('name="score-') == 3
        missing = client.post(address, data)
        assert missing.status_code == 422
        assert "还没有成绩" in missing.content.decode()
        assert client.post(address, {**data, f"score-{first.public_id}": "88"}).status_code == 302
    assert TrainingRecord.objects.get().score_pct == 88


@pytest.mark.parametrize(("kind", "mark"), [("session", 101), ("session", 0), ("letter", 80)])
def test_a_pass_mark_is_for_what_is_held(kind, mark):
    part = ComponentSpec(kind, "环节", hours=Decimal(2), body="正文", pass_mark=mark)
    with pytest.raises(ProgrammeRefused, match="合格分须在 1 到 100 之间"):
        save_programme(
            code="x", title="x", kind="special", components=[part], acting_user=None, now=at("2026-03-05")
        )
