import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from courses.models import FilmSubtitle
from courses.queries.health import HealthIssue, content_findings
from tests.courses.views.test_files import film_editor
from tests.factories.courses import FilmFactory, FilmSubtitleFactory, PolicySpeechFactory
from tests.factories.people import EmployeeFactory, UserFactory

pytestmark = pytest.mark.django_db
SRT = "1\n00:00:01,000 --> 00:00:02,000\n<b>先检测</b>\n"
VTT = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n先检测\n"


@pytest.fixture
def editor(client):
    user = film_editor()
    client.force_login(user)
    return user


@pytest.fixture
def film():
    return FilmFactory(duration=30)


def tracks_url(film):
    return reverse("courses_subtitles", args=[film.pk])


def edit_url(film, language="zh-hans"):
    return reverse("courses_subtitle_edit", args=[film.pk, language])


def send(client, film, data, **fields):
    file = SimpleUploadedFile("字幕.srt", data)
    return client.post(tracks_url(film), {"language": "zh-hans", "document": file, **fields})


class TestUpload:
    def test_srt_is_kept_as_webvtt_and_losses_are_told(self, client, editor, film):
        response = send(client, film, SRT.encode("gb18030"))
        assert response.url == edit_url(film)
        assert FilmSubtitle.objects.get().text == VTT
        page = client.get(response.url).content.decode()
        assert "去掉了字体、颜色等标记" in page

    def test_every_fault_is_told_with_its_line(self, client, editor, film):
        response = send(client, film, b"WEBVTT\n\n00:09.000 --> 00:08.000\na\n\n00:20.000 --> 00:40.000\nb\n")
        page = response.content.decode()
        assert response.status_code == 422
        assert "第 3 行（第 1 条）：结束时间须晚于开始时间" in page
        assert "第 6 行（第 2 条）：超出了影片：影片到 00:00:30.000 结束" in page
        assert not FilmSubtitle.objects.exists()

    def test_what_is_there_is_replaced_only_on_demand(self, client, editor):
        film = FilmSubtitleFactory(film__duration=30).film
        assert "已有字幕（第 1 版）" in send(client, film, SRT.encode()).content.decode()
        assert send(client, film, SRT.encode(), replace="on").status_code == 302
        assert FilmSubtitle.objects.get().version == 2

    def test_no_text_at_all(self, client, editor, film):
        assert "认不出编码" in send(client, film, b"\x00\x01\xff" * 40).content.decode()
        assert "没有一条带时间的文字" in send(client, film, b"").content.decode()

    def test_delete(self, client, editor):
        track = FilmSubtitleFactory(version=2)
        url = reverse("courses_subtitle_delete", args=[track.film.pk, "zh-hans"])
        page = client.post(url, {"version": 1}, follow=True).content.decode()
        assert "没有删除" in page
        client.post(url, {"version": 2})
        assert not FilmSubtitle.objects.exists()


class TestEditor:
    def script(self, client, film, text, version):
        fields = {"text": text, "version": version}
        return client.post(edit_url(film), fields, headers={"accept": "application/json"})

    def test_saves_what_the_script_sends(self, client, editor, film):
        answer = self.script(client, film, VTT, 0)
        assert (answer.status_code, answer.json()["version"]) == (200, 1)
        assert self.script(client, film, VTT.replace("检测", "通风"), 1).json()["version"] == 2

    def test_faults_name_the_cue(self, client, editor, film):
        answer = self.script(client, film, VTT + "\n00:00:01.500 --> 00:00:03.000\n再动火\n", 0)
        assert answer.status_code == 422
        (fault,) = answer.json()["faults"]
        assert fault["cue"] == 2
        assert "重叠" in fault["message"]

    def test_a_stale_version_is_told_and_nothing_lost_or_overwritten(self, client, editor):
        film = FilmSubtitleFactory(film__duration=30, version=4).film
        answer = self.script(client, film, VTT, 3)
        assert (answer.status_code, answer.json()["version"]) == (409, 4)
        assert FilmSubtitle.objects.get().version == 4

    def test_without_a_version(self, client, editor, film):
        assert self.script(client, film, VTT, "").status_code == 400

    def test_without_script_the_text_comes_back_with_what_is_wrong(self, client, editor, film):
        page = client.post(edit_url(film), {"text": "WEBVTT\n\n9 --> 8\n我写的字", "version": 0})
        assert page.status_code == 422
        assert "时间写法不对" in page.content.decode()
        assert "我写的字" in page.content.decode()
        stale = client.post(edit_url(film), {"text": VTT, "version": 7}).content.decode()
        assert "没有保存" in stale
        assert client.post(edit_url(film), {"text": VTT, "version": 0}).status_code == 302

    def test_hostile_words_stay_words(self, client, editor, film):
        hostile = "</textarea><script>alert(1)</script>"
        self.script(client, film, f"WEBVTT\n\n00:01.000 --> 00:02.000\n{hostile}\n", 0)
        assert "<" not in FilmSubtitle.objects.get().text
        assert "<script>alert" not in client.get(edit_url(film)).content.decode()
        served = client.get(reverse("courses:subtitles", args=[film.pk, "zh-hans"]))
        assert served["Content-Type"] == "text/vtt; charset=utf-8"
        assert served["X-Content-Type-Options"] == "nosniff"

    def test_an_unknown_language_or_film(self, client, editor, film):
        assert client.get(edit_url(film, "xx")).status_code == 404
        assert client.get(reverse("courses_subtitle_edit", args=[film.pk + 1, "zh-hans"])).status_code == 404


def test_nobody_else_gets_in(client, film):
    for user in (EmployeeFactory().user, UserFactory()):
        client.force_login(user)
        for url in (tracks_url(film), edit_url(film)):
            assert client.get(url).status_code in {302, 403}
            assert client.post(url, {"text": VTT, "version": 0}).status_code in {302, 403}
    assert not FilmSubtitle.objects.exists()


def test_the_health_report_counts_on_these_subtitles(client):
    user = UserFactory(superuser=True)
    client.force_login(user)
    film = FilmFactory(duration=30)
    PolicySpeechFactory(film=film)
    now = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)

    def without():
        return [one for one in content_findings(user, now=now) if one.issue == HealthIssue.FILM_NO_SUBTITLES]

    assert [one.target_pk for one in without()] == [film.pk]
    send(client, film, SRT.encode())
    assert without() == []


def test_the_list_asks_no_statement_per_track(client, editor, film):
    counts = []
    for language in ("zh-hans", "en", "ug"):
        FilmSubtitle.objects.create(film=film, language=language, text=VTT)
        client.get(tracks_url(film))
        with CaptureQueriesContext(connection) as asked:
            client.get(tracks_url(film))
        counts.append(len(asked))
    assert counts[0] == counts[2]
