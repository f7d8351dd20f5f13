"""Patterns in the attempts of an exam that a person should look at. Pure: attempts in, findings out.

Nothing here is a verdict. Each measure states how often chance alone would do as much, over all pairs that were
compared, and stays silent below that. What none of them can see: help from outside, and right answers taken over
among people who know nearly everything, which looks like knowing.
"""

from exams.findings.answers import RIGHT, SimilarAnswers, Vector, groups, similar_answers, strength_of_odds
from exams.findings.places import (
    InARow,
    Overlap,
    Saved,
    Use,
    overlaps,
    shared_addresses,
    shared_devices,
)
from exams.findings.timing import Rhythm, SimilarTiming, Timed, TooFast, similar_timing, too_fast

Evidence = SimilarAnswers | SimilarTiming | InARow | TooFast | Overlap

__all__ = [
    "RIGHT",
    "Evidence",
    "InARow",
    "Overlap",
    "Rhythm",
    "Saved",
    "SimilarAnswers",
    "SimilarTiming",
    "Timed",
    "TooFast",
    "Use",
    "Vector",
    "groups",
    "overlaps",
    "shared_addresses",
    "shared_devices",
    "similar_answers",
    "similar_timing",
    "strength_of_odds",
    "too_fast",
]
