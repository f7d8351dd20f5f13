"""Hours gathered over time settle the components that ask for them."""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from training.actions.clearance import in_chunks
from training.actions.completion import finish_if_complete, lock_open_obligations, note_component_done
from training.hours import Credit
from training.models import TrainingRecord
from training.queries.hours import Ring, rings_of
from training.queries.study_times import STUDY, study_ids
from training.shapes import Evidence


def settle_hours(*, employee_ids: Iterable[int], now: dt.datetime) -> list[TrainingRecord]:
    """Note the hours these people have gathered where they are enough, and close what is thereby complete.

    The earliest due comes first; hours counted once are not counted again. Doing it twice changes nothing. The
    statements grow with the chunks of a thousand and with what closes. Returns the ledger rows written.
    """
    records: list[TrainingRecord] = []
    on = timezone.localdate(now)
    for chunk in in_chunks(employee_ids):
        # Who has enough for two at once gets the second with the next turn, when the first is counted.
        waiting = chunk
        while full := {pk: rings[0] for pk, rings in _full(waiting, on).items()}:
            with transaction.atomic():
                locked = {
                    item.pk: item
                    for item in lock_open_obligations([ring.obligation.pk for ring in full.values()], full)
                }
                again = _full(list(full), on)
                for pk, ring in full.items():
                    mine = [one for one in again.get(pk, []) if one.obligation.pk == ring.obligation.pk]
                    obligation = locked.get(ring.obligation.pk)
                    if obligation is None or not mine:
                        continue
                    note_component_done(
                        obligation=obligation,
                        component=ring.component,
                        evidence=_evidence(mine[0].credit),
                        now=now,
                    )
                    record = finish_if_complete(obligation=obligation, acting_user=None, now=now)
                    records += [record] if record else []
            waiting = [pk for pk in waiting if pk in full]
    return records


def _full(employee_ids: list[int], on: dt.date) -> dict[int, list[Ring]]:
    """Return the rings of people that are full and not settled yet, the earliest due first."""
    found = {}
    for employee_id, rings in rings_of(employee_ids, on).items():
        full = [ring for ring in rings if ring.missing <= 0 and not ring.is_settled]
        if full:
            found[employee_id] = full
    return found


def _evidence(credit: Credit) -> Evidence:
    """Return the proofs that were counted. Whatever does not count for this one is left for the next."""
    keys = [entry.key for entry, _hours in credit.counted]
    evidence: Evidence = {"kind": "hours", "counted": keys, "hours": str(credit.hours)}
    records = [int(key.partition(":")[2]) for key in keys if key.startswith("record:")]
    studies = [pk for key in keys if key.startswith(STUDY) for pk in study_ids(key)]
    recognised = [int(key.partition(":")[2]) for key in keys if key.startswith("recognised:")]
    if records:
        evidence["training_record_ids"] = records
    if studies:
        evidence["study_record_ids"] = studies
    if recognised:
        evidence["dispensation_ids"] = recognised
    return evidence
