"""The ledger's pages: one row, its proof and correction, seals, checkpoint, verification."""

import json

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from jobs.models import Job
from jobs.queue import run_pending_jobs
from people.models import Role
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory
from tests.factories.training import at, make_record
from training.actions.sealing import checkpoint_text, seal_ledger, take_checkpoint
from training.models import LedgerCheckpoint, TrainingRecord

pytestmark = pytest.mark.django_db
NOW = at("2026-03-05")


@pytest.fixture(autouse=True)
def passing_time():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def unit():
    return OrgUnitFactory()


@pytest.fixture
def record(unit):
    return make_record(
        EmployeeFactory(name="张伟", assigned__unit=unit), trainer_name="周师傅", place="培训室"
    )


@pytest.fixture
def officer(client, unit):
    user = RoleGrantFactory(role=Role.SAFETY_OFFICER, unit=unit).user
    client.force_login(user)
    return user


def page(name, *args):
    return reverse(f"training_office:{name}", args=args)


def test_row_shows_what_it_says_and_whether_it_is_sealed(client, officer, record):
    shown = client.get(page("ledger-record", record.seq)).content.decode()
    for text in ("张伟", "周师傅", "培训室", record.leaf_hash, "等待封存"):
        assert text in shown
    assert page("ledger-proof", record.seq) not in shown
    answer = client.get(page("ledger-proof", record.seq), follow=True)
    assert "还没有封存" in answer.content.decode()
    seal_ledger(now=NOW)
    assert "已封存" in client.get(page("ledger-record", record.seq)).content.decode()
    proof = client.get(page("ledger-proof", record.seq))
    assert 'filename="ledger-proof-1.json"' in proof["Content-Disposition"]
    assert json.loads(proof.content)["payload"] == record.payload
    assert client.get(page("ledger-record", 99)).status_code == 404


def test_row_of_another_unit_is_not_found(client, officer):
    other = make_record(EmployeeFactory(assigned__unit=OrgUnitFactory()))
    for name in ("ledger-record", "ledger-proof", "ledger-correct"):
        assert client.get(page(name, other.seq)).status_code == 404


def test_correction_is_a_new_row(client, officer, record):
    address = page("ledger-correct", record.seq)
    form = client.get(address).context["form"]
    fields = {name: form[name].value() for name in form.fields if name not in ("reason", "passed")}
    data = {name: "" if value is None else str(value) for name, value in fields.items()}
    data["started_at"] = "2026-03-02 08:00:00"
    data["completed_at"] = "2026-03-02 16:00:00"
    unchanged = client.post(address, data | {"passed": "on", "reason": "x"})
    assert unchanged.status_code == 422
    assert "没有改动任何一项" in unchanged.content.decode()
    assert client.post(address, data | {"passed": "on", "hours": "4"}).status_code == 422
    backwards = data | {"passed": "on", "completed_at": "2026-03-02 07:00:00", "reason": "x"}
    assert "不能早于" in client.post(address, backwards).content.decode()
    done = client.post(
        address, data | {"passed": "on", "hours": "4", "reason": "签到表只有四学时"}, follow=True
    )
    new = TrainingRecord.objects.get(corrects=record)
    assert (new.hours, new.trainer_name, new.recorded_by, new.passed) == (4, "周师傅", officer, True)
    assert "签到表只有四学时" in done.content.decode()
    assert f"已由第 {new.seq} 号更正" in client.get(page("ledger-record", record.seq)).content.decode()
    again = client.post(address, data | {"passed": "on", "hours": "5", "reason": "x"})
    assert again.status_code == 422
    assert "已由第 2 号更正" in again.content.decode()
    assert TrainingRecord.objects.count() == 2


def test_seals_page_and_both_ways_of_a_checkpoint(client, officer, record):
    assert "等待封存" in client.get(page("ledger-seals")).content.decode()
    assert "还没有封存过" in client.post(page("ledger-checkpoint"), follow=True).content.decode()
    seal_ledger(now=NOW)
    assert "还没有带出过检查点" in client.get(page("ledger-seals")).content.decode()
    file = client.post(page("ledger-checkpoint"))
    assert json.loads(file.content)["size"] == 1
    sheet = client.post(page("ledger-checkpoint-print")).content.decode()
    assert "<svg" in sheet
    assert "style=" not in sheet.partition("<svg")[2].partition("</svg>")[0]
    assert list(LedgerCheckpoint.objects.order_by("pk").values_list("way", "taken_by")) == [
        ("file", officer.pk),
        ("print", officer.pk),
    ]
    program = client.get(page("ledger-checker"))
    assert b"RFC 8032" in b"".join(program.streaming_content)


def test_verification_runs_as_a_job_and_its_result_is_shown(client, officer, record, passing_time):
    seal_ledger(now=NOW)
    facts = take_checkpoint(way="file", acting_user=None, now=NOW)
    upload = SimpleUploadedFile("c.json", checkpoint_text(facts).encode())
    answer = client.post(page("ledger-verify"), {"checkpoint": upload})
    job = Job.objects.get()
    assert answer["Location"] == reverse("jobs:detail", args=[job.pk])
    run_pending_jobs()
    shown = client.get(page("ledger-seals")).content.decode()
    assert "没有发现问题" in shown
    assert "与外部检查点核对过" in shown
    passing_time.shift(60)
    later = checkpoint_text(facts).replace('"size": 1', '"size": 9')
    client.post(page("ledger-verify"), {"checkpoint": SimpleUploadedFile("c.json", later.encode())})
    run_pending_jobs()
    shown = client.get(page("ledger-seals")).content.decode()
    assert "发现 1 处问题" in shown
    wrong = client.post(
        page("ledger-verify"), {"checkpoint": SimpleUploadedFile("照片.json", b"{}")}, follow=True
    )
    assert "“照片.json”不是台账检查点" in wrong.content.decode()
    assert Job.objects.count() == 2


def test_who_only_looks_may_not_verify_or_take_a_checkpoint(client, unit, record):
    seal_ledger(now=NOW)
    client.force_login(RoleGrantFactory(role=Role.TEAM_LEADER, unit=unit).user)
    shown = client.get(page("ledger-seals")).content.decode()
    assert page("ledger-verify") not in shown
    for name in ("ledger-verify", "ledger-checkpoint", "ledger-checkpoint-print"):
        assert client.post(page(name)).status_code in (302, 403)
    assert not Job.objects.exists()
    assert not LedgerCheckpoint.objects.exists()


def test_pages_take_as_many_queries_for_three_rows_as_for_one(
    client, officer, unit, record, django_assert_max_num_queries
):
    seal_ledger(now=NOW)
    client.get(page("ledger"))
    for _ in range(2):
        with django_assert_max_num_queries(30):
            assert "已封存" in client.get(page("ledger")).content.decode()
            client.get(page("ledger-seals"))
        make_record(record.employee)
        make_record(record.employee)
        seal_ledger(now=NOW)
