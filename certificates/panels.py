"""What certificates show on the employee page."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from certificates.queries import cards, certificates_of
from certificates.standing import SIGNS
from people.panels import EmployeePanel, PanelRequest, Rows
from people.permissions import Capability


def held(asked: PanelRequest) -> dict[str, Any]:
    """Load the certificates with their standing, newest first. Three queries."""
    rows = asked.rows(certificates_of(asked.employee.pk))
    shown = [
        {"certificate": card.certificate, "word": card.word, "sign": SIGNS[card.standing.state]}
        for card in cards(rows.shown, asked.now)
    ]
    return {"cards": Rows(shown, rows.total)}


PANELS = (
    EmployeePanel(
        "certificates",
        _("证书"),
        60,
        frozenset({Capability.VIEW_RESULTS, Capability.MANAGE_CERTIFICATES}),
        "certificates/_employee_certificates.html",
        held,
    ),
)
