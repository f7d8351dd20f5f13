import datetime as dt

import pytest
from wagtail.models import ModelLogEntry

from courses.actions.subtitles import StaleSubtitles, delete_subtitles, save_subtitles
from courses.models import FilmSubtitle
from courses.subtitles import BadSubtitles
from tests.factories.courses import FilmFactory, FilmSubtitleFactory
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 2, 8, 0, tzinfo=dt.UTC)
FIRST = "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n先检测。\n"
SECOND = FIRST.replace("检测", "通风")


@pytest.fixture
def film():
    return FilmFactory(duration=30)


def save(film, text, expected=None, **more):
    more = {"language": "zh-hans", "acting_user": None, **more}
    return save_subtitles(film=film, text=text, expected_version=expected, now=NOW, **more)


def actions_logged():
    return list(ModelLogEntry.objects.order_by("pk").values_list("action", flat=True))


def test_first_and_second_version_are_noted(film):
    user = UserFactory()
    assert save(film, FIRST, 0, acting_user=user).track.version == 1
    track = save(film, SECOND, 1, acting_user=user).track
    assert (track.version, track.label, track.text) == (2, "中文", SECOND)
    assert FilmSubtitle.objects.get() == track
    assert actions_logged() == ["courses.subtitles.save"] * 2
    data = ModelLogEntry.objects.latest("pk").data
    assert (data["version"], data["cues"], data["language"]) == ({"before": 1, "after": 2}, 1, "zh-hans")


def test_the_same_words_again_change_nothing(film):
    save(film, FIRST, 0)
    assert save(film, FIRST, 1).track.version == 1
    assert len(actions_logged()) == 1


@pytest.mark.parametrize(("expected", "there"), [(0, 1), (2, 1)])
def test_a_stale_version_is_refused_and_changes_nothing(film, expected, there):
    save(film, FIRST, 0)
    with pytest.raises(StaleSubtitles) as caught:
        save(film, SECOND, expected)
    assert caught.value.version == there
    assert FilmSubtitle.objects.get().text == FIRST


def test_saving_on_top_of_what_was_deleted_is_refused(film):
    with pytest.raises(StaleSubtitles, match="删除"):
        save(film, SECOND, 3)


def test_bad_subtitles_change_nothing(film):
    save(film, FIRST, 0)
    with pytest.raises(BadSubtitles):
        save(film, FIRST.replace("02.000", "59.000"), 1)
    assert FilmSubtitle.objects.get().text == FIRST


def test_languages_stand_side_by_side(film):
    save(film, FIRST, 0)
    save(film, FIRST, 0, language="ug")
    assert set(film.subtitles.values_list("language", "label")) == {("zh-hans", "中文"), ("ug", "ئۇيغۇرچە")}


class TestDelete:
    def test_keeps_the_words_in_the_log_and_may_be_called_again(self):
        track = FilmSubtitleFactory()
        for _call in range(2):
            delete_subtitles(film=track.film, language="zh-hans", expected_version=1, acting_user=None)
        assert not FilmSubtitle.objects.exists()
        entry = ModelLogEntry.objects.get(action="courses.subtitles.delete")
        assert "先检测，再动火" in entry.data["text"]

    def test_another_version_is_left_alone(self):
        track = FilmSubtitleFactory(version=3)
        with pytest.raises(StaleSubtitles):
            delete_subtitles(film=track.film, language="zh-hans", expected_version=2, acting_user=None)
        assert FilmSubtitle.objects.exists()
