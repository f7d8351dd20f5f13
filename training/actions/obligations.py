"""Employment events make obligations, and end them.

What an event does to obligations that are already open:

- `left` cancels all of them; `left_post` none (the person comes back to them).
- A new obligation for the same programme takes the place of an older open one: nobody owes a programme twice.
- A move cancels an open obligation whose rule names posts and not the new one. One under a general rule, or
  under a rule for a unit or a risk class, stays owed: moving early must not be a way out of training.
- An event that corrects another keeps the cause of the event it corrects: what is still owed is dated anew,
  what is no longer owed is cancelled, what was done stays done.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from notices.actions import NoticeDraft, send_notices
from people.models import Employee, EmploymentEvent, EventKind
from training import rules
from training.actions.clearance import CHUNK, in_chunks, refresh_clearance
from training.actions.completion import settle_courses
from training.models import Obligation, ObligationState
from training.queries.obligations import explain, task_path
from training.queries.rulebook import Rulebook, load_rulebook

LEFT = "left"
SUPERSEDED = "superseded"
OTHER_POST = "other_post"
CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class Applied:
    """How many obligations events brought and ended."""

    created: int = 0
    cancelled: int = 0

    def __add__(self, other: "Applied") -> "Applied":
        return Applied(self.created + other.created, self.cancelled + other.cancelled)


@dataclass(slots=True)
class _Changes:
    """What a set of events asks for, before it is written."""

    create: list[Obligation] = field(default_factory=list)
    redate: list[Obligation] = field(default_factory=list)
    cancel: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))


def apply_employment_event(*, event_id: UUID, now: dt.datetime) -> Applied:
    """Create and cancel what one employment event asks for. See `apply_employment_events`."""
    return apply_employment_events(event_ids=[event_id], now=now)


def apply_employment_events(*, event_ids: Iterable[UUID], now: dt.datetime) -> Applied:
    """Create and cancel the obligations these employment events ask for, and refresh clearance.

    Applying an event twice does nothing the second time. The number of statements grows with the number of
    chunks of a thousand, not with the number of people. Locks: the employees' rows, ascending.
    """
    with transaction.atomic():
        events = _load(event_ids)
        book = load_rulebook()
        causes = _causes(events)
        applied = Applied()
        for wave in _waves(events):
            for start in range(0, len(wave), CHUNK):
                applied += _apply(wave[start : start + CHUNK], causes, book, now)
        refresh_clearance(employee_ids={event.employee_id for event in events}, now=now)
    return applied


def _load(event_ids: Iterable[UUID]) -> list[EmploymentEvent]:
    ids = list(dict.fromkeys(event_ids))
    events: list[EmploymentEvent] = []
    for start in range(0, len(ids), CHUNK):
        events += EmploymentEvent.objects.filter(pk__in=ids[start : start + CHUNK]).select_related("to_post")
    return sorted(events, key=lambda event: (event.effective_on, event.recorded_at, event.pk))


def _waves(events: Sequence[EmploymentEvent]) -> list[list[EmploymentEvent]]:
    """Split events so that each wave holds at most one of a person, the earlier one in an earlier wave."""
    waves: list[list[EmploymentEvent]] = []
    seen: dict[int, int] = defaultdict(int)
    for event in events:
        index = seen[event.employee_id]
        seen[event.employee_id] += 1
        if index == len(waves):
            waves.append([])
        waves[index].append(event)
    return waves


def _causes(events: Iterable[EmploymentEvent]) -> dict[UUID, str]:
    """Return each event's cause: itself, or the first of the events it corrects one after another."""
    roots = {event.pk: event.pk for event in events}
    parents = {event.pk: event.corrects_id for event in events if event.corrects_id}
    frontier = {corrected for corrected in parents.values() if corrected not in parents}
    while frontier:
        found = dict(
            EmploymentEvent.objects.filter(pk__in=frontier, corrects__isnull=False).values_list(
                "pk", "corrects_id"
            )
        )
        parents |= found
        frontier = {corrected for corrected in found.values() if corrected not in parents}
    for pk in roots:
        root = pk
        while root in parents:
            root = parents[root]
        roots[pk] = root
    return {pk: f"event:{root}" for pk, root in roots.items()}


def _apply(
    events: Sequence[EmploymentEvent], causes: dict[UUID, str], book: Rulebook, now: dt.datetime
) -> Applied:
    """Apply events of different people."""
    employees = {
        employee.pk: employee
        for employee in Employee.objects.select_for_update()
        .filter(pk__in=[event.employee_id for event in events])
        .order_by("pk")
    }
    known: dict[int, list[Obligation]] = defaultdict(list)
    for obligation in Obligation.objects.filter(employee__in=employees).select_related("event"):
        known[obligation.employee_id].append(obligation)
    changes = _Changes()
    for event in events:
        _plan(
            event,
            causes[event.pk],
            employees[event.employee_id],
            known[event.employee_id],
            book,
            changes,
            now,
        )
    return _write(changes, employees, now)


def _plan(
    event: EmploymentEvent,
    cause: str,
    employee: Employee,
    known: Sequence[Obligation],
    book: Rulebook,
    changes: _Changes,
    now: dt.datetime,
) -> None:
    """Note what one event asks for, given everything its person owes or owed."""
    facts = book.event_facts(event, employee, cause)
    specs = {spec.programme_id: spec for spec in rules.obligations_for(facts, book.rules)}
    same_cause = {obligation.programme_id: obligation for obligation in known if obligation.cause == cause}
    earlier = [
        obligation
        for obligation in known
        if obligation.state == ObligationState.OPEN
        and obligation.cause != cause
        and _came_before(obligation, event)
    ]
    fresh = [spec for programme_id, spec in specs.items() if programme_id not in same_cause]
    for spec in fresh:
        changes.create.append(
            Obligation(
                employee=employee,
                programme=book.programmes[spec.programme_id],
                rule=book.models[spec.rule_id],
                event=event,
                cause=cause,
                before_work=spec.before_work,
                owed_from=spec.owed_from,
                due_on=spec.due_on,
                created_at=now,
            )
        )
    fresh_programmes = {spec.programme_id for spec in fresh}
    for obligation in earlier:
        if event.kind == EventKind.LEFT:
            changes.cancel[LEFT].append(obligation.pk)
        elif obligation.programme_id in fresh_programmes:
            changes.cancel[SUPERSEDED].append(obligation.pk)
        elif event.to_post_id and rules.is_bound_to_other_post(book.facts[obligation.rule_id], facts):
            changes.cancel[OTHER_POST].append(obligation.pk)
    if event.corrects_id:
        _plan_correction(event, specs, same_cause, book, changes)


def _plan_correction(
    event: EmploymentEvent,
    specs: dict[int, rules.ObligationSpec],
    same_cause: dict[int, Obligation],
    book: Rulebook,
    changes: _Changes,
) -> None:
    for programme_id, obligation in same_cause.items():
        if obligation.state != ObligationState.OPEN or not _came_before(obligation, event, by_record=True):
            continue
        spec = specs.get(programme_id)
        if spec is None:
            changes.cancel[CORRECTED].append(obligation.pk)
            continue
        obligation.rule = book.models[spec.rule_id]
        obligation.event = event
        obligation.owed_from = spec.owed_from
        obligation.due_on = spec.due_on
        obligation.before_work = spec.before_work
        changes.redate.append(obligation)


def _came_before(obligation: Obligation, event: EmploymentEvent, by_record: bool = False) -> bool:
    """Tell whether an obligation is older than an event, so that an event heard late ends nothing newer."""
    source = obligation.event
    if source is None:
        return obligation.owed_from <= event.effective_on
    if by_record:
        return source.recorded_at <= event.recorded_at
    return (source.effective_on, source.recorded_at) <= (event.effective_on, event.recorded_at)


def _write(changes: _Changes, employees: dict[int, Employee], now: dt.datetime) -> Applied:
    with translation.override(settings.LANGUAGE_CODE):
        cancelled = 0
        for reason, ids in changes.cancel.items():
            for chunk in in_chunks(ids):
                cancelled += Obligation.objects.filter(pk__in=chunk, state=ObligationState.OPEN).update(
                    state=ObligationState.CANCELLED, closed_at=now, close_reason=_reason_text(reason)
                )
        if changes.redate:
            Obligation.objects.bulk_update(
                changes.redate, ["rule", "event", "owed_from", "due_on", "before_work"], batch_size=100
            )
        created = Obligation.objects.bulk_create(changes.create)
        send_notices(drafts=_notices(created, employees), now=now)
    settle_courses(obligations=created, now=now)
    return Applied(created=len(created), cancelled=cancelled)


def _reason_text(reason: str) -> str:
    texts = {
        LEFT: _("已离职"),
        SUPERSEDED: _("由后来的同一培训任务取代"),
        OTHER_POST: _("已转岗，原岗位的专项培训不再适用"),
        CORRECTED: _("人事变动已更正，不再需要"),
    }
    return texts[reason]


def _notices(created: Iterable[Obligation], employees: dict[int, Employee]) -> list[NoticeDraft]:
    return [
        NoticeDraft(
            recipient_id=user_id,
            cause=f"obligation:{obligation.public_id}:created",
            title=(_("新的培训任务：%(programme)s") % {"programme": obligation.programme.title})[:120],
            body=explain(obligation),
            link=task_path(obligation),
        )
        for obligation in created
        if (user_id := employees[obligation.employee_id].user_id) is not None
    ]
