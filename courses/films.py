"""Films as files: what a browser plays, what is wrong with one it does not, and the small repairs.

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
    """The largest film taken in: 20 minutes as a phone films them (17 Mbit/s, 1080p) have about 2.5 GB."""

    max_bytes: int = 4 * 1024**3
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
    audio_codec, no_sound, no_duration, too_long, no_ffmpeg.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


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


SOUND_CODECS = {"mp3": "mp3", "aac": "m4a"}  # codec → suffix; what is not packed at all (pcm_…) is a .wav


def inspect_sound(path: Path, *, name: str = "", limits: FilmLimits | None = None) -> tuple[FilmFacts, str]:
    """Read a recording's facts from its content; return them and the suffix it should have.

    MP3, M4A (AAC) and WAV pass. Raises BadFilm.
    """
    limits = limits or FilmLimits()
    name = name or path.name
    _check_size(path, name, limits)
    # Only these readers, so that a list of other files is not followed.
    found = _probe(path, name, ("-format_whitelist", "mov,mp3,wav"))
    codecs = [str(one.get("codec_name", "?")) for one in found["streams"] if one.get("codec_type") == "audio"]
    suffix = SOUND_CODECS.get(codecs[0], "wav" if codecs[0].startswith("pcm_") else "") if codecs else ""
    has_pictures = any(
        one.get("codec_type") == "video" and not one.get("disposition", {}).get("attached_pic")
        for one in found["streams"]
    )
    if not suffix or has_pictures:
        raise BadFilm(
            "no_sound",
            _("“%(name)s”不是录音。这里收 MP3、M4A 和 WAV；影片请改用“添加视频”上传。") % {"name": name},
        )
    duration_s = _checked_duration(found, name, limits)
    return FilmFacts(round(duration_s, 3), 0, 0, file_sha256(path), starts_fast=True), suffix


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _checked_boxes(path: Path, name: str, limits: FilmLimits) -> list[tuple[str, int]]:
    """Walk the top level of an MP4 file: names and sizes of its boxes (ISO/IEC 14496-12, 4.2)."""
    size = _check_size(path, name, limits)
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


def _check_size(path: Path, name: str, limits: FilmLimits) -> int:
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
    return size


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
    """Child side: run ffprobe or ffmpeg and return its standard output.

    `errors_to` is the number of a file standard error goes to instead of into the exception's text.
    """
    finished = subprocess.run(  # noqa: S603 - a fixed tool, our own arguments, no shell
        argument["command"],
        stdout=subprocess.PIPE,
        stderr=argument.get("errors_to", subprocess.PIPE),
        timeout=argument["timeout_s"],
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if finished.returncode:
        raise RuntimeError((finished.stderr or b"").decode(errors="replace").strip()[-300:])
    return finished.stdout.decode(errors="replace")


def tool_output(command: list[str], *, timeout_s: int, memory_mb: int = 2048) -> str:
    """Run ffprobe or ffmpeg in a child with limits and return its standard output.

    Raises common.quarantine.Quarantined.
    """
    argument = {"command": command, "timeout_s": timeout_s}
    output = quarantine.run("courses.films:run_tool", argument, memory_mb=memory_mb, timeout_s=timeout_s + 5)
    return str(output)


# `-f mov` keeps ffprobe from following a playlist that calls itself .mp4.
def _probe(path: Path, name: str, reader: tuple[str, str] = ("-f", "mov")) -> dict[str, Any]:
    command = ["ffprobe", "-v", "error", "-protocol_whitelist", "file", *reader, "-of", "json"]
    command += ["-show_format", "-show_streams", "-i", f"file:{path}"]
    try:
        found: dict[str, Any] = json.loads(tool_output(command, timeout_s=30))
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
    tool_output([*command, f"file:{target}"], timeout_s=240)


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
    tool_output([*command, "-f", "image2", "-update", "1", f"file:{target}"], timeout_s=60)
