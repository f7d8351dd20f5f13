"""What a version of a rule would change before it is saved: who would be added, who would be let off."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any, NotRequired, TypedDict

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from people.models import (
    Assignment,
    AssignmentKind,
    Employee,
    EmploymentEvent,
    EmploymentStatus,
    EventKind,
    OrgUnit,
    Post,
    User,
)
from people.permissions import Capability, allows, allows_everywhere
from people.queries import employees_for, on_day, with_last_place
from training.models import Obligation, ObligationState, Programme, ScopeNeed, TrainingRule, Trigger
from training.queries.person_facts import facts_of
from training.queries.replay import replay_occurrences
from training.queries.rulebook import Rulebook, load_rulebook, standings_of
from training.recurring import TRIGGERS as WITHOUT_EVENT
from training.recurring import RecurringRules, start_of
from training.rules import ALSO_SETS_OFF, STANDS_FOR, RuleFacts, obligations_for
from training.rules import TRIGGERS as AFTER_EVENTS

CHUNK = 1000
LOOK_BACK = 365  # days of events that show what a rule about events means
NAMED = 5_000  # ids kept of each side: enough to be read, and a small row


class RuleDraft(TypedDict):
    """A version of a rule as plain values, as a job keeps it between the preview and the saving."""

    code: str
    title: str
    trigger: str
    audience: str
    licence_family: str
    min_days_away: int | None
    min_repeats: int | None
    due_days: int
    joiners_wait: bool
    before_work: bool
    blocks_overdue: bool
    basis_verified: bool
    legal_basis: str
    window: str
    every_months: int | None
    lead_days: int
    high_risk: bool | None
    unit_id: int | None
    post_ids: list[int]
    employment_types: list[str]
    programme_id: int
    effective_from: str
    adopted_on: str | None
    scope_need: NotRequired[str]  # a draft made before there were such rules has neither
    instead_of: NotRequired[list[str]]


class RuleEnding(TypedDict):
    """That a version of a rule is to end, as a job keeps it. `effective_before` is the first day without it."""

    rule_id: int
    effective_before: str


class Rehearsed(TypedDict):
    """What came out: numbers, by unit (id, name, added, removed), and ids of people (at most NAMED of each side).

    `way` is day (who owes on `on`), year (whom the changes of employment of the last year would have concerned), past
    (the same of `happened` violations, accidents, changes or campaigns, with `left_off` older ones not looked at), or
    none (nothing of the kind happened: nothing can be said before it does).
    """

    way: str
    on: str
    added: int
    removed: int
    units: list[list[Any]]
    added_ids: list[int]
    removed_ids: list[int]
    happened: NotRequired[int]
    left_off: NotRequired[int]


@dataclass(frozen=True, slots=True)
class _Both:
    """The rules as they are and as they would be."""

    before: list[RuleFacts]
    after: list[RuleFacts]


def facts_of_draft(draft: RuleDraft, book: Rulebook, today: dt.date) -> RuleFacts:
    """Return a draft as its evaluation needs it. Its id is 0: it has no row yet."""
    adopted = draft["adopted_on"]
    first = [
        fact.adopted_on for fact in book.facts.values() if fact.code == draft["code"] and fact.adopted_on
    ]
    return RuleFacts(
        id=0,
        code=draft["code"],
        trigger=draft["trigger"],
        programme_id=draft["programme_id"],
        due_days=draft["due_days"],
        before_work=draft["before_work"],
        effective_from=dt.date.fromisoformat(draft["effective_from"]),
        audience=draft["audience"],
        unit_id=draft["unit_id"],
        post_ids=frozenset(draft["post_ids"]),
        employment_types=frozenset(draft["employment_types"]),
        high_risk=draft["high_risk"],
        min_days_away=draft["min_days_away"],
        licence_family=draft["licence_family"],
        min_repeats=draft["min_repeats"],
        window=draft["window"],
        every_months=draft["every_months"],
        lead_days=draft["lead_days"],
        joiners_wait=draft["joiners_wait"],
        adopted_on=dt.date.fromisoformat(adopted) if adopted else min(first, default=today),
        blocks_overdue=draft["blocks_overdue"],
        awaits_scope=_awaits_scope(draft),
        instead_of=frozenset(draft.get("instead_of", ())),
    )


def _awaits_scope(draft: RuleDraft) -> bool:
    need = draft.get("scope_need", "")
    return (need == ScopeNeed.POSTS and not draft["post_ids"]) or (
        need == ScopeNeed.UNIT and draft["unit_id"] is None
    )


def with_version(rules: Collection[RuleFacts], new: RuleFacts) -> list[RuleFacts]:
    """Return the rules with a version put among those of its code, as save_rule does it."""
    changed, later = [], None
    for rule in rules:
        if rule.code != new.code:
            changed.append(rule)
        elif rule.effective_from > new.effective_from:
            changed.append(rule)
            later = min(later or rule.effective_from, rule.effective_from)
        elif rule.effective_from < new.effective_from:
            ends = rule.effective_before
            cut = new.effective_from if ends is None or ends > new.effective_from else ends
            changed.append(replace(rule, effective_before=cut))
    return [*changed, replace(new, effective_before=later)]


def rehearse(
    draft: RuleDraft, *, today: dt.date, report: Callable[[int, int], None] | None = None
) -> Rehearsed:
    """Return whom a version would add and let off, compared with the rules as they are. Writes nothing.

    The statements grow with the chunks of a thousand people. `report` is told how many of how many are done.
    """
    book = load_rulebook()
    new = facts_of_draft(draft, book, today)
    both = _Both(book.rules, with_version(book.rules, new))
    on = max(today, new.effective_from)
    if new.trigger in WITHOUT_EVENT:
        on = max(on, start_of(new))
    return _compared(both, new.trigger, book=book, on=on, today=today, report=report)


def rehearse_ending(
    ending: RuleEnding, *, today: dt.date, report: Callable[[int, int], None] | None = None
) -> Rehearsed:
    """Return whom the end of a version would let off, and add where a rule it stood in for binds again.

    Writes nothing; the statements grow as those of `rehearse`. Raises KeyError if there is no such version.
    """
    book = load_rulebook()
    ends = book.facts[ending["rule_id"]]
    day = dt.date.fromisoformat(ending["effective_before"])
    after = [replace(rule, effective_before=day) if rule.id == ends.id else rule for rule in book.rules]
    on = max(today, day)
    return _compared(_Both(book.rules, after), ends.trigger, book=book, on=on, today=today, report=report)


def _compared(
    both: _Both,
    trigger: str,
    *,
    book: Rulebook,
    on: dt.date,
    today: dt.date,
    report: Callable[[int, int], None] | None,
) -> Rehearsed:
    """Return what the two sets of rules differ in, asked in the way that fits what sets the changed one off."""
    if trigger in WITHOUT_EVENT:
        added, removed = _owed_that_day(both, book, on, report)
        return _told("day", on, added, removed)
    kinds = {kind for kind, stands in STANDS_FOR.items() if stands == trigger} | {trigger}
    if trigger not in AFTER_EVENTS:
        kinds |= {kind for kind, also in ALSO_SETS_OFF.items() if also == trigger}
        past = replay_occurrences(
            both.before, both.after, book=book, kinds=kinds, on=on, today=today, report=report
        )
        told = _told("past" if past.happened else "none", on, past.added, past.removed)
        return {**told, "happened": past.happened, "left_off": past.left_off}
    if trigger == EventKind.HIRED:
        kinds |= {EventKind.TERMS_CHANGED}  # which may take somebody in, see training.queries.rulebook
    added, removed = _after_events(both, book, kinds, on, today, report)
    return _told("year", on, added, removed)


def _owed_that_day(
    both: _Both, book: Rulebook, on: dt.date, report: Callable[[int, int], None] | None
) -> tuple[set[int], set[int]]:
    ids = sorted(Employee.objects.exclude(status=EmploymentStatus.LEFT).values_list("pk", flat=True))
    before, after = RecurringRules(both.before), RecurringRules(both.after)
    added: set[int] = set()
    removed: set[int] = set()
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        done = set(
            Obligation.objects.filter(
                employee_id__in=chunk, state=ObligationState.DONE, event=None, push=None
            ).values_list("employee_id", "programme_id", "cause")
        )
        for pk, person in facts_of(chunk, book, on).items():
            old = {(pk, spec.programme_id, spec.cause) for spec in before.owed_on(person, on)}
            new = {(pk, spec.programme_id, spec.cause) for spec in after.owed_on(person, on)}
            if new - old - done:
                added.add(pk)
            if old - new - done:
                removed.add(pk)
        if report is not None:
            report(min(start + CHUNK, len(ids)), len(ids))
    return added, removed


def _after_events(
    both: _Both,
    book: Rulebook,
    kinds: Collection[str],
    on: dt.date,
    today: dt.date,
    report: Callable[[int, int], None] | None,
) -> tuple[set[int], set[int]]:
    """Let the events of the last year happen under both sets of rules."""
    events = list(
        EmploymentEvent.objects.filter(
            kind__in=kinds,
            is_withdrawn=False,
            corrected_by__isnull=True,
            effective_on__gt=today - dt.timedelta(days=LOOK_BACK),
            effective_on__lte=today,
        ).select_related("employee", "to_post")
    )
    added: set[int] = set()
    removed: set[int] = set()
    for start in range(0, len(events), CHUNK):
        chunk = events[start : start + CHUNK]
        stays = standings_of({event.employee_id for event in chunk})
        for event in chunk:
            facts = book.event_facts(event, event.employee.employment_type, "", stays[event.employee_id])
            facts = replace(facts, effective_on=on)
            old = {spec.programme_id for spec in obligations_for(facts, both.before)}
            new = {spec.programme_id for spec in obligations_for(facts, both.after)}
            if new - old:
                added.add(event.employee_id)
            if old - new:
                removed.add(event.employee_id)
        if report is not None:
            report(min(start + CHUNK, len(events)), len(events))
    return added, removed


def _told(way: str, on: dt.date, added: set[int], removed: set[int]) -> Rehearsed:
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    stays = Assignment.objects.filter(on_day(on), kind=AssignmentKind.PRIMARY)
    for employee_id, unit_id in stays.values_list("employee_id", "unit_id"):
        for name, ids in (("added", added), ("removed", removed)):
            if employee_id in ids:
                counts[unit_id][name] += 1
    names = dict(OrgUnit.objects.filter(pk__in=counts).order_by("path").values_list("pk", "name"))
    return {
        "way": way,
        "on": on.isoformat(),
        "added": len(added),
        "removed": len(removed),
        "units": [[pk, name, counts[pk]["added"], counts[pk]["removed"]] for pk, name in names.items()],
        "added_ids": sorted(added)[:NAMED],
        "removed_ids": sorted(removed)[:NAMED],
    }


def versions_of(code: str) -> list[TrainingRule]:
    """Return the versions of a rule, the newest first. Two queries."""
    rules = TrainingRule.objects.filter(code=code).select_related("programme", "unit")
    return list(rules.prefetch_related("posts").order_by("-effective_from"))


def current_rules(on: dt.date) -> list[TrainingRule]:
    """Return the version of each rule that holds on a day, or the next to come. Two queries."""
    found: dict[str, TrainingRule] = {}
    rows = (
        TrainingRule.objects.filter(Q(effective_before=None) | Q(effective_before__gt=on))
        .select_related("programme", "unit")
        .prefetch_related("posts")
        .order_by("code", "effective_from")
    )
    for rule in rows:
        found.setdefault(rule.code, rule)
    order = {str(value): place for place, value in enumerate(Trigger.values)}
    return sorted(found.values(), key=lambda rule: (order[rule.trigger], rule.code))


def get_rule_for(user: User | AnonymousUser, pk: int) -> TrainingRule:
    """Return a rule the user may change: one of the user's units, or any for who manages training everywhere.

    Raises TrainingRule.DoesNotExist otherwise, whether or not there is such a rule.
    """
    rule = TrainingRule.objects.select_related("programme", "unit").get(pk=pk)
    if rule.unit is None:
        allowed = allows_everywhere(user, Capability.MANAGE_TRAINING)
    else:
        allowed = allows(user, Capability.MANAGE_TRAINING, rule.unit)
    if not allowed:
        raise TrainingRule.DoesNotExist
    return rule


@dataclass(frozen=True, slots=True)
class DraftParts:
    """What a draft names by id."""

    programme: Programme
    unit: OrgUnit | None
    posts: list[Post]


def parts_of_draft(draft: RuleDraft) -> DraftParts:
    """Return programme, unit and posts of a draft. At most three queries."""
    unit_id = draft["unit_id"]
    return DraftParts(
        Programme.objects.get(pk=draft["programme_id"]),
        OrgUnit.objects.get(pk=unit_id) if unit_id else None,
        list(Post.objects.filter(pk__in=draft["post_ids"]).order_by("pk")),
    )


def rehearsed_people(
    user: User | AnonymousUser, found: Rehearsed, side: str, unit_id: str
) -> QuerySet[Employee]:
    """Return the people of one side, `added` or `removed` (of one unit), as far as the user may see them."""
    if side not in ("added", "removed"):
        return Employee.objects.none()
    ids = found["added_ids"] if side == "added" else found["removed_ids"]
    people = with_last_place(employees_for(user, Capability.MANAGE_TRAINING).filter(pk__in=ids))
    if unit_id.isdigit():
        people = people.filter(assignments__unit_id=int(unit_id), assignments__ends_before=None)
    return people.distinct().order_by("employee_no")
