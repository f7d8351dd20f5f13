"""How many 学时 a person is credited with, and what they count towards. Pure: entries in, credit out.

- Nobody is in two rooms: of two held entries that overlap in time the one that began later gives nothing.
- Nobody earns two hours in one: study on the clock time of a class or a drill the person sat in gives nothing for that
  time, unless the study outside it is enough by itself.
- What was counted for a settled requirement stays counted: a class of that time that is entered later gives nothing for
  it, unless there is room for its hours in what is left of its span.
- Nobody learns more than the daily ceiling: what is above it gives nothing. Study that took several days may use the
  ceiling of each of them.
- The same study or session counts once for one requirement, however many programmes it was part of; hours counted
  for one year are not counted for another.
- Online hours never stand for hours that must be held on site, and fill at most the share of a yearly requirement
  that the house allows.
- Which kinds of training count towards a requirement, the ceiling and the share are data with dates
  (training.figures): what applied on the day an hour was spent applies to it, whatever came later.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from training.figures import Figures

TENTH = Decimal("0.1")


class Mode(StrEnum):
    """How an entry came about."""

    ONLINE = "online"
    HELD = "held"
    RECOGNISED = "recognised"


class Refusal(StrEnum):
    """Why hours were not credited."""

    OVERLAP = "overlap"
    SAME_TIME = "same_time"
    CEILING = "ceiling"
    ONLINE_SHARE = "online_share"
    NOT_COUNTED = "not_counted"


@dataclass(frozen=True, slots=True)
class Entry:
    """Hours somebody spent learning. `key` names the proof: the same key is the same hour.

    Of online study `times` are the stretches of the clock in which it was paid for, as far as they may touch a class,
    and `studied_s` all its seconds. Of a class `recorded_at` is when it was entered.
    """

    key: str
    mode: Mode
    title: str
    programme_kind: str
    hours: Decimal
    started_at: dt.datetime
    ended_at: dt.datetime
    is_drill: bool = False
    times: tuple[tuple[dt.datetime, dt.datetime], ...] = ()
    studied_s: int = 0
    recorded_at: dt.datetime | None = None

    @property
    def days(self) -> list[dt.date]:
        """Return the days it touches, in the zone of its times."""
        first, last = self.started_at.date(), self.ended_at.date()
        return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]


@dataclass(frozen=True, slots=True)
class Refused:
    """Hours of an entry that were not credited, and why."""

    entry: Entry
    hours: Decimal
    why: Refusal


@dataclass(frozen=True, slots=True)
class Credit:
    """The hours credited, by entry and mode, and those that were not."""

    counted: tuple[tuple[Entry, Decimal], ...] = ()
    refused: tuple[Refused, ...] = ()
    by_mode: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def hours(self) -> Decimal:
        """Return the sum."""
        return sum((hours for _entry, hours in self.counted), Decimal(0))


@dataclass(frozen=True, slots=True)
class CountedTime:
    """A stretch of the clock in which somebody studied, and when it was counted for a requirement."""

    start: dt.datetime
    end: dt.datetime
    counted_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Requirement:
    """So many hours of one kind of programme."""

    kind: str
    hours: Decimal


def credit(
    entries: Iterable[Entry],
    *,
    figures: Figures,
    requirement: Requirement | None = None,
    used: Collection[str] = (),
    counted_before: Collection[CountedTime] = (),
) -> Credit:
    """Return what is credited of these entries, towards a requirement or (None) altogether.

    `figures` say the most 学时 of each day, what counts towards what and how much may be online, by the day an entry
    ended. `used` are the keys of proofs counted elsewhere, `counted_before` the clock times of study among them. The order of the entries does not matter: they are taken
    as they began.
    """
    entries = list(entries)
    classes = [(item.started_at, item.ended_at) for item in entries if item.mode == Mode.HELD]
    studied = [(item.counted_at, (item.start, item.end)) for item in counted_before]
    counted: list[tuple[Entry, Decimal]] = []
    refused: list[Refused] = []
    room: dict[dt.date, Decimal] = {}
    held: list[Entry] = []
    seen = set(used)
    by_mode: dict[str, Decimal] = defaultdict(Decimal)
    for entry in sorted(entries, key=lambda item: (item.started_at, item.ended_at, item.key)):
        if entry.key in seen:
            continue
        seen.add(entry.key)
        if entry.mode == Mode.HELD and any(
            other.started_at < entry.ended_at and entry.started_at < other.ended_at for other in held
        ):
            refused.append(Refused(entry, entry.hours, Refusal.OVERLAP))
            continue
        if entry.mode == Mode.HELD:
            held.append(entry)
        others = classes if entry.mode != Mode.HELD else [span for at, span in studied if _is_late(entry, at)]
        twice = _twice(entry, others, figures)
        if twice:
            refused.append(Refused(entry, twice, Refusal.SAME_TIME))
        asked = entry.hours - twice
        taken = _take(entry, asked, room, figures)
        if taken < asked:
            refused.append(Refused(entry, asked - taken, Refusal.CEILING))
        allowed, why = _towards(requirement, entry, taken, by_mode[Mode.ONLINE], figures)
        if why is not None and taken > allowed:
            refused.append(Refused(entry, taken - allowed, why))
        taken = allowed
        if taken > 0:
            counted.append((entry, taken))
            by_mode[entry.mode] += taken
    return Credit(tuple(counted), tuple(refused), dict(by_mode))


def _towards(
    requirement: Requirement | None, entry: Entry, hours: Decimal, online: Decimal, figures: Figures
) -> tuple[Decimal, Refusal | None]:
    """Return how many hours of an entry count towards a requirement, and why not all; `online` do already."""
    if requirement is None:
        return hours, None
    day = entry.ended_at.date()
    if not figures.counts(entry.programme_kind, requirement.kind, day):
        return Decimal(0), Refusal.NOT_COUNTED
    if entry.mode != Mode.ONLINE:
        return hours, None
    room = max(requirement.hours * figures.online_share(day) - online, Decimal(0))
    return min(hours, room), Refusal.ONLINE_SHARE


def _is_late(entry: Entry, counted_at: dt.datetime) -> bool:
    """Tell whether a class was entered when something had been counted already."""
    return entry.recorded_at is not None and counted_at < entry.recorded_at


def _twice(entry: Entry, others: Collection[tuple[dt.datetime, dt.datetime]], figures: Figures) -> Decimal:
    """Return the hours of study that lie within classes, or of a class within study, and are not made up for outside."""
    if entry.mode == Mode.HELD:
        own = ((entry.started_at, entry.ended_at),)
        return hours_twice(entry.hours, own, others, figures.hour_minutes(entry.ended_at.date()))
    if not entry.times:
        return Decimal(0)
    return hours_twice(
        entry.hours,
        entry.times,
        others,
        figures.hour_minutes(entry.ended_at.date()),
        own_s=Decimal(entry.studied_s),
    )


def hours_twice(
    hours: Decimal,
    own: Collection[tuple[dt.datetime, dt.datetime]],
    others: Collection[tuple[dt.datetime, dt.datetime]],
    hour_minutes: Decimal,
    own_s: Decimal | None = None,
) -> Decimal:
    """Return how many of the hours of some stretches of the clock others have too, in tenths of a 学时.

    What lies outside the others makes up for it. `own_s` are all the seconds spent, where the stretches are not all
    of them.
    """
    together = seconds_together(own, others)
    if own_s is None:
        own_s = seconds_together(own, own)
    hour = hour_minutes * 60
    outside = max(own_s - together, Decimal(0)) / hour
    twice = min(max(hours - outside, Decimal(0)), together / hour)
    return twice.quantize(TENTH, ROUND_HALF_UP)


def seconds_together(
    ones: Iterable[tuple[dt.datetime, dt.datetime]], others: Iterable[tuple[dt.datetime, dt.datetime]]
) -> Decimal:
    """Return the seconds that lie in both sets of stretches, each second once."""
    shared = sorted(
        (max(start, since), min(end, until))
        for start, end in ones
        for since, until in others
        if start < until and since < end
    )
    seconds, reached = Decimal(0), None
    for start, end in shared:
        begin = start if reached is None else max(start, reached)
        if end > begin:
            seconds += Decimal((end - begin).total_seconds())
            reached = end
    return seconds


def _take(entry: Entry, hours: Decimal, room: dict[dt.date, Decimal], figures: Figures) -> Decimal:
    """Take hours of an entry from the room of its days and return how many there were."""
    left = hours
    for day in entry.days:
        taken = min(left, room.setdefault(day, figures.ceiling(day)))
        room[day] -= taken
        left -= taken
        if left <= 0:
            break
    return hours - left
