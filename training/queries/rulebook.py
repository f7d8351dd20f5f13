"""The rules and the organisation as the pure evaluation needs them, read once for any number of events."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils.translation import gettext as _

from people.models import (
    Assignment,
    AssignmentKind,
    EmploymentEvent,
    EmploymentType,
    EventKind,
    OrgUnit,
    Post,
)
from training.models import Programme, TrainingRule
from training.recurring import TRIGGERS
from training.rules import EventFacts, RuleFacts


@dataclass(frozen=True, slots=True)
class UnitPlace:
    """Where a unit stands: the ids from the root down to it, and its inherited risk class."""

    path: tuple[int, ...]
    is_high_risk: bool


@dataclass(frozen=True, slots=True)
class PostPlace:
    """What rules look at in a post. `licence_families` are the kinds of licences it demands."""

    is_principal: bool = False
    is_safety_manager: bool = False
    licence_families: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Standing:
    """A stay of a person as rules look at it."""

    kind: str
    unit_id: int
    post_id: int
    employment_type: str
    starts_on: dt.date
    ends_before: dt.date | None

    def covers(self, on: dt.date) -> bool:
        """Tell whether the person stood there on a day."""
        return self.starts_on <= on and (self.ends_before is None or on < self.ends_before)


def standings_of(employee_ids: Collection[int]) -> dict[int, list[Standing]]:
    """Return the stays of people by employee. One query."""
    found: dict[int, list[Standing]] = defaultdict(list)
    rows = Assignment.objects.filter(employee_id__in=employee_ids).order_by("starts_on", "pk")
    fields = ("kind", "unit_id", "post_id", "employment_type", "starts_on", "ends_before")
    for employee_id, *values in rows.values_list("employee_id", *fields):
        found[employee_id].append(Standing(*values))
    return found


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules, past ones included, with their rows, all units and all posts."""

    facts: dict[int, RuleFacts]
    models: dict[int, TrainingRule]
    programmes: dict[int, Programme]
    units: dict[int, UnitPlace]
    posts: dict[int, PostPlace]
    _places: dict[tuple[int, int, str], EventFacts] = field(default_factory=dict)

    @property
    def rules(self) -> list[RuleFacts]:
        """Return the facts of all rules whose programme is in use."""
        return [rule for rule in self.facts.values() if self.programmes[rule.programme_id].is_active]

    @property
    def recurs(self) -> bool:
        """Tell whether there ever was a standing or recurring rule, whose tasks have to be kept in step."""
        return any(rule.trigger in TRIGGERS for rule in self.facts.values())

    def event_facts(
        self, event: EmploymentEvent, employment_type: str, cause: str, stays: Sequence[Standing] = ()
    ) -> EventFacts:
        """Return what the rules need to know of an event of somebody on these terms.

        `stays` are those of the person (`standings_of`): they say under which terms and in which other posts
        somebody stood on the event's day.
        """
        here = [stay for stay in stays if stay.covers(event.effective_on)]
        home = next((stay for stay in here if stay.kind == AssignmentKind.PRIMARY), None)
        place = self.units.get(event.to_unit_id or 0, UnitPlace((), False))
        post = self.posts.get(event.to_post_id or 0, PostPlace())
        return EventFacts(
            cause=cause,
            kind=EventKind.HIRED if _takes_in(event, stays) else event.kind,
            effective_on=event.effective_on,
            unit_path=place.path,
            post_id=event.to_post_id,
            employment_type=event.employment_type or (home.employment_type if home else employment_type),
            is_high_risk=place.is_high_risk,
            days_away=event.days_away,
            is_principal=post.is_principal,
            is_safety_manager=post.is_safety_manager,
            other_post_ids=frozenset(stay.post_id for stay in here) - {event.to_post_id or 0},
            is_withdrawn=event.is_withdrawn,
            licence_families=post.licence_families,
        )

    def place(self, unit_id: int, post_id: int, employment_type: str) -> EventFacts:
        """Return a place as rules look at it; the same object for the same place."""
        key = (unit_id, post_id, employment_type)
        if key not in self._places:
            unit = self.units.get(unit_id, UnitPlace((), False))
            post = self.posts.get(post_id, PostPlace())
            self._places[key] = EventFacts(
                cause="",
                kind="",
                effective_on=dt.date.min,
                unit_path=unit.path,
                post_id=post_id,
                employment_type=employment_type,
                is_high_risk=unit.is_high_risk,
                is_principal=post.is_principal,
                is_safety_manager=post.is_safety_manager,
                licence_families=post.licence_families,
            )
        return self._places[key]


def _takes_in(event: EmploymentEvent, stays: Sequence[Standing]) -> bool:
    """Tell whether other terms take somebody in who had been no staff: a contractor's man, or a visitor.

    What these were taught at the gate is not the training of staff (Work Safety Law art. 28), and no rule asked for
    that when they came.
    """
    earlier = [
        stay for stay in stays if stay.kind == AssignmentKind.PRIMARY and stay.starts_on < event.effective_on
    ]
    if event.kind != EventKind.TERMS_CHANGED or not earlier:
        return False
    before, after = earlier[-1].employment_type, event.employment_type
    outside = [EmploymentType.VISITOR, EmploymentType.CONTRACTOR]
    return before in outside and after not in outside[: outside.index(EmploymentType(before)) + 1]


def load_rulebook() -> Rulebook:
    """Read all rules, units and posts. Five queries."""
    models = {
        rule.pk: rule for rule in TrainingRule.objects.select_related("programme").prefetch_related("posts")
    }
    return Rulebook(
        facts={pk: rule_facts(rule) for pk, rule in models.items()},
        models=models,
        programmes={rule.programme_id: rule.programme for rule in models.values()},
        units=_unit_places(),
        posts=_post_places(),
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
        licence_family=rule.licence_family,
        min_repeats=rule.min_repeats,
        window=rule.window,
        every_months=rule.every_months,
        lead_days=rule.lead_days,
        joiners_wait=rule.joiners_wait,
        adopted_on=rule.adopted_on,
        blocks_overdue=rule.blocks_overdue,
        awaits_scope=rule.awaits_scope,
        instead_of=frozenset(rule.instead_of),
    )


def rules_bound_to(unit_id: int, on: dt.date) -> list[str]:
    """Return, for each rule that names a unit and holds on a day or later, what is to be done about it."""
    rules = TrainingRule.objects.filter(
        Q(effective_before=None) | Q(effective_before__gt=on), unit_id=unit_id, programme__is_active=True
    ).select_related("programme")
    return [
        _("培训规则 %(code)s（%(programme)s）指定了这个单位，请先停用规则或换成别的单位")
        % {"code": rule.code, "programme": rule.programme.title}
        for rule in rules.order_by("code")
    ]


def _post_places() -> dict[int, PostPlace]:
    families: dict[int, set[str]] = defaultdict(set)
    demands = Post.demanded_licences.through.objects.values_list("post_id", "licencetype__family")
    for post_id, family in demands:
        families[post_id].add(family)
    return {
        pk: PostPlace(is_principal, is_safety_manager, frozenset(families[pk]))
        for pk, is_principal, is_safety_manager in Post.objects.values_list(
            "pk", "is_principal", "is_safety_manager"
        )
    }


def _unit_places() -> dict[int, UnitPlace]:
    by_path: dict[str, UnitPlace] = {}
    places: dict[int, UnitPlace] = {}
    for pk, path, high_risk in OrgUnit.objects.order_by("path").values_list(
        "pk", "path", "is_high_risk_for_hours"
    ):
        above = by_path.get(path[: -OrgUnit.steplen], UnitPlace((), False))
        by_path[path] = places[pk] = UnitPlace((*above.path, pk), high_risk or above.is_high_risk)
    return places
