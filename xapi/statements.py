"""Our facts as xAPI statements. Pure: dataclasses in, plain data out.

The id of a statement is made from the fact (UUID version 5), so that the same fact is the same statement however
often it is sent, and a receiver that has it already says so instead of counting twice.
Source: xAPI 1.0.3 (ADL); xAPI Video Profile 1.0.3, statement templates and extensions.
"""

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

NAMESPACE = uuid.UUID("6c1b6f0e-5f0f-5d5c-9a53-1f0b0a3b7e11")
VERSION = "1.0.3"
VIDEO = "https://w3id.org/xapi/video"
COMPLETED, PASSED, FAILED = (
    f"http://adlnet.gov/expapi/verbs/{name}" for name in ("completed", "passed", "failed")
)
INITIALIZED = "http://adlnet.gov/expapi/verbs/initialized"
VOIDED = "http://adlnet.gov/expapi/verbs/voided"
PLAYED, PAUSED, SEEKED = (f"{VIDEO}/verbs/{name}" for name in ("played", "paused", "seeked"))
LESSON, ASSESSMENT = (f"http://adlnet.gov/expapi/activities/{name}" for name in ("lesson", "assessment"))
FILM_TYPE = f"{VIDEO}/activity-type/video"
JUMP_S = 2.0  # a beat that starts further from the end of the last one was sought, not played on to
PAUSE_S = 15.0  # beats come every 10 s: a longer silence is a pause
LANGUAGE = "zh-CN"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whom a statement is about: an account at a home page, by employee number or pseudonym."""

    home_page: str
    name: str

    def data(self) -> dict[str, Any]:
        """Return the actor as a statement names it."""
        return {"objectType": "Agent", "account": {"homePage": self.home_page, "name": self.name}}


@dataclass(frozen=True, slots=True)
class StudyFact:
    """A lesson completed: `key` names the record, spans in seconds."""

    key: str
    actor: Actor
    lesson: str
    title: str
    spent_s: float
    completed_at: dt.datetime
    film: str = ""
    film_title: str = ""
    film_s: float = 0.0
    watched: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, slots=True)
class FilmBeat:
    """A stretch of a film as it was reported; seconds of the film, and when it came."""

    from_s: float
    to_s: float
    arrived_at: dt.datetime


@dataclass(frozen=True, slots=True)
class FilmFact:
    """One opening of a film, finished: what was played when."""

    key: str
    actor: Actor
    film: str
    title: str
    film_s: float
    opened_at: dt.datetime
    beats: Sequence[FilmBeat]


@dataclass(frozen=True, slots=True)
class ExamFact:
    """An exam handed in and marked."""

    key: str
    actor: Actor
    exam: str
    title: str
    score: float
    max_score: float
    is_passed: bool
    graded_at: dt.datetime


def study_statements(fact: StudyFact) -> list[dict[str, Any]]:
    """Return `completed` for a lesson, and for its film if it has one."""
    found = [
        _statement(
            fact.key,
            "completed",
            fact.actor,
            COMPLETED,
            _activity(fact.lesson, fact.title, LESSON),
            fact.completed_at,
            result={"completion": True, "duration": duration(fact.spent_s)},
        )
    ]
    if fact.film:
        extensions = {
            f"{VIDEO}/extensions/time": fact.film_s,
            f"{VIDEO}/extensions/progress": _progress(fact.watched, fact.film_s),
            f"{VIDEO}/extensions/played-segments": segments(fact.watched),
        }
        found.append(
            _statement(
                fact.key,
                "film-completed",
                fact.actor,
                COMPLETED,
                _activity(fact.film, fact.film_title, FILM_TYPE),
                fact.completed_at,
                result={"completion": True, "extensions": extensions},
                context=_video_context(fact.key, fact.film_s),
            )
        )
    return found


def film_statements(fact: FilmFact) -> list[dict[str, Any]]:
    """Return what the video profile says of one opening: initialized, then played, sought and paused in turn."""
    activity = _activity(fact.film, fact.title, FILM_TYPE)
    context = _video_context(fact.key, fact.film_s)
    found = [
        _statement(
            fact.key, "initialized", fact.actor, INITIALIZED, activity, fact.opened_at, context=context
        )
    ]
    seen: list[tuple[float, float]] = []
    for number, (name, verb, at, extensions) in enumerate(_events(fact.beats, seen), start=1):
        if name == "paused":
            extensions[f"{VIDEO}/extensions/progress"] = _progress(seen, fact.film_s)
            extensions[f"{VIDEO}/extensions/played-segments"] = segments(seen)
        found.append(
            _statement(
                fact.key,
                f"{number}-{name}",
                fact.actor,
                verb,
                activity,
                at,
                result={"extensions": extensions},
                context=context,
            )
        )
    return found


def _events(
    beats: Sequence[FilmBeat], seen: list[tuple[float, float]]
) -> Iterator[tuple[str, str, dt.datetime, dict[str, Any]]]:
    """Yield what happened between the beats; `seen` grows by what was played so far."""
    time, from_, to = (f"{VIDEO}/extensions/{name}" for name in ("time", "time-from", "time-to"))
    last: FilmBeat | None = None
    for beat in beats:
        began = beat.arrived_at - dt.timedelta(seconds=beat.to_s - beat.from_s)
        if last is not None:
            jumped = abs(beat.from_s - last.to_s) > JUMP_S
            silent = (began - last.arrived_at).total_seconds() > PAUSE_S
            if not jumped and not silent:
                seen.append((beat.from_s, beat.to_s))
                last = beat
                continue
            yield "paused", PAUSED, last.arrived_at, {time: last.to_s}
            if jumped:
                yield "seeked", SEEKED, began, {from_: last.to_s, to: beat.from_s}
        yield "played", PLAYED, began, {time: beat.from_s}
        seen.append((beat.from_s, beat.to_s))
        last = beat
    if last is not None:
        yield "paused", PAUSED, last.arrived_at, {time: last.to_s}


def exam_statements(fact: ExamFact) -> list[dict[str, Any]]:
    """Return `passed` or `failed` for an exam, with its score."""
    result: dict[str, Any] = {"completion": True, "success": fact.is_passed}
    if fact.max_score > 0:
        scaled = round(min(max(fact.score / fact.max_score, 0.0), 1.0), 4)
        raw = min(max(fact.score, 0.0), fact.max_score)
        result["score"] = {"raw": raw, "min": 0, "max": fact.max_score, "scaled": scaled}
    verb = PASSED if fact.is_passed else FAILED
    activity = _activity(fact.exam, fact.title, ASSESSMENT)
    return [_statement(fact.key, "graded", fact.actor, verb, activity, fact.graded_at, result=result)]


def statement_id(fact_key: str, part: str) -> uuid.UUID:
    """Return the id of one statement of a fact, the same every time."""
    return uuid.uuid5(NAMESPACE, f"{fact_key}#{part}")


def duration(seconds: float) -> str:
    """Return a span as ISO 8601 writes it, to the hundredth as xAPI asks."""
    return f"PT{round(max(seconds, 0.0), 2):g}S" if seconds < 1e6 else f"PT{int(seconds)}S"


def segments(intervals: Sequence[tuple[float, float]]) -> str:
    """Return stretches of a film as the video profile writes them: `0[.]12.5[,]30[.]40`."""
    return "[,]".join(f"{round(start, 3):g}[.]{round(end, 3):g}" for start, end in intervals)


def _progress(intervals: Sequence[tuple[float, float]], film_s: float) -> float:
    if film_s <= 0:
        return 0.0
    covered, reached = 0.0, 0.0
    for start, end in sorted(intervals):
        covered += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return round(min(covered / film_s, 1.0), 3)


def _video_context(key: str, film_s: float) -> dict[str, Any]:
    return {
        "contextActivities": {"category": [{"objectType": "Activity", "id": VIDEO}]},
        "extensions": {
            f"{VIDEO}/extensions/session-id": str(uuid.uuid5(NAMESPACE, key)),
            f"{VIDEO}/extensions/length": film_s,
        },
        "language": LANGUAGE,
    }


def _activity(address: str, title: str, kind: str) -> dict[str, Any]:
    return {
        "objectType": "Activity",
        "id": address,
        "definition": {"name": {LANGUAGE: title}, "type": kind},
    }


def _statement(
    key: str,
    part: str,
    actor: Actor,
    verb: str,
    activity: dict[str, Any],
    at: dt.datetime,
    *,
    result: dict[str, Any] | None = None,
    context: dict[str, Any] | None = None,
) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "id": str(statement_id(key, part)),
        "version": VERSION,
        "actor": actor.data(),
        "verb": {"id": verb, "display": {"en": verb.rpartition("/")[2]}},
        "object": activity,
        "timestamp": at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    if result is not None:
        statement["result"] = result
    if context is not None:
        statement["context"] = context
    return statement
