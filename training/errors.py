"""What can go wrong in training. The messages are shown to people: they name the thing, the place and the cure."""

from collections.abc import Sequence


class TrainingError(Exception):
    """Something was refused; nothing was written. `str(error)` is for the person who asked."""


class ProgrammeRefused(TrainingError):
    """A programme cannot be saved as given: it has no components, or they may no longer change."""


class RuleRefused(TrainingError):
    """A rule cannot be saved as given: this version of it has already made people owe training."""


class StepLocked(TrainingError):
    """A component cannot be started: an earlier one is not done, or its obligation is closed."""


class OnSiteRefused(TrainingError):
    """On-site training cannot be recorded as given. `problems` holds one message per fault, people named."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class CorrectionRefused(TrainingError):
    """A ledger row cannot be corrected: it already was, or no reason is given."""


class LicenceRefused(TrainingError):
    """A licence cannot be saved as given."""
