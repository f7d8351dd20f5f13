"""What training shows on the employee page: clearance, obligations, ledger rows, licences."""

from typing import Any

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from people.panels import READ_ROWS, EmployeePanel, PanelRequest
from people.permissions import Capability
from training.clearance_forms import MomentForm
from training.queries.cards import with_card
from training.queries.clearance import clearance_of
from training.queries.hours import rings_of
from training.queries.known_clearance import answers_of
from training.queries.licences import own_licences
from training.queries.obligations import obligations_with_reasons
from training.queries.records import hours_in_year, records_of


def clearance(asked: PanelRequest) -> dict[str, Any]:
    """Load whether the person may work, and why not. One query where the stored answer stands."""
    return {"clearance": clearance_of(asked.employee)}


def told(asked: PanelRequest) -> dict[str, Any]:
    """Load what gates were told of the person from when to when, and a form to ask of a moment. Two queries."""
    return {
        "told": asked.rows(answers_of(asked.employee.pk, READ_ROWS)),
        "employee": asked.employee,
        "form": MomentForm(now=asked.now, auto_id="told-%s"),
    }


def obligations(asked: PanelRequest) -> dict[str, Any]:
    """Load what is and was owed: open first, then the last settled. One query."""
    owed = obligations_with_reasons().filter(employee_id=asked.employee.pk)
    return {
        "obligations": asked.rows(owed.order_by(F("closed_at").desc(nulls_first=True), "due_on", "pk")),
        "today": asked.today,
        "may_record": Capability.RECORD_TRAINING in asked.may,
    }


def hours(asked: PanelRequest) -> dict[str, Any]:
    """Load how far the person is with hours that are owed, and what did not count. Seven queries."""
    return {
        "rings": rings_of([asked.employee.pk], asked.today).get(asked.employee.pk, []),
        "held": hours_in_year(asked.employee.pk, asked.today.year),
        "year": asked.today.year,
        "today": asked.today,
    }


def records(asked: PanelRequest) -> dict[str, Any]:
    """Load the rows of the ledger that count. Two queries."""
    return {"records": asked.rows(records_of(asked.employee.pk).defer("payload"))}


def cards(asked: PanelRequest) -> dict[str, Any]:
    """Load the trainings for which a card is kept, the newest first. One query."""
    rows = with_card().filter(employee=asked.employee).order_by("-owed_from", "-pk")
    return {"cards": asked.rows(rows), "file_of": asked.employee}


def licences(asked: PanelRequest) -> dict[str, Any]:
    """Load the external licences, the one that runs out last first. One query."""
    return {
        "licences": asked.rows(own_licences(asked.employee.pk)),
        "today": asked.today,
        "may_manage": Capability.MANAGE_TRAINING in asked.may,
    }


_SEEN_BY = frozenset({Capability.VIEW_COVERAGE})
PANELS = (
    EmployeePanel("clearance", _("上岗资格"), 10, _SEEN_BY, "training/_employee_clearance.html", clearance),
    EmployeePanel("told", _("上岗资格的变化"), 15, _SEEN_BY, "training/_employee_told.html", told),
    EmployeePanel(
        "obligations", _("培训任务"), 30, _SEEN_BY, "training/_employee_obligations.html", obligations
    ),
    EmployeePanel("hours", _("学时"), 35, _SEEN_BY, "training/_employee_hours.html", hours),
    EmployeePanel("records", _("培训记录"), 40, _SEEN_BY, "training/_employee_records.html", records),
    EmployeePanel("cards", _("安全教育卡与培训档案"), 45, _SEEN_BY, "training/_employee_cards.html", cards),
    EmployeePanel("licences", _("外部证件"), 50, _SEEN_BY, "training/_employee_licences.html", licences),
)
