import datetime as dt
import uuid

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from courses.actions.study import beat_mac
from courses.models import PlaySession, StudyBeat, StudyProgress, StudyRecord
from courses.watching import Beat
from tests.factories.courses import FilmFactory, PolicySpeechFactory
from tests.factories.people import EmployeeFactory, UserFactory

pytestmark = pytest.mark.django_db
T0 = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)


@pytest.fixture
def clock():
    with time_machine.travel(T0, tick=False) as traveller:
        yield traveller


@pytest.fixture
def learner(client):
    employee = EmployeeFactory()
    client.force_login(employee.user)
    return employee


@pytest.fixture
def lesson():
    return PolicySpeechFactory(film=FilmFactory(duration=10.0))


def open_lesson(client, lesson):
    return client.post(reverse("courses:session-open", args=[lesson.pk])).json()


def send(client, opened, beat, **changed):
    fields = {
        "seq": beat.seq,
        "part": beat.part,
        "from_ms": beat.from_ms,
        "to_ms": beat.to_ms,
        "rate_pct": beat.rate_pct,
        "visible": int(beat.visible),
        "mac": beat_mac(opened["key"], opened["session"], beat),
    } | changed
    return client.post(reverse("courses:beat", args=[opened["session"]]), fields)


class TestCost:
    @pytest.mark.parametrize("count", [1, 16])
    def test_a_beat_costs_five_statements_however_long_the_history(self, client, learner, clock, count):
        """Who asks (account, person), the session with its progress, and three short writes."""
        opened = open_lesson(client, PolicySpeechFactory(film=FilmFactory(duration=600.0)))
        for seq in range(1, count + 1):
            watch_on(client, opened, clock, seq)
        taken, counts = watch_on(client, opened, clock, count + 1)
        assert (taken["credited_s"], counts) == (10, (2, 1, 2))

    def test_a_beat_that_meets_a_check_writes_it_besides(self, client, learner, clock):
        """The film asks at a moment of its own choosing, between the third minute and the seventh."""
        opened = open_lesson(client, PolicySpeechFactory(film=FilmFactory(duration=600.0)))
        asked = []
        for seq in range(1, 43):
            taken, counts = watch_on(client, opened, clock, seq)
            if taken["check"]:
                asked.append(counts)
        assert asked[0] == (5, 2, 2)
        assert set(asked[1:]) <= {(3, 1, 1)}


def watch_on(client, opened, clock, seq):
    """Watch the next ten seconds; return the reply, and how often the beat read, added and changed rows."""
    clock.shift(10)
    with CaptureQueriesContext(connection) as seen:
        reply = send(client, opened, Beat(seq, "film", (seq - 1) * 10_000, seq * 10_000))
    words = [query["sql"].split()[0] for query in seen]
    return reply.json(), (words.count("SELECT"), words.count("INSERT"), words.count("UPDATE"))


def confirm(client, opened):
    return client.post(reverse("courses:confirm", args=[opened["session"]]))


class TestThePath:
    def test_open_watch_read_confirm(self, client, learner, lesson, clock):
        opened = open_lesson(client, lesson)
        assert (opened["next_seq"], opened["beat_s"], len(opened["key"])) == (1, 10, 64)
        assert opened["progress"]["film"]["label"] == "已看 0 秒 / 10 秒"
        assert opened["progress"]["can_confirm"] is False

        clock.shift(10)
        reply = send(client, opened, Beat(1, "film", 0, 10_000)).json()
        assert (reply["verdict"], reply["credited_s"], reply["message"]) == ("credited", 10, "")
        assert reply["progress"]["film"] == {
            "duration_s": 10.0,
            "frontier_s": 10.0,
            "intervals": [[0, 10]],
            "done": True,
            "max_rate": 2.0,
            "label": "已看 10 秒 / 10 秒",
        }
        for seq, name in enumerate(["start", "s1", "s2"], start=2):
            clock.shift(3)
            reply = send(client, opened, Beat(seq, f"section:{name}", 0, 3000)).json()
        assert reply["progress"]["reading"] == {"done": 3, "count": 3, "label": "正文已读 3 / 3 节"}
        assert reply["progress"]["sections"]["s2"] == {"read_s": 3.0, "need_s": 3.0, "done": True}
        assert reply["progress"]["can_confirm"] is True

        reply = confirm(client, opened).json()
        assert reply == {"completed": "已学完，2026-11-02 16:00 记入学习凭证"}
        assert StudyRecord.objects.get().employee == learner

    def test_the_device_is_remembered_with_the_session(self, client, learner, lesson):
        opened = open_lesson(client, lesson)
        session = PlaySession.objects.get(public_id=opened["session"])
        assert session.device == client.cookies["device"].value

    def test_confirming_too_early_says_what_is_missing(self, client, learner, lesson):
        reply = confirm(client, open_lesson(client, lesson))
        assert (reply.status_code, reply.json()["error"]) == (409, "not_yet_studied")
        assert "影片未看完" in reply.json()["message"]

    def test_a_jump_is_refused_with_words(self, client, learner, lesson, clock):
        opened = open_lesson(client, lesson)
        clock.shift(5)
        reply = send(client, opened, Beat(1, "film", 5000, 10_000)).json()
        assert (reply["verdict"], reply["message"]) == ("jumped", "首次观看不能快进，已回到看到的位置。")


class TestRefusals:
    def test_the_first_device_is_told_of_the_second(self, client, learner, lesson):
        opened = open_lesson(client, lesson)
        open_lesson(client, lesson)
        reply = send(client, opened, Beat(1, "film", 0, 1000))
        assert (reply.status_code, reply.json()["error"]) == (409, "taken_over")
        assert "另一处" in reply.json()["message"]
        assert confirm(client, opened).json()["error"] == "taken_over"

    def test_a_forged_signature(self, client, learner, lesson):
        opened = open_lesson(client, lesson)
        reply = send(client, opened, Beat(1, "film", 0, 1000), mac="0" * 64)
        assert (reply.status_code, reply.json()["error"]) == (403, "bad_signature")
        reply = send(client, opened, Beat(1, "film", 0, 1000), to_ms=9000)
        assert reply.json()["error"] == "bad_signature"
        assert StudyBeat.objects.count() == 0

    def test_a_wrong_number_names_the_next(self, client, learner, lesson):
        opened = open_lesson(client, lesson)
        reply = send(client, opened, Beat(5, "film", 0, 1000))
        assert (reply.status_code, reply.json()["expected_seq"]) == (409, 1)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("seq", "x"),
            ("seq", "0"),
            ("seq", "99999999999"),
            ("part", ""),
            ("part", "x" * 61),
            ("from_ms", "NaN"),
            ("to_ms", "1e9"),
            ("to_ms", "99999999999999"),
            ("rate_pct", "0"),
            ("visible", "2"),
            ("mac", ""),
            ("part", "film\0"),
            ("seq", " 1"),
            ("seq", "１"),
            ("from_ms", "2147483648"),
        ],
    )
    def test_what_is_no_beat(self, client, learner, lesson, field, value):
        opened = open_lesson(client, lesson)
        reply = send(client, opened, Beat(1, "film", 0, 1000), **{field: value})
        assert (reply.status_code, reply.json()["error"]) == (400, "bad_beat")
        assert reply.json()["fields"] == [field]

    def test_someone_elses_session(self, client, learner, lesson):
        opened = open_lesson(client, lesson)
        other = Client()
        other.force_login(EmployeeFactory().user)
        assert send(other, opened, Beat(1, "film", 0, 1000)).status_code == 404
        assert confirm(other, opened).status_code == 404
        assert StudyProgress.objects.get().watched == []

    def test_a_session_that_never_was(self, client, learner):
        reply = client.post(reverse("courses:confirm", args=[uuid.uuid4()]))
        assert (reply.status_code, reply.json()["error"]) == (404, "session_unknown")

    def test_a_draft_or_no_lesson(self, client, learner):
        draft = PolicySpeechFactory(live=False)
        for pk in (draft.pk, 999_999):
            reply = client.post(reverse("courses:session-open", args=[pk]))
            assert (reply.status_code, reply.json()["error"]) == (404, "lesson_closed")

    def test_someone_who_left(self, client, lesson):
        client.force_login(EmployeeFactory(left=True).user)
        reply = client.post(reverse("courses:session-open", args=[lesson.pk]))
        assert (reply.status_code, reply.json()["error"]) == (409, "lesson_closed")

    def test_nobody_signed_in(self, client, lesson):
        reply = client.post(reverse("courses:session-open", args=[lesson.pk]))
        assert (reply.status_code, reply.json()["error"]) == (401, "signed_out")

    def test_an_account_without_employee(self, client, lesson):
        client.force_login(UserFactory())
        reply = client.post(reverse("courses:session-open", args=[lesson.pk]))
        assert (reply.status_code, reply.json()["error"]) == (403, "no_employee")
        made = {"session": str(uuid.uuid4()), "key": "k"}
        reply = send(client, made, Beat(1, "film", 0, 1000))
        assert (reply.status_code, reply.json()["error"]) == (403, "no_employee")

    def test_get_and_foreign_sites(self, client, learner, lesson):
        assert client.get(reverse("courses:session-open", args=[lesson.pk])).status_code == 405
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(learner.user)
        assert strict.post(reverse("courses:session-open", args=[lesson.pk])).status_code == 403
