"""Which trainings an event makes a person owe. Pure: facts in, obligations out.

Evaluating the same event against the same rules always gives the same obligations, in the same order, so a
year of events can be replayed and a change of rules can be tried before it is saved. What is owed without an
event (standing rules, windows, reviews of licences) is training.recurring.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

PRINCIPAL = "principal"
SAFETY_MANAGER = "safety_manager"
OTHER_STAFF = "other_staff"
# The values of people.models.EventKind after which training can be owed, and of training.models.OccurrenceKind.
TRIGGERS = frozenset({"hired", "transferred", "returned", "rehired"})
OCCURRENCES = frozenset({"violation", "accident", "fatal_accident", "four_new", "campaign"})
# A secondment puts somebody into another post as a transfer does (order 3 art. 17 does not ask for how long): the
# host's post asks for the same training. Its end leads back to a post that was held all along.
STANDS_FOR = {"seconded": "transferred"}
# What else an event sets off: whatever an accident asks for, a fatal one asks for too.
ALSO_SETS_OFF = {"fatal_accident": "accident"}


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """A rule as its evaluation needs it. Empty conditions hold for everyone.

    `audience` is empty, PRINCIPAL, SAFETY_MANAGER or OTHER_STAFF (the three groups of order 3 art. 9 and 13).
    `effective_before` is the first day on which the rule no longer holds. A rule that `awaits_scope` binds nobody: it
    is meant for posts or a unit the house has not named yet. Where it applies, the rules of the codes `instead_of`
    do not.
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
    licence_family: str = ""
    min_repeats: int | None = None
    window: str = ""
    every_months: int | None = None
    lead_days: int = 0
    joiners_wait: bool = True
    adopted_on: dt.date | None = None
    blocks_overdue: bool = False
    awaits_scope: bool = False
    instead_of: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class EventFacts:
    """What is known of an event and of the place it leads to, or in which it found the person.

    `unit_path` holds the ids from the root down to the unit. `is_high_risk` is the unit's own flag or that of
    any unit above it (order 3's list). `cause` identifies what sets the obligation off, e.g. `event:<uuid>`.
    `licence_families` are the kinds of licences the post demands, `repeats` the person's violations of the
    last twelve months, this one included.
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
    other_post_ids: frozenset[int] = frozenset()
    is_withdrawn: bool = False
    licence_families: frozenset[str] = frozenset()
    repeats: int = 0


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
    cycle: str = ""
    blocks_overdue: bool = False


def obligations_for(event: EventFacts, rules: Iterable[RuleFacts]) -> list[ObligationSpec]:
    """Return what `event` makes its person owe under the rules in force on the event's day.

    A programme is owed once per event: where several rules demand it, the strictest one stands as the reason
    (before work first, then the earlier due date, then the code). A rule in whose stead another one applies asks
    for nothing.
    """
    answering = [rule for rule in rules if applies(rule, event)]
    replaced = {code for rule in answering for code in rule.instead_of}
    return strictest_of(
        ObligationSpec(
            rule_id=rule.id,
            rule_code=rule.code,
            programme_id=rule.programme_id,
            owed_from=event.effective_on,
            due_on=event.effective_on + dt.timedelta(days=rule.due_days),
            before_work=rule.before_work,
            cause=event.cause,
            blocks_overdue=rule.blocks_overdue,
        )
        for rule in answering
        if rule.code not in replaced
    )


def strictest_of(specs: Iterable[ObligationSpec]) -> list[ObligationSpec]:
    """Return one obligation for each programme, the strictest, in the order of their rules' codes."""
    strictest: dict[int, ObligationSpec] = {}
    for spec in specs:
        known = strictest.get(spec.programme_id)
        if known is None or _strictness(spec) < _strictness(known):
            strictest[spec.programme_id] = spec
    return sorted(strictest.values(), key=lambda spec: (spec.rule_code, spec.programme_id))


def _strictness(spec: ObligationSpec) -> tuple[bool, dt.date, str, int]:
    return (not spec.before_work, spec.due_on, spec.rule_code, spec.rule_id)


def applies(rule: RuleFacts, event: EventFacts) -> bool:
    """Tell whether `rule` answers `event`: in force that day, set off by it, and every condition met."""
    return (
        not event.is_withdrawn
        and rule.trigger in (STANDS_FOR.get(event.kind, event.kind), ALSO_SETS_OFF.get(event.kind))
        and is_in_force(rule, event.effective_on)
        and fits(rule, event)
    )


def fits(rule: RuleFacts, event: EventFacts) -> bool:
    """Tell whether the person and the place meet every condition of a rule, whatever sets it off and when."""
    return not rule.awaits_scope and _fits_person(rule, event) and _fits_place(rule, event)


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
    if rule.min_repeats is not None and event.repeats < rule.min_repeats:
        return False
    if rule.min_days_away is not None:
        return event.days_away is not None and event.days_away >= rule.min_days_away
    return True


def _fits_place(rule: RuleFacts, event: EventFacts) -> bool:
    if rule.unit_id is not None and rule.unit_id not in event.unit_path:
        return False
    if rule.post_ids and event.post_id not in rule.post_ids:
        return False
    if rule.licence_family and rule.licence_family not in event.licence_families:
        return False
    return rule.high_risk is None or rule.high_risk == event.is_high_risk


def is_bound_to_other_post(rule: RuleFacts, event: EventFacts) -> bool:
    """Tell whether an obligation under `rule` loses its object when its person moves to the event's post.

    Only a rule that names posts is bound to a post. A general rule stays owed after a move, and so does one
    that names a unit or a risk class: otherwise moving before the training is done would be a way out of it.
    During a secondment two posts are held, and the training of both is owed.
    """
    held = event.other_post_ids | {event.post_id}
    return bool(rule.post_ids) and not rule.post_ids & held
