"""The site's API: one document for all rooms at /api/openapi.json, a page to read it at /api/docs."""

from hashlib import sha256
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from ninja import NinjaAPI, Swagger
from ninja.openapi.schema import OpenAPISchema

from access.api.clearance import router as clearance_router
from people.api.people import router as people_router
from people.api.problems import PROBLEM_JSON, not_found, problem_response, register_exception_handlers
from people.api.sync import router as sync_router


class SiteAPI(NinjaAPI):
    """An API whose lists carry an ETag and whose document says that problems are problem+json."""

    def create_response(self, request: HttpRequest, data: Any, **kwargs: Any) -> HttpResponse:
        """Answer 304 to a reader who already has these rows."""
        response: HttpResponse = super().create_response(request, data, **kwargs)
        if request.method == "GET" and response.status_code == 200:
            etag = f'"{sha256(response.content).hexdigest()[:32]}"'
            response["ETag"] = etag
            return get_conditional_response(request, etag=etag, response=response) or response
        return response

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        """Describe the API; what goes wrong is answered as problem+json."""
        schema = super().get_openapi_schema(**kwargs)
        for operations in schema["paths"].values():
            for operation in operations.values():
                for status, response in operation["responses"].items():
                    if int(status) >= 400 and "content" in response:
                        response["content"] = {PROBLEM_JSON: response["content"]["application/json"]}
        return schema


api = SiteAPI(
    title="安学 AnXue",
    version="1.0.0",
    description="人员、组织与名单同步，门禁查询。用法、示例和错误说明见 docs/api.md 和 docs/gates.md。",
    urls_namespace="api",
    openapi_url="/openapi.json",
    docs_url="/docs",
    # Swagger's own validator lives on another host.
    docs=Swagger(settings={"validatorUrl": None, "persistAuthorization": False}),
)
register_exception_handlers(api)
# Before the people: "sync" is no employee number.
api.add_router("", sync_router)
api.add_router("", people_router)
api.add_router("/clearance", clearance_router)


def unknown_address(request: HttpRequest, path: str) -> HttpResponse:
    """Answer an address that is none as the API answers everything."""
    return problem_response(not_found().problem)
