"""What a waiver does to an obligation: from its approval, and again where the obligation stands again before it ends."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from training.models import DispensationDecision, DispensationKind, Obligation, ObligationState

# Not done and not cancelled: what is waived is owed again one day, so whatever ends what is open ends it, too.
UNFINISHED = (ObligationState.OPEN, ObligationState.WAIVED)


def waived_until(until: dt.date) -> dict[str, Any]:
    """Return what an obligation says that is waived up to and including a day; when it was closed is not in it."""
    return {
        "state": ObligationState.WAIVED,
        "waived_before": until + dt.timedelta(days=1),
        "close_reason": _("已豁免至 %(day)s") % {"day": date_format(until, "Y-m-d")},
    }


def waive_again(*, obligation_ids: Collection[int], now: dt.datetime) -> None:
    """Waive these open obligations as far as a waiver of theirs still runs; it is not lost by having been cancelled.

    Call it inside the transaction that made them stand again. One query, and a statement for each that is waived.
    """
    if not obligation_ids:
        return
    running = DispensationDecision.objects.filter(
        is_approved=True,
        dispensation__kind=DispensationKind.WAIVER,
        dispensation__until__gte=timezone.localdate(now),
        dispensation__obligation__in=obligation_ids,
    ).values_list("dispensation__obligation_id", "dispensation__until", "decided_at")
    for pk, until, decided_at in running.order_by("dispensation__until"):
        assert until is not None  # the database holds it for a waiver
        Obligation.objects.filter(pk=pk, state__in=UNFINISHED).update(
            **waived_until(until), closed_at=decided_at
        )
