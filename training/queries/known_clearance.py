"""Clearance as gates and foremen were told it at a moment: the same answer for ever, whatever is corrected later.

Nothing is computed anew here. Each answer was stored when it was given, with the facts recorded by then, and kept
when another took its place (PastClearance); what was corrected or entered late since shows in the answers after it.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.db.models import F, Q
from django.utils.timezone import localdate

from training.models import ClearanceState, PastClearance
from training.queries.clearance import ReasonView, reason_views

CHUNK = 1_000  # ids in one statement: far below SQLite's limit of variables
_SAID = ("employee_id", "is_cleared", "reasons", "since", "recheck_on")


@dataclass(frozen=True, slots=True)
class ToldClearance:
    """What was told of a person from `since` up to, not including, `until` (None: still is).

    `stored` are the reasons as they were kept. `has_run_out`: at the moment asked for, the day had come on which the
    answer was to be computed anew, and the night's work was still to do; gates then computed an answer at each
    question, of which nothing is kept.
    """

    is_cleared: bool
    stored: list[dict[str, str]]  # training.shapes.ClearanceReason
    since: dt.datetime
    until: dt.datetime | None
    has_run_out: bool = False

    @property
    def reasons(self) -> tuple[ReasonView, ...]:
        """Return why not, in the language of the present reader."""
        return reason_views(self.stored)


def told_at(moment: dt.datetime) -> Q:
    """Return the condition that a past answer is the one that was told at a moment."""
    return Q(since__lte=moment, until__gt=moment)


def clearance_as_told(employee_ids: Iterable[int], moment: dt.datetime) -> dict[int, ToldClearance | None]:
    """Return what gates and foremen were told of people at a moment; None where there was no answer yet.

    An answer given at that very moment counts. Two queries per thousand people.
    """
    found: dict[int, ToldClearance | None] = dict.fromkeys(employee_ids)
    ids, on = list(found), localdate(moment)
    for start in range(0, len(ids), CHUNK):
        some = Q(employee_id__in=ids[start : start + CHUNK])
        rows: Iterable[tuple[Any, ...]] = chain(
            PastClearance.objects.filter(some, told_at(moment)).order_by().values_list(*_SAID, "until"),
            ((*row, None) for row in ClearanceState.objects.filter(some, since__lte=moment).values_list(*_SAID)),
        )  # fmt: skip
        for employee_id, is_cleared, reasons, since, recheck_on, until in rows:
            has_run_out = recheck_on is not None and recheck_on <= on
            found[employee_id] = ToldClearance(is_cleared, reasons, since, until, has_run_out)
    return found


def blocked_before(moment: dt.datetime) -> set[int]:
    """Return the ids of everybody whose answer right before a moment was that they may not work. One query."""
    past = PastClearance.objects.filter(is_cleared=False, since__lt=moment, until__gte=moment)
    present = ClearanceState.objects.filter(is_cleared=False, since__lt=moment)
    return set(
        present.order_by()
        .values_list("employee_id", flat=True)
        .union(past.order_by().values_list("employee_id", flat=True))
    )


def answers_of(employee_id: int, most: int | None = None) -> list[ToldClearance]:
    """Return what was told of a person, the present answer first; of the past ones at most `most`. Two queries.

    What another answer replaced within the same moment was told to nobody and is left out.
    """
    present = ClearanceState.objects.filter(employee_id=employee_id).values_list(*_SAID)
    told = PastClearance.objects.filter(employee_id=employee_id, until__gt=F("since"))
    past = told.order_by("-until", "-pk").values_list(*_SAID, "until")[:most]
    return [
        ToldClearance(is_cleared, reasons, since, until)
        for _pk, is_cleared, reasons, since, _recheck_on, until in chain(
            ((*row, None) for row in present), past
        )
    ]
