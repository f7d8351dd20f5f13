"""What this room does when django-allauth reports a change of somebody's second factor."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset

from people.audit import record_audit

CODES = {
    Authenticator.Type.TOTP: "people.second_factor",
    Authenticator.Type.RECOVERY_CODES: "people.recovery_codes",
}


def connect() -> None:
    """Connect the receivers; called once when the app is ready."""
    authenticator_added.connect(_added, dispatch_uid="people.authenticator_added")
    authenticator_reset.connect(_added, dispatch_uid="people.authenticator_reset")
    authenticator_removed.connect(_removed, dispatch_uid="people.authenticator_removed")


def _added(*, request: Any, user: Any, authenticator: Authenticator, **_: Any) -> None:
    if authenticator.type == Authenticator.Type.TOTP:
        # Setting it up took a code: this session has given its second factor.
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)
    record_audit(user, f"{CODES[Authenticator.Type(authenticator.type)]}.add", user)


def _removed(*, user: Any, authenticator: Authenticator, **_: Any) -> None:
    record_audit(user, f"{CODES[Authenticator.Type(authenticator.type)]}.remove", user)
