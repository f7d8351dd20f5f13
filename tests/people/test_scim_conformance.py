"""The SCIM service before a public conformance checker, in this process."""

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server

from config.wsgi import application
from people.models import Employee
from tests.factories.api import make_token
from tests.factories.people import PostFactory, org_path

pytestmark = pytest.mark.django_db
PASSED = {Status.SUCCESS, Status.SKIPPED, Status.COMPLIANT, Status.ACCEPTABLE}
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
# What the service answers otherwise on purpose (docs/api.md): a person always has a standing and a number.
ON_PURPOSE = {"active", "employeeNumber"}


class OfEmployed(WSGISCIMClient):
    """A client that makes people who work there and have a number of at most 32 characters.

    The checker draws `active` by lot and user names of 36 characters.
    """

    made = 0

    def create(self, resource, *args, **kwargs):
        self.made += 1
        if resource.active is False:
            resource.active = True
        self.number(resource, f"E{self.made:05d}")
        return super().create(resource, *args, **kwargs)

    def replace(self, resource, *args, **kwargs):
        self.number(resource, None)
        return super().replace(resource, *args, **kwargs)

    def number(self, resource, number):
        kind = type(resource).get_extension_models()[ENTERPRISE]
        resource[kind] = resource[kind] or kind()
        resource[kind].employee_number = number


def urn_of(result):
    return str(result.data.get("urn", "")) if isinstance(result.data, dict) else ""


@pytest.fixture
def _one_connection():
    """Keep the test's transaction open: the site would close its connection after each call."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.slow
@pytest.mark.usefixtures("_one_connection")
def test_conformance(settings):
    settings.ALLOWED_HOSTS = ["*"]
    unit = org_path("总厂")
    _, token = make_token(
        "scim", unit=unit, landing_unit=org_path("总厂/待分配"), landing_post=PostFactory(name="待定")
    )
    client = OfEmployed(application, "http://localhost/scim/v2", headers={"Authorization": f"Bearer {token}"})
    results = check_server(client, resource_types=["User"])
    wrong = [
        (result.title, result.reason)
        for result in results
        if result.status not in PASSED
        and urn_of(result).rpartition(":")[2] not in ON_PURPOSE
        and "'employeeNumber' is immutable" not in str(result.reason)
    ]
    assert wrong == []
    assert sum(result.status == Status.SUCCESS for result in results) > 40
    assert Employee.objects.exists()
