"""The hours of people, from what the ledger, study proof and recognised training say; and who lacks some."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.models import Employee, User
from people.permissions import Capability
from people.queries import employees_for
from training.hours import Credit, Entry, Mode, Refusal, Requirement, credit
from training.models import (
    HELD_KINDS,
    Component,
    ComponentDone,
    ComponentKind,
    DispensationDecision,
    DispensationKind,
    Obligation,
    ObligationState,
    TrainingRecord,
)
from training.queries.counted_study import counted_before_classes
from training.queries.figures import load_figures
from training.queries.standing import due_at, end_of, in_force, owed_from_at, stood, waived_on
from training.queries.study_times import STUDY, with_study_times
from training.recurring import days_of_cycle

_TICK = dt.timedelta(microseconds=1)  # from a moment to the last one before it
_STUDY = (ComponentKind.COURSE, ComponentKind.LESSON)


@dataclass(frozen=True, slots=True)
class Ring:
    """How far somebody is with the hours of one obligation."""

    obligation: Obligation
    component: Component
    required: Decimal
    credit: Credit
    is_settled: bool = False

    @property
    def missing(self) -> Decimal:
        """Return the 学时 still to be gathered."""
        return max(self.required - self.credit.hours, Decimal(0))

    @property
    def refused(self) -> list[tuple[Entry, Decimal, str]]:
        """Return what was not credited: the entry, its hours and why."""
        return [(item.entry, item.hours, str(_WHY_REFUSED[item.why])) for item in self.credit.refused]

    @property
    def percent(self) -> int:
        """Return how full the ring is, 0 to 100."""
        return min(int(self.credit.hours * 100 / self.required), 100) if self.required else 100


def entries_of(
    employee_ids: Collection[int], since: dt.date, until: dt.date, known_at: dt.datetime | None = None
) -> dict[int, list[Entry]]:
    """Return the hours of people that ended within two days, both included. Three to five queries for any number.

    With `known_at` it is what was recorded before that moment: later rows, and later corrections, do not exist yet.
    """
    begin, end = end_of(since - dt.timedelta(days=1)), end_of(until)
    found: dict[int, list[Entry]] = defaultdict(list)
    held = TrainingRecord.objects.filter(
        _as_it_stands(known_at),
        employee_id__in=employee_ids,
        component__kind__in=HELD_KINDS,
        passed=True,
        completed_at__gte=begin,
        completed_at__lt=end,
    ).select_related("programme", "component", "corrects__corrects")
    for record in held.defer("payload", "corrects__payload", "corrects__corrects__payload"):
        assert record.programme is not None
        assert record.component is not None
        found[record.employee_id].append(
            Entry(
                key=f"record:{record.pk}",
                mode=Mode.HELD,
                title=record.title,
                programme_kind=record.programme.kind,
                hours=record.hours,
                started_at=timezone.localtime(record.started_at),
                ended_at=timezone.localtime(record.completed_at),
                is_drill=record.component.kind == ComponentKind.DRILL,
                recorded_at=_entered_at(record),
            )
        )
    studied = ComponentDone.objects.filter(
        obligation__employee_id__in=employee_ids,
        component__kind__in=_STUDY,
        component__hours__gt=0,
        done_at__gte=begin,
        done_at__lt=min(end, known_at) if known_at else end,
    ).select_related("component__programme", "obligation")
    for done in studied:
        at = timezone.localtime(done.done_at)
        found[done.obligation.employee_id].append(
            Entry(
                key=STUDY + "+".join(str(pk) for pk in sorted(done.evidence["study_record_ids"])),
                mode=Mode.ONLINE,
                title=done.component.title,
                programme_kind=done.component.programme.kind,
                hours=done.component.hours,
                # Study is proved lesson by lesson over days: it may use the ceiling of each since it was owed.
                started_at=min(
                    at, timezone.localtime(end_of(done.obligation.owed_from - dt.timedelta(days=1)))
                ),
                ended_at=at,
            )
        )
    recognised = DispensationDecision.objects.filter(
        Q(decided_at__lt=known_at) if known_at else Q(),
        is_approved=True,
        dispensation__kind=DispensationKind.RECOGNITION,
        dispensation__obligation__employee_id__in=employee_ids,
        dispensation__held_on__gte=since,
        dispensation__held_on__lte=until,
        dispensation__hours__gt=0,
    ).select_related("dispensation__component__programme", "dispensation__obligation")
    for decision in recognised:
        request = decision.dispensation
        assert request.component is not None
        assert request.held_on is not None
        day = timezone.localtime(end_of(request.held_on - dt.timedelta(days=1)))
        found[request.obligation.employee_id].append(
            Entry(
                key=f"recognised:{request.pk}",
                mode=Mode.RECOGNISED,
                title=request.component.title,
                programme_kind=request.component.programme.kind,
                hours=request.hours,
                started_at=day,
                ended_at=day,
            )
        )
    return with_study_times(found)


def _entered_at(record: TrainingRecord) -> dt.datetime:
    """Return when a class was entered with the times it has: a correction of anything else leaves that as it was."""
    entered_at = record.recorded_at
    times, older = (record.started_at, record.completed_at), record.corrects
    while older is not None and (older.started_at, older.completed_at) == times:
        entered_at, older = older.recorded_at, older.corrects
    return entered_at


def _as_it_stands(known_at: dt.datetime | None) -> Q:
    """Return the condition for ledger rows that nothing corrects, now or as was known at a moment."""
    if known_at is None:
        return Q(corrected_by__isnull=True)
    uncorrected = Q(corrected_by__isnull=True) | Q(corrected_by__recorded_at__gte=known_at)
    return Q(recorded_at__lt=known_at) & uncorrected


def span_of(obligation: Obligation, today: dt.date) -> tuple[dt.date, dt.date]:
    """Return the days whose hours count for an obligation: its calendar window, or from when it was owed.

    What was not gathered in time may be made up for, up to today.
    """
    window = days_of_cycle(obligation.cycle)
    since = window[0] if window else obligation.owed_from
    return since, max(obligation.due_on, today)


def rings_of(
    employee_ids: Collection[int], on: dt.date, known_at: dt.datetime | None = None
) -> dict[int, list[Ring]]:
    """Return how far people are with the hours they owe, the first due first. Fourteen queries at most, for any number.

    With `known_at`, not later than the end of the day `on`, it is as was known at that moment, each obligation with
    the days it had then. What was waived is not owed.
    """
    owing = Obligation.objects.filter(state=ObligationState.OPEN)
    if known_at is not None:
        owing = (
            Obligation.objects.filter(
                stood(known_at, in_force(dt.date.max, known_at)), created_at__lt=known_at
            )
            .exclude(state=ObligationState.DONE, closed_at__lt=known_at)
            .exclude(pk__in=waived_on(timezone.localdate(known_at - _TICK), known_at))
            .annotate(due_then=due_at(known_at), owed_then=owed_from_at(known_at))
        )
    owed = list(
        owing.filter(employee_id__in=employee_ids, programme__components__kind=ComponentKind.HOURS)
        .select_related("programme", "employee", "rule", "push")
        .distinct()
        .order_by("due_on", "pk")
    )
    if known_at is not None:
        for item in owed:
            # Never saved: the page and the lists shall read of the day asked for.
            days: Any = item
            item.due_on, item.owed_from = days.due_then, days.owed_then
        owed.sort(key=lambda item: (item.due_on, item.pk))
    if not owed:
        return {}
    components = {
        item.programme_id: item
        for item in Component.objects.filter(
            kind=ComponentKind.HOURS, programme_id__in={item.programme_id for item in owed}
        ).select_related("programme")
    }
    people = {item.employee_id for item in owed}
    entries = entries_of(people, min(span_of(item, on)[0] for item in owed), on, known_at)
    by_then = Q(done_at__lt=known_at) if known_at else Q()
    used, by_cause = _used(people, by_then)
    before = counted_before_classes(entries, used, known_at)
    settled = set(
        ComponentDone.objects.filter(
            by_then, obligation__in=[item.pk for item in owed], component__kind=ComponentKind.HOURS
        ).values_list("obligation_id", "component_id")
    )
    figures = load_figures()
    found: dict[int, list[Ring]] = defaultdict(list)
    for item in owed:
        component = components[item.programme_id]
        since, until = span_of(item, on)
        requirement = Requirement(component.programme.kind, component.hours)
        mine = [
            entry for entry in entries.get(item.employee_id, ()) if since <= entry.ended_at.date() <= until
        ]
        got = credit(
            mine,
            figures=figures,
            requirement=requirement,
            used=used[item.employee_id].keys() - by_cause[item.employee_id, item.cause],
            counted_before=before.get(item.employee_id, ()),
        )
        is_settled = (item.pk, component.pk) in settled
        found[item.employee_id].append(Ring(item, component, component.hours, got, is_settled))
    return found


def _used(
    employee_ids: Collection[int], by_then: Q
) -> tuple[Mapping[int, dict[str, dt.datetime]], Mapping[tuple[int, str], set[str]]]:
    """Return the keys of proofs that were counted for a requirement before, each with when; and those of each window.

    A rule that changes within a year asks anew for the same window, by its new version (training.recurring names the
    cause by the rule's code and the cycle): what was counted for the old one counts for that, too. One query.
    """
    found: dict[int, dict[str, dt.datetime]] = defaultdict(dict)
    by_cause: dict[tuple[int, str], set[str]] = defaultdict(set)
    rows = ComponentDone.objects.filter(
        by_then, obligation__employee_id__in=employee_ids, component__kind=ComponentKind.HOURS
    ).values_list("obligation__employee_id", "obligation__cause", "evidence", "done_at")
    for employee_id, cause, evidence, done_at in rows:
        keys = evidence.get("counted", ())
        found[employee_id].update(dict.fromkeys(keys, done_at))
        if cause.startswith("window:"):
            by_cause[employee_id, cause].update(keys)
    return found, by_cause


_WHY_REFUSED = {
    Refusal.OVERLAP: _("与另一次现场培训时间重叠，只算一次"),
    Refusal.SAME_TIME: _("线上学习与现场培训在同一时间，只算一次"),
    Refusal.CEILING: _("超过当天的学时上限"),
    Refusal.ONLINE_SHARE: _("线上学时已达上限"),
    Refusal.NOT_COUNTED: _("这类培训不计入"),
}


def ring_of(obligation: Obligation, on: dt.date) -> Ring | None:
    """Return how far somebody is with the hours of one open obligation; None if it asks for none."""
    rings = rings_of([obligation.employee_id], on).get(obligation.employee_id, [])
    return next((ring for ring in rings if ring.obligation.pk == obligation.pk), None)


@dataclass(frozen=True, slots=True)
class Gap:
    """Somebody who lacks hours."""

    employee: Employee
    ring: Ring
    days_left: int


def gap_list(user: User | AnonymousUser, on: dt.date) -> Sequence[Gap]:
    """Return who within the user's scope lacks hours that are owed, the most pressing first."""
    people = {person.pk: person for person in employees_for(user, Capability.VIEW_COVERAGE)}
    ids = list(people)
    gaps: list[Gap] = []
    for start in range(0, len(ids), 5000):
        for employee_id, rings in rings_of(ids[start : start + 5000], on).items():
            gaps += [
                Gap(people[employee_id], ring, (ring.obligation.due_on - on).days)
                for ring in rings
                if ring.missing > 0 and not ring.is_settled
            ]
    return sorted(gaps, key=lambda gap: (gap.days_left, -gap.ring.missing, gap.employee.employee_no))
