"""Before a resit: what of the programme was studied again since the last attempt."""

import datetime as dt
from uuid import uuid4

import pytest

from courses.actions.study import open_session
from courses.models import PlaySession, StudyProgress
from exams.actions.starting import start_attempt
from exams.errors import StartRefused
from tests.factories.courses import CourseFactory, PolicySpeechFactory
from tests.factories.exams import DEVICE, make_exam, submit
from tests.factories.people import EmployeeFactory
from tests.factories.training import ObligationFactory, ProgrammeFactory, at, prove_study
from training.actions.completion import on_study_completed, purpose_of
from training.actions.exam_component import start_component_exam

pytestmark = pytest.mark.django_db
DAY = at("2026-06-01", "15:00")
HOUR = dt.timedelta(hours=1)


def test_a_resit_waits_until_every_lesson_before_it_was_open_again_for_half_its_time():
    lessons = [PolicySpeechFactory(title="第一课"), PolicySpeechFactory(title="第二课")]
    exam = make_exam(resit_after_study=True)
    programme = ProgrammeFactory(course=CourseFactory(lessons=lessons), exam=exam)
    obligation = ObligationFactory(rule__programme=programme, employee=EmployeeFactory(assigned=True))
    for lesson in lessons:
        on_study_completed(event=prove_study(obligation.employee, lesson, DAY))

    def start(now):
        return start_component_exam(
            obligation=obligation,
            component=programme.components.get(kind="exam"),
            employee=obligation.employee,
            device=DEVICE,
            now=now,
        )

    attempt = start(DAY)
    assert attempt.purpose == purpose_of(obligation)
    submit(attempt, now=DAY)
    with pytest.raises(StartRefused, match="重新学一遍"):
        start(DAY + HOUR)
    for lesson in lessons:
        session = open_session(employee=obligation.employee, lesson=lesson, device="p", now=DAY + HOUR)
        needs = StudyProgress.objects.get(sessions=session).needs
        half = (needs["film_s"] * needs["watch_pct"] / 100 + sum(needs["sections"].values())) / 2
        assert half > 1
        spent = dt.timedelta(seconds=half - 1)
        PlaySession.objects.filter(pk=session.pk).update(last_beat_at=DAY + HOUR + spent)
        with pytest.raises(StartRefused):
            start(DAY + 2 * HOUR)
        spent = dt.timedelta(seconds=half)
        PlaySession.objects.filter(pk=session.pk).update(last_beat_at=DAY + HOUR + spent)
    assert start(DAY + 2 * HOUR).number == 2


def test_an_exam_taken_for_something_else_asks_for_no_study():

    exam, employee = make_exam(resit_after_study=True), EmployeeFactory()
    for purpose in ("open", f"obligation:{uuid4()}"):
        for _ in range(2):
            attempt = start_attempt(exam=exam, employee=employee, purpose=purpose, device=DEVICE, now=DAY)
            submit(attempt, now=DAY)
