"""Components become done; the last one closes the obligation and writes the ledger."""

import datetime as dt
import hashlib
import json
import threading
from decimal import Decimal

import pytest
from django.db import connections

from common.canonical import canonical_json
from courses.signals import study_completed
from exams.models import Attempt
from exams.signals import attempt_graded
from notices.models import Notice
from tests.factories.courses import CourseFactory, PolicySpeechFactory
from tests.factories.exams import DEVICE, answer, make_exam, right_response, submit
from tests.factories.people import EmployeeFactory
from tests.factories.training import (
    ExamFactory,
    ObligationFactory,
    ProgrammeFactory,
    at,
    grade_attempt,
    prove_study,
)
from training.actions.completion import obligation_id_in, on_attempt_graded, on_study_completed, purpose_of
from training.actions.exam_component import start_component_exam
from training.errors import StepLocked
from training.models import (
    ClearanceState,
    Component,
    ComponentDone,
    Obligation,
    ObligationState,
    TrainingRecord,
)
from training.queries.obligations import obligation_steps
from training.signals import training_record_added

pytestmark = pytest.mark.django_db
EXAM_DAY = at("2026-06-01", "15:00")


@pytest.fixture
def lessons():
    return [PolicySpeechFactory(title="第一课"), PolicySpeechFactory(title="第二课")]


@pytest.fixture
def obligation(lessons):
    programme = ProgrammeFactory(title="线上", course=CourseFactory(lessons=lessons), exam=ExamFactory())
    return ObligationFactory(rule__programme=programme, employee=EmployeeFactory(assigned=True))


@pytest.fixture
def heard():
    events = []

    def hear(event, **_):
        events.append(event)

    training_record_added.connect(hear)
    yield events
    training_record_added.disconnect(hear)


def exam_of(obligation):
    return obligation.programme.components.get(kind="exam").exam


def test_course_is_done_with_its_last_lesson(obligation, lessons):
    study_completed.send(sender=None, event=prove_study(obligation.employee, lessons[0]))
    assert ComponentDone.objects.count() == 0

    event = prove_study(obligation.employee, lessons[1])
    study_completed.send(sender=None, event=event)
    study_completed.send(sender=None, event=event)

    done = ComponentDone.objects.get()
    assert done.component.kind == "course"
    assert len(done.evidence["study_record_ids"]) == 2
    assert Obligation.objects.get().state == ObligationState.OPEN


def test_other_peoples_study_and_other_lessons_change_nothing(obligation, lessons):
    for lesson in lessons:
        on_study_completed(event=prove_study(EmployeeFactory(), lesson))
    on_study_completed(event=prove_study(obligation.employee, PolicySpeechFactory()))

    assert ComponentDone.objects.count() == 0


def test_last_component_writes_one_row_and_clears_the_person(obligation, lessons, heard):
    for number, lesson in enumerate(lessons):
        on_study_completed(event=prove_study(obligation.employee, lesson, at("2026-03-02", f"1{number}:00")))
    event = grade_attempt(obligation, exam_of(obligation), at("2026-03-02", "15:00"))

    attempt_graded.send(sender=None, event=event)
    attempt_graded.send(sender=None, event=event)

    obligation.refresh_from_db()
    assert (obligation.state, obligation.closed_at) == (ObligationState.DONE, at("2026-03-02", "15:00"))
    record = TrainingRecord.objects.get()
    assert (record.kind, record.title, record.passed) == ("programme", "线上", True)
    assert (record.hours, record.score_pct) == (Decimal("2.00"), Decimal("92.00"))
    assert (record.started_at, record.completed_at) == (at("2026-03-02", "09:30"), at("2026-03-02", "15:00"))
    assert record.recorded_by is None
    payload = json.loads(record.payload)
    attempt = Attempt.objects.get()
    paper_sha256 = hashlib.sha256(canonical_json(attempt.paper)).hexdigest()
    assert payload["obligation"] == str(obligation.public_id)
    assert payload["content"] == [
        {"kind": "lesson", "title": "第一课", "revision_id": 7, "sha256": "c" * 64},
        {"kind": "film", "title": "第一课", "revision_id": 7, "sha256": "f" * 64},
        {"kind": "lesson", "title": "第二课", "revision_id": 7, "sha256": "c" * 64},
        {"kind": "film", "title": "第二课", "revision_id": 7, "sha256": "f" * 64},
        {
            "kind": "exam",
            "title": attempt.exam.title,
            "revision_id": None,
            "sha256": paper_sha256,
            "attempt": str(attempt.public_id),
        },
    ]
    assert ClearanceState.objects.get().is_cleared
    assert [item.record_id for item in heard] == [record.pk]
    assert Notice.objects.get().title == "培训已完成：线上"


@pytest.mark.parametrize("order", ["exam first", "course first"])
def test_order_in_which_facts_arrive_does_not_matter(obligation, lessons, order):
    event = grade_attempt(obligation, exam_of(obligation))
    if order == "exam first":
        on_attempt_graded(event=event)
    for lesson in lessons:
        on_study_completed(event=prove_study(obligation.employee, lesson))
    if order == "course first":
        on_attempt_graded(event=event)

    assert TrainingRecord.objects.count() == 1


def test_attempt_counts_only_for_its_purpose_its_person_and_if_passed(obligation):
    exam = exam_of(obligation)
    other = ObligationFactory(state=ObligationState.DONE, closed_at=at("2026-03-03"), rule=obligation.rule)
    assert on_attempt_graded(event=grade_attempt(obligation, exam, passed=False)) is None
    on_attempt_graded(event=grade_attempt(obligation, exam, employee=EmployeeFactory()))
    on_attempt_graded(event=grade_attempt(obligation, ExamFactory()))
    on_attempt_graded(event=grade_attempt(other, exam))

    assert ComponentDone.objects.count() == 0


@pytest.mark.parametrize("purpose", ["", "practice", "obligation:", "obligation:18", "x obligation:"])
def test_other_purposes_name_no_obligation(purpose):
    assert obligation_id_in(purpose) is None


def test_purpose_leads_back_to_its_obligation(obligation):
    assert obligation_id_in(purpose_of(obligation)) == obligation.public_id


def test_steps_open_one_after_another(obligation, lessons):
    course, exam = obligation_steps(obligation)
    assert [(course.state, course.done_count, course.total_count), exam.state] == [("next", 0, 2), "locked"]
    assert course.next_lesson.pk == lessons[0].pk

    on_study_completed(event=prove_study(obligation.employee, lessons[0]))
    course, exam = obligation_steps(obligation)
    assert (course.state, course.done_count, exam.state) == ("next", 1, "locked")
    assert course.next_lesson.pk == lessons[1].pk

    on_study_completed(event=prove_study(obligation.employee, lessons[1]))
    course, exam = obligation_steps(obligation)
    assert (course.state, course.next_lesson, exam.state) == ("done", None, "next")

    on_attempt_graded(event=grade_attempt(obligation, exam_of(obligation)))
    _, exam = obligation_steps(obligation)
    assert (exam.state, exam.score_pct) == ("done", Decimal("92.00"))


def test_steps_cost_the_same_for_one_and_three_lessons(django_assert_num_queries):
    for count in (1, 3):
        course = CourseFactory(lessons=[PolicySpeechFactory() for _ in range(count)])
        obligation = ObligationFactory(rule__programme=ProgrammeFactory(course=course, on_site=[8, 8]))
        with django_assert_num_queries(5):
            assert len(obligation_steps(obligation)) == 3


def test_exam_waits_for_its_course(obligation, lessons):
    component = obligation.programme.components.get(kind="exam")

    def start(**changes):
        arguments = {
            "obligation": obligation,
            "component": component,
            "employee": obligation.employee,
            "device": "phone",
            "now": at("2026-03-02", "16:00"),
            **changes,
        }
        return start_component_exam(**arguments)

    with pytest.raises(StepLocked, match="请先完成"):
        start()
    with pytest.raises(Obligation.DoesNotExist):
        start(employee=EmployeeFactory())
    with pytest.raises(Component.DoesNotExist):
        start(component=obligation.programme.components.get(kind="course"))
    with pytest.raises(Component.DoesNotExist):
        start(component=ObligationFactory().programme.components.get())

    on_attempt_graded(event=grade_attempt(obligation, exam_of(obligation)))
    with pytest.raises(StepLocked, match="已经合格"):
        start()
    for lesson in lessons:
        on_study_completed(event=prove_study(obligation.employee, lesson))
    obligation.refresh_from_db()
    with pytest.raises(StepLocked, match="已结束"):
        start()


def test_course_without_live_lessons_is_never_done():
    course = CourseFactory(lessons=[])
    obligation = ObligationFactory(rule__programme=ProgrammeFactory(course=course))
    lesson = PolicySpeechFactory()
    on_study_completed(event=prove_study(obligation.employee, lesson))

    assert ComponentDone.objects.count() == 0
    assert obligation_steps(obligation)[0].state == "next"


def test_times_are_those_of_the_evidence(obligation, lessons):
    on_study_completed(event=prove_study(obligation.employee, lessons[0], at("2026-02-01")))
    on_study_completed(event=prove_study(obligation.employee, lessons[1], at("2026-03-03")))
    on_attempt_graded(event=grade_attempt(obligation, exam_of(obligation), at("2026-03-02", "15:00")))

    record = TrainingRecord.objects.get()
    assert record.started_at == at("2026-02-01") - dt.timedelta(minutes=30)
    assert record.completed_at == at("2026-03-03")


def test_real_exam_from_start_to_ledger(lessons):
    exam = make_exam(pass_pct=80)
    programme = ProgrammeFactory(course=CourseFactory(lessons=lessons), exam=exam)
    obligation = ObligationFactory(rule__programme=programme, employee=EmployeeFactory(assigned=True))
    for lesson in lessons:
        on_study_completed(event=prove_study(obligation.employee, lesson, EXAM_DAY))
    component = programme.components.get(kind="exam")

    def start():
        return start_component_exam(
            obligation=obligation,
            component=component,
            employee=obligation.employee,
            device=DEVICE,
            now=EXAM_DAY,
        )

    attempt = start()
    assert start() == attempt
    assert attempt.purpose == purpose_of(obligation)
    answer(
        attempt,
        {slot: right_response(attempt, slot) for slot in range(1, len(attempt.paper["slots"]) + 1)},
        now=EXAM_DAY,
    )
    submit(attempt, now=EXAM_DAY)

    obligation.refresh_from_db()
    assert obligation.state == ObligationState.DONE
    assert TrainingRecord.objects.get().score_pct == Decimal(100)


@pytest.mark.django_db(transaction=True)
def test_last_two_components_at_once_make_one_row(lessons):
    programme = ProgrammeFactory(course=CourseFactory(lessons=lessons[:1]), exam=ExamFactory())
    obligation = ObligationFactory(rule__programme=programme, employee=EmployeeFactory(assigned=True))
    study = prove_study(obligation.employee, lessons[0])
    grade = grade_attempt(obligation, exam_of(obligation))
    failures = []

    def hear(action, event):
        try:
            action(event=event)
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=hear, args=pair)
        for pair in ((on_study_completed, study), (on_attempt_graded, grade))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert TrainingRecord.objects.count() == 1
    assert Obligation.objects.get().state == ObligationState.DONE
