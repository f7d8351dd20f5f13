import itertools
import json
import re
import subprocess

import pytest

from portal.demo.drawing import Canvas
from portal.demo.film_glove import SCENES as GLOVE
from portal.demo.film_hot_work import SCENES as HOT_WORK
from portal.demo.films import (
    FILM_CODES,
    FPS,
    FfmpegMissing,
    FilmFailed,
    _frames_per_scene,
    make_film,
    subtitles,
)
from portal.demo.scenes import HEIGHT, WIDTH, Sprite, sprite_image

CUE = re.compile(r"(\d\d):(\d\d):(\d\d\.\d{3}) --> (\d\d):(\d\d):(\d\d\.\d{3})\n(.+)")


def cues(text):
    assert text.startswith("WEBVTT\n\n")
    found = []
    for block in text.removeprefix("WEBVTT\n\n").strip().split("\n\n"):
        match = CUE.fullmatch(block)
        assert match, block
        numbers = [float(part) for part in match.groups()[:6]]
        begin, end = (numbers[at] * 3600 + numbers[at + 1] * 60 + numbers[at + 2] for at in (0, 3))
        found.append((begin, end, match[7]))
    return found


def probe(path):
    output = subprocess.run(
        ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", str(path)],
        capture_output=True,
        check=True,
    ).stdout
    return json.loads(output)


@pytest.mark.parametrize("code", ["hot-work", "glove"])
def test_short_film_has_picture_sound_and_the_right_length(code, tmp_path):
    made = make_film(code, tmp_path / "film.mp4", seconds=4)
    assert made.duration_s == 4.0
    found = probe(made.path)
    streams = {stream["codec_type"]: stream for stream in found["streams"]}
    video, audio = streams["video"], streams["audio"]
    assert (video["codec_name"], audio["codec_name"]) == ("h264", "aac")
    assert (video["width"], video["height"], video["pix_fmt"]) == (960, 540, "yuv420p")
    assert video["avg_frame_rate"] == f"{FPS}/1"
    assert float(found["format"]["duration"]) == pytest.approx(4, abs=0.15)
    content = made.path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat"), (
        "the index stands first, so it plays while loading"
    )
    assert made.title
    assert cues(made.subtitles_vtt)[-1][1] == 4.0


@pytest.mark.parametrize(("scenes", "seconds"), [(HOT_WORK, (70, 85)), (GLOVE, (42, 50))])
def test_subtitles_follow_on_one_another_and_can_be_read(scenes, seconds):
    frames = _frames_per_scene(scenes, 1)
    shown = cues(subtitles(scenes, frames))
    assert seconds[0] <= sum(frames) / FPS <= seconds[1]
    assert shown[0][0] == 0
    assert shown[-1][1] == pytest.approx(sum(frames) / FPS, abs=0.001)
    for (_, end, _), (begin, _, _) in itertools.pairwise(shown):
        assert begin == pytest.approx(end, abs=0.001)
    for begin, end, sentence in shown:
        assert len(sentence) / (end - begin) < 9, f"too fast to read: {sentence}"
        assert len(sentence) <= 30


@pytest.mark.parametrize("scene", [*HOT_WORK, *GLOVE], ids=lambda scene: scene.heading or scene.said[0])
def test_scene_moves_within_its_frame(scene):
    built = scene.build()
    first, last = (built.frame(share, scene.seconds) for share in (0.0, 0.99))
    assert first.size == last.size == (WIDTH, HEIGHT)
    assert (first.tobytes() != last.tobytes()) == bool(built.sprites)


def test_film_is_made_the_same_twice(tmp_path):
    films = [make_film("glove", tmp_path / f"{name}.mp4", seconds=1).path.read_bytes() for name in "ab"]
    assert films[0] == films[1]


def test_unknown_film_is_an_error(tmp_path):
    assert FILM_CODES == ("hot-work", "glove")
    with pytest.raises(KeyError):
        make_film("cat", tmp_path / "cat.mp4")


def test_missing_ffmpeg_names_the_package(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FfmpegMissing, match="apt-get install ffmpeg"):
        make_film("glove", tmp_path / "film.mp4", seconds=1)


def test_failure_tells_what_ffmpeg_said(tmp_path):
    with pytest.raises(FilmFailed, match="No such file or directory"):
        make_film("glove", tmp_path / "nowhere" / "film.mp4", seconds=4)


def test_sprite_goes_its_way_and_fades():
    image = sprite_image(10, 10, lambda c: c.disc(5, 5, 4, "#000000"))
    sprite = Sprite(image, (0, 0), (100, 50), (0.2, 0.8), appears=0.2, leaves=0.9)
    assert [sprite.place(share) for share in (0, 0.2, 0.5, 0.8, 1)] == [
        (0, 0),
        (0, 0),
        (50, 25),
        (100, 50),
        (100, 50),
    ]
    assert sprite.opacity(0.1, 10) == 0
    assert sprite.opacity(0.5, 10) == 1
    assert sprite.opacity(0.95, 10) == 0


def test_turning_things_show_one_half_at_a_time():
    image = Canvas(4, 4, None).image()
    halves = [Sprite(image, (0, 0), period_s=0.4, offbeat=offbeat) for offbeat in (False, True)]
    for share in (0.0, 0.3, 0.55, 0.9):
        assert sum(half.opacity(share, 1.0) for half in halves) == 1
