"""Which trainings a person owes on a day without any event: standing rules, windows, reviews of licences. Pure.

The answer for a day depends on the facts of that day alone: who stands where since when, what was done when, which
licence runs out when. So computing it again, late or for a past day gives the same, and what is no longer asked
for can be told from what is. The cause of each obligation is made of the rule's code and the cycle, never of the
version of the rule or the day it was computed:

- `standing:<code>`: owed once by whoever stands in such a place and never completed the programme.
- `window:<code>:2026`, `…:2026H1`, `…:2026Q1`: a calendar window; due on its last day.
- `window:<code>:2025-03-14`: so many months since the last completion (or since the person came under the rule).
- `licence:<id>:2026-08-31`: the review of one licence, due on that day.
"""

import datetime as dt
from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from training.rules import EventFacts, ObligationSpec, RuleFacts, fits, is_in_force, strictest_of

STANDING, WINDOW, LICENCE_REVIEW = "standing", "window", "licence_review"
TRIGGERS = frozenset({STANDING, WINDOW, LICENCE_REVIEW})
YEAR, HALF_YEAR, QUARTER, MONTHS = "year", "half_year", "quarter", "months"
_MONTHS_OF = {YEAR: 12, HALF_YEAR: 6, QUARTER: 3}


@dataclass(frozen=True, slots=True)
class PlaceHeld:
    """A place a person holds or held: the conditions rules look at, and from when to when (end excluded)."""

    place: EventFacts
    starts_on: dt.date
    ends_before: dt.date | None = None

    def covers(self, on: dt.date) -> bool:
        """Tell whether the person stood there on a day."""
        return self.starts_on <= on and (self.ends_before is None or on < self.ends_before)


@dataclass(frozen=True, slots=True)
class LicenceDue:
    """A licence that has to be reviewed or renewed by `due_on`, that day included."""

    id: int
    family: str
    due_on: dt.date


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What is known of one person. `done` holds, by programme, the day it was last completed."""

    places: tuple[PlaceHeld, ...] = ()
    licences: tuple[LicenceDue, ...] = ()
    done: Mapping[int, dt.date] = field(default_factory=dict)


class RecurringRules:
    """The standing and recurring rules, to be asked about any number of people.

    Which rule fits which place is remembered: a hundred thousand people stand in some thousand places.
    """

    def __init__(self, rules: Iterable[RuleFacts]) -> None:
        self._rules = [rule for rule in rules if rule.trigger in TRIGGERS]
        self._fitting: dict[tuple[int, int], tuple[EventFacts, bool]] = {}
        self._binding: dict[dt.date, list[RuleFacts]] = {}

    def __bool__(self) -> bool:
        return bool(self._rules)

    def owed_on(self, person: PersonFacts, on: dt.date) -> list[ObligationSpec]:
        """Return everything these rules ask of a person on a day, open or done, by cause.

        A programme asked for by several rules is owed once, for the strictest; reviews once for each licence.
        Somebody who stands nowhere that day (away, not begun, left) is asked for nothing.
        """
        here = [held for held in person.places if held.covers(on)]
        if not here:
            return []
        if on not in self._binding:
            self._binding[on] = [
                rule for rule in self._rules if is_in_force(rule, on) and start_of(rule) <= on
            ]
        specs: list[ObligationSpec] = []
        reviews: list[ObligationSpec] = []
        for rule in self._binding[on]:
            # What is asked of a licence is asked in any post: a licence is kept alive by its holder.
            if not any(self._fits(rule, held.place) for held in here):
                continue
            if rule.trigger == LICENCE_REVIEW:
                reviews += _reviews(rule, person.licences, on)
                continue
            since = self._since(rule, person.places, on)
            if rule.trigger == WINDOW:
                spec = _window(rule, person, since, on)
            else:
                spec = None if rule.programme_id in person.done else _standing(rule, since)
            if spec is not None:
                specs.append(spec)
        by_cause: dict[str, list[ObligationSpec]] = {}
        for spec in reviews:
            by_cause.setdefault(spec.cause, []).append(spec)
        found = strictest_of(specs)
        for group in by_cause.values():
            found += strictest_of(group)
        return found

    def _fits(self, rule: RuleFacts, place: EventFacts) -> bool:
        key = (rule.id, id(place))
        known = self._fitting.get(key)
        if known is None:
            # The place is kept beside the answer, so that its id is not given to another one.
            known = self._fitting[key] = (place, _place_fits(rule, place))
        return known[1]

    def _since(self, rule: RuleFacts, places: tuple[PlaceHeld, ...], on: dt.date) -> dt.date:
        """Return from when on, without a gap, the person has stood in places the rule is about."""
        since = on
        for held in sorted(places, key=lambda held: held.starts_on, reverse=True):
            if held.starts_on <= on and self._fits(rule, held.place):
                if held.ends_before is not None and held.ends_before < since:
                    break
                since = min(since, held.starts_on)
        return since


def owed_on(person: PersonFacts, rules: Iterable[RuleFacts], on: dt.date) -> list[ObligationSpec]:
    """Return what these rules ask of one person on a day, see `RecurringRules.owed_on`."""
    return RecurringRules(rules).owed_on(person, on)


def start_of(rule: RuleFacts) -> dt.date:
    """Return the first day on which a standing or recurring rule binds: in force, and taken up by the house."""
    return max(rule.effective_from, rule.adopted_on or rule.effective_from)


def _place_fits(rule: RuleFacts, place: EventFacts) -> bool:
    if rule.trigger == LICENCE_REVIEW and rule.licence_family not in place.licence_families:
        place = replace(place, licence_families=frozenset({rule.licence_family}))
    return fits(rule, place)


def _spec(rule: RuleFacts, *, cause: str, cycle: str, owed_from: dt.date, due_on: dt.date) -> ObligationSpec:
    return ObligationSpec(
        rule_id=rule.id,
        rule_code=rule.code,
        programme_id=rule.programme_id,
        owed_from=owed_from,
        due_on=due_on,
        before_work=rule.before_work,
        cause=cause,
        cycle=cycle,
        blocks_overdue=rule.blocks_overdue,
    )


def _standing(rule: RuleFacts, since: dt.date) -> ObligationSpec:
    owed_from = max(since, start_of(rule))
    due_on = owed_from + dt.timedelta(days=rule.due_days)
    return _spec(rule, cause=f"standing:{rule.code}", cycle="", owed_from=owed_from, due_on=due_on)


def _window(rule: RuleFacts, person: PersonFacts, since: dt.date, on: dt.date) -> ObligationSpec | None:
    if rule.window == MONTHS:
        return _months(rule, person, since, on)
    cycle, begins, ends = calendar_window(rule.window, on)
    if rule.joiners_wait and since > begins:
        return None
    owed_from = max(begins, since, start_of(rule))
    return _spec(rule, cause=f"window:{rule.code}:{cycle}", cycle=cycle, owed_from=owed_from, due_on=ends)


def calendar_window(window: str, on: dt.date) -> tuple[str, dt.date, dt.date]:
    """Return the name, the first and the last day of the year, half year or quarter a day lies in."""
    months = _MONTHS_OF[window]
    index = (on.month - 1) // months
    begins = dt.date(on.year, index * months + 1, 1)
    ends = plus_months(begins, months) - dt.timedelta(days=1)
    name = {YEAR: f"{on.year}", HALF_YEAR: f"{on.year}H{index + 1}", QUARTER: f"{on.year}Q{index + 1}"}
    return name[window], begins, ends


def days_of_cycle(cycle: str) -> tuple[dt.date, dt.date] | None:
    """Return the first and the last day of a cycle `calendar_window` named; None for what is none (a day, empty).

    The cycle and not the due day tells them: what was put off is still about the same year.
    """
    if not cycle or "-" in cycle:
        return None
    part = cycle[4:]
    window = HALF_YEAR if part[:1] == "H" else QUARTER if part[:1] == "Q" else YEAR
    month = (int(part[1:] or 1) - 1) * _MONTHS_OF[window] + 1
    return calendar_window(window, dt.date(int(cycle[:4]), month, 1))[1:]


def _months(rule: RuleFacts, person: PersonFacts, since: dt.date, on: dt.date) -> ObligationSpec | None:
    begun = max(since, start_of(rule))
    last = person.done.get(rule.programme_id)
    if last is None:
        base, due_on, owed_from = begun, begun + dt.timedelta(days=rule.due_days), begun
    else:
        base = last
        # Whoever was away when it ran out, or came under the rule later, has the usual days from then on.
        due_on = max(plus_months(last, rule.every_months or 12), begun + dt.timedelta(days=rule.due_days))
        owed_from = max(due_on - dt.timedelta(days=rule.lead_days), begun, last)
    if on < owed_from:
        return None
    cycle = base.isoformat()
    return _spec(rule, cause=f"window:{rule.code}:{cycle}", cycle=cycle, owed_from=owed_from, due_on=due_on)


def _reviews(rule: RuleFacts, licences: Iterable[LicenceDue], on: dt.date) -> list[ObligationSpec]:
    found = []
    for licence in sorted(licences, key=lambda item: (item.due_on, item.id)):
        owed_from = licence.due_on - dt.timedelta(days=rule.lead_days)
        if licence.family == rule.licence_family and owed_from <= on:
            cycle = licence.due_on.isoformat()
            cause = f"licence:{licence.id}:{cycle}"
            begins = max(owed_from, start_of(rule))
            due_on = max(licence.due_on, begins)
            found.append(_spec(rule, cause=cause, cycle=cycle, owed_from=begins, due_on=due_on))
    return found


def plus_months(day: dt.date, months: int) -> dt.date:
    """Return the same day of the month so many months later, or the last day of a month that is shorter."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return dt.date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
