"""SCIM as Microsoft Entra ID and Okta speak it, after their public descriptions of the requests they send."""

import datetime as dt
import json

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from people.actions.corrections import correct_event
from people.actions.employment import transfer
from people.models import Employee, EmploymentEvent, Role, ScimUser
from tests.factories.api import api_client, make_token
from tests.factories.people import EmployeeFactory, PostFactory, RoleGrantFactory, UserFactory, org_path

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_frozen")]
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
MORE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USERS, GROUPS = "/scim/v2/Users", "/scim/v2/Groups"


@pytest.fixture
def _frozen():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def works():
    PostFactory(name="电工")
    PostFactory(name="焊工")
    org_path("总厂/二车间")
    return org_path("总厂/一车间")


@pytest.fixture
def directory(works):
    """A directory over the whole works without a landing place."""
    return api_client(make_token("scim", unit=org_path("总厂"))[1])


def call(client, method, path, body=None, **headers):
    response = getattr(client, method)(
        path, json.dumps(body) if body is not None else None, content_type="application/scim+json",
        headers=headers,
    )  # fmt: skip
    response.body = json.loads(response.content) if response.content else None
    return response


def entra_user(**more):
    """The body of Microsoft Entra ID's POST, with the attributes of its default mapping."""
    return {
        "schemas": [CORE, MORE],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": "zhangsan@corp.example",
        "active": True,
        "displayName": "张三",
        "title": "电工",
        "emails": [{"primary": True, "type": "work", "value": "ZhangSan@corp.example"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "三 张", "familyName": "张", "givenName": "三"},
        "phoneNumbers": [{"type": "mobile", "value": "+86 138 1234 5678"}],
        "preferredLanguage": "zh-CN",
        "addresses": [{"type": "work", "locality": "青岛"}],
        MORE: {"employeeNumber": "001001", "department": "总厂/一车间", "costCenter": "7"},
        **more,
    }


def patch(client, user_id, *operations, **headers):
    return call(
        client, "patch", f"{USERS}/{user_id}", {"schemas": [PATCH], "Operations": operations}, **headers
    )


def kinds(number="001001"):
    events = EmploymentEvent.objects.filter(employee__employee_no=number)
    return list(events.order_by("recorded_at", "effective_on").values_list("kind", flat=True))


def test_entra_hires_reads_and_finds(directory):
    made = call(directory, "post", USERS, entra_user())
    assert made.status_code == 201, made.body
    assert made.headers["Content-Type"] == "application/scim+json"
    person = Employee.objects.get()
    assert made.headers["Location"].endswith(f"{USERS}/{person.public_id}")
    assert (person.employee_no, person.name, person.phone) == ("001001", "张三", "13812345678")
    stay = person.assignments.get()
    assert (stay.unit.name, stay.post.name, stay.starts_on) == ("一车间", "电工", dt.date(2026, 11, 20))
    assert kinds() == ["hired"]
    # It reads back what it wrote, but for what is not kept.
    shown = call(directory, "get", f"{USERS}/{person.public_id}").body
    assert shown == made.body
    assert shown["name"]["givenName"] == "三"
    assert shown["phoneNumbers"] == [{"type": "mobile", "value": "+86 138 1234 5678"}]
    assert shown[MORE]["department"] == "总厂/一车间"
    assert "addresses" not in shown
    assert shown["meta"]["version"] == made.headers["ETag"]
    for query in (
        'userName eq "ZHANGSAN@corp.example"', 'externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"',
        'emails[type eq "work"].value eq "zhangsan@corp.example"', f'id eq "{person.public_id}"',
        'userName sw "zhang" and active eq true', 'displayName co "三" or userName eq "x"', "not (active eq false)",
        f'{MORE}:employeeNumber eq "001001"', 'meta.lastModified gt "2026-11-19T00:00:00Z"', "externalId pr",
    ):  # fmt: skip
        found = directory.get(USERS, {"filter": query}).json()
        assert (found["totalResults"], found["Resources"][0]["id"]) == (1, str(person.public_id)), query
    for query in (
        'userName eq "nobody"',
        'id eq "x"',
        "active eq false",
        'userName ne "zhangsan@corp.example"',
    ):
        empty = directory.get(USERS, {"filter": query}).json()
        assert empty["totalResults"] == 0
    assert call(directory, "post", USERS, entra_user()).body["scimType"] == "uniqueness"


def test_entra_ends_and_takes_back(directory):
    user_id = call(directory, "post", USERS, entra_user()).body["id"]
    # Entra's string booleans and capitalised operations.
    gone = patch(directory, user_id, {"op": "Replace", "path": "active", "value": "False"})
    assert (gone.status_code, gone.body["active"]) == (200, False)
    person = Employee.objects.get()
    assert (person.status, person.left_on, person.user.is_active) == ("left", dt.date(2026, 11, 20), False)
    again = patch(directory, user_id, {"op": "Replace", "path": "active", "value": "False"})
    assert again.status_code == 200
    assert patch(directory, user_id, {"op": "Add", "path": "active", "value": "True"}).body["active"]
    assert kinds() == ["hired", "left", "rehired"]
    person.refresh_from_db()
    assert person.user.is_active


def test_entra_moves_and_renames(directory):
    user_id = call(directory, "post", USERS, entra_user()).body["id"]
    moved = patch(
        directory, user_id,
        {"op": "Replace", "path": f"{MORE}:department", "value": "二车间"},
        {"op": "Replace", "path": "displayName", "value": "张三丰"},
        {"op": "Replace", "path": 'phoneNumbers[type eq "mobile"].value', "value": "13900000000"},
        {"op": "Replace", "path": 'addresses[type eq "work"].locality', "value": "济南"},
        {"op": "Add", "path": f"{MORE}:manager", "value": "b1d5"},
        {"op": "Add", "path": 'emails[type eq "home"].value', "value": "z@home.example"},
    )  # fmt: skip
    assert moved.status_code == 200, moved.body
    assert (moved.body[MORE]["department"], moved.body[MORE]["manager"]) == ("二车间", {"value": "b1d5"})
    person = Employee.objects.get()
    assert (person.name, person.phone, person.user.name) == ("张三丰", "13900000000", "张三丰")
    assert kinds() == ["hired", "transferred"]
    # Nothing new: nothing happens.
    patch(directory, user_id, {"op": "Replace", "path": f"{MORE}:department", "value": "二车间"})
    assert kinds() == ["hired", "transferred"]


def test_what_the_site_knows_better_is_shown(directory):
    user_id = call(directory, "post", USERS, entra_user()).body["id"]
    person = Employee.objects.get()
    transfer(employee=person, unit=org_path("总厂/二车间"), post=PostFactory(name="钳工"),
             effective_on=dt.date(2026, 11, 20), acting_user=None, now=NOW)  # fmt: skip
    Employee.objects.update(name="张山", phone="13700000000")
    shown = call(directory, "get", f"{USERS}/{user_id}").body
    assert (shown[MORE]["department"], shown["title"], shown["displayName"]) == (
        "总厂/二车间",
        "钳工",
        "张山",
    )
    assert "phoneNumbers" not in shown
    # A change of something else does not move the person back.
    patch(directory, user_id, {"op": "Replace", "path": "externalId", "value": "x-2"})
    assert Employee.objects.get().assignments.get().unit.name == "二车间"
    assert ScimUser.objects.get().external_id == "x-2"


def okta_user(**more):
    """The body of Okta's POST."""
    return {
        "schemas": [CORE],
        "userName": "lisi",
        "name": {"givenName": "四", "familyName": "李"},
        "emails": [{"primary": True, "value": "lisi@corp.example", "type": "work"}],
        "displayName": "李四",
        "locale": "zh-CN",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
        **more,
    }


def test_okta_with_a_landing_place(works):
    _, token = make_token(
        "scim", unit=org_path("总厂"), landing_unit=works, landing_post=PostFactory(name="待定")
    )
    okta = api_client(token)
    assert okta.get(USERS, {"filter": 'userName eq "lisi"', "startIndex": 1, "count": 100}).json()[
        "totalResults"
    ] == 0  # fmt: skip
    made = call(okta, "post", USERS, okta_user())
    assert made.status_code == 201, made.body
    assert "password" not in made.body
    person = Employee.objects.get()
    assert (person.employee_no, person.name) == ("lisi", "李四")
    assert person.assignments.get().post.name == "待定"
    user_id = made.body["id"]
    # Okta's operation without a path, and its PUT with everything.
    assert not patch(okta, user_id, {"op": "replace", "value": {"active": False}}).body["active"]
    put = call(okta, "put", f"{USERS}/{user_id}", okta_user(id=user_id, active=True, title="电工"))
    assert (put.status_code, put.body["active"], put.body["title"]) == (200, True, "电工")
    assert kinds("lisi") == ["hired", "left", "rehired"]
    assert Employee.objects.get().assignments.last().post.name == "电工"
    # A title nobody knows here is kept and given back, and moves nobody.
    put = call(okta, "put", f"{USERS}/{user_id}", okta_user(id=user_id, title="Vice President"))
    assert put.body["title"] == "Vice President"
    assert kinds("lisi") == ["hired", "left", "rehired"]


def test_delete_ends_hides_and_frees_the_name(directory):
    made = call(directory, "post", USERS, entra_user())
    path = f"{USERS}/{made.body['id']}"
    assert directory.delete(path).status_code == 204
    person = Employee.objects.get()
    assert (person.status, kinds()) == ("left", ["hired", "left"])
    for response in (directory.get(path), directory.delete(path), call(directory, "put", path, entra_user())):
        assert response.status_code == 404
    assert directory.get(USERS).json()["totalResults"] == 0
    back = call(directory, "post", USERS, entra_user())
    assert (back.status_code, back.body["id"]) == (201, made.body["id"])
    assert kinds() == ["hired", "left", "rehired"]


def test_people_of_hr_are_seen_and_adopted_without_moving(works):
    person = EmployeeFactory(
        employee_no="001001", name="张三", phone="13811112222", assigned__unit=works
    )  # fmt: skip
    landing = {"landing_unit": org_path("总厂/二车间"), "landing_post": PostFactory()}
    _, token = make_token("scim", unit=org_path("总厂"), **landing)
    client = api_client(token)
    (seen,) = client.get(USERS, {"filter": 'userName eq "001001"'}).json()["Resources"]
    assert (seen["id"], seen["displayName"]) == (str(person.public_id), "张三")
    assert "phoneNumbers" not in seen
    body = entra_user(title="Electrician", **{MORE: {"employeeNumber": "001001", "department": "Plant 1"}})
    made = call(client, "post", USERS, body)
    assert (made.status_code, made.body["id"]) == (201, str(person.public_id))
    assert kinds() == []
    assert client.get(USERS, {"filter": 'userName eq "001001"'}).json()["totalResults"] == 0


@pytest.mark.parametrize(
    ("change", "status", "scim_type"),
    [({"userName": ""}, 400, "invalidValue"), ({"userName": None}, 400, "invalidValue"),
     ({"title": "宇航员"}, 400, "invalidValue"), ({"title": None}, 400, "invalidValue"),
     ({MORE: {"employeeNumber": "001001"}}, 400, "invalidValue"),
     ({MORE: {"employeeNumber": "0 1", "department": "一车间"}}, 400, "invalidValue"),
     ({MORE: {"employeeNumber": "001001", "department": "三车间"}}, 400, "invalidValue"),
     ({"active": False}, 400, "invalidValue"), ({"active": "maybe"}, 400, "invalidValue"),
     ({"emails": "x"}, 400, "invalidValue"),
     ({MORE: {"employeeNumber": "000009", "department": "一车间"}}, 409, "uniqueness")],
)  # fmt: skip
def test_a_new_person_that_cannot_be(directory, change, status, scim_type):
    EmployeeFactory(employee_no="000009", assigned__unit=org_path("别厂"))
    response = call(directory, "post", USERS, entra_user(**change))
    assert (response.status_code, response.body.get("scimType")) == (status, scim_type), response.body
    assert response.body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert response.body["detail"]
    assert Employee.objects.count() == 1


def test_bad_bodies_filters_and_addresses(directory):
    user_id = call(directory, "post", USERS, entra_user()).body["id"]
    for raw in ("", "{", "[]"):
        response = directory.post(USERS, raw, content_type="application/scim+json")
        assert (response.status_code, response.json()["scimType"]) == (400, "invalidSyntax"), raw
    for query in ("userName", 'userName eq "x', 'nickName eq "x"', 'title eq "x"', 'userName gt "x"',
                  'id co "x"', 'meta.lastModified gt "x"', "title pr", "userName eq 1"):  # fmt: skip
        response = directory.get(USERS, {"filter": query})
        assert (response.status_code, response.json()["scimType"]) == (400, "invalidFilter"), query
    assert patch(directory, user_id, {"op": "jump"}).status_code == 400
    changed = patch(directory, user_id, {"op": "replace", "path": f"{MORE}:employeeNumber", "value": "9"})
    assert (changed.status_code, changed.body["scimType"]) == (400, "mutability")
    for path in ("/scim/v2/Nothing", "/scim/v2/", f"{USERS}/x", f"{GROUPS}/x", "/scim/v2/Schemas/x"):
        assert directory.get(path).status_code == 404
    assert directory.put(USERS).status_code == 405
    assert directory.get("/scim/v2/Schemas", {"filter": "id pr"}).status_code == 403


def test_versions(directory):
    made = call(directory, "post", USERS, entra_user())
    path, version = f"{USERS}/{made.body['id']}", made.headers["ETag"]
    assert call(directory, "get", path, **{"If-None-Match": version}).status_code == 304
    stale = patch(directory, made.body["id"], {"op": "replace", "path": "title", "value": "焊工"},
                  **{"If-Match": 'W/"x"'})  # fmt: skip
    assert stale.status_code == 412
    fresh = patch(directory, made.body["id"], {"op": "replace", "path": "title", "value": "焊工"},
                  **{"If-Match": version})  # fmt: skip
    assert fresh.headers["ETag"] != version


def test_pages_and_attributes(directory, works):
    for number in range(5):
        EmployeeFactory(employee_no=f"{number:06d}", assigned__unit=works)
    page = directory.get(USERS, {"startIndex": 2, "count": 2, "attributes": "userName"}).json()
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (5, 2, 2)
    assert [sorted(one) for one in page["Resources"]] == [["id", "schemas", "userName"]] * 2
    assert directory.get(USERS, {"count": 0}).json()["totalResults"] == 5
    assert "name" not in directory.get(USERS, {"excludedAttributes": "name"}).json()["Resources"][0]


def test_search_by_post(directory, works):
    EmployeeFactory(employee_no="001001", assigned__unit=works)
    asked = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}
    found = call(
        directory, "post", f"{USERS}/.search", asked | {"filter": 'userName eq "001001"', "count": 1}
    )
    assert (found.status_code, found.body["totalResults"]) == (200, 1)
    found = call(directory, "post", f"{GROUPS}/.search", asked | {"filter": 'displayName ew "一车间"'})
    assert (found.status_code, found.body["totalResults"]) == (200, 1)
    assert call(directory, "post", "/scim/v2/.search", asked).status_code == 501


def test_groups_are_units_and_members_move(directory, works):
    user_id = call(directory, "post", USERS, entra_user()).body["id"]
    units = {one["displayName"]: one for one in directory.get(GROUPS).json()["Resources"]}
    assert set(units) == {"总厂", "总厂/一车间", "总厂/二车间"}
    assert units["总厂/一车间"]["members"][0]["value"] == user_id
    assert "members" not in units["总厂/二车间"]
    lean = directory.get(
        GROUPS, {"excludedAttributes": "members", "filter": 'displayName eq "总厂/一车间"'}
    ).json()
    assert (lean["totalResults"], "members" in lean["Resources"][0]) == (1, False)
    found = directory.get(GROUPS, {"filter": f'members eq "{user_id}"'}).json()
    assert [one["displayName"] for one in found["Resources"]] == ["总厂/一车间"]
    there, here = (f"{GROUPS}/{units[name]['id']}" for name in ("总厂/二车间", "总厂/一车间"))

    def change(where, **operation):
        return call(directory, "patch", where, {"schemas": [PATCH], "Operations": [operation]})

    # Taken out first, with nowhere to go: refused.
    taken = change(here, op="Remove", path="members", value=[{"value": user_id}])
    assert (taken.status_code, taken.body["scimType"]) == (400, "invalidValue")
    added = change(there, op="Add", path="members", value=[{"value": user_id}])
    assert (added.status_code, added.body["members"][0]["value"]) == (200, user_id)
    assert change(there, op="Add", path="members", value=[{"value": user_id}]).status_code == 200
    assert change(here, op="Remove", path=f'members[value eq "{user_id}"]').status_code == 200
    assert kinds() == ["hired", "transferred"]
    assert change(there, op="Add", path="members", value=[{"value": "x"}]).status_code == 400
    for method, path in (("post", GROUPS), ("delete", there)):
        assert call(directory, method, path, {}).status_code == 501


def test_member_taken_out_lands(works):
    _, token = make_token(
        "scim", unit=org_path("总厂"), landing_unit=org_path("总厂/二车间"), landing_post=PostFactory()
    )
    client = api_client(token)
    person = EmployeeFactory(assigned__unit=works)
    put = call(client, "put", f"{GROUPS}/{works.pk}", {"displayName": "一车间", "members": []})
    assert put.status_code == 200, put.body
    assert person.assignments.last().unit.name == "二车间"


def test_who_has_left_is_put_into_no_unit(directory, works):
    """A directory may say things in any order; it is told, not failed."""
    person = EmployeeFactory(left=True, assigned__unit=works)
    added = {"op": "Add", "path": "members", "value": [{"value": str(person.public_id)}]}
    where = f"{GROUPS}/{org_path('总厂/二车间').pk}"
    answer = call(directory, "patch", where, {"schemas": [PATCH], "Operations": [added]})
    assert (answer.status_code, answer.body["scimType"]) == (400, "invalidValue")
    assert "已于 2026-09-30 离职" in answer.body["detail"]
    assert not EmploymentEvent.objects.exists()


def test_whose_hire_was_taken_back_needs_a_place_to_come_to(works):
    directory = api_client(make_token("scim", unit=works, account=UserFactory(superuser=True))[1])
    user_id = call(directory, "post", USERS, entra_user()).body["id"]
    hired = EmploymentEvent.objects.get()
    correct_event(event=hired, reason="没来", withdraw=True, acting_user=None, now=NOW)
    answer = patch(directory, user_id, {"op": "Replace", "path": "active", "value": True})
    assert (answer.status_code, answer.body["scimType"]) == (400, "invalidValue")


def test_who_is_not_let_in(works):
    person = EmployeeFactory(employee_no="009999", assigned__unit=org_path("别厂"))
    read_only = api_client(make_token("people:read", unit=works)[1])
    assert read_only.get(USERS).status_code == 403
    nobody = api_client("wagtail_x").get(USERS)
    assert (nobody.status_code, nobody.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert nobody.json()["status"] == "401"
    client = api_client(make_token("scim", unit=works)[1])
    path = f"{USERS}/{person.public_id}"
    for response in (client.get(path), client.delete(path), call(client, "put", path, entra_user())):
        assert response.status_code == 404
    assert client.get(USERS).json()["totalResults"] == 0
    assert client.get(f"{GROUPS}/{org_path('别厂').pk}").status_code == 404
    outside = entra_user(**{MORE: {"employeeNumber": "1", "department": "总厂/二车间"}})
    assert call(client, "post", USERS, outside).status_code == 403
    leader = RoleGrantFactory(role=Role.TEAM_LEADER, unit=works).user
    assert (
        api_client(make_token("scim", unit=works, account=leader)[1]).get(GROUPS).json()["totalResults"] == 0
    )
    assert not Employee.objects.exclude(pk=person.pk).filter(user__role_grants__isnull=True).exists()


def test_query_count_does_not_grow(directory, works):
    counts = []
    directory.get(USERS)
    for number in range(3):
        EmployeeFactory(employee_no=f"{number:06d}", assigned__unit=works)
        with CaptureQueriesContext(connection) as queries:
            directory.get(USERS)
        counts.append(len(queries))
    assert counts[0] == counts[2] <= 6
