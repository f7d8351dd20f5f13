"""The API keeps to its own description, whatever it is sent: schemathesis against the site in this process."""

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from config.wsgi import application
from people.api import auth
from tests.factories.api import make_token
from tests.factories.people import EmployeeFactory, PostFactory, org_path

pytestmark = pytest.mark.django_db


@pytest.fixture
def _one_connection():
    """Keep the test's transaction open: the site would close its connection after each call."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def token(db, _one_connection, settings, monkeypatch):
    settings.API_CALLS_PER_MINUTE = 100_000
    monkeypatch.setattr(auth, "REFUSALS_PER_MINUTE", 100_000)
    unit = org_path("总厂")
    EmployeeFactory(employee_no="001001", assigned__unit=unit)
    PostFactory(name="电工")
    return make_token(unit=unit)[1]


# A cursor and a unit are texts of ours: any other text fits the description and is refused all the same.
OPAQUE = [positive_data_acceptance]
schema = schemathesis.openapi.from_wsgi("/api/openapi.json", application)


@schema.parametrize()
@settings(
    max_examples=8,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_operation_keeps_to_the_description(case, token):
    case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=OPAQUE)
