"""Comparing an HR list with what is known, and deriving what happened. Pure: no Django, no clock."""

from people.roster.diff import RosterDiff, brake_ending, diff_roster, diff_row, ends, replay
from people.roster.history import (
    Clash,
    Entry,
    Span,
    State,
    Trace,
    first_clash,
    in_force,
    spans_of,
    state_on,
    trace,
)
from people.roster.places import Places, resolve_place
from people.roster.shapes import (
    CLEAR,
    Change,
    EventName,
    Happening,
    Outcome,
    Person,
    Problem,
    Row,
    Standing,
)

__all__ = [
    "CLEAR",
    "Change",
    "Clash",
    "Entry",
    "EventName",
    "Happening",
    "Outcome",
    "Person",
    "Places",
    "Problem",
    "RosterDiff",
    "Row",
    "Span",
    "Standing",
    "State",
    "Trace",
    "brake_ending",
    "diff_roster",
    "diff_row",
    "ends",
    "first_clash",
    "in_force",
    "replay",
    "resolve_place",
    "spans_of",
    "state_on",
    "trace",
]
