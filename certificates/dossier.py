"""What certificates add to a person's training file."""

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.queries import cards, certificates_of
from people.dossier import DossierSection, DossierTable
from people.models import Employee
from people.permissions import Capability


def _certificates(employee: Employee, now: dt.datetime) -> DossierTable:
    return DossierTable(
        header=[_("证书编号"), _("证书名称"), _("签发日期"), _("有效期至"), _("状态")],
        rows=[
            [
                card.certificate.number,
                card.certificate.printed["title"],
                card.certificate.printed["issued_on"],
                card.certificate.printed["valid_until"],
                str(card.word),
            ]
            for card in cards(certificates_of(employee.pk), now)
        ],
    )


SECTIONS = (
    DossierSection(
        gettext_lazy("证书"),
        60,
        frozenset({Capability.VIEW_RESULTS, Capability.MANAGE_CERTIFICATES}),
        _certificates,
    ),
)
