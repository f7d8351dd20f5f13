"""Answers that came too late: kept as evidence of what was sent and when, never marked."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from exams.models import Attempt, LateAnswer
from exams.shapes import Step
from exams.types import type_of

MAX_SEQ = 1_000_000
MOST = 500  # of one attempt: evidence, no second store to fill


@transaction.atomic
def keep_late_answers(*, attempt: Attempt, steps: Sequence[Step], device: str, now: dt.datetime) -> int:
    """Keep steps that reached the server after the deadline; a repeated one is kept once. Returns how many were new.

    What does not fit the paper is no answer and is left out. Nothing here changes a mark.
    """
    slots = attempt.paper["slots"]
    fitting = [
        LateAnswer(
            attempt=attempt,
            slot=step["slot"],
            seq=step["seq"],
            response=step["response"],
            device=device,
            received_at=now,
        )
        for step in steps
        if 1 <= step["slot"] <= len(slots)
        and 1 <= step["seq"] <= MAX_SEQ
        and type_of(slots[step["slot"] - 1]["kind"]).accepts(
            step["response"], slots[step["slot"] - 1]["tokens"]
        )
    ]
    before = LateAnswer.objects.filter(attempt=attempt).count() if fitting else 0
    if not fitting or before + len(fitting) > MOST:
        return 0
    LateAnswer.objects.bulk_create(fitting, ignore_conflicts=True)
    return LateAnswer.objects.filter(attempt=attempt).count() - before
