"""Films and subtitles as files: what a browser plays, what is wrong with one it does not, and the small repairs.

ffprobe and ffmpeg run in a child with limits, read one local file and open no network address.
"""

import hashlib
import json
import re
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from common import quarantine

FFMPEG_CURE = "ffmpeg -i 原片 -c:v libx264 -pix_fmt yuv420p -c:a aac -movflags +faststart 新片.mp4"


@dataclass(frozen=True, slots=True)
class FilmLimits:
    """The largest film taken in. A lesson film of 20 minutes at 1.5 Mbit/s has about 225 MB."""

    max_bytes: int = 500 * 1024 * 1024
    max_duration_s: float = 4 * 3600


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """What was read from a film's file. `starts_fast`: its index stands before its pictures."""

    duration_s: float
    width: int
    height: int
    sha256: str
    starts_fast: bool


class BadFilm(Exception):
    """A film that cannot be taken in. The text names the file, what is wrong and the cure.

    `code` is one of empty, too_large, not_mp4, truncated, unreadable, no_video, video_codec, pixel_format,
    audio_codec, no_duration, too_long, no_ffmpeg.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class BadSubtitles(Exception):
    """Subtitles that are not WebVTT. The text names the line and the cure."""


def inspect_film(path: Path, *, name: str = "", limits: FilmLimits | None = None) -> FilmFacts:
    """Read a film's facts from its content; `name` is what messages call it.

    Only MP4 with H.264 pictures and, if there is sound, AAC passes: the one kind every phone plays.
    Raises BadFilm.
    """
    limits = limits or FilmLimits()
    name = name or path.name
    boxes = _checked_boxes(path, name, limits)
    streams = _probe(path, name)
    video = _checked_video(streams, name)
    _check_audio(streams, name)
    duration_s = _checked_duration(streams, name, limits)
    kinds = [kind for kind, _size in boxes]
    return FilmFacts(
        duration_s=round(duration_s, 3),
        width=int(video.get("width", 0)),
        height=int(video.get("height", 0)),
        sha256=file_sha256(path),
        starts_fast=kinds.index("moov") < kinds.index("mdat") if "mdat" in kinds else True,
    )


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _checked_boxes(path: Path, name: str, limits: FilmLimits) -> list[tuple[str, int]]:
    """Walk the top level of an MP4 file: names and sizes of its boxes (ISO/IEC 14496-12, 4.2)."""
    size = path.stat().st_size
    if size == 0:
        raise BadFilm("empty", _("“%(name)s”是空文件，请重新选择影片。") % {"name": name})
    if size > limits.max_bytes:
        raise BadFilm(
            "too_large",
            _(
                "“%(name)s”有 %(size)d MB，超过上限 %(limit)d MB。请以较低码率导出（H.264，1280×720）后再上传。"
            )
            % {"name": name, "size": -(-size // 1024**2), "limit": limits.max_bytes // 1024**2},
        )
    with path.open("rb") as handle:
        boxes = list(_boxes(handle, size))
    if not boxes or boxes[0][0] != "ftyp":
        raise BadFilm(
            "not_mp4",
            _("“%(name)s”不是 MP4 影片。请用剪辑软件导出为 MP4（H.264 + AAC）后再上传。") % {"name": name},
        )
    if sum(length for _kind, length in boxes) != size or "moov" not in [kind for kind, _length in boxes]:
        raise BadFilm(
            "truncated",
            _("“%(name)s”不完整，可能是复制或下载中断。请取得完整的文件后再上传。") % {"name": name},
        )
    return boxes


def _boxes(handle: BinaryIO, size: int) -> Iterator[tuple[str, int]]:
    position = 0
    while position + 8 <= size:
        handle.seek(position)
        length, kind = struct.unpack(">I4s", handle.read(8))
        if length == 1:
            length = struct.unpack(">Q", handle.read(8).rjust(8, b"\0"))[0]
        elif length == 0:
            length = size - position
        if length < 8 or not re.fullmatch(rb"[\x20-\x7e]{4}", kind):
            return
        yield kind.decode("ascii"), length
        position += length


def run_tool(argument: dict[str, Any]) -> str:
    """Child side: run ffprobe or ffmpeg and return its standard output."""
    finished = subprocess.run(  # noqa: S603 - a fixed tool, our own arguments, no shell
        argument["command"],
        capture_output=True,
        timeout=argument["timeout_s"],
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if finished.returncode:
        raise RuntimeError(finished.stderr.decode(errors="replace").strip()[-300:])
    return finished.stdout.decode(errors="replace")


def _tool(command: list[str], *, timeout_s: int, memory_mb: int = 2048) -> str:
    argument = {"command": command, "timeout_s": timeout_s}
    output = quarantine.run("courses.films:run_tool", argument, memory_mb=memory_mb, timeout_s=timeout_s + 5)
    return str(output)


def _probe(path: Path, name: str) -> dict[str, Any]:
    # `-f mov` keeps ffprobe from following a playlist that calls itself .mp4.
    command = ["ffprobe", "-v", "error", "-protocol_whitelist", "file", "-f", "mov", "-of", "json"]
    command += ["-show_format", "-show_streams", "-i", f"file:{path}"]
    try:
        found: dict[str, Any] = json.loads(_tool(command, timeout_s=30))
    except quarantine.Quarantined as error:
        if "FileNotFoundError" in error.detail:
            raise BadFilm(
                "no_ffmpeg", _("服务器没有安装 ffmpeg，无法检查影片。请联系系统管理员。")
            ) from error
        raise _unreadable(name) from error
    if not found.get("streams"):
        raise _unreadable(name)
    return found


def _unreadable(name: str) -> BadFilm:
    words = _("“%(name)s”无法读取，文件可能已损坏。请重新导出：%(cure)s")
    return BadFilm("unreadable", words % {"name": name, "cure": FFMPEG_CURE})


def _checked_video(found: dict[str, Any], name: str) -> dict[str, Any]:
    pictures = [stream for stream in found.get("streams", []) if stream.get("codec_type") == "video"]
    if not pictures:
        raise BadFilm("no_video", _("“%(name)s”里没有画面。请选择有画面的影片。") % {"name": name})
    video: dict[str, Any] = pictures[0]
    if video.get("codec_name") != "h264":
        raise BadFilm(
            "video_codec",
            _("“%(name)s”的画面编码是 %(codec)s，许多手机放不出来。请导出为 H.264，例如：%(cure)s")
            % {"name": name, "codec": video.get("codec_name", "?"), "cure": FFMPEG_CURE},
        )
    if video.get("pix_fmt") not in {"yuv420p", "yuvj420p"}:
        raise BadFilm(
            "pixel_format",
            _("“%(name)s”的像素格式是 %(format)s，浏览器放不出来。请导出为 yuv420p，例如：%(cure)s")
            % {"name": name, "format": video.get("pix_fmt", "?"), "cure": FFMPEG_CURE},
        )
    return video


def _check_audio(found: dict[str, Any], name: str) -> None:
    for stream in found.get("streams", []):
        if stream.get("codec_type") == "audio" and stream.get("codec_name") != "aac":
            raise BadFilm(
                "audio_codec",
                _("“%(name)s”的声音编码是 %(codec)s，许多手机放不出来。请导出为 AAC，例如：%(cure)s")
                % {"name": name, "codec": stream.get("codec_name", "?"), "cure": FFMPEG_CURE},
            )


def _checked_duration(found: dict[str, Any], name: str, limits: FilmLimits) -> float:
    try:
        duration_s = float(found.get("format", {}).get("duration", ""))
    except ValueError:
        duration_s = 0.0
    if not 0 < duration_s < float("inf"):
        raise BadFilm(
            "no_duration",
            _("读不出“%(name)s”的时长。请重新导出：%(cure)s") % {"name": name, "cure": FFMPEG_CURE},
        )
    if duration_s > limits.max_duration_s:
        raise BadFilm(
            "too_long",
            _("“%(name)s”长 %(minutes)d 分钟，超过上限 %(limit)d 分钟。请分成几部上传。")
            % {
                "name": name,
                "minutes": duration_s // 60,
                "limit": limits.max_duration_s // 60,
            },
        )
    return duration_s


def make_fast_start(source: Path, target: Path) -> None:
    """Write a copy whose index stands first, so that playing begins before the file has arrived whole.

    Pictures and sound are copied, not encoded again. Raises common.quarantine.Quarantined.
    """
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-y",
        "-protocol_whitelist",
        "file",
        "-f",
        "mov",
        "-i",
        f"file:{source}",
    ]
    command += ["-map", "0:v:0", "-map", "0:a?", "-c", "copy", "-movflags", "+faststart", "-f", "mp4"]
    _tool([*command, f"file:{target}"], timeout_s=240)


def draw_poster(source: Path, target: Path, *, at_s: float) -> None:
    """Write the frame at `at_s` seconds as a JPEG at most 960 pixels wide. Raises common.quarantine.Quarantined."""
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-y",
        "-protocol_whitelist",
        "file",
        "-ss",
        f"{at_s:.2f}",
        "-f",
        "mov",
    ]
    command += ["-i", f"file:{source}", "-frames:v", "1", "-vf", "scale=min(960\\,iw):-2", "-q:v", "4"]
    _tool([*command, "-f", "image2", "-update", "1", f"file:{target}"], timeout_s=60)


_TIME = r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMING = re.compile(rf"^{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t].*)?$")


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle: from and to in seconds, and its text."""

    start_s: float
    end_s: float
    text: str


def read_subtitles(text: str) -> list[Cue]:
    """Return the cues of WebVTT subtitles.

    Raises BadSubtitles naming the first line that is wrong (line numbers count from 1).
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not re.match(r"WEBVTT(?:[ \t].*)?$", lines[0]):
        raise BadSubtitles(
            _("字幕第 1 行应为“WEBVTT”。若是 SRT 字幕，请在首行加 WEBVTT、空一行，并把时间里的逗号改成点。")
        )
    cues: list[Cue] = []
    number = 1
    while number < len(lines):
        if "-->" in lines[number]:
            cue, number = _read_cue(lines, number)
            if cues and cue.start_s < cues[-1].start_s:
                raise BadSubtitles(
                    _("字幕第 %(line)d 行：开始时间早于上一条，请按时间先后排列。") % {"line": number}
                )
            cues.append(cue)
        number += 1
    if not cues:
        raise BadSubtitles(_("字幕里没有一条带时间的文字。格式示例：00:00:01.000 --> 00:00:04.000"))
    return cues


def _read_cue(lines: list[str], number: int) -> tuple[Cue, int]:
    """Read the cue whose timing stands in `lines[number]`; return it and the index of its last line."""
    match = _TIMING.match(lines[number].strip())
    if match is None:
        raise BadSubtitles(
            _("字幕第 %(line)d 行的时间写法不对：“%(text)s”。应如 00:00:01.000 --> 00:00:04.000")
            % {"line": number + 1, "text": lines[number].strip()[:60]}
        )
    start_s, end_s = _seconds(match.groups()[:4]), _seconds(match.groups()[4:])
    if end_s <= start_s:
        raise BadSubtitles(_("字幕第 %(line)d 行：结束时间须晚于开始时间。") % {"line": number + 1})
    words: list[str] = []
    while number + 1 < len(lines) and lines[number + 1].strip():
        number += 1
        words.append(lines[number])
    return Cue(start_s, end_s, "\n".join(words)), number


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000
