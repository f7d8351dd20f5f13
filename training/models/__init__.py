"""Training: what is owed by whom and why, what was done, and who may therefore work."""

from training.models.clearance import ClearanceState, Licence
from training.models.ledger import LedgerHead, RecordKind, RecordSalt, TrainingRecord
from training.models.obligations import ComponentDone, Obligation, ObligationState
from training.models.programmes import (
    Audience,
    Component,
    ComponentKind,
    Level,
    Programme,
    ProgrammeKind,
    TrainingRule,
    Trigger,
)

__all__ = [
    "Audience",
    "ClearanceState",
    "Component",
    "ComponentDone",
    "ComponentKind",
    "LedgerHead",
    "Level",
    "Licence",
    "Obligation",
    "ObligationState",
    "Programme",
    "ProgrammeKind",
    "RecordKind",
    "RecordSalt",
    "TrainingRecord",
    "TrainingRule",
    "Trigger",
]
