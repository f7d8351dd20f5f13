"""What can go wrong in training. The messages are shown to people: they name the thing, the place and the cure."""

from collections.abc import Sequence


class TrainingError(Exception):
    """Something was refused; nothing was written. `str(error)` is for the person who asked."""


class ProgrammeRefused(TrainingError):
    """A programme cannot be saved as given: it has no components, or they may no longer change."""


class RuleRefused(TrainingError):
    """A rule cannot be saved as given: this version of it has already made people owe training."""


class ParameterRefused(TrainingError):
    """A number of the rules cannot be changed as given: its day has begun, or it lacks basis or reason."""


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


class LedgerBroken(TrainingError):
    """The ledger is not whole: rows are missing, so what follows them cannot be sealed or proved."""


class NotSealed(TrainingError):
    """A ledger row cannot be proved yet: it is younger than the newest seal."""


class PushRefused(TrainingError):
    """A case cannot be pushed as asked, or a push not ended: nothing to match by, nobody meant, ended before."""


class ReflectionRefused(TrainingError):
    """A reflection cannot be taken as written: too short, not signed, or its turn has not come."""


class GateRefused(TrainingError):
    """A gate cannot be recorded or closed as asked: no evidence, the wrong order, or people not yet educated."""


class SigningRefused(TrainingError):
    """A ledger row cannot be signed so: nothing signed, or it is not this person's to sign."""


class OccurrenceRefused(TrainingError):
    """A violation, accident, change or campaign cannot be recorded or taken back as given."""


class DispensationRefused(TrainingError):
    """A waiver, an extension or a recognition cannot be asked for or decided as given."""


class CheckRefused(TrainingError):
    """A practical check or a responsibility letter cannot be taken as given: not its turn, or not signed."""
