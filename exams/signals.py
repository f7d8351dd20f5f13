"""What exams tell the rooms above."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.dispatch import Signal


@dataclass(frozen=True, slots=True)
class AttemptGraded:
    """A marking was added to an attempt. Receivers must cope with hearing it twice."""

    attempt_id: int
    mark_id: int
    employee_id: int
    exam_id: int
    purpose: str
    passed: bool
    score_pct: Decimal
    submitted_at: dt.datetime
    marked_at: dt.datetime


attempt_graded = Signal()  # keyword argument: event: AttemptGraded


@dataclass(frozen=True, slots=True)
class PassFlip:
    """An attempt that a regrade would let pass (`passes`), or pass no longer."""

    attempt_id: int
    employee_id: int
    exam_id: int
    purpose: str
    passes: bool


@dataclass(frozen=True, slots=True)
class Consequence:
    """What would follow for one attempt, in a sentence for whoever decides on the regrade, or on making it void."""

    attempt_id: int
    text: str


@dataclass(frozen=True, slots=True)
class RegradeAsked:
    """What would follow if these attempts were marked so? Nothing has been stored."""

    flips: tuple[PassFlip, ...]


# Keyword argument: asked: RegradeAsked. A receiver answers with a list of Consequence.
regrade_consequences_asked = Signal()


@dataclass(frozen=True, slots=True)
class AttemptVoided:
    """A handed-in attempt was made void. Sent inside the transaction; receivers must cope with hearing it twice."""

    attempt_id: int
    employee_id: int
    exam_id: int
    purpose: str
    reason: str
    voided_at: dt.datetime


attempt_voided = Signal()  # keyword argument: event: AttemptVoided


@dataclass(frozen=True, slots=True)
class VoidAsked:
    """What would follow if this attempt were made void? Nothing has been stored."""

    attempt_id: int
    employee_id: int
    exam_id: int
    purpose: str


# Keyword argument: asked: VoidAsked. A receiver answers with a list of Consequence.
void_consequences_asked = Signal()


@dataclass(frozen=True, slots=True)
class RestudyAsked:
    """Has this person studied again since their last attempt ended (`since`)? Asked before a resit."""

    exam_id: int
    employee_id: int
    purpose: str
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class Restudied:
    """What is still to be studied again, by title; nothing: the resit may begin."""

    missing: tuple[str, ...]


# Keyword argument: asked: RestudyAsked. A receiver answers with Restudied, or None if the purpose is not its own.
restudy_asked = Signal()


@dataclass(frozen=True, slots=True)
class OwingAsked:
    """Who is to sit this exam, and for what? Only of these people, or of everybody (None).

    `only_next` leaves out who has something else to finish first: asked for a roster, where the exam would not
    count yet, and not when marks of an exam that was sat on paper are typed in.
    """

    exam_id: int
    employee_ids: tuple[int, ...] | None = None
    only_next: bool = True


@dataclass(frozen=True, slots=True)
class Owing:
    """That a person is to sit the exam for `purpose`, which is called `what`."""

    employee_id: int
    purpose: str
    what: str


# Keyword argument: asked: OwingAsked. A receiver answers with a list of Owing, the most pressing first.
owing_asked = Signal()
