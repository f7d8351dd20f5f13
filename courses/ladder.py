"""The sizes a film is encoded in, and the playlists (HLS, RFC 8216) that name its pieces. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from courses.shapes import Rendition

SEGMENT_S = 6  # every size is cut at the same moments, so that a player may change size at each of them
MOST_FRAMES_PER_S = 30


@dataclass(frozen=True, slots=True)
class Size:
    """One size: the short side in pixels and the most the pictures may take (kbit/s).

    The figures are for lessons: faces, hands, writing on a board; 240 is for the edge of a works' mobile network.
    """

    short_side: int
    video_kbps: int

    @property
    def name(self) -> str:
        """Return the name of this size in addresses."""
        return str(self.short_side)


SIZES = (Size(240, 300), Size(480, 900), Size(720, 1800))
SOUND_KBPS = 96


def sizes_for(width: int, height: int) -> tuple[Size, ...]:
    """Return the sizes a film of that many pixels is encoded in: never larger than it is, always at least one.

    A film between two sizes is kept in its own size too, unless that is hardly larger than the one below.
    """
    short_side = max(2, min(width, height) // 2 * 2)
    fitting = tuple(size for size in SIZES if size.short_side <= short_side)
    above = next((size for size in SIZES if size.short_side > short_side), None)
    if above and short_side >= 1.2 * max((size.short_side for size in fitting), default=0):
        fitting += (Size(short_side, max(SIZES[0].video_kbps, above.video_kbps * 2 // 3)),)
    return fitting


def scaled(width: int, height: int, short_side: int) -> tuple[int, int]:
    """Return width and height, both even, of a film whose short side becomes `short_side`; its shape stays."""
    factor = short_side / min(width, height)
    return max(2, round(width * factor / 2) * 2), max(2, round(height * factor / 2) * 2)


def frame_rate(asked: str) -> str:
    """Return the constant rate to encode in, as ffmpeg writes it: the film's own, at most 30 a second."""
    above, _slash, below = asked.partition("/")
    try:
        rate = int(above) / int(below or 1)
    except (ValueError, ZeroDivisionError):
        return str(MOST_FRAMES_PER_S)
    return asked if 0 < rate <= MOST_FRAMES_PER_S else str(MOST_FRAMES_PER_S)


def segment_starts_at(number: int) -> int:
    """Return the second of the film at which a segment (from 0) begins."""
    return number * SEGMENT_S


def master_playlist(renditions: Iterable[Rendition]) -> str:
    """Return the playlist that names the sizes. Addresses are relative: they stay below the one it came from.

    The smallest comes first, because players begin with the first: on a slow phone the film starts soonest.
    """
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for one in sorted(renditions, key=lambda rendition: rendition["bandwidth"]):
        lines.append(
            f"#EXT-X-STREAM-INF:BANDWIDTH={one['bandwidth']},RESOLUTION={one['width']}x{one['height']}"
        )
        lines.append(f"{one['name']}/index.m3u8")
    return "\n".join(lines) + "\n"


def media_playlist(segments: Sequence[float]) -> str:
    """Return the playlist of one size from the lengths of its segments in seconds."""
    longest = math.ceil(max(segments, default=SEGMENT_S))
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", f"#EXT-X-TARGETDURATION:{longest}", "#EXT-X-PLAYLIST-TYPE:VOD"]
    for number, length in enumerate(segments):
        lines += [f"#EXTINF:{length:.3f},", segment_name(number)]
    return "\n".join([*lines, "#EXT-X-ENDLIST"]) + "\n"


def segment_name(number: int) -> str:
    """Return the file name of a segment."""
    return f"{number:05d}.ts"


def segment_lengths(playlist: str) -> list[float]:
    """Return the lengths in seconds that a playlist of ffmpeg states for its segments."""
    marks = (line for line in playlist.splitlines() if line.startswith("#EXTINF:"))
    return [float(mark.removeprefix("#EXTINF:").rstrip(",")) for mark in marks]
