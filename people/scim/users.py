"""People as SCIM Users: how one reads, and what writing one means."""

import hashlib
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _
from scim2_models import InvalidValueException, Meta, UniquenessException

from people.actions.scim import DirectoryPerson
from people.importers import cells
from people.importers.messages import problem_message
from people.models import (
    ApiCapability,
    ApiGrant,
    Assignment,
    Employee,
    EmploymentStatus,
    OrgUnit,
    Post,
    ScimUser,
    User,
)
from people.permissions import Capability, Scope, scope_for
from people.queries import UnitEntry, employees_for, latest_first, unit_directory
from people.roster import Places, Problem, resolve_place
from people.scim import resources

NOT_KEPT = {"schemas", "id", "meta", "externalId", "userName", "active"}
ENTERPRISE = str(resources.EnterpriseUser.__schema__)


def people_of(user: User) -> QuerySet[Any]:
    """Return the people a directory's account may write, with place and link, without the deleted ones."""
    latest = latest_first(Assignment.objects.filter(employee=OuterRef("pk")))
    people: QuerySet[Any] = employees_for(user, Capability.MANAGE_PEOPLE)
    return (
        people.exclude(scim__deleted_at__isnull=False)
        .select_related("scim")
        .annotate(
            last_unit_id=Subquery(latest.values("unit_id")[:1]),
            last_post_id=Subquery(latest.values("post_id")[:1]),
        )
    )


class Reader:
    """Shows people to one directory: what it wrote as it wrote it, unless the site knows better by now."""

    def __init__(self, grant: ApiGrant, base: str) -> None:
        self.base = base
        self.directory: dict[int, UnitEntry] = unit_directory()
        self.clear = Scope()
        if grant.allows(ApiCapability.PEOPLE_UNMASK):
            self.clear = scope_for(grant.token.user, Capability.UNMASK_IDENTITY)

    def user(self, person: Any) -> Any:
        """Return a person, read by `people_of`, as a User with its version."""
        link: ScimUser | None = getattr(person, "scim", None)
        data = dict(link.attributes) if link else {}
        entry = self.directory.get(person.last_unit_id)
        unit = entry.full_name if entry else None
        enterprise = dict(data.pop(ENTERPRISE, None) or {})
        places = link.places if link else {}
        if link is None or ("department" in enterprise and places.get("unit") != person.last_unit_id):
            enterprise["department"] = unit
        if link is None or ("title" in data and places.get("post") != person.last_post_id):
            data["title"] = person.last_post_name
        if link is None or _name_of(data, link.user_name) != person.name:
            data |= {"displayName": person.name, "name": {"formatted": person.name}}
        phone = _phone_of(data)
        if person.phone and phone != person.phone:
            # The number did not come from this directory: it is shown only to who may see numbers.
            may_see = self.clear.everything or bool(entry and self.clear.includes_path(entry.path))
            data.pop("phoneNumbers", None)
            if may_see:
                data["phoneNumbers"] = [{"value": person.phone, "type": "mobile"}]
        enterprise["employeeNumber"] = person.employee_no
        body = {
            **data,
            "schemas": [str(resources.User.__schema__), ENTERPRISE],
            "userName": link.user_name if link else person.employee_no,
            "externalId": (link.external_id or None) if link else None,
            "active": person.status != EmploymentStatus.LEFT,
            ENTERPRISE: enterprise,
        }
        with resources.POLICY:
            user = resources.Person.model_validate(body)
        user.id = str(person.public_id)
        mark = f"{person.changed_at.isoformat()} {user.model_dump()}"
        user.meta = Meta(
            resource_type="User",
            created=person.created_at,
            last_modified=person.changed_at,
            location=f"{self.base}/Users/{person.public_id}",
            version=f'W/"{hashlib.sha256(mark.encode()).hexdigest()[:20]}"',
        )
        return user


def wanted_of(user: Any, person: Any | None, grant: ApiGrant) -> DirectoryPerson:
    """Return what a directory wants of a person, new if `person` is None.

    Raises InvalidValueException for a number, name or place that cannot be, UniquenessException for a user
    name that somebody else has.
    """
    link: ScimUser | None = getattr(person, "scim", None) if person is not None else None
    data = user.model_dump()
    attributes = {key: value for key, value in data.items() if key not in NOT_KEPT}
    enterprise = dict(attributes.get(ENTERPRISE) or {})
    enterprise.pop("employeeNumber", None)
    attributes[ENTERPRISE] = enterprise
    user_name = str(user.user_name or "").strip()
    try:
        employee_no = person.employee_no if person is not None else cells.employee_no(number_of(user))
        name = cells.person_name(_name_of(attributes, user_name))
    except cells.CellFlaw as flaw:
        raise InvalidValueException(detail=str(flaw)) from flaw
    if not user_name or not employee_no or not name or len(user_name) > 255 or "\x00" in str(data):
        raise InvalidValueException(detail=_("userName、工号和姓名不能为空，也不能太长"))
    taken = ScimUser.objects.filter(user_name_key=user_name.casefold(), deleted_at=None)
    if person is not None:
        taken = taken.exclude(employee_id=person.pk)
    if taken.exists():
        raise UniquenessException(detail=_("userName 已被另一个人使用"))
    is_active = user.active is not False
    if person is None and not is_active:
        raise InvalidValueException(detail=_("新员工必须是启用状态；请只同步启用的账号"))
    old = link.attributes if link else {}
    words = (attributes.get("title"), enterprise.get("department"), enterprise.get("organization"))
    had = (
        old.get("title"),
        *((old.get(ENTERPRISE) or {}).get(key) for key in ("department", "organization")),
    )
    is_new = person is None or link is None
    unit, post = _places(words, grant, is_new=person is None) if is_new or words != had else (None, None)
    return DirectoryPerson(
        employee_no=employee_no,
        name=name,
        phone=_phone_of(attributes),
        is_active=is_active,
        unit=unit,
        post=post,
        user_name=user_name,
        external_id=str(user.external_id or "")[:255],
        email=_primary(attributes.get("emails"))[:254],
        attributes=attributes,
    )


def _places(
    words: tuple[str | None, str | None, str | None], grant: ApiGrant, *, is_new: bool
) -> tuple[OrgUnit | None, Post | None]:
    """Return the unit and the post that title, department and organization mean.

    Words the site does not know are passed over if the token has a landing place, where new people then go;
    without one they are refused. None: the person stays.
    """
    title, department, organization = words
    has_landing = grant.landing_unit is not None and grant.landing_post is not None
    unit = _unit(department, organization)
    open_posts = Post.objects.filter(archived_on=None)
    post = open_posts.filter(name=title).first() or open_posts.filter(code=title).first() if title else None
    for text, found, message in (
        (department, unit, _("没有部门“%(name)s”，或这个名称不止一个；请写完整路径，或给令牌设默认部门")),
        (title, post, _("没有岗位“%(name)s”；请先建岗位，或给令牌设默认岗位")),
    ):
        if text and found is None and not has_landing:
            _refuse_if_gone(department, title)
            raise InvalidValueException(detail=message % {"name": text[:80]})
    if not is_new:
        return unit, post
    unit, post = unit or grant.landing_unit, post or grant.landing_post
    if unit is None or post is None:
        raise InvalidValueException(
            detail=_("新员工要有部门（department）和岗位（title），或给令牌设默认部门和岗位")
        )
    return unit, post


def _refuse_if_gone(department: str | None, title: str | None) -> None:
    """Raise InvalidValueException with the cure if the words name a closed unit or an archived post."""
    names = [entry.full_name for entry in unit_directory().values() if entry.closed_on]
    gone = [name for name in names if department and f"/{name}".endswith(f"/{department}")]
    problem = None
    if gone and not _unit(department, None):
        problem = Problem(1, "unit", "closed_unit", {"name": gone[0]})
    elif title and Post.objects.filter(name=title).exclude(archived_on=None).exists():
        problem = Problem(1, "post", "archived_post", {"name": title})
    if problem is not None:
        raise InvalidValueException(detail=problem_message(problem))


def _unit(department: str | None, organization: str | None) -> OrgUnit | None:
    if not department:
        return None
    entries = [entry for entry in unit_directory().values() if entry.closed_on is None]
    places = Places(
        frozenset(entry.full_name for entry in entries),
        {entry.code: entry.full_name for entry in entries if entry.code},
    )
    for text in ([f"{organization}/{department}"] if organization else []) + [department]:
        found = resolve_place(places, text)
        if found.name:
            ids = {entry.full_name: entry.id for entry in entries}
            return OrgUnit.objects.get(pk=ids[found.name])
    return None


def _name_of(data: dict[str, Any], user_name: str) -> str:
    """Return the one name: formatted, displayName, or family and given name in Chinese order."""
    parts = data.get("name") or {}
    family, given = parts.get("familyName") or "", parts.get("givenName") or ""
    is_chinese = bool(family) and not family.isascii()
    both = f"{family}{given}" if is_chinese else f"{given} {family}".strip()
    for name in (data.get("displayName"), parts.get("formatted"), both, user_name):
        try:
            if name and cells.person_name(name):
                return str(cells.person_name(name))
        except cells.CellFlaw:
            continue
    return user_name


def _phone_of(data: dict[str, Any]) -> str:
    """Return the mobile number, else the primary or first one; "" if it is none the site could call."""
    phones = data.get("phoneNumbers") or []
    mobile = [phone for phone in phones if phone.get("type") == "mobile"]
    try:
        return str(cells.phone(_primary(mobile or phones)))
    except cells.CellFlaw:
        return ""


def _primary(entries: list[dict[str, Any]] | None) -> str:
    found = [entry for entry in entries or [] if entry.get("value")]
    chosen = next((entry for entry in found if entry.get("primary")), found[0] if found else {})
    return str(chosen.get("value") or "")


def number_of(user: Any) -> str:
    """Return the employee number of a new User: employeeNumber, else userName."""
    extension = user[resources.EnterpriseUser]
    return str((extension.employee_number if extension else None) or user.user_name or "").strip()


def adopted(number: str, user: User) -> Employee | None:
    """Return whom a new User means: somebody HR has entered, or a directory has deleted, under that number.

    Raises UniquenessException for a number that a directory already calls something, or that lies outside the
    scope of `user`.
    """
    employee = Employee.objects.select_related("scim").filter(employee_no=number.replace("\x00", "")).first()
    if employee is None:
        return None
    link: ScimUser | None = getattr(employee, "scim", None)
    in_scope = employees_for(user, Capability.MANAGE_PEOPLE).filter(pk=employee.pk).exists()
    if (link is not None and link.deleted_at is None) or not in_scope:
        raise UniquenessException(detail=_("这个工号已有人使用"))
    return employee
