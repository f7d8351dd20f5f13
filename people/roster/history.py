"""From recorded employment events to stays. Pure: no Django, no clock.

Events are the only truth about where somebody stood; stays are what follows from them, today or as it was
believed at any earlier moment (docs/adr/0007). Units, posts and employers are opaque keys here.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias
from uuid import UUID

from people.roster.shapes import EventName, Standing

# Ids in the database, names in lists and tests.
Key: TypeAlias = int | str
EventKey: TypeAlias = UUID | str | tuple[str, int]
PRIMARY = "primary"  # the values of people.models.AssignmentKind
SECONDMENT = "secondment"
HIRES = frozenset({EventName.HIRED, EventName.REHIRED})
COMES_BACK = frozenset({EventName.RETURNED, EventName.REHIRED})
# These say under which terms somebody works; the others leave the terms as they are.
SETS_TERMS = frozenset({EventName.HIRED, EventName.REHIRED, EventName.TERMS_CHANGED})
# Decides only between events recorded at the same moment, as files wrote them before moments differed.
_ORDER = {
    name: place
    for place, name in enumerate(
        (
            EventName.HIRED,
            EventName.REHIRED,
            EventName.RETURNED,
            EventName.TRANSFERRED,
            EventName.LEFT_POST,
            EventName.TERMS_CHANGED,
            EventName.SECONDMENT_ENDED,
            EventName.SECONDED,
            EventName.LEFT,
        )
    )
}
_N, _S = EventName, Standing
# What cannot happen to somebody who stands so (None: not hired yet), and the code of the problem. Leaving ends
# a secondment as well; its planned end then finds nothing left to end and is no contradiction.
_IMPOSSIBLE: dict[tuple[EventName, Standing | None], str] = {
    **{(name, None): "not_hired_yet" for name in _N if name not in HIRES},
    **{(_N.HIRED, standing): "already_hired" for standing in _S},
    (_N.REHIRED, _S.ACTIVE): "not_gone",
    (_N.REHIRED, _S.AWAY): "not_gone",
    **{
        (name, _S.LEFT): "already_left"
        for name in (_N.TRANSFERRED, _N.LEFT_POST, _N.RETURNED, _N.LEFT, _N.TERMS_CHANGED, _N.SECONDED)
    },
    (_N.RETURNED, _S.ACTIVE): "not_away",
    **{(name, _S.AWAY): "is_away" for name in (_N.TRANSFERRED, _N.LEFT_POST, _N.SECONDED)},
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One recorded event. `unit` and `post` are where it leads to.

    `recorded_at` differs for any two events of one person, so that events of one day have an order. A
    correction names in `corrects` the event it replaces; a withdrawn one says that nothing happened.
    """

    id: EventKey
    name: EventName
    on: dt.date
    recorded_at: dt.datetime
    unit: Key | None = None
    post: Key | None = None
    employment_type: str = ""
    employer: Key | None = None
    days_away: int | None = None
    corrects: EventKey | None = None
    is_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """A stay that follows from events: from `starts_on` up to, not including, `ends_before`."""

    kind: str
    unit: Key
    post: Key
    employment_type: str
    employer: Key | None
    starts_on: dt.date
    ends_before: dt.date | None = None


@dataclass(frozen=True, slots=True)
class State:
    """How a person stands after the events up to a day.

    `since` is the first day of the present stay, or the first day without one.
    """

    standing: Standing
    since: dt.date
    hired_on: dt.date
    unit: Key | None
    post: Key | None
    employment_type: str
    employer: Key | None
    left_on: dt.date | None = None
    host_unit: Key | None = None
    host_post: Key | None = None


@dataclass(frozen=True, slots=True)
class Clash:
    """An event that cannot follow those before it. `code` is a code of people.roster.Problem."""

    entry: Entry
    code: str
    known: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """What a run through events gives: stays by start, how the person stands in the end, and every clash."""

    spans: tuple[Span, ...]
    state: State | None
    clashes: tuple[Clash, ...]
    days_away: dict[EventKey, int]  # by the events by which somebody came back


def in_force(entries: Iterable[Entry], known_at: dt.datetime | None = None) -> list[Entry]:
    """Return the events that hold, in the order in which they happened.

    Corrected and withdrawn ones are left out. With `known_at` it is what was believed at that moment: an
    event recorded later does not exist yet, and neither does a correction. A correction keeps the place
    among the events of its day that the event it corrects had.
    """
    known = {e.id: e for e in entries if known_at is None or e.recorded_at <= known_at}
    replaced = {e.corrects for e in known.values() if e.corrects is not None}
    holding = [e for e in known.values() if e.id not in replaced and not e.is_withdrawn]
    return sorted(holding, key=lambda entry: (entry.on, _first_recorded(entry, known), _ORDER[entry.name]))


def _first_recorded(entry: Entry, known: dict[EventKey, Entry]) -> dt.datetime:
    while entry.corrects is not None and entry.corrects in known:
        entry = known[entry.corrects]
    return entry.recorded_at


def trace(entries: Sequence[Entry]) -> Trace:
    """Run through events that hold (see `in_force`) and return what follows from them.

    A clash does not stop the run: the event then does what it can, so that stays exist for any history.
    """
    run = _Run()
    for entry in entries:
        run.take(entry)
    run.finish()
    spans = sorted([*run.primary, *run.seconded], key=lambda span: (span.starts_on, span.kind))
    return Trace(tuple(spans), run.state(), tuple(run.clashes), run.days_away)


def spans_of(entries: Iterable[Entry], known_at: dt.datetime | None = None) -> tuple[Span, ...]:
    """Return the stays that follow from recorded events, or followed from those recorded by `known_at`."""
    return trace(in_force(entries, known_at)).spans


def state_on(entries: Iterable[Entry], day: dt.date) -> State | None:
    """Return how a person stands at the end of a day, None if nothing had happened by then."""
    return trace([entry for entry in in_force(entries) if entry.on <= day]).state


def first_clash(before: Iterable[Entry], after: Iterable[Entry]) -> Clash | None:
    """Return the first contradiction that a change of events brings, None if it brings none.

    What contradicted itself already does not stand in the way of anything else.
    """
    old = {(clash.entry.id, clash.code) for clash in trace(in_force(before)).clashes}
    found = trace(in_force(after)).clashes
    return next((clash for clash in found if (clash.entry.id, clash.code) not in old), None)


@dataclass(slots=True)
class _Run:
    """Walks through events one by one."""

    primary: list[Span] = field(default_factory=list)
    seconded: list[Span] = field(default_factory=list)
    standing: Standing | None = None
    since: dt.date = dt.date.min
    hired_on: dt.date = dt.date.min
    left_on: dt.date | None = None
    unit: Key | None = None
    post: Key | None = None
    employment_type: str = ""
    employer: Key | None = None
    secondment: Entry | None = None
    clashes: list[Clash] = field(default_factory=list)
    days_away: dict[EventKey, int] = field(default_factory=dict)

    def take(self, entry: Entry) -> None:
        """Let one event happen."""
        self._check(entry)
        match entry.name:
            case EventName.HIRED | EventName.REHIRED | EventName.RETURNED:
                self._come(entry)
            case EventName.TRANSFERRED:
                self._move(entry)
            case EventName.TERMS_CHANGED:
                self._change_terms(entry)
            case EventName.LEFT_POST | EventName.LEFT:
                self._go(entry)
            case EventName.SECONDED:
                self._second(entry)
            case EventName.SECONDMENT_ENDED:
                self._end_secondment(entry.on)

    def finish(self) -> None:
        """Note what is wrong with the history as a whole."""
        if self.secondment is not None:
            self.clashes.append(Clash(self.secondment, "secondment_without_end"))

    def state(self) -> State | None:
        """Return how the person stands now."""
        if self.standing is None:
            return None
        host = self.secondment
        return State(
            self.standing,
            self.since,
            self.hired_on,
            self.unit,
            self.post,
            self.employment_type,
            self.employer,
            self.left_on,
            host.unit if host else None,
            host.post if host else None,
        )

    def _check(self, entry: Entry) -> None:
        code = _IMPOSSIBLE.get((entry.name, self.standing), "")
        known = self.since
        if entry.name is EventName.SECONDED and self.secondment is not None and not code:
            code, known = "secondments_overlap", self.secondment.on
        if code:
            self.clashes.append(Clash(entry, code, known.isoformat() if self.standing is not None else ""))

    def _come(self, entry: Entry) -> None:
        if entry.name in COMES_BACK and self.standing in (Standing.AWAY, Standing.LEFT):
            gone = self.left_on or self.since
            self.days_away[entry.id] = max((entry.on - gone).days, 0)
        if entry.name in HIRES:
            self.hired_on = entry.on
            self._set_terms(entry)
        self._set_place(entry)
        self.left_on = None
        self.standing = Standing.ACTIVE
        self._open(entry.on)

    def _move(self, entry: Entry) -> None:
        place = self.unit, self.post
        self._set_place(entry)
        if self.standing is Standing.ACTIVE and (self.unit, self.post) != place:
            self._open(entry.on)

    def _change_terms(self, entry: Entry) -> None:
        terms = self.employment_type, self.employer
        self._set_terms(entry)
        if self.standing is not Standing.ACTIVE or (self.employment_type, self.employer) == terms:
            return
        self._open(entry.on)
        if self.secondment is not None:
            host = self.secondment
            self._end_secondment(entry.on)
            self._second(replace(host, on=entry.on))

    def _go(self, entry: Entry) -> None:
        if self.standing is Standing.LEFT:
            return
        self._end_secondment(entry.on)
        self.since = entry.on
        if self.standing is Standing.ACTIVE and self.primary:
            last = self.primary[-1]
            # Gone on the first day: that day remains, or nobody could tell where the person belonged.
            end = max(entry.on, last.starts_on + dt.timedelta(days=1))
            self.primary[-1] = replace(last, ends_before=end)
            self.since = end
        if entry.name is EventName.LEFT:
            self.standing, self.left_on, self.since = Standing.LEFT, entry.on, entry.on
        elif self.standing is not None:
            self.standing = Standing.AWAY

    def _second(self, entry: Entry) -> None:
        if self.standing is not Standing.ACTIVE or entry.unit is None or entry.post is None:
            return
        self._end_secondment(entry.on)
        self.secondment = entry
        terms = self.employment_type, self.employer
        self.seconded.append(Span(SECONDMENT, entry.unit, entry.post, *terms, entry.on))

    def _end_secondment(self, on: dt.date) -> None:
        if self.secondment is None:
            return
        self.secondment = None
        last = self.seconded.pop()
        if last.starts_on < on:
            self.seconded.append(replace(last, ends_before=on))

    def _set_place(self, entry: Entry) -> None:
        self.unit = entry.unit if entry.unit is not None else self.unit
        self.post = entry.post if entry.post is not None else self.post

    def _set_terms(self, entry: Entry) -> None:
        self.employment_type = entry.employment_type or self.employment_type or "own"
        self.employer = entry.employer

    def _open(self, on: dt.date) -> None:
        """Close the present stay and open one at the present place; a stay of no day never took place."""
        if self.primary and (self.primary[-1].ends_before is None or self.primary[-1].ends_before > on):
            last = self.primary.pop()
            if last.starts_on < on:
                self.primary.append(replace(last, ends_before=on))
        self.since = on
        if self.unit is not None and self.post is not None:
            terms = self.employment_type, self.employer
            self.primary.append(Span(PRIMARY, self.unit, self.post, *terms, on))
