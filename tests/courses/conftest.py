"""Films every test of this room may use; made once, since ffmpeg takes a moment."""

import pytest

from tests.factories.films import make_film


@pytest.fixture(scope="session")
def films(tmp_path_factory):
    """A folder of small films: good ones and what people upload by mistake."""
    folder = tmp_path_factory.mktemp("films")
    make_film(folder / "good.mp4", options=("-movflags", "+faststart"))
    make_film(folder / "late_index.mp4")
    make_film(folder / "silent.mp4", sound=False, options=("-movflags", "+faststart"))
    make_film(folder / "mpeg4.mp4", seconds=1, options=("-c:v", "mpeg4"))
    make_film(folder / "yuv444.mp4", seconds=1, options=("-pix_fmt", "yuv444p"))
    make_film(folder / "mp3.mp4", seconds=1, options=("-c:a", "libmp3lame"))
    make_film(folder / "sound_only.mp4", seconds=1, options=("-vn",))
    make_film(folder / "matroska.mkv", seconds=1).rename(folder / "matroska.mp4")
    good = (folder / "good.mp4").read_bytes()
    (folder / "truncated.mp4").write_bytes(good[: len(good) * 2 // 3])
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "text.mp4").write_text("这不是影片" * 50)
    (folder / "playlist.mp4").write_text("#EXTM3U\nhttp://127.0.0.1:9/secret.ts\n")
    (folder / "hollow.mp4").write_bytes(
        b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2" + b"\0\0\0\x10moov" + b"\xff" * 8
    )
    return folder
