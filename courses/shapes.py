"""The shapes kept in the JSON fields of this room."""

from typing import TypedDict

Intervals = list[list[float]]  # [[from_s, to_s], …], sorted, disjoint
SectionSeconds = dict[str, float]  # section id → seconds credited


class StudyNeeds(TypedDict):
    """What one state of a lesson's content asks for (StudyProgress.needs); seconds."""

    film_s: float
    film_sha256: str
    watch_pct: int
    sections: SectionSeconds
