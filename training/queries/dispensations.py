"""Reads about waivers, extensions and recognised training."""

import uuid

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, QuerySet

from people.models import User
from people.permissions import Capability
from people.queries import employees_for
from training.models import Dispensation


def dispensations_for(user: User | AnonymousUser) -> QuerySet[Dispensation]:
    """Return the requests about people within the user's scope: those waiting first, then the latest."""
    people = employees_for(user, Capability.VIEW_COVERAGE)
    return (
        Dispensation.objects.filter(obligation__employee__in=people.values("pk"))
        .select_related(
            *("obligation__employee", "obligation__programme", "component", "requested_by"),
            *("decision", "decision__decided_by"),
        )
        .order_by(F("decision__decided_at").desc(nulls_first=True), "requested_at", "pk")
    )


def get_dispensation_for(user: User | AnonymousUser, public_id: uuid.UUID) -> Dispensation:
    """Return a request within the user's scope; raise Dispensation.DoesNotExist otherwise."""
    return dispensations_for(user).get(public_id=public_id)
