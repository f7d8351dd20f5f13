"""Checks during a film: asked by the server, answered in time, or the stake is lost."""

import datetime as dt

import pytest

from courses import errors
from courses.actions.checks import answer_check
from courses.actions.study import beat_mac, open_session, take_beat
from courses.attention import POLICY
from courses.models import FilmQuestion, StudyCheck, StudyProgress
from courses.queries import intervals_of
from courses.watching import Beat, Verdict, total
from tests.factories.courses import FilmFactory, PolicySpeechFactory
from tests.factories.people import EmployeeFactory

pytestmark = pytest.mark.django_db
T0 = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)
OPTIONS = [{"text": "马上点火", "is_right": False}, {"text": "先检测", "is_right": True}]


def after(seconds):
    return T0 + dt.timedelta(seconds=seconds)


@pytest.fixture
def employee():
    return EmployeeFactory()


@pytest.fixture
def film():
    return FilmFactory(duration=1200.0)


@pytest.fixture
def session(employee, film):
    return open_session(employee=employee, lesson=PolicySpeechFactory(film=film), device="phone", now=T0)


def watch(session, start, end, at):
    session.refresh_from_db()
    beat = Beat(session.last_seq + 1, "film", round(start * 1000), round(end * 1000))
    return take_beat(
        session_public_id=session.public_id,
        employee_id=session.employee_id,
        beat=beat,
        signature=beat_mac(session.nonce, session.public_id, beat),
        now=after(at),
    )


def watch_until_asked(session, at=0.0):
    """Watch in real time from the frontier on; return the check and the seconds that passed."""
    progress = StudyProgress.objects.get()
    position = total(intervals_of(progress.watched))
    while True:
        taken = watch(session, position, position + 10, at + 10)
        position, at = position + 10, at + 10
        if taken.check:
            return taken.check, at


def answer(session, check, choice, at):
    return answer_check(
        session_public_id=session.public_id,
        employee_id=session.employee_id,
        number=check.number,
        choice=choice,
        now=after(at),
    )


def seen():
    return total(intervals_of(StudyProgress.objects.get().watched))


class TestTap:
    def test_is_asked_between_three_and_seven_minutes(self, session):
        check, at = watch_until_asked(session)
        assert POLICY.least_gap_s <= at <= POLICY.most_gap_s + 10
        assert check.content == {"question_id": None, "stem": "", "options": [], "explanation": ""}
        assert (check.asked_at, check.due_at) == (after(at), after(at + POLICY.answer_s))

    def test_answered_in_time_keeps_everything_and_the_film_goes_on(self, session):
        check, at = watch_until_asked(session)
        settled = answer(session, check, None, at + 5)
        assert (settled.outcome, settled.taken_back) == ("answered", [])
        assert seen() == at
        assert watch(session, at, at + 5, at + 10).verdict is Verdict.CREDITED

    def test_the_time_of_the_question_is_not_paid_for(self, session):
        check, at = watch_until_asked(session)
        answer(session, check, None, at + 60)
        assert watch(session, at, at + 10, at + 60).credited_s == 0

    def test_answered_too_late_takes_the_stretch_back(self, session):
        check, at = watch_until_asked(session)
        settled = answer(session, check, None, at + POLICY.answer_s + 1)
        assert (settled.outcome, settled.taken_back) == ("missed", [[0, at]])
        assert seen() == 0

    def test_only_the_stretch_since_the_last_answered_check_is_lost(self, session):
        first, at = watch_until_asked(session)
        answer(session, first, None, at + 1)
        kept = seen()
        second, later = watch_until_asked(session, at + 1)
        answer(session, second, None, later + POLICY.answer_s + 1)
        assert seen() == kept

    def test_the_same_answer_again_changes_nothing(self, session):
        check, at = watch_until_asked(session)
        answer(session, check, None, at + 5)
        again = answer(session, check, None, at + 900)
        assert (again.outcome, again.settled_at) == ("answered", after(at + 5))
        assert seen() == at

    def test_nothing_is_credited_while_it_waits(self, session):
        _, at = watch_until_asked(session)
        taken = watch(session, at, at + 10, at + 10)
        assert (taken.verdict, taken.credited_s) == (Verdict.CHECK_OPEN, 0)

    def test_reading_goes_on_while_it_waits(self, session):
        _, at = watch_until_asked(session)
        session.refresh_from_db()
        beat = Beat(session.last_seq + 1, "section:s1", 0, 3000)
        taken = take_beat(
            session_public_id=session.public_id,
            employee_id=session.employee_id,
            beat=beat,
            signature=beat_mac(session.nonce, session.public_id, beat),
            now=after(at + 3),
        )
        assert taken.credited_s == 3


class TestQuestion:
    @pytest.fixture
    def question(self, film):
        return FilmQuestion.objects.create(
            film=film, at_s=20.0, stem="动火前先做什么？", options=OPTIONS, explanation="先检测，再动火。"
        )

    def test_what_was_shown_is_asked_and_kept(self, session, question):
        check, _ = watch_until_asked(session)
        FilmQuestion.objects.update(stem="改过的题目")
        assert StudyCheck.objects.get().content["stem"] == "动火前先做什么？"
        assert check.content["question_id"] == question.pk

    def test_what_was_not_shown_yet_is_not_asked(self, session, film):
        FilmQuestion.objects.create(film=film, at_s=1190.0, stem="最后", options=OPTIONS)
        check, _ = watch_until_asked(session)
        assert check.content["question_id"] is None

    def test_is_not_asked_twice(self, session, question):
        first, at = watch_until_asked(session)
        answer(session, first, 1, at + 121)  # too late: the stretch with the moment is watched again
        second, _ = watch_until_asked(session, at + 121)
        assert (first.content["question_id"], second.content["question_id"]) == (question.pk, None)

    def test_right(self, session, question):
        check, at = watch_until_asked(session)
        assert answer(session, check, 1, at + 5).outcome == "answered"

    def test_wrong_once_may_try_again(self, session, question):
        check, at = watch_until_asked(session)
        assert answer(session, check, 0, at + 5).outcome == ""
        assert answer(session, check, 1, at + 9).outcome == "answered"
        assert seen() == at

    @pytest.mark.parametrize("choices", [(0, 0), (None, 7)])
    def test_wrong_twice_takes_the_stretch_back(self, session, question, choices):
        check, at = watch_until_asked(session)
        for choice in choices:
            settled = answer(session, check, choice, at + 5)
        assert settled.outcome == "wrong"
        assert seen() == 0


class TestRefused:
    def test_a_check_that_was_never_asked(self, session):
        with pytest.raises(errors.CheckUnknown):
            answer_check(
                session_public_id=session.public_id,
                employee_id=session.employee_id,
                number=1,
                choice=None,
                now=T0,
            )

    def test_a_check_of_someone_else(self, session):
        check, at = watch_until_asked(session)
        with pytest.raises(errors.SessionUnknown):
            answer_check(
                session_public_id=session.public_id,
                employee_id=EmployeeFactory().pk,
                number=check.number,
                choice=None,
                now=after(at),
            )

    def test_a_session_taken_over(self, session, employee):
        check, at = watch_until_asked(session)
        lesson = session.progress.lesson
        open_session(employee=employee, lesson=lesson, device="pad", now=after(at + 1))
        with pytest.raises(errors.SessionTakenOver):
            answer(session, check, None, at + 2)


def test_a_film_under_a_minute_asks_nothing(employee):
    session = open_session(
        employee=employee,
        lesson=PolicySpeechFactory(film=FilmFactory(duration=50.0)),
        device="",
        now=T0,
    )
    for n in range(5):
        assert watch(session, 10 * n, 10 * n + 10, 10 * n + 10).check is None


def test_a_short_film_asks_once(employee):
    lesson = PolicySpeechFactory(film=FilmFactory(duration=80.0))
    session = open_session(employee=employee, lesson=lesson, device="", now=T0)
    check, at = watch_until_asked(session)
    assert 24 <= at <= 80
    answer(session, check, None, at)
    assert StudyProgress.objects.get().attention["due_s"] is None
