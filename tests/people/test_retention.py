"""Erasure by two people, what is due, legal holds, and figures that stay what they were."""

import datetime as dt
import uuid

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from wagtail.models import ModelLogEntry

from common.signing import encrypt_text
from jobs.queue import run_pending_jobs
from notices.actions import send_notice
from notices.models import Notice
from people.actions.copies import request_copy
from people.actions.employment import id_number_digest
from people.actions.erasure import confirm_erasure, reject_erasure, request_erasure
from people.actions.holds import end_hold, may_set_retention, place_hold, save_retention_rule
from people.actions.identity import Why
from people.actions.photos import save_photo
from people.actions.roles import grant_role
from people.actions.tickets import issue_sign_in_ticket
from people.actions.unit_changes import move_unit
from people.audit import record_audit
from people.errors import ErasureRefused
from people.models import (
    Employee,
    EmployeePhoto,
    EmploymentStatus,
    Erasable,
    ErasedItem,
    ErasureRequest,
    KioskPin,
    LegalHold,
    PersonalDataCopy,
    RetentionRule,
    SignInTicket,
    UnitKind,
    User,
)
from people.permissions import Scope
from people.queries.retention import due_kinds, due_people, is_held, months_before
from tests.factories.people import EmployeeFactory, OrgUnitFactory, UserFactory, org_path
from tests.factories.training import LicenceFactory, ObligationFactory, make_record
from training.models import RecordSalt, TrainingRecord
from training.queries.coverage import coverage_people, coverage_table

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_frozen")]
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 20)
LEFT_ON = dt.date(2022, 11, 1)
THEN = dt.date(2021, 6, 30)
ID = "11010519491231002X"
EVERYTHING = frozenset(Erasable.values)


@pytest.fixture
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


def with_role(role="hr_officer", unit="总厂"):
    user = UserFactory()
    grant_role(user=user, role=role, unit=org_path(unit), starts_on=TODAY, acting_user=None, now=NOW)
    return user


def leaver(number="001001", left_on=LEFT_ON, unit="总厂/一车间"):
    """Somebody who left four years ago, with something of every kind."""
    employee = EmployeeFactory(
        employee_no=number,
        name="张三",
        phone="13800000001",
        id_number_encrypted=encrypt_text(ID),
        id_number_digest=id_number_digest(f"{ID}{number}"),
        hired_on=dt.date(2020, 1, 6),
        status=EmploymentStatus.LEFT,
        left_on=left_on,
        user__is_active=False,
        assigned__unit=org_path(unit),
        assigned__ends_before=left_on,
    )
    ObligationFactory(employee=employee, owed_from=dt.date(2020, 1, 6))
    make_record(employee)
    LicenceFactory(employee=employee, number=f"T{ID[:-2]}{employee.pk % 10}X")
    save_photo(employee=employee, jpeg=b"photo", acting_user=UserFactory(superuser=True), now=NOW)
    send_notice(recipient_id=employee.user_id, cause="c", title="x", now=NOW)
    return employee


def erase(employee, what=EVERYTHING, first=None, second=None):
    request = request_erasure(
        employee=employee, what=what, reason="保留期满", acting_user=first or with_role(), now=NOW
    )
    confirm_erasure(request=request, acting_user=second or with_role(), now=NOW)
    return request


def test_rules_come_with_their_basis_unverified():
    rules = {rule.what: rule for rule in RetentionRule.objects.all()}
    assert set(rules) == EVERYTHING
    assert rules["id_number"].months_after_leaving == 36
    assert not any(rule.basis_verified for rule in rules.values())


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (dt.date(2026, 11, 20), 36, dt.date(2023, 11, 20)),
        (dt.date(2026, 3, 31), 1, dt.date(2026, 2, 28)),
        (dt.date(2024, 3, 31), 1, dt.date(2024, 2, 29)),
        (dt.date(2026, 1, 15), 1, dt.date(2025, 12, 15)),
        (dt.date(2026, 1, 15), 0, dt.date(2026, 1, 15)),
    ],
)
def test_months_before(day, months, expected):
    assert months_before(day, months) == expected


def test_what_is_due_grows_with_time():
    assert due_kinds(leaver("1", TODAY).pk, TODAY) == frozenset()
    assert due_kinds(leaver("2", dt.date(2026, 10, 20)).pk, TODAY) == {"photo"}
    assert due_kinds(leaver("3", dt.date(2026, 5, 20)).pk, TODAY) == {"photo", "phone", "account"}
    assert due_kinds(leaver("4", dt.date(2023, 11, 21)).pk, TODAY) == {"photo", "phone", "account"}
    assert due_kinds(leaver("5", dt.date(2023, 11, 20)).pk, TODAY) == EVERYTHING
    assert due_kinds(EmployeeFactory().pk, TODAY) == frozenset()
    RetentionRule.objects.filter(what="name").update(is_active=False)
    assert "name" not in due_kinds(leaver("6").pk, TODAY)


def test_two_people_erase_what_identifies_and_nothing_else(django_capture_on_commit_callbacks):
    employee = leaver()
    record_audit(employee, "people.employee.left", None)
    photo = EmployeePhoto.objects.get().file.name
    record = TrainingRecord.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        request = erase(employee)
    employee.refresh_from_db()
    alias = employee.name
    assert alias == employee.employee_no == f"X{employee.public_id.hex[:12].upper()}"
    assert (employee.phone, employee.id_number_encrypted, employee.id_number_digest) == ("", "", None)
    assert not EmployeePhoto.objects.exists()
    assert not default_storage.exists(photo)
    user = employee.user
    assert (user.username, user.name, user.email, user.is_active) == (alias, alias, "", False)
    assert not user.has_usable_password()
    assert not Notice.objects.exists()
    assert not RecordSalt.objects.exists()
    assert employee.licences.get().number.startswith("T110105********")
    kept = TrainingRecord.objects.get()
    assert (kept.payload, kept.leaf_hash, kept.employee_id) == (
        record.payload,
        record.leaf_hash,
        employee.pk,
    )
    assert employee.assignments.count() == employee.events.count() == 1
    request.refresh_from_db()
    assert request.state == ErasureRequest.State.DONE
    assert set(ErasedItem.objects.values_list("what", flat=True)) == EVERYTHING
    entries = ModelLogEntry.objects.all()
    assert not [entry for entry in entries if "张三" in f"{entry.label}{entry.data}"]
    assert due_kinds(employee.pk, TODAY) == frozenset()


def test_figures_of_past_days_stay_what_they_were(django_assert_max_num_queries):
    one, two = leaver("1"), leaver("2")
    EmployeeFactory(assigned__unit=org_path("总厂/一车间"), hired_on=dt.date(2020, 1, 6))
    scope = Scope(everything=True)

    def figures():
        table = coverage_table(scope, THEN)
        people = coverage_people(scope, THEN)
        return table.total, [(row.name, row.counts) for row in table.rows], [row.state for row in people]

    before = figures()
    erase(one)
    erase(two, {"phone", "id_number"})
    assert figures() == before
    assert before[0].people == 3


def test_nobody_confirms_alone_and_nothing_twice():
    employee, hr, other = leaver(), with_role(), with_role()
    request = request_erasure(employee=employee, what={"phone"}, reason="期满", acting_user=hr, now=NOW)
    for decide in (confirm_erasure, reject_erasure):
        with pytest.raises(ErasureRefused, match="same_person"):
            decide(request=request, acting_user=hr, now=NOW)
    with pytest.raises(ErasureRefused, match="pending"):
        request_erasure(employee=employee, what={"photo"}, reason="期满", acting_user=other, now=NOW)
    confirm_erasure(request=request, acting_user=other, now=NOW)
    for decide in (confirm_erasure, reject_erasure):
        with pytest.raises(ErasureRefused, match="decided"):
            decide(request=request, acting_user=other, now=NOW)
    employee.refresh_from_db()
    assert (employee.phone, employee.name) == ("", "张三")
    assert ErasedItem.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        ErasureRequest.objects.update(decided_by=hr)


def test_a_rejected_request_erases_nothing_and_can_be_made_again():
    employee, hr = leaver(), with_role()
    request = request_erasure(employee=employee, what={"phone"}, reason="期满", acting_user=hr, now=NOW)
    reject_erasure(request=request, acting_user=with_role(), now=NOW)
    employee.refresh_from_db()
    assert employee.phone
    assert request_erasure(employee=employee, what={"phone"}, reason="再", acting_user=hr, now=NOW)


@pytest.mark.parametrize(
    ("make", "what", "reason", "code"),
    [
        (leaver, set(), "期满", "nothing"),
        (leaver, {"phone"}, " ", "nothing"),
        (lambda: leaver(left_on=dt.date(2026, 11, 1)), {"phone"}, "期满", "not_due"),
        (lambda: EmployeeFactory(assigned__unit=org_path("总厂")), {"phone"}, "期满", "not_left"),
    ],
)
def test_what_may_not_be_asked(make, what, reason, code):
    with pytest.raises(ErasureRefused) as refused:
        request_erasure(employee=make(), what=what, reason=reason, acting_user=with_role(), now=NOW)
    assert refused.value.code == code


@pytest.mark.parametrize("role", ["team_leader", "trainer", "safety_officer", "auditor"])
def test_who_may_not_erase(role):
    employee = leaver()
    with pytest.raises(PermissionDenied):
        request_erasure(employee=employee, what={"phone"}, reason="x", acting_user=with_role(role), now=NOW)
    with pytest.raises(PermissionDenied):
        request_erasure(
            employee=employee, what={"phone"}, reason="x", acting_user=with_role(unit="别厂"), now=NOW
        )


def test_somebody_taken_on_again_before_the_second_person_is_left_alone():
    employee = leaver()
    request = request_erasure(employee=employee, what={"phone"}, reason="x", acting_user=with_role(), now=NOW)
    Employee.objects.filter(pk=employee.pk).update(status=EmploymentStatus.ACTIVE, left_on=None)
    with pytest.raises(ErasureRefused, match="not_left"):
        confirm_erasure(request=request, acting_user=with_role(), now=NOW)
    employee.refresh_from_db()
    assert employee.phone


def hold(kind=LegalHold.Kind.PERSON, **fields):
    if kind == LegalHold.Kind.PERSON:
        fields.setdefault("people", [Employee.objects.get(employee_no="001001")])
    return place_hold(
        kind=kind,
        reason="诉讼",
        **{"starts_on": TODAY, "acting_user": None, "now": NOW, **fields},
    )


@pytest.mark.parametrize("kind", ["person", "unit", "unit above", "incident"])
def test_nothing_under_a_hold_is_asked_for_or_erased(kind):
    employee, other = leaver(), leaver("002", unit="总厂/二车间")
    asked = request_erasure(employee=employee, what={"phone"}, reason="x", acting_user=with_role(), now=NOW)
    if kind == "person":
        held = hold()
    elif kind == "incident":
        held = hold(LegalHold.Kind.INCIDENT, people=[employee], incident="2026-事故-3")
    else:
        unit = org_path("总厂/一车间")
        held = hold(LegalHold.Kind.UNIT, unit=unit)
    assert is_held(employee.pk, TODAY)
    assert not is_held(other.pk, TODAY)
    with pytest.raises(ErasureRefused, match="held"):
        confirm_erasure(request=asked, acting_user=with_role(), now=NOW)
    reject_erasure(request=asked, acting_user=with_role(), now=NOW)
    with pytest.raises(ErasureRefused, match="held"):
        request_erasure(employee=employee, what={"phone"}, reason="x", acting_user=with_role(), now=NOW)
    employee.refresh_from_db()
    assert employee.phone
    hr = with_role()
    assert end_hold(hold=held, reason="结案", acting_user=hr, now=NOW) is True
    assert end_hold(hold=held, reason="结案", acting_user=hr, now=NOW) is False
    erase(employee, {"phone"})


def test_a_hold_runs_from_day_to_day():
    employee = leaver()
    hold(starts_on=dt.date(2026, 11, 1), ends_before=dt.date(2026, 12, 1))
    days = {day: is_held(employee.pk, day) for day in (dt.date(2026, 10, 31), dt.date(2026, 11, 1),
                                                       dt.date(2026, 11, 30), dt.date(2026, 12, 1))}  # fmt: skip
    assert list(days.values()) == [False, True, True, False]


def test_who_may_hold_and_end():
    employee = leaver()
    for user in (with_role("auditor"), with_role(unit="别厂")):
        with pytest.raises(PermissionDenied):
            hold(people=[employee], acting_user=user)
        with pytest.raises(PermissionDenied):
            hold(LegalHold.Kind.UNIT, unit=org_path("总厂"), acting_user=user)
    placed = hold(people=[employee], acting_user=with_role("safety_officer"))
    with pytest.raises(PermissionDenied):
        end_hold(hold=placed, reason="x", acting_user=with_role(unit="别厂"), now=NOW)
    with pytest.raises(ValueError, match="reason"):
        end_hold(hold=placed, reason=" ", acting_user=with_role(), now=NOW)
    with pytest.raises(ValueError, match="reason"):
        hold(LegalHold.Kind.UNIT)


def test_copies_not_fetched_go_with_what_they_hold(django_capture_on_commit_callbacks):
    employee = leaver()
    why = Why("request", "本人要求", None, uuid.uuid4())
    request_copy(employee=employee, why=why, acting_user=with_role(), now=NOW)
    run_pending_jobs()
    name = PersonalDataCopy.objects.get().file.name
    assert default_storage.exists(name)
    with django_capture_on_commit_callbacks(execute=True):
        erase(employee, {"id_number"})
    assert PersonalDataCopy.objects.get().file.name == ""
    assert not default_storage.exists(name)


def test_account_goes_before_the_name():
    employee = leaver(left_on=dt.date(2026, 1, 1))
    User.objects.filter(pk=employee.user_id).update(is_active=True, email="a@b.example")
    issue_sign_in_ticket(user=User.objects.get(pk=employee.user_id), acting_user=None, now=NOW)
    EmailAddress.objects.create(user=employee.user, email="a@b.example")
    KioskPin.objects.create(employee=employee, pin="x", set_at=NOW)
    erase(employee, {"account"})
    assert not EmailAddress.objects.exists()
    assert not KioskPin.objects.exists()
    user = User.objects.get(pk=employee.user_id)
    assert (user.username, user.email, user.is_active) == ("001001", "", False)
    assert not SignInTicket.objects.exists()


def test_due_list_marks_held_and_asked(django_assert_max_num_queries):
    hr = with_role()
    counts = []
    leaver("001001")
    with django_assert_max_num_queries(20) as asked:
        assert len(due_people(hr, TODAY, 10)) == 1
    counts.append(len(asked))
    leaver("2", dt.date(2021, 1, 1))
    leaver("3")
    leaver("4", unit="别厂/一车间")
    with django_assert_max_num_queries(20) as asked:
        assert len(due_people(hr, TODAY, 10)) == 3
    counts.append(len(asked))
    assert counts[0] == counts[1]
    hold()
    request_erasure(
        employee=Employee.objects.get(employee_no="3"), what={"phone"}, reason="x", acting_user=hr, now=NOW
    )
    listed = [(one.employee.employee_no, one.is_held, one.is_asked) for one in due_people(hr, TODAY, 10)]
    assert listed == [("2", False, False), ("001001", True, False), ("3", False, True)]


def test_retention_is_set_for_everybody_by_whom_it_concerns():
    root = OrgUnitFactory(name="总厂", kind=UnitKind.PLANT)
    admin, part = with_role("administrator"), with_role("administrator", "总厂/一车间")
    assert may_set_retention(admin)
    assert not may_set_retention(part)
    said = {"legal_basis": "某省规定", "basis_verified": True, "is_active": True, "now": NOW}
    rule = save_retention_rule(what="name", months_after_leaving=60, acting_user=admin, **said)
    assert RetentionRule.objects.get(what="name").months_after_leaving == rule.months_after_leaving == 60
    with pytest.raises(PermissionDenied):
        save_retention_rule(what="name", months_after_leaving=1, acting_user=part, **said)
    assert root.pk


# The pages


def test_the_pages_lead_two_people_through(client):
    employee = leaver()
    first, second = with_role(), with_role("administrator")
    client.force_login(first)
    html = client.get("/admin/people/retention/").content.decode()
    assert "张三（001001）" in html
    assert "（条文待核对原文）" in html
    ask = {"employee": [str(employee.public_id), "x"], "reason": "保留期满"}
    assert client.post("/admin/people/retention/ask/", ask).status_code == 302
    asked = ErasureRequest.objects.get()
    assert set(asked.what) == EVERYTHING
    html = client.get("/admin/people/retention/").content.decode()
    assert "确认删除</button>" not in html
    decide = f"/admin/people/retention/decide/{asked.pk}/"
    client.post(decide, {"decision": "confirm"})
    asked.refresh_from_db()
    assert asked.state == "open"
    client.force_login(second)
    assert "确认删除</button>" in client.get("/admin/people/retention/").content.decode()
    assert client.post(decide, {"decision": "burn"}).status_code == 404
    assert client.post(decide, {"decision": "confirm"}).status_code == 302
    assert client.post(decide, {"decision": "confirm"}).status_code == 302
    employee.refresh_from_db()
    assert employee.phone == ""
    assert "张三" not in client.get("/admin/people/retention/").content.decode()


def test_pages_are_closed_to_others(client):
    employee = leaver()
    asked = request_erasure(employee=employee, what={"phone"}, reason="x", acting_user=with_role(), now=NOW)
    held = hold()
    client.force_login(with_role("team_leader"))
    for url in ("/admin/people/retention/", "/admin/people/holds/"):
        assert client.get(url).status_code in (302, 403)
    client.force_login(with_role(unit="别厂"))
    assert (
        client.post(f"/admin/people/retention/decide/{asked.pk}/", {"decision": "confirm"}).status_code == 404
    )
    assert client.post(f"/admin/people/holds/{held.pk}/end/", {"reason": "x"}).status_code == 404
    rule = RetentionRule.objects.first()
    assert client.get(f"/admin/people/retention/{rule.pk}/").status_code == 404
    client.post("/admin/people/retention/ask/", {"employee": [str(employee.public_id)], "reason": "x"})
    assert ErasureRequest.objects.count() == 1


def test_holds_are_placed_and_ended_on_their_page(client):
    employee = leaver()
    client.force_login(with_role("safety_officer"))
    url = "/admin/people/holds/"
    said = {"kind": "incident", "employee_nos": "001001，404", "incident": "2026-3", "reason": "调查",
            "starts_on": "2026-11-20", "ends_before": ""}  # fmt: skip
    refused = client.post(url, said)
    assert refused.status_code == 422
    assert "404" in refused.content.decode()
    assert client.post(url, said | {"employee_nos": "001001"}).status_code == 302
    assert is_held(employee.pk, TODAY)
    assert "2026-3" in client.get(url).content.decode()
    held = LegalHold.objects.get()
    client.post(f"{url}{held.pk}/end/", {"reason": " "})
    assert is_held(employee.pk, TODAY)
    client.post(f"{url}{held.pk}/end/", {"reason": "结案"})
    assert not is_held(employee.pk, TODAY)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "person", "employee_nos": ""},
        {"kind": "person", "employee_nos": "1 2"},
        {"kind": "unit", "unit": ""},
        {"kind": "incident", "incident": ""},
        {"reason": ""},
        {"starts_on": "2026-13-01"},
        {"ends_before": "2026-11-20"},
    ],
)
def test_a_hold_says_what_it_needs(client, changes):
    leaver()
    client.force_login(with_role())
    said = {"kind": "person", "employee_nos": "001001", "reason": "x", "starts_on": "2026-11-20"}
    assert client.post("/admin/people/holds/", said | changes).status_code == 422
    assert not LegalHold.objects.exists()


def test_rules_are_edited_on_their_page(client):
    org_path("总厂")
    client.force_login(with_role("administrator"))
    rule = RetentionRule.objects.get(what="photo")
    url = f"/admin/people/retention/{rule.pk}/"
    assert client.get(url).status_code == 200
    said = {"months_after_leaving": "3", "legal_basis": "本单位规定", "is_active": "on"}
    assert client.post(url, said).status_code == 302
    rule.refresh_from_db()
    assert rule.months_after_leaving == 3


def test_a_hold_keeps_whom_a_branch_took_along():
    """The team hung below the workshop when it happened; where it hangs since does not free its people."""
    employee = leaver(unit="总厂/一车间/甲班/夜班")
    below, above = org_path("总厂/一车间/甲班"), org_path("总厂/二车间")
    move_unit(unit=below, parent=above, effective_on=TODAY, acting_user=None, now=NOW)
    assert not is_held(employee.pk, TODAY)
    hold(LegalHold.Kind.UNIT, unit=org_path("总厂/一车间"))
    assert is_held(employee.pk, TODAY)


def test_a_hold_on_a_firm_holds_its_people_wherever_they_worked():
    firm = org_path("远航派遣")
    employee = leaver()
    employee.assignments.update(employer=firm)
    hold(LegalHold.Kind.UNIT, unit=firm)
    assert is_held(employee.pk, TODAY)
