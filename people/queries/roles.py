"""Read who holds which role over what, what a reviewer should look at, and what was done about roles."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.contrib.contenttypes.models import ContentType
from django.db.models import F, Q, QuerySet
from wagtail.models import ModelLogEntry

from people.models import Assignment, AssignmentKind, EmploymentStatus, OrgUnit, RoleGrant, User
from people.permissions import Capability, Holding, Incompatible, conflict_between, running_on, scope_for
from people.queries.employees import employees_for, on_day

DORMANT_DAYS = 90  # access nobody used for a quarter is asked about
ENDING_SOON_DAYS = 30
SHOWN_PEOPLE = 20


def grants_for(
    user: User | AnonymousUser, capability: Capability = Capability.VIEW_ROLES
) -> QuerySet[RoleGrant]:
    """Return the grants over units where `user` has `capability`, with account and unit, by unit and role."""
    return (
        RoleGrant.objects.filter(scope_for(user, capability).q("unit__path"))
        .select_related("user__employee", "unit", "granted_by")
        .order_by("unit__path", "role", "user__username")
    )


def get_grant_for(user: User | AnonymousUser, grant_id: int, capability: Capability) -> RoleGrant:
    """Return a grant in the scope of `capability`; raises RoleGrant.DoesNotExist for any other."""
    return grants_for(user, capability).get(pk=grant_id)


def search_grants(
    grants: QuerySet[RoleGrant],
    *,
    words: str = "",
    role: str = "",
    unit_path: str = "",
    state: str,
    on: dt.date,
) -> QuerySet[RoleGrant]:
    """Keep the grants to people of this name or number, of this role, over units below a path, in a state.

    States: running, soon (ends within thirty days), coming, ended; anything else keeps all.
    """
    if words:
        grants = grants.filter(
            Q(user__name__icontains=words)
            | Q(user__username__icontains=words)
            | Q(user__employee__employee_no__icontains=words)
        )
    if role:
        grants = grants.filter(role=role)
    if unit_path:
        grants = grants.filter(unit__path__startswith=unit_path)
    soon = on + dt.timedelta(days=ENDING_SOON_DAYS)
    conditions = {
        "running": running_on(on),
        "soon": running_on(on) & Q(ends_before__lte=soon),
        "coming": Q(starts_on__gt=on),
        "ended": Q(ends_before__lte=on),
    }
    return grants.filter(conditions[state]) if state in conditions else grants


def own_grants(user: User | AnonymousUser, on: dt.date) -> QuerySet[RoleGrant]:
    """Return what somebody holds themselves, now and in future."""
    if not isinstance(user, User):
        return RoleGrant.objects.none()
    held = RoleGrant.objects.filter(Q(ends_before__isnull=True) | Q(ends_before__gt=on), user_id=user.pk)
    return held.select_related("unit").order_by("starts_on", "role")


def accounts_for_grant(user: User, words: str) -> list[User]:
    """Return active accounts to grant a role to: people in scope by name or number, or one exact user name."""
    people = employees_for(user, Capability.GRANT_ROLES).filter(
        Q(name__icontains=words) | Q(employee_no__icontains=words), user__is_active=True
    )
    found = list(people.order_by("employee_no").values_list("user_id", flat=True)[:SHOWN_PEOPLE])
    accounts = User.objects.filter(Q(pk__in=found) | Q(username=words), is_active=True)
    return list(accounts.select_related("employee").order_by("username"))


def get_account_for_grant(user: User, username: str) -> User:
    """Return the active account of this exact name, if `user` may grant roles anywhere.

    Whoever knows the name may grant what is theirs to grant, also to people of another unit. Raises
    User.DoesNotExist otherwise.
    """
    if not scope_for(user, Capability.GRANT_ROLES):
        raise User.DoesNotExist
    return User.objects.select_related("employee").get(username=username, is_active=True)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another grant of the same person that does not go with this one, and the rule that says so."""

    other: RoleGrant
    rule: Incompatible


@dataclass(frozen=True, slots=True)
class Finding:
    """A grant with everything a reviewer should ask about; `moved_to` is the unit the person works in now."""

    grant: RoleGrant
    is_dormant: bool
    has_left: bool
    moved_to: OrgUnit | None
    is_endless: bool
    conflicts: tuple[Conflict, ...]

    @property
    def is_clean(self) -> bool:
        """Tell whether there is nothing to ask about."""
        return not (self.is_dormant or self.has_left or self.moved_to or self.is_endless or self.conflicts)


def review_of(user: User | AnonymousUser, on: dt.date, now: dt.datetime) -> list[Finding]:
    """Return every running or coming grant in the user's scope with what is to be asked about it. Four queries.

    Dormant: not signed in for ninety days, and granted at least as long ago.
    """
    alive = Q(ends_before__isnull=True) | Q(ends_before__gt=on)
    grants = list(grants_for(user).filter(alive))
    holders = {grant.user_id for grant in grants}
    held: dict[int, list[RoleGrant]] = defaultdict(list)
    for other in RoleGrant.objects.filter(alive, user_id__in=holders).select_related("unit"):
        held[other.user_id].append(other)
    places = {
        stay.employee_id: stay.unit
        for stay in Assignment.objects.filter(
            on_day(on), kind=AssignmentKind.PRIMARY, employee__user_id__in=holders
        ).select_related("unit")
    }
    since = now - dt.timedelta(days=DORMANT_DAYS)
    return [_finding(grant, held[grant.user_id], places, on, since) for grant in grants]


def _finding(
    grant: RoleGrant, held: Sequence[RoleGrant], places: dict[int, OrgUnit], on: dt.date, since: dt.datetime
) -> Finding:
    employee = getattr(grant.user, "employee", None)
    place = places.get(employee.pk) if employee else None
    seen = grant.user.last_login
    is_old = grant.starts_on <= on - dt.timedelta(days=DORMANT_DAYS)
    return Finding(
        grant=grant,
        is_dormant=is_old and (seen is None or seen < since),
        has_left=not grant.user.is_active
        or (employee is not None and employee.status == EmploymentStatus.LEFT),
        moved_to=place if place is not None and not place.path.startswith(grant.unit.path) else None,
        is_endless=grant.ends_before is None,
        conflicts=tuple(_conflicts(grant, held)),
    )


def _conflicts(grant: RoleGrant, held: Sequence[RoleGrant]) -> list[Conflict]:
    mine = holding_of(grant)
    found = [(other, conflict_between(mine, holding_of(other))) for other in held if other.pk != grant.pk]
    return [Conflict(other, rule) for other, rule in found if rule is not None]


def holding_of(grant: RoleGrant) -> Holding:
    """Return a grant as the rule about incompatible roles wants it."""
    return Holding(grant.role, grant.unit.path, grant.starts_on, grant.ends_before)


def role_history(user: User | AnonymousUser, words: str = "") -> QuerySet[ModelLogEntry]:
    """Return what was done about roles over units in scope, the latest first; `words`: of one user name."""
    entries = ModelLogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(RoleGrant), action__startswith="people.role."
    )
    scope = scope_for(user, Capability.VIEW_AUDIT)
    if not scope.everything:
        units = OrgUnit.objects.filter(scope.q("path")).values_list("pk", flat=True)
        entries = entries.filter(data__after__unit_id__in=list(units))
    if words:
        entries = entries.filter(data__after__user=words)
    return entries.select_related("user").order_by(F("timestamp").desc(), "-pk")
