"""The demo's films, made when it is loaded: drawn frames piped into ffmpeg, subtitles from the same script."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from portal.demo import film_glove, film_hot_work
from portal.demo.drawing import INK_3, LINE
from portal.demo.scenes import FADE_S, HEIGHT, WIDTH, Scene

FPS = 10
BAR = 5  # height of the progress line at the lower edge
_FILMS = {
    "hot-work": (film_hot_work.TITLE, film_hot_work.SCENES),
    "glove": (film_glove.TITLE, film_glove.SCENES),
}
FILM_CODES = tuple(_FILMS)


class FfmpegMissing(RuntimeError):
    """There is no ffmpeg; the message names the package to install."""


class FilmFailed(RuntimeError):
    """ffmpeg did not make the film; the message is what it said."""


@dataclass(frozen=True, slots=True)
class FilmMade:
    """A film that was made: where it is, how long it plays, its subtitles (WebVTT) and its title."""

    path: Path
    duration_s: float
    subtitles_vtt: str
    title: str


def make_film(code: str, target: Path, *, seconds: float | None = None) -> FilmMade:
    """Make the film `code` as an .mp4 (H.264, AAC, fast start) in the file `target`.

    `seconds` squeezes the whole script into that time, for tests. Raises KeyError for an unknown code,
    FontMissing or FfmpegMissing naming the package to install, and FilmFailed with ffmpeg's words.
    """
    title, scenes = _FILMS[code]
    planned = sum(scene.seconds for scene in scenes)
    frames_of = _frames_per_scene(scenes, (seconds or planned) / planned)
    total = sum(frames_of)
    _encode(_frames(scenes, frames_of), _chimes(frames_of), total / FPS, target)
    return FilmMade(
        path=target, duration_s=total / FPS, subtitles_vtt=subtitles(scenes, frames_of), title=title
    )


def subtitles(scenes: Sequence[Scene], frames_of: Sequence[int]) -> str:
    """Return the subtitles as WebVTT: each scene's sentences share its time by their length."""
    blocks = ["WEBVTT"]
    begin = 0.0
    for scene, frames in zip(scenes, frames_of, strict=True):
        length = frames / FPS
        letters = sum(len(sentence) for sentence in scene.said)
        at = begin
        for sentence in scene.said:
            until = at + length * len(sentence) / letters
            blocks.append(f"{_stamp(at)} --> {_stamp(until)}\n{sentence}")
            at = until
        begin += length
    return "\n\n".join(blocks) + "\n"


def _stamp(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def _frames_per_scene(scenes: Sequence[Scene], scale: float) -> list[int]:
    """Return each scene's frames so that roundings do not add up."""
    ends, at = [], 0.0
    for scene in scenes:
        at += scene.seconds * scale
        ends.append(round(at * FPS))
    return [max(1, end - begin) for begin, end in zip([0, *ends], ends, strict=False)]


def _frames(scenes: Sequence[Scene], frames_of: Sequence[int]) -> Iterator[bytes]:
    total, done = sum(frames_of), 0
    last: Image.Image | None = None
    for scene, count in zip(scenes, frames_of, strict=True):
        built, seconds = scene.build(), count / FPS
        fade = min(round(FADE_S * FPS) + 1, count // 3)
        frame = built.still
        for index in range(count):
            frame = built.frame(index / count, seconds)
            shown = frame
            if last is not None and index < fade:
                shown = Image.blend(last, frame, (index + 1) / (fade + 1))
            done += 1
            yield _with_progress(shown, done / total).tobytes()
        last = frame


def _with_progress(frame: Image.Image, share: float) -> Image.Image:
    shown = frame.copy()
    pen = ImageDraw.Draw(shown)
    pen.rectangle([0, HEIGHT - BAR, WIDTH, HEIGHT], LINE)
    pen.rectangle([0, HEIGHT - BAR, round(WIDTH * share), HEIGHT], INK_3)
    return shown


def _chimes(frames_of: Sequence[int]) -> str:
    """Return the sound as an expression for ffmpeg: one soft, falling tone where a scene begins."""
    tones, at = [], 0.0
    for frames in frames_of:
        since = f"(t-{at:.2f})"
        tones.append(f"gte(t,{at:.2f})*exp(-4*{since})*(sin(2764.6*{since})+0.5*sin(4146.9*{since}))")
        at += frames / FPS
    return "0.06*(" + "+".join(tones) + ")"


def _encode(frames: Iterator[bytes], sound: str, seconds: float, target: Path) -> None:
    program = shutil.which("ffmpeg")
    if program is None:
        raise FfmpegMissing("没有 ffmpeg，做不了演示影片。请安装：apt-get install ffmpeg")
    command = [
        *(program, "-hide_banner", "-loglevel", "error", "-y"),
        *("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(FPS), "-i", "-"),
        *("-f", "lavfi", "-i", f"aevalsrc='{sound}':s=44100:d={seconds:.2f}"),
        # A key frame every two seconds, so that a learner's jump lands where it should.
        *("-c:v", "libx264", "-preset", "medium", "-crf", "25", "-g", str(FPS * 2), "-pix_fmt", "yuv420p"),
        *("-c:a", "aac", "-b:a", "48k", "-ac", "1", "-movflags", "+faststart"),
        *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-f", "mp4", str(target)),
    ]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=said)  # noqa: S603 - fixed program
        broken = False
        assert process.stdin is not None
        with process:
            try:
                for frame in frames:
                    process.stdin.write(frame)
                process.stdin.close()
            except BrokenPipeError:
                # ffmpeg has ended before us; what it said is told below.
                broken = True
        if broken or process.returncode != 0:
            said.seek(0)
            raise FilmFailed(said.read().decode(errors="replace").strip()[-500:] or "ffmpeg ended early")
