"""Saving answers: receipts, retries, refusals, and which device holds the attempt."""

import datetime as dt
from uuid import uuid4

import pytest

from exams.actions.attempts import save_answers, submit_attempt, take_over
from exams.errors import AttemptClosed, AttemptMoved, BadAnswer, SeqTaken
from exams.models import AnswerStep, Attempt, AttemptState
from tests.exams.saving import SECOND, save, statements, stored
from tests.factories.exams import DEVICE, NOW, make_attempt, make_exam, right_response, submit, wrong_response
from tests.factories.people import EmployeeFactory

pytestmark = pytest.mark.django_db


def test_a_receipt_names_what_is_stored():
    attempt = make_attempt()
    response = right_response(attempt, 1)
    receipt = save(attempt, (1, 1, response), (2, 2, []))
    assert (receipt.attempt, receipt.saved) == (attempt.public_id, ((1, 1), (2, 2)))
    assert (receipt.server_time, receipt.deadline) == (NOW, attempt.deadline_at)
    assert stored(attempt) == {1: response, 2: []}


def test_a_save_costs_two_statements():
    attempt = make_attempt()
    steps = [(slot, slot, right_response(attempt, slot)) for slot in (1, 2, 3, 4)]
    assert statements(lambda: save(attempt, *steps)) == 2


def test_a_retry_gets_the_same_receipt_and_stores_nothing_new():
    attempt = make_attempt()
    step = (1, 1, right_response(attempt, 1))
    first = save(attempt, step)
    assert save(attempt, step, now=NOW + SECOND).saved == first.saved
    assert AnswerStep.objects.get(attempt=attempt).saved_at == NOW


def test_a_retry_together_with_new_steps_stores_the_new_ones():
    attempt = make_attempt()
    save(attempt, (1, 1, right_response(attempt, 1)))
    receipt = save(attempt, (1, 1, right_response(attempt, 1)), (2, 2, right_response(attempt, 2)))
    assert receipt.saved == ((1, 1), (2, 2))
    assert AnswerStep.objects.count() == 2


def test_a_late_older_step_does_not_overwrite_the_newer_one():
    attempt = make_attempt()
    newer, older = right_response(attempt, 1), wrong_response(attempt, 1)
    save(attempt, (1, 5, newer))
    assert save(attempt, (1, 4, older)).saved == ((1, 4),)
    assert stored(attempt) == {1: newer}


def test_another_answer_under_a_used_number_is_refused_not_acknowledged():
    attempt = make_attempt()
    save(attempt, (1, 3, right_response(attempt, 1)))
    with pytest.raises(SeqTaken) as caught:
        save(attempt, (2, 4, right_response(attempt, 2)), (1, 3, wrong_response(attempt, 1)))
    assert caught.value.next_seq == 4
    assert stored(attempt) == {1: right_response(attempt, 1)}


def test_two_answers_under_one_number_in_one_call_are_refused():
    attempt = make_attempt()
    with pytest.raises(SeqTaken):
        save(attempt, (1, 1, right_response(attempt, 1)), (1, 1, wrong_response(attempt, 1)))
    assert stored(attempt) == {}


def test_an_empty_save_is_a_question_for_the_time():
    attempt = make_attempt()
    assert save(attempt, now=NOW + SECOND).server_time == NOW + SECOND


def test_wrong_places_and_tokens_are_refused_with_the_field():
    attempt, other = make_attempt(), make_attempt()
    tokens = attempt.paper["slots"][0]["tokens"]
    cases = [
        ((0, 1, []), "steps[0].slot"),
        ((5, 1, []), "steps[0].slot"),
        ((1, 0, []), "steps[0].seq"),
        ((1, 1_000_001, []), "steps[0].seq"),
        ((1, 1, ["C"]), "steps[0].response"),
        ((1, 1, ["\x00"]), "steps[0].response"),
        ((1, 1, tokens[:2]), "steps[0].response"),
        ((1, 1, [tokens[0], tokens[0]]), "steps[0].response"),
        ((1, 1, right_response(other, 1)), "steps[0].response"),
        ((1, 1, right_response(attempt, 2)), "steps[0].response"),
    ]
    save(attempt, (1, 1, right_response(attempt, 1)))
    for step, field in cases:
        with pytest.raises(BadAnswer) as caught:
            save(attempt, step)
        assert caught.value.field == field
    assert stored(attempt) == {1: right_response(attempt, 1)}


def test_answers_count_up_to_the_end_of_the_grace_and_not_after():
    attempt = make_attempt(make_exam(grace_s=5))
    step = (1, 1, right_response(attempt, 1))
    last_moment = attempt.deadline_at + dt.timedelta(seconds=5)
    assert save(attempt, step, now=last_moment).saved == ((1, 1),)
    with pytest.raises(AttemptClosed):
        save(attempt, (1, 2, wrong_response(attempt, 1)), now=last_moment + dt.timedelta(microseconds=1))
    attempt.refresh_from_db()
    assert (attempt.state, attempt.submitted_at) == (AttemptState.GRADED, attempt.deadline_at)
    assert stored(attempt) == {1: right_response(attempt, 1)}


def test_nothing_is_saved_after_the_hand_in():
    attempt = make_attempt()
    submit(attempt)
    with pytest.raises(AttemptClosed):
        save(attempt, (1, 1, right_response(attempt, 1)))


def test_another_person_finds_no_attempt():
    attempt, stranger = make_attempt(), EmployeeFactory()
    for call in (save_answers, submit_attempt):
        with pytest.raises(Attempt.DoesNotExist):
            call(
                attempt_public_id=attempt.public_id,
                employee_id=stranger.pk,
                steps=[],
                device=DEVICE,
                now=NOW,
            )
    with pytest.raises(Attempt.DoesNotExist):
        take_over(attempt_public_id=attempt.public_id, employee_id=stranger.pk, device=DEVICE, now=NOW)
    with pytest.raises(Attempt.DoesNotExist):
        take_over(attempt_public_id=uuid4(), employee_id=attempt.employee_id, device=DEVICE, now=NOW)


def test_a_second_device_is_refused_until_it_takes_over():
    attempt = make_attempt()
    step = (1, 1, right_response(attempt, 1))
    with pytest.raises(AttemptMoved):
        save(attempt, step, device="second")
    take_over(attempt_public_id=attempt.public_id, employee_id=attempt.employee_id, device="second", now=NOW)
    assert save(attempt, step, device="second").saved == ((1, 1),)
    with pytest.raises(AttemptMoved):
        save(attempt, step)
    with pytest.raises(AttemptMoved):
        submit_attempt(
            attempt_public_id=attempt.public_id, employee_id=attempt.employee_id, device=DEVICE, now=NOW
        )


def test_the_first_device_that_saves_holds_an_attempt_nobody_holds():
    attempt = make_attempt(device="")
    save(attempt, (1, 1, right_response(attempt, 1)), device="first")
    with pytest.raises(AttemptMoved):
        save(attempt, (1, 2, []), device="second")


def test_a_closed_attempt_cannot_be_taken_over():
    attempt = make_attempt()
    with pytest.raises(AttemptClosed):
        take_over(
            attempt_public_id=attempt.public_id,
            employee_id=attempt.employee_id,
            device="second",
            now=attempt.next_check_at + SECOND,
        )
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.GRADED
    with pytest.raises(AttemptClosed):
        take_over(attempt_public_id=attempt.public_id, employee_id=attempt.employee_id, device="2", now=NOW)
