"""Comparing an HR list with what is known, and deriving what happened. Pure: no Django, no clock."""

from people.roster.diff import RosterDiff, brake_ending, diff_roster, diff_row, replay
from people.roster.places import Places, resolve_place
from people.roster.shapes import (
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
    "Change",
    "EventName",
    "Happening",
    "Outcome",
    "Person",
    "Places",
    "Problem",
    "RosterDiff",
    "Row",
    "Standing",
    "brake_ending",
    "diff_roster",
    "diff_row",
    "replay",
    "resolve_place",
]
