"""What an invigilator does to running attempts: more time, a pause, another device. Each leaves a fact with a reason.

The rows of the attempts change in the same transaction, so that every worker goes by the new deadline at once.
`within`, where it is given, are the attempts the caller has found to be in the user's reach (a sitting's); else
the people over whom the user invigilates are.
"""

import datetime as dt
from collections.abc import Callable, Collection

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from exams.errors import BadChange
from exams.models import OPEN_STATES, Attempt, AttemptChange, ChangeKind, Exam
from exams.queries import is_due
from exams.queries.running import running_for
from exams.shapes import Paper
from people.models import User
from people.permissions import Capability, allows

LONGEST_EXTENSION_S = 4 * 3600
# A pause nobody ends is closed with what was saved: nothing stays open for ever.
LONGEST_PAUSE = dt.timedelta(hours=24)
BATCH = 100
Change = Callable[[Attempt], AttemptChange | None]


def check_at(deadline_at: dt.datetime, paper: Paper) -> dt.datetime:
    """Return when an attempt with this deadline is closed: after the grace, and after what a busy server may need.

    An answer that reached the proxy in time may wait for a worker (settings.EXAM_ARRIVAL_GRACE_S).
    """
    return deadline_at + dt.timedelta(seconds=paper["policy"]["grace_s"] + settings.EXAM_ARRIVAL_GRACE_S)


def extend_attempts(
    *,
    exam: Exam,
    seconds: int,
    reason: str,
    acting_user: User | None,
    now: dt.datetime,
    attempt_ids: Collection[int] | None = None,
    within: QuerySet[Attempt] | None = None,
) -> int:
    """Give running attempts so many seconds more, all of an exam in reach unless `attempt_ids` names some.

    Returns how many were changed. What is closed meanwhile stays closed.
    Raises: PermissionDenied; BadChange without a reason, or for a time that is none or more than four hours.
    """
    if not 0 < seconds <= LONGEST_EXTENSION_S:
        raise BadChange(_("延时要在 1 分钟到 4 小时之间。"))
    more = dt.timedelta(seconds=seconds)

    def change(attempt: Attempt) -> AttemptChange | None:
        old = attempt.deadline_at
        attempt.deadline_at += more
        if attempt.paused_at is None and attempt.next_check_at is not None:
            attempt.next_check_at += more
        return _fact(attempt, ChangeKind.EXTENDED, old)

    return _change(exam, attempt_ids, reason, acting_user, now, change, within=within)


def pause_attempts(
    *,
    exam: Exam,
    reason: str,
    acting_user: User | None,
    now: dt.datetime,
    attempt_ids: Collection[int] | None = None,
    within: QuerySet[Attempt] | None = None,
) -> int:
    """Stop the clock of running attempts; until they go on, no answer is taken.

    Those paused already stay as they are. After 24 hours a pause ends with the attempt. Returns how many were changed.
    Raises: PermissionDenied; BadChange without a reason.
    """

    def change(attempt: Attempt) -> AttemptChange | None:
        # Within the grace there is no time left to stop.
        if attempt.paused_at is not None or now > attempt.deadline_at:
            return None
        attempt.paused_at = now
        attempt.next_check_at = now + LONGEST_PAUSE
        return _fact(attempt, ChangeKind.PAUSED, attempt.deadline_at)

    return _change(exam, attempt_ids, reason, acting_user, now, change, within=within)


def resume_attempts(
    *,
    exam: Exam,
    reason: str,
    acting_user: User | None,
    now: dt.datetime,
    attempt_ids: Collection[int] | None = None,
    within: QuerySet[Attempt] | None = None,
) -> int:
    """Let paused attempts go on with the time they had left. Returns how many were changed.

    Raises: PermissionDenied; BadChange without a reason.
    """

    def change(attempt: Attempt) -> AttemptChange | None:
        if attempt.paused_at is None:
            return None
        old = attempt.deadline_at
        attempt.deadline_at += now - attempt.paused_at
        attempt.paused_at = None
        attempt.next_check_at = check_at(attempt.deadline_at, attempt.paper)
        return _fact(attempt, ChangeKind.RESUMED, old)

    return _change(exam, attempt_ids, reason, acting_user, now, change, within=within, with_paper=True)


def release_devices(
    *,
    exam: Exam,
    reason: str,
    acting_user: User | None,
    now: dt.datetime,
    attempt_ids: Collection[int] | None = None,
    within: QuerySet[Attempt] | None = None,
) -> int:
    """Let running attempts go: the next device that opens or saves holds them. Returns how many were changed.

    Raises: PermissionDenied; BadChange without a reason.
    """

    def change(attempt: Attempt) -> AttemptChange | None:
        if not attempt.device:
            return None
        fact = _fact(attempt, ChangeKind.RELEASED, attempt.deadline_at, device=attempt.device)
        attempt.device = ""
        return fact

    return _change(exam, attempt_ids, reason, acting_user, now, change, within=within)


def _fact(attempt: Attempt, kind: ChangeKind, old: dt.datetime, *, device: str = "") -> AttemptChange:
    return AttemptChange(
        attempt_id=attempt.pk, kind=kind, old_deadline=old, new_deadline=attempt.deadline_at, device=device
    )


@transaction.atomic
def _change(
    exam: Exam,
    attempt_ids: Collection[int] | None,
    reason: str,
    acting_user: User | None,
    now: dt.datetime,
    change: Change,
    *,
    within: QuerySet[Attempt] | None,
    with_paper: bool = False,
) -> int:
    reason = reason.strip()
    if not reason:
        raise BadChange(_("请写明事由：它和操作一起留存。"))
    locked = _locked(exam, attempt_ids, acting_user, within, with_paper=with_paper)
    facts, changed = [], []
    for attempt in locked:
        if is_due(attempt, now):
            continue
        fact = change(attempt)
        if fact is None:
            continue
        fact.reason, fact.made_by, fact.made_at = reason[:200], acting_user, now
        facts.append(fact)
        changed.append(attempt)
    fields = ["deadline_at", "next_check_at", "paused_at", "device"]
    Attempt.objects.bulk_update(changed, fields, batch_size=BATCH)
    AttemptChange.objects.bulk_create(facts)
    return len(changed)


def _locked(
    exam: Exam,
    attempt_ids: Collection[int] | None,
    acting_user: User | None,
    within: QuerySet[Attempt] | None,
    *,
    with_paper: bool,
) -> list[Attempt]:
    """Lock the running attempts of an exam in a user's reach, in one order, so that two never wait for each other."""
    wanted = Attempt.objects.filter(exam=exam, state__in=OPEN_STATES)
    if attempt_ids is not None:
        wanted = wanted.filter(pk__in=attempt_ids)
    if within is not None:
        wanted = wanted.filter(pk__in=within.order_by().values("pk"))
    elif acting_user is not None:
        if not allows(acting_user, Capability.INVIGILATE):
            raise PermissionDenied(_("你没有监考的权限。需要时请联系系统管理员授予培训教员或考务员角色。"))
        wanted = wanted.filter(pk__in=running_for(acting_user, exam).order_by().values("pk"))
    hidden = ("seed",) if with_paper else ("seed", "paper")
    return list(wanted.select_for_update(of=("self",)).defer(*hidden).order_by("pk"))
