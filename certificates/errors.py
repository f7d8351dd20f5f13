"""What can go wrong with certificates."""


class CertificateError(Exception):
    """The base of this room's errors; `str()` is a message for people."""


class NotAllowed(CertificateError):
    """The acting user may not do this to this certificate."""


class ReasonMissing(CertificateError):
    """A change of standing came without a reason."""


class ChangeImpossible(CertificateError):
    """The certificate's present standing does not allow the change."""
