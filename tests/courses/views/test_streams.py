"""Encoded films at their addresses: who gets which part, and who gets nothing."""

import datetime as dt

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from courses.actions.study import open_session
from courses.models import FilmEncoding, StudyProgress
from courses.queries import file_address
from tests.factories.courses import FilmFactory, PolicySpeechFactory
from tests.factories.people import EmployeeFactory, UserFactory

pytestmark = pytest.mark.django_db
T0 = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)
FILM_S = 600
LAST = FILM_S // 6 - 1


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(T0, tick=False) as traveller:
        yield traveller


@pytest.fixture
def film():
    """A film of ten minutes whose segments say which they are."""
    film = FilmFactory(duration=float(FILM_S))
    FilmEncoding.objects.create(
        film=film,
        source_sha256=film.sha256,
        folder="hls/1/abc",
        renditions=[
            {"name": "240", "width": 426, "height": 240, "bandwidth": 300_000, "segments": [6.0] * (LAST + 1)}
        ],
        encoded_at=T0,
    )
    for number in (0, 10, 11, LAST):
        default_storage.save(f"hls/1/abc/240/{number:05d}.ts", ContentFile(f"part {number}".encode()))
    return film


@pytest.fixture
def lesson(film):
    return PolicySpeechFactory(film=film)


def learner():
    employee = EmployeeFactory()
    client = Client()
    client.force_login(employee.user)
    return employee, client


def session_of(employee, lesson):
    return open_session(employee=employee, lesson=lesson, device="d", now=dt.datetime.now(dt.UTC))


def stream_of(client, film, session=None):
    query = {"session": str(session.public_id)} if session else {}
    return client.get(reverse("courses:film-address", args=[film.pk]), query)


def opened(lesson, film):
    """Return a learner in the middle of the lesson: the client, the session and the address of the playlist."""
    employee, client = learner()
    session = session_of(employee, lesson)
    return client, session, stream_of(client, film, session).json()["stream"]


def segment(playlist, number):
    return playlist.replace("film.m3u8", f"240/{number:05d}.ts")


def test_the_playlists_lead_to_the_segments(lesson, film):
    client, _session, playlist = opened(lesson, film)
    answer = client.get(playlist)
    assert answer["Content-Type"] == "application/vnd.apple.mpegurl"
    assert "no-store" in answer["Cache-Control"]
    assert answer.content.decode().splitlines()[-1] == "240/index.m3u8"
    sizes = client.get(playlist.replace("film.m3u8", "240/index.m3u8")).content.decode()
    assert sizes.count("#EXTINF:6.000,") == LAST + 1
    part = client.get(segment(playlist, 0))
    assert (b"".join(part), part["Content-Type"]) == (b"part 0", "video/mp2t")
    for gone in ("240/07777.ts", "360/index.m3u8", "360/00000.ts"):
        assert client.get(playlist.replace("film.m3u8", gone)).status_code in (403, 404)


def test_the_address_of_another_person_is_refused(lesson, film):
    """Both may study the lesson; still neither plays what was opened for the other."""
    _client, _session, playlist = opened(lesson, film)
    _other, other_client = learner()
    for address in (playlist, segment(playlist, 0)):
        assert other_client.get(address).status_code == 403
        assert Client().get(address).status_code == 403


def test_the_session_of_another_person_opens_nothing(lesson, film):
    employee, _client = learner()
    session = session_of(employee, lesson)
    _other, other_client = learner()
    assert stream_of(other_client, film, session).status_code == 404


def test_an_address_that_ran_out_is_refused(lesson, film, clock):
    client, _session, playlist = opened(lesson, film)
    clock.move_to(T0 + dt.timedelta(seconds=FILM_S, minutes=15))
    assert client.get(segment(playlist, 0)).status_code == 200
    clock.shift(dt.timedelta(seconds=1))
    for address in (playlist, segment(playlist, 0)):
        assert client.get(address).status_code == 403


def test_an_address_that_was_changed_is_not_found(lesson, film):
    client, _session, playlist = opened(lesson, film)
    other = playlist.replace("/via/", "/via/1")
    assert client.get(other).status_code == 404
    assert client.get(segment(other, 0)).status_code == 404


def test_segments_ahead_of_the_frontier_are_refused(lesson, film):
    client, session, playlist = opened(lesson, film)
    assert client.get(segment(playlist, 10)).status_code == 200  # a minute ahead: what players keep in store
    assert client.get(segment(playlist, 11)).status_code == 403
    assert client.get(segment(playlist, LAST)).status_code == 403
    StudyProgress.objects.filter(pk=session.progress_id).update(watched=[[0, 6.0]])
    assert client.get(segment(playlist, 11)).status_code == 200
    assert client.get(segment(playlist, LAST)).status_code == 403
    StudyProgress.objects.filter(pk=session.progress_id).update(watched=[[0, FILM_S]])
    assert client.get(segment(playlist, LAST)).status_code == 200


def test_a_session_that_was_taken_over_gets_no_more(lesson, film):
    employee, client = learner()
    session = session_of(employee, lesson)
    playlist = stream_of(client, film, session).json()["stream"]
    session_of(employee, lesson)
    assert client.get(segment(playlist, 0)).status_code == 403
    assert stream_of(client, film, session).status_code == 404


def test_a_disabled_account_gets_no_more(lesson, film):
    client, session, playlist = opened(lesson, film)
    session.employee.user.is_active = False
    session.employee.user.save()
    assert client.get(segment(playlist, 0)).status_code == 403


def test_who_must_prove_the_watching_needs_a_session_until_it_is_proved(lesson, film):
    employee, client = learner()
    assert stream_of(client, film).json() == {"error": "session_needed"}
    session = session_of(employee, lesson)
    StudyProgress.objects.filter(pk=session.progress_id).update(watched=[[0, FILM_S]])
    free = stream_of(client, film).json()["stream"]
    assert client.get(segment(free, LAST)).status_code == 200


def test_who_edits_films_plays_all_of_any(film):
    client = Client()
    client.force_login(UserFactory(superuser=True))
    playlist = stream_of(client, film).json()["stream"]
    assert client.get(segment(playlist, LAST)).status_code == 200


@pytest.mark.parametrize("session", ["", "nonsense", "00000000-0000-0000-0000-000000000000"])
def test_a_film_nobody_may_see_says_nothing(film, session):
    _employee, client = learner()  # no lesson shows it
    answer = client.get(reverse("courses:film-address", args=[film.pk]), {"session": session})
    assert (answer.status_code, answer.json()) == (404, {"error": "unknown"})


def test_a_film_that_is_not_encoded_plays_as_one_file():
    film = FilmFactory()
    employee, client = learner()
    session = session_of(employee, PolicySpeechFactory(film=film))
    answer = stream_of(client, film, session).json()
    assert answer == {"stream": "", "file": file_address(film, employee.user, T0)}
    assert client.get(answer["file"]).status_code == 200


def test_a_recording_plays_as_one_file_of_even_loudness(film):
    film.type = "audio"
    film.save()
    default_storage.save("hls/1/abc/sound.m4a", ContentFile(b"0123456789"))
    client = Client()
    client.force_login(UserFactory(superuser=True))
    where = stream_of(client, film).json()["stream"]
    answer = client.get(where, headers={"range": "bytes=2-4"})
    assert (answer.status_code, b"".join(answer), answer["Content-Type"]) == (206, b"234", "audio/mp4")


def test_a_segment_costs_one_statement_beside_who_asks(lesson, film, django_assert_num_queries):
    client, _session, playlist = opened(lesson, film)
    client.get(segment(playlist, 0))
    with django_assert_num_queries(2):  # the account, and the session with its progress
        client.get(segment(playlist, 10))


def test_nginx_sends_the_segment_where_it_is_told_to(lesson, film, settings):
    client, _session, playlist = opened(lesson, film)
    assert "X-Accel-Redirect" not in client.get(segment(playlist, 0))  # off unless an operator says so
    settings.X_ACCEL_REDIRECT = True
    answer = client.get(segment(playlist, 0))
    assert (answer["X-Accel-Redirect"], answer.content) == ("/_protected/hls/1/abc/240/00000.ts", b"")
    assert "X-Accel-Redirect" not in client.get(segment(playlist, LAST))
