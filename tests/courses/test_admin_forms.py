import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from courses.models import Film
from jobs.models import Job
from people.actions.roles import grant_role
from people.models import Role
from tests.factories.courses import FilmFactory, FilmSubtitleFactory, PolicySpeechFactory
from tests.factories.people import EmployeeFactory, OrgUnitFactory, UserFactory

pytestmark = pytest.mark.django_db
VTT = "WEBVTT\n\n00:00.000 --> 00:02.000\n先检测，再动火。\n"


@pytest.fixture
def editor(client):
    user = UserFactory(superuser=True)
    client.force_login(user)
    return user


def upload(path, name=None):
    return SimpleUploadedFile(name or path.name, path.read_bytes(), content_type="video/mp4")


def track(text, encoding="utf-8"):
    return SimpleUploadedFile("zh.vtt", text.encode(encoding))


def add(client, kind="video", **fields):
    return client.post(reverse("wagtailmedia:add", args=[kind]), {"title": "动火", "tags": "", **fields})


class TestAddingAFilm:
    def test_facts_are_read_and_the_rest_is_queued(self, client, editor, films):
        response = add(client, file=upload(films / "good.mp4", "车间 动火.MP4"), subtitles_file=track(VTT))
        assert response.status_code == 302
        film = Film.objects.get()
        assert film.duration == pytest.approx(3.0, abs=0.2)
        assert (film.width, len(film.sha256), film.uploaded_by_user) == (160, 64, editor)
        assert film.filename.endswith(".mp4")
        assert "先检测，再动火。" in film.subtitles.get().text
        assert Job.objects.get().requested_by == editor

    def test_a_file_large_enough_to_go_to_disk(self, client, editor, films, settings):
        settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
        assert add(client, file=upload(films / "good.mp4")).status_code == 302
        assert Film.objects.get().duration > 0

    def test_a_wrong_film_is_refused_with_its_cure(self, client, editor, films):
        response = add(client, file=upload(films / "mpeg4.mp4"))
        assert "请导出为 H.264" in response.content.decode()
        assert Film.objects.count() == 0

    def test_a_film_is_no_recording(self, client, editor, films):
        response = add(client, kind="audio", file=upload(films / "good.mp4", "x.mp3"))
        assert "不是录音" in response.content.decode()

    def test_wrong_subtitles_are_refused_by_line(self, client, editor, films):
        wrong = track("WEBVTT\n\n1,0 --> 2,0\n字\n\n00:01.000 --> 00:09.000\n比影片长")
        page = add(client, file=upload(films / "good.mp4"), subtitles_file=wrong).content.decode()
        assert "字幕第 3 行" in page
        assert "字幕第 6 行" in page
        assert Film.objects.count() == 0

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
    def test_subtitles_come_with_the_film(self, client, editor, films, encoding):
        add(client, file=upload(films / "good.mp4"), subtitles_file=track(VTT, encoding))
        assert "先检测，再动火。" in Film.objects.get().subtitles.get().text

    def test_a_file_that_is_no_text_is_refused(self, client, editor, films):
        response = add(client, file=upload(films / "good.mp4"), subtitles_file=track("\x00\x01" * 50))
        assert "UTF-8" in response.content.decode()


class TestEditingAFilm:
    def edit(self, client, film, **fields):
        return client.post(
            reverse("wagtailmedia:edit", args=[film.pk]), {"title": film.title, "tags": "", **fields}
        )

    def test_subtitles_have_a_page_of_their_own(self, client, editor):
        film = FilmSubtitleFactory().film
        before = (film.sha256, film.duration, film.file.name)
        html = client.get(reverse("wagtailmedia:edit", args=[film.pk])).content.decode()
        assert reverse("courses_subtitles", args=[film.pk]) in html
        assert reverse("courses_film_questions", args=[film.pk]) in html
        assert self.edit(client, film).status_code == 302
        film.refresh_from_db()
        assert (film.sha256, film.duration, film.file.name) == before
        assert film.subtitles.get().version == 1
        assert Job.objects.count() == 0

    def test_a_new_file_brings_new_facts(self, client, editor, films):
        film = FilmFactory()
        self.edit(client, film, file=upload(films / "silent.mp4"))
        film.refresh_from_db()
        assert film.duration == pytest.approx(3.0, abs=0.2)
        assert Job.objects.get().params == {"film_id": film.pk}


class TestTheLibrary:
    def test_lists_films_with_their_length(self, client, editor):
        FilmFactory(duration=216)
        FilmFactory(duration=0)
        html = client.get(reverse("wagtailmedia:index")).content.decode()
        assert "3 分 36 秒" in html
        assert "没有时长" in html

    def test_a_film_in_use_is_not_deleted(self, client, editor):
        film = FilmFactory()
        lesson = PolicySpeechFactory(film=film, live=False)
        response = client.post(reverse("wagtailmedia:delete", args=[film.pk]), follow=True)
        assert f"正用于：{lesson.title}" in response.content.decode()
        assert Film.objects.exists()

    def test_a_film_nobody_uses_is_deleted(self, client, editor):
        film = FilmFactory()
        assert client.get(reverse("wagtailmedia:delete", args=[film.pk])).status_code == 200
        client.post(reverse("wagtailmedia:delete", args=[film.pk]))
        assert not Film.objects.exists()

    def test_the_editors_role_opens_pictures_documents_and_films(self, client, films):
        user = UserFactory()
        grant_role(
            user=user,
            role=Role.EDITOR,
            unit=OrgUnitFactory(),
            starts_on=dt.date(2026, 1, 1),
            acting_user=None,
            now=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        )
        client.force_login(user)
        for address in (
            reverse("wagtailmedia:add", args=["video"]),
            reverse("wagtailimages:add"),
            reverse("wagtaildocs:add"),
        ):
            assert client.get(address).status_code == 200
        assert add(client, file=upload(films / "good.mp4")).status_code == 302

    def test_learners_do_not_come_in(self, client, films):
        film = FilmFactory()
        client.force_login(EmployeeFactory().user)
        assert add(client, file=upload(films / "good.mp4")).status_code in (302, 403)
        for name, args in (("edit", [film.pk]), ("delete", [film.pk]), ("index", [])):
            assert client.post(reverse(f"wagtailmedia:{name}", args=args)).status_code in (302, 403)
        assert Film.objects.count() == 1
