"""Which trainings an employment event makes a person owe. Pure: facts in, obligations out.

Evaluating the same event against the same rules always gives the same obligations, in the same order, so a
year of events can be replayed and a change of rules can be tried before it is saved.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

PRINCIPAL = "principal"
SAFETY_MANAGER = "safety_manager"
OTHER_STAFF = "other_staff"
# The values of people.models.EventKind after which training can be owed.
TRIGGERS = frozenset({"hired", "transferred", "returned", "rehired"})


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """A rule as its evaluation needs it. Empty conditions hold for everyone.

    `audience` is empty, PRINCIPAL, SAFETY_MANAGER or OTHER_STAFF (the three groups of order 3 art. 9 and 13).
    `effective_before` is the first day on which the rule no longer holds.
    """

    id: int
    code: str
    trigger: str
    programme_id: int
    due_days: int
    before_work: bool
    effective_from: dt.date
    effective_before: dt.date | None = None
    audience: str = ""
    unit_id: int | None = None
    post_ids: frozenset[int] = frozenset()
    employment_types: frozenset[str] = frozenset()
    high_risk: bool | None = None
    min_days_away: int | None = None


@dataclass(frozen=True, slots=True)
class EventFacts:
    """What is known of an employment event and of the place it leads to.

    `unit_path` holds the ids from the root down to the unit. `is_high_risk` is the unit's own flag or that of
    any unit above it (order 3's list). `cause` identifies what sets the obligation off, e.g. `event:<uuid>`.
    """

    cause: str
    kind: str
    effective_on: dt.date
    unit_path: tuple[int, ...] = ()
    post_id: int | None = None
    employment_type: str = "own"
    is_high_risk: bool = False
    days_away: int | None = None
    is_principal: bool = False
    is_safety_manager: bool = False


@dataclass(frozen=True, slots=True)
class ObligationSpec:
    """An obligation to be created. Due within `due_on`, the day itself included."""

    rule_id: int
    rule_code: str
    programme_id: int
    owed_from: dt.date
    due_on: dt.date
    before_work: bool
    cause: str


def obligations_for(event: EventFacts, rules: Iterable[RuleFacts]) -> list[ObligationSpec]:
    """Return what `event` makes its person owe under the rules in force on the event's day.

    A programme is owed once per event: where several rules demand it, the strictest one stands as the reason
    (before work first, then the earlier due date, then the code).
    """
    strictest: dict[int, ObligationSpec] = {}
    for rule in rules:
        if not applies(rule, event):
            continue
        spec = ObligationSpec(
            rule_id=rule.id,
            rule_code=rule.code,
            programme_id=rule.programme_id,
            owed_from=event.effective_on,
            due_on=event.effective_on + dt.timedelta(days=rule.due_days),
            before_work=rule.before_work,
            cause=event.cause,
        )
        known = strictest.get(rule.programme_id)
        if known is None or _strictness(spec) < _strictness(known):
            strictest[rule.programme_id] = spec
    return sorted(strictest.values(), key=lambda spec: (spec.rule_code, spec.programme_id))


def _strictness(spec: ObligationSpec) -> tuple[bool, dt.date, str, int]:
    return (not spec.before_work, spec.due_on, spec.rule_code, spec.rule_id)


def applies(rule: RuleFacts, event: EventFacts) -> bool:
    """Tell whether `rule` answers `event`: in force that day, set off by it, and every condition met."""
    return (
        rule.trigger == event.kind
        and is_in_force(rule, event.effective_on)
        and _fits_person(rule, event)
        and _fits_place(rule, event)
    )


def is_in_force(rule: RuleFacts, on: dt.date) -> bool:
    """Tell whether `rule` holds on a day; the day it takes effect is included, the day it ends is not."""
    return rule.effective_from <= on and (rule.effective_before is None or on < rule.effective_before)


def audience_of(event: EventFacts) -> frozenset[str]:
    """Return the groups of order 3 the person belongs to; whoever is neither head nor manager is other staff."""
    groups = {
        group
        for group, belongs in ((PRINCIPAL, event.is_principal), (SAFETY_MANAGER, event.is_safety_manager))
        if belongs
    }
    return frozenset(groups or {OTHER_STAFF})


def _fits_person(rule: RuleFacts, event: EventFacts) -> bool:
    if rule.audience and rule.audience not in audience_of(event):
        return False
    if rule.employment_types and event.employment_type not in rule.employment_types:
        return False
    if rule.min_days_away is not None:
        return event.days_away is not None and event.days_away >= rule.min_days_away
    return True


def _fits_place(rule: RuleFacts, event: EventFacts) -> bool:
    if rule.unit_id is not None and rule.unit_id not in event.unit_path:
        return False
    if rule.post_ids and event.post_id not in rule.post_ids:
        return False
    return rule.high_risk is None or rule.high_risk == event.is_high_risk


def is_bound_to_other_post(rule: RuleFacts, event: EventFacts) -> bool:
    """Tell whether an obligation under `rule` loses its object when its person moves to the event's post.

    Only a rule that names posts is bound to a post. A general rule stays owed after a move, and so does one
    that names a unit or a risk class: otherwise moving before the training is done would be a way out of it.
    """
    return bool(rule.post_ids) and event.post_id not in rule.post_ids
