"""Sealing beside others, what the databases refuse, and the way of a checkpoint out of the house."""

import threading

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, connections, transaction

from tests.factories.people import EmployeeFactory, UserFactory
from tests.factories.training import at, make_record
from tests.training.ledger_attacks import sql
from training.actions import sealing
from training.actions.sealing import mail_checkpoint, seal_ledger, take_checkpoint
from training.errors import LedgerBroken
from training.models import LedgerCheckpoint, LedgerHead, LedgerSeal, TrainingRecord
from training.queries.verification import verify_ledger
from training.seals import CheckpointUnreadable, read_checkpoint
from training.tasks import mail_checkpoint as scheduled_mail
from training.tasks import seal_ledger as scheduled_seal

NOW = at("2026-03-05")


@pytest.mark.django_db
def test_seals_follow_each_other_and_leave_nothing_out(django_assert_max_num_queries):
    assert seal_ledger(now=NOW) == []
    make_record()
    make_record()
    with django_assert_max_num_queries(8):
        assert [(seal.number, seal.size) for seal in seal_ledger(now=NOW)] == [(1, 2)]
    for _ in range(5):
        make_record()
    assert [(seal.number, seal.size) for seal in seal_ledger(now=NOW, at_once=2)] == [(2, 4), (3, 6), (4, 7)]
    first, second = LedgerSeal.objects.order_by("number")[:2]
    assert second.previous_root == first.root
    assert scheduled_seal() == 0


@pytest.mark.django_db(transaction=True)
def test_two_sealers_and_four_writers_at_once():
    people = [EmployeeFactory() for _ in range(4)]
    failures = []

    def run(work):
        try:
            for _ in range(6):
                work()
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)
        finally:
            connections.close_all()

    jobs = [lambda person=person: make_record(person) for person in people]
    jobs += [lambda: seal_ledger(now=NOW), lambda: seal_ledger(now=NOW), verify_clean]
    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    seal_ledger(now=NOW)
    report = verify_ledger()
    assert (report.records, report.sealed, report.problems) == (24, 24, [])


def verify_clean():
    found = verify_ledger().problems
    assert found == []


@pytest.mark.django_db(transaction=True)
def test_row_that_commits_late_is_waited_for_and_never_skipped():
    """The number is given under a lock held to the end: nobody gets a later one, and no seal passes it by."""
    early, late = EmployeeFactory(), EmployeeFactory()
    held, go_on, second = threading.Event(), threading.Event(), []

    def slow():
        with transaction.atomic():
            make_record(early)
            held.set()
            go_on.wait(10)
        connections.close_all()

    def quick():
        second.append(make_record(late).seq)
        connections.close_all()

    one, other = threading.Thread(target=slow), threading.Thread(target=quick)
    one.start()
    assert held.wait(10)
    other.start()
    assert TrainingRecord.objects.count() == 0
    go_on.set()
    one.join()
    other.join()
    assert second == [2]
    assert [seal.size for seal in seal_ledger(now=NOW)] == [2]


@pytest.mark.django_db
def test_sealer_that_comes_second_leaves_the_work_to_the_first(monkeypatch):
    make_record()
    stale = sealing.last_seal()
    seal_ledger(now=NOW)
    monkeypatch.setattr(sealing, "last_seal", lambda: stale)
    assert seal_ledger(now=NOW) == []
    assert LedgerSeal.objects.count() == 1


@pytest.mark.django_db
def test_gap_stops_the_seal_in_front_of_it():
    make_record()
    LedgerHead.objects.update(last_seq=2)
    make_record()
    with pytest.raises(LedgerBroken, match="缺少第 2 号"):
        seal_ledger(now=NOW)
    assert LedgerSeal.objects.get().size == 1
    with pytest.raises(CommandError, match="缺少第 2 号"):
        call_command("seal_ledger")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE training_ledgerseal SET root = ''",
        "DELETE FROM training_ledgerseal",
        "UPDATE training_ledgercheckpoint SET way = 'x'",
        "DELETE FROM training_ledgercheckpoint",
        "UPDATE training_recordsalt SET text = 'x'",
    ],
)
def test_database_refuses_to_change_seals_checkpoints_and_salts(statement):
    make_record()
    seal_ledger(now=NOW)
    take_checkpoint(way="file", acting_user=None, now=NOW)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(statement)


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="roles and TRUNCATE are PostgreSQL's")
def test_role_of_the_site_may_add_and_erase_and_nothing_else():
    make_record()
    sql("CREATE ROLE anxue_site_test")
    call_command("ledger_role", "anxue_site_test", "--apply")
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET ROLE anxue_site_test")
    refused = [
        "UPDATE training_trainingrecord SET hours = 99",
        "DELETE FROM training_trainingrecord",
        "SELECT id FROM training_trainingrecord FOR UPDATE",
        "TRUNCATE training_trainingrecord CASCADE",
        "UPDATE training_ledgerseal SET root = ''",
        "DELETE FROM training_ledgerseal",
        "UPDATE training_recordsalt SET text = 'x'",
        "ALTER TABLE training_trainingrecord DISABLE TRIGGER ALL",
        "DROP TRIGGER training_trainingrecord_no_update ON training_trainingrecord",
    ]
    for statement in refused:
        with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), transaction.atomic():
            sql(statement)
    make_record()
    assert [seal.size for seal in seal_ledger(now=NOW)] == [2]
    assert verify_ledger().problems == []
    sql("DELETE FROM training_recordsalt")
    sql("RESET ROLE")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql("TRUNCATE training_ledgercheckpoint")


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite has no roles")
def test_role_is_no_matter_of_sqlite():
    with pytest.raises(CommandError, match="triggers alone"):
        call_command("ledger_role", "anxue")


@pytest.mark.django_db
def test_checkpoint_goes_out_by_mail_and_is_noted(settings):
    settings.LEDGER_CHECKPOINT_MAIL = ["safety@example.org"]
    assert not scheduled_mail()
    make_record()
    seal_ledger(now=NOW)
    assert scheduled_mail()
    (sent,) = mail.outbox
    name, text, _kind = sent.attachments[0]
    assert (sent.to, name) == (["safety@example.org"], "ledger-checkpoint-1.json")
    assert read_checkpoint(text).root == LedgerSeal.objects.get().root
    assert LedgerCheckpoint.objects.get().way == "mail"
    assert not mail_checkpoint(addresses=[], acting_user=UserFactory(), now=NOW)
    call_command("ledger_checkpoint", mail=["a@example.org"])
    assert len(mail.outbox) == 2


@pytest.mark.django_db
def test_nothing_sealed_gives_no_checkpoint():
    with pytest.raises(CommandError, match="nothing is sealed"):
        call_command("ledger_checkpoint")
    with pytest.raises(CommandError, match="nothing is sealed"):
        call_command("ledger_checkpoint", mail=["a@example.org"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": "anxue-ledger-checkpoint/1"}',
        "anxue-ledger-checkpoint/1 1 2",
        "anxue-ledger-checkpoint/1 1 2 a b c d e f",
    ],
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(CheckpointUnreadable):
        read_checkpoint(text)


@pytest.mark.django_db
def test_same_place_cannot_be_sealed_twice():
    make_record()
    seal = seal_ledger(now=NOW)[0]
    seal.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        seal.save(force_insert=True)
