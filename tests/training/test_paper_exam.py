"""An exam on paper is for the obligation that lacks it, and completes it."""

import datetime as dt
from decimal import Decimal

import pytest

from exams.actions.paper_marks import Typed, enter_mark
from exams.actions.paper_times import give_time
from exams.actions.printing import print_papers
from exams.models import Attempt
from exams.queries.sittings import who_owes
from tests.factories.exams import NOW, make_exam
from tests.factories.people import EmployeeFactory, OrgUnitFactory
from tests.factories.training import ObligationFactory, ProgrammeFactory
from training.actions.completion import purpose_of
from training.models import ObligationState, TrainingRecord

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 5, 11)


@pytest.fixture
def exam():
    return make_exam(pass_pct=80)


@pytest.fixture
def obligation(exam):
    unit = OrgUnitFactory()
    return ObligationFactory(
        rule__programme=ProgrammeFactory(exam=exam),
        employee=EmployeeFactory(assigned__unit=unit),
        due_on=DAY + dt.timedelta(days=9),
    )


def enter(exam, employee, points):
    made, _job = print_papers(exam=exam, unit=OrgUnitFactory(), sat_on=DAY, acting_user=None, now=NOW)
    sat_at = NOW - dt.timedelta(hours=2)
    give_time(printed=made[0], starts_at=sat_at, duration_min=30, acting_user=None, now=NOW)
    line = Typed(employee, Decimal(points))
    enter_mark(printed=made[0], line=line, acting_user=None, now=NOW)
    return Attempt.objects.order_by("-pk").first()


def test_a_passed_paper_completes_the_obligation_and_a_failed_one_does_not(exam, obligation):
    failed = enter(exam, obligation.employee, 10)
    obligation.refresh_from_db()
    assert (failed.purpose, obligation.state) == (purpose_of(obligation), ObligationState.OPEN)
    assert enter(exam, obligation.employee, 30).purpose == purpose_of(obligation)
    obligation.refresh_from_db()
    assert obligation.state == ObligationState.DONE
    assert TrainingRecord.objects.get().employee == obligation.employee


def test_the_obligation_due_first_is_meant(exam, obligation, django_assert_num_queries):
    sooner = ObligationFactory(
        rule__programme=obligation.programme, employee=obligation.employee, due_on=DAY, cause="event:2"
    )
    other = ObligationFactory(rule__programme=ProgrammeFactory(exam=exam), employee=EmployeeFactory())
    nobody = EmployeeFactory()
    people = [obligation.employee_id, other.employee_id, nobody.pk]
    with django_assert_num_queries(1):
        owing = who_owes(exam.pk, people, only_next=False)
    found = {employee_id: one.purpose for employee_id, one in owing.items()}
    assert found == {obligation.employee_id: purpose_of(sooner), other.employee_id: purpose_of(other)}
