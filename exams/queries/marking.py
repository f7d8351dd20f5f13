"""What a marker sees: how much waits, and one answer at a time. Never whose it is.

Nothing returned here holds a name, a number, a unit, a device, an attempt's id or the time it was handed in.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from exams.models import (
    AnswerStep,
    Attempt,
    AttemptState,
    GivenMark,
    MarkingClaim,
    MarkingState,
    MarkingTask,
    QuestionMedia,
    QuestionVersion,
)
from exams.queries.bank import marking_of
from exams.queries.office import Reader
from people.permissions import Capability
from people.queries import employees_for


def _tasks_for(user: Reader) -> QuerySet[MarkingTask]:
    """Return the tasks of the people whose answers a user marks; one's own answers are not among them."""
    people = employees_for(user, Capability.MARK_ATTEMPTS).exclude(user_id=user.pk or 0).values("pk")
    states = [AttemptState.MARKING, AttemptState.GRADED]
    return MarkingTask.objects.filter(attempt__employee__in=people, attempt__state__in=states)


def claimable_tasks(user: Reader, now: dt.datetime) -> QuerySet[MarkingTask]:
    """Return the answers this person may take in hand now or has in hand, the longest waiting first."""
    mine = GivenMark.objects.filter(task=OuterRef("pk"), marked_by_id=user.pk)
    given = (
        GivenMark.objects.filter(task=OuterRef("pk"))
        .order_by()
        .values("task")
        .annotate(n=Count("pk"))
        .values("n")
    )
    claims = (
        MarkingClaim.objects.filter(task=OuterRef("pk"), expires_at__gt=now)
        .exclude(claimed_by_id=user.pk)
        .order_by()
        .values("task")
        .annotate(n=Count("pk"))
        .values("n")
    )
    taken = Coalesce(Subquery(claims), 0)
    return (
        _tasks_for(user)
        .exclude(state=MarkingState.DONE)
        .exclude(Exists(mine))
        .annotate(given_count=Coalesce(Subquery(given), 0), taken_count=taken)
        .filter(
            Q(state=MarkingState.MODERATION, taken_count=0)
            | Q(state=MarkingState.WAITING, taken_count__lt=F("markers") - F("given_count"))
        )
        .order_by("pk")
    )


@dataclass(frozen=True, slots=True)
class WaitingQuestion:
    """How far the marking of one question of one exam is. `open_to_me` is what this person could take."""

    exam_id: int
    exam: str
    version_id: int
    stem: str
    total: int
    done: int
    moderation: int
    open_to_me: int

    @property
    def done_pct(self) -> int:
        """Return the share that is settled, 0 to 100."""
        return self.done * 100 // self.total if self.total else 0


def waiting_questions(user: Reader, now: dt.datetime) -> list[WaitingQuestion]:
    """Return the questions with answers that are not all settled (two statements)."""
    groups = (
        _tasks_for(user)
        .order_by()
        .values("attempt__exam_id", "attempt__exam__title", "version_id", "version__stem")
        .annotate(
            total=Count("pk"),
            done=Count("pk", filter=Q(state=MarkingState.DONE)),
            moderation=Count("pk", filter=Q(state=MarkingState.MODERATION)),
        )
        .filter(total__gt=F("done"))
        .order_by("attempt__exam__title", "version_id")
    )
    mine: dict[tuple[int, int], int] = {}
    for exam_id, version_id in claimable_tasks(user, now).values_list("attempt__exam_id", "version_id"):
        mine[exam_id, version_id] = mine.get((exam_id, version_id), 0) + 1
    return [
        WaitingQuestion(
            exam_id=row["attempt__exam_id"],
            exam=row["attempt__exam__title"],
            version_id=row["version_id"],
            stem=row["version__stem"],
            total=row["total"],
            done=row["done"],
            moderation=row["moderation"],
            open_to_me=mine.get((row["attempt__exam_id"], row["version_id"]), 0),
        )
        for row in groups
    ]


def get_claimed_task(user: Reader, task_id: int, now: dt.datetime) -> MarkingTask:
    """Return an answer this person has in hand; raise MarkingTask.DoesNotExist for any other."""
    claim = MarkingClaim.objects.filter(task=OuterRef("pk"), claimed_by_id=user.pk, expires_at__gt=now)
    return (
        _tasks_for(user)
        .exclude(state=MarkingState.DONE)
        .filter(Exists(claim))
        .select_related("version__media", "attempt__exam")
        .get(pk=task_id)
    )


def get_task_for(user: Reader, task_id: int) -> MarkingTask:
    """Return an answer within this person's reach, in hand or not; raise MarkingTask.DoesNotExist for others."""
    return _tasks_for(user).select_related("attempt").get(pk=task_id)


@dataclass(frozen=True, slots=True)
class RubricPoint:
    """One point of the rubric: `share` is the most it earns, in percent of the question, `points` in points."""

    name: str
    text: str
    share: int
    points: str


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """An answer as a marker sees it, without whose it is. `earlier` are marks that wait for a decision."""

    task_id: int
    exam: str
    exam_id: int
    version_id: int
    stem: str
    media: QuestionMedia | None
    text: str
    model: str
    rubric: tuple[RubricPoint, ...]
    points: str
    moderation: bool
    earlier: tuple[dict[str, Any], ...]


def answer_for_marker(task: MarkingTask) -> ShownAnswer:
    """Return what the marker of a claimed task sees (three statements)."""
    moderation = task.state == MarkingState.MODERATION
    given = tuple(task.given.order_by("place")) if moderation else ()
    return _shown(task.attempt, task.slot, task.version, task_id=task.pk, moderation=moderation, given=given)


def answer_to_correct(attempt: Attempt, slot: int) -> ShownAnswer:
    """Return an answer that was marked by hand, as its marker saw it (three statements).

    Whoever asks must have been let to the attempt. Raises IndexError for a slot the paper does not have.
    """
    version_id = attempt.paper["slots"][slot - 1]["version_id"]
    version = QuestionVersion.objects.select_related("media").get(pk=version_id)
    return _shown(attempt, slot, version)


def _shown(
    attempt: Attempt,
    slot: int,
    version: QuestionVersion,
    *,
    task_id: int = 0,
    moderation: bool = False,
    given: Sequence[GivenMark] = (),
) -> ShownAnswer:
    key = marking_of([version.pk])[0][version.pk]
    step = AnswerStep.objects.filter(attempt=attempt, slot=slot).order_by("-seq").first()
    points = Decimal(attempt.paper["slots"][slot - 1]["points"])
    return ShownAnswer(
        task_id=task_id,
        exam=attempt.exam.title,
        exam_id=attempt.exam_id,
        version_id=version.pk,
        stem=version.stem,
        media=version.media,
        text="".join(step.response[:1]) if step else "",
        model=key["model"],
        rubric=tuple(
            RubricPoint(
                name=f"point_{place}",
                text=row["point"],
                share=row["share"],
                points=f"{(points * row['share'] / 100).normalize():f}",
            )
            for place, row in enumerate(key["rubric"])
        ),
        points=f"{points.normalize():f}",
        moderation=moderation,
        earlier=tuple(
            {
                "place": mark.place,
                "per_point": mark.per_point,
                "total": sum(mark.per_point),
                "comment": mark.comment,
            }
            for mark in given
        ),
    )
