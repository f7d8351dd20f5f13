"""Employment events make obligations, and end them.

What an event does to obligations that are already open:

- `left` cancels all of them, what is waived for a time included; `left_post` none (the person comes back to them).
- A new obligation for the same programme takes the place of an older open one: nobody owes a programme twice.
- A move cancels an open obligation whose rule names posts and not the new one. One under a general rule, or
  under a rule for a unit or a risk class, stays owed: moving early must not be a way out of training.
- An event whose day is still to come only creates: what it ends is ended when it is told again on its day, for
  until then the person stands where they stood.
- An event that corrects another keeps the cause of the event it corrects: what is still owed is dated anew,
  what is no longer owed is cancelled, what was done stays done. What the corrected event had cancelled stands
  again, unless the correction cancels it as well.
- What a case push made somebody owe ends when they leave; everything else about it is decided by
  `training.actions.push_joiners`.
- What standing and recurring rules ask for ends when the person leaves, and else by training.actions.recompute.
- An event of the past that says less than what happened since makes nothing owed: not what was bound to a post
  the person has left again, and nothing at all to somebody who has gone.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from common.rows import insert_rows
from notices.actions import NoticeDraft, send_notices
from people.models import Employee, EmploymentEvent, EventKind
from training import rules
from training.actions.clearance import CHUNK, in_chunks, refresh_clearance
from training.actions.completion import settle_courses
from training.actions.past_obligations import keep_past
from training.actions.waivers import UNFINISHED, waive_again
from training.models import Obligation, ObligationState
from training.queries.obligations import explain, task_path
from training.queries.rulebook import Rulebook, Standing, load_rulebook, standings_of

LEFT = "left"
SUPERSEDED = "superseded"
OTHER_POST = "other_post"
CORRECTED = "corrected"


class HasAccount(Protocol):
    """What a notice needs to know of a person."""

    @property
    def user_id(self) -> int | None:
        """Return the account, None for somebody without one."""


class Person(NamedTuple):
    """What the rules need to know of an employee."""

    pk: int
    user_id: int | None
    employment_type: str
    left_on: dt.date | None


@dataclass(frozen=True, slots=True)
class Applied:
    """How many obligations events brought and ended."""

    created: int = 0
    cancelled: int = 0

    def __add__(self, other: "Applied") -> "Applied":
        return Applied(self.created + other.created, self.cancelled + other.cancelled)


@dataclass(slots=True)
class _Changes:
    """What a set of events asks for at a moment, before it is written."""

    now: dt.datetime
    create: list[Obligation] = field(default_factory=list)
    redate: list[Obligation] = field(default_factory=list)
    # Of those to be redated the ones that then say otherwise about a day.
    rewritten: list[int] = field(default_factory=list)
    cancel: list[Obligation] = field(default_factory=list)
    reopen: list[int] = field(default_factory=list)

    def end(self, obligation: Obligation, event: EmploymentEvent, reason: str) -> None:
        """Note that an event cancels an obligation."""
        obligation.state = ObligationState.CANCELLED
        obligation.closed_at = self.now
        obligation.close_reason = _reason_text(reason)
        obligation.waived_before = None
        obligation.ended_by = event
        self.cancel.append(obligation)


def apply_employment_event(*, event_id: UUID, now: dt.datetime, book: Rulebook | None = None) -> Applied:
    """Create and cancel what one employment event asks for. See `apply_employment_events`."""
    return apply_employment_events(event_ids=[event_id], now=now, book=book)


def apply_employment_events(
    *, event_ids: Iterable[UUID], now: dt.datetime, book: Rulebook | None = None
) -> Applied:
    """Create and cancel the obligations these employment events ask for, and refresh clearance.

    Applying an event twice does nothing the second time. `book` spares reading the rules again. The number of
    statements grows with the number of chunks of a thousand, not with the number of people. Locks: the employees'
    rows, ascending.
    """
    with transaction.atomic():
        events = _load(event_ids)
        book = book or load_rulebook()
        chains = _chains(events)
        applied = Applied()
        for wave in _waves(events):
            for start in range(0, len(wave), CHUNK):
                applied += _apply(wave[start : start + CHUNK], chains, book, now)
        refresh_clearance(employee_ids={event.employee_id for event in events}, now=now)
    return applied


def _load(event_ids: Iterable[UUID]) -> list[EmploymentEvent]:
    ids = list(dict.fromkeys(event_ids))
    events: list[EmploymentEvent] = []
    for start in range(0, len(ids), CHUNK):
        events += EmploymentEvent.objects.filter(pk__in=ids[start : start + CHUNK])
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


def _chains(events: Iterable[EmploymentEvent]) -> dict[UUID, list[UUID]]:
    """Return for each event itself and the events it corrects one after another, the first one last."""
    roots = [event.pk for event in events]
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
    chains = {}
    for pk in roots:
        chain = [pk]
        while chain[-1] in parents:
            chain.append(parents[chain[-1]])
        chains[pk] = chain
    return chains


def _apply(
    events: Sequence[EmploymentEvent], chains: dict[UUID, list[UUID]], book: Rulebook, now: dt.datetime
) -> Applied:
    """Apply events of different people."""
    # Plain values: a list of new people is a hundred thousand of them.
    locked = Employee.objects.select_for_update().filter(pk__in=[event.employee_id for event in events])
    rows = locked.order_by("pk").values_list("pk", "user_id", "employment_type", "left_on")
    employees = {row[0]: Person(*row) for row in rows}
    known: dict[int, list[Obligation]] = defaultdict(list)
    for obligation in Obligation.objects.filter(employee__in=employees).select_related("event"):
        known[obligation.employee_id].append(obligation)
    stays = standings_of(employees)
    changes, today = _Changes(now=now), timezone.localdate(now)
    with translation.override(settings.LANGUAGE_CODE):
        for event in events:
            case = _Case(
                event,
                chains[event.pk],
                employees[event.employee_id],
                known[event.employee_id],
                stays[event.employee_id],
                today,
            )
            _plan(case, book, changes)
        return _write(changes, employees)


@dataclass(frozen=True, slots=True)
class _Case:
    """An event with everything its consequences depend on; `chain` is from `_chains`."""

    event: EmploymentEvent
    chain: list[UUID]
    employee: Person
    known: list[Obligation]
    stays: list[Standing]
    today: dt.date

    @property
    def cause(self) -> str:
        return f"event:{self.chain[-1]}"


def _plan(case: _Case, book: Rulebook, changes: _Changes) -> None:
    """Note what one event asks for, given everything its person owes or owed."""
    event, cause = case.event, case.cause
    facts = book.event_facts(event, case.employee.employment_type, cause, case.stays)
    specs = {
        spec.programme_id: spec
        for spec in rules.obligations_for(facts, book.rules)
        if not _is_past(case, book.facts[spec.rule_id])
    }
    same_cause = {item.programme_id: item for item in case.known if item.cause == cause}
    reopened = {item.pk for item in case.known if event.corrects_id and item.ended_by_id in case.chain}
    for spec in specs.values():
        if spec.programme_id not in same_cause:
            changes.create.append(
                Obligation(
                    employee_id=case.employee.pk,
                    programme=book.programmes[spec.programme_id],
                    rule=book.models[spec.rule_id],
                    event=event,
                    cause=cause,
                    before_work=spec.before_work,
                    blocks_overdue=spec.blocks_overdue,
                    owed_from=spec.owed_from,
                    due_on=spec.due_on,
                    created_at=changes.now,
                )
            )
    if event.effective_on <= case.today and not event.is_withdrawn:
        earlier = [
            item
            for item in case.known
            if (item.state in UNFINISHED or item.pk in reopened)
            and item.cause != cause
            and _came_before(item, event)
        ]
        asked_for = {
            pk for pk in specs if pk not in same_cause or same_cause[pk].state != ObligationState.CANCELLED
        }
        for item in earlier:
            reason = _ending(item, event, asked_for, book, facts)
            if reason and item.pk in reopened:
                reopened.discard(item.pk)
            elif reason:
                changes.end(item, event, reason)
    if event.corrects_id:
        _plan_correction(event, specs, same_cause, reopened, book, changes)
    changes.reopen += reopened


def _ending(
    item: Obligation, event: EmploymentEvent, asked_for: set[int], book: Rulebook, facts: rules.EventFacts
) -> str:
    """Return why an event ends an older obligation, empty if it does not."""
    if event.kind == EventKind.LEFT:
        return LEFT
    if item.rule_id is None or not item.cause.startswith("event:"):
        # Of a case push: training.actions.push_joiners looks after these. What is owed without an event is
        # looked after by training.actions.recompute, and no move leads out of what a violation asks for.
        return ""
    if item.programme_id in asked_for:
        return SUPERSEDED
    if event.to_post_id and rules.is_bound_to_other_post(book.facts[item.rule_id], facts):
        return OTHER_POST
    return ""


def _is_past(case: _Case, rule: rules.RuleFacts) -> bool:
    """Tell whether what a rule asks for after an event has no object any more, by what is known since."""
    day, left_on = case.event.effective_on, case.employee.left_on
    if left_on is not None and day <= left_on <= case.today:
        return True
    later = [stay for stay in case.stays if day < stay.starts_on]
    held = {stay.post_id for stay in case.stays if stay.ends_before is None or stay.ends_before > case.today}
    return bool(later and rule.post_ids and not rule.post_ids & held)


def _plan_correction(
    event: EmploymentEvent,
    specs: dict[int, rules.ObligationSpec],
    same_cause: dict[int, Obligation],
    reopened: set[int],
    book: Rulebook,
    changes: _Changes,
) -> None:
    for programme_id, obligation in same_cause.items():
        spec = specs.get(programme_id)
        if obligation.pk in reopened:
            if spec is None:
                reopened.discard(obligation.pk)
                continue
        elif obligation.state not in UNFINISHED:
            continue
        if not _came_before(obligation, event, by_record=True):
            continue
        if spec is None:
            changes.end(obligation, event, CORRECTED)
            continue
        said = (spec.owed_from, spec.due_on, spec.before_work, spec.blocks_overdue)
        if said != (
            obligation.owed_from,
            obligation.due_on,
            obligation.before_work,
            obligation.blocks_overdue,
        ):
            changes.rewritten.append(obligation.pk)
        obligation.rule = book.models[spec.rule_id]
        obligation.event = event
        obligation.owed_from = spec.owed_from
        obligation.due_on = spec.due_on
        obligation.before_work = spec.before_work
        obligation.blocks_overdue = spec.blocks_overdue
        changes.redate.append(obligation)


def _came_before(obligation: Obligation, event: EmploymentEvent, by_record: bool = False) -> bool:
    """Tell whether an obligation is older than an event, so that an event heard late ends nothing newer."""
    source = obligation.event
    if source is None:
        return obligation.owed_from <= event.effective_on
    if by_record:
        return source.recorded_at <= event.recorded_at
    return (source.effective_on, source.recorded_at) <= (event.effective_on, event.recorded_at)


def _write(changes: _Changes, employees: Mapping[int, Person]) -> Applied:
    keep_past(obligation_ids=[*changes.reopen, *changes.rewritten], now=changes.now)
    for chunk in in_chunks(changes.reopen):
        Obligation.objects.filter(pk__in=chunk, state=ObligationState.CANCELLED).update(
            state=ObligationState.OPEN, closed_at=None, close_reason="", ended_by=None
        )
        waive_again(obligation_ids=chunk, now=changes.now)
    cancelled = Obligation.objects.filter(state__in=UNFINISHED).bulk_update(
        changes.cancel,
        ["state", "closed_at", "close_reason", "ended_by", "waived_before"],
        batch_size=100,
    )
    if changes.redate:
        Obligation.objects.bulk_update(
            changes.redate,
            ["rule", "event", "owed_from", "due_on", "before_work", "blocks_overdue"],
            batch_size=100,
        )
    created = changes.create
    insert_rows(created)
    send_notices(drafts=notices_of(created, employees), now=changes.now)
    settle_courses(obligations=created, now=changes.now)
    return Applied(created=len(created), cancelled=cancelled)


def _reason_text(reason: str) -> str:
    texts = {
        LEFT: _("已离职"),
        SUPERSEDED: _("由后来的同一培训任务取代"),
        OTHER_POST: _("已转岗，原岗位的专项培训不再适用"),
        CORRECTED: _("人事变动已更正，不再需要"),
    }
    return texts[reason]


def notices_of(created: Iterable[Obligation], employees: Mapping[int, HasAccount]) -> list[NoticeDraft]:
    """Return the notices of new obligations to those of their people who have an account."""
    # A list of new people owes the same for the same reason: each text is made once.
    texts: dict[tuple[object, ...], tuple[str, str]] = {}
    drafts: list[NoticeDraft] = []
    for obligation in created:
        user_id = employees[obligation.employee_id].user_id
        if user_id is None:
            continue
        kind = obligation.event.kind if obligation.event else ""
        alike = (obligation.rule_id, kind, obligation.owed_from, obligation.due_on, obligation.before_work)
        if alike not in texts:
            title = _("新的培训任务：%(programme)s") % {"programme": obligation.programme.title}
            texts[alike] = (title[:120], explain(obligation))
        title, body = texts[alike]
        drafts.append(
            NoticeDraft(
                recipient_id=user_id,
                cause=f"obligation:{obligation.public_id}:created",
                title=title,
                body=body,
                link=task_path(obligation),
            )
        )
    return drafts
