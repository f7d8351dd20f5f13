"""The shapes kept in the JSON fields of this room."""

from typing import NotRequired, TypedDict


class Evidence(TypedDict):
    """What satisfied a component: study records of a course, a passed attempt, or an on-site record."""

    kind: str  # training.models.ComponentKind
    study_record_ids: NotRequired[list[int]]
    attempt_id: NotRequired[int]
    score_pct: NotRequired[str]
    training_record_ids: NotRequired[list[int]]


class ContentItem(TypedDict):
    """One piece of content a record vouches for, pinned to the exact text, film, paper or ledger row.

    `kind` is lesson (sha256 of its content), film, exam (sha256 of the frozen paper, `attempt` its public id)
    or on_site (`level`; in the record of a whole programme also `record_seq` and the leaf hash as sha256).
    """

    kind: str
    title: str
    revision_id: int | None
    sha256: str
    attempt: NotRequired[str]
    level: NotRequired[str]
    record_seq: NotRequired[int]


class RecordPayload(TypedDict):
    """What a ledger row says, in the form that is hashed. Decimals and times are text, times in UTC."""

    format: int
    seq: int
    kind: str
    person: str  # salted commitment, hex
    programme: str
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
    recorded_at: str


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
