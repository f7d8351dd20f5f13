"""Papers drawn before the bell, so that two thousand starts in a minute draw nothing.

A prepared paper is seen by nobody. At the start it is used only if it is still what would be drawn: the same
blueprint, and every question in use in the version drawn. Otherwise a new one is drawn then.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from django.db import transaction
from django.utils.translation import gettext as _

from exams.actions.papers import draw_paper, policy_of
from exams.actions.seats import refresh_purposes
from exams.actions.sittings import locked, note
from exams.drawing import new_seed
from exams.errors import SittingRefused
from exams.models import OVER, Exam, PaperSource, PreparedPaper, Question, Seat, SittingEventKind
from exams.queries import pool_of
from exams.shapes import Paper
from jobs.models import Job
from jobs.queue import enqueue
from people.models import User

TASK = "exams.tasks.prepare_sitting"
CHUNK = 100
Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Preparation:
    """What preparing a sitting came to: papers made now, made anew because they were outdated, and kept."""

    made: int
    remade: int
    kept: int


def mark_of(exam: Exam) -> str:
    """Return what names the state of an exam a paper was drawn by."""
    return f"{exam.bank_id}:{exam.revision}"


def queue_preparation(*, sitting_id: int, acting_user: User | None) -> Job:
    """Queue the job that prepares the papers of a sitting. Raises SittingRefused (`over`); PermissionDenied."""
    with transaction.atomic():
        sitting = locked(sitting_id, acting_user)
        if sitting.state in OVER:
            raise SittingRefused("over", _("这个场次已经结束，不用备卷。"))
        return enqueue(
            TASK,
            title=_("备卷：%(title)s") % {"title": sitting.title},
            params={"sitting_id": sitting.pk},
            requested_by=acting_user,
            total=sitting.seats.count(),
        )


def prepare_papers(
    *, sitting_id: int, acting_user: User | None, now: dt.datetime, progress: Told | None = None
) -> Preparation:
    """Draw a paper for every seat that has not begun, and remake those that are outdated. Again: keeps them all.

    A hundred at a time, so no lock is held for long; run again after a crash, it makes what is missing.
    Raises BlueprintNotFeasible; PermissionDenied.
    """
    with transaction.atomic():
        sitting = locked(sitting_id, acting_user)
        if sitting.state in OVER:
            return Preparation(0, 0, 0)
        refresh_purposes(sitting)
    exam = sitting.exam
    waiting = Seat.objects.filter(sitting=sitting, attempt=None)
    total = waiting.count()
    # A fixed paper and parallel forms keep the versions they were made of; whoever changes them counts the exam up.
    is_drawn = exam.paper_source == PaperSource.BLUEPRINT
    in_use = {item.version_id for item in pool_of(exam.bank_id)} if is_drawn else set()
    outdated = [
        prepared.pk
        for prepared in PreparedPaper.objects.filter(seat__in=waiting).iterator(CHUNK)
        if prepared.made_for != mark_of(exam) or (is_drawn and not _versions(prepared.paper) <= in_use)
    ]
    PreparedPaper.objects.filter(pk__in=outdated).delete()
    prepared_seats = PreparedPaper.objects.values("seat")
    missing = list(waiting.exclude(pk__in=prepared_seats).order_by("number").values_list("pk", flat=True))
    done = total - len(missing)
    for chunk in _chunks(missing):
        rows = []
        for seat_id in chunk:
            seed = new_seed()
            rows.append(
                PreparedPaper(
                    seat_id=seat_id,
                    paper=draw_paper(exam, seed),
                    seed=seed,
                    made_for=mark_of(exam),
                    made_at=now,
                )
            )
        # Another run, or a start, may have been quicker: the unique seat keeps one of them.
        PreparedPaper.objects.bulk_create(rows, ignore_conflicts=True)
        done += len(chunk)
        if progress:
            progress(done, total)
    made = len(missing) - len(outdated)
    if missing:
        with transaction.atomic():
            note(
                sitting,
                SittingEventKind.PREPARED,
                acting_user=acting_user,
                now=now,
                made=made,
                remade=len(outdated),
            )
    return Preparation(made, len(outdated), total - len(missing))


def _chunks(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def _versions(paper: Paper) -> set[int]:
    return {slot["version_id"] for slot in paper["slots"]}


def usable(prepared: PreparedPaper | None, exam: Exam) -> Paper | None:
    """Return the prepared paper if it is what would be drawn now, with the exam's rules of now (one statement)."""
    if prepared is None or prepared.made_for != mark_of(exam):
        return None
    if exam.paper_source != PaperSource.BLUEPRINT:
        return cast(Paper, {**prepared.paper, "policy": policy_of(exam)})
    versions = _versions(prepared.paper)
    in_use = Question.objects.filter(
        bank_id=exam.bank_id, current_version__in=versions, retired_at=None
    ).count()
    if in_use != len(versions):
        return None
    return cast(Paper, {**prepared.paper, "policy": policy_of(exam)})
