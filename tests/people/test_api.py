"""Reading people over HTTP: who is let in, and what is shown to whom."""

import datetime as dt
from typing import get_args

import pytest
import structlog
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from wagtail.models import APIToken, ModelLogEntry

from common.signing import encrypt_text
from people.actions.api_grants import revoke_api_grant
from people.actions.corrections import correct_event
from people.actions.employment import change_terms, hire, second, transfer
from people.api.schemas import EmploymentEvent
from people.models import EventKind, OrgUnit, Role, UnitKind
from tests.factories.api import api_client, make_token
from tests.factories.people import (
    AssignmentFactory,
    EmployeeFactory,
    OrgUnitFactory,
    PostFactory,
    RoleGrantFactory,
    UserFactory,
    org_path,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_frozen")]
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
ID = "11010519491231002X"


@pytest.fixture
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def works():
    return org_path("总厂/一车间")


@pytest.fixture
def hr(works):
    """A client of the whole works with every capability but unmasking."""
    _, token = make_token("people:read", "people:sync", unit=org_path("总厂"))
    return api_client(token)


def person(number, unit, **more):
    return EmployeeFactory(employee_no=number, assigned__unit=unit, **more)


def test_list_shows_masked_people_with_places(hr, works):
    person("001001", works, name="李𠮷", phone="13812345678", id_number_encrypted=encrypt_text(ID))
    response = hr.get("/api/people")
    assert response.status_code == 200
    (one,) = response.json()["items"]
    assert one["employee_no"] == "001001"
    assert one["name"] == "李𠮷"
    assert one["unit"]["path"] == "总厂/一车间"
    assert one["post"]["name"].startswith("操作工")
    assert (one["phone"], one["id_number"], one["is_masked"]) == ("138****5678", "110105********002X", True)
    assert response.json()["next_cursor"] is None
    assert hr.get("/api/people/001001").json() == one
    assert ID not in response.content.decode()


def test_unmasked_needs_the_capability_and_the_role_and_is_audited(works):
    person("001001", works, phone="13812345678", id_number_encrypted=encrypt_text(ID))
    grant, token = make_token("people:read", "people:unmask", unit=works)
    assert api_client(token).get("/api/people/001001").json()["id_number"] == ID
    entry = ModelLogEntry.objects.get(action="people.api_grant.unmask")
    assert (entry.object_id, entry.data) == (str(grant.pk), {"people": 1, "reason": "人事系统"})
    leader = RoleGrantFactory(role=Role.TEAM_LEADER, unit=works).user
    _, token = make_token("people:read", "people:unmask", unit=works, account=leader)
    assert api_client(token).get("/api/people/001001").json()["is_masked"]


def test_pages_by_cursor(hr, works):
    numbers = [f"{n:06d}" for n in range(5)]
    for number in numbers:
        person(number, works)
    seen, cursor = [], ""
    while cursor is not None:
        page = hr.get("/api/people", {"limit": 2, "cursor": cursor}).json()
        seen += [one["employee_no"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert seen == numbers


@pytest.mark.parametrize("cursor", ["x", "!!", "MQ", "eyJhIjoxfQ", "IlwwMDAwIg", "Ilx1MDAwMCI"])
@pytest.mark.parametrize("path", ["people", "units", "posts"])
def test_foreign_cursor_is_refused(hr, cursor, path):
    response = hr.get(f"/api/{path}", {"cursor": cursor})
    assert response.status_code in {200, 422}
    if response.status_code == 422:
        assert response.json()["code"] == "invalid_cursor"


def test_filters(hr, works):
    person("001001", works)
    person("001002", org_path("总厂/二车间"), left=True)
    numbers = lambda **query: [one["employee_no"] for one in hr.get("/api/people", query).json()["items"]]  # noqa: E731
    assert numbers() == ["001001", "001002"]
    assert numbers(status="left") == ["001002"]
    assert numbers(unit="总厂/一车间") == numbers(unit="一车间") == ["001001"]
    assert numbers(unit="总厂") == ["001001", "001002"]
    assert hr.get("/api/people", {"unit": "三车间"}).json()["code"] == "unknown_unit"
    assert hr.get("/api/people", {"status": "x"}).json()["where"] == "query.status"
    assert hr.get("/api/people", {"stauts": "left"}).status_code == 422


def test_changed_since_finds_a_transfer(hr, works):
    post = PostFactory()
    later = NOW + dt.timedelta(hours=1)
    for number in ("001001", "001002"):
        hire(employee_no=number, name="王", unit=works, post=post, hired_on=dt.date(2026, 3, 2),
             acting_user=None, now=NOW)  # fmt: skip
    first = hr.get("/api/people", {"changed_since": later.isoformat()})
    assert first.json()["items"] == []
    moved = person("001003", works)
    transfer(employee=moved, unit=org_path("总厂/二车间"), post=post, effective_on=dt.date(2026, 11, 20),
             acting_user=None, now=later)  # fmt: skip
    found = hr.get("/api/people", {"changed_since": later.isoformat()}).json()["items"]
    assert [one["employee_no"] for one in found] == ["001003"]
    assert hr.get("/api/people", {"changed_since": "2026-11-20T09:00:00"}).status_code == 422
    (event,) = hr.get("/api/people/001003/events").json()["items"]
    assert (event["kind"], event["from_unit"], event["to_unit"]) == (
        "transferred", "总厂/一车间", "总厂/二车间",
    )  # fmt: skip


def test_units_and_posts(hr, works):
    PostFactory(name="电工", code="E1")
    units = hr.get("/api/units").json()["items"]
    assert [(unit["path"], unit["parent"]) for unit in units] == [
        ("总厂", None),
        ("总厂/一车间", units[0]["id"]),
    ]
    assert hr.get("/api/posts").json()["items"][0]["code"] == "E1"


def test_lists_carry_an_etag(hr, works):
    person("001001", works)
    first = hr.get("/api/people")
    again = hr.get("/api/people", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    person("001002", works)
    assert hr.get("/api/people", headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_others_people_units_and_events_are_not_there(works):
    person("009999", org_path("别厂/一车间"))
    _, token = make_token(unit=works)
    client = api_client(token)
    assert client.get("/api/people").json()["items"] == []
    for path in ("/api/people/009999", "/api/people/009999/events", "/api/people/000000", "/api/nothing"):
        response = client.get(path)
        assert response.status_code == 404, path
        assert response.json()["code"] == "not_found"
    assert client.get("/api/people", {"unit": "别厂"}).json()["code"] == "unknown_unit"
    assert [unit["path"] for unit in client.get("/api/units").json()["items"]] == ["总厂/一车间"]


def test_account_without_a_role_sees_nobody(works):
    person("001001", works)
    _, token = make_token(unit=works, account=UserFactory())
    client = api_client(token)
    assert client.get("/api/people").json()["items"] == []
    assert client.get("/api/posts").json()["items"] == []
    assert client.get("/api/people/001001").status_code == 404


def refused(client, status, code, path="/api/people"):
    response = client.get(path)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == code
    assert response.json()["message"]
    return response


def test_who_is_not_let_in(works):
    grant, token = make_token("people:sync", unit=works)
    response = refused(Client(), 401, "token_missing")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    refused(api_client("wagtail_x"), 401, "token_invalid")
    refused(api_client(APIToken.generate_token()), 401, "token_invalid")
    refused(api_client(token), 403, "capability_missing")
    # Wagtail's own token acts as its user everywhere: without a grant of ours it is nobody here.
    bare = APIToken.create_token(user=grant.token.user, name="x")[1]
    refused(api_client(bare), 401, "token_invalid")
    browser = Client()
    browser.force_login(grant.token.user)
    refused(browser, 401, "token_missing")


def test_expired_revoked_and_closed(works):
    grant, token = make_token("people:read", unit=works, days=1)
    client = api_client(token)
    assert client.get("/api/people").status_code == 200
    grant.token.refresh_from_db()
    assert grant.token.last_used_at == NOW
    with time_machine.travel(NOW + dt.timedelta(2), tick=False):
        refused(client, 401, "token_expired")
    user = grant.token.user
    user.is_active = False
    user.save()
    refused(client, 401, "token_invalid")
    user.is_active = True
    user.save()
    assert revoke_api_grant(grant=grant, acting_user=None, now=NOW)
    assert not revoke_api_grant(grant=grant, acting_user=None, now=NOW)
    refused(client, 401, "token_invalid")


def test_addresses(works, settings):
    _, token = make_token("people:read", unit=works, ip_ranges=["10.1.0.0/16", "2001:db8::/32"])
    for address, forwarded, status in (
        ("10.1.2.3", "", 200), ("2001:db8::7", "", 200), ("::ffff:10.1.2.3", "", 200), ("10.2.0.1", "", 403),
        ("10.9.9.9", "10.1.2.3", 403), ("127.0.0.1", "10.1.2.3", 200), ("127.0.0.1", "10.1.2.3, 8.8.8.8", 403),
        ("127.0.0.1", "nonsense", 403), ("", "", 403),
    ):  # fmt: skip
        settings.TRUSTED_PROXIES = ["127.0.0.0/8"]
        client = api_client(token, REMOTE_ADDR=address, HTTP_X_FORWARDED_FOR=forwarded)
        assert client.get("/api/people").status_code == status, (address, forwarded)


def test_too_many_calls_and_too_many_refusals(works, settings):
    settings.API_CALLS_PER_MINUTE = 2
    _, token = make_token("people:read", unit=works)
    client = api_client(token)
    assert [client.get("/api/posts").status_code for _ in range(3)] == [200, 200, 429]
    response = refused(client, 429, "too_many_requests")
    assert response.headers["Retry-After"] == "60"
    guess = api_client("wagtail_x")
    assert {guess.get("/api/posts").status_code for _ in range(40)} == {401, 429}
    refused(guess, 429, "too_many_requests")
    with time_machine.travel(NOW + dt.timedelta(minutes=1), tick=False):
        assert client.get("/api/posts").status_code == 200


def test_errors_speak_the_callers_language(hr):
    chinese = hr.get("/api/people", {"limit": 0}).json()
    english = hr.get("/api/people", {"limit": 0}, headers={"Accept-Language": "en"}).json()
    assert (chinese["code"], chinese["where"]) == ("invalid_request", "query.limit")
    assert chinese["message"] == "query.limit：数值太小"
    assert english["code"] == chinese["code"]


def test_calls_are_logged_without_personal_data(hr, works):
    person("001001", works, name="李𠮷")
    with structlog.testing.capture_logs() as logs:
        response = hr.get("/api/people/001001")
    (call,) = [line for line in logs if line["event"] == "api_call"]
    assert call["route"] == "/api/people/<employee_no>"
    assert call["status"] == 200
    assert call["grant"]
    assert "001001" not in str(logs)
    assert response.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("path", "key"),
    [("/api/people/001001", "code"), ("/scim/v2/Users?filter=userName%20eq%20%22wang%22", "schemas")],
)
def test_a_failure_is_answered_and_logged_without_the_address(works, monkeypatch, caplog, path, key):
    _, token = make_token(unit=works)
    person("001001", works)
    monkeypatch.setattr(OrgUnit, "steplen", None)  # makes the reading of the tree fail
    client = api_client(token)
    with structlog.testing.capture_logs() as logs:
        response = client.get(path)
    assert (response.status_code, key in response.json()) == (500, True)
    assert "api_failed" in [line["event"] for line in logs if line["log_level"] == "error"]
    for log in (str(logs), caplog.text):
        assert "001001" not in log
        assert "wang" not in log


def test_query_count_does_not_grow(hr, works):
    counts = []
    hr.get("/api/people")
    for number in ("001001", "001002", "001003"):
        person(number, works)
        with CaptureQueriesContext(connection) as queries:
            hr.get("/api/people")
        counts.append(len(queries))
    # token, scope of places, units, scope of people, page, secondments
    assert counts[0] == counts[2] <= 6


def test_every_kind_of_event_can_be_told():
    told = get_args(EmploymentEvent.model_fields["kind"].annotation)
    assert set(told) == set(EventKind.values)


def test_secondments_and_terms_are_told(works):
    employee = EmployeeFactory(employee_no="7", assigned__unit=works, assigned__post__name="车工")
    host, system = org_path("总厂/二车间"), {"acting_user": None, "now": NOW}
    second(employee=employee, unit=host, post=PostFactory(name="电工"), starts_on=dt.date(2026, 11, 20),
           ends_before=dt.date(2026, 11, 30), **system)  # fmt: skip
    terms = change_terms(
        employee=employee, employment_type="intern", effective_on=dt.date(2026, 11, 19), **system
    )
    correct_event(event=terms, reason="不是", withdraw=True, **system)
    client = api_client(make_token("people:read", unit=org_path("总厂"))[1])
    (lent,) = client.get("/api/people/7").json()["secondments"]
    assert (lent["unit"]["path"], lent["post"]["name"]) == ("总厂/二车间", "电工")
    assert (lent["starts_on"], lent["ends_before"]) == ("2026-11-20", "2026-11-30")
    events = client.get("/api/people/7/events").json()["items"]
    said = {(event["kind"], event["employment_type"], event["is_withdrawn"]) for event in events}
    assert ("terms_changed", "intern", False) in said
    assert any(kind == "terms_changed" and is_withdrawn for kind, _, is_withdrawn in said)


def test_a_firm_finds_its_people_wherever_they_work(works):
    firm = OrgUnitFactory(name="远航派遣", kind=UnitKind.DISPATCH_FIRM)
    lent = EmployeeFactory(
        employee_no="001001",
        employment_type="dispatched",
        employer=firm,
        id_number_encrypted=encrypt_text(ID),
    )
    AssignmentFactory(employee=lent, unit=works)
    _, token = make_token("people:read", "people:unmask", unit=firm)
    (one,) = api_client(token).get("/api/people", {"unit": "远航派遣"}).json()["items"]
    assert (one["employee_no"], one["unit"]["path"], one["employer"]) == ("001001", "总厂/一车间", "远航派遣")
    # As on the person's page: the firm's own HR answers for the identity of its people.
    assert one["id_number"] == ID
