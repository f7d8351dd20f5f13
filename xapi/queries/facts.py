"""Which of our facts are still to be told, and what they say, read from the rooms that hold them."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from common.signing import keyed_digest
from courses.models import PlaySession, StudyBeat, StudyProgress, StudyRecord
from courses.queries import intervals_of
from courses.watching import FILM, Verdict
from exams.models import AttemptMark, AttemptState
from people.models import Employee
from xapi.models import FactSource, SentFact
from xapi.statements import (
    Actor,
    ExamFact,
    FilmBeat,
    FilmFact,
    StudyFact,
    exam_statements,
    film_statements,
    study_statements,
)

SESSION_ENDS = dt.timedelta(
    hours=12
)  # a play session nobody came back to is over with the session of the site
PSEUDONYM = "xapi-actor"
# What a client only claimed is told to nobody.
PLAYED = (Verdict.CREDITED, Verdict.PARTLY, Verdict.NOTHING_NEW)


@dataclass(frozen=True, slots=True)
class Told:
    """A fact with its statements."""

    source: str
    fact_id: int
    statements: list[dict[str, Any]]


def untold(source: str, now: dt.datetime, since: dt.datetime | None) -> QuerySet[Any, int]:
    """Return the ids of the facts of one kind that were never noted, oldest first; one statement."""
    facts = _ready(source, now, since)
    noted = SentFact.objects.filter(source=source, fact_id=OuterRef("pk"))
    return facts.exclude(Exists(noted)).order_by("pk").values_list("pk", flat=True)


def _ready(source: str, now: dt.datetime, since: dt.datetime | None) -> QuerySet[Any]:
    facts: QuerySet[Any]
    if source == FactSource.STUDY:
        facts, moment = StudyRecord.objects.all(), "completed_at"
    elif source == FactSource.EXAM:
        facts, moment = AttemptMark.objects.filter(attempt__state=AttemptState.GRADED), "marked_at"
    else:
        # A film still open has not been told to its end.
        over = PlaySession.objects.filter(closed_at__isnull=False) | PlaySession.objects.filter(
            last_beat_at__lt=now - SESSION_ENDS
        )
        facts, moment = over.filter(progress__lesson__film__isnull=False), "opened_at"
    return facts.filter(**{f"{moment}__gte": since}) if since else facts


def told(source: str, ids: Iterable[int]) -> list[Told]:
    """Return facts with their statements. Two or three statements, whatever the number of facts."""
    ids = list(ids)
    if source == FactSource.STUDY:
        return _studies(ids)
    return _exams(ids) if source == FactSource.EXAM else _films(ids)


def actor_of(person: Employee) -> Actor:
    """Return how a person is named to the other system: by employee number, or by a pseudonym of this site."""
    if settings.XAPI_ACTOR == "pseudonym":
        return Actor(settings.PUBLIC_BASE_URL, pseudonym_of(person))
    return Actor(settings.PUBLIC_BASE_URL, person.employee_no)


def pseudonym_of(person: Employee) -> str:
    """Return the name that stands for a person and can be traced back by this site alone."""
    return keyed_digest(PSEUDONYM, str(person.pk))[:32]


def _address(kind: str, pk: int) -> str:
    # Stands for the thing and need not be opened: a page may move, its number does not.
    return f"{settings.PUBLIC_BASE_URL}/xapi/activities/{kind}/{pk}"


def _key(source: str, pk: int) -> str:
    return f"{settings.PUBLIC_BASE_URL}/{source}/{pk}"


def _studies(ids: list[int]) -> list[Told]:
    records = StudyRecord.objects.filter(pk__in=ids).select_related("employee", "lesson__film").order_by("pk")
    progress = {
        (one.employee_id, one.lesson_id, one.content_sha256): one
        for one in StudyProgress.objects.filter(
            employee__in=records.values("employee"), lesson__in=records.values("lesson")
        )
    }
    found = []
    for record in records:
        film = record.lesson.film if record.film_sha256 else None
        kept = progress.get((record.employee_id, record.lesson_id, record.content_sha256))
        fact = StudyFact(
            key=_key(FactSource.STUDY, record.pk),
            actor=actor_of(record.employee),
            lesson=_address("lessons", record.lesson_id),
            title=record.lesson_title,
            spent_s=record.watched_s + record.read_s,
            completed_at=record.completed_at,
            film=_address("films", film.pk) if film else "",
            film_title=film.title if film else "",
            film_s=film.duration if film else 0.0,
            watched=intervals_of(kept.watched) if kept else (),
        )
        found.append(Told(FactSource.STUDY, record.pk, study_statements(fact)))
    return found


def _films(ids: list[int]) -> list[Told]:
    beats = StudyBeat.objects.filter(part=FILM, visible=True, verdict__in=PLAYED).order_by("seq")
    sessions = (
        PlaySession.objects.filter(pk__in=ids)
        .select_related("employee", "progress__lesson__film")
        .prefetch_related(Prefetch("beats", queryset=beats))
        .order_by("pk")
    )
    found = []
    for session in sessions:
        film = session.progress.lesson.film
        statements: list[dict[str, Any]] = []
        if film is not None and session.beats.all():
            fact = FilmFact(
                key=_key(FactSource.FILM, session.pk),
                actor=actor_of(session.employee),
                film=_address("films", film.pk),
                title=film.title,
                film_s=film.duration,
                opened_at=session.opened_at,
                beats=[_played(one) for one in session.beats.all()],
            )
            statements = film_statements(fact)
        found.append(Told(FactSource.FILM, session.pk, statements))
    return found


def _played(beat: StudyBeat) -> FilmBeat:
    """Return what was played of a film: of a beat the clock did not pay for whole, only what it paid for."""
    is_whole = beat.verdict != Verdict.PARTLY
    to_s = beat.to_s if is_whole else min(beat.to_s, beat.from_s + beat.credited_s)
    return FilmBeat(beat.from_s, to_s, beat.arrived_at)


def _exams(ids: list[int]) -> list[Told]:
    marks = AttemptMark.objects.filter(pk__in=ids).select_related("attempt__exam", "attempt__employee")
    found = []
    for mark in marks.order_by("pk"):
        fact = ExamFact(
            key=_key(FactSource.EXAM, mark.pk),
            actor=actor_of(mark.attempt.employee),
            exam=_address("exams", mark.attempt.exam_id),
            title=mark.attempt.exam.title,
            score=float(mark.points),
            max_score=float(mark.max_points),
            is_passed=mark.passed,
            graded_at=mark.marked_at,
        )
        found.append(Told(FactSource.EXAM, mark.pk, exam_statements(fact)))
    return found
