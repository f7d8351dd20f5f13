"""May this person pass? One person, many, by badge, at a place; and the signed list for a gate without a network."""

import json
from typing import Annotated, Any

import structlog
from django.db import DatabaseError
from django.http import HttpResponse, HttpResponseNotModified
from django.utils.cache import get_conditional_response
from django.utils.timezone import localdate
from ninja import Field, Query, Router, Schema
from pydantic import ConfigDict, StringConstraints

from access.actions.gates import add_asks
from access.actions.passlists import signed_list
from access.api.auth import GateAuth, GateRequest, limit_lists
from access.errors import ListRefused
from access.models import AccessPlace, Gate
from access.queries.clearance import Answer, answers_for, at_place, place_with_code
from access.tally import TALLY
from common.clock import now
from common.signing import token_digest
from people.api.problems import ApiProblem, Problem, not_found

MAX_BATCH = 500
REFUSALS = dict.fromkeys((401, 403, 404, 422, 429), Problem)
log = structlog.get_logger("anxue.access")
router = Router(auth=GateAuth(), tags=["clearance"])
# PostgreSQL keeps no NUL in a text.
Number = Annotated[str, StringConstraints(max_length=32, pattern=r"^[^\x00]*$")]


class ReasonOut(Schema):
    """One reason why somebody may not pass."""

    code: str = Field(description="left、away、no_post、training_owed、licence_expired……，见 docs/gates.md")
    text: str = Field(description="给人看的一句话，语言按 Accept-Language")
    basis: str = Field(description="依据的条款或公司规定")


class ClearanceOut(Schema):
    """The answer about one person."""

    employee_no: str
    cleared: bool = Field(description="true 才放行")
    reasons: list[ReasonOut]
    until: str | None = Field(None, description="答案自身有效的最后一天（含），null：没有已知的期限")
    checked_at: str
    etag: str = Field(description="答案的标识，与响应头 ETag 相同")
    place: str | None = Field(None, description="问的是哪个场所")


class BatchIn(Schema):
    """Whom to ask about."""

    model_config = ConfigDict(extra="forbid")

    employee_nos: list[Number] = Field(min_length=1, max_length=MAX_BATCH)
    place: Number = ""


class BatchOut(Schema):
    """The answers, and the numbers that are unknown or not this gate's."""

    items: list[ClearanceOut]
    unknown: list[str]


class SignedListOut(Schema):
    """A signed list. `payload` is signed as it is, byte for byte; docs/gates.md says how to check it."""

    payload: str
    key: str
    signature: str


class PlaceQuery(Schema):
    """Where the person wants in."""

    place: Number = Field("", description="场所编码；不填：只看本岗位能否上岗")


class ListQuery(Schema):
    """What the gate has already."""

    since: int = Field(0, ge=0, le=2**31 - 1, description="手里名单的版本；0：要整份名单")


@router.get("/list", response={200: SignedListOut, **REFUSALS}, summary="离线门禁的签名名单")
def get_list(request: GateRequest, query: Query[ListQuery]) -> HttpResponse:
    """Return who of the gate's units is cleared and until when, signed; or what changed since a version."""
    limit_lists(request.auth)
    moment = now()
    gate = Gate.objects.get(pk=request.auth.pk)
    try:
        made = signed_list(gate=gate, since=query.since, now=moment)
    except ListRefused as error:
        raise ApiProblem(503, "no_signing_key", str(error)) from error
    return _json(made)


@router.get("/badge/{code}", response={200: ClearanceOut, **REFUSALS}, summary="按胸牌码查询")
def get_by_badge(request: GateRequest, code: str, query: Query[PlaceQuery]) -> HttpResponse:
    """Return whether the holder of a badge may pass."""
    found = answers_for(request.auth, badge_digest=token_digest(code), now=now())
    return _one(request, next(iter(found.values()), None), query.place, "path.code")


@router.post("/batch", response={200: BatchOut, **REFUSALS}, summary="一次查询多人")
def post_batch(request: GateRequest, sent: BatchIn) -> HttpResponse:
    """Return whether these people may pass, at most 500."""
    moment = now()
    numbers = list(dict.fromkeys(sent.employee_nos))
    found = answers_for(request.auth, employee_nos=numbers, now=moment)
    if sent.place:
        found = at_place(list(found.values()), _place(request, sent.place, "body.place"), moment)
    _note(request, list(found.values()), len(numbers) - len(found))
    items = [found[number].document(moment) for number in numbers if number in found]
    return _json({"items": items, "unknown": [number for number in numbers if number not in found]}, request)


@router.get("/{employee_no}", response={200: ClearanceOut, **REFUSALS}, summary="一个人能否放行")
def get_clearance(request: GateRequest, employee_no: str, query: Query[PlaceQuery]) -> HttpResponse:
    """Return whether a person may pass. An unknown number and somebody of other units are answered alike."""
    sound = employee_no.replace("\x00", "\ufffd")[:64]
    found = answers_for(request.auth, employee_nos=[sound], now=now())
    return _one(request, found.get(sound), query.place, "path.employee_no")


def _one(request: GateRequest, answer: Answer | None, place: str, where: str) -> HttpResponse:
    if answer is None:
        missing = not_found(where)
        response = _json(missing.problem.model_dump(exclude_none=True), request, status=404)
        response["Content-Type"] = "application/problem+json"
        _note(request, [], 1)
        return _flushing(response)
    moment = now()
    if place:
        answer = at_place([answer], _place(request, place, "query.place"), moment)[answer.employee_no]
    _note(request, [answer], 0)
    etag = f'"{answer.etag()}"'
    response = _json(answer.document(moment), request)
    response["ETag"] = etag
    found = get_conditional_response(request, etag=etag, response=response)
    if isinstance(found, HttpResponseNotModified):
        return _flushing(found)
    return response


def _place(request: GateRequest, code: str, where: str) -> AccessPlace:
    place = place_with_code(code, request.auth.paths, localdate(now()))
    if place is None:
        raise not_found(where)
    return place


def _json(document: dict[str, Any], request: GateRequest | None = None, status: int = 200) -> HttpResponse:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    response = HttpResponse(text, content_type="application/json", status=status)
    return _flushing(response) if request is not None and status == 200 else response


def _note(request: GateRequest, answers: list[Answer], unknown: int) -> None:
    cleared = sum(answer.is_cleared for answer in answers)
    TALLY.note(request.auth.pk, cleared=cleared, blocked=len(answers) - cleared, unknown=unknown, now=now())


def _flushing(response: HttpResponse) -> HttpResponse:
    """Write the counts after the answer is sent: a gate waits for none of it."""
    response._resource_closers.append(flush_asks)  # type: ignore[attr-defined]
    return response


def flush_asks() -> None:
    """Write what was counted, if it is time to."""
    counts = TALLY.take_due(now())
    if not counts:
        return
    try:
        add_asks(counts=counts)
    except DatabaseError:
        # The answer is out; a count that is lost is worth a line in the log and no more.
        log.exception("gate_asks_lost", gates=len(counts))
