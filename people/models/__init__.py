"""People: accounts, the organisation, employees and what happened to them, roles."""

from people.models.accounts import SignInTicket, User
from people.models.api import ApiCapability, ApiGrant, ApiReply, ScimUser
from people.models.directories import (
    DirectoryKind,
    DirectoryLink,
    DirectorySource,
    DirectoryState,
    DirectoryUnitLink,
)
from people.models.employees import (
    Assignment,
    AssignmentKind,
    Employee,
    EmploymentEvent,
    EmploymentStatus,
    EmploymentType,
    EventKind,
    ImportBatch,
    ImportState,
)
from people.models.imports import ImportMapping
from people.models.kiosks import Kiosk, KioskPin
from people.models.levels import LevelName
from people.models.organisation import (
    Hazard,
    HazardStandard,
    LicenceType,
    ListTrust,
    OrgUnit,
    Post,
    UnitKind,
)
from people.models.privacy import (
    AccessKind,
    AccessReason,
    EmployeePhoto,
    Erasable,
    ErasedItem,
    ErasureRequest,
    LegalHold,
    PersonalDataAccess,
    PersonalDataCopy,
    RetentionRule,
)
from people.models.roles import Role, RoleGrant
from people.models.unit_history import BEGINNING, UnitEvent, UnitEventKind, UnitPlacement
from people.models.work import WorkFeature

__all__ = [
    "BEGINNING",
    "AccessKind",
    "AccessReason",
    "ApiCapability",
    "ApiGrant",
    "ApiReply",
    "Assignment",
    "AssignmentKind",
    "DirectoryKind",
    "DirectoryLink",
    "DirectorySource",
    "DirectoryState",
    "DirectoryUnitLink",
    "Employee",
    "EmployeePhoto",
    "EmploymentEvent",
    "EmploymentStatus",
    "EmploymentType",
    "Erasable",
    "ErasedItem",
    "ErasureRequest",
    "EventKind",
    "Hazard",
    "HazardStandard",
    "ImportBatch",
    "ImportMapping",
    "ImportState",
    "Kiosk",
    "KioskPin",
    "LegalHold",
    "LevelName",
    "LicenceType",
    "ListTrust",
    "OrgUnit",
    "PersonalDataAccess",
    "PersonalDataCopy",
    "Post",
    "RetentionRule",
    "Role",
    "RoleGrant",
    "ScimUser",
    "SignInTicket",
    "UnitEvent",
    "UnitEventKind",
    "UnitKind",
    "UnitPlacement",
    "User",
    "WorkFeature",
]
