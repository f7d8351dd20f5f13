"""People: accounts, the organisation, employees and what happened to them, roles."""

from people.models.accounts import SignInTicket, User
from people.models.employees import (
    Assignment,
    AssignmentKind,
    Employee,
    EmploymentEvent,
    EmploymentStatus,
    EmploymentType,
    EventKind,
    ImportBatch,
)
from people.models.organisation import Hazard, LicenceType, OrgUnit, Post, UnitKind
from people.models.roles import Role, RoleGrant

__all__ = [
    "Assignment",
    "AssignmentKind",
    "Employee",
    "EmploymentEvent",
    "EmploymentStatus",
    "EmploymentType",
    "EventKind",
    "Hazard",
    "ImportBatch",
    "LicenceType",
    "OrgUnit",
    "Post",
    "Role",
    "RoleGrant",
    "SignInTicket",
    "UnitKind",
    "User",
]
