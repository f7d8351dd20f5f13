"""HR's pages in the back office: upload, preview, confirm, slips, lists, accounts."""

import datetime as dt
import io
import re

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from common.clock import now
from jobs.models import Job
from jobs.queue import run_pending_jobs
from people.actions.kiosks import pair_kiosk, register_kiosk, revoke_kiosk
from people.actions.roles import grant_role
from people.importers.roster_file import read_roster
from people.importers.uploads import KEPT_FOR, UploadGone, keep_upload, opened_upload
from people.models import Employee, ImportBatch, OrgUnit, Post, SignInTicket, User
from people.views import office_import
from tests.factories.people import EmployeeFactory, PostFactory, UserFactory, org_path
from tests.people.workbooks import row, save

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_frozen")]
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 20)
IMPORT = "/admin/people/import/"
ID = "11010519491231002X"


@pytest.fixture
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


def with_role(role="hr_officer", unit="总厂"):
    user = UserFactory()
    grant_role(user=user, role=role, unit=org_path(unit), starts_on=TODAY, acting_user=None, now=NOW)
    return user


@pytest.fixture
def hr(client):
    user = with_role()
    client.force_login(user)
    return user


def send(client, path, **options):
    file = SimpleUploadedFile(path.name, path.read_bytes())
    return client.post(IMPORT, {"file": file, **options})


def upload(client, tmp_path, rows, header=None, **options):
    path = save(tmp_path / "名单.xlsx", rows, **({"header": header} if header else {}))
    response = send(client, path, **options)
    assert response.status_code == 302, response.content.decode()
    return response.headers["Location"]


def preview(client, url):
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def fingerprint(page):
    return re.search(r'name="fingerprint" value="(\w+)"', page)[1]


def test_upload_preview_confirm_result_and_slips(client, hr, tmp_path):
    url = upload(client, tmp_path, [row(身份证号=ID), row(工号="001002", 姓名="李𠮷")], create_missing="on")
    page = preview(client, url)
    assert not Employee.objects.exists()
    assert "李𠮷" in page
    assert "总厂/一车间/甲班" in page
    assert ID not in page
    response = client.post(f"{url}apply/", {"fingerprint": fingerprint(page)})
    batch = ImportBatch.objects.get()
    assert response.headers["Location"] == f"{IMPORT}result/{batch.pk}/"
    assert batch.applied_by == hr
    assert Employee.objects.count() == 2
    assert "登录凭条" in preview(client, response.headers["Location"])
    assert default_storage.listdir("people-imports")[1] == []
    assert client.get(url).headers["Location"] == IMPORT
    assert client.post(f"{url}apply/", {"fingerprint": "x"}).headers["Location"] == IMPORT
    sheet = client.post("/admin/people/slips/", {"batch": batch.pk}).content.decode()
    assert sheet.count("data:image/svg+xml") == 2
    link = re.search(r"/join/[\w-]+/", sheet)[0]
    assert client.get(link).status_code == 200
    assert batch.file_name in client.get(IMPORT).content.decode()


def test_kept_list_is_encrypted_and_belongs_to_its_account(client, hr, tmp_path):
    url = upload(client, tmp_path, [row(身份证号=ID)], create_missing="on")
    (name,) = default_storage.listdir("people-imports")[1]
    with default_storage.open(f"people-imports/{name}") as kept:
        assert not kept.read().startswith(b"PK")
    client.force_login(with_role())
    assert client.get(url).headers["Location"] == IMPORT
    assert client.post(f"{url}apply/", {"fingerprint": "x"}).headers["Location"] == IMPORT
    assert not Employee.objects.exists()
    token = url.rstrip("/").rsplit("/", 1)[-1]
    with pytest.raises(UploadGone), opened_upload(token, user_id=UserFactory().pk):
        pass


def test_kept_lists_are_thrown_away_after_a_day():
    token = keep_upload(io.BytesIO(b"x"), user_id=1, now=NOW)
    with opened_upload(token, user_id=1) as path:
        assert path.read_bytes() == b"x"
    # The file's own time is the machine's, not the frozen one.
    keep_upload(io.BytesIO(b"y"), user_id=1, now=dt.datetime(2100, 1, 1, tzinfo=dt.UTC) + KEPT_FOR)
    with pytest.raises(UploadGone), opened_upload(token, user_id=1):
        pass


def test_preview_lists_faults_by_row_and_column_and_offers_no_confirmation(client, hr, tmp_path):
    url = upload(client, tmp_path, [row(手机号="12")], create_missing="on")
    page = preview(client, url)
    assert "电话号码格式不对" in page
    assert "确认导入" not in page
    client.post(f"{url}apply/", {"fingerprint": "x"})
    assert not Employee.objects.exists()


def test_data_that_moved_on_shows_the_new_comparison(client, hr, tmp_path):
    url = upload(client, tmp_path, [row()], create_missing="on")
    mark = fingerprint(preview(client, url))
    EmployeeFactory(employee_no="001001", name="张三", assigned__unit=org_path("总厂/二车间"))
    response = client.post(f"{url}apply/", {"fingerprint": mark}, follow=True)
    assert "数据有了变化" in response.content.decode()
    assert "转岗" in response.content.decode()
    assert not ImportBatch.objects.exists()
    new = fingerprint(response.content.decode())
    assert (
        client.post(f"{url}apply/", {"fingerprint": new}).headers["Location"].startswith(f"{IMPORT}result/")
    )


def test_missing_departments_need_the_option(client, hr, tmp_path):
    assert "没有部门" in preview(client, upload(client, tmp_path, [row()]))
    assert 'id="id_create_missing" checked' not in client.get(IMPORT).content.decode()


def test_full_roster_over_the_brake_needs_the_number(client, hr, tmp_path):
    for _ in range(8):
        EmployeeFactory(assigned__unit=org_path("总厂/一车间"))
    url = upload(client, tmp_path, [row()], create_missing="on", full_roster="on")
    page = preview(client, url)
    assert "要办理离职 8 人" in page
    mark = fingerprint(page)
    client.post(f"{url}apply/", {"fingerprint": mark, "allow_ending": "7"})
    assert not Employee.objects.filter(status="left").exists()
    client.post(f"{url}apply/", {"fingerprint": mark, "allow_ending": "8"})
    assert Employee.objects.filter(status="left").count() == 8


def test_a_list_that_changes_nothing_offers_nothing(client, hr, tmp_path):
    url = upload(client, tmp_path, [row()], create_missing="on")
    client.post(f"{url}apply/", {"fingerprint": fingerprint(preview(client, url))})
    url = upload(client, tmp_path, [row()])
    client.post(f"{url}again/")  # within one second it is the very same file, which is asked about first
    page = preview(client, url)
    assert "完全一致" in page
    assert "确认导入" not in page


def test_a_large_list_runs_as_jobs(client, hr, tmp_path, monkeypatch):
    monkeypatch.setattr(office_import, "LARGE_FILE_BYTES", 10)
    url = upload(client, tmp_path, [row()], create_missing="on")
    job_url = client.get(url).headers["Location"]
    assert client.get(url).headers["Location"] == job_url
    assert "排队中" in client.get(job_url).content.decode()
    run_pending_jobs()
    assert f'href="{url}"' in client.get(job_url).content.decode()
    page = preview(client, url)
    assert "张三" in page
    job_url = client.post(f"{url}apply/", {"fingerprint": fingerprint(page)}).headers["Location"]
    assert not Employee.objects.exists()
    run_pending_jobs()
    assert Employee.objects.get().employee_no == "001001"
    batch = ImportBatch.objects.get()
    assert f"{IMPORT}result/{batch.pk}/" in client.get(job_url).content.decode()
    client.force_login(with_role())
    assert client.get(job_url).status_code == 404


def test_a_large_list_confirmed_too_late_changes_nothing(client, hr, tmp_path, monkeypatch):
    monkeypatch.setattr(office_import, "LARGE_FILE_BYTES", 10)
    url = upload(client, tmp_path, [row()], create_missing="on")
    client.get(url)
    run_pending_jobs()
    mark = fingerprint(preview(client, url))
    PostFactory(name="电焊工")
    EmployeeFactory(employee_no="001001", assigned__unit=org_path("总厂/二车间"))
    client.post(f"{url}apply/", {"fingerprint": mark})
    run_pending_jobs()
    job = Job.objects.latest("created_at", "pk")
    assert not ImportBatch.objects.exists()
    assert Job.objects.filter(result__outdated=True).exists(), job.result
    client.get(url)
    run_pending_jobs()
    assert "转岗" in preview(client, url)


@pytest.mark.parametrize("role", [None, "team_leader", "editor", "auditor"])
def test_pages_of_import_are_closed_to_others(client, tmp_path, role):
    client.force_login(with_role(role) if role else EmployeeFactory().user)
    path = save(tmp_path / "a.xlsx", [row()])
    for response in (
        client.get(IMPORT),
        send(client, path),
        client.get(f"{IMPORT}template.xlsx"),
        client.post("/admin/people/slips/", {"batch": 1}),
        client.get(f"{IMPORT}x/"),
    ):
        assert response.status_code in (302, 403)
    assert not default_storage.exists("people-imports")


def test_result_is_for_who_applied_it(client, hr, tmp_path):
    url = upload(client, tmp_path, [row()], create_missing="on")
    target = client.post(f"{url}apply/", {"fingerprint": fingerprint(preview(client, url))}).headers[
        "Location"
    ]
    client.force_login(with_role())
    assert client.get(target).status_code == 404
    client.force_login(UserFactory(superuser=True))
    assert client.get(target).status_code == 200


def test_template_reads_back_without_people_and_keeps_text(client, hr, tmp_path):
    response = client.get(f"{IMPORT}template.xlsx")
    path = tmp_path / "模板.xlsx"
    path.write_bytes(response.content)
    file = read_roster(path, file_name=path.name, today=TODAY)
    assert (file.faults, file.row_count) == ([], 0)
    book = load_workbook(path)
    sheet = book["人员名单"]
    assert sheet["A1"].value == "*工号"
    assert sheet["H4000"].number_format == "@"
    assert book.sheetnames == ["人员名单", "填写说明", "可选项"]
    rules = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert rules["E2:E5001"] == "'可选项'!$A$2:$A$7"
    assert rules["C2:C5001"] == "'可选项'!$D$2:$D$2"
    assert book["可选项"]["D2"].value == "总厂"
    sheet["A3"], sheet["B3"], sheet["C3"], sheet["D3"], sheet["F3"] = (
        "007",
        "张三",
        "总厂",
        "车工",
        "2026/1/2",
    )
    book.save(path)
    assert [one.employee_no for one in read_roster(path, file_name=path.name, today=TODAY).rows] == ["007"]


def test_employee_list_search_filter_and_scope(client, hr):
    inside = EmployeeFactory(name="张三", employee_no="A1", assigned__unit=org_path("总厂/一车间"))
    EmployeeFactory(name="李四", employee_no="A2", assigned__unit=org_path("总厂/二车间"), left=True)
    EmployeeFactory(name="外人", employee_no="Z9", assigned__unit=org_path("别厂"))
    url = "/admin/people/"

    def names(**query):
        page = client.get(url, query).content.decode()
        return [name for name in ("张三", "李四", "外人") if f">{name}</a>" in page]

    assert names() == ["张三", "李四"]
    assert names(q="A1") == names(q="张") == names(status="active") == ["张三"]
    assert names(unit=org_path("总厂/二车间").pk) == ["李四"]
    assert names(unit=org_path("别厂").pk) == ["张三", "李四"]
    assert names(unit="x", status="x", p="99") == ["张三", "李四"]
    assert names(q="无此人") == []
    assert client.get(f"{url}{inside.public_id}/").status_code == 200


@pytest.mark.parametrize("page", ["/admin/people/", "/admin/people/units/"])
def test_lists_take_the_same_queries_for_one_and_three(client, hr, page):
    counted = []
    for number in (1, 2):
        EmployeeFactory.create_batch(number, assigned__unit=org_path("总厂/一车间"))
        client.get(page)
        with CaptureQueriesContext(connection) as queries:
            client.get(page)
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_inspect_masks_and_denies(client, hr, tmp_path):
    url = upload(client, tmp_path, [row(身份证号=ID)], create_missing="on")
    client.post(f"{url}apply/", {"fingerprint": fingerprint(preview(client, url))})
    employee = Employee.objects.get()
    target = f"/admin/people/{employee.public_id}/"
    page = preview(client, target)
    assert "110105********002X" in page
    assert "13800000001" in page  # those who manage people have to ring
    assert ID not in page
    assert "入职" in page
    assert client.get(target).status_code == 200
    client.force_login(with_role(unit="别厂"))
    assert client.get(target).status_code == 404
    client.force_login(employee.user)
    assert client.get(target).status_code in (302, 403)


def test_slips_of_chosen_people_only_within_reach(client, hr):
    inside = EmployeeFactory(assigned__unit=org_path("总厂/一车间"))
    outside = EmployeeFactory(assigned__unit=org_path("别厂"))
    url = "/admin/people/slips/"
    page = client.post(url, {"employee": [inside.public_id, outside.public_id]}).content.decode()
    assert page.count("data:image/svg+xml") == 1
    assert list(SignInTicket.objects.values_list("user", flat=True)) == [inside.user_id]
    assert client.post(url, {"employee": [outside.public_id]}).status_code == 302
    assert client.post(url, {"employee": ["x"]}).status_code in (302, 403)
    assert client.post(url, {"batch": "99"}).status_code == 302
    assert client.get(url).status_code == 405


def test_slips_tell_of_the_tablets_code_where_there_is_a_tablet(client, hr):
    for unit in ("总厂/一车间/甲班", "总厂/二车间"):
        EmployeeFactory(assigned__unit=org_path(unit))
    system = {"acting_user": None, "now": now()}
    used, token = register_kiosk(name="门口", unit=org_path("总厂/一车间"), **system)
    register_kiosk(name="没有登记好", unit=org_path("总厂/二车间"), **system)

    def notes():
        people = Employee.objects.values_list("public_id", flat=True)
        return (
            client.post("/admin/people/slips/", {"employee": list(people)})
            .content.decode()
            .count("6 位登录码")
        )

    assert notes() == 0
    pair_kiosk(token=token, now=now())
    assert notes() == 1
    revoke_kiosk(kiosk=used, **system)
    assert notes() == 0


def test_empty_lists_say_what_to_do(client, hr):
    OrgUnit.objects.get(name="总厂").role_grants.all()
    assert "导入人员名单" in preview(client, "/admin/people/")


def test_posts_are_edited_by_hr_and_closed_to_a_team_leader(client, hr):
    post = PostFactory(name="车工")
    assert "车工" in preview(client, "/admin/posts/")
    data = {"name": "数控车工", "code": ""}
    assert client.post(f"/admin/posts/edit/{post.pk}/", data).status_code == 302
    assert Post.objects.get().name == "数控车工"
    client.force_login(with_role("team_leader"))
    assert client.get("/admin/posts/").status_code in (302, 403)


@pytest.fixture
def admin(client):
    user = UserFactory(superuser=True)
    client.force_login(user)
    return user


def test_accounts_have_one_name(client, admin):
    page = preview(client, "/admin/users/new/")
    assert 'name="name"' in page
    assert "first_name" not in page
    data = {"username": "boss", "name": "厂长", "email": "", "password1": "guan-tong-88",
            "password2": "guan-tong-88", "must_change_password": "on"}  # fmt: skip
    assert client.post("/admin/users/new/", data).status_code == 302
    user = User.objects.get(username="boss")
    assert (user.name, user.must_change_password, user.check_password("guan-tong-88")) == ("厂长", True, True)
    url = f"/admin/users/edit/{user.pk}/"
    assert "厂长" in preview(client, url)
    assert client.post(url, data | {"name": "总厂厂长", "password1": "", "password2": ""}).status_code == 302
    user.refresh_from_db()
    assert (user.name, user.check_password("guan-tong-88")) == ("总厂厂长", True)
    assert "总厂厂长" in preview(client, "/admin/users/")
    assert "总厂厂长" in preview(client, "/admin/users/?q=总厂厂")
    for ordering in ("name", "-name", "username"):
        assert client.get("/admin/users/", {"ordering": ordering}).status_code == 200


def test_own_account_page_has_one_name(client, admin):
    page = preview(client, "/admin/account/")
    assert "first_name" not in page
    assert "name_email-name" in page


def test_licence_types_are_listed(client, admin):
    assert client.get("/admin/licence_types/").status_code == 200
    assert client.get("/admin/licence_types/new/").status_code == 200


def test_menu_shows_what_one_may_do(client, hr):
    page = preview(client, "/admin/")
    assert "/admin/people/import/" in page
    client.force_login(with_role("team_leader"))
    page = preview(client, "/admin/")
    assert "/admin/people/import/" not in page
    assert "/admin/people/" in page
