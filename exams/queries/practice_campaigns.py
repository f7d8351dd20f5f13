"""Campaigns: who sees them, and how their units stand. Numbers of units, never names of people."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from exams.campaign_ranking import Ranked, UnitFacts, rank
from exams.models import Campaign, PracticeAnswer
from exams.queries.office import Reader
from people.models import Assignment, AssignmentKind, EmploymentStatus, OrgUnit
from people.permissions import Capability, scope_for
from people.queries import on_day


def campaigns_for(user: Reader) -> QuerySet[Campaign]:
    """Return the campaigns all of whose units lie in the scope of a user, the newest first."""
    scope = scope_for(user, Capability.RUN_CAMPAIGNS)
    found = Campaign.objects.all() if scope else Campaign.objects.none()
    if not scope.everything:
        beyond = Campaign.units.through.objects.exclude(scope.q("orgunit__path"))
        found = found.exclude(pk__in=beyond.values("campaign"))
    return found.annotate(unit_count=Count("units", distinct=True)).order_by("-starts_on", "-pk")


@dataclass(frozen=True, slots=True)
class RankedUnit:
    """A unit's line of the ranking; shares in percent."""

    unit: OrgUnit
    ranked: Ranked
    is_own: bool

    @property
    def took_part_pct(self) -> float:
        """Return the share of person-days with an answer."""
        return 100 * self.ranked.took_part

    @property
    def correct_pct(self) -> float:
        """Return the share of right answers."""
        return 100 * self.ranked.correct


@dataclass(frozen=True, slots=True)
class Ranking:
    """How the units of a campaign stand on a day; `days` have passed so far."""

    lines: tuple[RankedUnit, ...]
    days: int
    total_days: int


def ranking(campaign: Campaign, on: dt.date, *, employee_id: int | None = None) -> Ranking:
    """Return the ranking as of a day, four statements however many people answered.

    A person counts for the nearest unit of the campaign above the own one, as it is on that day or, once the
    campaign is over, on its last. `employee_id` marks that person's unit.
    """
    units = {unit.path: unit for unit in campaign.units.all()}
    last = min(on, campaign.ends_on)
    days = max((last - campaign.starts_on).days + 1, 0)
    total_days = (campaign.ends_on - campaign.starts_on).days + 1
    inside = Q(pk__in=())
    for path in units:
        inside |= Q(unit__path__startswith=path)
    stays = Assignment.objects.filter(
        on_day(last), inside, kind=AssignmentKind.PRIMARY, employee__status=EmploymentStatus.ACTIVE
    )
    home = {person: _nearest(path, units) for person, path in stays.values_list("employee_id", "unit__path")}
    counted = PracticeAnswer.objects.filter(campaign=campaign, counted=True, day__lte=last)
    done = counted.values("employee_id").annotate(
        answered=Count("pk"), right=Count("pk", filter=Q(is_right=True)), days=Count("day", distinct=True)
    )
    people = Counter(home.values())
    sums: dict[str, Counter[str]] = {path: Counter() for path in units}
    for row in done.values_list("employee_id", "answered", "right", "days"):
        path = home.get(row[0])
        if path is not None:
            sums[path].update({"answered": row[1], "right": row[2], "person_days": row[3]})
    facts = [
        UnitFacts(unit.pk, people[path], *(sums[path][name] for name in ("person_days", "answered", "right")))
        for path, unit in units.items()
    ]
    by_id = {unit.pk: unit for unit in units.values()}
    own = home.get(employee_id) if employee_id is not None else None
    return Ranking(
        lines=tuple(
            RankedUnit(
                by_id[entry.facts.unit_id], entry, own is not None and by_id[entry.facts.unit_id].path == own
            )
            for entry in (rank(facts, days=days, daily_cap=campaign.daily_cap) if days else [])
        ),
        days=days,
        total_days=total_days,
    )


def _nearest(path: str, units: dict[str, OrgUnit]) -> str:
    return max((start for start in units if path.startswith(start)), key=len)


@dataclass(frozen=True, slots=True)
class OwnPart:
    """What a person gave to a campaign: counted answers, right ones, days; and what is left of today's."""

    answered: int
    right: int
    days: int
    left_today: int


def own_part(campaign: Campaign, employee_id: int, on: dt.date) -> OwnPart:
    """Return a person's own contribution (two statements)."""
    mine = PracticeAnswer.objects.filter(campaign=campaign, employee_id=employee_id, counted=True)
    sums = mine.aggregate(
        answered=Count("pk"), right=Count("pk", filter=Q(is_right=True)), days=Count("day", distinct=True)
    )
    today = mine.filter(day=on).count()
    return OwnPart(**sums, left_today=max(campaign.daily_cap - today, 0))
