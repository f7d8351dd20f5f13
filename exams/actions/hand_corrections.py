"""Correcting a mark a person gave that counts already: with a reason, seen beforehand, added and never rewritten."""

import datetime as dt
from collections.abc import Sequence
from fractions import Fraction

from django.db import transaction
from django.utils.translation import gettext as _

from exams.actions.marks import add_hand_mark, check_points, result_of
from exams.actions.regrade import Plan, change_of, consequences_of, differs
from exams.errors import BadHandMark
from exams.models import Attempt, AttemptMark, AttemptState, HandMark
from exams.permissions import require_marker
from exams.queries import latest_mark, marking_of
from people.models import User

MOST_REASON = 200


def plan_correction(
    *, attempt: Attempt, slot: int, per_point: Sequence[int], acting_user: User | None
) -> Plan:
    """Say what another mark for a slot would change and what would follow from it, and store nothing.

    Raises: PermissionDenied; BadHandMark as `correct_hand_mark` does.
    """
    require_marker(acting_user, attempt.employee_id)
    _checked(attempt, slot, per_point)
    result = result_of(attempt, {slot: Fraction(sum(per_point), 100)})
    mark = latest_mark(attempt)
    assert mark is not None  # _checked: the attempt is marked
    plan = Plan(checked=1)
    if differs(mark, result):
        plan.changes = [change_of(attempt, mark, result)]
        plan.consequences = consequences_of(plan.flips)
    return plan


@transaction.atomic
def correct_hand_mark(
    *,
    attempt_id: int,
    slot: int,
    per_point: Sequence[int],
    comment: str = "",
    reason: str,
    acting_user: User | None,
    now: dt.datetime,
) -> AttemptMark:
    """Give a slot of a marked attempt another mark, and mark the attempt again; the rooms above hear of it.

    `per_point` as in `marks.record_hand_mark`. The mark before stays as it was.
    Raises: PermissionDenied, also for one's own answers; BadHandMark without a reason, for shares that do not
    fit or are those that count, and for a slot or an attempt nobody has marked by hand yet.
    """
    attempt = Attempt.objects.select_for_update(no_key=True).defer("seed").get(pk=attempt_id)
    require_marker(acting_user, attempt.employee_id)
    if not reason.strip():
        raise BadHandMark(_("请写明更正的原因。"))
    last = _checked(attempt, slot, per_point)
    if list(last.per_point) == list(per_point) and last.comment == comment:
        raise BadHandMark(_("和现在的评分一样，没有更正。"))
    mark = add_hand_mark(
        attempt=attempt,
        slot=slot,
        fraction=Fraction(sum(per_point), 100),
        per_point=per_point,
        comment=comment,
        reason=reason.strip()[:MOST_REASON],
        acting_user=acting_user,
        now=now,
    )
    assert mark is not None  # _checked: nothing waits
    return mark


def _checked(attempt: Attempt, slot: int, per_point: Sequence[int]) -> HandMark:
    """Return the mark that counts for a slot, or raise BadHandMark."""
    if "printed" in attempt.paper:
        raise BadHandMark(_("这是纸质考试的成绩，请到“纸质考试登分”里更正。"))
    if attempt.state != AttemptState.GRADED:
        raise BadHandMark(_("这份答卷还没有评完，或者已经作废，不能更正评分。"))
    last = HandMark.objects.filter(attempt=attempt, slot=slot).order_by("-number").first()
    if last is None:
        raise BadHandMark(_("第 %(slot)s 题没有人工评分，不能更正。") % {"slot": slot})
    version_id = attempt.paper["slots"][slot - 1]["version_id"]
    check_points(per_point, marking_of([version_id])[0][version_id]["rubric"])
    return last
