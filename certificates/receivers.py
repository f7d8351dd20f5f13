"""What this room does when the rooms below report something. Each receiver calls one idempotent action."""

from typing import Any

from certificates.actions.issue import issue_for_record
from certificates.queries import certificates_at_stake
from exams.signals import Consequence, RegradeAsked, regrade_consequences_asked
from training.signals import TrainingRecordAdded, training_record_added


def issue_on_record(event: TrainingRecordAdded, **_kwargs: Any) -> None:
    """Issue the certificate a new ledger row has earned, if any."""
    issue_for_record(record_id=event.record_id, now=event.recorded_at)


def name_certificates(asked: RegradeAsked, **_kwargs: Any) -> list[Consequence]:
    """Name the certificates that rest on exams somebody would pass no longer."""
    return certificates_at_stake(asked.flips)


def connect() -> None:
    """Connect the receivers; called once when the app is ready."""
    training_record_added.connect(issue_on_record, dispatch_uid="certificates.issue_on_record")
    regrade_consequences_asked.connect(name_certificates, dispatch_uid="certificates.name_certificates")
