"""Whose next step is an exam, as the rosters of sittings ask."""

import pytest

from exams.queries.sittings import who_owes
from exams.signals import OwingAsked
from tests.exams.saving import statements
from tests.factories.courses import CourseFactory, PolicySpeechFactory
from tests.factories.exams import make_exam
from tests.factories.sittings import make_sitting
from tests.factories.training import ObligationFactory, ProgrammeFactory, TrainingRuleFactory
from training.actions.completion import purpose_of
from training.models import ComponentDone
from training.queries.owing import owing_of

pytestmark = pytest.mark.django_db


def test_only_those_whose_earlier_steps_are_done_owe_the_exam():
    exam = make_exam()
    first = ProgrammeFactory(course=CourseFactory(lessons=[PolicySpeechFactory()]), exam=exam)
    ready, waiting = (ObligationFactory(rule=TrainingRuleFactory(programme=first)) for _ in range(2))
    step = first.components.get(kind="exam")
    earlier = first.components.filter(position__lt=step.position)
    assert earlier.exists()
    for component in earlier:
        ComponentDone.objects.create(
            obligation=ready, component=component, evidence={}, done_at=ready.created_at
        )
    found = owing_of(OwingAsked(exam.pk))
    assert [(one.employee_id, one.purpose, one.what) for one in found] == [
        (ready.employee_id, purpose_of(ready), first.title)
    ]
    assert who_owes(exam.pk, [waiting.employee_id]) == {}
    # On paper it was sat all the same.
    sat = who_owes(exam.pk, [waiting.employee_id], only_next=False)
    assert sat[waiting.employee_id].purpose == purpose_of(waiting)
    assert statements(lambda: who_owes(exam.pk)) == 1
    sitting = make_sitting(exam, [ready.employee, waiting.employee])
    purposes = dict(sitting.seats.values_list("employee_id", "purpose"))
    assert purposes == {ready.employee_id: purpose_of(ready), waiting.employee_id: "open"}
    ComponentDone.objects.create(obligation=ready, component=step, evidence={}, done_at=ready.created_at)
    assert owing_of(OwingAsked(exam.pk)) == []
