"""The card of three-level education, drawn from the ledger: what was taught when, by whom, and who signed.

The law asks for a true record of time, content, participants and result (Work Safety Law art. 28); the three
levels are those of order 3 art. 14 to 16, the three signatures at each are what inspectors ask for in practice.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet
from django.utils import timezone

from people.models import Employee, User
from people.permissions import Capability
from people.queries import employees_for, place_of_work
from training.models import (
    Component,
    ComponentDone,
    ComponentKind,
    LedgerSeal,
    Obligation,
    RecordKind,
    RecordSignature,
    SignerRole,
    TrainingRecord,
)
from training.queries.seals import last_seal


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature as the card shows it: an SVG path or a typed name; both empty once it was lawfully erased.

    `days_after` is how long after the training it was given: a signature of weeks later says little.
    """

    role: str
    label: str
    path: str
    name: str
    at: dt.datetime
    days_after: int
    on_other_device: bool


@dataclass(frozen=True, slots=True)
class CardRow:
    """One training as the ledger has it, with its signatures in the order of the roles (None: not signed)."""

    seq: int
    leaf_hash: str
    started_at: dt.datetime
    completed_at: dt.datetime
    hours: Decimal
    place: str
    trainer: str
    signatures: tuple[Signed | None, ...]


@dataclass(frozen=True, slots=True)
class CardLevel:
    """A level of the card: what it teaches, what was held of it, and the score where one was set."""

    name: str
    content: str
    hours_asked: Decimal
    rows: tuple[CardRow, ...]
    score_pct: Decimal | None

    @property
    def hours_held(self) -> Decimal:
        """Return the 学时 held."""
        return sum((row.hours for row in self.rows), Decimal(0))

    @property
    def is_done(self) -> bool:
        """Tell whether all hours were held."""
        return self.hours_held >= self.hours_asked > 0


@dataclass(frozen=True, slots=True)
class Card:
    """One person's card for one obligation. `record` is the ledger row of the whole programme, once it is done."""

    obligation: Obligation
    employee: Employee
    unit: str
    post: str
    levels: tuple[CardLevel, ...]
    score_pct: Decimal | None
    record: TrainingRecord | None
    seal: LedgerSeal | None

    @property
    def is_sealed(self) -> bool:
        """Tell whether every row on the card lies under the newest seal."""
        seqs = [row.seq for level in self.levels for row in level.rows]
        seqs += [self.record.seq] if self.record else []
        return self.seal is not None and bool(seqs) and max(seqs) <= self.seal.size

    @property
    def is_signed(self) -> bool:
        """Tell whether every row on the card bears all three signatures."""
        rows = [row for level in self.levels for row in level.rows]
        return bool(rows) and all(None not in row.signatures for row in rows)


def with_card() -> QuerySet[Obligation]:
    """Return the obligations whose programme has levels: those for which a card is kept."""
    levelled = Component.objects.filter(kind=ComponentKind.ON_SITE).exclude(level="")
    return Obligation.objects.filter(programme__in=levelled.values("programme")).select_related(
        "programme", "employee"
    )


def cards_for(user: User) -> QuerySet[Obligation]:
    """Return the obligations with a card of the people a user answers for, newest first."""
    people = employees_for(user, Capability.VIEW_COVERAGE).values("pk")
    return with_card().filter(employee__in=people).order_by("-owed_from", "-pk")


def card_of(obligation: Obligation) -> Card:
    """Return the card of one obligation. Seven statements."""
    (card,) = cards_of([obligation])
    return card


def cards_of(obligations: Sequence[Obligation]) -> list[Card]:
    """Return the cards of obligations, in their order. Five statements, and two for each person's place."""
    ids = [obligation.pk for obligation in obligations]
    components: dict[int, list[Component]] = defaultdict(list)
    programmes = {obligation.programme_id for obligation in obligations}
    parts = Component.objects.filter(programme__in=programmes).select_related("stage")
    for component in parts.order_by("position"):
        components[component.programme_id].append(component)
    rows: dict[tuple[int, int], list[TrainingRecord]] = defaultdict(list)
    whole: dict[int, TrainingRecord] = {}
    found = TrainingRecord.objects.filter(obligation__in=ids, corrected_by__isnull=True, passed=True)
    for record in found.order_by("seq"):
        assert record.obligation_id is not None
        if record.component_id is not None:
            rows[record.obligation_id, record.component_id].append(record)
        elif record.kind != RecordKind.ON_SITE:  # of the whole programme, or what corrects that
            whole[record.obligation_id] = record
    signatures = _signatures([record for each in rows.values() for record in each])
    scores = _scores(ids)
    seal = last_seal()
    cards = []
    for obligation in obligations:
        stay = place_of_work(obligation.employee_id, obligation.owed_from)
        levels = tuple(
            CardLevel(
                # Whatever the house calls its levels.
                name=component.stage.title if component.stage else component.get_level_display(),
                content=component.title,
                hours_asked=component.hours,
                rows=tuple(
                    _row(record, signatures[record.pk]) for record in rows[obligation.pk, component.pk]
                ),
                # The score of the level's exam, or that given at the end of the training itself.
                score_pct=next(
                    (
                        scores[obligation.pk, other.pk]
                        for other in components[obligation.programme_id]
                        if (obligation.pk, other.pk) in scores
                        and other.level == component.level
                        and (other.kind == ComponentKind.EXAM or other.pk == component.pk)
                    ),
                    None,
                ),
            )
            for component in components[obligation.programme_id]
            if component.kind == ComponentKind.ON_SITE and component.level
        )
        done = whole.get(obligation.pk)
        cards.append(
            Card(
                obligation=obligation,
                employee=obligation.employee,
                unit=stay.unit.name if stay else "",
                post=stay.post.name if stay else "",
                levels=levels,
                score_pct=done.score_pct if done else None,
                record=done,
                seal=seal,
            )
        )
    return cards


def _scores(obligation_ids: Sequence[int]) -> dict[tuple[int, int], Decimal]:
    done = ComponentDone.objects.filter(
        obligation__in=obligation_ids, component__kind__in=(ComponentKind.EXAM, ComponentKind.ON_SITE)
    ).values_list("obligation_id", "component_id", "evidence")
    return {
        (obligation_id, component_id): Decimal(evidence["score_pct"])
        for obligation_id, component_id, evidence in done
        if "score_pct" in evidence
    }


def _signatures(records: Sequence[TrainingRecord]) -> dict[int, dict[str, RecordSignature]]:
    found: dict[int, dict[str, RecordSignature]] = defaultdict(dict)
    rows = RecordSignature.objects.filter(record__in=records).select_related("ink", "signer")
    for signature in rows:
        found[signature.record_id][signature.role] = signature
    return found


def _row(record: TrainingRecord, signatures: dict[str, RecordSignature]) -> CardRow:
    return CardRow(
        seq=record.seq,
        leaf_hash=record.leaf_hash,
        started_at=record.started_at,
        completed_at=record.completed_at,
        hours=record.hours,
        place=record.place,
        trainer=record.trainer_name,
        signatures=tuple(
            _signed(record, signatures[role]) if role in signatures else None for role in SignerRole.values
        ),
    )


def _signed(record: TrainingRecord, signature: RecordSignature) -> Signed:
    ink = getattr(signature, "ink", None)
    by_hand = signature.signed_by == "hand"
    after = timezone.localdate(signature.signed_at) - timezone.localdate(record.completed_at)
    return Signed(
        role=signature.role,
        label=str(SignerRole(signature.role).label),
        path=ink.mark if ink and by_hand else "",
        name=ink.mark if ink and not by_hand else "",
        at=signature.signed_at,
        days_after=max(after.days, 0),
        on_other_device=signature.handed_by_id is not None,
    )
