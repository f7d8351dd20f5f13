"""Bringing what standing and recurring rules ask for in step with the facts of a day.

Recomputing a day twice does nothing the second time, and recomputing day after day gives what a replay of the same
days gives: every obligation is known by its cause, which holds the rule's code and the cycle and nothing of the
moment it was computed. What was done stays done whatever the rules say later. What is still open, or waived, and no
longer asked for (the person moved, the rule changed, the licence was renewed) is cancelled, and stands again if it is
asked for again. People who stand nowhere that day are left alone: leaving is an event, and who is away comes back.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from common.rows import insert_rows
from notices.actions import send_notices
from people.models import Employee, EmploymentStatus
from training.actions.clearance import CHUNK, in_chunks, refresh_clearance
from training.actions.completion import settle_courses
from training.actions.obligations import Applied, notices_of
from training.actions.past_obligations import keep_past
from training.actions.waivers import UNFINISHED, waive_again
from training.models import Obligation, ObligationState
from training.queries.person_facts import facts_of
from training.queries.rulebook import Rulebook, load_rulebook
from training.queries.standing import end_of
from training.recurring import PersonFacts, RecurringRules, days_of_cycle
from training.rules import ObligationSpec

# The causes this module looks after; training.recurring makes them.
CAUSES = Q(cause__startswith="standing:") | Q(cause__startswith="window:") | Q(cause__startswith="licence:")


@dataclass(slots=True)
class _Plan:
    """What a chunk of people lacks and has too much of."""

    create: list[Obligation] = field(default_factory=list)
    cancel: list[Obligation] = field(default_factory=list)
    redate: list[Obligation] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)


def recompute_obligations(
    *,
    now: dt.datetime,
    on: dt.date | None = None,
    employee_ids: Iterable[int] | None = None,
    book: Rulebook | None = None,
    report: Callable[[int, int], None] | None = None,
) -> Applied:
    """Create, cancel and revive what standing and recurring rules ask of people on a day (default: today).

    A day to come is refused. Each chunk of a thousand people is a transaction of its own; the statements grow with
    the chunks. Locks: the employees' rows, ascending. `book` spares reading the rules again. `report` is told how
    many people of how many are done. Nothing is read where no such rule was ever written.
    Raises ValueError for a day to come.
    """
    on = on or timezone.localdate(now)
    if on > timezone.localdate(now):
        raise ValueError(f"{on} is still to come")
    book = book or load_rulebook()
    rules = RecurringRules(book.rules)
    applied = Applied()
    # By the rules, which are few and never deleted, and not by whether any task has such a cause: an import asks
    # with every piece, and a works has hundreds of thousands of tasks.
    if not book.recurs:
        return applied
    people = Employee.objects.exclude(status=EmploymentStatus.LEFT, left_on__lt=on)
    ids = sorted(people.values_list("pk", flat=True) if employee_ids is None else set(employee_ids))
    for start in range(0, len(ids), CHUNK):
        applied += _recompute(ids[start : start + CHUNK], book, rules, on, now)
        if report is not None:
            report(min(start + CHUNK, len(ids)), len(ids))
    return applied


def _recompute(
    ids: Collection[int], book: Rulebook, rules: RecurringRules, on: dt.date, now: dt.datetime
) -> Applied:
    # Reading first and without locks: on most days most people have exactly what they should.
    if not _planned(ids, book, rules, on, now).touched:
        return Applied()
    with transaction.atomic(), translation.override(settings.LANGUAGE_CODE):
        employees = {
            employee.pk: employee
            for employee in Employee.objects.select_for_update()
            .filter(pk__in=ids)
            .order_by("pk")
            .only("user_id")
        }
        plan = _planned(ids, book, rules, on, now)
        cancelled = 0
        for chunk in in_chunks([item.pk for item in plan.cancel]):
            cancelled += Obligation.objects.filter(pk__in=chunk, state__in=UNFINISHED).update(
                state=ObligationState.CANCELLED,
                closed_at=now,
                close_reason=_("按现行规则不再需要"),
                waived_before=None,
            )
        fields = ["rule", "before_work", "blocks_overdue", "state", "closed_at", "close_reason", "ended_by"]
        keep_past(obligation_ids=[item.pk for item in plan.redate], now=now)
        Obligation.objects.bulk_update(plan.redate, fields, batch_size=100)
        waive_again(obligation_ids=[item.pk for item in plan.redate], now=now)
        insert_rows(plan.create)
        send_notices(drafts=notices_of(plan.create, employees), now=now)
        settle_courses(obligations=plan.create, now=now)
        refresh_clearance(employee_ids=plan.touched, now=now)
    return Applied(created=len(plan.create), cancelled=cancelled)


def _planned(
    ids: Collection[int], book: Rulebook, rules: RecurringRules, on: dt.date, now: dt.datetime
) -> _Plan:
    plan = _Plan()
    facts = facts_of(ids, book, on)
    known = _known(facts, on)
    for employee_id, person in facts.items():
        _plan_person(employee_id, person, known[employee_id], book, rules, on, now, plan)
    return plan


def _known(facts: dict[int, PersonFacts], on: dt.date) -> dict[int, dict[tuple[int, str], Obligation]]:
    """Return the obligations of these causes that are open, or were closed no earlier than two years ago."""
    known: dict[int, dict[tuple[int, str], Obligation]] = defaultdict(dict)
    recent = Q(closed_at__isnull=True) | Q(closed_at__gte=end_of(on - dt.timedelta(days=731)))
    for item in Obligation.objects.filter(CAUSES, employee_id__in=facts).filter(
        recent | Q(cause__startswith="standing:") | Q(cause__startswith="licence:")
    ):
        known[item.employee_id][item.programme_id, item.cause] = item
    return known


def _plan_person(
    employee_id: int,
    person: PersonFacts,
    known: dict[tuple[int, str], Obligation],
    book: Rulebook,
    rules: RecurringRules,
    on: dt.date,
    now: dt.datetime,
    plan: _Plan,
) -> None:
    specs = {(spec.programme_id, spec.cause): spec for spec in rules.owed_on(person, on)}
    for key, spec in specs.items():
        item = known.get(key)
        if item is None:
            plan.create.append(_obligation(employee_id, spec, book, now))
        elif item.state == ObligationState.CANCELLED or (
            item.state == ObligationState.OPEN and _differs(item, spec)
        ):
            item.state, item.closed_at, item.close_reason = ObligationState.OPEN, None, ""
            item.ended_by = None
            item.rule = book.models[spec.rule_id]
            item.before_work, item.blocks_overdue = spec.before_work, spec.blocks_overdue
            plan.redate.append(item)
        else:
            continue
        plan.touched.add(employee_id)
    for key, item in known.items():
        # A calendar window that is over stays owed until it is made up for; it is not asked for any more.
        if item.state in UNFINISHED and key not in specs and not _is_over(item, on):
            plan.cancel.append(item)
            plan.touched.add(employee_id)


def _differs(item: Obligation, spec: ObligationSpec) -> bool:
    return (item.rule_id, item.before_work, item.blocks_overdue) != (
        spec.rule_id,
        spec.before_work,
        spec.blocks_overdue,
    )


def _is_over(item: Obligation, on: dt.date) -> bool:
    window = days_of_cycle(item.cycle) if item.cause.startswith("window:") else None
    return window is not None and window[1] < on


def _obligation(employee_id: int, spec: ObligationSpec, book: Rulebook, now: dt.datetime) -> Obligation:
    return Obligation(
        employee_id=employee_id,
        programme=book.programmes[spec.programme_id],
        rule=book.models[spec.rule_id],
        cause=spec.cause,
        cycle=spec.cycle,
        before_work=spec.before_work,
        blocks_overdue=spec.blocks_overdue,
        owed_from=spec.owed_from,
        due_on=spec.due_on,
        created_at=now,
    )
