import base64
import json

import pytest
from django.test import Client

from common import clock
from xapi.actions.storing import create_client


class Lrs:
    """A client of the store as another system uses it."""

    def __init__(self, scopes):
        made = create_client(name="演练场", scopes=scopes, now=clock.now())
        self.row = made.client
        self.http = Client(raise_request_exception=True)
        basic = base64.b64encode(f"{made.client.key}:{made.secret}".encode()).decode()
        self.headers = {"Authorization": f"Basic {basic}", "X-Experience-API-Version": "1.0.3"}

    def get(self, **params):
        return self.http.get("/xapi/statements", params, headers=self.headers)

    def post(self, body, **headers):
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.http.post(
            "/xapi/statements", data, content_type="application/json", headers={**self.headers, **headers}
        )

    def put(self, statement_id, body):
        return self.http.put(
            f"/xapi/statements?statementId={statement_id}",
            json.dumps(body),
            content_type="application/json",
            headers=self.headers,
        )


@pytest.fixture
def lrs():
    """Return a function that makes a client with scopes; by default it may do everything."""

    def make(*scopes):
        return Lrs(scopes or ("statements/write", "statements/read"))

    return make


def statement(**changes):
    """Return a small right statement."""
    return {
        "actor": {"account": {"homePage": "https://anxue.example.org", "name": "001001"}},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/completed", "display": {"zh-CN": "完成"}},
        "object": {"id": "https://sim.example/fire"},
        **changes,
    }


@pytest.fixture
def a_statement():
    return statement
