import datetime as dt
import hashlib

import pytest
from django.core.files.storage import default_storage

from certificates.actions.files import make_file
from certificates.actions.issue import issue_for_record
from certificates.models import Certificate, CertificateFile
from jobs.models import Job
from jobs.queue import run_pending_jobs
from tests.factories.certificates import ProgrammeRecordFactory
from tests.threads import in_threads

NOW = dt.datetime(2026, 3, 9, 1, 0, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def certificate():
    return issue_for_record(record_id=ProgrammeRecordFactory().pk, now=NOW)


def stored():
    _, names = default_storage.listdir(f"certificates/{dt.date.today():%Y/%m}")
    return names


def test_queued_job_makes_the_file_with_its_digest(certificate):
    assert run_pending_jobs() == 1
    made = CertificateFile.objects.get(certificate=certificate)
    with made.file.open() as handle:
        content = handle.read()
    assert content.startswith(b"%PDF-")
    assert made.sha256 == hashlib.sha256(content).hexdigest()
    assert Job.objects.get().result == {"sha256": made.sha256}


def test_second_run_makes_nothing_new(certificate):
    first = make_file(certificate_id=certificate.pk, now=NOW)
    assert make_file(certificate_id=certificate.pk, now=NOW + dt.timedelta(hours=1)) == first
    assert len(stored()) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_leave_one_file_and_one_row():
    certificate = issue_for_record(record_id=ProgrammeRecordFactory().pk, now=NOW)
    made = in_threads(*[lambda: make_file(certificate_id=certificate.pk, now=NOW)] * 2)
    assert made[0] == made[1]
    assert stored() == [made[0].file.name.rpartition("/")[2]]


def test_unknown_certificate_is_an_error():
    with pytest.raises(Certificate.DoesNotExist):
        make_file(certificate_id=404, now=NOW)
