"""What a caller is told when a call fails: a code to act on, a sentence to read, and the place."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

PROBLEM_JSON = "application/problem+json"


class Fault(Schema):
    """One thing wrong with a request or with a row of it."""

    row: int | None = None
    where: str
    code: str
    message: str


class Problem(Schema):
    """A failed call. `message` is in the language of Accept-Language; `numbers` are those behind a refusal."""

    status: int
    code: str
    message: str
    where: str = ""
    numbers: dict[str, int] | None = None
    errors: list[Fault] | None = None


class ApiProblem(Exception):
    """Ends a call with a problem."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        where: str = "",
        *,
        numbers: dict[str, int] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}")
        self.problem = Problem(status=status, code=code, message=message, where=where, numbers=numbers)
        self.headers = headers or {}


def problem_response(problem: Problem, headers: dict[str, str] | None = None) -> HttpResponse:
    """Return a problem as a response."""
    return JsonResponse(
        problem.model_dump(exclude_none=True),
        status=problem.status,
        content_type=PROBLEM_JSON,
        headers=headers,
        json_dumps_params={"ensure_ascii": False},
    )


def not_found(where: str = "path") -> ApiProblem:
    """Return the problem of what is not there, or not for this token; the two are never told apart."""
    return ApiProblem(404, "not_found", _("没有这一项，或不在这个令牌的管理范围内"), where)


def unauthorised(code: str, message: str) -> ApiProblem:
    """Return the problem of a missing, unknown or ended token."""
    return ApiProblem(401, code, message, "header.Authorization", headers={"WWW-Authenticate": "Bearer"})


# By the start of pydantic's error type. Functions, so that they are looked up in the caller's language.
_FLAWS: tuple[tuple[str, Callable[[], str]], ...] = (
    ("missing", lambda: _("缺少这一项")),
    ("extra_forbidden", lambda: _("没有这个字段，请核对拼写")),
    ("json_invalid", lambda: _("请求正文不是 JSON")),
    ("string_too_long", lambda: _("内容太长")),
    ("too_long", lambda: _("项数太多")),
    ("greater_than", lambda: _("数值太小")),
    ("less_than", lambda: _("数值太大")),
    ("int_", lambda: _("应为整数")),
    ("bool_", lambda: _("应为 true 或 false")),
    ("datetime_", lambda: _("应为带时区的时间，例如 2026-01-02T08:00:00+08:00")),
    ("timezone_aware", lambda: _("应为带时区的时间，例如 2026-01-02T08:00:00+08:00")),
    ("date_", lambda: _("应为日期，例如 2026-01-02")),
    ("string_", lambda: _("应为文字")),
    ("list_", lambda: _("应为数组")),
    ("enum", lambda: _("不是允许的取值")),
    ("literal_error", lambda: _("不是允许的取值")),
    ("uuid_", lambda: _("编号格式不对")),
)


def faults_of(errors: list[dict[str, Any]]) -> list[Fault]:
    """Return pydantic's errors in our words; what was sent is never repeated."""
    faults = []
    for error in errors:
        kind = str(error["type"])
        message = next((text() for start, text in _FLAWS if kind.startswith(start)), _("格式不对"))
        faults.append(Fault(where=".".join(str(part) for part in error["loc"]), code=kind, message=message))
    return faults


def invalid_request(errors: list[dict[str, Any]]) -> Problem:
    """Return the problem of a request that does not fit its description."""
    faults = faults_of(errors)
    first = faults[0] if faults else Fault(where="body", code="invalid", message=_("格式不对"))
    message = f"{first.where}：{first.message}"
    return Problem(status=422, code="invalid_request", message=message, where=first.where, errors=faults)


def register_exception_handlers(api: NinjaAPI) -> None:
    """Answer everything that goes wrong in a call with a problem."""

    @api.exception_handler(ApiProblem)
    def _problem(request: HttpRequest, error: ApiProblem) -> HttpResponse:
        return problem_response(error.problem, error.headers)

    @api.exception_handler(AuthenticationError)
    def _no_token(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        missing = unauthorised("token_missing", _("请在 Authorization 请求头里带上令牌：Bearer wagtail_…"))
        return problem_response(missing.problem, missing.headers)

    @api.exception_handler(ValidationError)
    def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        return problem_response(invalid_request(error.errors))

    @api.exception_handler(PermissionDenied)
    def _denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
        return problem_response(
            Problem(status=403, code="forbidden", message=_("这个账号的角色不允许这样做"))
        )

    @api.exception_handler(Http404)
    def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
        return problem_response(not_found().problem)

    @api.exception_handler(HttpError)
    def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
        status = error.status_code
        message = _("请求正文不是 JSON") if status == HTTPStatus.BAD_REQUEST else HTTPStatus(status).phrase
        return problem_response(Problem(status=status, code="bad_request", message=message, where="body"))
