"""Keeping clearance up to date."""

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation

from common.rows import insert_values
from people.models import Employee, EmploymentStatus
from training.clearance import Reason
from training.models import ClearanceState, PastClearance
from training.queries.clearance import clearance_answers, reason_text
from training.shapes import ClearanceReason
from training.signals import ClearanceChanged, ClearanceShift, clearance_changed

CHUNK = 1000  # people per transaction and per statement
# What was said of a person, as ClearanceState and PastClearance both keep it.
_SAID = ("employee_id", "is_cleared", "reasons", "recheck_on", "since")


def in_chunks(ids: Iterable[int], size: int = CHUNK) -> Iterator[list[int]]:
    """Yield the distinct ids in ascending order, `size` at a time."""
    iterator = iter(sorted(set(ids)))
    while chunk := list(islice(iterator, size)):
        yield chunk


def refresh_clearance(*, employee_ids: Iterable[int], now: dt.datetime) -> None:
    """Recompute and store the clearance of these people.

    An answer that is replaced by a different one is kept as a PastClearance. The number of statements depends on
    the number of chunks, not of people. Locks: the employees' rows, always in ascending order and before anything
    else, so that an answer is never computed from half a change made beside it.
    """
    today = timezone.localdate(now)
    for chunk in in_chunks(employee_ids):
        with transaction.atomic(), translation.override(settings.LANGUAGE_CODE):
            # Plain values, here and below: a list of new people is 100,000 of them.
            locked = Employee.objects.select_for_update().filter(pk__in=chunk).order_by("pk")
            answers = clearance_answers(dict(locked.values_list("pk", "status")), today)
            before = {
                employee_id: said
                for employee_id, *said in ClearanceState.objects.filter(employee_id__in=chunk).values_list(
                    *_SAID
                )
            }
            texts: dict[tuple[str, str, dt.date | None], str] = {}
            told: list[tuple[Any, ...]] = []
            past: list[tuple[Any, ...]] = []
            shifts: list[ClearanceShift] = []
            for employee_id, answer in answers.items():
                reasons = [_stored(reason, texts) for reason in answer.reasons]
                since, was_cleared = now, None
                if was := before.get(employee_id):
                    was_cleared, old_reasons, _recheck_on, since = was
                    if not _say_the_same(old_reasons, reasons):
                        # A clock set back must not make a past that ends before it begins.
                        since = max(since, now)
                        past.append((employee_id, *was, since))
                if was_cleared != answer.is_cleared:
                    shifts.append(ClearanceShift(employee_id, was_cleared, answer.is_cleared))
                told.append((employee_id, answer.is_cleared, reasons, answer.recheck_on, since, now))
            insert_values(PastClearance, (*_SAID, "until"), past)
            insert_values(
                ClearanceState,
                (*_SAID, "computed_at"),
                told,
                unique=["employee"],
                update=[*_SAID[1:], "computed_at"],
            )
            if shifts:
                clearance_changed.send(sender=None, event=ClearanceChanged(tuple(shifts), now))


def _say_the_same(one: list[ClearanceReason], other: list[ClearanceReason]) -> bool:
    """Tell whether stored reasons differ in nothing but their sentences: other words are no other answer.

    Whoever has no reason is cleared, so that the reasons are the whole answer.
    """
    return one == other or [_facts(reason) for reason in one] == [_facts(reason) for reason in other]


def _facts(reason: ClearanceReason) -> dict[str, Any]:
    return {**reason, "text": ""}


def _stored(reason: Reason, texts: dict[tuple[str, str, dt.date | None], str]) -> ClearanceReason:
    """Return a reason as it is kept; `texts` keeps the sentences made, which many people share."""
    said = (str(reason.code), reason.subject, reason.day)
    if said not in texts:
        texts[said] = reason_text(*said)
    stored: ClearanceReason = {
        "code": str(reason.code),
        "text": texts[said],
        "basis": reason.basis,
        "subject": reason.subject,
        "day": reason.day.isoformat() if reason.day else None,
    }
    if reason.obligation_id:
        stored["obligation_id"] = reason.obligation_id
    if reason.licence_type:
        stored["licence_type"] = reason.licence_type
    return stored


def refresh_due(*, now: dt.datetime) -> int:
    """Recompute the clearance of everyone whose answer may have changed by itself; return how many.

    These are the people whose recheck day has come and those never computed.
    """
    today = timezone.localdate(now)
    return _refresh(
        Employee.objects.filter(Q(clearance__isnull=True) | Q(clearance__recheck_on__lte=today)).values_list(
            "pk", flat=True
        ),
        now,
    )


def refresh_all(*, now: dt.datetime) -> int:
    """Recompute the clearance of everyone who has not left; return how many.

    Run each night: a post's demands or a rule's basis can change without any event of the person's own.
    """
    return _refresh(Employee.objects.exclude(status=EmploymentStatus.LEFT).values_list("pk", flat=True), now)


def _refresh(employee_ids: Iterable[int], now: dt.datetime) -> int:
    ids = list(employee_ids)
    refresh_clearance(employee_ids=ids, now=now)
    return len(ids)
