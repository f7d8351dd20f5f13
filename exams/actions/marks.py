"""Adding marks to attempts. Marking itself is exams.marking, a pure function; here it is fed and stored."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField
from django.utils.translation import gettext as _

from common.prepared import Prepared
from exams.errors import AttemptClosed, AttemptStillOpen, BadHandMark
from exams.marking import PaperMark, UnknownToken, mark_paper
from exams.models import (
    Attempt,
    AttemptMark,
    AttemptState,
    FinalMarkRule,
    HandMark,
    MarkingState,
    MarkingTask,
)
from exams.permissions import require_marker
from exams.queries import hand_marks_of, latest_mark, latest_steps, marking_of
from exams.signals import AttemptGraded, attempt_graded
from exams.types import type_of
from people.audit import record_audit
from people.models import User

# What damaged data raises: a version without a key, a token that is not on the paper.
UNMARKABLE = (KeyError, UnknownToken)


_locked = Prepared(
    lambda pk: Attempt.objects.select_for_update(no_key=True).defer("seed").filter(pk=pk),
    pk=BigIntegerField(),
)


def result_of(attempt: Attempt, tried: Mapping[int, Fraction] | None = None) -> PaperMark:
    """Return what marking an attempt comes to now; `tried` are shares of slots put in place of those given by hand.

    Nothing is stored. Raises KeyError or UnknownToken for damaged data.
    """
    slots = attempt.paper["slots"]
    responses = {slot: response for slot, (_seq, response) in latest_steps(attempt.pk).items()}
    keys, bodies = marking_of(slot["version_id"] for slot in slots)
    by_hand = any(type_of(slot["kind"]).by_hand for slot in slots)
    hand_marks = {**hand_marks_of(attempt.pk), **(tried or {})} if by_hand else {}
    return mark_paper(attempt.paper, responses, keys, bodies=bodies, hand_marks=hand_marks)


def pending_slots(attempt: Attempt) -> tuple[int, ...]:
    """Return the slots of a handed-in attempt that wait for a person."""
    return result_of(attempt).pending


@transaction.atomic
def record_hand_mark(
    *,
    attempt_id: int,
    slot: int,
    per_point: Sequence[int],
    comment: str = "",
    acting_user: User | None,
    now: dt.datetime,
) -> AttemptMark | None:
    """Store what a person gave for one slot, and mark the attempt once nothing waits any more.

    `per_point` gives each point of the rubric its share in percent of the slot, at most the rubric's. Given
    again, the newest counts; on a marked attempt that is a regrade. Returns the attempt's mark, or None while
    other slots wait.
    Raises: PermissionDenied; AttemptStillOpen; AttemptClosed for a void attempt; BadHandMark.
    """
    attempt = Attempt.objects.select_for_update(no_key=True).defer("seed").get(pk=attempt_id)
    require_marker(acting_user, attempt.employee_id)
    if attempt.state == AttemptState.OPEN:
        raise AttemptStillOpen
    if attempt.state == AttemptState.VOID:
        raise AttemptClosed
    slots = attempt.paper["slots"]
    if "printed" in attempt.paper:
        raise BadHandMark(_("这是纸质考试的成绩，请到“纸质考试登分”里更正。"))
    if not 1 <= slot <= len(slots) or not type_of(slots[slot - 1]["kind"]).by_hand:
        raise BadHandMark(_("第 %(slot)s 题不是人工评分的题。") % {"slot": slot})
    version_id = slots[slot - 1]["version_id"]
    check_points(per_point, marking_of([version_id])[0][version_id]["rubric"])
    task = MarkingTask.objects.filter(attempt=attempt, slot=slot).exclude(state=MarkingState.DONE)
    if task.filter(markers__gt=1).exists():
        raise BadHandMark(_("这道题由两人分别评分，请从阅卷队列里评。"))
    task.update(state=MarkingState.DONE, done_at=now)
    return add_hand_mark(
        attempt=attempt,
        slot=slot,
        fraction=Fraction(sum(per_point), 100),
        per_point=per_point,
        comment=comment,
        acting_user=acting_user,
        now=now,
    )


def add_hand_mark(
    *,
    attempt: Attempt,
    slot: int,
    fraction: Fraction,
    per_point: Sequence[float],
    comment: str,
    acting_user: User | None,
    now: dt.datetime,
    reason: str = "",
) -> AttemptMark | None:
    """Store what counts for a slot of a locked attempt and mark it; see `record_hand_mark`, which checks.

    `reason` says why a mark that counted is replaced.
    """
    last = HandMark.objects.filter(attempt=attempt, slot=slot).order_by("-number").first()
    HandMark.objects.create(
        attempt=attempt,
        slot=slot,
        number=last.number + 1 if last else 1,
        fraction=Decimal(fraction.numerator) / fraction.denominator,
        per_point=list(per_point),
        comment=comment,
        marked_by=acting_user,
        marked_at=now,
    )
    told = {"slot": slot, "reason": reason} if reason else {"slot": slot}
    record_audit(attempt, "exams.attempt.hand_mark", acting_user, told)
    return mark_attempt(
        attempt_id=attempt.pk,
        now=now,
        reason=(reason or _("人工评分")) if attempt.state == AttemptState.GRADED else "",
        regrade=attempt.state == AttemptState.GRADED,
    )


def check_points(per_point: Sequence[int], rubric: Sequence[dict[str, Any]]) -> None:
    """Raise BadHandMark unless each point of the rubric got a share it can have."""
    if len(per_point) != len(rubric):
        raise BadHandMark(
            _("评分标准有 %(n)s 个得分点，给了 %(given)s 个分。")
            % {"n": len(rubric), "given": len(per_point)}
        )
    for place, (given, row) in enumerate(zip(per_point, rubric, strict=True), start=1):
        if not 0 <= given <= row["share"]:
            raise BadHandMark(
                _("第 %(place)s 个得分点最多 %(max)s%%，给了 %(given)s%%。")
                % {"place": place, "max": row["share"], "given": given}
            )


def _ask_for_marks(attempt: Attempt, slots: Sequence[int], now: dt.datetime) -> None:
    """Put the answers of these slots into the marking queue, those that are there already left alone."""
    policy = attempt.paper["policy"]
    MarkingTask.objects.bulk_create(
        [
            MarkingTask(
                attempt=attempt,
                slot=slot,
                version_id=attempt.paper["slots"][slot - 1]["version_id"],
                markers=policy.get("markers", 1),
                most_apart_pct=policy.get("most_apart_pct", 20),
                final_mark_rule=policy.get("final_mark_rule", FinalMarkRule.MEAN),
                created_at=now,
            )
            for slot in slots
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def mark_attempt(
    *, attempt_id: int, now: dt.datetime, reason: str = "", regrade: bool = False
) -> AttemptMark | None:
    """Mark a handed-in attempt and tell the rooms above; return the mark that counts.

    While a slot waits for a person there is no mark: the attempt's state says so, and None is returned.
    Called again it returns the mark there is, unless `regrade` asks for another one (with a `reason`). Marks
    are only added. Sends attempt_graded inside the transaction.
    Raises: AttemptStillOpen; AttemptClosed for a void attempt; KeyError or UnknownToken for damaged data.
    """
    attempt = _locked.first(pk=attempt_id)
    if attempt is None:
        raise Attempt.DoesNotExist
    if attempt.state == AttemptState.OPEN:
        raise AttemptStillOpen
    if attempt.state == AttemptState.VOID:
        raise AttemptClosed
    # While it is only handed in there is no mark yet: the state changes with the first one.
    last = latest_mark(attempt) if attempt.state == AttemptState.GRADED else None
    if last is not None and not regrade:
        return last
    result = result_of(attempt)
    if result.pending:
        _ask_for_marks(attempt, result.pending, now)
        if attempt.state != AttemptState.MARKING:
            attempt.state = AttemptState.MARKING
            attempt.save(update_fields=["state"])
        return None
    mark = add_mark(attempt, result, number=last.number + 1 if last else 1, reason=reason, now=now)
    mark.save(force_insert=True)
    if attempt.state != AttemptState.GRADED:
        attempt.state = AttemptState.GRADED
        attempt.save(update_fields=["state"])
    announce(attempt, mark)
    return mark


def add_mark(
    attempt: Attempt, result: PaperMark, *, number: int, reason: str, now: dt.datetime
) -> AttemptMark:
    """Return a mark with this result, not stored yet."""
    return AttemptMark(
        attempt=attempt,
        number=number,
        points=result.points,
        max_points=result.max_points,
        score_pct=result.score_pct,
        passed=result.passed,
        missed_must_know=result.missed_must_know,
        per_slot=list(result.per_slot),
        reason=reason,
        marked_at=now,
    )


def announce(attempt: Attempt, mark: AttemptMark) -> None:
    """Tell the rooms above of a mark just stored. Call it inside the mark's transaction."""
    event = AttemptGraded(
        attempt_id=attempt.pk,
        mark_id=mark.pk,
        employee_id=attempt.employee_id,
        exam_id=attempt.exam_id,
        purpose=attempt.purpose,
        passed=mark.passed,
        score_pct=mark.score_pct,
        submitted_at=attempt.submitted_at or attempt.deadline_at,
        marked_at=mark.marked_at,
    )
    attempt_graded.send(sender=AttemptMark, event=event)
