"""The marking queue: take an answer in hand, give it marks, put it back. Markers know of no names."""

import datetime as dt
from collections.abc import Sequence
from itertools import islice

from django.db import transaction
from django.utils.translation import gettext as _

from exams.actions.marks import add_hand_mark, check_points
from exams.errors import BadHandMark
from exams.models import Attempt, AttemptState, GivenMark, MarkingClaim, MarkingState, MarkingTask
from exams.permissions import require_marker
from exams.queries import marking_of
from exams.queries.marking import claimable_tasks
from exams.settling import Given, Waiting, settle
from people.audit import record_audit
from people.models import User

CLAIM = dt.timedelta(minutes=30)
TRIED = 20  # answers tried for a claim before giving up: others took them a moment ago


@transaction.atomic
def claim_next(*, exam_id: int, version_id: int, acting_user: User, now: dt.datetime) -> MarkingTask | None:
    """Take the next answer to a question in hand for half an hour, or go on with the one in hand.

    Returns None when there is none left for this person: nobody gets an answer of their own, one they marked
    before, or one that enough others have in hand.
    """
    tasks = claimable_tasks(acting_user, now).filter(attempt__exam_id=exam_id, version_id=version_id)
    in_hand = tasks.filter(claims__claimed_by=acting_user, claims__expires_at__gt=now).first()
    if in_hand is not None:
        return in_hand
    ids = list(islice(tasks.values_list("pk", flat=True).iterator(), TRIED))
    for task_id in ids:
        task = MarkingTask.objects.select_for_update(skip_locked=True).filter(pk=task_id).first()
        if task is not None and _room_for(task, acting_user, now):
            MarkingClaim.objects.update_or_create(
                task=task, claimed_by=acting_user, defaults={"expires_at": now + CLAIM}
            )
            return task
    return None


def _room_for(task: MarkingTask, user: User | None, now: dt.datetime) -> bool:
    """Tell whether a locked task has room for one more person (two statements)."""
    if task.state == MarkingState.DONE:
        return False
    wanted = 1 if task.state == MarkingState.MODERATION else task.markers - task.given.count()
    others = task.claims.filter(expires_at__gt=now)
    if user is not None:
        others = others.exclude(claimed_by=user)
    return others.count() < wanted


@transaction.atomic
def put_back(*, task_id: int, acting_user: User) -> None:
    """Give up the claim on an answer; without one, nothing happens."""
    MarkingClaim.objects.filter(task_id=task_id, claimed_by=acting_user).delete()


@transaction.atomic
def give_mark(
    *,
    task_id: int,
    per_point: Sequence[int],
    comment: str = "",
    acting_user: User | None,
    now: dt.datetime,
) -> MarkingTask:
    """Store what one person gives for an answer; when that settles it, the attempt is marked as far as it can be.

    `per_point` as in `record_hand_mark`. The claim may have run out as long as nobody else took the answer.
    Given again by the same person nothing changes.
    Raises: MarkingTask.DoesNotExist; PermissionDenied; BadHandMark for shares that do not fit, for an answer
    that was settled meanwhile or is in somebody else's hand.
    """
    attempt_id = MarkingTask.objects.values_list("attempt_id", flat=True).get(pk=task_id)
    # First the attempt, then the task: the order of everybody who locks both.
    attempt = Attempt.objects.select_for_update(no_key=True).defer("seed").get(pk=attempt_id)
    task = MarkingTask.objects.select_for_update().get(pk=task_id)
    require_marker(acting_user, attempt.employee_id)
    given = list(task.given.order_by("place"))
    if acting_user is not None and any(mark.marked_by_id == acting_user.pk for mark in given):
        return task
    if task.state == MarkingState.DONE or attempt.state == AttemptState.VOID:
        raise BadHandMark(_("这份答案已经评完了。"))
    if not _room_for(task, acting_user, now):
        raise BadHandMark(_("你认领的时间过了，这份答案已由别人在评。"))
    check_points(per_point, marking_of([task.version_id])[0][task.version_id]["rubric"])
    given.append(
        GivenMark.objects.create(
            task=task,
            place=len(given) + 1,
            per_point=list(per_point),
            comment=comment,
            marked_by=acting_user,
            marked_at=now,
        )
    )
    if acting_user is not None:
        task.claims.filter(claimed_by=acting_user).delete()
    record_audit(attempt, "exams.attempt.given_mark", acting_user, {"slot": task.slot})
    _settle(task, attempt, given, acting_user, now)
    return task


def _settle(
    task: MarkingTask,
    attempt: Attempt,
    given: Sequence[GivenMark],
    acting_user: User | None,
    now: dt.datetime,
) -> None:
    found = settle(
        [Given(tuple(mark.per_point), mark.comment) for mark in given],
        markers=task.markers,
        most_apart_pct=task.most_apart_pct,
        rule=task.final_mark_rule,  # type: ignore[arg-type]
    )
    if isinstance(found, Waiting):
        if found.moderation:
            task.state = MarkingState.MODERATION
            task.save(update_fields=["state"])
        return
    task.state, task.done_at = MarkingState.DONE, now
    task.save(update_fields=["state", "done_at"])
    add_hand_mark(
        attempt=attempt,
        slot=task.slot,
        fraction=found.fraction,
        per_point=found.per_point,
        comment=found.comment[:500],
        acting_user=acting_user,
        now=now,
    )
