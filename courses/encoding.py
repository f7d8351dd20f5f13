"""Make from one film what phones play: a few sizes cut into segments, sound of even loudness, a waveform.

A film is encoded in pieces of a minute, each a file of its own that appears under its name only when it is
whole. Work that was cut short goes on behind the last whole piece, on this machine or after a restart.
ffmpeg runs in a child with limits (common.quarantine), reads local files and opens no network address.
"""

import array
import json
import math
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import quarantine
from courses.films import run_tool, tool_output
from courses.ladder import SEGMENT_S, SOUND_KBPS, Size, frame_rate, scaled, segment_lengths, segment_name
from courses.shapes import Loudness, Rendition

PIECE_S = 10 * SEGMENT_S
TOOL_TIMEOUT_S = 200  # a piece, or the whole sound; the queue ends a job after 300 s
MEMORY_MB = 4096
# Louder than the -23 LUFS of television: phones are heard in a workshop (EBU R 128 s2 for streaming: -20 to -16).
TARGET_LUFS, PEAK_DBTP, RANGE_LU = -16.0, -1.5, 11.0
WAVE_POINTS = 240
_SAMPLES_PER_S = 8000
# A list of other files that calls itself a film would make ffmpeg read those: such formats are not known to it.
_READ_ONE_FILE = ["-protocol_whitelist", "file", "-format_whitelist", "mov,mp3,wav"]

Told = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Source:
    """The film to encode, as ffprobe describes it. `width` 0: sound alone."""

    path: Path
    duration_s: float
    width: int
    height: int
    frame_rate: str
    has_sound: bool

    @property
    def pieces(self) -> int:
        """Return how many pieces the pictures are encoded in."""
        return max(1, math.ceil(round(self.duration_s / PIECE_S, 3))) if self.width else 0


def read_source(path: Path) -> Source:
    """Return what has to be known of a file before it is encoded. Raises common.quarantine.Quarantined."""
    command = ["ffprobe", "-v", "error", *_READ_ONE_FILE, "-of", "json", "-show_format", "-show_streams"]
    found: dict[str, Any] = json.loads(tool_output([*command, "-i", f"file:{path}"], timeout_s=30))
    streams = found.get("streams", [])
    # A cover picture inside a sound file is no film.
    pictures = [
        one
        for one in streams
        if one.get("codec_type") == "video" and not one.get("disposition", {}).get("attached_pic")
    ]
    video = pictures[0] if pictures else {}
    width, height = int(video.get("width", 0)), int(video.get("height", 0))
    if abs(_turned(video)) % 180 == 90:
        width, height = height, width  # ffmpeg turns what a phone held upright has filmed
    return Source(
        path=path,
        duration_s=float(found.get("format", {}).get("duration") or 0),
        width=width,
        height=height,
        frame_rate=frame_rate(str(video.get("avg_frame_rate", ""))),
        has_sound=any(one.get("codec_type") == "audio" for one in streams),
    )


def _turned(video: dict[str, Any]) -> int:
    return next((int(one["rotation"]) for one in video.get("side_data_list", []) if "rotation" in one), 0)


def measure_loudness(path: Path) -> Loudness | None:
    """Return the loudness of a file's sound by EBU R 128, or None for silence.

    Raises common.quarantine.Quarantined.
    """
    command = [*_ffmpeg("info"), "-i", f"file:{path}", "-map", "0:a:0", "-vn"]
    command += ["-af", f"{_loudnorm()}:print_format=json", "-f", "null", "-"]
    words = str(quarantine.run("courses.encoding:errors_of", _argument(command), **_limits()))
    match = re.search(r"\{[^{}]*\"input_i\"[^{}]*\}", words)
    if match is None:
        raise quarantine.Quarantined("failed", "loudnorm said nothing")
    read = {
        name: float(value) for name, value in json.loads(match[0]).items() if name != "normalization_type"
    }
    if not all(map(math.isfinite, read.values())):
        return None
    return {
        "integrated_lufs": read["input_i"],
        "true_peak_dbtp": read["input_tp"],
        "range_lu": read["input_lra"],
        "threshold_lufs": read["input_thresh"],
        "offset_lu": read["target_offset"],
        "target_lufs": TARGET_LUFS,
    }


def errors_of(argument: dict[str, Any]) -> str:
    """Child side: run ffmpeg and return what it wrote to standard error, where its filters report."""
    with tempfile.TemporaryFile() as errors:
        run_tool({**argument, "errors_to": errors.fileno()})
        errors.seek(max(0, errors.seek(0, 2) - 8000))
        return errors.read().decode(errors="replace")


def encode_sound(source: Source, loudness: Loudness | None, target: Path, told: Told) -> None:
    """Write the sound alone as AAC, brought to the usual loudness. Raises common.quarantine.Quarantined."""
    command = [*_ffmpeg(), "-i", f"file:{source.path}", "-map", "0:a:0", "-vn", "-map_metadata", "-1"]
    if loudness:
        measured = (
            f":measured_I={loudness['integrated_lufs']}:measured_TP={loudness['true_peak_dbtp']}"
            f":measured_LRA={loudness['range_lu']}:measured_thresh={loudness['threshold_lufs']}"
            f":offset={loudness['offset_lu']}:linear=true"
        )
        command += ["-af", _loudnorm() + measured]
    command += ["-ar", "48000", "-ac", "2", "-c:a", "aac", "-b:a", f"{SOUND_KBPS}k"]
    with _whole(target) as part:
        _watched([*command, "-movflags", "+faststart", "-f", "mp4", f"file:{part}"], source.duration_s, told)


def encode_piece(source: Source, number: int, sizes: Sequence[Size], folder: Path, told: Told) -> None:
    """Write one minute of the pictures in all sizes; pieces that are there already are left alone.

    Raises common.quarantine.Quarantined.
    """
    missing = [size for size in sizes if not piece_path(folder, size, number).exists()]
    if not missing:
        return
    start_s = number * PIECE_S
    length_s = min(PIECE_S, source.duration_s - start_s)
    command = [*_ffmpeg(), "-ss", str(start_s), "-t", str(PIECE_S), "-i", f"file:{source.path}"]
    labels = [f"v{size.name}" for size in missing]
    graph = f"[0:v:0]fps={source.frame_rate},split={len(missing)}" + "".join(
        f"[i{label}]" for label in labels
    )
    for size, label in zip(missing, labels, strict=True):
        width, height = scaled(source.width, source.height, size.short_side)
        graph += f";[i{label}]scale={width}:{height},setsar=1[{label}]"
    command += ["-filter_complex", graph]
    parts = {size: piece_path(folder, size, number).with_suffix(".part") for size in missing}
    for size, label in zip(missing, labels, strict=True):
        command += [
            *("-map", f"[{label}]", "-an", "-map_metadata", "-1"),
            *("-c:v", "libx264", "-preset", "veryfast", "-profile:v", "main", "-pix_fmt", "yuv420p"),
            *("-crf", "23", "-maxrate", f"{size.video_kbps}k", "-bufsize", f"{2 * size.video_kbps}k"),
            *("-force_key_frames", f"expr:gte(t,n_forced*{SEGMENT_S})", "-sc_threshold", "0"),
            *("-f", "mp4", f"file:{parts[size]}"),
        ]
    _watched(command, length_s, told)
    for size, part in parts.items():
        part.replace(piece_path(folder, size, number))


def piece_path(folder: Path, size: Size, number: int) -> Path:
    """Return where one piece of the pictures lies while a film is being encoded."""
    return folder / f"{size.name}-{number:04d}.mp4"


def pack(source: Source, size: Size, folder: Path, sound: Path | None) -> tuple[Path, Rendition]:
    """Join the pieces of one size with the sound and cut them into segments, nothing encoded again.

    Returns the folder of the segments and what the playlist must say. Raises common.quarantine.Quarantined.
    """
    target = folder / f"segments-{size.name}"
    target.mkdir(exist_ok=True)
    listed = folder / f"pieces-{size.name}.txt"
    lines = ["ffconcat version 1.0"]
    for number in range(source.pieces):
        # The length is stated, because the last picture of a piece rarely ends on the second.
        lines += [f"file '{piece_path(folder, size, number).name}'", f"duration {PIECE_S}"]
    listed.write_text("\n".join(lines[:-1]) + "\n")
    command = [
        *_ffmpeg("error", ["-protocol_whitelist", "file"]),
        "-f",
        "concat",
        "-safe",
        "0",
        "-i",
        str(listed),
    ]
    if sound:
        command += [*_READ_ONE_FILE, "-i", f"file:{sound}", "-map", "0:v:0", "-map", "1:a:0"]
    command += ["-c", "copy", "-f", "hls", "-hls_time", str(SEGMENT_S), "-hls_list_size", "0"]
    command += ["-hls_playlist_type", "vod", "-hls_segment_filename", str(target / "%05d.ts")]
    tool_output([*command, str(target / "index.m3u8")], timeout_s=TOOL_TIMEOUT_S, memory_mb=MEMORY_MB)
    lengths = segment_lengths((target / "index.m3u8").read_text())
    width, height = scaled(source.width, source.height, size.short_side)
    busiest = max(
        (target / segment_name(number)).stat().st_size * 8 / max(length, 0.5)
        for number, length in enumerate(lengths)
    )
    return target, {
        "name": size.name,
        "width": width,
        "height": height,
        "bandwidth": math.ceil(busiest),
        "segments": lengths,
    }


def draw_wave(path: Path) -> list[int]:
    """Return the outline of a sound: 240 heights from 0 to 100, the loudest moment being 100.

    Raises common.quarantine.Quarantined.
    """
    heights: list[int] = quarantine.run("courses.encoding:wave_of", str(path), **_limits())
    return heights


def wave_of(path: str) -> list[int]:
    """Child side: decode the sound to a file without a name and read its highest points."""
    with tempfile.NamedTemporaryFile(suffix=".raw") as raw:
        command = [*_ffmpeg(), "-i", f"file:{path}", "-map", "0:a:0", "-vn", "-ac", "1"]
        command += ["-ar", str(_SAMPLES_PER_S), "-f", "s16le", f"file:{raw.name}"]
        run_tool(_argument(command))
        count = Path(raw.name).stat().st_size // 2
        step = max(1, math.ceil(count / WAVE_POINTS))
        highest = []
        with Path(raw.name).open("rb") as samples:
            while chunk := samples.read(step * 2):
                values = array.array("h", chunk[: len(chunk) // 2 * 2])
                if sys.byteorder == "big":
                    values.byteswap()
                highest.append(max(max(values, default=0), -min(values, default=0)))
    loudest = max(highest, default=0)
    return [round(one * 100 / loudest) if loudest else 0 for one in highest]


def _loudnorm() -> str:
    return f"loudnorm=I={TARGET_LUFS}:TP={PEAK_DBTP}:LRA={RANGE_LU}"


def _ffmpeg(level: str = "error", reading: Sequence[str] = _READ_ONE_FILE) -> list[str]:
    # Lessons are read and watched on the same machine: encoding gives way to everything else.
    return ["nice", "-n", "10", "ffmpeg", "-v", level, "-nostdin", "-y", *reading]


def _argument(command: list[str]) -> dict[str, Any]:
    return {"command": command, "timeout_s": TOOL_TIMEOUT_S}


def _limits() -> dict[str, int]:
    return {"memory_mb": MEMORY_MB, "timeout_s": TOOL_TIMEOUT_S + 5}


class _whole:  # noqa: N801 - used like a function
    """Give a name to write to; the file takes its own name when the block ends well."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.part = target.with_suffix(".part")

    def __enter__(self) -> Path:
        return self.part

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            self.part.replace(self.target)
        else:
            self.part.unlink(missing_ok=True)


def _watched(command: list[str], length_s: float, told: Told) -> None:
    """Run ffmpeg and tell about once a second how many seconds of film are done."""
    with tempfile.NamedTemporaryFile(suffix=".progress") as report, ThreadPoolExecutor(1) as pool:
        tool = command.index("ffmpeg") + 1
        command = [*command[:tool], "-progress", f"file:{report.name}", *command[tool:]]
        running = pool.submit(tool_output, command, timeout_s=TOOL_TIMEOUT_S, memory_mb=MEMORY_MB)
        while wait([running], timeout=1.0).not_done:
            told(min(length_s, seconds_done(Path(report.name).read_text())))
        running.result()


def seconds_done(report: str) -> float:
    """Return how far ffmpeg is by what `-progress` wrote, in seconds of film."""
    found = re.findall(r"^out_time_us=(\d+)$", report, re.MULTILINE)
    return int(found[-1]) / 1_000_000 if found else 0.0
