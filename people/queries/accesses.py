"""Read who saw whose data in clear."""

import datetime as dt
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from people.models import PersonalDataAccess, User
from people.permissions import Capability, scope_for
from people.queries.employees import employees_for

FIELD_ORDER = ("id_number", "phone", "photo", "everything")


def accesses_of(employee_id: int) -> QuerySet[PersonalDataAccess]:
    """Return who saw one person's data in clear, the latest first, with the viewers."""
    return PersonalDataAccess.objects.filter(employee_id=employee_id).select_related("viewer")


def accesses_for(user: User | AnonymousUser) -> QuerySet[PersonalDataAccess]:
    """Return the accesses to data of the people over whom `user` may audit, the latest first."""
    rows = PersonalDataAccess.objects.select_related("viewer", "employee")
    if not scope_for(user, Capability.VIEW_AUDIT).everything:
        rows = rows.filter(employee__in=employees_for(user, Capability.VIEW_AUDIT).values("pk"))
    return rows


def search_accesses(
    rows: QuerySet[Any], *, words: str = "", since: dt.date | None = None, until: dt.date | None = None
) -> QuerySet[Any]:
    """Narrow accesses by viewer or person (name or number) and by day, both days included."""
    if words:
        named = Q()
        for field in ("viewer__username", "viewer__name", "employee__employee_no", "employee__name"):
            named |= Q(**{f"{field}__icontains": words})
        rows = rows.filter(named)
    if since:
        rows = rows.filter(accessed_at__date__gte=since)
    if until:
        rows = rows.filter(accessed_at__date__lte=until)
    return rows
