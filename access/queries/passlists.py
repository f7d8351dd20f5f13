"""Who is cleared in a part of the tree, and until when."""

import datetime as dt
from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Q

from access.models import KeyBy
from access.passlists import badge_key, until_text
from people.models import Assignment, Employee, EmploymentStatus
from people.queries import Span, counts_under
from training.queries.clearance import clearance_answers

CHUNK = 1_000


def entries_of(paths: Sequence[str], key_by: str, on: dt.date) -> dict[str, str]:
    """Return who counts under these units today and is cleared, by number or badge, with the last good day.

    One query; six more for each thousand people whose answer has run out. Who has no badge is not in a list by
    badges.
    """
    if not paths:
        return {}
    stays = Assignment.objects.filter(
        Q(ends_before__isnull=True) | Q(ends_before__gt=on),
        counts_under(Span(subtrees=tuple(paths))),
        employee=OuterRef("pk"),
        starts_on__lte=on,
    )
    people = Employee.objects.filter(Exists(stays)).exclude(status=EmploymentStatus.LEFT)
    key = "employee_no"
    if key_by == KeyBy.BADGE:
        people = people.filter(badges__ended_at__isnull=True, badges__isnull=False)
        key = "badges__code_digest"
    entries: dict[str, str] = {}
    stale: dict[int, tuple[str, str]] = {}
    rows = people.order_by().values_list(
        "pk", key, "status", "clearance__is_cleared", "clearance__recheck_on"
    )
    for pk, found, status, is_cleared, recheck_on in rows.iterator(chunk_size=2_000):
        name = badge_key(found) if key_by == KeyBy.BADGE else found
        if is_cleared is None or (recheck_on is not None and recheck_on <= on):
            stale[pk] = (name, status)
        elif is_cleared:
            entries[name] = until_text(recheck_on)
    ids = sorted(stale)
    for start in range(0, len(ids), CHUNK):
        statuses = {pk: stale[pk][1] for pk in ids[start : start + CHUNK]}
        for pk, answer in clearance_answers(statuses, on).items():
            if answer.is_cleared:
                entries[stale[pk][0]] = until_text(answer.recheck_on)
    return entries
