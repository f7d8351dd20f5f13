"""The administrator's pages of tokens for other systems."""

import datetime as dt
import re

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from wagtail.models import APIToken, ModelLogEntry

from people.actions.api_grants import create_api_grant, revoke_api_grant
from people.actions.roles import grant_role
from people.models import ApiGrant, Role
from tests.factories.api import api_client, make_token
from tests.factories.people import RoleGrantFactory, UserFactory, org_path

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_frozen")]
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 20)
LIST = "/admin/people/api-tokens/"


@pytest.fixture
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


def with_role(role, unit="总厂"):
    user = UserFactory()
    grant_role(user=user, role=role, unit=org_path(unit), starts_on=TODAY, acting_user=None, now=NOW)
    return user


@pytest.fixture
def administrator(client):
    user = with_role(Role.ADMINISTRATOR)
    client.force_login(user)
    return user


def fields(account, **more):
    return {
        "account": account.pk,
        "purpose": "人事系统",
        "capabilities": ["people:read", "people:sync"],
        "ip_ranges": "10.1.2.3\n\n10.2.0.0/16",
        "expires_on": "2027-05-01",
        **more,
    }


def test_create_show_once_use_list_and_revoke(client, administrator):
    account = with_role(Role.HR_OFFICER, "总厂/一车间")
    page = client.post(f"{LIST}new/", fields(account, ip_ranges="127.0.0.1"))
    assert page.headers["Cache-Control"].startswith("max-age=0")
    token = re.search(r'value="(wagtail_\w+)"', page.content.decode())[1]
    assert api_client(token).get("/api/people").status_code == 200
    grant = ApiGrant.objects.get()
    assert (grant.created_by, grant.ip_ranges) == (administrator, ["127.0.0.1/32"])
    assert token not in str(ModelLogEntry.objects.values_list("data", flat=True))
    listed = client.get(LIST).content.decode()
    assert "人事系统" in listed
    assert token not in listed
    assert client.get(f"{LIST}{grant.pk}/revoke/").status_code == 405
    assert "已作废" in client.post(f"{LIST}{grant.pk}/revoke/", follow=True).content.decode()
    assert api_client(token).get("/api/people").status_code == 401
    assert list(ModelLogEntry.objects.order_by("pk").values_list("action", flat=True))[-2:] == [
        "people.api_grant.create",
        "people.api_grant.revoke",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [({"ip_ranges": "10.1.2"}, "不是 IP 地址或网段"), ({"expires_on": "2026-11-19"}, "一年以内"),
     ({"expires_on": "2027-12-01"}, "一年以内"), ({"capabilities": ["x"]}, "error-message"),
     ({"purpose": ""}, "error-message")],
)  # fmt: skip
def test_form_says_what_is_wrong(client, administrator, change, message):
    page = client.post(f"{LIST}new/", fields(with_role(Role.HR_OFFICER), **change))
    assert page.status_code == 200
    assert message in page.content.decode()
    assert not APIToken.objects.exists()


@pytest.mark.parametrize("role", [None, *(role for role in Role.values if role != Role.ADMINISTRATOR)])
def test_others_see_nothing(client, role):
    user = with_role(role) if role else UserFactory()
    client.force_login(user)
    grant, _ = make_token(unit=org_path("总厂"), account=user)
    for response in (client.get(LIST), client.get(f"{LIST}new/"), client.post(f"{LIST}{grant.pk}/revoke/")):
        assert response.status_code in {302, 403}
        assert "人事系统" not in response.content.decode()
    assert ApiGrant.objects.get().token.revoked_at is None


def test_administrator_reaches_only_accounts_below(client, administrator):
    superuser, elsewhere = UserFactory(superuser=True), with_role(Role.HR_OFFICER, "别厂")
    both = with_role(Role.HR_OFFICER, "总厂/一车间")
    grant_role(user=both, role=Role.AUDITOR, unit=org_path("别厂"), starts_on=TODAY,
               acting_user=None, now=NOW)  # fmt: skip
    peer = with_role(Role.ADMINISTRATOR, "总厂/一车间")
    for account in (superuser, elsewhere, both, peer, administrator, UserFactory()):
        assert client.post(f"{LIST}new/", fields(account)).status_code == 200
        with pytest.raises(PermissionDenied):
            create_api_grant(account=account, purpose="x", capabilities=["people:read"], expires_on=TODAY,
                             acting_user=administrator, now=NOW)  # fmt: skip
    assert not ApiGrant.objects.exists()
    grant, _ = make_token(unit=org_path("别厂"), account=elsewhere)
    assert client.post(f"{LIST}{grant.pk}/revoke/").status_code == 404
    with pytest.raises(PermissionDenied):
        revoke_api_grant(grant=grant, acting_user=administrator, now=NOW)
    client.force_login(superuser)
    assert "人事系统" in client.get(LIST).content.decode()
    assert client.post(f"{LIST}new/", fields(superuser)).status_code == 200
    assert ApiGrant.objects.count() == 2


def test_an_end_beyond_a_year_is_refused():
    with pytest.raises(ValueError, match="within a year"):
        make_token(unit=org_path("总厂"), days=400)
    hr = RoleGrantFactory(unit=org_path("总厂")).user
    grant, _ = make_token("people:read", unit=org_path("总厂"), account=hr)
    assert str(grant) == "人事系统"


def test_an_administrator_hands_out_no_numbers_in_clear(client, administrator):
    account = with_role(Role.HR_OFFICER)
    assert "people:unmask" not in client.get(f"{LIST}new/").content.decode()
    page = client.post(f"{LIST}new/", fields(account, capabilities=["people:read", "people:unmask"]))
    assert page.status_code == 200
    with pytest.raises(PermissionDenied):
        create_api_grant(account=account, purpose="x", capabilities=["people:unmask"], expires_on=TODAY,
                         acting_user=administrator, now=NOW)  # fmt: skip
    assert not ApiGrant.objects.exists()
    client.force_login(UserFactory(superuser=True))
    assert "people:unmask" in client.get(f"{LIST}new/").content.decode()
