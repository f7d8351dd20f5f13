"""An attempt on a time axis: what happened when, drawn for the eye and listed for everyone else. Pure."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDTH = 960
LEFT, RIGHT = 8, 8
LANES = ("answer", "away", "other")
LANE_HEIGHT = 34
TOP = 6
STEPS_MIN = (1, 2, 5, 10, 15, 30, 60, 120, 240, 480)
MOST_TICKS = 8


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened: in which lane it is drawn, and what it was. `until`: it lasted."""

    at: dt.datetime
    lane: str
    what: str
    slot: int = 0
    note: str = ""
    until: dt.datetime | None = None
    serious: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment as it is drawn; `width` 0 is a point. Lengths in units of the drawing."""

    x: float
    y: float
    width: float
    shape: str
    title: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on the axis; `minutes` since the start."""

    x: float
    minutes: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """The axis and everything on it."""

    width: int
    height: int
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    lanes: tuple[tuple[str, float], ...]


def ticks_of(span_s: float) -> list[int]:
    """Return the minutes at which the axis has ticks: at most eight of them, 0 included."""
    minutes = span_s / 60
    step = next((each for each in STEPS_MIN if minutes / each < MOST_TICKS), STEPS_MIN[-1])
    return list(range(0, int(minutes) + 1, step))


def draw_timeline(begins: dt.datetime, ends: dt.datetime, moments: Iterable[Moment]) -> Drawing:
    """Lay the moments out between two times; what lies outside is drawn at the edge."""
    span = max((ends - begins).total_seconds(), 1.0)
    room = WIDTH - LEFT - RIGHT

    def x_of(at: dt.datetime) -> float:
        share = (at - begins).total_seconds() / span
        return round(LEFT + room * min(max(share, 0), 1), 1)

    marks = []
    for moment in moments:
        x = x_of(moment.at)
        lane = LANES.index(moment.lane)
        width = round(max(x_of(moment.until) - x, 2), 1) if moment.until else 0
        shape = "span" if moment.until else "serious" if moment.serious else moment.lane
        title = f"{moment.what} {moment.note}".strip()
        marks.append(Mark(x, TOP + lane * LANE_HEIGHT + LANE_HEIGHT / 2, width, shape, title))
    return Drawing(
        width=WIDTH,
        height=TOP + LANE_HEIGHT * len(LANES) + 26,
        marks=tuple(marks),
        ticks=tuple(
            Tick(x_of(begins + dt.timedelta(minutes=minutes)), minutes) for minutes in ticks_of(span)
        ),
        lanes=tuple((lane, TOP + place * LANE_HEIGHT) for place, lane in enumerate(LANES)),
    )


def pair_spans(
    starts: Sequence[tuple[dt.datetime, int]], stops: Sequence[tuple[dt.datetime, int]], last: dt.datetime
) -> list[tuple[int, dt.datetime]]:
    """Return for each start (time, its place in a list) when it ended: at the next stop, or at the last moment."""
    ordered = sorted(stops)
    return [
        (place, next((stop for stop, _place in ordered if stop >= begins), last))
        for begins, place in sorted(starts)
    ]
