"""The command and the action behind it: what lands in the database, and that a bad file leaves no trace."""

import datetime as dt
import io
import json
from dataclasses import replace

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.signing import decrypt_text
from people.actions.imports import ImportOptions, apply_import, plan_import
from people.errors import PreviewOutdated, TooManyEndings
from people.models import (
    Assignment,
    Employee,
    EmploymentEvent,
    EmploymentStatus,
    ImportBatch,
    OrgUnit,
    Post,
    UnitKind,
    User,
)
from people.roster import Row
from people.signals import employment_changed_in_bulk
from tests.factories.people import EmployeeFactory, PostFactory, RoleGrantFactory, UserFactory, org_path
from tests.people.workbooks import HEADER, row, save

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_frozen")]
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 20)
STATE_HEADER = (*HEADER, "状态", "离职日期", "生效日期")
ID = "11010519491231002X"


@pytest.fixture
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def path(tmp_path):
    return tmp_path / "名单.xlsx"


def run(path, *options):
    """Run the command as a shell would; return its JSON and exit status."""
    out = io.StringIO()
    status = 0
    try:
        call_command("import_people", str(path), "--json", *options, stdout=out, stderr=io.StringIO())
    except SystemExit as stopped:
        status = stopped.code
    return json.loads(out.getvalue()), status


def counts(**changed):
    return {
        "rows": 0,
        "created": 0,
        "moved": 0,
        "terms": 0,
        "left": 0,
        "returned": 0,
        "unchanged": 0,
        "errors": [],
    } | changed


def state_row(state=None, left_on=None, effective_on=None, **cells):
    return (*row(**cells), state, left_on, effective_on)


def everything():
    """Return how many rows of each kind there are."""
    return [
        m.objects.count() for m in (User, Employee, Assignment, EmploymentEvent, OrgUnit, Post, ImportBatch)
    ]


def test_first_file_builds_the_organisation_and_hires(path):
    save(path, [row(身份证号=ID), row(工号="001002", 姓名="李𠮷", 部门="总厂/二车间")])
    assert run(path) == (counts(rows=2, created=2), 0)
    team = OrgUnit.objects.get(name="甲班")
    assert [(unit.name, unit.kind) for unit in [*team.get_ancestors(), team]] == [
        ("总厂", UnitKind.PLANT), ("一车间", UnitKind.WORKSHOP), ("甲班", UnitKind.TEAM),
    ]  # fmt: skip
    employee = Employee.objects.get(employee_no="001001")
    assert employee.user.username == "001001"
    assert employee.user.must_change_password
    assert not employee.user.has_usable_password()
    assert decrypt_text(employee.id_number_encrypted) == ID
    stay = employee.assignments.get()
    assert (stay.unit, stay.post.name, stay.starts_on, stay.ends_before) == (
        team, "电焊工", dt.date(2026, 11, 18), None,
    )  # fmt: skip
    batch = ImportBatch.objects.get()
    event = employee.events.get()
    assert (event.kind, event.effective_on, event.batch, event.recorded_by) == (
        "hired", dt.date(2026, 11, 18), batch, None,
    )  # fmt: skip
    assert batch.counts == {
        "rows": 2,
        "created": 2,
        "moved": 0,
        "terms": 0,
        "left": 0,
        "returned": 0,
        "unchanged": 0,
    }
    assert batch.file_name == "名单.xlsx"


def test_same_file_again_changes_nothing(path):
    save(path, [row(身份证号=ID), row(工号="001002")])
    run(path)
    before = everything()
    assert run(path) == (counts(rows=2, unchanged=2), 0)
    assert everything() == before


def test_dry_run_saves_nothing(path):
    save(path, [row()])
    before = everything()
    assert run(path, "--dry-run") == (counts(rows=1, created=1), 0)
    assert everything() == before


def test_one_bad_row_keeps_everything_out(path):
    save(path, [row(), row(工号="001002", 手机号="12")])
    before = everything()
    result, status = run(path)
    assert status == 1
    assert result == counts(
        rows=2,
        errors=[
            {"sheet": "花名册", "row": 3, "column": "手机号",
             "message": "电话号码格式不对：手机号是 11 位数字，座机写成 0532-88886666"}
        ],
    )  # fmt: skip
    assert everything() == before


def test_transfer_leave_return_and_the_account(path):
    run(save(path, [row(), row(工号="001002"), row(工号="001003")]))
    result, status = run(
        save(
            path,
            [
                state_row("在职", None, "2026-11-19", 岗位="电工"),
                state_row("离职", "2026-11-19", 工号="001002"),
                state_row("离岗", None, "2026-11-19", 工号="001003"),
            ],
            STATE_HEADER,
        ),
        "--create-missing",
    )
    assert (result, status) == (counts(rows=3, moved=1, left=2), 0)
    moved, left, away = Employee.objects.order_by("employee_no")
    assert [(s.post.name, s.starts_on, s.ends_before) for s in moved.assignments.select_related("post")] == [
        ("电焊工", dt.date(2026, 11, 18), dt.date(2026, 11, 19)), ("电工", dt.date(2026, 11, 19), None),
    ]  # fmt: skip
    assert (left.status, left.left_on, left.user.is_active) == ("left", dt.date(2026, 11, 19), False)
    assert (away.status, away.user.is_active) == (EmploymentStatus.AWAY, True)
    result, _ = run(
        save(
            path,
            [
                state_row("在职", None, None, 工号="001002", 入职日期=TODAY),
                state_row("在职", None, None, 工号="001003"),
            ],
            STATE_HEADER,
        )
    )
    assert result == counts(rows=2, returned=2)
    left.refresh_from_db()
    assert (left.status, left.left_on, User.objects.get(pk=left.user_id).is_active) == ("active", None, True)
    assert list(left.events.values_list("kind", "days_away")) == [
        ("hired", None),
        ("left", None),
        ("rehired", 1),
    ]
    assert list(away.events.values_list("kind", "days_away"))[-1] == ("returned", 1)
    assert run(path)[0] == counts(rows=2, unchanged=2)


def test_an_empty_cell_leaves_what_is_known(path):
    run(save(path, [row(身份证号=ID)]))
    header = ("工号", "姓名", "部门", "岗位", "手机号", "身份证号")
    assert run(save(path, [("001001", None, None, None, "13900000000", None)], header))[0] == counts(
        rows=1, unchanged=1
    )
    employee = Employee.objects.get()
    assert (employee.name, employee.phone, decrypt_text(employee.id_number_encrypted)) == (
        "张三", "13900000000", ID,
    )  # fmt: skip


def test_a_new_name_reaches_the_account(path):
    run(save(path, [row()]))
    run(save(path, [row(姓名="张珊")]))
    assert [Employee.objects.get().name, User.objects.get().name] == ["张珊", "张珊"]


def test_missing_people_are_left_alone(path):
    EmployeeFactory(assigned__unit=org_path("总厂/一车间"))
    assert run(save(path, [row()]), "--create-missing")[0] == counts(rows=1, created=1)
    assert not Employee.objects.filter(status="left").exists()


def test_full_roster_ends_missing_people_up_to_the_brake(path):
    unit = org_path("总厂/一车间")
    post = PostFactory(name="车工")
    people = [EmployeeFactory(assigned__unit=unit, assigned__post=post) for _ in range(20)]

    def list_of(kept):
        rows = [row(工号=p.employee_no, 部门="总厂/一车间", 岗位="车工", 入职日期=p.hired_on) for p in kept]
        return save(path, rows)

    assert run(list_of(people[5:]), "--full-roster")[0] == counts(rows=15, left=5, unchanged=15)
    result, status = run(list_of(people[12:]), "--full-roster")
    assert status == 1
    assert "7 名在册人员" in result["errors"][0]["message"]
    assert Employee.objects.filter(status="left").count() == 5
    result, status = run(list_of(people[12:]), "--full-roster", "--allow-ending", "7")
    assert (result, status) == (counts(rows=8, left=7, unchanged=8), 0)


def test_unknown_places_are_errors_once_the_organisation_stands(path):
    org_path("总厂/一车间/甲班")
    PostFactory(name="电焊工")
    save(path, [row(部门="总厂/一车问/甲班", 岗位="电汗工")])
    result, status = run(path)
    assert status == 1
    assert [(e["row"], e["column"], e["message"]) for e in result["errors"]] == [
        (
            2,
            "部门",
            "没有部门“总厂/一车问/甲班”，最接近的是：总厂/一车间/甲班、总厂/一车间。请改正，或允许新建",
        ),
        (2, "岗位", "没有岗位“电汗工”，最接近的是：电焊工。请改正，或允许新建"),
    ]
    assert run(path, "--create-missing")[0] == counts(rows=1, created=1)


def test_no_create_missing_holds_for_an_empty_organisation_too(path):
    result, status = run(save(path, [row()]), "--no-create-missing")
    assert status == 1
    assert len(result["errors"]) == 2
    assert not OrgUnit.objects.exists()


def test_dispatch_firm_becomes_a_unit(path):
    header = (*HEADER, "用人单位(派遣单位)")
    rows = [(*row(用工形式="劳务派遣"), "远航劳务"), (*row(工号="2"), "总厂")]
    assert run(save(path, rows, header))[1] == 0
    firm = OrgUnit.objects.get(name="远航劳务")
    assert firm.kind == UnitKind.DISPATCH_FIRM
    assert Employee.objects.get(employee_no="001001").employer == firm
    assert Employee.objects.get(employee_no="2").employer is None


BAD = [
    ({"姓名": None}, "姓名", "新员工必须填写这一项"),
    ({"部门": None}, "部门", "新员工必须填写这一项"),
    ({"岗位": None}, "岗位", "新员工必须填写这一项"),
    ({"入职日期": None}, "入职日期", "新员工必须填写这一项"),
    ({"工号": "admin"}, "工号", "账号名 admin 已被不是员工的账号占用，请换工号或先改掉那个账号"),
    ({"工号": 77}, "工号", "工号存成了数字，前面的 0 已丢失；是不是 0077？请把这一列设为文本后重新填写"),
    ({"身份证号": ID}, "身份证号", "这个身份证号已登记在工号 0077 名下；再入职请沿用原工号"),
    ({"部门": "旧车间"}, "部门", "部门“旧车间”已撤销：请改填现在的部门，或先在组织机构里恢复它"),
]


@pytest.mark.parametrize(("cells", "column", "message"), BAD)
def test_rows_that_contradict_what_is_known(path, cells, column, message):
    UserFactory(username="admin")
    OrgUnit.objects.filter(pk=org_path("旧车间").pk).update(closed_on=dt.date(2026, 1, 1))
    run(save(path, [row(工号="0077", 身份证号=ID)]), "--create-missing")
    before = everything()
    result, status = run(save(path, [row(**cells)]), "--create-missing")
    assert status == 1
    assert result["errors"] == [{"sheet": "花名册", "row": 2, "column": column, "message": message}]
    assert everything() == before


def test_all_faults_are_reported_together_in_the_order_of_the_file(path):
    rows = [row(姓名=None), row(工号="2", 手机号="1"), row(工号="3", 部门=None)]
    result, _ = run(save(path, rows))
    assert [(e["row"], e["column"]) for e in result["errors"]] == [(2, "姓名"), (3, "手机号"), (4, "部门")]


def test_report_without_json(path, capsys):
    save(path, [row(手机号="1")])
    with pytest.raises(SystemExit):
        call_command("import_people", str(path))
    out, err = capsys.readouterr()
    assert "什么也没有保存" in out
    assert "花名册 第 2 行 手机号" in err
    call_command("import_people", str(save(path, [row()])), "--dry-run")
    assert "试运行" in capsys.readouterr().out


def test_a_file_tells_its_events_once_in_one_signal(path):
    told = []

    def receiver(sender, event, **kwargs):
        told.append((set(event.event_ids), connection.in_atomic_block))

    employment_changed_in_bulk.connect(receiver)
    try:
        run(save(path, [row(), row(工号="2")]))
        run(path)
    finally:
        employment_changed_in_bulk.disconnect(receiver)
    assert told == [(set(EmploymentEvent.objects.values_list("pk", flat=True)), True)]


def rows_of(count, unit="总厂/一车间"):
    return [
        Row(f"{n:06d}", n, f"员工{n}", unit, "车工", hired_on=dt.date(2026, 11, 1))
        for n in range(1, count + 1)
    ]


def apply(rows, **options):
    given = {"options": ImportOptions(), "file_name": "a.xlsx", "file_sha256": "0" * 64, "acting_user": None}
    return apply_import(rows=rows, now=NOW, **(given | options))


CHANGES = {"move": {"unit": "总厂/二车间"}, "leave": {"left_on": TODAY}, "rename": {"name": "改名"}}


@pytest.mark.parametrize("change", ["hire", *CHANGES])
def test_the_number_of_statements_does_not_grow_with_the_rows(change):
    org_path("总厂/一车间")
    org_path("总厂/二车间")
    PostFactory(name="车工")
    counted = []
    for count in (1, 30):
        rows = [replace(one, employee_no=f"{count}-{one.employee_no}") for one in rows_of(count)]
        if change != "hire":
            apply(rows)
            rows = [Row(one.employee_no, one.line, **CHANGES[change]) for one in rows]
        with CaptureQueriesContext(connection) as queries:
            apply(rows, options=ImportOptions(allow_ending=count))
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_scoped_hr_may_import_only_below(django_assert_max_num_queries):
    hr = RoleGrantFactory(unit=org_path("总厂/一车间")).user
    PostFactory(name="车工")
    plan, batch = apply(rows_of(1, "总厂/一车间"), acting_user=hr)
    assert batch.applied_by == hr
    plan, batch = apply(
        [Row("X1", 1, "张三", "总厂/二车间", "车工", hired_on=TODAY)],
        options=ImportOptions(create_missing=True),
        acting_user=hr,
    )
    assert batch is None
    assert [(p.field, p.code) for p in plan.diff.problems] == [("unit", "out_of_scope")]
    plan, batch = apply([Row("000001", 1, unit="总厂")], acting_user=hr)
    assert [p.code for p in plan.diff.problems] == ["out_of_scope"]
    assert not OrgUnit.objects.filter(name="二车间").exists()
    for person in (UserFactory(), RoleGrantFactory(role="team_leader", unit=org_path("总厂")).user):
        plan, batch = apply([Row("000001", 1, post="车工", name="李四")], acting_user=person)
        assert batch is None
        assert [p.code for p in plan.diff.problems] == ["out_of_scope"]


def test_full_roster_of_scoped_hr_ends_nobody_elsewhere():
    elsewhere = EmployeeFactory(assigned__unit=org_path("总厂/二车间"))
    here = EmployeeFactory(assigned__unit=org_path("总厂/一车间"))
    hr = RoleGrantFactory(unit=org_path("总厂/一车间")).user
    apply([], options=ImportOptions(full_roster=True, allow_ending=1), acting_user=hr)
    here.refresh_from_db()
    elsewhere.refresh_from_db()
    assert (here.status, elsewhere.status) == ("left", "active")


def test_confirming_is_refused_when_the_data_moved_on():
    options = ImportOptions()
    plan = plan_import(rows=rows_of(2), options=options, acting_user=None, on=TODAY)
    apply(rows_of(1))
    before = everything()
    with pytest.raises(PreviewOutdated):
        apply(rows_of(2), expected_fingerprint=plan.fingerprint)
    assert everything() == before
    plan = plan_import(rows=rows_of(2), options=options, acting_user=None, on=TODAY)
    assert apply(rows_of(2), expected_fingerprint=plan.fingerprint)[1] is not None


def test_brake_of_the_action():
    apply(rows_of(20))
    with pytest.raises(TooManyEndings):
        apply(rows_of(3), options=ImportOptions(full_roster=True))


def test_planning_takes_a_fixed_number_of_queries(django_assert_num_queries):
    apply(rows_of(3))
    for count in (1, 3):
        with django_assert_num_queries(5):
            plan_import(rows=rows_of(count), options=ImportOptions(), acting_user=None, on=TODAY)
