"""The back office's import and export of a bank."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from exams.importers import excel
from exams.models import Question
from exams.views import formats
from jobs.models import Job
from jobs.queue import run_pending_jobs
from people.models import Role
from tests.exams.importers.test_examples import DATA
from tests.exams.test_office import admin_user, client_of
from tests.factories.exams import make_bank
from tests.factories.people import OrgUnitFactory, RoleGrantFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def unit():
    return OrgUnitFactory()


@pytest.fixture
def client(unit) -> Client:
    return client_of(RoleGrantFactory(user=admin_user(), role=Role.EXAMINER, unit=unit).user)


@pytest.fixture
def bank(unit):
    bank = make_bank()
    bank.owner = unit
    bank.save()
    return bank


def url(name, *args):
    return reverse(f"exams_office:{name}", args=args)


def upload(client, bank, name="safety.gift", **data):
    file = SimpleUploadedFile(name, (DATA / name).read_bytes())
    return client.post(url("bank-import", bank.pk), {"file": file, "wanted": "auto", **data})


def test_a_file_is_looked_at_and_then_imported(client, bank):
    before = Question.objects.count()
    response = upload(client, bank)
    assert response.status_code == 302
    page = client.get(response.url)
    assert Question.objects.count() == before
    text = page.content.decode()
    assert "导入 13 题" in text
    assert "花括号没有成对" in text
    assert "选项的反馈没有读取" in text
    applied = client.post(f"{response.url}apply/", follow=True)
    assert "已导入" in applied.content.decode()
    assert Question.objects.count() == before + 13
    # A second click imports nothing more and shows the same result.
    client.post(f"{response.url}apply/")
    assert Question.objects.count() == before + 13
    again = client.get(upload(client, bank).url).content.decode()
    assert "没有要新建或更新的题" in again


def test_a_large_file_is_a_job_with_progress(client, bank, monkeypatch):
    monkeypatch.setattr(formats, "LARGE_FILE_BYTES", 10)
    before = Question.objects.count()
    response = upload(client, bank)
    waiting = client.get(response.url)
    assert waiting.url == reverse("jobs:detail", args=[Job.objects.get().pk])
    run_pending_jobs()
    assert "导入 13 题" in client.get(response.url).content.decode()
    client.post(f"{response.url}apply/")
    run_pending_jobs()
    assert Job.objects.filter(state="done").count() == 2
    assert Question.objects.count() == before + 13
    assert "已导入" in client.get(response.url).content.decode()


def test_a_file_of_another_session_is_gone(client, bank):
    response = client.get(url("bank-import-preview", bank.pk, "nothing"), follow=True)
    assert "请重新上传" in response.content.decode()
    assert client.post(url("bank-import-apply", bank.pk, "nothing")).status_code == 302


def test_without_a_file_the_form_says_so(client, bank):
    assert client.post(url("bank-import", bank.pk), {}).status_code == 422


def test_an_export_says_what_is_lost_and_is_written_down(client, bank):
    page = client.get(url("bank-export", bank.pk, "aiken")).content.decode()
    assert "Aiken 只有单选题和判断题，这道题没有导出。" in page
    response = client.get(url("bank-export-file", bank.pk, "excel"))
    sheet = load_workbook(io.BytesIO(response.content)).active
    assert [cell.value for cell in sheet[1]][:3] == ["题型", "题干", "选项A"]
    assert sheet.max_row == 11
    assert client.get(url("bank-export", bank.pk, "word")).status_code == 404


def test_the_template_holds_examples_and_no_questions(client):
    book = load_workbook(io.BytesIO(client.get(url("bank-template")).content))
    tables = [
        excel.Table(sheet.title, [list(row) for row in sheet.iter_rows(values_only=True)]) for sheet in book
    ]
    assert excel.read(tables).read == 0
    shown = excel.read([excel.Table("x", tables[1].rows)])
    assert len(shown.items) == 7
    assert shown.errors == []


def test_others_do_not_reach_the_bank(bank):
    other = client_of(RoleGrantFactory(user=admin_user(), role=Role.EXAMINER, unit=OrgUnitFactory()).user)
    for name, args in (("bank-import", []), ("bank-export", ["gift"]), ("bank-export-file", ["gift"])):
        assert other.get(url(name, bank.pk, *args)).status_code == 404
