"""Certificate templates: what a certificate says, and of which programmes."""

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction

from certificates.content import check_text
from certificates.models import CertificateTemplate
from people.audit import record_audit
from people.models import User
from people.permissions import Capability, scope_for
from training.models import Programme


@transaction.atomic
def save_template(
    *,
    code: str,
    title: str,
    body: str,
    footnote: str = "",
    number_prefix: str = "AX",
    valid_months: int | None = None,
    programmes: Sequence[Programme] = (),
    acting_user: User | None,
) -> CertificateTemplate:
    """Create the template of this code, or bring it to this state. Certificates already issued keep their text.

    Raises UnknownPlaceholder for a text that cannot be filled, PermissionDenied.
    """
    # A template serves the whole organisation, so a part of the tree is not enough.
    if acting_user is not None and not scope_for(acting_user, Capability.MANAGE_CERTIFICATES).everything:
        raise PermissionDenied
    for text in (body, footnote):
        check_text(text)
    template, _created = CertificateTemplate.objects.update_or_create(
        code=code,
        defaults={
            "title": title,
            "body": body,
            "footnote": footnote,
            "number_prefix": number_prefix,
            "valid_months": valid_months,
        },
    )
    template.programmes.set(programmes)
    record_audit(template, "certificates.template.save", acting_user)
    return template
