"""Reads about addresses that are told of changes, and about gates and places one looks after."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from access.models import AccessPlace, Delivery, DeliveryState, Gate, Hook
from people.models import Assignment, OrgUnit
from people.permissions import Scope
from training.signals import ClearanceShift

CHUNK = 1_000


def concerned_hooks(shifts: Sequence[ClearanceShift], on: dt.date) -> Iterator[tuple[ClearanceShift, int]]:
    """Yield each change with each address that is to be told of it. One query without addresses, else few.

    A person counts where they stand today, by unit and by firm; who has just left, where they stood last.
    """
    hooks: dict[int, tuple[bool, bool, list[str]]] = {}
    rows = Hook.objects.filter(ended_at__isnull=True).order_by("pk")
    for pk, on_loss, on_gain, path in rows.values_list("pk", "on_loss", "on_gain", "units__path"):
        if path:
            hooks.setdefault(pk, (on_loss, on_gain, []))[2].append(path)
    if not hooks:
        return
    paths = _paths([shift.employee_id for shift in shifts], on)
    for shift in shifts:
        for pk, (on_loss, on_gain, starts) in hooks.items():
            wanted = on_gain if shift.is_cleared else on_loss
            if wanted and any(
                path.startswith(start) for path in paths[shift.employee_id] for start in starts
            ):
                yield shift, pk


def _paths(ids: Sequence[int], on: dt.date) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for start in range(0, len(ids), CHUNK):
        last: dict[int, tuple[dt.date, list[str]]] = {}
        stays = Assignment.objects.filter(employee_id__in=ids[start : start + CHUNK], starts_on__lte=on)
        for pk, unit, firm, starts_on, ends_before in stays.values_list(
            "employee_id", "unit__path", "employer__path", "starts_on", "ends_before"
        ):
            paths = [path for path in (unit, firm) if path]
            if ends_before is None or ends_before > on:
                found[pk] += paths
            elif pk not in last or last[pk][0] < starts_on:
                last[pk] = (starts_on, paths)
        for pk, (_day, paths) in last.items():
            if pk not in found:
                found[pk] = paths
    return found


def _within(scope: Scope, through: Any, name: str) -> Q:
    """Return the condition that a thing has units and all of them lie in a scope."""
    if scope.everything:
        return Q()
    own = through.objects.filter(**{f"{name}_id": OuterRef("pk")})
    beyond = own.exclude(orgunit__in=OrgUnit.objects.filter(scope.q("path")).values("pk"))
    return Q(Exists(own)) & ~Q(Exists(beyond))


def gates_in(scope: Scope) -> QuerySet[Gate]:
    """Return the gates all of whose units lie in a scope, those in use first."""
    gates = Gate.objects.filter(_within(scope, Gate.units.through, "gate"))
    return gates.prefetch_related("units").order_by("revoked_at", "name", "pk")


def hooks_in(scope: Scope) -> QuerySet[Hook]:
    """Return the addresses all of whose units lie in a scope, with how many messages wait or were given up."""
    hooks = Hook.objects.filter(_within(scope, Hook.units.through, "hook"))
    return (
        hooks.prefetch_related("units")
        .annotate(
            waiting=Count("deliveries", filter=Q(deliveries__state=DeliveryState.WAITING)),
            dead=Count("deliveries", filter=Q(deliveries__state=DeliveryState.DEAD)),
        )
        .order_by("ended_at", "name", "pk")
    )


def deliveries_of(hook: Hook) -> QuerySet[Delivery]:
    """Return the messages of an address: those given up first, then the newest."""
    return hook.deliveries.select_related("employee").order_by("state", "-pk")


def places_in(scope: Scope) -> QuerySet[AccessPlace]:
    """Return the places of the units in a scope."""
    places = AccessPlace.objects.filter(scope.q("unit__path")).select_related("unit")
    return places.prefetch_related("demanded_licences", "demanded_programmes").order_by("code")
