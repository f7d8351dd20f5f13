"""The employee page: its panels, and what this room shows there.

Each room registers the panels it answers for under the hook `employee_panels` (in its `wagtail_hooks`), so that
the page stands in this room and still shows what only the rooms above know. A panel appears only to viewers with one of its capabilities over
the person.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from wagtail import hooks

from people.actions.sign_in import minutes_locked
from people.models import Employee, RoleGrant, SignInTicket, User
from people.permissions import Capability
from people.queries import employee_history
from people.queries.timeline import timeline

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

HOOK = "employee_panels"
SHOWN_ROWS = 10  # of each list, until all are asked for
READ_ROWS = 500  # of each list at most: more than twelve years of anybody's work


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a list on the page: the first ones, or all, and how many there are in all."""

    shown: list[Any]
    total: int

    @property
    def is_cut(self) -> bool:
        """Tell whether rows are left out."""
        return len(self.shown) < self.total


@dataclass(frozen=True, slots=True)
class PanelRequest:
    """Whose page, who looks, what the viewer may do with this person, and when."""

    employee: Employee
    viewer: User
    may: frozenset[Capability]
    today: dt.date
    now: dt.datetime
    show_all: bool = False

    def rows(self, found: QuerySet[Any] | Iterable[Any]) -> Rows:
        """Return the rows to show of a list, in one query."""
        read = list(found[:READ_ROWS] if isinstance(found, QuerySet) else found)
        return Rows(read if self.show_all else read[:SHOWN_ROWS], len(read))


@dataclass(frozen=True, slots=True)
class EmployeePanel:
    """One part of the page. `load` gives its template what it shows, in a number of queries that does not grow."""

    name: str
    title: "StrOrPromise"
    order: int
    capabilities: frozenset[Capability]
    template: str
    load: Callable[[PanelRequest], dict[str, Any]] = field(repr=False)


def registered_panels() -> list[EmployeePanel]:
    """Return every panel the rooms registered, in the page's order."""
    found = (panel for hook in hooks.get_hooks(HOOK) for panel in hook())
    return sorted(found, key=lambda panel: panel.order)


def panels_for(may: frozenset[Capability]) -> list[EmployeePanel]:
    """Return the panels somebody with these capabilities over the person sees, in the page's order."""
    return [panel for panel in registered_panels() if panel.capabilities & may]


def places(asked: PanelRequest) -> dict[str, Any]:
    """Load stays and events: as a drawing and as lists. Two queries."""
    stays, events = employee_history(asked.employee)
    return {
        "timeline": timeline(stays, asked.today),
        "stays": asked.rows(reversed(stays)),
        "events": asked.rows(reversed(events)),
    }


def account(asked: PanelRequest) -> dict[str, Any]:
    """Load the state of the account: password, last sign-in, slip, lock. One query."""
    user = asked.employee.user
    if user is None:
        return {"account": None}
    slip = SignInTicket.objects.filter(user=user).order_by("-issued_at", "-pk").first()
    return {
        "account": user,
        "has_password": user.has_usable_password(),
        "minutes_locked": minutes_locked(user.username, asked.now),
        "slip": slip,
        "slip_is_open": bool(
            slip and not slip.used_at and not slip.revoked_at and slip.expires_at > asked.now
        ),
    }


def roles(asked: PanelRequest) -> dict[str, Any]:
    """Load the roles of the account. One query."""
    grants = RoleGrant.objects.filter(user_id=asked.employee.user_id).select_related("unit", "granted_by")
    return {"grants": asked.rows(grants.order_by("-starts_on", "pk")), "today": asked.today}


_C = Capability
PANELS = (
    EmployeePanel(
        "places", _("任职与变动"), 20, frozenset({_C.VIEW_PEOPLE}), "people/_employee_places.html", places
    ),
    EmployeePanel(
        "account",
        _("账号"),
        80,
        frozenset({_C.MANAGE_PEOPLE, _C.VIEW_AUDIT}),
        "people/_employee_account.html",
        account,
    ),
    EmployeePanel(
        "roles",
        _("角色"),
        90,
        frozenset({_C.MANAGE_PEOPLE, _C.GRANT_ROLES, _C.VIEW_AUDIT}),
        "people/_employee_roles.html",
        roles,
    ),
)
