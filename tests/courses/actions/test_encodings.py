"""Films are encoded for real, small ones of a few seconds."""

import datetime as dt
import fcntl
import subprocess

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command

from courses import encoding
from courses.actions import encodings, films
from courses.actions.encodings import encode_film, request_encoding, sweep_encodings
from courses.errors import EncodingBusy
from courses.films import BadFilm, inspect_sound
from courses.models import Film, FilmEncoding
from jobs.models import Job, JobState
from jobs.queue import run_pending_jobs
from tests.factories.courses import FilmFactory
from tests.factories.films import make_film
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def seven_seconds(tmp_path_factory):
    return make_film(tmp_path_factory.mktemp("film") / "film.mp4", seconds=7)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A quiet recording of two seconds, silent in its first half."""
    path = tmp_path_factory.mktemp("sound") / "sound.mp3"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=frequency=440:duration=2"]
    command += ["-af", "volume=0:enable='lt(t,1)'", "-c:a", "libmp3lame", str(path)]
    subprocess.run(command, check=True, timeout=600)
    return path


def film_of(path, **more):
    film = FilmFactory(duration=7.0, width=160, height=90, **more)
    film.file.save(path.name, ContentFile(path.read_bytes()))
    return film


def job_for(film):
    return request_encoding(film=film, acting_user=None)


def work_of(film, settings):
    return settings.WORK_DIR / "films" / f"{film.pk}-{film.sha256[:16]}"


def probe(path, entries):
    command = [
        "ffprobe",
        "-v",
        "error",
        "-select_streams",
        "v",
        "-show_entries",
        entries,
        "-of",
        "csv=p=0",
        path,
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=600).stdout.split()


def test_a_film_becomes_segments_of_even_loudness(seven_seconds, settings):
    film = film_of(seven_seconds)
    job_for(film)
    assert run_pending_jobs() == 1
    job = Job.objects.get()
    assert (job.state, job.done) == (JobState.DONE, job.total)
    made = Film.objects.get().made
    (only,) = made.renditions
    assert (only["name"], only["width"], only["height"]) == ("90", 160, 90)
    assert only["segments"] == [pytest.approx(6, abs=0.2), pytest.approx(1, abs=0.3)]
    assert only["bandwidth"] > 10_000
    assert made.loudness["target_lufs"] == -16
    assert -40 < made.loudness["integrated_lufs"] < -10
    _folders, files = default_storage.listdir(f"{made.folder}/90")
    assert sorted(files) == ["00000.ts", "00001.ts"]
    first = default_storage.path(f"{made.folder}/90/00001.ts")
    assert probe(first, "frame=pict_type")[0].startswith("I")  # a player may begin with any segment
    assert not work_of(film, settings).exists()
    assert film.file.storage.exists(film.file.name)  # the film as one file is kept


def test_a_long_job_is_called_again_and_goes_on_behind_its_last_whole_piece(
    seven_seconds, monkeypatch, settings
):
    monkeypatch.setattr(encoding, "PIECE_S", 6)  # a film of seven seconds has two, as a longer one of sixty
    monkeypatch.setattr(encodings, "TURN_S", -1)  # every turn does one step
    film = film_of(seven_seconds)
    job = job_for(film)
    turns = 0
    while run_pending_jobs(limit=1):
        turns += 1
        job.refresh_from_db()
        if turns == 3:  # loudness, sound, the first piece
            assert (job.state, job.result) == (JobState.QUEUED, {})
            assert sorted(path.name for path in work_of(film, settings).glob("90-*")) == ["90-0000.mp4"]
            assert not FilmEncoding.objects.exists()  # nothing is shown before all of it is there
    assert turns == 5
    assert (job.state, job.result["renditions"]) == (JobState.DONE, ["90"])
    lengths = FilmEncoding.objects.get().renditions[0]["segments"]
    assert lengths == [pytest.approx(6, abs=0.2), pytest.approx(1, abs=0.3)]


def test_encoding_again_changes_the_address_and_the_sweep_takes_the_old(films, monkeypatch):
    film = film_of(films / "silent.mp4")
    job = job_for(film)
    assert encode_film(job=job, film_id=film.pk, now=NOW)["encoded"] is True
    first = FilmEncoding.objects.get()
    assert first.loudness == {}
    # The steps are proved elsewhere; here only what is kept of them.
    put = encodings._keep
    monkeypatch.setattr(encodings._Turn, "run", lambda turn: remade(turn, first))
    assert encode_film(job=job, film_id=film.pk, now=NOW)["encoded"] is True
    new = FilmEncoding.objects.get().folder
    assert new != first.folder
    later = default_storage.get_modified_time(
        f"{first.folder}/90/00000.ts"
    )  # a file's time is not the tests'
    assert sweep_encodings(now=later) == 0  # somebody may be in the middle of it
    assert sweep_encodings(now=later + dt.timedelta(days=3)) == 1
    assert not default_storage.exists(f"{first.folder}/90/00000.ts")
    assert default_storage.exists(f"{new}/90/00000.ts")

    def replaced(*arguments):
        Film.objects.update(sha256="f" * 64)
        return put(*arguments)

    monkeypatch.setattr(encodings, "_keep", replaced)
    assert encode_film(job=job, film_id=film.pk, now=NOW)["encoded"] is False
    assert Film.objects.get().made is None


def remade(turn, encoded):
    """Stand in for the work of ffmpeg with files as it makes them."""
    turn.sizes, turn.renditions = (encoded.renditions[0],), encoded.renditions
    segments = turn.folder / "segments-90"
    segments.mkdir(parents=True, exist_ok=True)
    for number in range(len(encoded.renditions[0]["segments"])):
        (segments / f"{number:05d}.ts").write_bytes(b"ts")
    turn.segments = {"90": segments}
    return True


def test_a_recording_gets_a_waveform(recording):
    facts, suffix = inspect_sound(recording)
    assert (suffix, facts.duration_s) == ("mp3", pytest.approx(2, abs=0.2))
    film = film_of(recording, type="audio")
    assert encode_film(job=job_for(film), film_id=film.pk, now=NOW)["encoded"] is True
    made = FilmEncoding.objects.get()
    assert made.renditions == []
    assert 200 < len(made.peaks) <= 240
    assert max(made.peaks) == 100
    assert max(made.peaks[10:100]) == 0  # its silent half
    assert default_storage.exists(f"{made.folder}/sound.m4a")


@pytest.mark.parametrize("name", ["good.mp4", "playlist.mp4"])
def test_what_is_no_recording_is_refused_by_its_content(films, name):
    with pytest.raises(BadFilm, match=r"不是录音|无法读取"):
        inspect_sound(films / name)


def test_a_broken_film_fails_with_words_and_leaves_nothing_to_play(films):
    film = film_of(films / "text.mp4")
    job_for(film)
    with pytest.raises(Exception, match="failed"):
        run_pending_jobs()
    job = Job.objects.get()
    assert job.state == JobState.FAILED
    assert not FilmEncoding.objects.exists()


def test_two_processes_do_not_encode_the_same_film(seven_seconds, settings):
    film = film_of(seven_seconds)
    folder = work_of(film, settings)
    folder.mkdir(parents=True)
    with (folder / "lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(EncodingBusy, match=film.title):
            encode_film(job=job_for(film), film_id=film.pk, now=NOW)


def test_asking_twice_gives_one_job_and_a_deleted_film_none():
    film = FilmFactory()
    assert job_for(film) == job_for(film)
    Job.objects.update(state=JobState.FAILED)
    assert job_for(film) != Job.objects.earliest("created_at") or Job.objects.count() == 2
    assert encode_film(job=Job.objects.first(), film_id=9_999_999, now=NOW) == {"encoded": False}


def test_a_new_film_is_encoded_once_it_is_the_file_it_stays(settings, seven_seconds):
    settings.ENCODE_FILMS = True
    user = UserFactory()
    film = films.store_film(path=seven_seconds, title="动火", acting_user=user, now=NOW).film
    films.finish_film(film_id=film.pk)
    queued = Job.objects.get(task="courses.tasks.encode_film")
    assert (queued.params, queued.requested_by) == ({"film_id": film.pk}, user)
    films.finish_film(film_id=film.pk)
    assert Job.objects.filter(task="courses.tasks.encode_film").count() == 1


def test_the_command_queues_what_is_not_encoded_yet(capsys):
    old, done = FilmFactory(), FilmFactory()
    replaced = FilmFactory()
    for film, sha256 in ((done, done.sha256), (replaced, "0" * 64)):
        FilmEncoding.objects.create(film=film, source_sha256=sha256, folder="x", encoded_at=NOW)
    call_command("encode_films", "--dry-run")
    assert Job.objects.count() == 0
    call_command("encode_films")
    assert {job.params["film_id"] for job in Job.objects.all()} == {old.pk, replaced.pk}
    assert "2 部" in capsys.readouterr().out
    call_command("encode_films", str(done.pk))
    assert Job.objects.count() == 3
