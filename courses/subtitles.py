"""Subtitles: WebVTT and SRT read into cues with everything that is wrong with them, and cues written as WebVTT. Pure.

A cue is plain text here. Marks for bold, colour, speaker or place are taken out on reading and listed; whatever
else looks like a tag is text and is written escaped, so that no subtitle carries markup into a page.
Times are whole milliseconds. Source of the format: W3C WebVTT, chapters 4 and 6; SRT as SubRip writes it.
"""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from courses.documents.decoding import decode
from courses.documents.shapes import DocumentProblem

FaultCode = Literal[
    "no_header",
    "bad_time",
    "end_before_start",
    "overlap",
    "out_of_order",
    "past_the_end",
    "no_text",
    "too_long",
    "no_cues",
    "too_many",
    "too_large",
    "encoding",
]
LossCode = Literal["marks", "settings", "style", "note"]


@dataclass(frozen=True, slots=True)
class SubtitleLimits:
    """What a file of subtitles may hold. A film of four hours has some 4,000 cues.

    `slack_ms` is how far the last cue may outlast the film: tools round, and encoders cut a frame.
    """

    max_bytes: int = 2 * 1024 * 1024
    max_cues: int = 6000
    max_chars: int = 400
    max_faults: int = 50
    slack_ms: int = 500


LIMITS = SubtitleLimits()


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle: from and to in milliseconds, and its words, in one or several lines."""

    start_ms: int
    end_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend. `line` counts from 1 (0: the file as a whole), `cue` is its number from 1 (0: none).

    `detail` is what stands there.
    """

    code: FaultCode
    line: int = 0
    cue: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """One thing that was there and is not taken over, at its line."""

    code: LossCode
    line: int
    detail: str


@dataclass(frozen=True, slots=True)
class Subtitles:
    """What was read: the cues, and what of the file does not come over."""

    cues: tuple[Cue, ...]
    losses: tuple[Lost, ...] = ()
    is_srt: bool = False


class BadSubtitles(Exception):
    """Subtitles that cannot be taken; `faults` says where and why, in the order of the file."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{fault.code} at line {fault.line}" for fault in faults))
        self.faults = tuple(faults)


_TIME = r"(?:(\d{1,3}):)?([0-5]?\d):([0-5]\d)[.,](\d{3})"
_TIMING = re.compile(rf"{_TIME}[ \t]*-->[ \t]*{_TIME}(?:[ \t]+(.*))?")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
_HEADER = re.compile(r"WEBVTT(?:[ \t].*)?")
# The marks WebVTT and SubRip know; anything else in angle brackets is somebody's text.
_MARK = re.compile(
    r"</?(?:[biucv]|lang|ruby|rt|font|s)(?:[.\s][^<>]*)?>|<(?:\d+:)?\d{2}:\d{2}\.\d{3}>|\{\\[a-z]+\d*[^{}]*\}",
    re.I,
)
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
DETAIL_CHARS = 60


def decode_subtitles(data: bytes, limits: SubtitleLimits = LIMITS) -> str:
    """Return the text of a file: UTF-8, UTF-16 or GB18030, as Chinese tools write. Raises BadSubtitles."""
    if len(data) > limits.max_bytes:
        raise BadSubtitles([Fault("too_large", detail=str(limits.max_bytes // 1024**2))])
    try:
        text = decode(data)[0]
    except DocumentProblem as problem:
        code: FaultCode = "no_cues" if problem.code == "empty" else "encoding"
        raise BadSubtitles([Fault(code)]) from problem
    if _CONTROLS.search(text):
        raise BadSubtitles([Fault("encoding")])  # bytes of another kind of file that happen to be letters
    return text


def parse_subtitles(text: str, *, duration_s: float = 0.0, limits: SubtitleLimits = LIMITS) -> Subtitles:
    """Return the cues of WebVTT or SRT subtitles; `duration_s` is the film's length, 0 if it is not known.

    Raises BadSubtitles with every fault found, up to `limits.max_faults`.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    is_vtt = bool(_HEADER.fullmatch(lines[0].rstrip()))
    reader = _Reader(lines, limits)
    reader.read(start=1 if is_vtt else 0)
    found = [cue for _line, cue in reader.cues]
    faults = reader.faults
    if not is_vtt and not found and not faults:
        faults = [Fault("no_header", 1, detail=lines[0].strip()[:DETAIL_CHARS])] if text.strip() else faults
    if not found and not faults:
        faults = [Fault("no_cues")]
    if len(found) > limits.max_cues:
        faults.append(Fault("too_many", detail=str(limits.max_cues)))
    faults += _faults_between(reader.cues, round(duration_s * 1000), limits)
    if faults:
        raise BadSubtitles(sorted(faults, key=lambda fault: fault.line)[: limits.max_faults])
    return Subtitles(tuple(found), tuple(reader.losses), is_srt=not is_vtt)


class _Reader:
    """Walks the lines of a file and keeps cues, faults and losses."""

    def __init__(self, lines: Sequence[str], limits: SubtitleLimits) -> None:
        self.lines = lines
        self.limits = limits
        self.cues: list[tuple[int, Cue]] = []
        self.faults: list[Fault] = []
        self.losses: list[Lost] = []
        self.count = 0

    def read(self, start: int) -> None:
        place = start
        while place < len(self.lines):
            if "-->" in self.lines[place]:
                place = self._cue(place)
            elif found := re.match(r"(STYLE|REGION|NOTE)(?:[ \t]|$)", self.lines[place]):
                place = self._aside(place, found.group(1))
            else:
                place += 1

    def _aside(self, place: int, name: str) -> int:
        """Pass over a block that is no cue, up to the next empty line."""
        code: LossCode = "note" if name == "NOTE" else "style"
        self.losses.append(Lost(code, place + 1, self.lines[place][:DETAIL_CHARS]))
        while place < len(self.lines) and self.lines[place].strip() and "-->" not in self.lines[place]:
            place += 1
        return place

    def _cue(self, place: int) -> int:
        self.count += 1
        line = place + 1
        timing = _TIMING.fullmatch(self.lines[place].strip())
        words: list[str] = []
        place += 1
        while place < len(self.lines) and self.lines[place].strip() and "-->" not in self.lines[place]:
            words.append(self.lines[place])
            place += 1
        if place < len(self.lines) and "-->" in self.lines[place] and words and words[-1].strip().isdecimal():
            words.pop()  # SRT without the empty line between two cues: the number of the next one
        if timing is None:
            self._fault("bad_time", line, self.lines[line - 1].strip()[:DETAIL_CHARS])
            return place
        if timing.group(9):
            self.losses.append(Lost("settings", line, timing.group(9)[:DETAIL_CHARS]))
        text = self._plain(words, line + 1)
        start_ms, end_ms = _milliseconds(timing.groups()[:4]), _milliseconds(timing.groups()[4:8])
        self._check(line, start_ms, end_ms, text)
        self.cues.append((line, Cue(start_ms, end_ms, text)))
        return place

    def _plain(self, words: Sequence[str], first_line: int) -> str:
        kept = []
        for line, word in enumerate(words, start=first_line):
            bare = _MARK.sub("", word)
            if bare != word:
                self.losses.append(Lost("marks", line, word.strip()[:DETAIL_CHARS]))
            kept.append(html.unescape(bare))
        return plain_text("\n".join(kept))

    def _check(self, line: int, start_ms: int, end_ms: int, text: str) -> None:
        if end_ms <= start_ms:
            self._fault("end_before_start", line, f"{timestamp(start_ms)} --> {timestamp(end_ms)}")
        if not text:
            self._fault("no_text", line)
        elif len(text) > self.limits.max_chars:
            self._fault("too_long", line, str(len(text)))

    def _fault(self, code: FaultCode, line: int, detail: str = "") -> None:
        self.faults.append(Fault(code, line, self.count, detail))


def _faults_between(
    cues: Sequence[tuple[int, Cue]], duration_ms: int, limits: SubtitleLimits
) -> Iterable[Fault]:
    """Yield what is wrong with the order of the cues and with their place in the film."""
    before: Cue | None = None
    for number, (line, cue) in enumerate(cues, start=1):
        if before is not None and cue.start_ms < before.start_ms:
            yield Fault("out_of_order", line, number, timestamp(cue.start_ms))
        elif before is not None and cue.start_ms < before.end_ms:
            yield Fault("overlap", line, number, timestamp(before.end_ms))
        if duration_ms and cue.end_ms > duration_ms + limits.slack_ms:
            yield Fault("past_the_end", line, number, timestamp(duration_ms))
        before = cue


def plain_text(text: str) -> str:
    """Return the words of a cue as they may be kept: no unseen characters, no empty line inside."""
    lines = (_UNSEEN.sub("", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def write_vtt(cues: Iterable[Cue]) -> str:
    """Return cues as WebVTT; what could be read as markup or as a time is escaped."""
    blocks = ["WEBVTT"]
    for cue in cues:
        words = cue.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        blocks.append(f"{timestamp(cue.start_ms)} --> {timestamp(cue.end_ms)}\n{words}")
    return "\n\n".join(blocks) + "\n"


def timestamp(milliseconds: int) -> str:
    """Return a time as WebVTT writes it: 00:01:02.500."""
    seconds, thousandths = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{thousandths:03d}"


def _milliseconds(parts: Sequence[str | None]) -> int:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths
