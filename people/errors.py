"""What can go wrong with people. The messages for users are made where they are shown."""

from people.roster import Problem


class PeopleError(Exception):
    """Anything an action on people refuses."""


class EmploymentRefused(PeopleError):
    """The change contradicts what is known; `problem.code` says how, `problem.detail` with what."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.field}: {problem.code}")
        self.problem = problem


class TooManyEndings(PeopleError):
    """A full roster would end more people than the brake lets through."""

    def __init__(self, ending: int) -> None:
        super().__init__(f"{ending} people would end")
        self.ending = ending


class PreviewOutdated(PeopleError):
    """What the file would do is no longer what was shown before confirming."""


class TicketInvalid(PeopleError):
    """The sign-in slip is unknown, used, expired or revoked."""
