"""POST /api/people/sync: the same comparison as a file, with codes to act on."""

import datetime as dt
import json
import time

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs.queue import run_pending_jobs
from people.actions.employment import id_number_digest
from people.models import ApiReply, Employee, EmploymentEvent, ImportBatch, Role
from tests.factories.api import api_client, make_token
from tests.factories.people import EmployeeFactory, PostFactory, RoleGrantFactory, UserFactory, org_path

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_frozen")]
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
ID = "11010519491231002X"
SYNC = "/api/people/sync"


@pytest.fixture
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def works():
    PostFactory(name="电工", code="E1")
    org_path("总厂/二车间")
    return org_path("总厂/一车间")


@pytest.fixture
def hr(works):
    _, token = make_token("people:sync", unit=org_path("总厂"))
    return api_client(token)


def row(number="001001", **more):
    return {
        "employee_no": number,
        "name": "张三",
        "unit": "一车间",
        "post": "E1",
        "hired_on": "2026-03-02",
        **more,
    }


def send(client, *rows, headers=None, run_async=False, **options):
    body = {"rows": rows, "options": options} | ({"async": True} if run_async else {})
    return client.post(SYNC, json.dumps(body), content_type="application/json", headers=headers)


def test_hire_move_leave_and_again(hr, works):
    reply = send(hr, row(id_number=ID, phone="13812345678"), row("001002", employment_type="劳务派遣")).json()
    assert reply["applied"]
    assert reply["counts"] == {
        "rows": 2, "created": 2, "moved": 0, "terms": 0, "left": 0, "returned": 0, "unchanged": 0, "updated": 0,
    }  # fmt: skip
    assert reply["changes"][0]["events"][0] == {
        "kind": "hired", "effective_on": "2026-03-02", "from_unit": None, "from_post": None,
        "to_unit": "总厂/一车间", "to_post": "电工", "days_away": None,
    }  # fmt: skip
    batch = ImportBatch.objects.get(pk=reply["batch"])
    assert (batch.source, batch.file_name) == ("api", "人事系统")
    assert ID not in json.dumps(reply)
    again = send(hr, row(id_number=ID), row("001002")).json()
    assert (again["applied"], again["batch"], again["changes"]) == (True, None, [])
    reply = send(hr, {"employee_no": "001001", "unit": "二车间"},
                 {"employee_no": "001002", "status": "left", "left_on": "2026-11-19"}).json()  # fmt: skip
    assert [change["outcome"] for change in reply["changes"]] == ["moved", "left"]
    assert Employee.objects.get(employee_no="001002").status == "left"
    reply = send(hr, {"employee_no": "001001", "phone": "13912345678"}).json()
    assert [change["outcome"] for change in reply["changes"]] == ["updated"]


def test_dry_run_saves_nothing(hr):
    reply = send(hr, row(), dry_run=True).json()
    assert (reply["applied"], reply["dry_run"], reply["counts"]["created"]) == (False, True, 1)
    assert not Employee.objects.exists()


FAULTY = [
    ({"phone": "12"}, "phone", "invalid_value"),
    ({"id_number": "110105194912310021"}, "id_number", "invalid_value"),
    ({"hired_on": "2026-13-01"}, "hired_on", "invalid_value"),
    ({"hired_on": "2029-01-01"}, "hired_on", "far_future"),
    ({"status": "快乐"}, "status", "invalid_value"),
    ({"employment_type": "x"}, "employment_type", "invalid_value"),
    ({"unit": "三车间"}, "unit", "unknown_unit"),
    ({"post": "车工"}, "post", "unknown_post"),
    ({"name": ""}, "name", "required"),
    ({"employee_no": ""}, "employee_no", "required"),
    ({"employee_no": "001001"}, "employee_no", "repeated"),
    ({"status": "active", "left_on": "2026-11-01"}, "left_on", "active_with_left_on"),
]


@pytest.mark.parametrize(("change", "where", "code"), FAULTY)
def test_faults_name_row_field_and_code_and_nothing_is_saved(hr, change, where, code):
    response = send(hr, row(), row("001002", **change))
    assert response.status_code == 422
    reply = response.json()
    assert (reply["applied"], reply["code"], reply["errors_total"]) == (False, "rows_faulty", 1)
    (fault,) = reply["errors"]
    assert (fault["row"], fault["where"], fault["code"]) == (2, where, code)
    assert fault["message"]
    assert not Employee.objects.exists()


def test_skip_faulty_applies_the_rest(hr):
    response = send(hr, row(), row("001002", phone="12"), row("001003", unit="三车间"), skip_faulty=True)
    assert response.status_code == 200
    reply = response.json()
    assert (reply["applied"], reply["counts"]["created"], reply["errors_total"]) == (True, 1, 2)
    assert list(Employee.objects.values_list("employee_no", flat=True)) == ["001001"]


def test_full_roster_with_faulty_rows_ends_nobody_it_names(hr, works):
    for number in ("001001", "001002", "001003"):
        EmployeeFactory(employee_no=number, name="张三", assigned__unit=works)
    rows = ({"employee_no": "001001"}, {"employee_no": "001002", "phone": "12"})
    reply = send(hr, *rows, full_roster=True, skip_faulty=True).json()
    assert (reply["applied"], reply["counts"]["left"]) == (True, 1)
    assert Employee.objects.get(status="left").employee_no == "001003"
    response = send(hr, {"employee_no": "001001"}, {"employee_no": "a b"}, full_roster=True, skip_faulty=True)
    assert (response.status_code, response.json()["applied"]) == (422, False)
    assert "工号" in response.json()["message"]
    assert Employee.objects.filter(status="left").count() == 1


def test_the_brake_answers_409_with_the_numbers(hr, works):
    for _ in range(8):
        EmployeeFactory(assigned__unit=works)
    response = send(hr, row(), full_roster=True)
    assert response.status_code == 409
    problem = response.json()
    assert (problem["code"], problem["numbers"]) == ("too_many_endings", {"ending": 8, "allowed": 0})
    assert send(hr, row(), full_roster=True, dry_run=True).json()["ending"] == 8
    assert send(hr, row(), full_roster=True, allow_ending=8).json()["counts"]["left"] == 8


def test_only_the_own_part_of_the_works(works):
    _, token = make_token("people:sync", unit=works)
    EmployeeFactory(employee_no="002001", name="李四", assigned__unit=org_path("总厂/二车间"))
    reply = send(api_client(token), row(), row("001002", unit="二车间"),
                 {"employee_no": "002001", "status": "left"}).json()  # fmt: skip
    assert {(fault["row"], fault["code"]) for fault in reply["errors"]} == {
        (2, "out_of_scope"),
        (3, "out_of_scope"),
    }
    auditor = RoleGrantFactory(role=Role.AUDITOR, unit=org_path("总厂")).user
    _, token = make_token("people:sync", unit=works, account=auditor)
    assert send(api_client(token), row()).json()["errors"][0]["code"] == "out_of_scope"
    _, token = make_token("people:read", unit=works)
    assert send(api_client(token), row()).status_code == 403
    assert not Employee.objects.filter(employee_no="001001").exists()


@pytest.mark.parametrize(
    ("body", "where"),
    [(b"", "body"), (b"{", "body"), (b"[]", "body"), (b"{}", "body.rows"), (b'{"rows": {}}', "body.rows"),
     (b'{"rows": [{"employee_no": 1}]}', "body.rows.0.employee_no"),
     (b'{"rows": [{"employee_no": "\\u0000"}]}', "body.rows.0.employee_no"),
     (b'{"rows": [{"employee_no": "1", "nmae": "x"}]}', "body.rows.0.nmae"),
     (b'{"rows": [], "options": {"allow_ending": -1}}', "body.options.allow_ending")],
)  # fmt: skip
def test_a_body_that_does_not_fit(hr, body, where):
    response = hr.post(SYNC, body, content_type="application/json")
    assert response.status_code == 422
    assert response.headers["Content-Type"] == "application/problem+json"
    assert (response.json()["code"], response.json()["where"]) == ("invalid_request", where)


def test_idempotency_key_does_a_call_once(hr):
    key = {"Idempotency-Key": "a-1"}
    first = send(hr, row(), headers=key)
    again = send(hr, row(), headers=key)
    assert first.json() == again.json()
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    other = send(hr, row("001009"), headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert ImportBatch.objects.count() == 1
    # What saved nothing may be tried again with the same key.
    assert send(hr, row("001002", post="车工"), headers={"Idempotency-Key": "a-2"}).status_code == 422
    PostFactory(name="车工")
    assert send(hr, row("001002", post="车工"), headers={"Idempotency-Key": "a-2"}).json()["applied"]
    with time_machine.travel(NOW + dt.timedelta(8), tick=False):
        send(hr, row("001003"), headers={"Idempotency-Key": "a-3"})
    assert list(ApiReply.objects.values_list("key", flat=True)) == ["a-3"]


def test_keys_of_two_tokens_do_not_meet(hr, works):
    key = {"Idempotency-Key": "a-1"}
    send(hr, row(), headers=key)
    _, token = make_token("people:sync", unit=org_path("总厂"))
    assert "Idempotent-Replayed" not in send(api_client(token), row("001002"), headers=key).headers


def test_queued_list_and_its_job(hr, works):
    response = send(hr, row(), row("001002", phone="12"), run_async=True, skip_faulty=True)
    assert response.status_code == 202
    path = response.headers["Location"]
    assert hr.get(path).json()["state"] == "queued"
    assert not Employee.objects.exists()
    run_pending_jobs()
    job = hr.get(path).json()
    assert (job["state"], job["reply"]["applied"], job["reply"]["errors_total"]) == ("done", True, 1)
    assert EmploymentEvent.objects.count() == 1
    _, token = make_token("people:sync", unit=org_path("总厂"))
    assert api_client(token).get(path).status_code == 404
    assert hr.get("/api/jobs/00000000-0000-4000-8000-000000000000").status_code == 404
    same_user = make_token("people:sync", unit=works, account=Employee.objects.get().user)[1]
    assert api_client(same_user).get(path).status_code == 404


def test_queued_list_stopped_by_the_brake(hr, works):
    for _ in range(8):
        EmployeeFactory(assigned__unit=works)
    path = send(hr, row(), run_async=True, full_roster=True).headers["Location"]
    run_pending_jobs()
    job = hr.get(path).json()
    assert (job["reply"], job["problem"]["code"]) == (None, "too_many_endings")


def test_many_rows_are_queued_by_themselves(hr):
    rows = [{"employee_no": f"{n:06d}", "status": "left"} for n in range(5_001)]
    assert send(hr, *rows).status_code == 202


def test_query_count_does_not_grow_with_the_rows(hr):
    def queries(*rows):
        with CaptureQueriesContext(connection) as captured:
            assert send(hr, *rows).json()["applied"]
        return len(captured)

    queries(row("000001"))
    assert queries(row("000002")) == queries(*(row(f"00001{n}") for n in range(3)))


def test_account_without_a_role_syncs_nobody(works):
    _, token = make_token("people:sync", unit=works, account=UserFactory())
    assert send(api_client(token), row()).json()["errors"][0]["code"] == "out_of_scope"


@pytest.mark.slow
def test_five_thousand_rows_in_one_call(hr, record_property):
    rows = [row(f"{n:06d}", phone=f"138{n:08d}") for n in range(5_000)]
    for name, sent in (
        ("hire", rows),
        ("same", rows),
        ("move", [{"employee_no": f"{n:06d}", "unit": "二车间"} for n in range(5_000)]),
    ):
        began = time.perf_counter()
        reply = send(hr, *sent).json()
        seconds = time.perf_counter() - began
        record_property(name, round(seconds, 2))
        assert reply["applied"]
        assert seconds < 90


def test_a_mistyped_number_beside_a_known_identity_ends_nobody(hr, works):
    """Who is meant says the identity number: the list does name the person."""
    for number in ("001001", "001002"):
        EmployeeFactory(employee_no=number, name="张三", assigned__unit=works)
    Employee.objects.filter(employee_no="001002").update(id_number_digest=id_number_digest(ID))
    rows = ({"employee_no": "001001"}, row("001009", id_number=ID))
    reply = send(hr, *rows, full_roster=True, skip_faulty=True).json()
    assert [fault["code"] for fault in reply["errors"]] == ["id_number_taken"]
    assert (reply["applied"], reply["counts"]["left"]) == (True, 0)
    faulty = row("001009", id_number=ID, phone="12")
    assert send(hr, rows[0], faulty, full_roster=True, skip_faulty=True).json()["counts"]["left"] == 0
    assert not Employee.objects.filter(status="left").exists()


def test_a_full_roster_of_nobody_is_stopped_however_few_there_are(hr, works):
    for _ in range(3):
        EmployeeFactory(assigned__unit=works)
    assert send(hr, full_roster=True).json()["numbers"] == {"ending": 3, "allowed": 0}
    assert not Employee.objects.filter(status="left").exists()
    assert send(hr, full_roster=True, allow_ending=3).json()["counts"]["left"] == 3


def test_the_brake_of_a_part_of_the_works_is_a_share_of_that_part(works):
    for _ in range(8):
        EmployeeFactory(assigned__unit=works)
    other = org_path("总厂/二车间")
    for _ in range(90):
        EmployeeFactory(user=None, assigned__unit=other)
    _, token = make_token("people:sync", unit=works)
    response = send(api_client(token), row(), full_roster=True)
    assert (response.status_code, response.json()["code"]) == (409, "too_many_endings")
