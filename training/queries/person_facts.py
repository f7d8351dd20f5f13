"""What the standing and recurring rules need to know of many people on a day."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from uuid import UUID

from django.db.models import Max
from django.utils import timezone

from people.models import Assignment, EmploymentEvent
from training.models import Licence, Obligation, ObligationState
from training.queries.rulebook import Rulebook
from training.queries.standing import end_of
from training.recurring import TRIGGERS, LicenceDue, PersonFacts, PlaceHeld


def facts_of(employee_ids: Collection[int], book: Rulebook, on: dt.date) -> dict[int, PersonFacts]:
    """Return the facts of these people as of the end of a day. Three queries for any number.

    People who stand nowhere that day are left out: nothing is asked of them.
    """
    places: dict[int, list[PlaceHeld]] = defaultdict(list)
    rows = Assignment.objects.filter(employee_id__in=employee_ids, starts_on__lte=on).order_by(
        "starts_on", "pk"
    )
    standing: set[int] = set()
    for employee_id, unit_id, post_id, terms, starts_on, ends_before in rows.values_list(
        "employee_id", "unit_id", "post_id", "employment_type", "starts_on", "ends_before"
    ):
        places[employee_id].append(PlaceHeld(book.place(unit_id, post_id, terms), starts_on, ends_before))
        if ends_before is None or ends_before > on:
            standing.add(employee_id)
    licences = _licences(standing, on)
    done = _done(standing, book, on)
    return {
        pk: PersonFacts(tuple(places[pk]), tuple(licences.get(pk, ())), done.get(pk, {}))
        for pk in sorted(standing)
    }


def _licences(employee_ids: Collection[int], on: dt.date) -> dict[int, list[LicenceDue]]:
    """Return the licences still to be reviewed or renewed, each by its nearer date. One query.

    One that has been renewed already (another of its kind lasts longer) is left to run out.
    """
    found: dict[int, list[LicenceDue]] = defaultdict(list)
    rows = list(
        Licence.objects.filter(employee_id__in=employee_ids, valid_until__gte=on).values_list(
            "employee_id", "licence_type_id", "valid_until",
            "pk", "licence_type__family", "valid_from", "review_due_on",
        )
    )  # fmt: skip
    longest: dict[tuple[int, int], dt.date] = {}
    for employee_id, kind, valid_until, *_more in rows:
        longest[employee_id, kind] = max(valid_until, longest.get((employee_id, kind), valid_until))
    for employee_id, kind, valid_until, pk, family, valid_from, review_due_on in rows:
        if valid_from > on or valid_until < longest[employee_id, kind]:
            continue
        found[employee_id].append(LicenceDue(pk, family, min(valid_until, review_due_on or valid_until)))
    return found


def _done(employee_ids: Collection[int], book: Rulebook, on: dt.date) -> dict[int, dict[int, dt.date]]:
    """Return when people last completed the programmes of rules that ask without an event. One query."""
    programmes = {rule.programme_id for rule in book.rules if rule.trigger in TRIGGERS}
    found: dict[int, dict[int, dt.date]] = defaultdict(dict)
    rows = (
        Obligation.objects.filter(
            employee_id__in=employee_ids,
            programme_id__in=programmes,
            state=ObligationState.DONE,
            closed_at__lt=end_of(on),
        )
        .values_list("employee_id", "programme_id")
        .annotate(last=Max("closed_at"))
        .order_by()
    )
    for employee_id, programme_id, last in rows:
        found[employee_id][programme_id] = timezone.localdate(last)
    return found


def people_of(event_ids: Iterable[UUID]) -> set[int]:
    """Return the ids of the people employment events are about. A statement for each thousand events."""
    ids, found = list(event_ids), set()
    for start in range(0, len(ids), 1000):
        piece = EmploymentEvent.objects.filter(pk__in=ids[start : start + 1000])
        found |= set(piece.values_list("employee_id", flat=True))
    return found
