"""The ledger: numbers without gaps, rows that cannot change, people named by commitment."""

import datetime as dt
import json
import threading
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, connections, transaction

from people.models import Role
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory
from tests.factories.training import at, make_record
from training import merkle
from training.actions.ledger import correct_record
from training.commitments import commit_person, commit_text, subject_of
from training.errors import CorrectionRefused
from training.models import LedgerHead, RecordSalt, TrainingRecord
from training.queries.records import hours_in_year, records_of

NOW = at("2026-03-05")


@pytest.mark.django_db
def test_row_says_everything_in_canonical_form():
    employee = EmployeeFactory(employee_no="000001", name="张伟")
    record = make_record(
        employee, trainer_name="周师傅", place="培训室", hours=Decimal("7.5"), score_pct=Decimal(90)
    )

    salts = {salt.field: salt for salt in RecordSalt.objects.filter(record=record)}
    assert {field: salt.text for field, salt in salts.items()} == {
        "person": "000001\n张伟",
        "trainer": "周师傅",
    }
    assert json.loads(record.payload) == {
        "format": 2,
        "seq": 1,
        "kind": "on_site",
        "person": commit_person(salts["person"].value, employee.public_id, "000001\n张伟"),
        "subject": subject_of(employee.public_id, 1),
        "component": None,
        "recorded_by": None,
        "programme": "",
        "title": "厂级安全教育",
        "content": [],
        "started_at": "2026-03-02T00:00:00.000000Z",
        "completed_at": "2026-03-02T08:00:00.000000Z",
        "hours": "7.50",
        "score_pct": "90.00",
        "passed": True,
        "trainer": commit_text(salts["trainer"].value, "trainer", "周师傅"),
        "place": "培训室",
        "obligation": None,
        "reason": "",
        "corrects_seq": None,
        "recorded_at": "2026-03-02T09:00:00.000000Z",
    }
    assert record.leaf_hash == merkle.leaf_hash(record.payload.encode()).hex()
    assert "张伟" not in record.payload
    assert "周师傅" not in record.payload
    assert len(salts["person"].value) == 64
    assert TrainingRecord.objects.get().trainer_name == "周师傅"


@pytest.mark.django_db
def test_same_facts_of_the_same_person_are_committed_to_differently():
    employee = EmployeeFactory()
    first, second = make_record(employee), make_record(employee)

    assert json.loads(first.payload)["person"] != json.loads(second.payload)["person"]
    assert first.leaf_hash != second.leaf_hash


@pytest.mark.django_db
def test_forgetting_a_person_leaves_the_row_and_its_hash_whole():
    record = make_record()
    RecordSalt.objects.filter(record=record).delete()
    record.refresh_from_db()

    assert record.leaf_hash == merkle.leaf_hash(record.payload.encode()).hex()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE training_trainingrecord SET hours = 99",
        "UPDATE training_trainingrecord SET seq = 2",
        "DELETE FROM training_trainingrecord",
    ],
)
def test_database_refuses_to_change_or_remove_a_row(statement):
    make_record()

    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert TrainingRecord.objects.get().hours == Decimal(8)


@pytest.mark.django_db
def test_number_is_given_back_when_the_transaction_fails():
    make_record()
    with transaction.atomic():
        make_record()
        transaction.set_rollback(True)
    make_record()

    assert list(TrainingRecord.objects.values_list("seq", flat=True)) == [1, 2]
    assert LedgerHead.objects.get().last_seq == 2


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_time_leave_no_gap_and_no_duplicate():
    employees = [EmployeeFactory() for _ in range(4)]
    failures = []

    def write(employee):
        try:
            for _ in range(5):
                make_record(employee)
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(employee,)) for employee in employees]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert list(TrainingRecord.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, 21))


@pytest.mark.django_db
def test_correction_is_a_new_row_naming_the_old():
    old = make_record(
        trainer_name="周师傅", content=[{"kind": "on_site", "title": "x", "revision_id": None, "sha256": ""}]
    )
    new = correct_record(record=old, reason=" 登记多了 ", hours=Decimal(4), acting_user=None, now=NOW)

    old.refresh_from_db()
    assert (old.hours, new.hours, new.trainer_name, new.kind) == (
        Decimal(8),
        Decimal(4),
        "周师傅",
        "correction",
    )
    assert (new.corrects, new.seq) == (old, 2)
    payload = json.loads(new.payload)
    reason = RecordSalt.objects.get(record=new, field="reason")
    assert (payload["corrects_seq"], reason.text) == (1, "登记多了")
    assert payload["reason"] == commit_text(reason.value, "reason", "登记多了")
    assert payload["content"] == json.loads(old.payload)["content"]
    assert list(records_of(old.employee_id)) == [new]


@pytest.mark.django_db
def test_correction_needs_a_reason_a_known_field_and_the_newest_row():
    old = make_record()
    with pytest.raises(CorrectionRefused, match="更正原因"):
        correct_record(record=old, reason=" ", acting_user=None, now=NOW)
    with pytest.raises(TypeError, match="employee"):
        correct_record(record=old, reason="x", employee=None, acting_user=None, now=NOW)
    new = correct_record(record=old, reason="一", acting_user=None, now=NOW)
    with pytest.raises(CorrectionRefused, match="已由第 2 号更正"):
        correct_record(record=old, reason="二", acting_user=None, now=NOW)

    assert correct_record(record=new, reason="二", acting_user=None, now=NOW).seq == 3


@pytest.mark.django_db
def test_correction_is_for_those_who_manage_training_there():
    unit = OrgUnitFactory()
    record = make_record(EmployeeFactory(assigned__unit=unit))
    trainer = RoleGrantFactory(role=Role.TRAINER, unit=unit).user
    officer = RoleGrantFactory(role=Role.SAFETY_OFFICER, unit=unit).user

    with pytest.raises(PermissionDenied):
        correct_record(record=record, reason="x", acting_user=trainer, now=NOW)
    assert correct_record(record=record, reason="x", acting_user=officer, now=NOW).recorded_by == officer


@pytest.mark.django_db
def test_hours_of_a_year_count_each_hour_once():
    employee = EmployeeFactory()
    first = make_record(employee, hours=Decimal(3))
    correct_record(record=first, reason="x", hours=Decimal(2), acting_user=None, now=NOW)
    make_record(employee, hours=Decimal(1), passed=False)
    make_record(
        employee,
        started_at=dt.datetime(2025, 12, 31, 15, 0, tzinfo=dt.UTC),
        completed_at=dt.datetime(2025, 12, 31, 15, 59, tzinfo=dt.UTC),
    )
    make_record(
        employee,
        hours=Decimal(1),
        started_at=dt.datetime(2025, 12, 31, 15, 0, tzinfo=dt.UTC),
        completed_at=dt.datetime(2025, 12, 31, 16, 0, tzinfo=dt.UTC),
    )

    assert hours_in_year(employee.pk, 2026) == Decimal(3)
