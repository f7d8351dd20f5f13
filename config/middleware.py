"""Site-wide middleware."""

import time
from collections.abc import Callable

import structlog
from csp.constants import SELF, UNSAFE_INLINE
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotFound, JsonResponse
from django.utils.translation import gettext as _
from django_structlog.middlewares import RequestMiddleware

from common.addresses import client_address

# Five of Wagtail 8's admin templates carry inline <script>, and Draftail sets inline styles
# (wagtail #1288 is open), so the back office gets a looser policy than the pages of learners.
ADMIN_POLICY = {
    "script-src": [SELF, UNSAFE_INLINE],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:", "blob:"],
}


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """Send the strict policy everywhere but below /admin/."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Choose the policy by path, then let django-csp write the header."""
        if request.path.startswith("/admin/") and not hasattr(response, "_csp_update"):
            response._csp_replace = ADMIN_POLICY  # type: ignore[attr-defined]
        return super().process_response(request, response)


class PackageHostMiddleware:
    """Keep the host of packages to packages: no other page of the site may stand in their origin."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer 404 for everything there but packages and the run time they need."""
        if settings.SCORM_HOST and request.get_host() == settings.SCORM_HOST:
            if not request.path.startswith(("/packages/", settings.STATIC_URL)):
                return HttpResponseNotFound("404", content_type="text/plain")
            request.COOKIES = {}
        return self.get_response(request)


# Addresses and filters of other systems name people: /api/people/001001, ?filter=userName eq "zhangsan".
UNNAMED = ("/api/", "/scim/", "/xapi/")
# The address of a package's file says who may read it: it opens the file to whoever has it.
TICKETED = ("/packages/",)


def route_of(request: HttpRequest) -> str:
    """Return the pattern of an address, which names nobody; its first part while it is not resolved yet."""
    if request.resolver_match is None:
        return f"/{request.path.split('/')[1]}/"
    return f"/{request.resolver_match.route}"


class RequestLogMiddleware(RequestMiddleware):
    """Log requests; those of other systems by their route."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Return the line that stands for a request in the log."""
        if request.path.startswith(UNNAMED + TICKETED):
            return f"{request.method} {route_of(request)}"
        return RequestMiddleware.format_request(request)

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        """Log the address the site itself goes by: only a trusted proxy's word counts."""
        structlog.contextvars.bind_contextvars(ip=client_address(request) or None)


class ApiCallMiddleware:
    """Log each call of another system by its route, never by its address: that may name a person."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.log = structlog.get_logger("anxue.api")

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and tell the caller the id under which the call stands in the log."""
        if not request.path.startswith(UNNAMED):
            return self.get_response(request)
        began = time.perf_counter()
        response = self.get_response(request)
        self.log.info(
            "api_call",
            method=request.method,
            route=route_of(request),
            status=response.status_code,
            grant=getattr(request, "api_grant_id", None),
            duration_ms=round((time.perf_counter() - began) * 1000),
        )
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        if request_id:
            response["X-Request-ID"] = str(request_id)
        response.setdefault("Cache-Control", "private, no-cache")
        # Django would log a failure by its address.
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """Answer what no view has caught, in the caller's shape, and log it by its route."""
        if not request.path.startswith(UNNAMED):
            return None
        self.log.error("api_failed", route=route_of(request), exc_info=error)
        message = _("服务器出错，已记录；请带上响应头 X-Request-ID 联系管理员")
        if request.path.startswith("/api/"):
            body = {"status": 500, "code": "server_error", "message": message, "where": ""}
            return JsonResponse(body, status=500, content_type="application/problem+json")
        if request.path.startswith("/xapi/"):
            return JsonResponse({"error": message}, status=500)
        error_shape = "urn:ietf:params:scim:api:messages:2.0:Error"
        body = {"schemas": [error_shape], "status": "500", "detail": message}
        return JsonResponse(body, status=500, content_type="application/scim+json")
