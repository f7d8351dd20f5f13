"""The shapes kept in the JSON fields of this room, and those handed from files to actions."""

import datetime as dt
from dataclasses import dataclass
from typing import NotRequired, TypedDict


class Evidence(TypedDict):
    """What satisfied a component: study records, a passed attempt, held records, something signed, gathered hours.

    `counted` are the keys of the proofs (training.hours.Entry) that made up the hours of a yearly requirement.
    """

    kind: str  # training.models.ComponentKind
    study_record_ids: NotRequired[list[int]]
    attempt_id: NotRequired[int]
    score_pct: NotRequired[str]
    training_record_ids: NotRequired[list[int]]
    reflection_id: NotRequired[int]
    practical_check_id: NotRequired[int]
    letter_id: NotRequired[int]
    licence_id: NotRequired[int]
    dispensation_ids: NotRequired[list[int]]
    counted: NotRequired[list[str]]
    hours: NotRequired[str]


class PushCriteria(TypedDict):
    """Whom a case push is for, as it stood at the push; the names beside the ids are for people to read.

    As training.pushing.Criteria: posts, hazards and features widen, units and employment types narrow.
    """

    post_ids: list[int]
    post_names: list[str]
    hazards: list[str]
    feature_ids: list[int]
    feature_names: list[str]
    unit_ids: list[int]
    unit_names: list[str]
    employment_types: list[str]


class ContentItem(TypedDict):
    """One piece of content a record vouches for, pinned to the exact text, film, paper or ledger row.

    `kind` is lesson (sha256 of its content), film, exam (sha256 of the frozen paper, `attempt` its public id),
    reflection, practical, letter, recognition (sha256 of what was signed or shown), licence, or on_site (`level`; in
    the record of a whole programme also `record_seq` and the leaf hash as sha256).
    """

    kind: str
    title: str
    revision_id: int | None
    sha256: str
    attempt: NotRequired[str]
    level: NotRequired[str]
    record_seq: NotRequired[int]


class RecordPayload(TypedDict):
    """What a ledger row says, in the form that is hashed. Decimals and times are text, times in UTC.

    `person`, `trainer` and `reason` are salted commitments in hex ("" where there is nothing to say). `subject`
    ties the row to the person's random id, which stays when name and number are erased.
    """

    format: int
    seq: int
    kind: str
    person: str
    subject: str
    programme: str
    component: int | None  # id of the programme's component
    title: str
    content: list[ContentItem]
    started_at: str
    completed_at: str
    hours: str
    score_pct: str | None
    passed: bool
    trainer: str
    place: str
    obligation: str | None  # public id
    reason: str  # of a correction
    corrects_seq: int | None
    recorded_by: int | None  # id of the account
    recorded_at: str
    replaces: NotRequired[str]  # leaf hash of the same row in format 1, see ADR 4


class ClearanceReason(TypedDict):
    """One reason why a person is blocked, with the rule behind it.

    `text` is what gates show; `subject` and `day` (ISO) let a page say the same in the reader's language.
    """

    code: str  # training.clearance.ReasonCode
    text: str
    basis: str
    subject: str
    day: str | None
    obligation_id: NotRequired[str]
    licence_type: NotRequired[str]


@dataclass(frozen=True, slots=True)
class LicenceRow:
    """One row as read; `row` counts from 1 as the workbook does."""

    row: int
    employee_no: str
    kind: str
    number: str
    issuer: str
    valid_from: dt.date
    valid_until: dt.date
    review_due_on: dt.date | None
    last_worked_on: dt.date | None


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with a row, where (the column's header, or "") and what to do."""

    row: int
    column: str
    message: str
