"""docs/api.md says what there is: every address, capability and code, and no others."""

import re
from pathlib import Path

import pytest
from django.urls import Resolver404, get_resolver, resolve

from config.api import api
from people.models import ApiCapability

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "api.md").read_text()


def test_every_address_of_the_api_is_in_the_docs_and_back():
    described = {
        f"{method.upper()} {path}"
        for path, operations in api.get_openapi_schema()["paths"].items()
        for method in operations
    }
    written = set(re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /api/[^`]*)`", TEXT))
    assert written == described


def test_every_other_address_exists():
    written = {path.rstrip("/") for path in re.findall(r"`(/(?:scim|admin|api)/[^`{ ]*)`", TEXT)}
    assert "/scim/v2/Users" in written
    for path in written:
        for form in (path, f"{path}/"):
            try:
                found = resolve(form)
            except Resolver404:
                continue
            # The routes that catch everything else are no addresses.
            if "path" not in found.kwargs:
                break
        else:
            pytest.fail(path)


def test_every_scim_resource_is_in_the_docs():
    scim = next(one for one in get_resolver().url_patterns if str(one.pattern) == "scim/v2/")
    names = {str(one.pattern).split("/")[0] for one in scim.url_patterns}
    for name in names - {"", ".search", "<path:path>"}:
        assert f"/scim/v2/{name}" in TEXT


def test_every_capability_and_code_is_in_the_docs():
    for capability in ApiCapability.values:
        assert f"`{capability}`" in TEXT
    sources = [*(ROOT / "people" / "api").glob("*.py"), ROOT / "config" / "middleware.py"]
    code = "\n".join(path.read_text() for path in sources)
    raised = set(re.findall(r'(?:ApiProblem\(\s*\d+, |unauthorised\(|code=|"code": )"([a-z_]+)"', code))
    table = TEXT[TEXT.index("| status | codes |") : TEXT.index("## Sync")]
    written = set(re.findall(r"`([a-z_]+)`", table))
    # Made up of the reason and the parameter, and the code of a faulty list.
    assert raised - {"bad_request", "invalid"} <= written
    assert written - raised == {"unknown_unit", "ambiguous_unit", "rows_faulty"}
