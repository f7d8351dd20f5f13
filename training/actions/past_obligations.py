"""Keeping what is about to be written over, so that a past day can be asked again."""

import datetime as dt
from collections.abc import Iterable

from common.rows import insert_values
from training.actions.clearance import in_chunks
from training.models import Obligation, PastObligation

_KEPT = ("state", "owed_from", "due_on", "before_work", "blocks_overdue", "closed_at")


def keep_past(*, obligation_ids: Iterable[int], now: dt.datetime) -> None:
    """Keep how these obligations stand in the database, and note that from `now` on they say something else.

    Call it before dating an obligation anew, putting it off or reviving it, inside the transaction that locked its
    person. Three statements per thousand obligations, none without any.
    """
    for chunk in in_chunks(obligation_ids):
        rows = list(Obligation.objects.filter(pk__in=chunk).values_list("pk", *_KEPT, "stands_since"))
        # A clock set back must not make a past that ends before it begins.
        ends = [now if since is None else max(since, now) for *_said, since in rows]
        insert_values(
            PastObligation,
            ("obligation", *_KEPT, "since", "until"),
            [(*row, end) for row, end in zip(rows, ends, strict=True)],
        )
        Obligation.objects.filter(pk__in=chunk).update(stands_since=now)
