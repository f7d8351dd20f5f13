"""What can go wrong with people. The messages for users are made where they are shown."""

from people.roster import Problem


class PeopleError(Exception):
    """Anything an action on people refuses."""


class EmploymentRefused(PeopleError):
    """The change contradicts what is known; `problem.code` says how, `problem.detail` with what."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.field}: {problem.code}")
        self.problem = problem


class StaleParticulars(PeopleError):
    """Somebody else changed the person's data since the form was opened; nothing was written."""


class UnitRefused(PeopleError):
    """A unit cannot be changed so. The message names the unit, what stands against it, and the cure."""


class PostRefused(PeopleError):
    """A post cannot be changed so. The message names the post and the cure."""


class TooManyEndings(PeopleError):
    """A full roster would end more people than the brake lets through."""

    def __init__(self, ending: int) -> None:
        super().__init__(f"{ending} people would end")
        self.ending = ending


class PreviewOutdated(PeopleError):
    """What the file would do is no longer what was shown before confirming."""


class ImportStopped(PeopleError):
    """The data changed while a long list was being written: what was written stays, the rest was not."""

    def __init__(self, batch_id: int, done: int, total: int) -> None:
        super().__init__(f"batch {batch_id}: {done} of {total}")
        self.batch_id, self.done, self.total = batch_id, done, total


class TicketInvalid(PeopleError):
    """The sign-in slip is unknown, used, expired or revoked."""


class AlreadyShown(PeopleError):
    """This form was sent before; what it asked for has been shown once."""


class PhotoRefused(PeopleError):
    """The file is no photograph we keep. `code` is too_large, not_an_image, too_small or too_many_pixels."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ErasureRefused(PeopleError):
    """Data of a person may not be erased now. `code` is held, not_left, not_due, nothing, pending, same_person, decided."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class IdentityTaken(PeopleError):
    """The identity at the provider already belongs to another account."""


class KioskRefused(PeopleError):
    """A shared tablet did not let somebody in; `code` says why: `unknown`, `wrong`, `locked` or `elsewhere`."""

    def __init__(self, code: str, minutes: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.minutes = minutes


class KeyReused(PeopleError):
    """An idempotency key came a second time, with another request."""


class RolesIncompatible(PeopleError):
    """Two roles nobody should hold together; the message names both, the rule and the cure, for users."""
