import datetime as dt
import uuid

import pytest
from django.db import connection
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext

from courses import errors
from courses.actions.study import beat_mac, confirm_read, open_session, take_beat
from courses.models import PlaySession, StudyBeat, StudyProgress, StudyRecord
from courses.queries import pinned_content
from courses.signals import study_completed
from courses.watching import Beat, Verdict
from tests.factories.courses import FilmFactory, PolicySpeechFactory, simple_body
from tests.factories.people import EmployeeFactory

pytestmark = pytest.mark.django_db
T0 = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)


def after(seconds):
    return T0 + dt.timedelta(seconds=seconds)


@pytest.fixture
def employee():
    return EmployeeFactory()


@pytest.fixture
def lesson():
    """A film of 30 s and three sections of 3 s each."""
    return PolicySpeechFactory(film=FilmFactory(duration=30.0))


@pytest.fixture
def session(employee, lesson):
    return open_session(employee=employee, lesson=lesson, device="phone", now=T0)


def send(session, beat, at, *, signature=None, employee_id=None):
    return take_beat(
        session_public_id=session.public_id,
        employee_id=employee_id or session.employee_id,
        beat=beat,
        signature=beat_mac(session.nonce, session.public_id, beat) if signature is None else signature,
        now=after(at),
    )


def film(seq, start, end, **more):
    return Beat(seq, "film", round(start * 1000), round(end * 1000), **more)


def study_all(session, start=0, first_seq=1):
    """Watch the film and read the three sections as an honest client would; return the seconds it took."""
    for n in range(3):
        send(session, film(first_seq + n, 10 * n, 10 * n + 10), start + 10 * (n + 1))
    for n, name in enumerate(["start", "s1", "s2"]):
        send(session, Beat(first_seq + 3 + n, f"section:{name}", 0, 3000), start + 30 + 3 * (n + 1))
    return start + 39


class TestOpenSession:
    def test_pins_the_revision_and_the_content(self, session, lesson):
        progress = session.progress
        assert progress.revision_id == lesson.live_revision_id
        assert progress.content_sha256 == pinned_content(lesson).content_sha256
        assert progress.needs == {
            "film_s": 30.0,
            "film_sha256": lesson.film.sha256,
            "watch_pct": 95,
            "sections": {"start": 3.0, "s1": 3.0, "s2": 3.0},
        }
        assert (session.paid_until, session.last_seq, len(session.nonce)) == (T0, 0, 64)

    def test_opening_again_takes_over_and_keeps_the_progress(self, employee, lesson, session):
        send(session, film(1, 0, 10), 10)
        second = open_session(employee=employee, lesson=lesson, device="pad", now=after(20))
        session.refresh_from_db()
        assert (session.closed_at, session.closed_by_takeover) == (after(20), True)
        assert second.progress_id == session.progress_id
        assert StudyProgress.objects.get().watched == [[0.0, 10.0]]

    def test_a_person_has_one_live_session_over_all_lessons(self, employee, session):
        open_session(employee=employee, lesson=PolicySpeechFactory(), device="", now=after(5))
        assert PlaySession.objects.filter(employee=employee, closed_at=None).count() == 1

    def test_a_draft_is_refused(self, employee):
        with pytest.raises(errors.LessonClosed, match="尚未发布"):
            open_session(employee=employee, lesson=PolicySpeechFactory(live=False), device="", now=T0)

    def test_a_film_without_length_is_refused(self, employee):
        lesson = PolicySpeechFactory(film=FilmFactory(duration=0))
        with pytest.raises(errors.LessonClosed, match="没有时长"):
            open_session(employee=employee, lesson=lesson, device="", now=T0)

    def test_someone_who_left_is_refused(self, lesson):
        with pytest.raises(errors.LessonClosed, match="离职"):
            open_session(employee=EmployeeFactory(left=True), lesson=lesson, device="", now=T0)

    def test_other_content_starts_anew(self, employee, lesson, session):
        send(session, film(1, 0, 10), 10)
        lesson.body = simple_body(sections=3)
        lesson.save_revision().publish()
        second = open_session(employee=employee, lesson=lesson, device="", now=after(30))
        assert second.progress_id != session.progress_id
        assert second.progress.watched == []

    def test_publishing_the_same_words_keeps_the_progress(self, employee, lesson, session):
        lesson.body = simple_body()
        lesson.save_revision().publish()
        assert open_session(employee=employee, lesson=lesson, device="", now=T0).progress == session.progress

    def test_a_changed_share_of_the_film_holds_from_the_next_opening(self, employee, lesson, session):
        lesson.watch_pct = 50
        lesson.save_revision().publish()
        second = open_session(employee=employee, lesson=lesson, device="", now=after(9))
        assert second.progress == session.progress
        assert second.progress.needs["watch_pct"] == 50

    def test_device_name_is_cut(self, employee, lesson):
        assert len(open_session(employee=employee, lesson=lesson, device="x" * 99, now=T0).device) == 64


class TestTakeBeat:
    def test_stores_the_beat_and_moves_the_progress(self, session):
        taken = send(session, film(1, 0, 10), 10)
        assert (taken.verdict, taken.credited_s) == (Verdict.CREDITED, 10.0)
        assert StudyProgress.objects.get().watched == [[0.0, 10.0]]
        beat = StudyBeat.objects.get()
        assert (beat.seq, beat.part, beat.from_s, beat.to_s, beat.rate) == (1, "film", 0, 10, 1)
        assert (beat.credited_s, beat.verdict, beat.arrived_at) == (10, "credited", after(10))

    def test_reading_is_credited_by_section(self, session):
        send(session, Beat(1, "section:s1", 0, 2000), 2)
        assert StudyProgress.objects.get().read_s == {"s1": 2.0}

    def test_the_same_beat_again_gets_the_same_answer(self, session):
        first = send(session, film(1, 0, 10), 10)
        again = send(session, film(1, 0, 10), 14)
        assert (again.verdict, again.credited_s) == (first.verdict, first.credited_s)
        assert StudyBeat.objects.count() == 1
        assert StudyProgress.objects.get().watched == [[0.0, 10.0]]

    def test_beats_cannot_be_changed_afterwards(self, session):
        send(session, film(1, 0, 10), 10)
        with pytest.raises(DatabaseError):
            StudyBeat.objects.update(credited_s=500)

    @pytest.mark.parametrize("count", [1, 3])
    def test_costs_four_statements_however_many_beats_came_before(self, session, count):
        for n in range(1, count + 1):
            send(session, film(n, 2 * n - 2, 2 * n), 2 * n)
        beat = film(count + 1, 2 * count, 2 * count + 2)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            send(session, beat, 2 * count + 2)
        statements = [q for q in captured if q["sql"].split()[0] in {"SELECT", "INSERT", "UPDATE", "DELETE"}]
        assert len(statements) == 4

    def test_a_session_of_someone_else_is_unknown(self, session):
        with pytest.raises(errors.SessionUnknown):
            send(session, film(1, 0, 10), 10, employee_id=EmployeeFactory().pk)

    def test_a_session_that_never_was_is_unknown(self, employee):
        with pytest.raises(errors.SessionUnknown):
            take_beat(
                session_public_id=uuid.uuid4(),
                employee_id=employee.pk,
                beat=film(1, 0, 1),
                signature="",
                now=T0,
            )


class TestAdversaries:
    """None of them earns more than the clock allows."""

    def credited(self):
        return sum(StudyBeat.objects.values_list("credited_s", flat=True))

    def test_huge_duration(self, session):
        taken = send(session, film(1, 0, 30), 4)
        assert (taken.verdict, taken.credited_s) == (Verdict.PARTLY, 4.0)
        taken = send(session, film(2, 4, 10_000), 8)
        assert (taken.verdict, taken.credited_s) == (Verdict.BAD_INTERVAL, 0.0)
        assert self.credited() == 4.0

    def test_replay_under_a_new_number(self, session):
        for n in range(1, 6):
            send(session, film(n, 0, 10), 10 * n)
        assert StudyProgress.objects.get().watched == [[0.0, 10.0]]
        assert self.credited() == 10.0

    def test_replay_of_a_number_with_other_content(self, session):
        send(session, film(1, 0, 10), 10)
        with pytest.raises(errors.WrongSeq) as refused:
            send(session, film(1, 10, 20), 20)
        assert refused.value.expected == 2
        assert self.credited() == 10.0

    def test_skipped_number(self, session):
        with pytest.raises(errors.WrongSeq) as refused:
            send(session, film(7, 0, 10), 10)
        assert refused.value.expected == 1
        assert StudyBeat.objects.count() == 0

    def test_two_devices(self, employee, lesson, session):
        send(session, film(1, 0, 10), 10)
        other = open_session(employee=employee, lesson=lesson, device="second", now=after(10))
        with pytest.raises(errors.SessionTakenOver, match="另一处"):
            send(session, film(2, 10, 20), 20)
        send(other, film(1, 10, 20), 20)
        assert StudyProgress.objects.get().watched == [[0.0, 20.0]]
        assert self.credited() == 20.0

    def test_opening_again_and_again_saves_up_no_time(self, employee, lesson):
        for n in range(20):
            session = open_session(employee=employee, lesson=lesson, device="", now=after(n * 0.1))
            send(session, film(1, n, n + 1), n * 0.1)
        assert self.credited() == 0.0

    def test_jump_to_the_end(self, session):
        taken = send(session, film(1, 20, 30), 10)
        assert (taken.verdict, taken.credited_s) == (Verdict.JUMPED, 0.0)
        assert StudyProgress.objects.get().watched == []

    def test_speed(self, session):
        assert send(session, film(1, 0, 20, rate_pct=200), 10).verdict is Verdict.TOO_FAST
        send(session, film(2, 0, 20), 10)  # the same, undeclared
        assert self.credited() == 10.0

    def test_looping_one_stretch(self, session):
        for n in range(1, 19):
            send(session, film(n, 0, 10), 10 * n)
        assert self.credited() == 10.0

    def test_hidden_page(self, session):
        assert send(session, film(1, 0, 10, visible=False), 10).verdict is Verdict.HIDDEN
        assert self.credited() == 0.0

    @pytest.mark.parametrize("signature", ["", "0" * 64, "é" * 64], ids=["none", "zeros", "not ascii"])
    def test_forged_signature(self, session, signature):
        with pytest.raises(errors.BadSignature):
            send(session, film(1, 0, 10), 10, signature=signature)
        assert StudyBeat.objects.count() == 0

    @pytest.mark.parametrize(
        "changed",
        [
            film(1, 0, 9),
            film(1, 1, 10),
            film(2, 0, 10),
            film(1, 0, 10, rate_pct=50),
            film(1, 0, 10, visible=False),
            Beat(1, "section:s1", 0, 10_000),
        ],
        ids=["to", "from", "seq", "rate", "visible", "part"],
    )
    def test_tampered_after_signing(self, session, changed):
        signature = beat_mac(session.nonce, session.public_id, film(1, 0, 10))
        with pytest.raises(errors.BadSignature):
            send(session, changed, 10, signature=signature)

    def test_a_signature_of_another_session(self, employee, lesson, session):
        other = open_session(employee=employee, lesson=lesson, device="", now=after(1))
        with pytest.raises(errors.BadSignature):
            send(
                other,
                film(1, 0, 10),
                11,
                signature=beat_mac(session.nonce, session.public_id, film(1, 0, 10)),
            )

    def test_tampered_endpoints(self, session):
        for n, (start, end) in enumerate([(-5, 5), (10, 0), (0, 0), (0, 99)], start=1):
            assert send(session, film(n, start, end), 10 * n).credited_s == 0.0

    def test_watching_and_reading_at_once(self, session):
        send(session, film(1, 0, 10), 10)
        assert send(session, Beat(2, "section:s1", 0, 3000), 10).credited_s == 0.0

    def test_a_pause_saved_up(self, session):
        assert send(session, film(1, 0, 30), 3600).credited_s == 25.0


class TestConfirmRead:
    def test_writes_the_record_and_tells_once(self, session, lesson, employee):
        heard = []
        study_completed.connect(listener := lambda event, **kwargs: heard.append(event))
        try:
            at = after(study_all(session) + 1)
            record = confirm_read(session_public_id=session.public_id, employee_id=employee.pk, now=at)
            again = confirm_read(
                session_public_id=session.public_id, employee_id=employee.pk, now=at + dt.timedelta(days=1)
            )
        finally:
            study_completed.disconnect(listener)
        assert again == record == StudyRecord.objects.get()
        assert (record.watched_s, record.read_s) == (30, 9)
        assert (record.revision_id, record.film_sha256) == (lesson.live_revision_id, lesson.film.sha256)
        assert (record.started_at, record.completed_at) == (T0, at)
        assert [(e.study_record_id, e.employee_id, e.lesson_id, e.completed_at) for e in heard] == [
            (record.pk, employee.pk, lesson.pk, at)
        ]
        assert StudyProgress.objects.get().completed_at == at

    def test_names_what_is_missing(self, session, employee):
        with pytest.raises(errors.NotYetStudied, match="影片未看完，还有 3 节"):
            confirm_read(session_public_id=session.public_id, employee_id=employee.pk, now=after(5))
        assert StudyRecord.objects.count() == 0

    def test_a_taken_over_session_cannot_confirm(self, session, employee, lesson):
        study_all(session)
        open_session(employee=employee, lesson=lesson, device="", now=after(50))
        with pytest.raises(errors.SessionTakenOver):
            confirm_read(session_public_id=session.public_id, employee_id=employee.pk, now=after(60))

    def test_content_published_meanwhile_must_be_studied_first(self, session, employee, lesson):
        study_all(session)
        lesson.body = simple_body(sections=1)
        lesson.save_revision().publish()
        with pytest.raises(errors.ContentChanged):
            confirm_read(session_public_id=session.public_id, employee_id=employee.pk, now=after(60))

    def test_a_lesson_taken_down_cannot_be_confirmed(self, session, employee, lesson):
        study_all(session)
        lesson.unpublish()
        with pytest.raises(errors.LessonClosed):
            confirm_read(session_public_id=session.public_id, employee_id=employee.pk, now=after(60))

    def test_a_session_of_someone_else_is_unknown(self, session):
        study_all(session)
        with pytest.raises(errors.SessionUnknown):
            confirm_read(session_public_id=session.public_id, employee_id=EmployeeFactory().pk, now=after(60))

    def test_a_receiver_that_fails_leaves_no_record(self, session, employee):
        study_all(session)

        def fails(**kwargs):
            raise RuntimeError("receiver")

        study_completed.connect(fails)
        try:
            with pytest.raises(RuntimeError):
                confirm_read(session_public_id=session.public_id, employee_id=employee.pk, now=after(60))
        finally:
            study_completed.disconnect(fails)
        assert StudyRecord.objects.count() == 0

    def test_records_cannot_be_changed(self, session, employee):
        study_all(session)
        confirm_read(session_public_id=session.public_id, employee_id=employee.pk, now=after(60))
        with pytest.raises(DatabaseError):
            StudyRecord.objects.update(watched_s=9999)
