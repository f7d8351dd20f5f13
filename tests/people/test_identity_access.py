"""Identity numbers in clear: shown once, with a reason and the password, never without a row in the log."""

import datetime as dt
import io
import uuid

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from openpyxl import load_workbook
from wagtail.models import ModelLogEntry

from common.signing import encrypt_text
from people.actions.employment import id_number_digest
from people.actions.identity import Why, reveal_id_number
from people.actions.import_plan import ImportOptions
from people.actions.roles import grant_role
from people.errors import AlreadyShown
from people.importers.importing import examine
from people.models import AccessKind, Employee, PersonalDataAccess
from tests.factories.people import EmployeeFactory, RoleGrantFactory, UserFactory, org_path
from tests.people.recent import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_frozen")]
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 20)
ID = "11010519491231002X"
ID_2 = "110105199003070017"


@pytest.fixture
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


def with_role(role="hr_officer", unit="总厂", **fields):
    user = UserFactory(**fields)
    grant_role(user=user, role=role, unit=org_path(unit), starts_on=TODAY, acting_user=None, now=NOW)
    return user


@pytest.fixture
def employee():
    return EmployeeFactory(
        employee_no="001001",
        name="张三",
        phone="13800000001",
        id_number_encrypted=encrypt_text(ID),
        assigned__unit=org_path("总厂/一车间"),
    )


@pytest.fixture
def hr(client):
    user = with_role(username="hr", name="刘敏")
    sign_in(client, user)
    return user


def form(**changes):
    return {
        "reason": "certificate",
        "reason_text": "报名焊工复审",
        "request_key": str(uuid.uuid4()),
        **changes,
    }


def url(employee, what="reveal"):
    return f"/admin/people/{employee.public_id}/{what}/"


def why(**changes):
    return Why(**{"reason": "other", "text": "试", "address": None, "request_key": uuid.uuid4(), **changes})


def test_the_number_is_shown_once_and_logged(client, hr, employee):
    assert ID not in client.get(url(employee)).content.decode()
    sent = form()
    shown = client.post(url(employee), sent, REMOTE_ADDR="10.0.0.7")
    assert ID in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert shown["Refresh"] == f"60; url=/admin/people/{employee.public_id}/"
    row = PersonalDataAccess.objects.get()
    assert (row.employee, row.viewer, row.kind, row.fields) == (
        employee,
        hr,
        AccessKind.REVEAL,
        ["id_number"],
    )
    assert (row.reason, row.reason_text, row.address) == ("certificate", "报名焊工复审", "10.0.0.7")
    assert row.accessed_at == NOW
    again = client.post(url(employee), sent)
    assert again.status_code == 302
    assert ID not in client.get(again.headers["Location"]).content.decode()
    assert PersonalDataAccess.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reason": "curiosity"}, "w-field__errors"),
        ({"reason_text": "  "}, "w-field__errors"),
        ({"reason_text": "看"}, "请写明办什么事"),
        ({"request_key": "x"}, ""),
    ],
)
def test_nothing_is_shown_without_a_reason(client, hr, employee, changes, said):
    response = client.post(url(employee), form(**changes))
    assert response.status_code == 422
    html = response.content.decode()
    assert ID not in html
    assert said in html
    assert not PersonalDataAccess.objects.exists()


def test_an_old_sign_in_is_asked_for_anew_and_nothing_is_shown(client, employee):
    client.force_login(with_role())
    for address in (url(employee), "/admin/people/export/in-clear/"):
        response = client.post(address, form())
        assert response.status_code == 302
        assert "password-again" in response.headers["Location"]
    assert not PersonalDataAccess.objects.exists()


@pytest.mark.parametrize("role", ["team_leader", "trainer", "safety_officer", "auditor", "administrator"])
def test_roles_without_the_right_find_no_form(client, employee, role):
    sign_in(client, with_role(role))
    assert client.get(url(employee)).status_code == 404
    assert client.post(url(employee), form()).status_code == 404
    assert not PersonalDataAccess.objects.exists()


def test_out_of_scope_and_without_a_number(client, employee):
    sign_in(client, with_role(unit="别厂"))
    assert client.post(url(employee), form()).status_code == 404
    sign_in(client, with_role())
    empty = EmployeeFactory(assigned__unit=org_path("总厂"))
    assert client.get(url(empty)).status_code == 404


def test_the_action_refuses_by_itself(employee):
    user = with_role("auditor")
    with pytest.raises(PermissionDenied):
        reveal_id_number(employee=employee, why=why(), acting_user=user, now=NOW)
    hr = with_role()
    with pytest.raises(ValueError, match="reason"):
        reveal_id_number(employee=employee, why=why(text=" "), acting_user=hr, now=NOW)
    once = why()
    assert reveal_id_number(employee=employee, why=once, acting_user=hr, now=NOW) == ID
    with pytest.raises(AlreadyShown):
        reveal_id_number(employee=employee, why=once, acting_user=hr, now=NOW)


def test_the_log_cannot_be_changed(client, hr, employee):
    client.post(url(employee), form())
    for change in (
        lambda: PersonalDataAccess.objects.update(reason_text="x"),
        lambda: PersonalDataAccess.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


def test_the_person_sees_who_looked(client, hr, employee):
    client.post(url(employee), form())
    sign_in(client, employee.user)
    html = client.get("/me/data/").content.decode()
    assert "刘敏" in html
    assert "报名焊工复审" in html
    assert "110105********002X" in html
    assert "138****0001" in html
    assert ID not in html
    assert "/me/data/" in client.get("/me/").content.decode()


def test_somebody_without_an_employee_has_no_such_page(client, hr):
    assert client.get("/me/data/").status_code == 404


def test_auditors_read_and_export_the_log(client, hr, employee, django_assert_max_num_queries):
    client.post(url(employee), form())
    sign_in(client, with_role("auditor"))
    html = client.get("/admin/people/accesses/").content.decode()
    for text in ("刘敏（hr）", "张三（001001）", "办理证件或报名：报名焊工复审", "127.0.0.1"):
        assert text in html, text
    assert "张三" not in client.get("/admin/people/accesses/?q=李四").content.decode()
    assert "张三（" not in client.get("/admin/people/accesses/?since=2026-11-21").content.decode()
    assert (
        "张三（" in client.get("/admin/people/accesses/?since=2026-11-20&until=2026-11-20").content.decode()
    )
    assert client.get("/admin/people/accesses/?since=2026-13-99").status_code == 200
    sheet = load_workbook(io.BytesIO(client.get("/admin/people/accesses/?export=1").content)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[1][1:5] == ("刘敏", "hr", "张三", "001001")
    assert "导出于 2026-11-20 09:00；共 1 条" in rows[-1][0]
    sign_in(client, with_role("auditor", "别厂"))
    assert "张三（" not in client.get("/admin/people/accesses/").content.decode()
    sign_in(client, hr)
    assert client.get("/admin/people/accesses/").status_code in (302, 403)


def test_report_asks_the_same_number_of_queries_for_one_and_three(
    client, hr, employee, django_assert_max_num_queries
):
    auditor = with_role("auditor")
    counts = []
    for more in (1, 2):
        for _ in range(more):
            reveal_id_number(employee=employee, why=why(), acting_user=hr, now=NOW)
        sign_in(client, auditor)
        client.get("/admin/people/accesses/")
        with django_assert_max_num_queries(60) as asked:
            client.get("/admin/people/accesses/")
        counts.append(len(asked))
    assert counts[0] == counts[1]


def exported(response):
    assert response.status_code == 200
    return list(load_workbook(io.BytesIO(response.content)).active.iter_rows(values_only=True))


def test_a_list_is_masked_for_everyone_and_clear_with_a_reason(client, hr, employee):
    other = EmployeeFactory(
        employee_no="001002", id_number_encrypted=encrypt_text(ID_2), assigned__unit=org_path("总厂/二车间")
    )
    EmployeeFactory(employee_no="009", assigned__unit=org_path("别厂"))
    rows = exported(client.get("/admin/people/export/?masked=1"))
    assert [row[0] for row in rows[1:3]] == ["001001", "001002"]
    assert rows[1][10:12] == ("13800000001", "110105********002X")
    assert "范围：本人管理范围内全部部门；共 2 条；用途：人员名单" in rows[-1][0]
    assert not PersonalDataAccess.objects.exists()
    unit = org_path("总厂/一车间").pk
    sent = form()
    rows = exported(client.post(f"/admin/people/export/in-clear/?unit={unit}", sent))
    assert [row[11] for row in rows[1:2]] == [ID]
    assert "用途：办理证件或报名：报名焊工复审" in rows[-1][0]
    assert [row.employee for row in PersonalDataAccess.objects.all()] == [employee]
    assert client.post("/admin/people/export/in-clear/", sent).status_code == 302
    assert client.post("/admin/people/export/in-clear/", form(reason="x")).status_code == 422
    assert not PersonalDataAccess.objects.filter(employee=other).exists()


def test_a_list_sent_out_comes_back_as_it_is(client, hr, employee, tmp_path):
    """The line of who took it is nobody's row."""
    Employee.objects.update(id_number_digest=id_number_digest(ID))
    path = tmp_path / "名单.xlsx"
    path.write_bytes(client.post("/admin/people/export/in-clear/", form()).content)
    found = examine(path, file_name="名单.xlsx", options=ImportOptions(), acting_user=hr, now=NOW)
    assert (found.faults, found.counts["rows"], found.counts["unchanged"]) == ([], 1, 1)
    assert not found.plan.changes_anything


@pytest.mark.parametrize("role", ["team_leader", "auditor", "safety_officer"])
def test_a_list_for_others_is_masked_only(client, employee, role):
    sign_in(client, with_role(role))
    assert "完整身份证号" not in client.get("/admin/people/export/").content.decode()
    rows = exported(client.get("/admin/people/export/?masked=1"))
    assert rows[1][10:12] == ("138****0001", "110105********002X")
    assert client.post("/admin/people/export/in-clear/", form()).status_code in (302, 403)
    assert not PersonalDataAccess.objects.exists()


def test_too_long_a_list_goes_by_unit(client, hr, employee, monkeypatch):
    monkeypatch.setattr("people.views.office_identity.MOST_ROWS", 0)
    html = client.get("/admin/people/export/?masked=1").content.decode()
    assert "先按部门筛选" in html
    assert client.post("/admin/people/export/in-clear/", form()).status_code == 422


def test_no_role_gets_the_right_by_another_place(client, employee):
    """HR of another works who audits this one does not see numbers here."""
    user = with_role(unit="别厂")
    RoleGrantFactory(user=user, role="auditor", unit=org_path("总厂"), starts_on=TODAY)
    sign_in(client, user)
    assert client.get(f"/admin/people/{employee.public_id}/").status_code == 200
    assert client.post(url(employee), form()).status_code == 404


def test_no_audit_entry_holds_the_number(client, hr, employee):
    client.post(url(employee), form())
    for entry in ModelLogEntry.objects.all():
        assert ID not in f"{entry.label}{entry.data}"
