"""Copies of everything held on one person: complete, only for who asked, gone after a week."""

import datetime as dt
import io
import json
import uuid
import zipfile

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from certificates.models import Certificate, CertificateFile, CertificateTemplate
from common.signing import encrypt_text
from courses.models import StudyRecord
from jobs.models import Job
from jobs.queue import run_job, run_pending_jobs
from notices.actions import send_notice
from people.actions.copies import KEPT_FOR, drop_expired_copies, make_copy, request_copy
from people.actions.employment import change_terms
from people.actions.identity import Why
from people.actions.photos import save_photo
from people.actions.roles import grant_role
from people.errors import AlreadyShown
from people.models import AccessKind, PersonalDataAccess, PersonalDataCopy
from people.personal_data import everything_on
from people.tasks import drop_expired_copies as scheduled_drop
from tests.factories.courses import OperatingRuleFactory
from tests.factories.people import EmployeeFactory, UserFactory, org_path
from tests.factories.training import (
    EmploymentEventFactory,
    ExamFactory,
    LicenceFactory,
    ObligationFactory,
    grade_attempt,
    make_record,
)
from tests.people.recent import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_frozen")]
NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 20)
ID = "11010519491231002X"


@pytest.fixture
def _frozen():
    with time_machine.travel(NOW, tick=False):
        yield


def with_role(role="hr_officer", unit="总厂"):
    user = UserFactory(name="刘敏")
    grant_role(user=user, role=role, unit=org_path(unit), starts_on=TODAY, acting_user=None, now=NOW)
    return user


@pytest.fixture
def employee():
    """A person about whom every room knows something."""
    person = EmployeeFactory(
        employee_no="001001",
        name="张三",
        phone="13800000001",
        id_number_encrypted=encrypt_text(ID),
        assigned__unit=org_path("总厂/一车间"),
    )
    EmploymentEventFactory(employee=person)
    obligation = ObligationFactory(employee=person)
    record = make_record(person, trainer_name="周大勇")
    LicenceFactory(employee=person, number=f"T{ID}")
    grade_attempt(obligation, ExamFactory(title="岗前考试"))
    StudyRecord.objects.create(
        employee=person,
        lesson_id=OperatingRuleFactory().pk,
        lesson_title="动火作业",
        revision_id=1,
        content_sha256="c" * 64,
        started_at=NOW,
        completed_at=NOW,
    )
    certificate = Certificate.objects.create(
        number="AX-1",
        verify_code="v1",
        employee=person,
        record=record,
        template=CertificateTemplate.objects.create(code="t", title="合格证", body="x"),
        printed={"title": "合格证"},
        issued_at=NOW,
    )
    file = CertificateFile(certificate=certificate, sha256="0" * 64, rendered_at=NOW)
    file.file.save("AX-1.pdf", ContentFile(b"%PDF-1.7 certificate"))
    save_photo(employee=person, jpeg=b"\xff\xd8photo", acting_user=UserFactory(superuser=True), now=NOW)
    send_notice(recipient_id=person.user_id, cause="c", title="请完成培训", body="", link="", now=NOW)
    return person


def why(**changes):
    return Why(
        **{"reason": "request", "text": "本人要求", "address": None, "request_key": uuid.uuid4(), **changes}
    )


def form(**changes):
    return {
        "reason": "request",
        "reason_text": "本人书面要求",
        "request_key": str(uuid.uuid4()),
        **changes,
    }


def opened(response):
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))


def test_the_person_asks_and_downloads_it(client, employee):
    sign_in(client, employee.user)
    response = client.post("/me/data/copy/", {"request_key": str(uuid.uuid4())})
    assert response.status_code == 302
    copy = PersonalDataCopy.objects.get()
    assert response.headers["Location"] == f"/jobs/{copy.job_id}/"
    address = f"/me/data/copy/{copy.public_id}/"
    assert client.get(address).status_code == 404
    run_pending_jobs()
    assert address in client.get(f"/jobs/{copy.job_id}/").content.decode()
    assert address in client.get("/me/data/").content.decode()
    archive = opened(client.get(address))
    assert sorted(archive.namelist()) == [
        "data.json",
        "files/certificate-AX-1.pdf",
        "files/photo.jpg",
        "index.html",
    ]
    tables = json.loads(archive.read("data.json"))["tables"]
    assert tables["employee"][0]["id_number"] == ID
    assert tables["employee"][0]["phone"] == "13800000001"
    filled = {name for name, rows in tables.items() if rows}
    assert filled >= {
        "employee",
        "assignments",
        "employment_events",
        "photo",
        "data_accesses",
        "data_copies",
        "account",
        "notices",
        "obligations",
        "training_records",
        "licences",
        "attempts",
        "study_records",
        "certificates",
    }
    assert tables["training_records"][0]["person_salt"]
    assert archive.read("files/certificate-AX-1.pdf") == b"%PDF-1.7 certificate"
    html = archive.read("index.html").decode()
    assert "张三（001001） 导出于" in html or "导出于 2026-11-20 09:00" in html
    for text in ("岗前考试", "动火作业", "周大勇", "请完成培训", f"T{ID}"):
        assert text in html, text
    row = PersonalDataAccess.objects.get()
    assert (row.kind, row.fields, row.viewer) == (AccessKind.COPY, ["everything"], employee.user)


def test_what_was_done_about_the_person_is_in_it(employee):
    """The log is about the person as well as about the account, and events say under which terms."""
    change_terms(
        employee=employee,
        employment_type="dispatched",
        employer=org_path("远航派遣"),
        effective_on=TODAY,
        acting_user=None,
        now=NOW,
    )
    tables = {held.name: held.rows for held in everything_on(employee)}
    assert "people.employee.terms_changed" in {row["action"] for row in tables["audit_log"]}
    (told,) = [row for row in tables["employment_events"] if row["kind"] == "terms_changed"]
    assert (told["employment_type"], told["employer__name"], told["is_withdrawn"]) == (
        "dispatched",
        "远航派遣",
        False,
    )


def test_an_old_sign_in_is_asked_for_anew(client, employee):
    client.force_login(employee.user)
    response = client.post("/me/data/copy/", {"request_key": str(uuid.uuid4())})
    assert response.status_code == 302
    assert "password-again" in response.headers["Location"]
    sign_in(client, employee.user)
    assert client.post("/me/data/copy/", {"request_key": "x"}).status_code == 422
    assert not PersonalDataCopy.objects.exists()


def test_hr_needs_reason_and_right(client, employee):
    url = f"/admin/people/{employee.public_id}/copy/"
    sign_in(client, with_role())
    assert client.get(url).status_code == 200
    assert client.post(url, form(reason_text="")).status_code == 422
    sent = form()
    assert client.post(url, sent).status_code == 302
    assert client.post(url, sent).status_code == 302
    assert PersonalDataCopy.objects.count() == 1
    for user in (with_role("auditor"), with_role("team_leader"), with_role(unit="别厂")):
        sign_in(client, user)
        assert client.post(url, form()).status_code == 404
    assert PersonalDataCopy.objects.count() == 1


def test_nobody_else_downloads_it_and_the_right_is_asked_again(client, employee):
    hr = with_role()
    copy = request_copy(employee=employee, why=why(), acting_user=hr, now=NOW)
    run_pending_jobs()
    address = f"/admin/people/copies/{copy.public_id}/"
    own = f"/me/data/copy/{copy.public_id}/"
    for user in (employee.user, with_role(), UserFactory(superuser=True)):
        sign_in(client, user)
        assert client.get(address).status_code in (302, 404)
        assert client.get(own).status_code == 404
    sign_in(client, hr)
    assert client.get(own).status_code == 404
    opened(client.get(address))
    hr.role_grants.all().delete()
    assert client.get(address).status_code in (302, 404)  # without any role the office itself is closed
    client.logout()
    assert client.get(address).status_code == 302


def test_it_is_made_once_however_often_the_job_runs(employee):
    copy = request_copy(employee=employee, why=why(), acting_user=employee.user, now=NOW)
    run_pending_jobs()
    copy.refresh_from_db()
    first = copy.file.name
    Job.objects.update(state="queued")
    run_job(str(copy.job_id))
    copy.refresh_from_db()
    assert copy.file.name == first
    stale = PersonalDataCopy.objects.get(pk=copy.pk)
    stale.file, stale.made_at = "", None
    make_copy(copy=stale, now=NOW)
    assert stale.file.name == first
    folders, files = default_storage.listdir("personal-data/2026/11")
    assert (folders, len(files)) == ([], 1)


def test_the_file_goes_after_a_week_and_the_row_stays(client, employee):
    copy = request_copy(employee=employee, why=why(), acting_user=employee.user, now=NOW)
    run_pending_jobs()
    copy.refresh_from_db()
    sign_in(client, employee.user)
    assert drop_expired_copies(now=NOW + KEPT_FOR - dt.timedelta(seconds=1)) == 0
    with time_machine.travel(NOW + KEPT_FOR, tick=False):
        sign_in(client, employee.user)
        assert client.get(f"/me/data/copy/{copy.public_id}/").status_code == 404
        assert scheduled_drop() == 1
        assert scheduled_drop() == 0
        make_copy(copy=PersonalDataCopy.objects.get(pk=copy.pk), now=NOW + KEPT_FOR)
    assert not default_storage.exists(copy.file.name)
    assert PersonalDataCopy.objects.get().file.name == ""


def test_the_action_refuses_by_itself(employee):
    with pytest.raises(PermissionDenied):
        request_copy(employee=employee, why=why(), acting_user=with_role("auditor"), now=NOW)
    once = why()
    request_copy(employee=employee, why=once, acting_user=employee.user, now=NOW)
    with pytest.raises(AlreadyShown):
        request_copy(employee=employee, why=once, acting_user=employee.user, now=NOW)


def test_queries_do_not_grow_with_what_is_held(employee, django_assert_max_num_queries):
    everything_on(employee)  # content types are read once for a process
    with django_assert_max_num_queries(85) as one:
        everything_on(employee)
    for _ in range(2):
        make_record(employee)
        LicenceFactory(employee=employee)
        ObligationFactory(employee=employee)
    with django_assert_max_num_queries(85) as three:
        everything_on(employee)
    assert len(one) == len(three)
    assert {held.name for held in everything_on(EmployeeFactory(user=None))} >= {"employee", "licences"}


def test_titles_of_jobs_name_nobody(employee):
    request_copy(employee=employee, why=why(), acting_user=employee.user, now=NOW)
    job = Job.objects.get()
    assert "张三" not in f"{job.title}{job.params}"
