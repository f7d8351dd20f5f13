"""Licences: kinds as data, reviews, checks with the official site, scans, lists, reminders."""

import datetime as dt
import io

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook, load_workbook
from PIL import Image

from notices.models import Notice
from people.actions.licence_types import load_licence_types
from people.models import LicenceType, Role
from tests.factories.people import (
    AssignmentFactory,
    EmployeeFactory,
    OrgUnitFactory,
    PostFactory,
    RoleGrantFactory,
    org_path,
)
from tests.factories.training import LicenceFactory, LicenceTypeFactory, at
from training import tasks
from training.actions.clearance import refresh_clearance
from training.actions.licence_reminders import remind_of_licences
from training.actions.licences import record_check, record_review, save_licence
from training.errors import LicenceRefused
from training.models import ClearanceState, Licence, LicenceReminder

pytestmark = pytest.mark.django_db
NOW = at("2026-11-22")
TODAY = dt.date(2026, 11, 22)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def unit():
    return org_path("总厂/一车间")


@pytest.fixture
def officer(unit):
    return RoleGrantFactory(role=Role.SAFETY_OFFICER, unit=unit).user


@pytest.fixture
def welder(unit):
    post = PostFactory(name="焊工")
    post.demanded_licences.add(LicenceTypeFactory(off_post_months=6))
    return EmployeeFactory(
        name="张伟",
        employee_no="000001",
        assigned__unit=unit,
        assigned__post=post,
        hired_on=dt.date(2026, 3, 2),
    )


def codes(employee):
    refresh_clearance(employee_ids=[employee.pk], now=NOW)
    return [reason["code"] for reason in ClearanceState.objects.get(employee=employee).reasons]


def test_kinds_are_loaded_once_and_what_a_site_entered_stays():
    LicenceTypeFactory(code="welding", name="焊工证", off_post_months=3)
    bare = LicenceTypeFactory(code="crane", name="吊车证")

    added, filled = load_licence_types(acting_user=None)
    assert added > 25
    assert filled == 1
    assert load_licence_types(acting_user=None) == (0, 0)
    assert LicenceType.objects.get(code="welding").off_post_months == 3
    bare.refresh_from_db()
    assert (bare.name, bare.valid_months) == ("吊车证", 48)
    assert not LicenceType.objects.get(code="forklift").basis_verified


def test_kinds_are_loaded_by_those_who_look_after_posts_everywhere(officer):
    with pytest.raises(PermissionDenied):
        load_licence_types(acting_user=officer)


def test_refuted_licence_blocks_at_once_and_a_corrected_one_is_looked_at_anew(welder, officer):
    licence = LicenceFactory(employee=welder)
    assert codes(welder) == []

    record_check(licence=licence, outcome="unknown", site="cx.mem.gov.cn", acting_user=officer, now=NOW)
    assert codes(welder) == ["licence_refuted"]
    licence.refresh_from_db()
    assert licence.checked_by == officer

    fields = {"valid_from": licence.valid_from, "valid_until": licence.valid_until, "licence": licence}
    save_licence(
        employee=welder,
        licence_type=licence.licence_type,
        number="T9",
        acting_user=officer,
        now=NOW,
        **fields,
    )
    assert codes(welder) == []
    assert Licence.objects.get().checked_outcome == ""
    assert licence.checks.count() == 1


@pytest.mark.parametrize(("outcome", "site"), [("", "x"), ("maybe", "x"), ("confirmed", " ")])
def test_check_without_outcome_or_site_is_refused(welder, outcome, site):
    with pytest.raises(LicenceRefused):
        record_check(
            licence=LicenceFactory(employee=welder), outcome=outcome, site=site, acting_user=None, now=NOW
        )


def test_review_moves_the_deadline(welder, officer):
    licence = LicenceFactory(employee=welder, review_due_on=dt.date(2026, 11, 1))
    assert codes(welder) == ["licence_review_overdue"]

    record_review(
        licence=licence,
        done_on=dt.date(2026, 11, 20),
        next_due_on=dt.date(2029, 11, 1),
        valid_until=licence.valid_until,
        acting_user=officer,
        now=NOW,
    )
    assert codes(welder) == []
    with pytest.raises(LicenceRefused, match="不能晚于今天"):
        record_review(
            licence=licence, done_on=dt.date(2026, 11, 23), next_due_on=None, valid_until=licence.valid_until,
            acting_user=officer, now=NOW,
        )  # fmt: skip


def test_months_off_the_work_ask_for_a_new_exam(welder):
    licence = LicenceFactory(employee=welder, last_worked_on=dt.date(2025, 8, 31))
    assert codes(welder) == ["reassessment_due"]  # six months and two days before the hire of 2 March

    Licence.objects.update(last_worked_on=dt.date(2025, 9, 30))
    assert codes(welder) == []

    Licence.objects.update(last_worked_on=dt.date(2025, 8, 31), reassessed_on=dt.date(2026, 11, 1))
    assert codes(welder) == []
    licence.refresh_from_db()


def test_months_in_another_post_count_as_off_the_work(welder, unit):
    stay = welder.assignments.get()
    stay.ends_before = dt.date(2026, 4, 2)
    stay.save()
    AssignmentFactory(
        employee=welder, unit=unit, starts_on=dt.date(2026, 4, 2), ends_before=dt.date(2026, 11, 1)
    )
    AssignmentFactory(employee=welder, unit=unit, post=stay.post, starts_on=dt.date(2026, 11, 1))
    LicenceFactory(employee=welder)
    assert codes(welder) == ["reassessment_due"]


# Reminders


def test_each_step_is_said_once_to_holder_leader_and_offices(welder, unit, officer):
    hr = RoleGrantFactory(role=Role.HR_OFFICER, unit=unit.get_parent()).user
    RoleGrantFactory(role=Role.HR_OFFICER, unit=OrgUnitFactory())
    leader = EmployeeFactory(assigned__unit=unit)
    unit.leader = leader
    unit.save()
    LicenceFactory(employee=welder, valid_until=dt.date(2026, 12, 10))

    assert remind_of_licences(now=NOW) == 1
    assert remind_of_licences(now=NOW) == 0
    told = set(Notice.objects.values_list("recipient_id", flat=True))
    assert told == {welder.user_id, leader.user_id, hr.pk, officer.pk}
    assert "2026-12-10" in Notice.objects.get(recipient=welder.user).title

    assert remind_of_licences(now=at("2026-12-04")) == 1  # 7 days
    assert remind_of_licences(now=at("2026-12-11")) == 1  # lapsed
    assert remind_of_licences(now=at("2026-12-12")) == 0
    assert sorted(LicenceReminder.objects.values_list("days", flat=True)) == [0, 7, 30]


def test_renewed_licence_and_who_left_are_not_reminded_of(welder, unit):
    LicenceFactory(employee=welder, valid_until=dt.date(2026, 12, 1))
    LicenceFactory(employee=welder, valid_until=dt.date(2032, 12, 1))
    LicenceFactory(employee=EmployeeFactory(left=True), valid_until=dt.date(2026, 12, 1))
    LicenceFactory(
        employee=EmployeeFactory(), valid_from=dt.date(2020, 1, 1), valid_until=dt.date(2023, 12, 1)
    )
    assert remind_of_licences(now=NOW) == 0


def test_reminders_come_by_themselves_each_morning(welder):
    LicenceFactory(employee=welder, review_due_on=dt.date(2026, 12, 1))
    assert tasks.remind_of_licences() == 1


def test_statements_of_reminders_do_not_grow(welder, unit, officer, django_assert_max_num_queries):
    for number in range(5):
        person = EmployeeFactory(assigned__unit=unit)
        LicenceFactory(employee=person, valid_until=dt.date(2026, 12, 1), number=f"N{number}")
    with django_assert_max_num_queries(12):
        remind_of_licences(now=NOW)


# Pages


def url(name, *args):
    return reverse(f"training_office:{name}", args=args)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"A", "B", "C", "D"}),
        ("?state=30", {"B"}),
        ("?state=90", {"B", "C"}),
        ("?state=lapsed", {"A"}),
        ("?state=unchecked", {"A", "B", "C"}),
        ("?q=000001", {"A", "B", "C", "D"}),
        ("?q=nobody", set()),
    ],
)
def test_list_is_narrowed(client, officer, welder, query, shown):
    for number, until in (("A", "2026-11-21"), ("B", "2026-12-20"), ("C", "2027-02-10"), ("D", "2030-01-01")):
        outcome = "confirmed" if number == "D" else ""
        LicenceFactory(employee=welder, number=f"NUM-{number}", valid_until=until, checked_outcome=outcome)
    client.force_login(officer)
    page = client.get(url("licences") + query).content.decode()
    assert {letter for letter in "ABCD" if f"NUM-{letter}" in page} == shown


def test_list_shows_who_lacks_a_licence_and_is_exported(client, officer, welder):
    client.force_login(officer)
    assert "张伟" in client.get(url("licences") + "?state=missing").content.decode()
    book = load_workbook(io.BytesIO(client.get(url("licence-export")).content))
    assert [cell.value for cell in book["缺证"][2]][:2] == ["000001", "张伟"]

    LicenceFactory(employee=welder)
    assert "张伟" not in client.get(url("licences") + "?state=missing").content.decode()


def sheet(*rows):
    book = Workbook()
    page = book.active
    page.append(["工号", "证件种类", "证号", "发证机关", "有效期自", "有效期至", "复审日期"])
    for row in rows:
        page.append(row)
    out = io.BytesIO()
    book.save(out)
    return SimpleUploadedFile("证件.xlsx", out.getvalue())


def test_list_is_taken_in_with_a_report_by_row(client, officer, welder):
    EmployeeFactory(employee_no="000009", assigned__unit=OrgUnitFactory())
    good = ["000001", "熔化焊接与热切割作业", "T1", "应急局", "2025-01-02", "2031-01-01", "2028-01-01"]
    rows = [
        good,
        ["000009", "welding", "T2", "", "2025-01-02", "2031-01-01", ""],
        ["000001", "没有的证", "T3", "", "2025-01-02", "2031-01-01", ""],
        ["000001", "welding", "T4", "", "2031-01-02", "2025-01-01", ""],
        ["000001", "welding", "T5", "", "03/04/25", "2031-01-01", ""],
        ["000001", "welding", "T1", "", "2025-01-02", "2031-01-01", ""],
        ["000001", "welding", "", "", "2025-01-02", "2031-01-01", ""],
    ]
    client.force_login(officer)
    response = client.post(url("licence-import"), {"file": sheet(*rows)})
    done = response.context["done"]
    assert (done.added, done.changed, done.unchanged) == (1, 0, 0)
    assert [fault.row for fault in done.faults] == [3, 4, 5, 6, 7, 8]
    assert ClearanceState.objects.get(employee=welder).is_cleared

    again = client.post(url("licence-import"), {"file": sheet(good)}).context["done"]
    assert (again.added, again.changed, again.unchanged) == (0, 0, 1)
    good[5] = "2032-01-01"
    moved = client.post(url("licence-import"), {"file": sheet(good)}).context["done"]
    assert (moved.added, moved.changed, moved.unchanged) == (0, 1, 0)


def test_file_without_the_columns_is_refused(client, officer):
    client.force_login(officer)
    response = client.post(url("licence-import"), {"file": SimpleUploadedFile("x.csv", b"a,b\n1,2\n")})
    assert response.status_code == 422
    assert "没有找到表头" in response.content.decode()


def scan(kind="JPEG", size=(800, 600)):
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(("kind", "start"), [("PNG", b"\xff\xd8"), ("PDF", b"%PDF-")])
def test_scan_is_drawn_anew_and_replaces_the_former(
    client, officer, welder, kind, start, django_capture_on_commit_callbacks
):
    licence = LicenceFactory(employee=welder)
    client.force_login(officer)
    names = []
    for color in (800, 900):
        upload = SimpleUploadedFile("任意.bin", scan(kind, (color, 600)))
        with django_capture_on_commit_callbacks(execute=True):
            assert client.post(url("licence-scan", licence.pk), {"scan": upload}).status_code == 302
        licence.refresh_from_db()
        names.append(licence.scan.name)
    assert not licence.scan.storage.exists(names[0])
    sent = client.get(url("licence-scan", licence.pk))
    assert b"".join(sent.streaming_content).startswith(start)

    client.force_login(welder.user)
    assert client.get(reverse("portal:licence-scan", args=[licence.pk])).status_code == 200
    assert "熔化焊接" in client.get(reverse("portal:licences")).content.decode()
    client.force_login(EmployeeFactory().user)
    assert client.get(reverse("portal:licence-scan", args=[licence.pk])).status_code == 404


@pytest.mark.parametrize("data", [b"MZ not a picture", b"%PDF-1.4 broken", scan(size=(100, 100))])
def test_scan_that_is_none_is_refused(client, officer, welder, data):
    licence = LicenceFactory(employee=welder)
    client.force_login(officer)
    response = client.post(url("licence-scan", licence.pk), {"scan": SimpleUploadedFile("a.pdf", data)})
    assert response.status_code == 422
    assert not Licence.objects.get().scan


def test_page_of_a_licence_records_check_and_review(client, officer, welder):
    licence = LicenceFactory(employee=welder)
    client.force_login(officer)
    assert client.get(url("licence", licence.pk)).status_code == 200
    client.post(url("licence-check", licence.pk), {"outcome": "confirmed", "site": "cx.mem.gov.cn"})
    client.post(
        url("licence-review", licence.pk),
        {"done_on": "2026-11-20", "next_due_on": "2029-11-20", "valid_until": "2030-12-31"},
    )
    licence.refresh_from_db()
    assert licence.review_done_on == dt.date(2026, 11, 20)
    assert licence.checked_outcome == ""  # the review date it was compared with changed
    assert client.post(url("licence-check", licence.pk), {}).status_code == 422
