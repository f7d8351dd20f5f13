"""The occurrences of the last year under two sets of rules: whom a version of a rule would have concerned."""

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from training.models import Occurrence
from training.queries.occurrences import people_concerned, places_of, repeats_of
from training.queries.rulebook import Rulebook
from training.rules import RuleFacts, obligations_for

LOOK_BACK = 365  # days
MOST_OCCURRENCES = 1_000
MOST_PEOPLE = 100_000  # people times occurrences: about a minute of a job


@dataclass(slots=True)
class Replayed:
    """Whom the change would have added and let off, of how many occurrences; `left_off` older ones were too many."""

    added: set[int]
    removed: set[int]
    happened: int = 0
    left_off: int = 0


def replay_occurrences(
    before: Collection[RuleFacts],
    after: Collection[RuleFacts],
    *,
    book: Rulebook,
    kinds: Collection[str],
    on: dt.date,
    today: dt.date,
    report: Callable[[int, int], None] | None = None,
) -> Replayed:
    """Let the occurrences of these kinds of the last year happen on a day under both sets of rules.

    The newest come first, as many as the limits allow; what was withdrawn did not happen. Seven queries for each,
    or eight. Writes nothing.
    """
    past = Occurrence.objects.filter(
        kind__in=kinds,
        withdrawal__isnull=True,
        happened_on__gt=today - dt.timedelta(days=LOOK_BACK),
        happened_on__lte=today,
    ).order_by("-happened_on", "-pk")
    total = past.count()
    triggers = {rule.id: rule.trigger for rule in (*before, *after)}
    found = Replayed(set(), set())
    people = 0
    for occurrence in past[:MOST_OCCURRENCES]:
        ids = people_concerned(occurrence)
        people += len(ids)
        if found.happened and people > MOST_PEOPLE:
            break
        repeats = repeats_of(occurrence, ids)
        for employee_id, place in places_of(occurrence, ids, book).items():
            facts = replace(place, kind=occurrence.kind, effective_on=on, repeats=repeats.get(employee_id, 0))
            old, new = (
                {
                    # A programme of the occurrence's own stands in for that of the rule about just this kind.
                    (occurrence.programme_id if triggers[spec.rule_id] == occurrence.kind else None)
                    or spec.programme_id
                    for spec in obligations_for(facts, rules)
                }
                for rules in (before, after)
            )
            if new - old:
                found.added.add(employee_id)
            if old - new:
                found.removed.add(employee_id)
        found.happened += 1
        if report is not None:
            report(found.happened, min(total, MOST_OCCURRENCES))
    found.left_off = total - found.happened
    return found
