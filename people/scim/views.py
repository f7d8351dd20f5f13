"""The addresses below /scim/v2/: one function each, errors in SCIM's own shape."""

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from pydantic import ValidationError
from scim2_models import (
    Context,
    Error,
    InvalidSyntaxException,
    ListResponse,
    NotFoundException,
    PatchOp,
    PreconditionFailedException,
    SCIMException,
    SearchRequest,
)

from common.clock import now
from people.actions.scim import end_scim_user, save_scim_user
from people.api.auth import authenticate
from people.api.problems import ApiProblem
from people.errors import EmploymentRefused
from people.importers.messages import problem_message
from people.models import ApiCapability, ApiGrant, Employee
from people.queries import UnitEntry
from people.scim import groups, resources, users
from people.scim.filters import NOBODY, PeopleFilter

MEDIA_TYPE = "application/scim+json"
MAX_BYTES = 2 * 1024 * 1024


class ScimRequest(HttpRequest):
    """A request a directory may make: `grant` of its token, `base` the address of the service."""

    grant: ApiGrant
    base: str
    user: Any


View = Callable[..., HttpResponse]


def respond(body: dict[str, Any] | None, status: int = 200, **headers: str) -> HttpResponse:
    """Return a body as SCIM's JSON."""
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    response = HttpResponse(content, status=status, content_type=MEDIA_TYPE)
    for name, value in headers.items():
        response[name.replace("_", "-")] = value
    return response


def failed(status: int, detail: str, scim_type: str | None = None) -> HttpResponse:
    """Return an error in SCIM's shape (RFC 7644 §3.12)."""
    return respond(Error(status=status, detail=detail, scim_type=scim_type).model_dump(), status)


def endpoint(*methods: str) -> Callable[[View], View]:
    """Let a directory's token in for these methods, and put whatever goes wrong into SCIM's shape."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def handle(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
                text = token.strip() if scheme.casefold() == "bearer" else ""
                request.grant = authenticate(request, text, ApiCapability.SCIM)
                request.base = request.build_absolute_uri("/scim/v2")
                if request.method not in methods:
                    return _not_allowed(request, methods)
                with resources.POLICY:
                    return view(request, *args, **kwargs)
            except (ApiProblem, SCIMException, ValidationError, EmploymentRefused) as error:
                return _told(error)
            except PermissionDenied:
                return failed(403, _("不在这个令牌的管理范围内"))
            except IntegrityError:
                # Two calls at once about the same person or name: the other one was first.
                return failed(409, _("同一个人或同一个 userName 正在被另一个请求修改，请重试"), "uniqueness")

        return handle

    return decorate


def _told(error: Exception) -> HttpResponse:
    if isinstance(error, ApiProblem):
        response = failed(error.problem.status, error.problem.message)
        for name, value in error.headers.items():
            response[name] = value
        return response
    if isinstance(error, EmploymentRefused):
        return failed(400, problem_message(error.problem), "invalidValue")
    if isinstance(error, ValidationError):
        told = Error.from_validation_errors(error)[0]
    else:
        assert isinstance(error, SCIMException)
        told = error.to_error()
    return respond(told.model_dump(), told.status or 400)


def _not_allowed(request: HttpRequest, methods: tuple[str, ...]) -> HttpResponse:
    response = failed(405, _("这个地址只支持 %(methods)s") % {"methods": ", ".join(methods)})
    response["Allow"] = ", ".join(methods)
    return response


def _body(request: HttpRequest) -> Any:
    raw = request.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise ApiProblem(413, "too_large", _("请求正文太大"), "body")
    try:
        return json.loads(raw)
    except ValueError as error:
        raise InvalidSyntaxException(detail=_("请求正文不是 JSON")) from error


def _is_search(request: HttpRequest) -> bool:
    """Tell whether the query stands in the body (RFC 7644 §3.4.3), out of the address and its logs."""
    return request.path.endswith("/.search")


def _search(request: HttpRequest, model: Any) -> Any:
    if _is_search(request):
        return SearchRequest[model].model_validate(_body(request), scim_ctx=Context.SEARCH_REQUEST)
    asked = {name: request.GET[name] for name in request.GET}
    known = {"filter", "startIndex", "count", "attributes", "excludedAttributes"}
    return SearchRequest[model].model_validate({name: asked[name] for name in asked if name in known})


def _dump(resource: Any, asked: Any, context: Context = Context.RESOURCE_QUERY_RESPONSE) -> dict[str, Any]:
    body: dict[str, Any] = resource.model_dump(scim_ctx=context, response_parameters=asked)
    return body


def _list(model: Any, found: list[Any], total: int, asked: Any) -> HttpResponse:
    page = ListResponse[model](
        total_results=total, start_index=asked.start_index or 1, items_per_page=len(found), resources=found
    )
    return respond(_dump(page, asked))


@endpoint("GET")
def service_provider_config(request: ScimRequest) -> HttpResponse:
    """Say what the service can do."""
    config = resources.service().config
    assert config is not None
    return respond(config.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))


@endpoint("GET")
def described(request: ScimRequest, kind: str, name: str = "") -> HttpResponse:
    """List the resource types or the schemas, or give one of them by its id."""
    service = resources.service()
    items: tuple[Any, ...] = service.resource_types if kind == "ResourceTypes" else service.schemas
    if "filter" in request.GET:
        # RFC 7644 §4: these are not searched.
        return failed(403, _("这里不支持 filter"))
    if not name:
        page = ListResponse[type(items[0])](  # type: ignore[misc, operator]
            total_results=len(items), start_index=1, items_per_page=len(items), resources=list(items)
        )
        return respond(page.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))
    for item in items:
        if item.id == name:
            return respond(item.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))
    raise NotFoundException(detail=_("没有这一项"))


@endpoint("GET", "POST")
def user_list(request: ScimRequest) -> HttpResponse:
    """Find people, or take one on."""
    if request.method == "POST" and not _is_search(request):
        return _create(request)
    asked = _search(request, resources.Person)
    people = users.people_of(request.user)
    if asked.filter is not None:
        people = people.filter(PeopleFilter().visit(asked.filter.ast))
    start = (asked.start_index or 1) - 1
    count = resources.MAX_RESULTS if asked.count is None else min(asked.count, resources.MAX_RESULTS)
    if start > 2**31:
        people, start = people.filter(NOBODY), 0
    reader = users.Reader(request.grant, request.base)
    found = [reader.user(person) for person in people.order_by("pk")[start : start + count]]
    return _list(resources.Person, found, people.count(), asked)


def _create(request: ScimRequest) -> HttpResponse:
    asked = _search(request, resources.Person)
    body = _body(request)
    user = resources.Person.model_validate(body, scim_ctx=Context.RESOURCE_CREATION_REQUEST)
    employee = users.adopted(users.number_of(user), request.user)
    wanted = users.wanted_of(user, employee, request.grant)
    saved = save_scim_user(wanted=wanted, employee=employee, acting_user=request.user, now=now())
    return _shown(request, saved, asked, Context.RESOURCE_CREATION_RESPONSE, 201)


def _shown(
    request: ScimRequest, employee: Employee, asked: Any, context: Context, status: int = 200
) -> HttpResponse:
    person = users.people_of(request.user).filter(pk=employee.pk).first()
    if person is None:
        # Moved out of the token's reach by this very call.
        raise NotFoundException(detail=_("没有这个人，或不在这个令牌的管理范围内"))
    user = users.Reader(request.grant, request.base).user(person)
    return respond(
        _dump(user, asked, context), status, ETag=user.meta.version, Location=str(user.meta.location)
    )


@endpoint("GET", "PUT", "PATCH", "DELETE")
def user_one(request: ScimRequest, user_id: str) -> HttpResponse:
    """Show, replace, change or end one person."""
    asked = _search(request, resources.Person)
    person = _person(request, user_id)
    present = users.Reader(request.grant, request.base).user(person)
    version = present.meta.version
    if request.method == "GET":
        if _matches(request.headers.get("If-None-Match", ""), version):
            return respond(None, 304, ETag=version)
        headers = {"ETag": version, "Location": str(present.meta.location)}
        return respond(_dump(present, asked), ETag=headers["ETag"], Location=headers["Location"])
    if "If-Match" in request.headers and not _matches(request.headers["If-Match"], version):
        raise PreconditionFailedException(detail=_("这个人已被别处修改，请重新读取"))
    if request.method == "DELETE":
        end_scim_user(employee=person, acting_user=request.user, now=now())
        return respond(None, 204)
    wanted_user, context = _rewritten(request, present)
    wanted = users.wanted_of(wanted_user, person, request.grant)
    saved = save_scim_user(wanted=wanted, employee=person, acting_user=request.user, now=now())
    return _shown(request, saved, asked, context)


def _rewritten(request: ScimRequest, present: Any) -> tuple[Any, Context]:
    """Return what a PUT or a PATCH makes of a person."""
    body = _body(request)
    if request.method == "PUT":
        user = resources.Person.model_validate(body, scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST)
        user.replace(present)
        return user, Context.RESOURCE_REPLACEMENT_RESPONSE
    patch = PatchOp[resources.Person].model_validate(body, scim_ctx=Context.RESOURCE_PATCH_REQUEST)
    patch.patch(present)
    return present, Context.RESOURCE_PATCH_RESPONSE


def _matches(header: str, version: str) -> bool:
    plain = version.removeprefix("W/")
    return any(one.strip().removeprefix("W/") in {plain, "*"} for one in header.split(","))


def _person(request: ScimRequest, user_id: str) -> Any:
    try:
        person = users.people_of(request.user).filter(public_id=UUID(user_id)).first()
    except ValueError:
        person = None
    if person is None:
        raise NotFoundException(detail=_("没有这个人，或不在这个令牌的管理范围内"))
    return person


@endpoint("GET", "POST")
def group_list(request: ScimRequest) -> HttpResponse:
    """Find units. They are made by HR, not by a directory."""
    if request.method == "POST" and not _is_search(request):
        return failed(501, _("部门在本系统里建，不能由目录新建"))
    asked = _search(request, resources.Group)
    entries = groups.units_of(request.user)
    excluded = {str(path).casefold() for path in asked.excluded_attributes or []}
    filters_members = asked.filter is not None and "members" in str(asked.filter).casefold()
    with_members = "members" not in excluded or filters_members
    on = localdate(now())
    if asked.filter is not None:
        found = groups.groups(entries, request.base, with_members=filters_members, on=on)
        keep = {group.id for group in found if asked.filter.match(group)}
        entries = [entry for entry in entries if str(entry.id) in keep]
    start = (asked.start_index or 1) - 1
    count = resources.MAX_RESULTS if asked.count is None else min(asked.count, resources.MAX_RESULTS)
    page = entries[start : start + count]
    shown = groups.groups(page, request.base, with_members=with_members, on=on)
    return _list(resources.Group, shown, len(entries), asked)


@endpoint("GET", "PUT", "PATCH", "DELETE")
def group_one(request: ScimRequest, group_id: str) -> HttpResponse:
    """Show a unit, or change who is in it."""
    asked = _search(request, resources.Group)
    entry = _entry(request, group_id)
    if request.method == "DELETE":
        return failed(501, _("部门在本系统里撤销，不能由目录删除"))
    excluded = {str(path).casefold() for path in asked.excluded_attributes or []}
    with_members = request.method != "GET" or "members" not in excluded
    present = groups.shown_today(entry, request.base, now(), with_members=with_members)
    context = Context.RESOURCE_QUERY_RESPONSE
    if request.method != "GET":
        context = _write_group(request, entry, present)
        present = groups.shown_today(entry, request.base, now())
    body = _dump(present, asked, context)
    mark = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:20]
    return respond(body, ETag=f'W/"{mark}"', Location=str(present.meta.location))


def _write_group(request: ScimRequest, entry: UnitEntry, present: Any) -> Context:
    body = _body(request)
    after = present.model_copy(deep=True)
    if request.method == "PUT":
        after = resources.Group.model_validate(body, scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST)
        context = Context.RESOURCE_REPLACEMENT_RESPONSE
    else:
        patch = PatchOp[resources.Group].model_validate(body, scim_ctx=Context.RESOURCE_PATCH_REQUEST)
        patch.patch(after)
        context = Context.RESOURCE_PATCH_RESPONSE
    groups.write_members(entry, present, after, grant=request.grant, acting_user=request.user, now=now())
    return context


def _entry(request: ScimRequest, group_id: str) -> UnitEntry:
    for entry in groups.units_of(request.user):
        if str(entry.id) == group_id:
            return entry
    raise NotFoundException(detail=_("没有这个部门，或不在这个令牌的管理范围内"))


@endpoint("POST")
def search_everything(request: ScimRequest) -> HttpResponse:
    """Say that people and units are searched apart (RFC 7644 §3.4.3 leaves the choice)."""
    return failed(501, _("请分别查询 /Users/.search 和 /Groups/.search"))


@endpoint("GET", "POST", "PUT", "PATCH", "DELETE")
def unknown(request: ScimRequest, path: str = "") -> HttpResponse:
    """Answer an address that is none in SCIM's shape."""
    raise NotFoundException(detail=_("没有这个地址"))
