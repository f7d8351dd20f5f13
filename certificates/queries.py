"""Reads of this room. A certificate named by id goes through `get_certificate_for`; by code, `certificate_by_code`."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from certificates.models import Certificate, CertificateFile, CertificateTemplate
from certificates.standing import FINAL_STATES, Change, Standing, State, standing_at
from exams.signals import Consequence, PassFlip, VoidAsked
from people.models import User
from people.permissions import Capability, scope_for
from people.queries import current_assignment, employees_for
from training.queries.purposes import obligation_id_in
from training.queries.voids import loses_completion

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


STATE_WORDS = {
    State.VALID: _("有效"),
    State.EXPIRING: _("有效，即将到期"),
    State.EXPIRED: _("已过期"),
    State.SUSPENDED: _("已暂停"),
    State.REVOKED: _("已撤销"),
    State.SUPERSEDED: _("已被新证书替代"),
}


@dataclass(frozen=True, slots=True)
class CertificateCard:
    """A certificate as lists and pages show it: with its live standing, the word for it, and whether a PDF is there."""

    certificate: Certificate
    standing: Standing
    has_file: bool

    @property
    def word(self) -> "StrOrPromise":
        """Return the word that stands beside the safety sign."""
        return STATE_WORDS[self.standing.state]


def cards(certificates: Iterable[Certificate], now: dt.datetime) -> list[CertificateCard]:
    """Return the cards of certificates read by this module's functions, in one query for the files."""
    rows = list(certificates)
    filed = set(
        CertificateFile.objects.filter(certificate__in=[row.pk for row in rows]).values_list(
            "certificate_id", flat=True
        )
    )
    return [CertificateCard(row, standing_of(row, now), row.pk in filed) for row in rows]


def standing_of(certificate: Certificate, now: dt.datetime) -> Standing:
    """Return what a certificate is worth at `now`. Uses prefetched `status_changes` where there are any."""
    changes = [Change(row.kind, row.changed_at) for row in certificate.status_changes.all()]
    return standing_at(now, timezone.localdate(now), certificate.valid_until, changes)


def certificates_of(employee_id: int) -> QuerySet[Certificate]:
    """Return a person's certificates, newest first, with what `standing_of` and a link to the PDF need."""
    return _with_standing(Certificate.objects.filter(employee_id=employee_id))


def certificates_for(
    user: User | AnonymousUser, capability: Capability = Capability.VIEW_RESULTS
) -> QuerySet[Certificate]:
    """Return the certificates of the people over whom `user` has `capability`, newest first."""
    rows = Certificate.objects.all()
    if not scope_for(user, capability).everything:
        rows = rows.filter(employee__in=employees_for(user, capability).values("pk"))
    return _with_standing(rows)


def get_certificate_for(user: User | AnonymousUser, public_id: UUID) -> Certificate:
    """Return the certificate if it is the user's own or a role of theirs sees the results of its holder.

    Raises Http404 alike for one that is missing and one out of scope.
    """
    found = _with_standing(Certificate.objects.filter(public_id=public_id)).first()
    if found is None or not may_read(user, found):
        raise Http404(_("没有这张证书，或者它不对你开放"))
    return found


def get_office_certificate_for(
    user: User | AnonymousUser, public_id: UUID, capability: Capability = Capability.VIEW_RESULTS
) -> Certificate:
    """Return the certificate for the back office: through a role only, not because it is one's own.

    Raises Http404 alike for one that is missing and one out of scope.
    """
    found = certificates_for(user, capability).filter(public_id=public_id).first()
    if found is None:
        raise Http404(_("没有这张证书，或者它不对你开放"))
    return found


def may_read(user: User | AnonymousUser, certificate: Certificate) -> bool:
    """Tell whether a certificate is the user's own or in the scope of a role that sees results."""
    if not isinstance(user, User) or not user.is_active:
        return False
    return certificate.employee.user_id == user.pk or _holds(user, Capability.VIEW_RESULTS, certificate)


def may_manage(user: User | AnonymousUser, certificate: Certificate) -> bool:
    """Tell whether `user` may change a certificate's standing."""
    return _holds(user, Capability.MANAGE_CERTIFICATES, certificate)


def _holds(user: User | AnonymousUser, capability: Capability, certificate: Certificate) -> bool:
    return employees_for(user, capability).filter(pk=certificate.employee_id).exists()


def search_certificates(rows: QuerySet[Certificate], text: str) -> QuerySet[Certificate]:
    """Keep the certificates whose number, holder's name or employee number contains `text`."""
    return rows.filter(
        Q(number__icontains=text)
        | Q(employee__name__icontains=text)
        | Q(employee__employee_no__icontains=text)
    )


def get_certificate_template(template_id: int) -> CertificateTemplate:
    """Return a template, or raise Http404. Whether the user may see templates is the caller's check."""
    found = CertificateTemplate.objects.filter(pk=template_id).first()
    if found is None:
        raise Http404(_("没有这个证书模板"))
    return found


def certificate_by_code(code: str) -> Certificate | None:
    """Return the certificate behind a verify code, for anyone: whoever holds the paper knows the code."""
    return _with_standing(Certificate.objects.filter(verify_code=code)).first()


def file_of(certificate: Certificate) -> CertificateFile | None:
    """Return the PDF of a certificate, or None while it is not made yet."""
    return CertificateFile.objects.filter(certificate=certificate).first()


def template_for(programme_id: int) -> CertificateTemplate | None:
    """Return the template of a programme's certificates (the first by code), or None: it gives none."""
    return CertificateTemplate.objects.filter(programmes=programme_id).order_by("code").first()


def place_on(employee_id: int, day: dt.date) -> tuple[str, str]:
    """Return unit (path from the top, joined by `/`) and post of a person's own post on `day`, or two empty texts."""
    assignment = current_assignment(employee_id, day)
    if assignment is None:
        return "", ""
    names = [unit.name for unit in assignment.unit.get_ancestors()] + [assignment.unit.name]
    return "/".join(names), assignment.post.name


def _with_standing(rows: QuerySet[Certificate]) -> QuerySet[Certificate]:
    return rows.select_related("employee", "template").prefetch_related("status_changes")


def certificates_in_force(obligation_id: int, now: dt.datetime) -> list[Certificate]:
    """Return the certificates of an obligation that are neither revoked nor superseded. Two statements."""
    issued = _with_standing(Certificate.objects.filter(record__obligation_id=obligation_id))
    return [one for one in issued if standing_of(one, now).state not in FINAL_STATES]


def certificates_lost(asked: VoidAsked, now: dt.datetime) -> list[Consequence]:
    """Say which certificates would be revoked if an attempt were made void."""
    obligation_id = loses_completion(asked)
    if obligation_id is None:
        return []
    text = _("证书 %(number)s 凭这次考试签发，将被撤销。")
    return [
        Consequence(asked.attempt_id, text % {"number": one.number})
        for one in certificates_in_force(obligation_id, now)
    ]


def certificates_at_stake(flips: Sequence[PassFlip]) -> list[Consequence]:
    """Say which certificates rest on exams that would be passed no longer (one statement). They stay as they are."""
    lost = {
        flip: public_id for flip in flips if not flip.passes and (public_id := obligation_id_in(flip.purpose))
    }
    issued = dict(
        Certificate.objects.filter(record__obligation__public_id__in=lost.values()).values_list(
            "record__obligation__public_id", "number"
        )
    )
    text = _("证书 %(number)s 凭这次考试签发，不会自动失效，请决定是否暂停或撤销。")
    return [
        Consequence(flip.attempt_id, text % {"number": issued[public_id]})
        for flip, public_id in lost.items()
        if public_id in issued
    ]
