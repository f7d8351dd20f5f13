"""How obligations stood at a moment, whatever was written over since (see PastObligation)."""

import datetime as dt
from typing import Any

from django.db.models import DateField, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from training.models import DispensationDecision, DispensationKind, ObligationState, PastObligation


def end_of(day: dt.date) -> dt.datetime:
    """Return the first moment after a local day."""
    return timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days=1), dt.time.min))


def past_at(moment: dt.datetime) -> QuerySet[PastObligation]:
    """Return the rows that tell how obligations stood right before a moment that say otherwise now.

    At most one of each obligation.
    """
    return PastObligation.objects.filter(Q(since=None) | Q(since__lt=moment), until__gte=moment)


def stood(moment: dt.datetime, condition: Q) -> Q:
    """Return the condition that obligations met `condition` as they stood right before a moment.

    `condition` speaks of the fields an obligation shares with PastObligation.
    """
    stands = Q(stands_since=None) | Q(stands_since__lt=moment)
    return (stands & condition) | Q(pk__in=past_at(moment).filter(condition).values("obligation_id"))


def in_force(on: dt.date, moment: dt.datetime) -> Q:
    """Return the condition that something was owed from a day or earlier and not cancelled before a moment."""
    return Q(owed_from__lte=on) & ~Q(state=ObligationState.CANCELLED, closed_at__lt=moment)


def due_at(moment: dt.datetime) -> Coalesce:
    """Return the due day an obligation had right before a moment, as an annotation."""
    return _day_at("due_on", moment)


def owed_from_at(moment: dt.datetime) -> Coalesce:
    """Return the day from which an obligation was owed right before a moment, as an annotation."""
    return _day_at("owed_from", moment)


def _day_at(name: str, moment: dt.datetime) -> Coalesce:
    then = past_at(moment).filter(obligation=OuterRef("pk")).values(name)[:1]
    return Coalesce(Subquery(then), F(name), output_field=DateField())


def waived_on(on: dt.date, moment: dt.datetime) -> QuerySet[DispensationDecision, Any]:
    """Return the ids of what was waived for a day, by the decisions of before a moment.

    By the decisions and not by the state, so that a waiver that ran out still answers for its days.
    """
    return DispensationDecision.objects.filter(
        is_approved=True,
        decided_at__lt=moment,
        dispensation__kind=DispensationKind.WAIVER,
        dispensation__until__gte=on,
    ).values("dispensation__obligation_id")
