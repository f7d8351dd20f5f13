"""What a regrade would mean for obligations and certificates."""

import pytest

from certificates.models import Certificate
from certificates.queries import certificates_at_stake
from exams.signals import PassFlip, RegradeAsked, regrade_consequences_asked
from tests.factories.certificates import CertifiedProgrammeFactory, ProgrammeRecordFactory
from tests.factories.training import ObligationFactory
from training.actions.completion import purpose_of
from training.models import ObligationState
from training.queries.regrades import consequences_of_regrade

pytestmark = pytest.mark.django_db


def flip(obligation, *, passes, purpose=None, employee_id=None):
    return PassFlip(
        attempt_id=7,
        employee_id=employee_id or obligation.employee_id,
        exam_id=1,
        purpose=purpose or purpose_of(obligation),
        passes=passes,
    )


def test_who_passes_after_all_goes_on_and_what_is_done_stays():
    obligation = ObligationFactory()
    [found] = consequences_of_regrade([flip(obligation, passes=True)])
    assert (found.attempt_id, "将算通过" in found.text) == (7, True)
    assert consequences_of_regrade([flip(obligation, passes=False)]) == []
    type(obligation).objects.filter(pk=obligation.pk).update(
        state=ObligationState.DONE, closed_at=obligation.created_at
    )
    [found] = consequences_of_regrade([flip(obligation, passes=False)])
    assert "不会自动撤销" in found.text
    assert consequences_of_regrade([flip(obligation, passes=True)]) == []


@pytest.mark.parametrize(
    "purpose", ["open", "obligation:1", "obligation:00000000-0000-4000-8000-000000000000"]
)
def test_what_was_taken_for_something_else_has_no_consequence(purpose):
    obligation = ObligationFactory()
    assert consequences_of_regrade([flip(obligation, passes=True, purpose=purpose)]) == []


def test_somebody_elses_obligation_is_not_named(django_assert_max_num_queries):
    obligation, other = ObligationFactory(), ObligationFactory()
    flips = [flip(obligation, passes=True, employee_id=other.employee_id), flip(other, passes=True)]
    with django_assert_max_num_queries(2):
        assert len(consequences_of_regrade(flips)) == 1


def test_certificates_that_rest_on_the_exam_are_named_by_their_number():
    obligation = ObligationFactory()
    programme = CertifiedProgrammeFactory()
    record = ProgrammeRecordFactory(
        employee=obligation.employee, programme=programme, obligation=obligation, seq=1
    )
    Certificate.objects.create(
        number="AX-2026-000001",
        verify_code="x" * 20,
        employee=obligation.employee,
        record=record,
        template=programme.certificate_templates.get(),
        printed={},
        issued_at=record.recorded_at,
    )
    [found] = certificates_at_stake([flip(obligation, passes=False)])
    assert "AX-2026-000001" in found.text
    assert certificates_at_stake([flip(obligation, passes=True)]) == []
    asked = RegradeAsked((flip(obligation, passes=False),))
    answers = [answer for _receiver, answer in regrade_consequences_asked.send(sender=None, asked=asked)]
    assert any(found in each for each in answers if each)
