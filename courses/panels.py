"""What courses show on the employee page: lessons proved and lessons begun."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from courses.models import StudyProgress, StudyRecord
from courses.queries import progress_pct
from people.panels import EmployeePanel, PanelRequest
from people.permissions import Capability


def study(asked: PanelRequest) -> dict[str, Any]:
    """Load study records and what was begun, newest first. Two queries."""
    begun = StudyProgress.objects.filter(employee_id=asked.employee.pk, completed_at=None)
    begun = begun.select_related("lesson").only("lesson__title", "watched", "read_s", "needs", "started_at")
    proved = StudyRecord.objects.filter(employee_id=asked.employee.pk)
    return {
        "records": asked.rows(proved.order_by("-completed_at", "-pk")),
        "begun": [
            {"title": one.lesson.title, "started_at": one.started_at, "pct": progress_pct(one)}
            for one in asked.rows(begun.order_by("-started_at", "-pk")).shown
        ],
    }


PANELS = (
    EmployeePanel(
        "study",
        _("学习情况"),
        75,
        frozenset({Capability.VIEW_COVERAGE, Capability.VIEW_RESULTS}),
        "courses/_employee_study.html",
        study,
    ),
)
