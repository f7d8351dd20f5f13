"""What the frame of a back-office page costs: each entry of the menu asks who may see it."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.admin.menu import admin_menu, settings_menu

from common.clock import now, today
from people.actions.roles import grant_role
from people.models import Role
from tests.factories.people import UserFactory, org_path

pytestmark = pytest.mark.django_db
GRANTS = re.compile(r'FROM "people_rolegrant".*"starts_on" <=', re.S)


def asked(client, address):
    """Return the statements of a page."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return [query["sql"] for query in queries]


@pytest.mark.parametrize("roles", [[Role.HR_OFFICER], [Role.HR_OFFICER, Role.TRAINER, Role.TEAM_LEADER]])
def test_a_page_reads_what_its_reader_holds_once(client, roles):
    user = UserFactory()
    for role in roles:
        grant_role(
            user=user, role=role, unit=org_path("总厂"), starts_on=today(), acting_user=None, now=now()
        )
    client.force_login(user)
    client.get("/admin/people/units/")  # what is read once for a process
    statements = asked(client, "/admin/people/units/")
    assert len([one for one in statements if GRANTS.search(one)]) == 1


def test_the_whole_menu_takes_two_statements_and_none_on_roles(client):
    user = UserFactory()
    grant_role(
        user=user, role=Role.HR_OFFICER, unit=org_path("总厂"), starts_on=today(), acting_user=None, now=now()
    )
    client.force_login(user)
    request = client.get("/admin/people/units/").wsgi_request
    request.user.get_all_permissions()
    with CaptureQueriesContext(connection) as queries:
        shown = admin_menu.menu_items_for_request(request) + settings_menu.menu_items_for_request(request)
    assert len(shown) > 3
    statements = [query["sql"] for query in queries]
    # Wagtail asks where its tree of pages begins; the home page of learners is added while there is none.
    assert len(statements) == 2, statements
    assert not [one for one in statements if "people_rolegrant" in one]
