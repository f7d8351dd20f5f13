"""What people tell the rooms above."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.dispatch import Signal


@dataclass(frozen=True, slots=True)
class EmploymentChanged:
    """An employment event was recorded. Sent inside the transaction that wrote it; may arrive twice.

    `effective_on` may be still to come: then it is told again, in bulk, on its day. A correction arrives as an
    event that names the one it replaces.
    """

    event_id: UUID
    employee_id: int
    kind: str  # people.models.EventKind
    effective_on: dt.date
    recorded_at: dt.datetime


employment_changed = Signal()  # keyword argument: event: EmploymentChanged


@dataclass(frozen=True, slots=True)
class EmploymentChangedInBulk:
    """Many employment events were recorded by an import, or take effect today. Sent once, in the transaction.

    `recorded_at` is the moment of telling.     It stands instead of one EmploymentChanged per event, so that 20,000 people cost a bounded number of
    statements; may arrive twice.
    """

    event_ids: tuple[UUID, ...]
    recorded_at: dt.datetime


employment_changed_in_bulk = Signal()  # keyword argument: event: EmploymentChangedInBulk


@dataclass(frozen=True, slots=True)
class UnitsChanged:
    """Units moved, closed, opened again, or came to stand otherwise before the law.

    Sent once for each change, inside its transaction; may arrive twice. What depends on a unit includes all
    that lies below it.
    """

    kind: str  # people.models.UnitEventKind, or "standing" for the two legal lists
    unit_ids: tuple[int, ...]
    effective_on: dt.date
    recorded_at: dt.datetime


units_changed = Signal()  # keyword argument: event: UnitsChanged


@dataclass(frozen=True, slots=True)
class UnitClosing:
    """Somebody wants to close a unit. Receivers return what still refers to it, in words for the user."""

    unit_id: int
    closed_on: dt.date


unit_closing = Signal()  # keyword argument: event: UnitClosing; each receiver returns a list of sentences


@dataclass(frozen=True, slots=True)
class PostDemandsChanged:
    """A post demands other licences than before. Sent inside the transaction; may arrive twice."""

    post_id: int
    recorded_at: dt.datetime


post_demands_changed = Signal()  # keyword argument: event: PostDemandsChanged


@dataclass(frozen=True, slots=True)
class ConsequencesAsked:
    """What would follow from these events? They are recorded only for the length of the question."""

    event_ids: tuple[UUID, ...]


# Keyword argument: asked: ConsequencesAsked. A receiver answers with sentences for the person who asks.
consequences_asked = Signal()
