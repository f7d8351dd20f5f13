"""What a package reports, read by our rules: nothing it says about time or success is taken further than that.

Pure. A package runs in the learner's browser, so every figure in it is the word of whoever holds the browser:
its status says that the package was gone through, its score is kept as the package's own, and its time counts
only as far as the server's clock allows.
Source: SCORM 1.2 RTE 3.4 (cmi.core.*), SCORM 2004 4th Edition RTE 4.1 and 4.2.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MAX_ELEMENTS = 4_000
MAX_VALUE = 64_000  # characters: SPM of cmi.suspend_data in SCORM 2004 4th Edition; 1.2 asks for 4,096
MAX_TOTAL = 250_000
_ELEMENT = re.compile(r"(?:cmi|adl)\.[A-Za-z0-9_.]{1,250}")
_SPAN_12 = re.compile(r"(\d{1,4}):(\d{1,2}):(\d{1,2}(?:\.\d{1,2})?)")
_SPAN_2004 = re.compile(
    r"P(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9}(?:\.\d{1,6})?)S)?)?"
)
COMPLETED, INCOMPLETE = "completed", "incomplete"
PASSED, FAILED, UNKNOWN = "passed", "failed", "unknown"
# What a package may set but is never given back to it: it belongs to one sitting.
_OF_ONE_SITTING = {"cmi.core.session_time", "cmi.session_time", "cmi.core.exit", "cmi.exit", "cmi.core.entry",
                   "cmi.entry", "cmi.core.total_time", "cmi.total_time", "cmi.core.lesson_mode", "cmi.mode",
                   "cmi.core.credit", "cmi.credit", "cmi.core.student_id", "cmi.core.student_name",
                   "cmi.learner_id", "cmi.learner_name", "cmi.launch_data", "cmi.scaled_passing_score",
                   "cmi.student_data.mastery_score", "adl.nav.request"}  # fmt: skip
_UNREADABLE = re.compile(r"[\x00\ud800-\udfff]")


class BadReport(Exception):
    """A report that cannot be kept: too large, or no SCORM data. The text says which element."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """One report in our terms. `score_pct` is 0 to 100 or None, times in seconds, `exit` as the package says."""

    completion: str
    success: str
    score_pct: float | None
    session_s: float
    exit: str

    @property
    def is_through(self) -> bool:
        """Whether the package says this part was gone through, well or badly scored."""
        return self.success == PASSED or (self.completion == COMPLETED and self.success != FAILED)


@dataclass(frozen=True, slots=True)
class PartState:
    """Where one part of a package stands for one person. `total_s` is time by our clock."""

    attempt: int = 1
    is_through: bool = False
    has_passed: bool = False
    success: str = UNKNOWN
    completion: str = UNKNOWN
    score_pct: float | None = None
    total_s: float = 0.0
    ended: bool = False


def checked_report(cmi: object) -> dict[str, str]:
    """Return reported data as text by element. Raises BadReport, naming the element."""
    if not isinstance(cmi, dict) or len(cmi) > MAX_ELEMENTS:
        raise BadReport("cmi")
    total = 0
    checked: dict[str, str] = {}
    for name, value in cmi.items():
        if not isinstance(name, str) or not _ELEMENT.fullmatch(name):
            raise BadReport(str(name)[:80])
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise BadReport(name)
        text = str(value)
        total += len(name) + len(text)
        if len(text) > MAX_VALUE or total > MAX_TOTAL or _UNREADABLE.search(text):
            raise BadReport(name)
        checked[name] = text
    return checked


def read_report(version: str, cmi: Mapping[str, str], passing_pct: float | None) -> Tracked:
    """Return what a report says. Where the manifest asks for a score and one is given, the score decides."""
    if version == "1.2":
        status = cmi.get("cmi.core.lesson_status", "").strip().lower()
        completion = COMPLETED if status in {COMPLETED, PASSED, FAILED} else INCOMPLETE
        success = status if status in {PASSED, FAILED} else UNKNOWN
        score, prefix = _share(cmi, "cmi.core.score"), "cmi.core"
        session_s = _seconds_12(cmi.get("cmi.core.session_time", ""))
    else:
        said = cmi.get("cmi.completion_status", "").strip().lower()
        completion = COMPLETED if said == COMPLETED else INCOMPLETE
        said = cmi.get("cmi.success_status", "").strip().lower()
        success = said if said in {PASSED, FAILED} else UNKNOWN
        scaled = _number(cmi.get("cmi.score.scaled", ""))
        score = scaled * 100 if scaled is not None else _share(cmi, "cmi.score")
        prefix = "cmi"
        session_s = _seconds_2004(cmi.get("cmi.session_time", ""))
    score = None if score is None else round(min(max(score, 0.0), 100.0), 2)
    if passing_pct is not None and score is not None and completion == COMPLETED:
        success = PASSED if score >= passing_pct else FAILED
    return Tracked(completion, success, score, session_s, cmi.get(f"{prefix}.exit", "")[:20])


def next_state(before: PartState, report: Tracked, *, credited_s: float, is_final: bool) -> PartState:
    """Return a part's state after a report; what was once gone through or passed stays so."""
    return PartState(
        attempt=before.attempt,
        is_through=before.is_through or report.is_through,
        has_passed=before.has_passed or report.success == PASSED,
        success=report.success,
        completion=report.completion,
        score_pct=report.score_pct,
        total_s=round(before.total_s + credited_s, 2),
        ended=is_final and report.exit not in {"suspend", "logout"},
    )


def begin_again(state: PartState) -> PartState:
    """Return the state a part is opened in: after a failed attempt that ended, a new attempt from the start."""
    if state.ended and state.success == FAILED:
        return PartState(
            attempt=state.attempt + 1,
            is_through=state.is_through,
            has_passed=state.has_passed,
            total_s=state.total_s,
        )
    return state


def credited_seconds(said_s: float, *, wall_s: float, already_s: float) -> float:
    """Return how much of a sitting's time is new: never more than the server's clock has run since it began.

    `said_s` and `already_s` count the whole sitting so far: packages report their session time as a running sum.
    """
    return max(0.0, round(min(said_s, max(0.0, wall_s)) - already_s, 2))


def starting_data(
    version: str, kept: Mapping[str, str], state: PartState, *, passing_pct: float | None, launch_data: str
) -> dict[str, str]:
    """Return the elements a part is opened with: what it left, and what only the platform may say."""
    data = {name: value for name, value in kept.items() if name not in _OF_ONE_SITTING}
    data = {name: value for name, value in data.items() if not name.endswith(("._children", "._count"))}
    entry = "resume" if kept else "ab-initio"
    if version == "1.2":
        data |= {
            "cmi.core.entry": entry if kept else "ab-initio",
            "cmi.core.credit": "credit",
            "cmi.core.lesson_mode": "normal",
            "cmi.core.total_time": span_12(state.total_s),
            "cmi.launch_data": launch_data,
        }
        if passing_pct is not None:
            data["cmi.student_data.mastery_score"] = f"{passing_pct:g}"
    else:
        data |= {
            "cmi.entry": entry,
            "cmi.credit": "credit",
            "cmi.mode": "normal",
            "cmi.total_time": f"PT{state.total_s:g}S",
            "cmi.launch_data": launch_data,
        }
        if passing_pct is not None:
            data["cmi.scaled_passing_score"] = f"{passing_pct / 100:g}"
    return data


def is_done(states: Mapping[str, PartState], parts: Sequence[str], rule: str) -> bool:
    """Tell whether a package counts as gone through: every part that reports, by the lesson's rule.

    `rule` is `completed` (gone through, not failed) or `passed` (each passed).
    """
    if not parts:
        return False
    have = [states.get(part, PartState()) for part in parts]
    return all(one.has_passed if rule == PASSED else one.is_through for one in have)


def span_12(seconds: float) -> str:
    """Return a span as SCORM 1.2 writes it: 0001:02:03.45."""
    whole = min(seconds, 9999 * 3600.0)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{int(hours):04d}:{int(minutes):02d}:{math.floor(left * 100) / 100:05.2f}"


def _seconds_12(text: str) -> float:
    found = _SPAN_12.fullmatch(text.strip())
    return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3]) if found else 0.0


def _seconds_2004(text: str) -> float:
    found = _SPAN_2004.fullmatch(text.strip())
    if not found:
        return 0.0
    years, months, days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return ((years * 365 + months * 30 + days) * 24 + hours) * 3600 + minutes * 60 + seconds


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _share(cmi: Mapping[str, str], prefix: str) -> float | None:
    """Return a raw score as a share of 100; without a range it is taken as one of 0 to 100."""
    raw = _number(cmi.get(f"{prefix}.raw", ""))
    if raw is None:
        return None
    low, high = _number(cmi.get(f"{prefix}.min", "")), _number(cmi.get(f"{prefix}.max", ""))
    if high is None or high <= (low or 0.0):
        return raw
    return (raw - (low or 0.0)) / (high - (low or 0.0)) * 100
