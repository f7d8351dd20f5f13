import datetime as dt
import io
import json
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command

from courses.actions import films as actions
from courses.films import BadFilm, file_sha256, inspect_film
from courses.models import Film, FilmSubtitle
from courses.subtitles import BadSubtitles
from jobs.models import Job
from jobs.queue import run_pending_jobs
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)
VTT = "WEBVTT\n\n00:00.000 --> 00:02.000\n先检测，再动火。\n"
KEPT = VTT.replace("00:0", "00:00:0")


def store(path, **more):
    return actions.store_film(path=path, title="动火", acting_user=None, now=NOW, **more)


class TestStoreFilm:
    def test_keeps_facts_and_subtitles_and_queues_the_rest(self, films):
        user = UserFactory()
        stored = actions.store_film(
            path=films / "good.mp4", title="动火", subtitles=VTT, acting_user=user, now=NOW
        )
        film = Film.objects.get()
        assert (stored.created, film.uploaded_by_user) == (True, user)
        assert (film.type, film.width, film.height) == ("video", 160, 90)
        assert film.duration == pytest.approx(3.0, abs=0.2)
        assert film.sha256 == file_sha256(films / "good.mp4")
        assert film.subtitles.get().text == KEPT
        assert Job.objects.get().params == {"film_id": film.pk}

    def test_the_same_file_is_not_stored_twice(self, films):
        first = store(films / "good.mp4")
        again = store(films / "good.mp4")
        assert (again.film, again.created) == (first.film, False)
        assert Film.objects.count() == 1

    def test_a_bad_film_or_bad_subtitles_store_nothing(self, films):
        with pytest.raises(BadFilm):
            store(films / "mpeg4.mp4")
        with pytest.raises(BadSubtitles):
            store(films / "good.mp4", subtitles="nonsense")
        assert (Film.objects.count(), Job.objects.count()) == (0, 0)


class TestFinishFilm:
    def test_puts_the_index_first_and_draws_the_poster(self, films, django_capture_on_commit_callbacks):
        film = store(films / "late_index.mp4").film
        old_path = film.file.path
        with django_capture_on_commit_callbacks(execute=True):
            assert run_pending_jobs() == 1
        film.refresh_from_db()
        assert Job.objects.get().result == {"fast_start": True, "poster": True}
        assert inspect_film(Path(film.file.path)).starts_fast
        assert film.sha256 == file_sha256(Path(film.file.path))
        assert not Path(old_path).exists()
        assert Path(film.thumbnail.path).read_bytes()[:3] == b"\xff\xd8\xff"

    @pytest.mark.django_db(transaction=True)
    def test_draws_the_poster_of_a_film_whose_file_is_replaced_at_commit(self, films):
        film = store(films / "late_index.mp4").film
        assert run_pending_jobs() == 1
        film.refresh_from_db()
        assert Job.objects.get().result == {"fast_start": True, "poster": True}
        assert Path(film.file.path).exists()
        assert Path(film.thumbnail.path).exists()

    def test_again_does_nothing(self, films):
        film = store(films / "good.mp4").film
        assert actions.finish_film(film_id=film.pk) == {"fast_start": False, "poster": True}
        assert actions.finish_film(film_id=film.pk) == {"fast_start": False, "poster": False}

    def test_a_film_deleted_meanwhile_is_left(self):
        assert actions.finish_film(film_id=9_999_999) == {"fast_start": False, "poster": False}

    def test_a_poster_someone_chose_is_kept(self, films):
        film = store(films / "good.mp4").film
        film.thumbnail.save("own.jpg", ContentFile(b"own"))
        assert actions.finish_film(film_id=film.pk)["poster"] is False
        film.refresh_from_db()
        assert Path(film.thumbnail.path).read_bytes() == b"own"


class TestImportFilm:
    def run(self, *arguments):
        out = io.StringIO()
        call_command("import_film", *map(str, arguments), stdout=out)
        return out.getvalue()

    def test_prints_what_was_read(self, films, tmp_path):
        (tmp_path / "zh.vtt").write_text(VTT, encoding="utf-8-sig")
        printed = json.loads(
            self.run(films / "good.mp4", "--title", "动火", "--subtitles", tmp_path / "zh.vtt", "--json")
        )
        film = Film.objects.get()
        assert printed == {
            "file": str(films / "good.mp4"),
            "errors": [],
            "id": film.pk,
            "title": "动火",
            "created": True,
            "duration_s": film.duration,
            "width": 160,
            "height": 90,
            "sha256": film.sha256,
        }
        assert FilmSubtitle.objects.get().text == KEPT

    def test_says_it_in_words_too(self, films):
        assert "已存入：good" in self.run(films / "good.mp4")
        assert "已有同一文件" in self.run(films / "good.mp4")

    def test_errors_as_json_and_as_words(self, films):
        with pytest.raises(SystemExit):
            self.run(films / "mpeg4.mp4", "--json")
        with pytest.raises(CommandError, match=r"H\.264"):
            self.run(films / "mpeg4.mp4")
        with pytest.raises(CommandError, match="找不到文件"):
            self.run(films / "missing.mp4")

    def test_subtitles_that_cannot_be_read(self, films, tmp_path):
        (tmp_path / "bad.vtt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
        with pytest.raises(CommandError, match="UTF-8"):
            self.run(films / "good.mp4", "--subtitles", tmp_path / "bad.vtt")
        with pytest.raises(CommandError, match="找不到字幕"):
            self.run(films / "good.mp4", "--subtitles", tmp_path / "none.vtt")
