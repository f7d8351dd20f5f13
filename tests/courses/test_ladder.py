import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.encoding import seconds_done
from courses.ladder import (
    frame_rate,
    master_playlist,
    media_playlist,
    scaled,
    segment_lengths,
    sizes_for,
)

pixels = st.integers(16, 8000)


@pytest.mark.parametrize(
    ("width", "height", "names"),
    [
        (1920, 1080, ["240", "480", "720"]),
        (720, 1280, ["240", "480", "720"]),  # held upright
        (640, 360, ["240", "360"]),  # its own size, since 480 would be larger than it is
        (854, 480, ["240", "480"]),
        (500, 280, ["240"]),  # hardly larger than the size below
        (160, 90, ["90"]),
        (161, 91, ["90"]),
    ],
)
def test_sizes_are_never_larger_than_the_film(width, height, names):
    assert [size.name for size in sizes_for(width, height)] == names


@given(pixels, pixels)
def test_every_size_is_even_and_not_larger(width, height):
    for size in sizes_for(width, height):
        made = scaled(width, height, size.short_side)
        assert all(side % 2 == 0 and side >= 2 for side in made)
        assert min(made) <= max(2, min(width, height))


@pytest.mark.parametrize(
    ("asked", "rate"),
    [("25/1", "25/1"), ("30000/1001", "30000/1001"), ("60/1", "30"), ("0/0", "30"), ("", "30"), ("x", "30")],
)
def test_frame_rates_are_kept_up_to_thirty(asked, rate):
    assert frame_rate(asked) == rate


def test_playlists_name_their_parts_below_themselves():
    sizes = [
        {"name": "480", "width": 854, "height": 480, "bandwidth": 900_000, "segments": []},
        {"name": "240", "width": 426, "height": 240, "bandwidth": 300_000, "segments": []},
    ]
    lines = master_playlist(sizes).splitlines()
    assert lines[-4:] == [
        "#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=426x240",
        "240/index.m3u8",
        "#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=854x480",
        "480/index.m3u8",
    ]


@given(st.lists(st.floats(0.1, 12).map(lambda length: round(length, 3)), max_size=30))
def test_a_playlist_is_read_back_as_it_was_written(lengths):
    assert segment_lengths(media_playlist(lengths)) == lengths


def test_progress_is_the_last_time_ffmpeg_wrote():
    assert seconds_done("frame=1\nout_time_us=1500000\nprogress=continue\nout_time_us=2500000\n") == 2.5
    assert seconds_done("out_time_us=N/A\n") == 0.0
