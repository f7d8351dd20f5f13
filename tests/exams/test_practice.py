"""Practising: storing and marking answers, the wrong-answer book, the lock of live questions, no hours."""

import datetime as dt
import uuid
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localdate

from certificates.models import Certificate
from courses.models import StudyProgress
from exams.actions.bank import save_questions
from exams.actions.mock_exams import hand_in_mock, start_mock
from exams.actions.practice import (
    rebuild_states,
    record_answer,
    take_in_exam_mistakes,
)
from exams.actions.practice_reminders import remind_of_daily_question
from exams.errors import BadAnswer, PracticeRefused
from exams.models import (
    Attempt,
    Exam,
    MockResult,
    PracticeAnswer,
    PracticeIntake,
    PracticeMode,
    PracticeState,
)
from exams.queries.practice import practice_home, set_of, wrong_book
from exams.queries.practice_mocks import mock_review
from exams.queries.practice_pool import locked_question_ids, pool
from exams.queries.practice_serving import BadTicket, feedback, read_ticket, serve
from notices.models import Notice
from people.models import HazardStandard
from tests.exams.practising import DAY, practice_bank, practise, response_to, shown_to
from tests.factories.exams import (
    DRAFTS,
    NOW,
    BankFactory,
    TopicFactory,
    make_attempt,
    make_bank,
    make_exam,
    make_exam_of_all_types,
    question,
    right_response,
    single_choice,
    sit,
    submit,
)
from tests.factories.people import EmployeeFactory, HazardFactory, OrgUnitFactory, PostFactory
from training.models import Obligation, TrainingRecord

pytestmark = pytest.mark.django_db


@pytest.fixture
def employee():
    return EmployeeFactory()


def state_of(employee, asked):
    return PracticeState.objects.get(employee=employee, question=asked)


def test_all_nine_types_are_marked_or_left_to_the_reader(employee):
    bank, topic = BankFactory(may_be_practised=True), TopicFactory()
    save_questions(bank=bank, drafts=[make(topic) for make in DRAFTS.values()], acting_user=None, now=NOW)
    by_hand = set()
    for asked in bank.questions.select_related("current_version"):
        right = practise(employee, asked, right=True, now=NOW)
        if right.is_right is None:
            by_hand.add(asked.current_version.kind)
            assert right.fraction is None
            assert not PracticeState.objects.filter(question=asked).exists()
            continue
        assert (right.is_right, right.fraction) == (True, 1), asked.current_version.kind
        wrong = practise(employee, asked, right=False, now=NOW + DAY)
        assert wrong.is_right is False
        assert wrong.fraction < 1
        serving = shown_to(employee, asked, now=NOW)
        shown = feedback(asked.current_version, serving, wrong, slot=1, ticket="x")
        assert not shown.correct
        assert shown.explanation
    assert by_hand == {"short_answer", "case_analysis"}
    assert PracticeState.objects.filter(in_wrong_book=True).count() == 7


def test_a_repeated_request_is_the_same_answer(employee):
    asked = practice_bank(1).questions.get()
    serving = shown_to(employee, asked, now=NOW)
    wrong = record_answer(serving=serving, response=response_to(serving, right=False), now=NOW)
    # The key came with the first reply: answering the same ticket again changes nothing.
    again = record_answer(serving=serving, response=response_to(serving, right=True), now=NOW)
    assert again.pk == wrong.pk
    assert again.is_right is False
    assert PracticeAnswer.objects.count() == 1


def test_a_ticket_is_one_persons_and_not_for_ever(employee):
    asked = practice_bank(1).questions.get()
    (one,) = serve([asked.current_version_id], employee_id=employee.pk, mode="topic", now=NOW)
    for ticket, owner, now in (
        (one.ticket, employee.pk + 1, NOW),
        (one.ticket, employee.pk, NOW + dt.timedelta(hours=13)),
        ("nonsense", employee.pk, NOW),
    ):
        with pytest.raises(BadTicket):
            read_ticket(ticket, employee_id=owner, now=now)


def test_what_does_not_fit_is_refused(employee):
    asked = practice_bank(1).questions.get()
    serving = shown_to(employee, asked, now=NOW)
    for response in ([], ["nothing of the paper"]):
        with pytest.raises(BadAnswer):
            record_answer(serving=serving, response=response, now=NOW)
    with pytest.raises(PracticeRefused):
        record_answer(serving=replace(serving, version_id=0), response=["x"], now=NOW)
    asked.bank.may_be_practised = False
    asked.bank.save()
    with pytest.raises(PracticeRefused, match="不开放"):
        record_answer(serving=serving, response=response_to(serving, right=True), now=NOW)
    assert not PracticeAnswer.objects.exists()


def test_the_wrong_answer_book_is_left_after_two_days_with_the_present_version(employee):
    bank = practice_bank(1)
    asked = bank.questions.get()
    practise(employee, asked, right=False, now=NOW)
    (line,), closed = wrong_book(employee, NOW)
    assert (line.right_days, line.needed, closed) == (0, 2, 0)
    save_questions(
        bank=bank,
        drafts=[single_choice(asked.topic, "S-0", stem="换了说法的题？")],
        acting_user=None,
        now=NOW,
    )
    asked.refresh_from_db()
    assert wrong_book(employee, NOW)[0][0].stem == "换了说法的题？"
    (served,) = set_of(employee, mode=PracticeMode.WRONG, now=NOW + DAY)
    assert served.question.stem == "换了说法的题？"
    practise(employee, asked, right=True, now=NOW + DAY, mode="wrong")
    practise(employee, asked, right=True, now=NOW + DAY + dt.timedelta(hours=1), mode="wrong")
    assert state_of(employee, asked).right_days == 1
    practise(employee, asked, right=True, now=NOW + 2 * DAY, mode="wrong")
    assert wrong_book(employee, NOW + 2 * DAY) == ([], 0)
    assert set_of(employee, mode=PracticeMode.WRONG, now=NOW + 2 * DAY) == []


def test_a_blind_right_answer_teaches_nothing(employee):
    asked = practice_bank(1).questions.get()
    fast = practise(employee, asked, right=True, now=NOW, after_s=0)
    assert fast.too_fast
    assert not PracticeState.objects.exists()
    assert practise(employee, asked, right=False, now=NOW + DAY, after_s=0).too_fast
    assert state_of(employee, asked).in_wrong_book


def test_a_question_fetched_ahead_is_read_only_after_the_one_before(employee):
    one, other = practice_bank(2).questions.all()
    shown_at = NOW - dt.timedelta(seconds=60)
    first, second = shown_to(employee, one, now=shown_at), shown_to(employee, other, now=shown_at)
    assert record_answer(serving=first, response=response_to(first, right=True), now=NOW).took_s == 60
    soon = NOW + dt.timedelta(seconds=1)
    stored = record_answer(serving=second, response=response_to(second, right=True), now=soon)
    assert (stored.took_s, stored.too_fast) == (1, True)


def test_states_follow_from_the_facts(employee):
    bank = practice_bank(3)
    for number, asked in enumerate(bank.questions.all()):
        for day in range(6):
            practise(
                employee, asked, right=(day + number) % 3 > 0, now=NOW + day * DAY, after_s=60 * (day != 4)
            )
    fields = [field.attname for field in PracticeState._meta.fields if field.attname != "id"]
    before = list(PracticeState.objects.order_by("question_id").values(*fields))
    assert rebuild_states(employee_id=employee.pk) == len(before) == 3
    assert list(PracticeState.objects.order_by("question_id").values(*fields)) == before


# Exams


def test_mistakes_of_an_exam_come_in_once_its_answers_are_released(employee):
    bank = make_bank()
    bank.may_be_practised = True
    bank.save()
    exam = make_exam(bank, attempts_allowed=2)
    sit(exam, employee, right=False)
    later = NOW + DAY
    # One attempt is left, so the answers are withheld.
    assert take_in_exam_mistakes(employee=employee, now=NOW) == 0
    assert not PracticeIntake.objects.exists()
    sit(exam, employee, right=False, now=later)
    assert take_in_exam_mistakes(employee=employee, now=later) == 8
    assert take_in_exam_mistakes(employee=employee, now=later) == 0
    assert PracticeIntake.objects.count() == 2
    assert len(wrong_book(employee, later)[0]) == PracticeState.objects.count()
    before = PracticeState.objects.count()
    assert rebuild_states(employee_id=employee.pk) == before


def test_mistakes_in_a_bank_not_released_are_counted_and_not_shown(employee):
    exam = make_exam(attempts_allowed=1)
    sit(exam, employee, right=False)
    take_in_exam_mistakes(employee=employee, now=NOW)
    assert wrong_book(employee, NOW) == ([], 4)


def open_bank(**kwargs):
    bank = make_bank(**kwargs)
    bank.may_be_practised = True
    bank.save()
    return bank


def test_live_questions_are_locked_everywhere(employee):
    """Case A7: what lies on an open paper is neither shown, nor marked, nor explained; afterwards it is again."""
    bank = open_bank(singles=2, multiples=1, judgements=1)
    asked = question(bank, "S-0")
    practise(employee, asked, right=False, now=NOW)
    serving = shown_to(employee, asked, now=NOW)
    mock = start_mock(exam=make_exam(bank, code="mock"), employee=employee, now=NOW)
    exam = make_exam(bank)
    attempt = make_attempt(exam, employee=EmployeeFactory(), now=NOW)
    everything = frozenset(bank.questions.values_list("pk", flat=True))
    assert locked_question_ids(NOW) == everything
    assert pool(NOW) == []
    for mode in (PracticeMode.TOPIC, PracticeMode.POST, PracticeMode.WRONG, PracticeMode.DAILY):
        assert set_of(employee, mode=mode, now=NOW, topic_id=asked.topic_id) == []
    with pytest.raises(PracticeRefused, match="正在考试"):
        record_answer(serving=serving, response=response_to(serving, right=True), now=NOW)
    with pytest.raises(PracticeRefused, match="还差"):
        start_mock(exam=exam, employee=employee, now=NOW)
    with pytest.raises(PracticeRefused, match="正在考试"):
        hand_in_mock(mock=mock, responses={}, now=NOW)
    assert practice_home(employee, NOW).locked_count == 4
    assert wrong_book(employee, NOW)[0][0].is_locked
    submit(attempt, now=NOW)
    assert locked_question_ids(NOW) == frozenset()
    assert record_answer(serving=serving, response=response_to(serving, right=True), now=NOW).is_right


def test_who_sits_an_exam_practises_nothing_it_may_draw_and_others_what_is_on_no_paper():
    bank = open_bank(singles=6)
    employee, other = EmployeeFactory(), EmployeeFactory()
    exam = make_exam(bank)
    everything = frozenset(bank.questions.values_list("pk", flat=True))
    attempt = make_attempt(exam, employee=employee, now=NOW)
    on_paper = locked_question_ids(NOW, other.pk)
    assert len(on_paper) == 4
    assert locked_question_ids(NOW, employee.pk) == everything
    asked = bank.questions.exclude(pk__in=on_paper).first()
    serving = shown_to(employee, asked, now=NOW)
    with pytest.raises(PracticeRefused, match="正在考试"):
        record_answer(serving=serving, response=response_to(serving, right=True), now=NOW)
    assert practice_home(employee, NOW).locked_count == len(everything)
    practise(other, asked, right=True, now=NOW)
    submit(attempt, now=NOW)
    assert record_answer(serving=serving, response=response_to(serving, right=True), now=NOW).is_right


def test_while_an_exams_window_runs_all_it_may_draw_is_locked():
    bank = open_bank(singles=3)
    exam = make_exam(bank)
    everything = bank.questions.count()
    for opens, closes, locked in ((-1, 1, everything), (1, 2, 0), (-2, -1, 0), (None, 1, everything)):
        Exam.objects.filter(pk=exam.pk).update(
            opens_at=None if opens is None else NOW + opens * DAY, closes_at=NOW + closes * DAY
        )
        assert len(locked_question_ids(NOW)) == locked


def test_of_an_exam_many_sit_all_it_may_draw_is_locked(monkeypatch):
    monkeypatch.setattr("exams.queries.practice_pool.MOST_PAPERS", 1)
    bank = open_bank(singles=6)
    exam = make_exam(bank)
    make_attempt(exam)
    assert len(locked_question_ids(NOW)) == 4
    with CaptureQueriesContext(connection) as one:
        locked_question_ids(NOW)
    make_attempt(exam, employee=EmployeeFactory())
    with CaptureQueriesContext(connection) as two:
        assert len(locked_question_ids(NOW)) == 10
    assert len(two) <= 5
    assert len(one) <= 5


def test_a_mock_exam_touches_no_attempt(employee):
    # Two of three single choice questions on each paper: any two papers share one.
    exam = make_exam(open_bank(singles=3))
    mock = start_mock(exam=exam, employee=employee, now=NOW)
    responses = {slot: right_response(mock, slot) for slot in range(1, 5)}
    result = hand_in_mock(mock=mock, responses=responses, now=NOW)
    assert result.score_pct == 100
    assert hand_in_mock(mock=mock, responses={}, now=NOW).pk == result.pk
    review = mock_review(mock, MockResult.objects.get(), NOW)
    assert review.reaches
    assert (review.right_count, len(review.items)) == (4, 4)
    assert all(item.correct and item.shown.response for item in review.items)
    assert not Attempt.objects.exists()
    assert PracticeAnswer.objects.filter(mode="mock", is_right=True).count() == 4
    # What comes into an exam afterwards is hidden from the review, too.
    attempt = make_attempt(exam, employee=EmployeeFactory())
    hidden = mock_review(mock, result, NOW)
    assert hidden.locked_count == 4 - len(hidden.items) > 0
    submit(attempt)


def test_a_mock_exam_leaves_to_people_what_people_mark(employee):
    exam = make_exam_of_all_types()
    exam.bank.may_be_practised = True
    exam.bank.save()
    mock = start_mock(exam=exam, employee=employee, now=NOW)
    responses = {slot: right_response(mock, slot) for slot in range(1, 10)}
    hand_in_mock(mock=mock, responses=responses, now=NOW)
    review = mock_review(mock, MockResult.objects.get(), NOW)
    assert review.result.score_pct == 100
    assert (review.marked_count, review.by_hand_count) == (7, 2)


def test_only_what_is_released_is_drawn_for_a_mock(employee):
    with pytest.raises(PracticeRefused, match="没有开放"):
        start_mock(exam=make_exam(), employee=employee, now=NOW)


# What comes next


def test_my_post_is_asked_about_its_hazards_by_name(employee):
    fire = HazardFactory(name="火灾")
    also_fire = HazardFactory(name="火灾", standard=HazardStandard.objects.create(code="GB X", year=2020))
    post = PostFactory()
    post.hazards.add(fire)
    employee = EmployeeFactory(assigned__unit=OrgUnitFactory(), assigned__post=post)
    one, two, _other = practice_bank(3).questions.all()
    one.hazards.add(also_fire)
    two.posts.add(post)
    stems = {served.question.stem for served in set_of(employee, mode=PracticeMode.POST, now=NOW)}
    assert stems == {one.current_version.stem, two.current_version.stem}
    home = practice_home(employee, NOW)
    assert (home.post_count, home.post_name) == (2, post.name)
    assert home.topics[0].count == 3


def test_one_daily_question_a_day_for_the_post_first(employee):
    post = PostFactory()
    employee = EmployeeFactory(assigned__unit=OrgUnitFactory(), assigned__post=post)
    bank = practice_bank(5)
    bank.questions.all()[3].posts.add(post)
    (served,) = set_of(employee, mode=PracticeMode.DAILY, now=NOW)
    assert served.question.stem == bank.questions.all()[3].current_version.stem
    practise(employee, bank.questions.all()[3], right=True, now=NOW, mode="daily")
    assert set_of(employee, mode=PracticeMode.DAILY, now=NOW) == []
    with pytest.raises(PracticeRefused, match="已经答过"):
        practise(employee, bank.questions.all()[0], right=True, now=NOW, mode="daily")
    assert len(set_of(employee, mode=PracticeMode.DAILY, now=NOW + DAY)) == 1
    assert practice_home(employee, NOW).streak == 1


def test_pages_cost_the_same_for_one_question_and_for_many(employee):
    def cost():
        with CaptureQueriesContext(connection) as counted:
            practice_home(employee, NOW)
            set_of(employee, mode=PracticeMode.DAILY, now=NOW)
            wrong_book(employee, NOW)
        return len(counted)

    bank = practice_bank(1)
    practise(employee, bank.questions.get(), right=False, now=NOW - DAY)
    one = cost()
    for asked in practice_bank(5).questions.all():
        practise(employee, asked, right=False, now=NOW - DAY)
    assert cost() == one


# Never training


def test_practice_is_no_training(employee):
    """No record, obligation, study, attempt or certificate comes of it."""
    watched = (TrainingRecord, Obligation, StudyProgress, Certificate, Attempt)
    before = [model.objects.count() for model in watched]
    bank = open_bank()
    exam = make_exam(bank)
    for mode in ("topic", "post", "wrong", "daily"):
        practise(employee, question(bank, "S-0"), right=True, now=NOW, mode=mode)
    mock = start_mock(exam=exam, employee=employee, now=NOW)
    hand_in_mock(mock=mock, responses={1: right_response(mock, 1)}, now=NOW)
    with CaptureQueriesContext(connection) as written:
        practise(employee, question(bank, "S-1"), right=True, now=NOW + DAY)
    touched = {
        query["sql"].split('"')[1]
        for query in written
        if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))
    }
    assert touched == {"exams_practiceanswer", "exams_practicestate"}
    assert [model.objects.count() for model in watched] == before


def test_facts_cannot_be_changed(employee):
    stored = practise(employee, practice_bank(1).questions.get(), right=True, now=NOW)
    assert stored.day == localdate(NOW)
    assert isinstance(stored.serving, uuid.UUID)
    with pytest.raises(Exception, match="append-only"):
        PracticeAnswer.objects.filter(pk=stored.pk).update(is_right=False)


# One message a day


def test_one_message_a_day_to_those_who_answer(employee):
    bank = practice_bank(3)
    asked = bank.questions.first()
    faithful, gone, early = employee, EmployeeFactory(), EmployeeFactory()
    EmployeeFactory()  # never practised: left in peace
    practise(faithful, asked, right=True, now=NOW - DAY, mode="daily")
    practise(gone, asked, right=True, now=NOW - 20 * DAY, mode="daily")
    practise(early, asked, right=True, now=NOW - DAY, mode="daily")
    practise(early, bank.questions.last(), right=True, now=NOW, mode="daily")
    assert remind_of_daily_question(now=NOW) == 1
    remind_of_daily_question(now=NOW)
    notice = Notice.objects.get()
    assert (notice.recipient, notice.link) == (faithful.user, "/exam/practice/daily/")
    bank.may_be_practised = False
    bank.save()
    assert remind_of_daily_question(now=NOW + DAY) == 0
