"""Reads of the training ledger."""

import datetime as dt
from decimal import Decimal

from django.db.models import QuerySet, Sum
from django.utils import timezone

from training.models import RecordKind, TrainingRecord


def records_of(employee_id: int) -> QuerySet[TrainingRecord]:
    """Return a person's ledger rows that no later row corrects, newest first."""
    return TrainingRecord.objects.filter(employee_id=employee_id, corrected_by__isnull=True).order_by("-seq")


def hours_in_year(employee_id: int, year: int) -> Decimal:
    """Return the 学时 of a person's programmes completed in a calendar year of the site's time zone.

    On-site rows are parts of their programme's row, so only the latter are added up.
    """
    first = dt.datetime(year, 1, 1, tzinfo=timezone.get_default_timezone())
    after = dt.datetime(year + 1, 1, 1, tzinfo=timezone.get_default_timezone())
    found = records_of(employee_id).filter(
        kind=RecordKind.PROGRAMME, passed=True, completed_at__gte=first, completed_at__lt=after
    )
    return found.aggregate(total=Sum("hours"))["total"] or Decimal(0)
