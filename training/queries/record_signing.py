"""Which ledger rows wait for a signature, and whose."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet

from people.models import Employee, User
from people.permissions import Capability
from people.queries import employees_for
from training.models import HELD_KINDS, RecordKind, RecordSignature, SignerRole, TrainingRecord

DAYS_SHOWN = 120  # older sessions are signed from the card of the person


def on_site_rows() -> QuerySet[TrainingRecord]:
    """Return the on-site rows of the ledger that no later row corrects.

    The row that corrects one is signed anew: a signature is bound to what the row says. One that says that nothing
    was learnt is not.
    """
    corrected = Q(kind=RecordKind.CORRECTION, component__kind__in=HELD_KINDS, passed=True)
    return TrainingRecord.objects.filter(Q(kind=RecordKind.ON_SITE) | corrected, corrected_by__isnull=True)


def rows_to_sign(employee: Employee) -> QuerySet[TrainingRecord]:
    """Return the on-site rows of a person that the person has not signed, the oldest first."""
    own = RecordSignature.objects.filter(record=OuterRef("pk"), role=SignerRole.TRAINEE)
    return (
        on_site_rows()
        .filter(~Exists(own), employee=employee)
        .select_related("programme", "component", "employee")
        .order_by("started_at", "seq")
    )


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One person of a session, and who has signed the row."""

    record: TrainingRecord
    signed: frozenset[str]

    @property
    def trainee_signed(self) -> bool:
        """Tell whether the person signed."""
        return SignerRole.TRAINEE in self.signed


@dataclass(frozen=True, slots=True)
class Session:
    """The rows that were recorded together: one training, one time, one place. `key` is the first row's id."""

    rows: tuple[SessionRow, ...]

    @property
    def first(self) -> TrainingRecord:
        """Return the row the session is known by."""
        return self.rows[0].record

    @property
    def key(self) -> int:
        """Return the id of the first row."""
        return self.first.pk

    @property
    def hours(self) -> Decimal:
        """Return the 学时 each of them was credited."""
        return self.first.hours

    def unsigned(self, role: str) -> int:
        """Return how many rows lack the signature of a role."""
        return sum(role not in row.signed for row in self.rows)

    @property
    def trainees_missing(self) -> int:
        """Return how many people have not signed."""
        return self.unsigned(SignerRole.TRAINEE)

    @property
    def trainer_missing(self) -> bool:
        """Tell whether the trainer has rows to sign."""
        return bool(self.unsigned(SignerRole.TRAINER))

    @property
    def responsible_missing(self) -> bool:
        """Tell whether whoever answers for the level has rows to sign."""
        return bool(self.unsigned(SignerRole.RESPONSIBLE))

    @property
    def is_complete(self) -> bool:
        """Tell whether everybody has signed."""
        return not (self.trainees_missing or self.trainer_missing or self.responsible_missing)


def sessions_for(user: User, now: dt.datetime) -> list[Session]:
    """Return the sessions of the last months of the people a user records training for, the newest first.

    Three statements, whatever their number.
    """
    people = employees_for(user, Capability.RECORD_TRAINING).values("pk")
    rows = on_site_rows().filter(employee__in=people, recorded_at__gte=now - dt.timedelta(days=DAYS_SHOWN))
    return _sessions(rows.select_related("employee", "programme", "component").order_by("seq"))


def session_for(user: User, record_id: int) -> Session:
    """Return the session a row belongs to, as far as its people are in the user's reach.

    Raises TrainingRecord.DoesNotExist for a row out of reach.
    """
    people = employees_for(user, Capability.RECORD_TRAINING).values("pk")
    reach = on_site_rows().filter(employee__in=people)
    row = reach.get(pk=record_id)
    together = reach.filter(
        component=row.component,
        started_at=row.started_at,
        completed_at=row.completed_at,
        recorded_at=row.recorded_at,
        place=row.place,
    )
    (found,) = _sessions(together.select_related("employee", "programme", "component").order_by("seq"))
    return found


def _sessions(rows: Iterable[TrainingRecord]) -> list[Session]:
    records = list(rows)
    signed = signed_roles([record.pk for record in records])
    together: dict[tuple[object, ...], list[SessionRow]] = defaultdict(list)
    for record in records:
        key = (
            record.component_id,
            record.started_at,
            record.completed_at,
            record.recorded_at,
            record.place,
        )
        together[key].append(SessionRow(record, frozenset(signed[record.pk])))
    sessions = [Session(tuple(found)) for found in together.values()]
    return sorted(sessions, key=lambda session: (session.first.started_at, session.key), reverse=True)


def signed_roles(record_ids: Sequence[int]) -> dict[int, set[str]]:
    """Return the roles in which rows are signed, by row. One statement."""
    roles: dict[int, set[str]] = defaultdict(set)
    rows = RecordSignature.objects.filter(record_id__in=record_ids).values_list("record_id", "role")
    for record_id, role in rows:
        roles[record_id].add(role)
    return roles
