"""Migration 0007: rows of the first release get names by commitment, and an altered one stops it."""

import datetime as dt
import functools
import hashlib
import hmac
import json
import secrets
from decimal import Decimal

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from common.append_only import trigger_statements
from common.canonical import canonical_json
from tests.factories.people import EmployeeFactory, UserFactory
from tests.training.ledger_attacks import RECORDS, sql
from training.actions.sealing import seal_ledger
from training.models import ForgottenText, RecordSalt, TrainingRecord
from training.queries.verification import verify_ledger
from training.seals import utc_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
OLD = "0005_obligation_ended_by"
STEPS = SALTS, NAMES, BESIDE = (
    "0006_seals_and_salts",
    "0007_commit_to_names",
    "0008_trainer_beside_the_ledger",
)
ROWS = 600  # more than one batch of the migration
BEGUN = dt.datetime(2026, 3, 2, 0, 0, tzinfo=dt.UTC)
UNTOUCHED = (RECORDS, "training_recordsalt", "training_ledgerhead")


@functools.cache
def states():
    """Return the project as the models had it before each of the migrations, and behind the last of them."""
    loader = MigrationLoader(connection)
    state = loader.project_state([("training", OLD), *loader.graph.leaf_nodes("people")])
    found = {}
    for name in STEPS:
        found[name] = state.clone()
        state = loader.get_migration("training", name).mutate_state(state)
    return loader, found


def step(name, *, back=False):
    """Run one migration of training as `migrate` does, all or nothing."""
    loader, before = states()
    migration = loader.get_migration("training", name)
    with connection.schema_editor(atomic=migration.atomic) as editor:
        (migration.unapply if back else migration.apply)(before[name].clone(), editor)


@pytest.fixture
def old():
    """Take the empty tables of this test's database back to the first release; return its record models.

    Migration 0007 writes rows and leaves the tables as they are: going back there is nothing to do for it.
    """
    step(BESIDE, back=True)
    step(SALTS, back=True)
    apps = states()[1][SALTS].apps
    return {name: apps.get_model("training", name) for name in ("TrainingRecord", "RecordSalt", "LedgerHead")}


def old_ledger(old):
    """Write rows as the first release did: every tenth corrects the one before, the fifth person was erased."""
    people, officer = [EmployeeFactory() for _ in range(5)], UserFactory()
    records, opened = [], []
    for seq in range(1, ROWS + 1):
        person, salt = people[seq // 2 % 5], secrets.token_hex(32)
        corrected = records[-1] if seq % 10 == 0 else None
        if corrected:
            person = next(one for one in people if one.pk == corrected.employee_id)
        begun = BEGUN + dt.timedelta(hours=seq)
        gathered = records[-1] if seq % 6 == 0 else None  # a whole programme names the rows it rests on
        values = {
            "kind": "correction" if corrected else "on_site",
            "title": "厂级安全教育",
            "hours": Decimal("7.50"),
            "score_pct": Decimal("80.00") if seq % 3 else None,
            "passed": True,
            "started_at": begun,
            "completed_at": begun + dt.timedelta(hours=6),
            "trainer_name": "周师傅" if seq % 2 else "",
            "place": "培训室",
        }
        said = {
            **values,
            "format": 1,
            "seq": seq,
            "person": mac(salt, person.public_id, person.employee_no, person.name),
            "programme": "",
            "content": [
                {"kind": "on_site", "title": "x", "record_seq": seq - 1, "sha256": gathered.leaf_hash}
            ]
            if gathered
            else [],
            "started_at": utc_text(values["started_at"]),
            "completed_at": utc_text(values["completed_at"]),
            "hours": "7.50",
            "score_pct": "80.00" if values["score_pct"] else None,
            "trainer": values["trainer_name"],
            "obligation": None,
            "reason": f"第{seq}次登记错误" if corrected else "",
            "corrects_seq": corrected.seq if corrected else None,
            "recorded_at": utc_text(begun),
        }
        del said["trainer_name"]
        payload = canonical_json(said)
        records.append(
            old["TrainingRecord"](
                pk=seq,
                seq=seq,
                employee_id=person.pk,
                corrects_id=corrected.pk if corrected else None,
                payload=payload.decode(),
                leaf_hash=hashlib.sha256(b"\x00" + payload).hexdigest(),
                recorded_by_id=officer.pk if seq % 4 else None,
                recorded_at=begun,
                **values,
            )
        )
        if person is not people[4]:
            opened.append(old["RecordSalt"](record_id=seq, value=salt))
    old["TrainingRecord"].objects.bulk_create(records)
    old["RecordSalt"].objects.bulk_create(opened)
    old["LedgerHead"].objects.update(last_seq=ROWS)
    people[4].name = "已删除"
    people[4].save(update_fields=["name"])
    return people, records


def mac(key, *parts):
    return hmac.new(key.encode(), "\n".join(map(str, parts)).encode(), "sha256").hexdigest()


def everything():
    return {table: sql(f"SELECT * FROM {table} ORDER BY id") for table in UNTOUCHED}


def triggers():
    catalogue = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s ORDER BY 1",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = %s::regclass ORDER BY 1",
    }
    return sql(catalogue[connection.vendor], RECORDS)


def test_old_rows_keep_what_they_say_and_lose_the_names_in_their_text(old):
    people, before = old_ledger(old)
    people[3].name = "改名后"
    people[3].save(update_fields=["name"])
    for name in STEPS:
        step(name)
    report = verify_ledger()
    assert (report.records, report.problems) == (ROWS, [])
    hashes = {record.seq: record.leaf_hash for record in TrainingRecord.objects.all()}
    for record, was in zip(TrainingRecord.objects.prefetch_related("salts"), before, strict=True):
        said = json.loads(record.payload)
        assert canonical_json(said).decode() == record.payload
        assert "周师傅" not in record.payload
        assert "登记错误" not in record.payload
        assert said["replaces"] == was.leaf_hash != record.leaf_hash
        assert record.trainer_name == was.trainer_name
        assert all(item["sha256"] == hashes[item["record_seq"]] for item in said["content"])
        opened = {salt.field: salt.text for salt in record.salts.all()}
        person = next(one for one in people if one.pk == record.employee_id)
        is_erased = person is people[4]
        assert opened.pop("person", None) == (None if is_erased else f"{person.employee_no}\n{person.name}")
        assert opened.pop("trainer", "") == was.trainer_name
        reason = json.loads(was.payload)["reason"]
        assert opened.pop("reason", "") == ("" if is_erased else reason)
        gone = {"person"} | ({"reason"} if reason else set()) if is_erased else set()
        assert set(ForgottenText.objects.filter(record=record).values_list("field", flat=True)) == gone
        assert not opened
    assert len(triggers()) == (3 if connection.vendor == "postgresql" else 2)
    seal_ledger(now=BEGUN)
    assert verify_ledger().problems == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("payload = replace(payload, '7.50', '8.50')", "row 577 .* its text does not agree with its hash"),
        ("payload = 'no JSON'", "row 577 .* its text does not agree with its hash"),
        ("trainer_name = '别人'", "row 577 .* its trainer is not the one in its text"),
        ("employee_id = (SELECT MAX(id) FROM people_employee)", "row 577 .* its text is about somebody else"),
    ],
)
def test_an_altered_row_stops_it_and_nothing_is_changed(old, change, message):
    old_ledger(old)
    step(SALTS)
    guarded = triggers()
    suffix = f" ON {RECORDS}" if connection.vendor == "postgresql" else ""
    statement = next(text for text in trigger_statements(RECORDS, connection.vendor) if "_no_update" in text)
    sql(f"DROP TRIGGER {RECORDS}_no_update{suffix}")
    sql(f"UPDATE {RECORDS} SET {change} WHERE seq = 577")
    sql(statement)
    before = everything()
    with pytest.raises(Exception, match=message) as stopped:
        step(NAMES)
    assert type(stopped.value).__name__ == "LedgerAltered"
    assert "restore it from a backup" in str(stopped.value)
    assert everything() == before
    assert triggers() == guarded
    assert not ForgottenText.objects.exists()
    assert RecordSalt.objects.exists()
