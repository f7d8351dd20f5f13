"""What this room shows on the employee page: the badge, to print, to replace, to end."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from access.forms import EndBadgeForm
from access.permissions import BADGE_CAPABILITIES
from access.queries.badges import own_badge
from people.models import EmploymentStatus
from people.panels import EmployeePanel, PanelRequest


def badge(asked: PanelRequest) -> dict[str, Any]:
    """Load the badge in use. One query."""
    return {
        "badge": own_badge(asked.employee.pk),
        "has_left": asked.employee.status == EmploymentStatus.LEFT,
        "form": EndBadgeForm(auto_id="badge-%s"),
    }


PANELS = (
    EmployeePanel(
        "badge", _("胸牌"), 55, frozenset(BADGE_CAPABILITIES), "access/_employee_badge.html", badge
    ),
)
