import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from certificates.actions.issue import issue_for_record, take_number
from certificates.content import UnknownPlaceholder
from certificates.models import Certificate, CertificateTemplate, NumberSeries
from certificates.numbering import parse_number
from jobs.models import Job
from tests.factories.certificates import CertifiedProgrammeFactory, ProgrammeRecordFactory
from tests.factories.people import EmployeeFactory, PostFactory, org_path
from tests.factories.training import make_record
from tests.threads import in_threads
from training.models import RecordKind, TrainingRecord
from training.signals import TrainingRecordAdded, training_record_added

NOW = dt.datetime(2026, 3, 9, 1, 0, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


def placed_employee(name="张𠮷安"):
    return EmployeeFactory(
        name=name,
        assigned__unit=org_path("总厂/一车间/甲班"),
        assigned__post=PostFactory(name="焊工"),
    )


def test_certificate_freezes_every_printed_field(settings):
    settings.ORGANISATION_NAME = "华川重型机械有限公司"
    record = ProgrammeRecordFactory(employee=placed_employee(), seq=18)

    certificate = issue_for_record(record_id=record.pk, now=NOW)

    assert certificate.number == "AX-2026-000001-67"
    assert (certificate.issued_at, certificate.valid_until) == (NOW, None)
    assert len(certificate.verify_code) == 27
    assert certificate.printed == {
        "number": "AX-2026-000001-67",
        "title": "安全生产培训合格证书",
        "name": "张𠮷安",
        "employee_no": record.employee.employee_no,
        "unit": "总厂/一车间/甲班",
        "post": "焊工",
        "programme": "新员工岗前安全培训",
        "body": "张𠮷安于2026年3月8日完成“新员工岗前安全培训”，实修 24 学时，成绩 92.5 分，准予上岗。",
        "footnote": "不代替特种作业操作证。",
        "hours": "24",
        "score": "92.5",
        "completed_on": "2026年3月8日",
        "issued_on": "2026年3月9日",
        "valid_until": "长期有效",
        "issuer": "华川重型机械有限公司",
        "record_seq": "18",
        "record_hash": record.leaf_hash,
    }


def test_issue_queues_one_render_job():
    certificate = issue_for_record(record_id=ProgrammeRecordFactory().pk, now=NOW)
    job = Job.objects.get()
    assert (job.task, job.params) == (
        "certificates.tasks.render_certificate",
        {"certificate_id": certificate.pk},
    )


def test_second_call_returns_the_same_certificate():
    record = ProgrammeRecordFactory()
    first = issue_for_record(record_id=record.pk, now=NOW)
    second = issue_for_record(record_id=record.pk, now=NOW + dt.timedelta(days=400))
    assert first == second
    assert (Certificate.objects.count(), Job.objects.count()) == (1, 1)
    assert NumberSeries.objects.get().last == 1


def test_issuer_is_the_top_unit_or_else_the_platform():
    placed = issue_for_record(record_id=ProgrammeRecordFactory(employee=placed_employee()).pk, now=NOW)
    unplaced = issue_for_record(record_id=ProgrammeRecordFactory().pk, now=NOW)
    assert placed.printed["issuer"] == "总厂"
    assert unplaced.printed["issuer"] == "安学培训平台"
    assert (unplaced.printed["unit"], unplaced.printed["post"]) == ("", "")


@pytest.mark.parametrize(
    "changes",
    [
        {"passed": False},
        {"kind": RecordKind.ON_SITE},
        {"programme": None, "title": "现场教育", "kind": RecordKind.ON_SITE},
        {"programme__template": False},
    ],
    ids=["failed", "on site", "without programme", "without template"],
)
def test_record_that_earns_no_certificate_gives_none(changes):
    record = ProgrammeRecordFactory(**changes)
    assert issue_for_record(record_id=record.pk, now=NOW) is None
    assert not NumberSeries.objects.exists()


def test_corrected_record_gives_none():
    record = ProgrammeRecordFactory()
    ProgrammeRecordFactory(corrects=record, kind=RecordKind.CORRECTION, programme=record.programme)
    assert issue_for_record(record_id=record.pk, now=NOW) is None


def test_unknown_record_is_an_error():
    with pytest.raises(TrainingRecord.DoesNotExist):
        issue_for_record(record_id=404, now=NOW)


@pytest.mark.parametrize(
    ("template_months", "programme_months", "expected"),
    [(12, 36, dt.date(2027, 3, 8)), (None, 36, dt.date(2029, 3, 8)), (None, None, None)],
)
def test_validity_is_the_templates_or_else_the_programmes(template_months, programme_months, expected):
    programme = CertifiedProgrammeFactory(
        valid_months=programme_months, template__valid_months=template_months
    )
    certificate = issue_for_record(record_id=ProgrammeRecordFactory(programme=programme).pk, now=NOW)
    assert certificate.valid_until == expected


def test_year_of_a_number_is_the_local_one():
    late = dt.datetime(2026, 12, 31, 16, 30, tzinfo=dt.UTC)
    certificate = issue_for_record(record_id=ProgrammeRecordFactory().pk, now=late)
    assert parse_number(certificate.number).year == 2027


def test_template_that_cannot_be_filled_takes_no_number():
    programme = CertifiedProgrammeFactory(template__body="{salary}")
    record = ProgrammeRecordFactory(programme=programme)
    with pytest.raises(UnknownPlaceholder, match="salary"):
        issue_for_record(record_id=record.pk, now=NOW)
    assert not NumberSeries.objects.exists()


def test_ledger_signal_issues_and_may_arrive_twice():
    record = ProgrammeRecordFactory()
    event = TrainingRecordAdded(
        record_id=record.pk,
        employee_id=record.employee_id,
        programme_id=record.programme_id,
        kind=record.kind,
        recorded_at=NOW,
    )
    for _ in range(2):
        training_record_added.send(sender=TrainingRecord, event=event)
    assert Certificate.objects.get().record == record


def test_number_of_a_failed_transaction_is_given_again():
    class Failure(Exception):
        pass

    def fail():
        with transaction.atomic():
            take_number(prefix="AX", year=2026)
            raise Failure

    with pytest.raises(Failure):
        fail()
    assert take_number(prefix="AX", year=2026).sequence == 1


def test_query_count_does_not_grow_with_what_was_issued_before():
    records = [ProgrammeRecordFactory() for _ in range(4)]
    issue_for_record(record_id=records[0].pk, now=NOW)
    counts = []
    for record in records[1:]:
        with CaptureQueriesContext(connection) as seen:
            issue_for_record(record_id=record.pk, now=NOW)
        counts.append(len(seen))
    assert len(set(counts)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_threads_take_different_numbers_without_a_gap():
    records = [ProgrammeRecordFactory().pk for _ in range(8)]

    def issue(part):
        return lambda: [issue_for_record(record_id=pk, now=NOW) for pk in part]

    in_threads(issue(records[::2]), issue(records[1::2]))

    sequences = sorted(parse_number(number).sequence for number in numbers())
    assert sequences == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.django_db(transaction=True)
def test_two_threads_issue_one_certificate_for_one_record():
    record = ProgrammeRecordFactory().pk
    in_threads(*[lambda: issue_for_record(record_id=record, now=NOW)] * 2)
    assert Certificate.objects.count() == 1
    assert NumberSeries.objects.get().last == 1


def numbers():
    return Certificate.objects.values_list("number", flat=True)


def test_template_is_checked_when_it_is_saved():
    template = CertificateTemplate(
        code="t", title="证书", body="{nmae}", footnote="字" * 301, number_prefix="A1"
    )
    with pytest.raises(ValidationError) as caught:
        template.full_clean()
    assert set(caught.value.message_dict) == {"body", "footnote", "number_prefix"}
    assert "{nmae}" in caught.value.message_dict["body"][0]


def test_ledgers_own_action_brings_the_certificate_in_its_transaction():
    record = make_record(kind=RecordKind.PROGRAMME, programme=CertifiedProgrammeFactory(), passed=True)
    certificate = Certificate.objects.get(record=record)
    assert certificate.printed["record_hash"] == record.leaf_hash
    assert certificate.printed["hours"] == "8"
    assert certificate.issued_at == record.recorded_at
