import hashlib

import pytest

from courses.films import (
    BadFilm,
    FilmLimits,
    draw_poster,
    inspect_film,
    make_fast_start,
)


class TestInspectFilm:
    def test_reads_the_facts(self, films):
        path = films / "good.mp4"
        facts = inspect_film(path)
        assert facts.duration_s == pytest.approx(3.0, abs=0.2)
        assert (facts.width, facts.height, facts.starts_fast) == (160, 90, True)
        assert facts.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()

    def test_sees_an_index_that_stands_last(self, films):
        assert not inspect_film(films / "late_index.mp4").starts_fast

    def test_a_film_without_sound_is_good(self, films):
        assert inspect_film(films / "silent.mp4").duration_s == pytest.approx(3.0, abs=0.2)

    @pytest.mark.parametrize(
        ("name", "code", "cure"),
        [
            ("empty.mp4", "empty", "重新选择"),
            ("text.mp4", "not_mp4", "导出为 MP4"),
            ("playlist.mp4", "not_mp4", "导出为 MP4"),
            ("matroska.mp4", "not_mp4", "导出为 MP4"),
            ("truncated.mp4", "truncated", "取得完整的文件"),
            ("hollow.mp4", "unreadable", "重新导出"),
            ("sound_only.mp4", "no_video", "有画面的影片"),
            ("mpeg4.mp4", "video_codec", "libx264"),
            ("yuv444.mp4", "pixel_format", "yuv420p"),
            ("mp3.mp4", "audio_codec", "AAC"),
        ],
    )
    def test_what_is_wrong_is_named_with_its_cure(self, films, name, code, cure):
        with pytest.raises(BadFilm) as refused:
            inspect_film(films / name)
        assert refused.value.code == code
        assert name in str(refused.value)
        assert cure in str(refused.value)

    def test_too_large_and_too_long(self, films):
        with pytest.raises(BadFilm, match="超过上限 0 MB") as refused:
            inspect_film(films / "good.mp4", limits=FilmLimits(max_bytes=100))
        assert refused.value.code == "too_large"
        with pytest.raises(BadFilm) as refused:
            inspect_film(films / "good.mp4", limits=FilmLimits(max_duration_s=1))
        assert refused.value.code == "too_long"

    def test_messages_use_the_name_given(self, films):
        with pytest.raises(BadFilm, match=r"事故片\.mp4"):
            inspect_film(films / "text.mp4", name="事故片.mp4")


def test_make_fast_start_moves_the_index_first(films, tmp_path):
    make_fast_start(films / "late_index.mp4", tmp_path / "fast.mp4")
    facts = inspect_film(tmp_path / "fast.mp4")
    assert facts.starts_fast
    assert facts.duration_s == pytest.approx(3.0, abs=0.2)


def test_draw_poster_writes_a_jpeg(films, tmp_path):
    draw_poster(films / "good.mp4", tmp_path / "poster.jpg", at_s=1)
    assert (tmp_path / "poster.jpg").read_bytes()[:3] == b"\xff\xd8\xff"
