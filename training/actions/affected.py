"""Refresh what depends on a unit or a post that has changed: the clearance of the people there.

Up to a thousand people are done at once; more are left to a job, so that nobody waits on a page for a works of
twenty thousand. Either may run twice.
"""

import datetime as dt
from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from jobs.queue import enqueue
from people.models import Assignment, OrgUnit
from training.actions.clearance import CHUNK, refresh_clearance

TASK = "training.tasks.refresh_people"


def refresh_units(*, unit_ids: Sequence[int], now: dt.datetime) -> int:
    """Refresh the clearance of everyone in these units and below; return how many people that concerns."""
    below = Q(pk__in=())
    for path in OrgUnit.objects.filter(pk__in=unit_ids).values_list("path", flat=True):
        below |= Q(unit__path__startswith=path)
    return _refresh(Assignment.objects.filter(below), now, {"unit_ids": list(unit_ids)})


def refresh_post(*, post_id: int, now: dt.datetime) -> int:
    """Refresh the clearance of everyone in a post; return how many people that concerns."""
    return _refresh(Assignment.objects.filter(post_id=post_id), now, {"post_id": post_id})


def affected_people(stays: QuerySet[Assignment], on: dt.date) -> list[int]:
    """Return the ids of the people whose present or coming stays are among `stays`. One query."""
    lasting = stays.filter(Q(ends_before=None) | Q(ends_before__gt=on))
    return sorted(set(lasting.values_list("employee_id", flat=True)))


def _refresh(stays: QuerySet[Assignment], now: dt.datetime, params: dict[str, object]) -> int:
    ids = affected_people(stays, localdate(now))
    if len(ids) > CHUNK:
        enqueue(TASK, title=_("重新核定上岗资格"), params=params, total=len(ids))
    else:
        refresh_clearance(employee_ids=ids, now=now)
    return len(ids)
