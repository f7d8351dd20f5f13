"""From a directory to people: who is taken over, who is not and why, links, moves, leaving and coming back."""

import datetime as dt
from dataclasses import replace

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs.queue import enqueue, run_pending_jobs
from notices.models import Notice
from people.actions.directories import access_to
from people.directories import DirectoryError, MemberState
from people.importers.directory_matching import match_directory
from people.importers.directory_sync import examine_directory, read_source
from people.models import (
    Assignment,
    DirectoryLink,
    DirectorySource,
    Employee,
    EmploymentEvent,
    ImportBatch,
    OrgUnit,
)
from people.queries import current_assignment, employee_by_external_id
from people.tasks import sync_due_directories
from tests.factories.directories import DirectoryLinkFactory, DirectorySourceFactory
from tests.factories.people import EmployeeFactory, PostFactory, RoleGrantFactory, UserFactory, org_path
from tests.people.directories.vendors import WeCom
from tests.people.directories.world import PEOPLE, Person, crowd

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def works(httpserver, settings, clock):
    """Return the local WeCom; its script may be changed between runs."""
    vendor = WeCom(httpserver)
    settings.DIRECTORY_HOSTS = vendor.hosts
    return vendor.script


@pytest.fixture
def source(works):
    return DirectorySourceFactory(
        name="集团企业微信", root_unit=org_path("总厂"), default_post=PostFactory(name="待定岗位")
    )


def sync(source, **params):
    """Run a directory as the queue does; return it as it is afterwards."""
    enqueue(
        "people.tasks.sync_directory_source", title="同步", params={"source": source.pk, **params}, total=4
    )
    run_pending_jobs()
    source.refresh_from_db()
    return source


def place(number):
    employee = Employee.objects.get(employee_no=number)
    stay = current_assignment(employee.pk, dt.date.today())
    return f"{stay.unit.get_parent().name}/{stay.unit.name}" if stay.unit.depth > 1 else stay.unit.name


def change(works, own, **changed):
    works.people = [replace(one, **changed) if one.id == own else one for one in works.people]


def messages(source):
    return {fault["name"]: fault["message"] for fault in source.last_report["faults"]}


def test_the_first_run_makes_units_people_and_links(source, works):
    sync(source)
    assert source.last_state == "done", source.last_report
    assert set(Employee.objects.values_list("employee_no", "name", "status")) == {
        ("1001", "张三", "active"),
        ("1002", "李四", "active"),
        ("1004", "赵六", "active"),
    }  # 1003 is disabled: no new person
    assert place("1001") == "一车间/甲班"
    assert place("1002") == "总厂/机修／电工车间"
    assert place("1004") == "总厂"
    assert set(Assignment.objects.values_list("employee__employee_no", "post__name")) == {
        ("1001", "电工"),
        ("1002", "钳工"),
        ("1004", "待定岗位"),
    }
    assert not OrgUnit.objects.filter(name="空部门").exists()
    assert DirectoryLink.objects.filter(source=source).count() == 3
    batch = ImportBatch.objects.get()
    assert (batch.source, source.last_batch) == ("集团企业微信", batch)
    assert batch.counts["created"] == 3


def test_the_second_run_changes_nothing(source, works):
    sync(source)
    sync(source)
    assert source.last_state == "done"
    assert ImportBatch.objects.count() == 1
    assert EmploymentEvent.objects.count() == 3
    assert DirectoryLink.objects.count() == 3


def test_a_move_and_a_new_title_are_a_transfer(source, works, clock):
    sync(source)
    clock.shift(DAY)
    change(works, "zhangsan", units=("12",), title="班长")
    sync(source)
    assert place("1001") == "一车间/乙班"
    event = EmploymentEvent.objects.get(kind="transferred")
    assert (event.to_unit.name, event.to_post.name) == ("乙班", "班长")


def test_titles_may_be_left_to_hr(source, works):
    source.takes_posts = False
    source.save()
    sync(source)
    assert set(Assignment.objects.values_list("post__name", flat=True)) == {"待定岗位"}


def test_a_changed_number_is_the_same_person(source, works, clock):
    sync(source)
    clock.shift(DAY)
    change(works, "zhangsan", number="9001")
    sync(source)
    assert Employee.objects.count() == 3
    assert not Employee.objects.filter(employee_no="9001").exists()
    assert any("9001" in note for note in source.last_report["notes"])


def test_an_account_made_anew_takes_the_place_of_the_old_one(source, works, clock):
    source.full_roster = True
    source.save()
    sync(source)
    clock.shift(DAY)
    change(works, "zhangsan", id="zhangsan2")
    sync(source)
    assert source.last_state == "done"
    assert Employee.objects.get(employee_no="1001").status == "active"
    assert DirectoryLink.objects.get(employee__employee_no="1001").external_id == "zhangsan2"


def test_people_hr_already_knows_are_found_by_number_and_name(source, works):
    known = EmployeeFactory(employee_no="1001", name="张三", assigned__unit=org_path("总厂/一车间/甲班"))
    EmployeeFactory(employee_no="1002", name="另一个人", assigned__unit=org_path("总厂/二车间"))
    sync(source)
    assert source.last_state == "partly"
    assert DirectoryLink.objects.get(external_id="zhangsan").employee == known
    assert "另一个人" in messages(source)["李四"]
    assert not DirectoryLink.objects.filter(external_id="lisi").exists()
    assert Employee.objects.get(employee_no="1002").name == "另一个人"


def test_nobody_outside_the_unit_is_touched(source, works):
    outside = EmployeeFactory(employee_no="1001", name="张三", assigned__unit=org_path("外厂/一车间"))
    sync(source)
    assert "外厂/一车间" in messages(source)["张三"]
    assert place("1001") == "外厂/一车间"
    assert not outside.directory_links.exists()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"number": ""}, "没有工号"),
        ({"number": "10 01!"}, "工号"),
        ({"number": "1002"}, "都是这个"),
        ({"name": ""}, "没有姓名"),
        ({"title": "长" * 61}, "最长"),
        ({"number": "taken"}, "账号名"),
    ],
)
def test_who_cannot_be_taken_over_is_named_and_the_others_go_on(source, works, changed, message):
    UserFactory(username="taken")
    change(works, "zhangsan", **changed)
    sync(source)
    assert source.last_state == "partly"
    assert any(message in fault["message"] for fault in source.last_report["faults"]), source.last_report
    assert Employee.objects.filter(employee_no="1004").exists()


def test_without_a_title_and_a_default_post_nobody_is_made_up(source, works):
    source.default_post = None
    source.save()
    sync(source)
    assert "默认岗位" in messages(source)["赵六"]


def test_unknown_units_are_faults_where_they_may_not_be_made(source, works):
    source.creates_missing = False
    source.save()
    sync(source)
    assert any("甲班" in fault["message"] for fault in source.last_report["faults"])
    assert not OrgUnit.objects.filter(name="甲班").exists()


def test_people_no_longer_there_leave_only_where_that_is_wanted(source, works, clock):
    stranger = EmployeeFactory(employee_no="5001", assigned__unit=org_path("总厂/一车间"))
    sync(source)
    works.people = [one for one in works.people if one.id != "zhangsan"]
    clock.shift(DAY)
    sync(source)
    assert Employee.objects.get(employee_no="1001").status == "active"
    source.full_roster = True
    source.save()
    sync(source)
    gone = Employee.objects.get(employee_no="1001")
    assert (gone.status, gone.left_on) == ("left", dt.date(2026, 11, 21))
    assert not gone.user.is_active
    stranger.refresh_from_db()
    assert stranger.status == "active"  # known from elsewhere: not this directory's to end


def test_somebody_who_comes_back_is_hired_again(source, works, clock):
    source.full_roster = True
    source.save()
    sync(source)
    everybody = list(works.people)
    works.people = [one for one in everybody if one.id != "zhangsan"]
    clock.shift(DAY)
    sync(source)
    clock.shift(10 * DAY)
    works.people = everybody
    sync(source)
    back = Employee.objects.get(employee_no="1001")
    assert back.status == "active"
    assert back.events.get(kind="rehired").days_away == 10
    assert DirectoryLink.objects.get(employee=back).missing_since is None


def test_a_directory_that_has_not_heard_of_a_leaving_brings_nobody_back(source, works, clock):
    sync(source)
    Employee.objects.filter(employee_no="1001").update(status="left", left_on=dt.date(2026, 11, 20))
    Assignment.objects.filter(employee__employee_no="1001").update(ends_before=dt.date(2026, 11, 21))
    clock.shift(DAY)
    sync(source)
    assert Employee.objects.get(employee_no="1001").status == "left"
    assert any("已离职" in note for note in source.last_report["notes"])


@pytest.mark.parametrize(
    ("state", "ends", "disabled_is_left"),
    [
        (MemberState.DISABLED, False, False),
        (MemberState.DISABLED, True, True),
        (MemberState.GONE, True, False),
    ],
)
def test_disabled_is_no_leaving_unless_it_is_said_to_be(source, works, clock, state, ends, disabled_is_left):
    source.disabled_is_left = disabled_is_left
    source.save()
    sync(source)
    clock.shift(DAY)
    change(works, "zhangsan", state=state)
    sync(source)
    assert Employee.objects.get(employee_no="1001").status == ("left" if ends else "active")
    clock.shift(DAY)
    change(works, "zhangsan", state=MemberState.ACTIVE)
    sync(source)
    assert Employee.objects.get(employee_no="1001").status == "active"


def test_the_brake_stops_a_run_and_lets_a_confirmed_number_through(source, works, clock):
    source.full_roster = True
    source.save()
    works.people += crowd(10)
    sync(source)
    clock.shift(DAY)
    works.people = list(PEOPLE)
    sync(source)
    assert source.last_state == "stopped"
    assert source.last_report["ending"] == 10
    assert Employee.objects.filter(status="left").count() == 0
    sync(source, allow_ending=9)
    assert source.last_state == "stopped"
    sync(source, allow_ending=10)
    assert source.last_state == "done"
    assert Employee.objects.filter(status="left").count() == 10


def test_a_run_after_a_dry_run_does_exactly_that_or_nothing(source, works, clock):
    units, members = read_source(source, lambda done, message: None)
    fingerprint = examine_directory(source, units, members, now=NOW).plan.fingerprint
    works.people.append(Person("new", "新来的", "1010", ("11",)))
    sync(source, fingerprint=fingerprint)
    assert source.last_state == "stopped"
    assert not Employee.objects.exists()
    works.people.pop()
    sync(source, fingerprint=fingerprint)
    assert source.last_state == "done", (source.last_report, fingerprint)


def test_a_renamed_or_moved_department_keeps_its_unit(source, works, clock):
    sync(source)
    clock.shift(DAY)
    works.departments["10"] = ("第一分厂", "20")
    works.people.append(Person("new", "新来的", "1010", ("12",)))
    sync(source)
    assert place("1001") == "一车间/甲班"
    assert EmploymentEvent.objects.filter(kind="transferred").count() == 0
    assert [note for note in source.last_report["notes"] if "甲班" in note or "第一分厂" in note]


def test_a_unit_moved_here_is_followed(source, works, clock):
    sync(source)
    moved = OrgUnit.objects.get(name="甲班")
    moved.move(org_path("总厂/二车间"), "last-child")
    clock.shift(DAY)
    sync(source)
    assert place("1001") == "二车间/甲班"
    assert EmploymentEvent.objects.filter(kind="transferred").count() == 0


def test_nobody_in_sight_changes_nothing(source, works, clock):
    source.full_roster = True
    source.save()
    sync(source)
    works.people.clear()
    clock.shift(DAY)
    sync(source)
    assert source.last_state == "failed"
    assert "可见范围" in source.last_report["message"]
    assert Employee.objects.filter(status="left").count() == 0


def test_a_refusal_is_kept_told_and_shows_no_secret(source, works, caplog):
    boss = UserFactory()
    RoleGrantFactory(user=boss, role="administrator", unit=source.root_unit)
    elsewhere = UserFactory()
    RoleGrantFactory(user=elsewhere, role="administrator", unit=org_path("外厂"))
    works.refuse = {"department": (60020, "not allow to access from your ip, from ip: 203.0.113.9")}
    sync(source)
    sync(source)
    assert source.last_state == "failed"
    assert "203.0.113.9" in source.last_report["message"]
    notice = Notice.objects.get()
    assert notice.recipient == boss
    assert notice.link == f"/admin/people/directories/{source.pk}/"
    # The local server logs what it is asked; ours must not.
    logged = [record.getMessage() for record in caplog.records if record.name != "werkzeug"]
    stored = f"{source.last_report} {notice.body} {logged}"
    assert "app-secret" not in stored
    assert "wecom-token" not in stored


def test_the_night_runs_what_is_set_to(source, works):
    assert sync_due_directories() == 0
    source.is_nightly = True
    source.save()
    assert sync_due_directories() == 1
    run_pending_jobs()
    source.refresh_from_db()
    assert source.last_state == "done"
    assert source.last_batch.applied_by is None


def test_a_lost_field_key_is_named(source, settings):
    settings.FIELD_KEYS = ["another-key-of-the-field-00000002"]
    with pytest.raises(DirectoryError, match="FIELD_KEYS"):
        access_to(source)


def test_matching_asks_the_database_equally_often_for_one_and_for_many(source, works):
    counts = []
    for number in (1, 30):
        works.people = crowd(number)
        source = DirectorySource.objects.select_related("default_post").get()
        units, members = read_source(source, lambda done, message: None)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            match_directory(source, units, members, dt.date(2026, 11, 20))
        counts.append(len(queries))
        sync(source)
    assert counts[0] == counts[1]


def test_an_entry_is_found_by_either_id_within_its_tenant(works):
    link = DirectoryLinkFactory(
        source=DirectorySourceFactory(kind="dingtalk", tenant="ding1"),
        external_id="u1",
        alternate_id="union1",
    )
    assert employee_by_external_id("dingtalk", "ding1", "u1") == link.employee
    assert employee_by_external_id("dingtalk", "ding1", "union1") == link.employee
    assert employee_by_external_id("dingtalk", "ding2", "u1") is None
    assert employee_by_external_id("wecom", "ding1", "u1") is None
    assert employee_by_external_id("dingtalk", "ding1", "") is None


def test_two_directories_that_disagree_name_nobody(works):
    for _ in range(2):
        DirectoryLinkFactory(source=DirectorySourceFactory(tenant="ww1"), external_id="u1")
    assert DirectorySource.objects.count() == 2
    assert employee_by_external_id("wecom", "ww1", "u1") is None
