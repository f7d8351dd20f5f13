"""Certificate templates: what a certificate says, and of which programmes."""

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction

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

    Raises ValidationError, naming the field, for a text or prefix that cannot be printed; PermissionDenied.
    """
    # A template serves the whole organisation, so a part of the tree is not enough.
    if acting_user is not None and not scope_for(acting_user, Capability.MANAGE_CERTIFICATES).everything:
        raise PermissionDenied
    known = CertificateTemplate.objects.select_for_update().filter(code=code).first()
    template = known or CertificateTemplate(code=code)
    template.title = title
    template.body = body
    template.footnote = footnote
    template.number_prefix = number_prefix
    template.valid_months = valid_months
    template.full_clean()
    template.save()
    template.programmes.set(programmes)
    record_audit(template, "certificates.template.save", acting_user)
    return template
