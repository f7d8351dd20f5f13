"""Adding marks to attempts. Marking itself is exams.marking, a pure function; here it is fed and stored."""

import datetime as dt

from django.db import transaction

from exams.errors import AttemptClosed, AttemptStillOpen
from exams.marking import UnknownToken, mark_paper
from exams.models import Attempt, AttemptMark, AttemptState
from exams.queries import keys_of, latest_mark, latest_steps
from exams.signals import AttemptGraded, attempt_graded

# What damaged data raises: a version without a key, a token that is not on the paper.
UNMARKABLE = (KeyError, UnknownToken)


@transaction.atomic
def mark_attempt(
    *, attempt_id: int, now: dt.datetime, reason: str = "", regrade: bool = False
) -> AttemptMark:
    """Mark a handed-in attempt and tell the rooms above; return the mark that counts.

    Called again it returns the mark there is, unless `regrade` asks for another one (with a `reason`). Marks
    are only added. Sends attempt_graded inside the transaction.
    Raises: AttemptStillOpen; AttemptClosed for a void attempt; KeyError or UnknownToken for damaged data.
    """
    attempt = Attempt.objects.select_for_update(no_key=True).defer("seed").get(pk=attempt_id)
    if attempt.state == AttemptState.OPEN:
        raise AttemptStillOpen
    if attempt.state == AttemptState.VOID:
        raise AttemptClosed
    # While it is only handed in there is no mark yet: the state changes with the first one.
    last = latest_mark(attempt) if attempt.state == AttemptState.GRADED else None
    if last is not None and not regrade:
        return last
    responses = {slot: response for slot, (_seq, response) in latest_steps(attempt.pk).items()}
    result = mark_paper(
        attempt.paper, responses, keys_of(slot["version_id"] for slot in attempt.paper["slots"])
    )
    mark = AttemptMark.objects.create(
        attempt=attempt,
        number=last.number + 1 if last else 1,
        points=result.points,
        max_points=result.max_points,
        score_pct=result.score_pct,
        passed=result.passed,
        missed_must_know=result.missed_must_know,
        per_slot=list(result.per_slot),
        reason=reason,
        marked_at=now,
    )
    if attempt.state != AttemptState.GRADED:
        attempt.state = AttemptState.GRADED
        attempt.save(update_fields=["state"])
    attempt_graded.send(
        sender=AttemptMark,
        event=AttemptGraded(
            attempt_id=attempt.pk,
            mark_id=mark.pk,
            employee_id=attempt.employee_id,
            exam_id=attempt.exam_id,
            purpose=attempt.purpose,
            passed=mark.passed,
            score_pct=mark.score_pct,
            submitted_at=attempt.submitted_at or attempt.deadline_at,
            marked_at=now,
        ),
    )
    return mark
