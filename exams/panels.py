"""What exams show on the employee page: the attempts and how they ended."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from exams.models import Attempt
from exams.queries import with_latest_mark
from people.panels import EmployeePanel, PanelRequest
from people.permissions import Capability


def attempts(asked: PanelRequest) -> dict[str, Any]:
    """Load the attempts with their latest marks, newest first. One query."""
    sat = Attempt.objects.filter(employee_id=asked.employee.pk).select_related("exam").defer("paper")
    return {"attempts": asked.rows(with_latest_mark(sat).order_by("-started_at", "-pk"))}


PANELS = (
    EmployeePanel(
        "exams",
        _("考试成绩"),
        70,
        frozenset({Capability.VIEW_RESULTS}),
        "exams/_employee_attempts.html",
        attempts,
    ),
)
