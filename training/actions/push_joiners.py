"""Employment events and case pushes: who comes into a concerned post is taken in, who goes is let off.

Decided by where people stand on the day, not by the events themselves, so hearing an event late, twice or in
another order gives the same. An event whose day is still to come is told again on its day.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from people.models import Employee, EmploymentEvent, EmploymentStatus
from training.actions.clearance import CHUNK, in_chunks
from training.actions.pushes import take_in
from training.actions.waivers import UNFINISHED
from training.models import CasePush, Obligation, ObligationState
from training.pushing import PostFacts, concerned_posts
from training.queries.pushes import as_criteria, concerned_stays, post_facts
from training.queries.rulebook import standings_of

# Owed for a push. To be asked of the people of the events only: all others' tasks are hundreds of thousands.
OWED = Q(push__isnull=False, state__in=UNFINISHED)


def follow_employment(*, event_ids: Iterable[UUID], now: dt.datetime) -> int:
    """Bring the pushes in step with these events; return how many obligations were made or ended.

    Two statements a thousand events where no push is open and nobody owes one that was; otherwise they grow with
    the open pushes and the chunks of a thousand people, not with the people. Locks: the people's rows, ascending.
    """
    open_pushes = list(CasePush.objects.filter(end__isnull=True).select_related("programme").order_by("pk"))
    ids = list(dict.fromkeys(event_ids))
    told = EmploymentEvent.objects.order_by("effective_on", "recorded_at")
    if not open_pushes:
        # Nobody comes in, and there is nobody to let off but who still owes one that has ended.
        told = told.filter(Exists(Obligation.objects.filter(OWED, employee=OuterRef("employee"))))
    latest: dict[int, EmploymentEvent] = {}
    for start in range(0, len(ids), CHUNK):
        for event in told.filter(pk__in=ids[start : start + CHUNK]):
            latest[event.employee_id] = event
    if not latest:
        return 0
    posts, today, changed = post_facts(), timezone.localdate(now), 0
    for chunk in in_chunks(latest, CHUNK):
        events = {employee_id: latest[employee_id] for employee_id in chunk}
        with transaction.atomic():
            changed += _let_go(events, posts, now)
            for push in open_pushes:
                changed += _let_in(push, events, posts, today, now)
    return changed


def _let_in(
    push: CasePush,
    events: dict[int, EmploymentEvent],
    posts: Collection[PostFacts],
    today: dt.date,
    now: dt.datetime,
) -> int:
    stays = concerned_stays(as_criteria(push.criteria), posts, today)
    concerned = set(stays.filter(employee_id__in=events).values_list("employee_id", flat=True))
    if not concerned:
        return 0
    mine = {employee_id: event for employee_id, event in events.items() if employee_id in concerned}
    return len(take_in(push=push, employee_ids=concerned, events=mine, now=now))


def _let_go(events: dict[int, EmploymentEvent], posts: Collection[PostFacts], now: dt.datetime) -> int:
    """End what these people owe for pushes if they left, or stand in posts of which none is concerned.

    Who is away stands nowhere and still owes it on coming back. Moving to another unit, or other terms, is no way
    out; moving to a post the case does not concern is.
    """
    people = dict(
        Employee.objects.select_for_update().filter(pk__in=events).order_by("pk").values_list("pk", "status")
    )
    owed = list(Obligation.objects.filter(OWED, employee_id__in=people).select_related("push"))
    if not owed:
        return 0
    today = timezone.localdate(now)
    held: dict[int, set[int]] = defaultdict(set)
    for employee_id, stays in standings_of({item.employee_id for item in owed}).items():
        held[employee_id] = {stay.post_id for stay in stays if stay.covers(today)}
    by_push: dict[int, frozenset[int]] = {}
    ended: list[Obligation] = []
    with translation.override(settings.LANGUAGE_CODE):
        for item in owed:
            assert item.push is not None
            if item.push_id not in by_push:
                by_push[item.push.pk] = concerned_posts(as_criteria(item.push.criteria), posts)
            if people[item.employee_id] == EmploymentStatus.LEFT:
                item.close_reason = _("已离职")
            elif held[item.employee_id] and not held[item.employee_id] & by_push[item.push.pk]:
                item.close_reason = _("已转岗，新岗位与案例无关")
            else:
                continue
            item.state, item.closed_at, item.waived_before = ObligationState.CANCELLED, now, None
            item.ended_by = events[item.employee_id]
            ended.append(item)
    fields = ["state", "closed_at", "close_reason", "ended_by", "waived_before"]
    Obligation.objects.filter(state__in=UNFINISHED).bulk_update(ended, fields, batch_size=100)
    return len(ended)
