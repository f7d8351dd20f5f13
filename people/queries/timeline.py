"""Stays as a drawing: bars on a line of years, in percent of the width. Knows no database."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

LABEL_FROM_PCT = 14.0  # a narrower bar has no room for its words; the list below the drawing has them
MAX_TICKS = 8
HEAD_PX, LANE_PX = 6, 34


class Stay(Protocol):
    """What is drawn: a stay in a place, from a day up to, not including, another (None: still there)."""

    starts_on: dt.date
    ends_before: dt.date | None
    kind: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One stay: where it begins and how long it is (percent of the width), and in which lane it lies (px)."""

    stay: Stay
    x_pct: float
    width_pct: float
    y_px: int
    has_label: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """The first of January of a year, where it falls within the drawing."""

    year: int
    x_pct: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """A drawing of stays from `starts_on` to the day `ends_on`."""

    starts_on: dt.date
    ends_on: dt.date
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    height_px: int
    today_pct: float


def timeline(stays: Iterable[Stay], today: dt.date) -> Timeline | None:
    """Return the drawing of stays up to today (or the latest known end), None if there are none.

    Stays of one kind share a lane: the own post in the first, secondments below it.
    """
    rows = sorted(stays, key=lambda stay: stay.starts_on)
    if not rows:
        return None
    starts_on = rows[0].starts_on
    ends_on = max([today, *(stay.ends_before or stay.starts_on for stay in rows)])
    days = max((ends_on - starts_on).days, 1)

    def place(day: dt.date) -> float:
        return round((day - starts_on).days * 100 / days, 3)

    lanes: dict[str, int] = {}
    bars: list[Bar] = []
    for stay in sorted(rows, key=lambda stay: stay.kind != "primary"):
        lane = lanes.setdefault(stay.kind, len(lanes))
        x = place(stay.starts_on)
        width = max(place(stay.ends_before or ends_on) - x, 0.4)
        bars.append(Bar(stay, x, round(width, 3), HEAD_PX + lane * LANE_PX, width >= LABEL_FROM_PCT))
    return Timeline(
        starts_on=starts_on,
        ends_on=ends_on,
        bars=tuple(bars),
        ticks=tuple(Tick(day.year, place(day)) for day in _new_years(starts_on, ends_on)),
        height_px=HEAD_PX + len(lanes) * LANE_PX + 22,
        today_pct=place(min(today, ends_on)),
    )


def _new_years(starts_on: dt.date, ends_on: dt.date) -> list[dt.date]:
    """Return the new years between two days, thinned out to what can be read."""
    years = range(starts_on.year + 1, ends_on.year + 1)
    step = -(-len(years) // MAX_TICKS) or 1
    return [dt.date(year, 1, 1) for year in years[::step]]
