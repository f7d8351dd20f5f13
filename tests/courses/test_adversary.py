"""Tools that «watch» for people: each is a scripted client against the real addresses, and earns nothing for it.

A client here knows its session's key, as any browser does. Whatever it sends, the seconds credited never exceed
the seconds that passed, and a film is complete only after its own length in front of somebody who answers.
"""

import datetime as dt
import itertools

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from courses.actions.study import beat_mac
from courses.models import PlaySession, StudyBeat, StudyCheck, StudyProgress, StudyRecord
from courses.queries import intervals_of
from courses.watching import POLICY, Beat, total
from tests.factories.courses import FilmFactory, PolicySpeechFactory
from tests.factories.people import EmployeeFactory

pytestmark = pytest.mark.django_db
T0 = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)
FILM_S = 600
BEAT_MS = 10_000


@pytest.fixture
def clock():
    with time_machine.travel(T0, tick=False) as traveller:
        yield traveller


@pytest.fixture
def lesson():
    return PolicySpeechFactory(film=FilmFactory(duration=float(FILM_S)))


@pytest.fixture
def employee():
    return EmployeeFactory()


class Tool:
    """A client that speaks the protocol without a person in front of it."""

    def __init__(self, employee, lesson):
        self.client = Client()
        self.client.force_login(employee.user)
        self.employee, self.lesson = employee, lesson
        self.open()

    def open(self):
        answer = self.client.post(reverse("courses:session-open", args=[self.lesson.pk])).json()
        self.session, self.key, self.seq = answer["session"], answer["key"], answer["next_seq"]
        self.check = answer["check"]
        return answer

    def beat(self, start_ms, end_ms, *, part="film", key=None, claimed=None, **changed):
        """Send a beat; `claimed` replaces fields after they were signed."""
        beat = Beat(self.seq, part, start_ms, end_ms, **changed)
        return self.send(beat, beat_mac(key or self.key, self.session, beat), claimed or {})

    def send(self, beat, mac, claimed):
        fields = {
            "seq": beat.seq,
            "part": beat.part,
            "from_ms": beat.from_ms,
            "to_ms": beat.to_ms,
            "rate_pct": beat.rate_pct,
            "visible": int(beat.visible),
            "mac": mac,
        } | claimed
        response = self.client.post(reverse("courses:beat", args=[self.session]), fields)
        self.status, answer = response.status_code, response.json()
        if response.status_code == 200 and beat.seq == self.seq:
            self.seq += 1
            self.check = answer["check"]
        return answer

    def watch(self, clock, seconds, start_ms=0):
        """Play honestly in real time, but answer nothing."""
        for n in range(seconds * 1000 // BEAT_MS):
            clock.shift(BEAT_MS / 1000)
            answer = self.beat(start_ms + n * BEAT_MS, start_ms + (n + 1) * BEAT_MS)
        return answer

    def answer(self, number, choice=""):
        return self.client.post(
            reverse("courses:check", args=[self.session]), {"check": number, "choice": choice}
        )

    def confirm(self):
        return self.client.post(reverse("courses:confirm", args=[self.session]))


@pytest.fixture
def tool(employee, lesson, clock):
    return Tool(employee, lesson)


def earned():
    """Return the seconds credited over all film and text."""
    return sum(
        total(intervals_of(progress.watched)) + sum(progress.read_s.values())
        for progress in StudyProgress.objects.all()
    )


def test_huge_duration_claimed_in_one_beat(tool, clock):
    clock.shift(10)
    tool.beat(0, FILM_S * 1000)
    assert earned() <= 10
    assert tool.confirm().json()["error"] == "not_yet_studied"
    assert StudyRecord.objects.count() == 0


def test_duration_beyond_the_film_and_below_zero(tool, clock):
    clock.shift(10)
    for start, end in ((0, 10**9), (-10_000, 10_000), (5_000, 5_000), (9_000, 1_000)):
        assert tool.beat(start, end)["verdict"] == "bad_interval"
    assert earned() == 0


def test_replayed_beats(tool, clock):
    clock.shift(10)
    beat = Beat(1, "film", 0, BEAT_MS)
    mac = beat_mac(tool.key, tool.session, beat)
    for _ in range(20):
        assert tool.send(beat, mac, {})["credited_s"] == 10
        clock.shift(10)
    assert earned() == 10
    assert StudyBeat.objects.count() == 1


def test_replayed_interval_under_new_numbers(tool, clock):
    for _ in range(20):
        clock.shift(10)
        tool.beat(0, BEAT_MS)
    assert earned() == 10


def test_beats_of_another_session_replayed(tool, employee, lesson, clock):
    clock.shift(10)
    old = (Beat(1, "film", 0, BEAT_MS), beat_mac(tool.key, tool.session, Beat(1, "film", 0, BEAT_MS)))
    tool.open()
    assert tool.send(*old, {})["error"] == "bad_signature"
    assert earned() == 0


def test_two_devices_at_once_earn_one_clock(employee, lesson, clock):
    first, second = Tool(employee, lesson), Tool(employee, lesson)
    clock.shift(10)
    assert first.beat(0, BEAT_MS)["error"] == "taken_over"
    second.beat(0, BEAT_MS)
    assert earned() == 10


def test_two_devices_taking_turns(employee, lesson, clock):
    tools = [Tool(employee, lesson), Tool(employee, lesson)]
    for turn in range(20):
        clock.shift(5)
        tool = tools[turn % 2]
        tool.open()
        clock.shift(5)
        tool.beat(turn * BEAT_MS, (turn + 1) * BEAT_MS)
    assert earned() <= 20 * 10
    assert PlaySession.objects.filter(closed_at=None).count() == 1


def test_two_lessons_at_once(employee, lesson, clock):
    other = PolicySpeechFactory(film=FilmFactory(duration=float(FILM_S)))
    first, second = Tool(employee, lesson), Tool(employee, other)
    for n in range(6):
        clock.shift(10)
        first.beat(n * BEAT_MS, (n + 1) * BEAT_MS)
        second.beat(n * BEAT_MS, (n + 1) * BEAT_MS)
    assert earned() <= 60


def test_watching_and_reading_at_once(tool, clock):
    for n in range(6):
        clock.shift(10)
        tool.beat(n * BEAT_MS, (n + 1) * BEAT_MS)
        tool.beat(0, 3000, part="section:s1")
    assert earned() <= 60


def test_jump_to_the_end(tool, clock):
    clock.shift(10)
    assert tool.beat((FILM_S - 10) * 1000, FILM_S * 1000)["verdict"] == "jumped"
    assert earned() == 0
    assert tool.confirm().status_code == 409


def test_jump_by_small_steps(tool, clock):
    """Each beat begins as far past the frontier as rounding allows: no hole is credited."""
    position = 0
    for _ in range(20):
        clock.shift(4)
        position += round(POLICY.jump_s * 1000)
        tool.beat(position, position + 4000)
        position += 4000
    assert earned() <= 20 * 4


@pytest.mark.parametrize("rate", [150, 200, 1600])
def test_sped_up_player(tool, clock, rate):
    clock.shift(10)
    assert tool.beat(0, 100 * rate, rate_pct=rate)["verdict"] == "too_fast"
    assert earned() == 0


def test_sped_up_clock_of_the_client(tool, clock):
    """The tool runs its own clock sixty times faster and says so in no field."""
    for n in range(60):
        clock.shift(1)
        tool.beat(n * BEAT_MS, (n + 1) * BEAT_MS)
    assert earned() <= 60


def test_saved_up_time_is_not_paid_out(tool, clock):
    """Opening the page, going home, and claiming the night in the morning."""
    clock.shift(8 * 3600)
    for n in range(60):
        tool.beat(n * BEAT_MS, (n + 1) * BEAT_MS)
    assert earned() <= POLICY.carry_s


def test_one_minute_in_a_loop(tool, clock):
    for n in range(60):
        clock.shift(10)
        tool.beat(n % 6 * BEAT_MS, (n % 6 + 1) * BEAT_MS)
    assert earned() <= 60
    assert tool.confirm().status_code == 409


def test_hidden_page(tool, clock):
    for n in range(12):
        clock.shift(10)
        assert tool.beat(n * BEAT_MS, (n + 1) * BEAT_MS, visible=False)["verdict"] == "hidden"
    assert earned() == 0
    # The hidden time is gone: it is not paid out to the first visible beat.
    tool.beat(0, 60_000)
    assert earned() == 0


@pytest.mark.parametrize("key", ["0" * 64, "", "session"])
def test_forged_signature(tool, clock, key):
    clock.shift(10)
    assert tool.beat(0, BEAT_MS, key=key or "x")["error"] == "bad_signature"
    assert tool.status == 403
    assert (earned(), StudyBeat.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    "claimed",
    [{"to_ms": 20_000}, {"from_ms": 1}, {"part": "section:s1"}, {"visible": 1, "seq": 2}, {"rate_pct": 99}],
    ids=lambda claimed: next(iter(claimed)),
)
def test_endpoints_tampered_after_signing(tool, clock, claimed):
    clock.shift(10)
    assert tool.beat(0, BEAT_MS, claimed=claimed)["error"] == "bad_signature"
    assert earned() == 0


def test_no_check_answered(tool, clock):
    """Playing on for an hour without an answer: what came since the last answered check is taken back."""
    for _ in range(6):
        watched = StudyProgress.objects.get().watched
        start = round(watched[-1][1] * 1000) if watched else 0
        for n in range(60):
            clock.shift(10)
            tool.beat(start + n * BEAT_MS, start + (n + 1) * BEAT_MS)
            if tool.check:
                break
        assert tool.check
        clock.shift(tool.check["left_s"] + 1)
        assert tool.beat(0, BEAT_MS)["verdict"] == "check_missed"
    assert earned() == 0
    assert tool.confirm().status_code == 409
    assert set(StudyCheck.objects.values_list("outcome", flat=True)) == {"missed"}


def test_film_runs_on_behind_an_open_check(tool, clock):
    for n in range(43):
        clock.shift(10)
        tool.beat(n * BEAT_MS, (n + 1) * BEAT_MS)
        if tool.check:
            break
    at_check = StudyCheck.objects.get().at_s
    assert 180 <= at_check <= 430
    # As long as there is time to answer, the film may run on, and nothing of that counts.
    for _ in range(11):
        n += 1
        clock.shift(10)
        assert tool.beat(n * BEAT_MS, (n + 1) * BEAT_MS)["verdict"] == "check_open"
    assert at_check == total(intervals_of(StudyProgress.objects.get().watched))


def test_check_avoided_by_opening_again(tool, clock):
    for n in range(60):
        clock.shift(10)
        tool.beat(n * BEAT_MS, (n + 1) * BEAT_MS)
        if tool.check:
            break
    number = tool.check["number"]
    assert tool.open()["check"]["number"] == number
    clock.shift(10)
    assert tool.beat(n * BEAT_MS, (n + 1) * BEAT_MS)["verdict"] == "check_open"
    clock.shift(121)
    assert tool.open()["check"] is None
    assert earned() == 0


def test_check_guessed_before_it_is_asked(tool, clock):
    for number in range(1, 5):
        assert tool.answer(number).status_code == 404
    assert StudyCheck.objects.count() == 0


def test_confirm_without_watching(tool, clock):
    clock.shift(3600)
    assert tool.confirm().json()["error"] == "not_yet_studied"
    assert StudyRecord.objects.count() == 0


def test_session_of_somebody_else(tool, clock):
    thief = Client()
    thief.force_login(EmployeeFactory().user)
    clock.shift(10)
    beat = Beat(1, "film", 0, BEAT_MS)
    fields = {
        "seq": 1,
        "part": "film",
        "from_ms": 0,
        "to_ms": BEAT_MS,
        "rate_pct": 100,
        "visible": 1,
        "mac": beat_mac(tool.key, tool.session, beat),
    }
    assert thief.post(reverse("courses:beat", args=[tool.session]), fields).status_code == 404
    assert thief.post(reverse("courses:confirm", args=[tool.session])).status_code == 404
    assert thief.post(reverse("courses:check", args=[tool.session]), {"check": 1}).status_code == 404


def test_everything_at_once_never_beats_the_clock(tool, clock):
    """All tricks in turn for ten minutes: the sum stays below the time that passed."""
    tricks = itertools.cycle(
        [
            lambda n: tool.beat(n * BEAT_MS, (n + 1) * BEAT_MS),
            lambda n: tool.beat(0, FILM_S * 1000),
            lambda n: tool.beat(n * BEAT_MS, n * BEAT_MS + 60_000),
            lambda n: tool.beat(0, 3000, part="section:start"),
            lambda n: tool.open(),
            lambda n: tool.beat(590_000, 600_000),
        ]
    )
    for n in range(120):
        clock.shift(5)
        next(tricks)(n)
        assert earned() <= 5 * (n + 1)
