"""Changes of a certificate's standing: each is a new row with a reason; the certificate itself stays as it was."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from certificates.errors import ChangeImpossible, NotAllowed, ReasonMissing
from certificates.models import Certificate, CertificateStatus, StatusKind
from certificates.queries import certificates_in_force, may_manage, standing_of
from certificates.standing import FINAL_STATES, State
from common.text import squeeze
from people.audit import record_audit
from people.models import User

REASON_LENGTH = 200


def suspend_certificate(
    *, certificate_id: int, reason: str, acting_user: User | None, now: dt.datetime
) -> CertificateStatus:
    """Suspend a certificate until it is resumed; one that is suspended already keeps its first row.

    Locks: the certificate until commit. Raises: ReasonMissing; NotAllowed; ChangeImpossible if it is
    revoked or superseded.
    """
    return _change(StatusKind.SUSPENDED, certificate_id, reason, acting_user, now)


def resume_certificate(
    *, certificate_id: int, reason: str, acting_user: User | None, now: dt.datetime
) -> CertificateStatus:
    """Lift a suspension. Its dates count again: one that ran out meanwhile is expired.

    Locks: the certificate until commit. Raises: ReasonMissing; NotAllowed; ChangeImpossible if it is
    not suspended.
    """
    return _change(StatusKind.RESUMED, certificate_id, reason, acting_user, now)


def revoke_certificate(
    *, certificate_id: int, reason: str, acting_user: User | None, now: dt.datetime
) -> CertificateStatus:
    """Revoke a certificate for good; one that is revoked already keeps its first row.

    Locks: the certificate until commit. Raises: ReasonMissing; NotAllowed; ChangeImpossible if it is
    superseded.
    """
    return _change(StatusKind.REVOKED, certificate_id, reason, acting_user, now)


def revoke_withdrawn(*, obligation_id: int, reason: str, now: dt.datetime) -> list[CertificateStatus]:
    """Revoke the certificates of an obligation whose completion is taken back; those that ended stay as they are.

    `reason` is cut to what fits. Raises: ReasonMissing.
    """
    return [
        _change(StatusKind.REVOKED, certificate.pk, squeeze(reason)[:REASON_LENGTH], None, now)
        for certificate in certificates_in_force(obligation_id, now)
    ]


def _change(
    kind: StatusKind, certificate_id: int, reason: str, acting_user: User | None, now: dt.datetime
) -> CertificateStatus:
    reason = squeeze(reason)
    if not reason or len(reason) > REASON_LENGTH:
        raise ReasonMissing(_("请写明原因（不超过 %(limit)s 字）。") % {"limit": REASON_LENGTH})
    with transaction.atomic():
        certificate = (
            Certificate.objects.select_for_update(of=("self",))
            .select_related("employee")
            .get(pk=certificate_id)
        )
        if acting_user is not None and not may_manage(acting_user, certificate):
            raise NotAllowed(_("你不能变更证书 %(number)s 的状态。") % {"number": certificate.number})
        state = standing_of(certificate, now).state
        if state.value == kind.value:
            # A second click: what is so already is not written twice.
            return certificate.status_changes.filter(kind=kind).latest("changed_at", "id")
        _refuse_impossible(certificate, kind, state)
        change = CertificateStatus.objects.create(
            certificate=certificate, kind=kind, reason=reason, changed_by=acting_user, changed_at=now
        )
        record_audit(certificate, f"certificates.certificate.{kind.value}", acting_user, {"reason": reason})
    return change


def _refuse_impossible(certificate: Certificate, kind: StatusKind, state: State) -> None:
    values = {"number": certificate.number}
    if state in FINAL_STATES:
        raise ChangeImpossible(_("证书 %(number)s 已撤销或已被替代，状态不能再变更。") % values)
    if kind == StatusKind.RESUMED and state != State.SUSPENDED:
        raise ChangeImpossible(_("证书 %(number)s 没有被暂停，不需要恢复。") % values)
