"""What can go wrong while somebody studies."""


class StudyError(Exception):
    """Studying cannot go on. `code` is for the client, the text for the reader: what happened and what helps."""

    code = "study_error"


class LessonClosed(StudyError):
    """The lesson is not live, or this person no longer studies here."""

    code = "lesson_closed"


class LessonNotOpen(StudyError):
    """Something else of the course comes first."""

    code = "not_open"


class SessionUnknown(StudyError):
    """There is no such session of this person."""

    code = "session_unknown"


class SessionTakenOver(StudyError):
    """The person opened a lesson elsewhere; this session has ended."""

    code = "taken_over"


class BadSignature(StudyError):
    """The beat was not signed with the session's key."""

    code = "bad_signature"


class WrongSeq(StudyError):
    """The beat is not the next one and not a repetition of a known one. `expected` is the next number."""

    code = "wrong_seq"

    def __init__(self, message: str, expected: int) -> None:
        super().__init__(message)
        self.expected = expected


class NotYetStudied(StudyError):
    """Something is still to be read or watched before it can be confirmed."""

    code = "not_yet_studied"


class ContentChanged(StudyError):
    """The lesson was published anew while it was open."""

    code = "content_changed"


class CheckUnknown(StudyError):
    """There is no such check of this person."""

    code = "check_unknown"


class EncodingBusy(Exception):
    """Another process has this film in hand. The text names the film."""


class UploadRefused(Exception):
    """A part of an upload, or the whole of it, that is not taken in. The text names the file and the cure.

    `code` is one of unknown, wrong_offset, too_large, too_many, incomplete, no_room; `offset` is how many bytes are there.
    """

    def __init__(self, code: str, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.offset = offset


class BadPackageReport(StudyError):
    """What a package reported is too large, no SCORM data, or of a part it does not have."""

    code = "bad_package_report"
