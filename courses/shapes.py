"""The shapes kept in the JSON fields of this room."""

from typing import NotRequired, TypedDict

Intervals = list[list[float]]  # [[from_s, to_s], …], sorted, disjoint
SectionSeconds = dict[str, float]  # section id → seconds credited


class PackageNeeds(TypedDict):
    """What a lesson's package asks for: which one, which parts report, and by which rule it counts."""

    id: int
    sha256: str
    parts: list[str]
    rule: str


class PackagePart(TypedDict):
    """Where one part of a package stands (StudyProgress.package); see courses.scorm.tracking.PartState.

    `report` is the last report of this attempt, `sitting` and `said_s` what it counted of which session.
    """

    attempt: int
    is_through: bool
    has_passed: bool
    success: str
    completion: str
    score_pct: float | None
    total_s: float
    ended: bool
    report: int | None
    sitting: int
    sitting_s: float


class PackageResult(TypedDict):
    """What a package reported when its lesson was completed (StudyRecord.package_result): its own word."""

    rule: str
    parts: dict[str, dict[str, str | float | None]]


class StudyNeeds(TypedDict):
    """What one state of a lesson's content asks for (StudyProgress.needs); seconds."""

    film_s: float
    film_sha256: str
    watch_pct: int
    sections: SectionSeconds
    package: NotRequired[PackageNeeds]


class LessonFact(TypedDict):
    """One field of a lesson that is read like a section (LessonPage.facts): the field's name and its words."""

    name: str
    text: str


class AttentionState(TypedDict):
    """Where the checks of a film stand (StudyProgress.attention); see courses.attention.Attention."""

    asked: int
    due_s: float | None
    stake: Intervals


class CheckOption(TypedDict):
    """One answer to a question about a film (FilmQuestion.options, CheckContent.options)."""

    text: str
    is_right: bool


class CheckContent(TypedDict):
    """What a check asked, as it stood then (StudyCheck.content). A tap has no stem and no options."""

    question_id: int | None
    stem: str
    options: list[CheckOption]
    explanation: str


class Rendition(TypedDict):
    """One size of an encoded film (FilmEncoding.renditions). Bit/s at its busiest, lengths in seconds."""

    name: str
    width: int
    height: int
    bandwidth: int
    segments: list[float]


class Loudness(TypedDict):
    """What was measured of a film's sound by EBU R 128 (FilmEncoding.loudness), and what it was brought to.

    Programme loudness in LUFS, highest true peak in dBTP, range in LU, gating threshold in LUFS.
    """

    integrated_lufs: float
    true_peak_dbtp: float
    range_lu: float
    threshold_lufs: float
    offset_lu: float
    target_lufs: float
