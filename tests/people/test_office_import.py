"""What HR is asked about a list: columns, faulty rows, a file seen before, whom a full roster would end."""

import datetime as dt
import io

import pytest
import time_machine
from openpyxl import load_workbook

from jobs.models import Job
from jobs.queue import run_pending_jobs
from people.models import Employee, ImportBatch, ImportMapping
from people.roster import CLEAR
from people.views import office_import
from tests.factories.people import EmployeeFactory, PostFactory, org_path
from tests.people.test_office import IMPORT, fingerprint, preview, send, upload, with_role
from tests.people.workbooks import HEADER, row, save

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_frozen")]
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
ODD_HEADER = ("代号", "称呼", "归属", "小组", "干什么", "哪天来")
ODD_ROW = ("A01", "赵六", "总厂", "甲班", "车工", "2026-11-01")


@pytest.fixture
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def hr(client):
    user = with_role()
    client.force_login(user)
    return user


@pytest.fixture
def token(client, hr, tmp_path):
    """Return the token of an uploaded list whose headers nobody knows."""
    url = upload(client, tmp_path, [ODD_ROW], header=ODD_HEADER, create_missing="on")
    return url.rstrip("/").rsplit("/", 1)[-1]


def said(**columns):
    return {f"column-{at}": name for name, at in columns.items()}


CHOICES = {
    "column-0": "employee_no",
    "column-1": "name",
    "column-2": "unit",
    "column-3": "unit",
    "column-4": "post",
    "column-5": "hired_on",
}


# Columns


def test_unknown_headers_lead_to_the_columns_and_are_remembered(client, hr, token, tmp_path):
    url = f"{IMPORT}{token}/"
    asked = client.get(url).headers["Location"]
    assert asked.startswith(f"{url}columns/?name=")
    page = client.get(asked).content.decode()
    assert "称呼" in page
    assert "赵六" in page
    assert client.post(f"{url}columns/", {"sheet": 0, "row": 0, **CHOICES}).headers["Location"] == url
    page = preview(client, url)
    assert "按上次说明的各列含义读取" in page
    client.post(f"{url}apply/", {"fingerprint": fingerprint(page)})
    employee = Employee.objects.get()
    stay = employee.assignments.get()
    assert (employee.employee_no, employee.name, stay.unit.name, stay.post.name) == (
        "A01", "赵六", "甲班", "车工",
    )  # fmt: skip
    assert ImportMapping.objects.get().saved_by == hr
    # The next list like it is read at once, whoever uploads it.
    client.force_login(with_role())
    again = upload(client, tmp_path, [("A02", *ODD_ROW[1:])], header=ODD_HEADER)
    assert "A02" in preview(client, again)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"column-0": "employee_no"}, "请指出哪一列是“姓名”"),
        (CHOICES | {"column-5": "name"}, "“姓名”只能是一列，现在选了 2 列"),
        (CHOICES | {"column-0": "nonsense"}, "请指出哪一列是“工号”"),
    ],
)
def test_columns_that_do_not_make_a_list_are_asked_again(client, token, choices, message):
    response = client.post(f"{IMPORT}{token}/columns/", {"sheet": 0, "row": 0, **choices})
    assert response.status_code == 400
    assert message in response.content.decode()
    assert not ImportMapping.objects.exists()


def test_what_was_said_can_be_forgotten(client, token):
    url = f"{IMPORT}{token}/columns/"
    client.post(url, {"sheet": 0, "row": 0, **CHOICES})
    assert "上次说明" in client.get(url).content.decode()
    client.post(url, {"sheet": 0, "row": 0, "forget": "1"})
    assert not ImportMapping.objects.exists()


def test_odd_places_in_the_address_do_no_harm(client, token):
    for query in ("sheet=9&row=99", "sheet=-1&row=x", "name=不存在"):
        assert client.get(f"{IMPORT}{token}/columns/?{query}").status_code == 200


def test_pages_about_a_list_are_closed_to_others(client, token):
    client.force_login(with_role("team_leader"))
    for page in ("columns", "marked"):
        assert client.get(f"{IMPORT}{token}/{page}/").status_code in (302, 403)
    client.force_login(with_role())
    for page in ("columns", "marked"):
        assert client.get(f"{IMPORT}{token}/{page}/").headers["Location"] == IMPORT


# Faulty rows


def faulty_rows():
    return [row(), row(工号="001002", 手机号="12"), row(工号="001003", 姓名="=1+1", 入职日期="2026-02-30")]


def test_sound_rows_go_in_only_when_told(client, hr, tmp_path):
    url = upload(client, tmp_path, faulty_rows(), create_missing="on")
    page = preview(client, url)
    assert "只导入没有错误的 1 行" in page
    mark = fingerprint(page)
    client.post(f"{url}apply/", {"fingerprint": mark})
    assert not Employee.objects.exists()
    client.post(f"{url}apply/", {"fingerprint": mark, "skip_faulty": "on"})
    assert [one.employee_no for one in Employee.objects.all()] == ["001001"]
    batch = ImportBatch.objects.get()
    assert (batch.counts["rows"], {fault["row"] for fault in batch.left_out}) == (1, {3, 4})
    assert "没有导入的行" in preview(client, f"{IMPORT}result/{batch.pk}/")


def marked(response):
    assert response.status_code == 200
    return load_workbook(io.BytesIO(response.content))


def test_marked_list_keeps_rows_and_shows_reasons(client, hr, tmp_path):
    url = upload(client, tmp_path, faulty_rows(), create_missing="on")
    book = marked(client.get(f"{url}marked/"))
    sheet = book["花名册"]
    assert [cell.value for cell in sheet[1]] == [*HEADER, "错误原因"]
    assert sheet["I2"].value is None
    assert sheet["I3"].value.startswith("手机号：电话号码格式不对")
    assert sheet["G3"].fill.fgColor.rgb == "00F6C6C4"
    assert sheet["G2"].fill.fgColor.rgb != "00F6C6C4"
    assert (sheet["B4"].value, sheet["B4"].data_type) == ("=1+1", "s") or sheet["B4"].value is None
    assert [row[1].value for row in book["错误清单"].iter_rows(min_row=2, max_row=4)] == [3, 4, 4]
    for page in book:
        last = page.cell(page.max_row, 1).value
        assert f"{hr}（{hr.username}） 导出于 2026-" in last
        assert last.startswith(page.oddFooter.center.text)
    # The marked list can be put right and uploaded as it is.
    path = tmp_path / "改好.xlsx"
    sheet["G3"], sheet["B4"], sheet["F4"] = "13800000002", "李四", "2026-02-28"
    book.save(path)
    page = preview(client, send(client, path, create_missing="on").headers["Location"])
    assert "确认导入" in page
    assert "只导入没有错误" not in page


def test_marked_csv_keeps_texts_that_look_like_formulas(client, hr, tmp_path):
    path = tmp_path / "名单.csv"
    lines = [",".join(HEADER), ",".join(str(cell) for cell in row(姓名="=HYPERLINK(1)", 手机号="12"))]
    path.write_bytes("\r\n".join(lines).encode("gb18030"))
    sheet = marked(client.get(f"{send(client, path).headers['Location']}marked/"))["名单"]
    assert (sheet["B2"].value, sheet["B2"].data_type) == ("=HYPERLINK(1)", "s")


def test_long_list_comes_back_marked_by_way_of_a_job(client, hr, tmp_path, monkeypatch):
    monkeypatch.setattr(office_import, "LARGE_FILE_BYTES", 10)
    url = upload(client, tmp_path, faulty_rows(), create_missing="on")
    job = Job.objects.get(pk=client.get(f"{url}marked/").headers["Location"].strip("/").split("/")[-1])
    run_pending_jobs()
    job.refresh_from_db()
    assert marked(client.get(job.result["next_url"])).sheetnames == ["花名册", "错误清单"]


def test_full_roster_never_ends_the_people_of_faulty_rows(client, hr, tmp_path):
    PostFactory(name="电焊工")
    unit = org_path("总厂/一车间/甲班")
    for number in ("001001", "001002", "001003"):
        EmployeeFactory(employee_no=number, assigned__unit=unit)
    url = upload(client, tmp_path, [row(), row(工号="001002", 手机号="12")], full_roster="on")
    page = preview(client, url)
    client.post(f"{url}apply/", {"fingerprint": fingerprint(page), "skip_faulty": "on"})
    assert list(Employee.objects.filter(status="left").values_list("employee_no", flat=True)) == ["001003"]


def test_row_that_names_nobody_keeps_everybody(client, hr, tmp_path):
    PostFactory(name="电焊工")
    EmployeeFactory(employee_no="001003", assigned__unit=org_path("总厂/一车间/甲班"))
    url = upload(client, tmp_path, [row(), row(工号=None)], full_roster="on")
    page = preview(client, url)
    assert "有 1 行看不出是谁" in page
    client.post(f"{url}apply/", {"fingerprint": fingerprint(page), "skip_faulty": "on"})
    assert not Employee.objects.filter(status="left").exists()


# A file seen before, the brake, erasing


def test_file_that_was_imported_asks_first(client, hr, tmp_path):
    url = upload(client, tmp_path, [row()], create_missing="on")
    client.post(f"{url}apply/", {"fingerprint": fingerprint(preview(client, url))})
    again = upload(client, tmp_path, [row()])
    # The workbook is written anew, so its bytes may differ; the same bytes are what counts.
    first = ImportBatch.objects.get()
    ImportBatch.objects.update(
        file_sha256=client.session[office_import.SESSION_KEY][again.split("/")[-2]]["sha256"]
    )
    page = preview(client, again)
    assert "这个文件导入过" in page
    assert str(first.applied_by) in page
    assert client.post(f"{again}again/").headers["Location"] == again
    assert "完全一致" in preview(client, again)


def test_brake_shows_whom_it_would_end_and_takes_only_the_right_number(client, hr, tmp_path):
    people = [EmployeeFactory(assigned__unit=org_path("总厂/一车间")) for _ in range(8)]
    url = upload(client, tmp_path, [row()], create_missing="on", full_roster="on")
    page = preview(client, url)
    assert all(person.employee_no in page for person in people)
    mark = fingerprint(page)
    client.post(f"{url}apply/", {"fingerprint": mark, "ending": "8", "allow_ending": "80"})
    assert not Employee.objects.filter(status="left").exists()
    client.post(f"{url}apply/", {"fingerprint": mark, "ending": "8", "allow_ending": "８"})
    assert Employee.objects.filter(status="left").count() == 8


def test_brake_stops_a_list_that_names_too_many_leavers(client, hr, tmp_path):
    """As when the column of contract ends is taken for the day of leaving."""
    people = [EmployeeFactory(assigned__unit=org_path("总厂/一车间")) for _ in range(8)]
    rows = [(one.employee_no, one.name, "2026-11-18") for one in people]
    path = save(tmp_path / "名单.xlsx", rows, ("工号", "姓名", "离职日期"))
    url = send(client, path).headers["Location"]
    page = preview(client, url)
    assert "名单里写着离职的人超过在册人数的一成，已停下" in page
    mark = fingerprint(page)
    for allowed in ({}, {"ending": "8", "allow_ending": "7"}):
        client.post(f"{url}apply/", {"fingerprint": mark, **allowed})
        assert not Employee.objects.filter(status="left").exists()
    client.post(f"{url}apply/", {"fingerprint": mark, "ending": "8", "allow_ending": "8"})
    assert Employee.objects.filter(status="left").count() == 8


def test_people_to_be_ended_are_shown_page_by_page(client, hr, tmp_path, monkeypatch):
    monkeypatch.setattr(office_import, "MISSING_PER_PAGE", 5)
    people = [EmployeeFactory(assigned__unit=org_path("总厂/一车间")) for _ in range(8)]
    url = upload(client, tmp_path, [row()], create_missing="on", full_roster="on")
    second = preview(client, f"{url}?page=2")
    assert [person.employee_no in second for person in people] == [False] * 5 + [True] * 3


def test_clearing_erases_a_phone_number_and_nothing_else(client, hr, tmp_path):
    url = upload(client, tmp_path, [row()], create_missing="on")
    client.post(f"{url}apply/", {"fingerprint": fingerprint(preview(client, url))})
    url = upload(client, tmp_path, [row(手机号="＃清空 ")])
    client.post(f"{url}apply/", {"fingerprint": fingerprint(preview(client, url))})
    assert Employee.objects.get().phone == ""
    page = preview(client, upload(client, tmp_path, [row(姓名=CLEAR)]))
    assert "这一列不能清空" in page


def test_upload_of_another_kind_says_so(client, hr, tmp_path):
    path = save(tmp_path / "a.xlsx", [row()]).rename(tmp_path / "a.docx")
    page = preview(client, send(client, path).headers["Location"])
    assert "不是 Excel 工作簿" in page
