"""Asking the rooms above whether somebody studied again before a resit. Exams do not know what was to be learned."""

from collections.abc import Sequence
from typing import cast

from exams.models import Exam
from exams.queries.admission import Earlier
from exams.signals import Restudied, RestudyAsked, restudy_asked


def restudy_for(exam: Exam, employee_id: int, purpose: str, counted: Sequence[Earlier]) -> Restudied | None:
    """Return what a room above says of the study since the last attempt, or None if none has anything to say.

    Nothing is asked before the first attempt. `counted` are the attempts that count.
    """
    if not counted:
        return None
    since = max(attempt.ended_at for attempt in counted)
    asked = RestudyAsked(exam_id=exam.pk, employee_id=employee_id, purpose=purpose, since=since)
    replies = restudy_asked.send(sender=Exam, asked=asked)
    return next((cast(Restudied, reply) for _receiver, reply in replies if reply is not None), None)


def restudied(exam: Exam, employee_id: int, purpose: str, counted: Sequence[Earlier]) -> bool:
    """Tell whether a resit need not wait for study: it was done, or nobody knows of any."""
    reply = restudy_for(exam, employee_id, purpose, counted)
    return reply is None or not reply.missing
