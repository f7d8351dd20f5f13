"""The rules and the organisation as the pure evaluation needs them, read once for any number of events."""

from dataclasses import dataclass

from people.models import Employee, EmploymentEvent, OrgUnit
from training.models import Programme, TrainingRule
from training.rules import EventFacts, RuleFacts


@dataclass(frozen=True, slots=True)
class UnitPlace:
    """Where a unit stands: the ids from the root down to it, and its inherited risk class."""

    path: tuple[int, ...]
    is_high_risk: bool


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules, past ones included, with their rows, and all units."""

    facts: dict[int, RuleFacts]
    models: dict[int, TrainingRule]
    programmes: dict[int, Programme]
    units: dict[int, UnitPlace]

    @property
    def rules(self) -> list[RuleFacts]:
        """Return the facts of all rules whose programme is in use."""
        return [rule for rule in self.facts.values() if self.programmes[rule.programme_id].is_active]

    def event_facts(self, event: EmploymentEvent, employee: Employee, cause: str) -> EventFacts:
        """Return what the rules need to know of an event; `event.to_post` should be loaded."""
        place = self.units.get(event.to_unit_id or 0, UnitPlace((), False))
        post = event.to_post
        return EventFacts(
            cause=cause,
            kind=event.kind,
            effective_on=event.effective_on,
            unit_path=place.path,
            post_id=event.to_post_id,
            employment_type=employee.employment_type,
            is_high_risk=place.is_high_risk,
            days_away=event.days_away,
            is_principal=bool(post and post.is_principal),
            is_safety_manager=bool(post and post.is_safety_manager),
        )


def load_rulebook() -> Rulebook:
    """Read all rules and units. Three queries."""
    models = {
        rule.pk: rule for rule in TrainingRule.objects.select_related("programme").prefetch_related("posts")
    }
    return Rulebook(
        facts={pk: rule_facts(rule) for pk, rule in models.items()},
        models=models,
        programmes={rule.programme_id: rule.programme for rule in models.values()},
        units=_unit_places(),
    )


def rule_facts(rule: TrainingRule) -> RuleFacts:
    """Return a rule as its evaluation needs it; `rule.posts` should be prefetched."""
    return RuleFacts(
        id=rule.pk,
        code=rule.code,
        trigger=rule.trigger,
        programme_id=rule.programme_id,
        due_days=rule.due_days,
        before_work=rule.before_work,
        effective_from=rule.effective_from,
        effective_before=rule.effective_before,
        audience=rule.audience,
        unit_id=rule.unit_id,
        post_ids=frozenset(post.pk for post in rule.posts.all()),
        employment_types=frozenset(rule.employment_types),
        high_risk=rule.high_risk,
        min_days_away=rule.min_days_away,
    )


def _unit_places() -> dict[int, UnitPlace]:
    by_path: dict[str, UnitPlace] = {}
    places: dict[int, UnitPlace] = {}
    for pk, path, high_risk in OrgUnit.objects.order_by("path").values_list(
        "pk", "path", "is_high_risk_for_hours"
    ):
        above = by_path.get(path[: -OrgUnit.steplen], UnitPlace((), False))
        by_path[path] = places[pk] = UnitPlace((*above.path, pk), high_risk or above.is_high_risk)
    return places
