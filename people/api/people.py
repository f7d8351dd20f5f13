"""Read people, their events, units and posts."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _
from ninja import Query, Router

from common.clock import now, today
from common.signing import decrypt_text
from people.actions.api_grants import record_unmasked
from people.api.auth import ApiRequest, TokenAuth
from people.api.paging import PageQuery, page_of, refuse_unknown
from people.api.problems import ApiProblem, Problem, not_found
from people.api.schemas import EventList, Person, PersonPage, PersonQuery, PostPage, UnitPage
from people.identity import mask_id_number, mask_phone
from people.models import ApiCapability, Assignment, Employee, OrgUnit, Post
from people.permissions import Capability, Scope, scope_for
from people.queries import (
    UnitEntry,
    employee_history,
    employees_for,
    latest_first,
    search_employees,
    secondments_of,
    unit_directory,
)
from people.roster import Places, resolve_place
from people.sessions import client_address

REFUSALS = dict.fromkeys((401, 403, 404, 422, 429), Problem)
router = Router(auth=TokenAuth(ApiCapability.PEOPLE_READ), tags=["people"])


@router.get("/people", response={200: PersonPage, **REFUSALS}, summary="人员列表")
def list_people(request: ApiRequest, query: Query[PersonQuery]) -> dict[str, Any]:
    """Return the people in the scope of the token's account, by employee number."""
    refuse_unknown(request, query)
    directory = unit_directory()
    scope = scope_for(request.user, Capability.VIEW_PEOPLE)
    people = _with_post_code(employees_for(request.user))
    if query.unit:
        path = _unit_path(query.unit, directory, scope)
        people = search_employees(people, unit_path=path)
    if query.status:
        people = people.filter(status=query.status)
    if query.changed_since:
        people = people.filter(changed_at__gte=query.changed_since)
    page, cursor = page_of(people, "employee_no", query, str)
    return {"items": _shown(request, page, directory), "next_cursor": cursor}


@router.get("/people/{employee_no}", response={200: Person, **REFUSALS}, summary="一名人员")
def get_person(request: ApiRequest, employee_no: str) -> dict[str, Any]:
    """Return one person by employee number."""
    return _shown(request, [_person(request, employee_no)], unit_directory())[0]


@router.get("/people/{employee_no}/events", response={200: EventList, **REFUSALS}, summary="人事变动")
def list_events(request: ApiRequest, employee_no: str) -> dict[str, Any]:
    """Return what happened to a person's employment, oldest first."""
    person = _person(request, employee_no)
    names = {entry.id: entry.full_name for entry in unit_directory().values()}
    _stays, events = employee_history(person)
    return {
        "items": [
            {
                "id": str(event.pk),
                "kind": event.kind,
                "effective_on": event.effective_on,
                "from_unit": names.get(event.from_unit_id or 0),
                "from_post": event.from_post.name if event.from_post else None,
                "to_unit": names.get(event.to_unit_id or 0),
                "to_post": event.to_post.name if event.to_post else None,
                "days_away": event.days_away,
                "employment_type": event.employment_type or None,
                "employer": names.get(event.employer_id or 0),
                "is_withdrawn": event.is_withdrawn,
                "corrects": str(event.corrects_id) if event.corrects_id else None,
                "recorded_at": event.recorded_at,
            }
            for event in events
        ]
    }


@router.get("/units", response={200: UnitPage, **REFUSALS}, summary="组织单元")
def list_units(request: ApiRequest, query: Query[PageQuery]) -> dict[str, Any]:
    """Return the units in the scope of the token's account, in the order of the tree."""
    refuse_unknown(request, query)
    scope = scope_for(request.user, Capability.VIEW_PEOPLE)
    units: QuerySet[OrgUnit] = OrgUnit.objects.filter(scope.q("path"))
    page, cursor = page_of(units, "path", query, str)
    directory = unit_directory()
    ids = {entry.path: entry.id for entry in directory.values() if scope.includes_path(entry.path)}
    items = [
        {
            "id": unit.pk,
            "code": unit.code,
            "path": directory[unit.pk].full_name,
            "name": unit.name,
            "kind": unit.kind,
            "parent": ids.get(unit.path[: -OrgUnit.steplen]),
            "closed_on": unit.closed_on,
        }
        for unit in page
    ]
    return {"items": items, "next_cursor": cursor}


@router.get("/posts", response={200: PostPage, **REFUSALS}, summary="岗位")
def list_posts(request: ApiRequest, query: Query[PageQuery]) -> dict[str, Any]:
    """Return the posts with their hazards and the licences they demand."""
    refuse_unknown(request, query)
    if not scope_for(request.user, Capability.VIEW_PEOPLE):
        return {"items": [], "next_cursor": None}
    page, cursor = page_of(Post.objects.prefetch_related("hazards", "demanded_licences"), "pk", query, int)
    items = [
        {
            "id": post.pk,
            "code": post.code,
            "name": post.name,
            "is_principal": post.is_principal,
            "is_safety_manager": post.is_safety_manager,
            "hazards": [hazard.name for hazard in post.hazards.all()],
            "demanded_licences": [kind.code for kind in post.demanded_licences.all()],
        }
        for post in page
    ]
    return {"items": items, "next_cursor": cursor}


def _with_post_code(people: QuerySet[Employee]) -> QuerySet[Any]:
    latest = latest_first(Assignment.objects.filter(employee=OuterRef("pk")))
    code = latest.values("post__code")[:1]
    return people.annotate(last_post_code=Subquery(code))


def _person(request: ApiRequest, employee_no: str) -> Employee:
    # PostgreSQL refuses NUL in a text.
    sound = employee_no.replace("\x00", "\ufffd")
    person = _with_post_code(employees_for(request.user)).filter(employee_no=sound).first()
    if person is None:
        raise not_found("path.employee_no")
    found: Employee = person
    return found


def _unit_path(text: str, directory: dict[int, UnitEntry], scope: Scope) -> str:
    """Return the treebeard path of the unit a filter names, among those in scope. Raises ApiProblem."""
    entries = [entry for entry in directory.values() if scope.includes_path(entry.path)]
    places = Places(
        frozenset(entry.full_name for entry in entries),
        {entry.code: entry.full_name for entry in entries if entry.code},
    )
    found = resolve_place(places, text)
    if found.why_not:
        message = _("没有部门“%(name)s”，或这个名称不止一个") % {"name": text}
        raise ApiProblem(422, f"{found.why_not}_unit", message, "query.unit")
    return next(entry.path for entry in entries if entry.full_name == found.name)


def _shown(request: ApiRequest, page: list[Any], directory: dict[int, UnitEntry]) -> list[dict[str, Any]]:
    by_path = {entry.path: entry for entry in directory.values()}
    clear = Scope()
    if request.auth.allows(ApiCapability.PEOPLE_UNMASK):
        clear = scope_for(request.user, Capability.UNMASK_IDENTITY)
    lent = secondments_of([person.pk for person in page], today())
    shown = [
        _one(person, by_path, directory, clear) | {"secondments": _lent(lent.get(person.pk, []), directory)}
        for person in page
    ]
    if clear:
        record_unmasked(
            grant=request.auth,
            people=[person.pk for person, one in zip(page, shown, strict=True) if not one["is_masked"]],
            address=client_address(request),
            acting_user=request.user,
            now=now(),
        )
    return shown


def _lent(stays: list[Assignment], directory: dict[int, UnitEntry]) -> list[dict[str, Any]]:
    return [
        {
            "unit": _unit_ref(directory[stay.unit_id]),
            "post": {"code": stay.post.code, "name": stay.post.name},
            "starts_on": stay.starts_on,
            "ends_before": stay.ends_before,
        }
        for stay in stays
    ]


def _unit_ref(unit: UnitEntry) -> dict[str, Any]:
    return {"id": unit.id, "code": unit.code, "path": unit.full_name}


def _one(
    person: Any, by_path: dict[str, UnitEntry], directory: dict[int, UnitEntry], clear: Scope
) -> dict[str, Any]:
    unit = by_path.get(person.last_unit_path or "")
    # As for the person's page: the own unit answers for the identity, and the firm for its people elsewhere.
    homes = filter(None, (person.last_unit_path, person.firm_path))
    is_clear = clear.everything or any(map(clear.includes_path, homes))
    id_number = decrypt_text(person.id_number_encrypted) if person.id_number_encrypted else ""
    return {
        "id": str(person.public_id),
        "employee_no": person.employee_no,
        "name": person.name,
        "status": person.status,
        "employment_type": person.employment_type,
        "employer": directory[person.employer_id].full_name if person.employer_id else None,
        "unit": _unit_ref(unit) if unit else None,
        "post": (
            {"code": person.last_post_code, "name": person.last_post_name} if person.last_post_name else None
        ),
        "hired_on": person.hired_on,
        "left_on": person.left_on,
        "phone": person.phone if is_clear or not person.phone else mask_phone(person.phone),
        "id_number": id_number if is_clear or not id_number else mask_id_number(id_number),
        "is_masked": not is_clear,
        "changed_at": person.changed_at,
    }
