"""What this room does when the rooms below report something. Each receiver calls one idempotent action."""

from typing import Any

from certificates.actions.issue import issue_for_record
from certificates.actions.standing import revoke_withdrawn
from certificates.queries import certificates_at_stake, certificates_lost
from common import clock
from exams.signals import (
    Consequence,
    RegradeAsked,
    VoidAsked,
    regrade_consequences_asked,
    void_consequences_asked,
)
from training.signals import (
    CompletionWithdrawn,
    TrainingRecordAdded,
    completion_withdrawn,
    training_record_added,
)


def issue_on_record(event: TrainingRecordAdded, **_kwargs: Any) -> None:
    """Issue the certificate a new ledger row has earned, if any."""
    issue_for_record(record_id=event.record_id, now=event.recorded_at)


def name_certificates(asked: RegradeAsked, **_kwargs: Any) -> list[Consequence]:
    """Name the certificates that rest on exams somebody would pass no longer."""
    return certificates_at_stake(asked.flips)


def revoke_on_withdrawal(event: CompletionWithdrawn, **_kwargs: Any) -> None:
    """Revoke the certificate of a completion that is taken back."""
    revoke_withdrawn(obligation_id=event.obligation_id, reason=event.reason, now=event.withdrawn_at)


def name_lost_certificates(asked: VoidAsked, **_kwargs: Any) -> list[Consequence]:
    """Name the certificate that goes with an attempt somebody thinks of making void."""
    return certificates_lost(asked, clock.now())


def connect() -> None:
    """Connect the receivers; called once when the app is ready."""
    training_record_added.connect(issue_on_record, dispatch_uid="certificates.issue_on_record")
    completion_withdrawn.connect(revoke_on_withdrawal, dispatch_uid="certificates.revoke_on_withdrawal")
    void_consequences_asked.connect(name_lost_certificates, dispatch_uid="certificates.name_lost")
    regrade_consequences_asked.connect(name_certificates, dispatch_uid="certificates.name_certificates")
