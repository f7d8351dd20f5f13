"""Take in a list of people as it should be, from an HR system; watch one that takes longer."""

import hashlib
import io
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import Header, Router
from pydantic import ValidationError

from common.clock import now
from jobs.models import Job
from jobs.queries import get_job_for
from jobs.queue import enqueue
from people.actions.api_replies import Answer, answer_once
from people.api.auth import ApiRequest, TokenAuth
from people.api.problems import (
    PROBLEM_JSON,
    ApiProblem,
    Problem,
    invalid_request,
    not_found,
    problem_response,
)
from people.api.sync_schemas import JobReply, SyncReply, SyncRequest, inlined
from people.errors import ImportStopped, KeyReused, PreviewOutdated, TooManyEndings
from people.importers.syncing import SyncOptions, brake_message, sync_rows
from people.importers.uploads import keep_upload
from people.models import ApiCapability

DIRECT_ROWS = 5_000
MAX_BYTES = 60 * 1024 * 1024
TASK = "people.tasks.sync_list"
REFUSALS = dict.fromkeys((401, 403, 429), Problem)
router = Router(auth=TokenAuth(ApiCapability.PEOPLE_SYNC), tags=["sync"])
BODY = {"required": True, "content": {"application/json": {"schema": inlined(SyncRequest)}}}


@router.post(
    "/people/sync",
    response={
        200: SyncReply, 202: JobReply, 409: Problem, 413: Problem, 422: SyncReply | Problem, **REFUSALS,
    },
    openapi_extra={"requestBody": BODY},
    summary="同步人员名单",
)  # fmt: skip
def sync(
    request: ApiRequest, key: Annotated[str, Header(alias="Idempotency-Key", max_length=200)] = ""
) -> HttpResponse:
    """Compare a list with what is known, derive what happened and save it: all of it, or nothing.

    The same list again changes nothing. With an Idempotency-Key the same call again is answered the same.
    """
    # Django's own limit on bodies is for forms; a list of a large works is longer.
    body = request.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise ApiProblem(413, "too_large", _("名单超过 60 MB，请分成几份"), "body")
    try:
        sent = SyncRequest.model_validate_json(body, strict=True)
    except ValidationError as error:
        errors = [
            {**found, "loc": ("body", *found["loc"])}
            for found in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        return problem_response(invalid_request(errors))
    digest = hashlib.sha256(body).hexdigest()

    def answer() -> Answer:
        if sent.run_async or len(sent.rows) > DIRECT_ROWS:
            return _queue(request, sent, body, digest)
        return _sync(request, sent, digest)

    try:
        if not key:
            status, reply, _final = answer()
            return _respond(status, reply)
        status, reply, is_repeated = answer_once(
            grant=request.auth, key=key, request_sha256=digest, answer=answer, now=now()
        )
    except TooManyEndings as stopped:
        numbers = {"ending": stopped.ending, "allowed": sent.options.allow_ending}
        raise ApiProblem(
            409, "too_many_endings", brake_message(stopped.ending), "options.allow_ending", numbers=numbers
        ) from stopped
    except (PreviewOutdated, ImportStopped) as changed:
        message = _("比对时数据有了变化，请把同一份名单再发送一次")
        raise ApiProblem(409, "data_changed", message, "rows") from changed
    except KeyReused as error:
        message = _("这个 Idempotency-Key 已用于另一个请求，请换一个")
        raise ApiProblem(422, "key_reused", message, "header.Idempotency-Key") from error
    response = _respond(status, reply)
    if is_repeated:
        response["Idempotent-Replayed"] = "true"
    return response


@router.get(
    "/jobs/{job_id}", response={200: JobReply, 404: Problem, 422: Problem, **REFUSALS}, summary="排队的名单"
)
def get_job(request: ApiRequest, job_id: UUID) -> dict[str, Any]:
    """Return how far a queued list of this token is, and the answer once it is done."""
    try:
        job = get_job_for(request.user, job_id)
    except Job.DoesNotExist as error:
        raise not_found("path.job_id") from error
    if job.task != TASK or job.params.get("grant") != request.auth.pk:
        raise not_found("path.job_id")
    return _job(job)


def _options(sent: SyncRequest) -> SyncOptions:
    return SyncOptions(**sent.options.model_dump())


def _sync(request: ApiRequest, sent: SyncRequest, digest: str) -> Answer:
    reply = sync_rows(
        [row.model_dump() for row in sent.rows],
        _options(sent),
        source_name=request.auth.purpose,
        body_sha256=digest,
        acting_user=request.user,
        now=now(),
    )
    return (422 if reply["code"] else 200), reply, reply["applied"]


def _queue(request: ApiRequest, sent: SyncRequest, body: bytes, digest: str) -> Answer:
    moment = now()
    params = {
        # The list waits encrypted: it holds identity numbers.
        "token": keep_upload(io.BytesIO(body), user_id=request.user.pk, now=moment),
        "grant": request.auth.pk,
        "source_name": request.auth.purpose,
        "sha256": digest,
        "language": get_language() or "",
    }
    job = enqueue(
        TASK,
        title=_("同步人员名单：%(source)s") % {"source": request.auth.purpose},
        params=params,
        requested_by=request.user,
        total=len(sent.rows),
    )
    return HTTPStatus.ACCEPTED, JobReply(**_job(job)).model_dump(mode="json"), True


def _job(job: Job) -> dict[str, Any]:
    return {
        "id": job.pk,
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "message": job.message if job.state != "failed" else _("处理失败，请联系管理员"),
        "reply": job.result.get("reply"),
        "problem": job.result.get("problem"),
    }


def _respond(status: int, reply: dict[str, Any]) -> HttpResponse:
    kind = PROBLEM_JSON if status >= HTTPStatus.BAD_REQUEST else "application/json"
    response = JsonResponse(
        reply, status=status, content_type=kind, json_dumps_params={"ensure_ascii": False}
    )
    if status == HTTPStatus.ACCEPTED:
        response["Location"] = reverse("api:get_job", args=[reply["id"]])
    return response
