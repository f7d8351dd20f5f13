"""Everything the training file of a person is made of (一人一档)."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from people.dossier import DossierTable, dossier_of
from people.models import Employee
from people.permissions import Capability
from people.queries import place_of_work
from people.queries.identity import particulars
from training.models import LedgerSeal, TrainingRecord
from training.queries.cards import Card, cards_of, with_card
from training.queries.proofs import proofs_of
from training.queries.seals import last_seal


@dataclass(frozen=True, slots=True)
class TrainingFile:
    """A person's file as one reader may see it. `proofs` are by ledger number."""

    employee: Employee
    place: str
    id_number: str
    sections: list[tuple[str, DossierTable]]
    cards: list[Card]
    seal: LedgerSeal | None
    proofs: dict[int, dict[str, Any]]


def training_file_of(employee: Employee, now: dt.datetime, may: frozenset[Capability] | None) -> TrainingFile:
    """Return the file of a person for a reader with these capabilities over them; None is the person.

    Reads all sealed hashes once (about a second for a million rows).
    """
    stay = place_of_work(employee.pk, timezone.localdate(now))
    return TrainingFile(
        employee=employee,
        place=f"{stay.unit.name} · {stay.post.name}" if stay else "",
        id_number=particulars(employee, frozenset()).id_number,
        sections=dossier_of(employee, now, may),
        cards=cards_of(list(with_card().filter(employee=employee).order_by("owed_from", "pk"))),
        seal=last_seal(),
        proofs=proofs_of(TrainingRecord.objects.filter(employee=employee).order_by("seq")),
    )
