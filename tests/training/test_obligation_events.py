"""Employment events make and end obligations."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notices.models import Notice
from people.models import EmploymentStatus, EventKind
from people.signals import (
    EmploymentChanged,
    EmploymentChangedInBulk,
    employment_changed,
    employment_changed_in_bulk,
)
from tests.factories.courses import CourseFactory, PolicySpeechFactory
from tests.factories.people import AssignmentFactory, EmployeeFactory, OrgUnitFactory, PostFactory
from tests.factories.training import (
    EmploymentEventFactory,
    ObligationFactory,
    ProgrammeFactory,
    TrainingRuleFactory,
    at,
    prove_study,
)
from training.actions.obligations import Applied, apply_employment_event, apply_employment_events
from training.models import (
    ClearanceState,
    ComponentDone,
    Obligation,
    ObligationState,
    TrainingRecord,
    Trigger,
)
from training.queries.obligations import explain

pytestmark = pytest.mark.django_db
NOW = at("2026-03-02")


def states(employee):
    return {
        item.programme.title: (item.state, item.close_reason)
        for item in Obligation.objects.filter(employee=employee).select_related("programme")
    }


def test_hire_brings_the_training_the_rules_demand_and_blocks_until_done():
    rule = TrainingRuleFactory(programme__title="岗前培训", due_days=7)
    TrainingRuleFactory(trigger=Trigger.TRANSFERRED)
    employee = EmployeeFactory(assigned=True)
    event = EmploymentEventFactory(employee=employee)

    assert apply_employment_event(event_id=event.pk, now=NOW) == Applied(created=1)

    obligation = Obligation.objects.get()
    assert obligation.programme == rule.programme
    assert (obligation.rule, obligation.event, obligation.cause) == (rule, event, f"event:{event.pk}")
    assert (obligation.owed_from, obligation.due_on) == (dt.date(2026, 3, 2), dt.date(2026, 3, 9))
    assert obligation.created_at == NOW
    clearance = ClearanceState.objects.get(employee=employee)
    assert not clearance.is_cleared
    assert clearance.reasons == [
        {
            "code": "training_owed",
            "text": "培训未完成：岗前培训（截止 2026-03-09）",
            "basis": "总局令第3号第十二条（条文待核对原文）",
            "subject": "岗前培训",
            "day": "2026-03-09",
            "obligation_id": str(obligation.public_id),
        }
    ]
    notice = Notice.objects.get(recipient=employee.user)
    assert notice.title == "新的培训任务：岗前培训"
    assert notice.link == f"/tasks/{obligation.public_id}/"
    assert notice.body == explain(obligation)


def test_second_hearing_of_an_event_changes_nothing():
    TrainingRuleFactory()
    employee = EmployeeFactory(assigned=True)
    event = EmploymentEventFactory(employee=employee)
    signal = EmploymentChanged(event.pk, employee.pk, event.kind, event.effective_on, NOW)

    employment_changed.send(sender=None, event=signal)
    employment_changed.send(sender=None, event=signal)
    bulk = EmploymentChangedInBulk((event.pk, event.pk), NOW)
    employment_changed_in_bulk.send(sender=None, event=bulk)

    assert Obligation.objects.count() == 1
    assert Notice.objects.count() == 1


def test_employee_without_an_account_owes_all_the_same():
    TrainingRuleFactory()
    event = EmploymentEventFactory(employee=EmployeeFactory(user=None))

    assert apply_employment_event(event_id=event.pk, now=NOW).created == 1
    assert Notice.objects.count() == 0


def test_rule_reads_the_place_the_event_leads_to():
    works = OrgUnitFactory(name="总厂", is_high_risk_for_hours=True)
    workshop = OrgUnitFactory(name="一车间", parent=works)
    other = OrgUnitFactory(name="外厂")
    post, manager = PostFactory(), PostFactory(is_safety_manager=True)
    matching = [
        TrainingRuleFactory(unit=works),
        TrainingRuleFactory(high_risk=True),
        TrainingRuleFactory(audience="other_staff", employment_types=["dispatched"]),
    ]
    by_post = TrainingRuleFactory()
    by_post.posts.set([post])
    for changes in ({"unit": other}, {"high_risk": False}, {"audience": "safety_manager"}):
        TrainingRuleFactory(**changes)
    TrainingRuleFactory(programme__is_active=False)
    elsewhere = TrainingRuleFactory()
    elsewhere.posts.set([manager])
    event = EmploymentEventFactory(employee__employment_type="dispatched", to_unit=workshop, to_post=post)

    apply_employment_event(event_id=event.pk, now=NOW)

    owed = set(Obligation.objects.values_list("rule", flat=True))
    assert owed == {rule.pk for rule in [*matching, by_post]}


def test_leaving_cancels_what_is_open_and_keeps_what_is_done():
    employee = EmployeeFactory(assigned=True)
    ObligationFactory(employee=employee, rule__programme__title="甲")
    ObligationFactory(
        employee=employee, rule__programme__title="乙", state=ObligationState.DONE, closed_at=NOW
    )
    event = EmploymentEventFactory(employee=employee, kind=EventKind.LEFT, effective_on=dt.date(2026, 3, 5))

    applied = apply_employment_event(event_id=event.pk, now=at("2026-03-05"))

    assert applied == Applied(cancelled=1)
    assert states(employee) == {"甲": ("cancelled", "已离职"), "乙": ("done", "")}
    assert Obligation.objects.get(state="cancelled").closed_at == at("2026-03-05")


def test_leaving_heard_late_does_not_end_what_a_rehire_brought():
    TrainingRuleFactory(trigger=Trigger.REHIRED)
    employee = EmployeeFactory(assigned=True)
    left = EmploymentEventFactory(employee=employee, kind=EventKind.LEFT, effective_on=dt.date(2026, 3, 5))
    back = EmploymentEventFactory(employee=employee, kind=EventKind.REHIRED, effective_on=dt.date(2026, 6, 1))
    apply_employment_event(event_id=back.pk, now=at("2026-06-01"))

    assert apply_employment_event(event_id=left.pk, now=at("2026-06-01")) == Applied()
    assert Obligation.objects.get().state == ObligationState.OPEN


def test_leaving_the_post_for_a_while_keeps_what_is_owed():
    employee = EmployeeFactory(assigned=True)
    ObligationFactory(employee=employee)
    event = EmploymentEventFactory(
        employee=employee, kind=EventKind.LEFT_POST, effective_on=dt.date(2026, 3, 5)
    )

    assert apply_employment_event(event_id=event.pk, now=NOW) == Applied()


def test_move_ends_only_what_was_for_the_old_post():
    welder, fitter = PostFactory(name="焊工"), PostFactory(name="钳工")
    employee = EmployeeFactory(assigned=True)
    general = TrainingRuleFactory(programme__title="一般")
    of_unit = TrainingRuleFactory(programme__title="单位", unit=OrgUnitFactory())
    of_post = TrainingRuleFactory(programme__title="焊工专项")
    of_post.posts.set([welder])
    of_both = TrainingRuleFactory(programme__title="焊工钳工")
    of_both.posts.set([welder, fitter])
    for rule in (general, of_unit, of_post, of_both):
        ObligationFactory(employee=employee, rule=rule)
    event = EmploymentEventFactory(
        employee=employee, kind=EventKind.TRANSFERRED, effective_on=dt.date(2026, 3, 9), to_post=fitter
    )

    apply_employment_event(event_id=event.pk, now=at("2026-03-09"))

    assert {title: state for title, (state, _) in states(employee).items()} == {
        "一般": "open",
        "单位": "open",
        "焊工专项": "cancelled",
        "焊工钳工": "open",
    }


def test_second_move_takes_the_place_of_the_first():
    TrainingRuleFactory(trigger=Trigger.TRANSFERRED)
    employee = EmployeeFactory(assigned=True)
    first = EmploymentEventFactory(
        employee=employee, kind=EventKind.TRANSFERRED, effective_on=dt.date(2026, 3, 9)
    )
    second = EmploymentEventFactory(
        employee=employee, kind=EventKind.TRANSFERRED, effective_on=dt.date(2026, 3, 20)
    )

    applied = apply_employment_events(event_ids=[second.pk, first.pk], now=at("2026-03-20"))

    assert applied == Applied(created=2, cancelled=1)
    newer = Obligation.objects.get(state=ObligationState.OPEN)
    assert newer.event == second
    assert Obligation.objects.get(state="cancelled").close_reason == "由后来的同一培训任务取代"
    assert apply_employment_events(event_ids=[first.pk, second.pk], now=at("2026-03-21")) == Applied()


def test_correction_dates_anew_what_is_owed_and_drops_what_is_not():
    keep = TrainingRuleFactory(programme__title="留", due_days=7)
    drop = TrainingRuleFactory(programme__title="去", effective_before=dt.date(2026, 3, 10))
    done = TrainingRuleFactory(programme__title="毕", effective_before=dt.date(2026, 3, 10))
    employee = EmployeeFactory(assigned=True)
    event = EmploymentEventFactory(employee=employee)
    apply_employment_event(event_id=event.pk, now=NOW)
    Obligation.objects.filter(rule=done).update(state=ObligationState.DONE, closed_at=NOW)
    correction = EmploymentEventFactory(employee=employee, effective_on=dt.date(2026, 3, 16), corrects=event)
    again = EmploymentEventFactory(employee=employee, effective_on=dt.date(2026, 3, 17), corrects=correction)

    applied = apply_employment_event(event_id=correction.pk, now=at("2026-03-16"))
    assert applied == Applied(cancelled=1)
    apply_employment_event(event_id=again.pk, now=at("2026-03-17"))
    apply_employment_event(event_id=correction.pk, now=at("2026-03-18"))

    kept = Obligation.objects.get(rule=keep)
    assert (kept.owed_from, kept.due_on, kept.event) == (dt.date(2026, 3, 17), dt.date(2026, 3, 24), again)
    assert kept.cause == f"event:{event.pk}"
    assert states(employee)["去"] == ("cancelled", "人事变动已更正，不再需要")
    assert states(employee)["毕"] == ("done", "")
    assert Obligation.objects.filter(rule=drop).count() == 1


def test_course_already_proved_counts_at_once():
    lesson = PolicySpeechFactory()
    programme = ProgrammeFactory(course=CourseFactory(lessons=[lesson]), on_site=[8])
    only_course = ProgrammeFactory(course=CourseFactory(lessons=[lesson]))
    TrainingRuleFactory(programme=programme)
    TrainingRuleFactory(programme=only_course)
    employee = EmployeeFactory(assigned=True)
    prove_study(employee, lesson, at("2026-02-01"))
    event = EmploymentEventFactory(employee=employee)

    apply_employment_event(event_id=event.pk, now=NOW)

    assert ComponentDone.objects.filter(obligation__programme=programme).count() == 1
    assert Obligation.objects.get(programme=programme).state == ObligationState.OPEN
    assert Obligation.objects.get(programme=only_course).state == ObligationState.DONE
    assert TrainingRecord.objects.get().programme == only_course


def _import(count):
    unit, post = OrgUnitFactory(), PostFactory()
    events = []
    for _ in range(count):
        employee = EmployeeFactory(user=None)
        AssignmentFactory(employee=employee, unit=unit, post=post)
        events.append(EmploymentEventFactory(employee=employee, to_unit=unit, to_post=post))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        apply_employment_events(event_ids=[event.pk for event in events], now=NOW)
    return len(queries)


def test_statements_do_not_grow_with_the_number_of_people():
    lesson = PolicySpeechFactory()
    TrainingRuleFactory(programme=ProgrammeFactory(course=CourseFactory(lessons=[lesson]), on_site=[8]))
    TrainingRuleFactory()

    assert _import(1) == _import(12)


def test_explanation_names_event_rule_dates_and_law():
    obligation = ObligationFactory(rule__title="岗前教育", rule__programme__title="三级教育")

    assert explain(obligation) == (
        "2026-03-02 入职，按“岗前教育”须完成“三级教育”，完成前不得上岗，截止 2026-03-09。"
        "依据：总局令第3号第十二条（条文待核对原文）。"
    )
    obligation.rule.basis_verified = True
    obligation.before_work = False
    assert explain(obligation) == (
        "2026-03-02 入职，按“岗前教育”须完成“三级教育”，截止 2026-03-09。依据：总局令第3号第十二条。"
    )


def test_clearance_follows_status_of_those_who_left():
    employee = EmployeeFactory(status=EmploymentStatus.LEFT, left_on=dt.date(2026, 3, 5))
    event = EmploymentEventFactory(employee=employee, kind=EventKind.LEFT, effective_on=dt.date(2026, 3, 5))

    apply_employment_event(event_id=event.pk, now=at("2026-03-05"))

    assert [reason["code"] for reason in ClearanceState.objects.get().reasons] == ["left"]
