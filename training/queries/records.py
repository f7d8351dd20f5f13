"""Reads about the training ledger."""

import datetime as dt
from decimal import Decimal

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet, Sum
from django.utils import timezone

from people.models import User
from people.permissions import Capability
from people.queries import employees_for
from training.models import HELD_KINDS, Component, ComponentKind, TrainingRecord


def records_of(employee_id: int) -> QuerySet[TrainingRecord]:
    """Return the ledger rows of one person that no later row corrects, newest first."""
    return (
        TrainingRecord.objects.filter(employee_id=employee_id, corrected_by__isnull=True)
        .select_related("programme", "component", "obligation")
        .order_by("-completed_at", "-seq")
    )


def hours_in_year(employee_id: int, year: int) -> Decimal:
    """Return the 学时 in the ledger for one person whose training ended in a year. Two queries.

    On-site hours count as they were held; a programme adds its hours beyond its on-site part, which have rows
    of their own.
    """
    start = timezone.make_aware(dt.datetime(year, 1, 1))  # noqa: DTZ001 - made aware in the site's time zone
    end = timezone.make_aware(dt.datetime(year + 1, 1, 1))  # noqa: DTZ001
    rows = list(
        TrainingRecord.objects.filter(
            employee_id=employee_id,
            corrected_by__isnull=True,
            passed=True,
            completed_at__gte=start,
            completed_at__lt=end,
        ).values_list("hours", "component_id", "programme_id")
    )
    on_site = dict(
        Component.objects.filter(
            programme_id__in={row[2] for row in rows}, kind__in=(*HELD_KINDS, ComponentKind.HOURS)
        )
        .values_list("programme_id")
        .annotate(total=Sum("hours"))
    )
    return sum(
        (
            hours if component_id else max(hours - on_site.get(programme_id, Decimal(0)), Decimal(0))
            for hours, component_id, programme_id in rows
        ),
        Decimal(0),
    )


def records_for_user(user: User | AnonymousUser) -> QuerySet[TrainingRecord]:
    """Return the ledger rows of the people within the user's scope, newest first."""
    people = employees_for(user, Capability.VIEW_COVERAGE)
    return (
        TrainingRecord.objects.filter(employee__in=people.values("pk"))
        .select_related("employee", "programme", "component", "corrects", "recorded_by")
        .order_by("-seq")
    )
