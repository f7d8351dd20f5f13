"""The small learning record store: /xapi/about and /xapi/statements, xAPI 1.0.3.

Documents (state, profiles), attachments sent along and statements of 0.9 are not here; asking for them is
answered with an error. docs/standards.md says what is.
"""

import base64
import binascii
import json
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from common.addresses import client_address
from common.clock import now
from common.throttle import within_limit
from xapi.actions.storing import Conflict, NotYours, store_statements
from xapi.models import Scope, StatementClient
from xapi.queries.statements import Wanted, client_of, find_statements, one_statement
from xapi.statements import VERSION
from xapi.validation import BadStatement, agent_key, check_agent, read_time

MAX_BODY_BYTES = 1024 * 1024
MAX_STATEMENTS = 200
DEFAULT_LIMIT = 100
REFUSALS_PER_MINUTE = 30
WINDOW_S = 60
CURSOR = "xapi.more"
FILTERS = {"agent", "verb", "activity", "registration", "since", "until", "limit", "ascending", "format", "attachments",
           "related_agents", "related_activities", "cursor"}  # fmt: skip


class Refusal(Exception):
    """An answer that is not what was asked for: status and words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _answered(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give every answer the headers of the specification, and every refusal its words as JSON."""

    @csrf_exempt
    @wraps(view)
    def answered(request: HttpRequest) -> HttpResponse:
        try:
            response = view(request)
        except Refusal as error:
            response = JsonResponse({"error": str(error)}, status=error.status)
            if error.status == 401:
                response["WWW-Authenticate"] = 'Basic realm="xAPI", charset="UTF-8"'
        response["X-Experience-API-Version"] = VERSION
        response["Cache-Control"] = "private, no-store"
        patch_vary_headers(response, ["Authorization"])
        return response

    return answered


@_answered
def about(request: HttpRequest) -> HttpResponse:
    """Say which versions are spoken. Open to everyone, as the specification asks."""
    if request.method not in ("GET", "HEAD"):
        raise Refusal(405, "GET only")
    return JsonResponse({"version": [VERSION]})


@_answered
def statements(request: HttpRequest) -> HttpResponse:
    """Take statements in, or give them out."""
    client = _client(request)
    if not request.headers.get("X-Experience-API-Version", "").startswith("1.0"):
        raise Refusal(400, "X-Experience-API-Version: 1.0.3 is needed")
    if request.method in ("GET", "HEAD"):
        return _get(request, client)
    if request.method in ("POST", "PUT"):
        if not client.may(Scope.WRITE):
            raise Refusal(403, "this client may not write statements")
        return _post(request, client) if request.method == "POST" else _put(request, client)
    raise Refusal(405, "GET, POST and PUT only")


def _client(request: HttpRequest) -> StatementClient:
    """Return who asks, by Basic authentication. Raises Refusal: 401, 429."""
    kind, _space, given = request.headers.get("Authorization", "").partition(" ")
    client = None
    if kind.lower() == "basic":
        try:
            key, _colon, secret = base64.b64decode(given.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            key = secret = ""
        client = client_of(key, secret) if key and "\x00" not in key else None
    moment = now()
    if client is None:
        address = client_address(request)
        if not within_limit(
            "xapi-refused", address, limit=REFUSALS_PER_MINUTE, window_s=WINDOW_S, now=moment
        ):
            raise Refusal(429, "too many refused requests; try again in a minute")
        raise Refusal(401, "key and secret of a client are needed")
    limit = settings.API_CALLS_PER_MINUTE
    if not within_limit("xapi", str(client.pk), limit=limit, window_s=WINDOW_S, now=moment):
        raise Refusal(429, f"at most {limit} requests a minute")
    return client


def _body(request: HttpRequest) -> Any:
    if request.content_type != "application/json":
        raise Refusal(415, "application/json is needed; attachments are not taken in")
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length > MAX_BODY_BYTES or len(request.body) > MAX_BODY_BYTES:
        raise Refusal(413, f"at most {MAX_BODY_BYTES} bytes in one request")
    try:
        return json.loads(request.body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "the body is not JSON") from error


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _store(client: StatementClient, found: list[Any]) -> list[str]:
    try:
        return [str(pk) for pk in store_statements(client=client, statements=found, now=now())]
    except BadStatement as error:
        raise Refusal(400, str(error)) from error
    except Conflict as error:
        raise Refusal(409, f"{error}: there is another statement of this id") from error
    except NotYours as error:
        raise Refusal(403, f"{error}: brought by another client") from error


def _post(request: HttpRequest, client: StatementClient) -> HttpResponse:
    if request.GET:
        raise Refusal(400, "POST takes no parameters")
    body = _body(request)
    found = body if isinstance(body, list) else [body]
    if not 0 < len(found) <= MAX_STATEMENTS:
        raise Refusal(413 if found else 400, f"1 to {MAX_STATEMENTS} statements in one request")
    return JsonResponse(_store(client, found), safe=False)


def _put(request: HttpRequest, client: StatementClient) -> HttpResponse:
    wanted = _uuid(request.GET.get("statementId", ""), "statementId")
    if set(request.GET) != {"statementId"}:
        raise Refusal(400, "PUT takes statementId alone")
    body = _body(request)
    if not isinstance(body, dict):
        raise Refusal(400, "one statement is needed")
    if str(body.get("id", wanted)).lower() != str(wanted):
        raise Refusal(400, "id: not the one of the address")
    _store(client, [{**body, "id": str(wanted)}])
    return HttpResponse(status=204)


def _get(request: HttpRequest, client: StatementClient) -> HttpResponse:
    if not client.may(Scope.READ, Scope.READ_MINE):
        raise Refusal(403, "this client may not read statements")
    moment = now()
    given = set(request.GET)
    single = given & {"statementId", "voidedStatementId"}
    if single:
        if len(single) > 1 or given - single - {"format", "attachments"}:
            raise Refusal(400, "statementId and voidedStatementId go with nothing else")
        name = single.pop()
        found = one_statement(client, _uuid(request.GET[name], name), is_voided=name == "voidedStatementId")
        if found is None:
            raise Refusal(404, "no such statement")
        response = JsonResponse(found.body)
        response["Last-Modified"] = found.stored_at.strftime("%a, %d %b %Y %H:%M:%S GMT")
    else:
        page = find_statements(client, wanted := _wanted(request))
        more = ""
        if page.more_after is not None:
            again = {name: request.GET[name] for name in given - {"cursor"}}
            cursor = signing.dumps([client.pk, page.more_after, wanted.ascending], salt=CURSOR)
            more = f"{request.path}?{urlencode({**again, 'cursor': cursor})}"
        response = JsonResponse({"statements": [one.body for one in page.statements], "more": more})
    response["X-Experience-API-Consistent-Through"] = moment.isoformat(timespec="milliseconds")
    return response


def _wanted(request: HttpRequest) -> Wanted:
    given = request.GET
    if unknown := sorted(set(given) - FILTERS):
        raise Refusal(400, f"{unknown[0][:40]}: unknown parameter")
    if given.get("format", "exact") != "exact":
        raise Refusal(400, "format: exact only")
    for name in ("related_agents", "related_activities", "attachments"):
        if given.get(name, "false") != "false":
            raise Refusal(400, f"{name}: not supported")
    try:
        agent = agent_key(check_agent(json.loads(given["agent"]))) if "agent" in given else ""
        since = read_time(given["since"], "since") if "since" in given else None
        until = read_time(given["until"], "until") if "until" in given else None
    except (BadStatement, ValueError, RecursionError) as error:
        raise Refusal(400, str(error) if isinstance(error, BadStatement) else "agent: not JSON") from error
    limit = given.get("limit", "0")
    if not (limit.isascii() and limit.isdigit() and len(limit) < 7):
        raise Refusal(400, "limit: a number is needed")
    return Wanted(
        agent_key=agent,
        verb=_text(given.get("verb", "")),
        activity=_text(given.get("activity", "")),
        registration=_uuid(given["registration"], "registration") if "registration" in given else None,
        since=since,
        until=until,
        ascending=given.get("ascending", "false") == "true",
        limit=min(int(limit) or DEFAULT_LIMIT, MAX_STATEMENTS),
        after_pk=_cursor(given["cursor"]) if "cursor" in given else None,
    )


def _text(value: str) -> str:
    if "\x00" in value:
        raise Refusal(400, "a character that is none")
    return value


def _cursor(text: str) -> int:
    try:
        found = signing.loads(text, salt=CURSOR, max_age=24 * 3600)
    except signing.BadSignature as error:
        raise Refusal(400, "cursor: not one of ours, or too old") from error
    return int(found[1])


def _uuid(text: str, name: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise Refusal(400, f"{name}: a UUID is needed") from error
