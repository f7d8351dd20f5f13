"""Verification: whatever is changed behind the platform's back is found, and nothing is found where nothing was."""

import json
import random
from decimal import Decimal

import pytest
import time_machine
from django.core.management import CommandError, call_command

from tests.factories.people import EmployeeFactory, UserFactory
from tests.factories.training import ProgrammeFactory, at, make_record
from tests.training.ledger_attacks import ATTACKS, sql, tampering
from training import merkle
from training.actions.forgetting import forget_salts
from training.actions.ledger import correct_record
from training.actions.sealing import checkpoint_text, seal_ledger, take_checkpoint
from training.models import LedgerSeal, RecordSalt, TrainingRecord
from training.queries.verification import verify_ledger
from training.seals import read_checkpoint

NOW = at("2026-03-05")


def ledger(rows=20, batch=3):
    """Make a ledger of several people with a seal for each `batch` rows, and return the newest checkpoint."""
    people = [EmployeeFactory() for _ in range(4)]
    UserFactory()
    ProgrammeFactory()  # a component a row can be moved to
    for number in range(1, rows + 1):
        record = make_record(
            people[number % 4], trainer_name="周师傅" if number % 2 else "", score_pct=Decimal(80)
        )
        if number % 7 == 0:
            correct_record(record=record, reason="登记错误", hours=Decimal(4), acting_user=None, now=NOW)
        if number % batch == 0:
            seal_ledger(now=NOW)
    seal_ledger(now=NOW)
    return take_checkpoint(way="file", acting_user=None, now=NOW)


def kinds(report):
    return {(one.record, one.kind) for one in report.problems}


def attacked(attack, pick, top, checkpoint):
    """Return what verification finds after one attack, which is undone."""
    with tampering():
        ATTACKS[attack](pick, top)
        return verify_ledger(checkpoints=[checkpoint])


@pytest.mark.django_db
@pytest.mark.parametrize("attack", ATTACKS)
def test_every_kind_of_alteration_is_found(attack):
    checkpoint = ledger()
    top = TrainingRecord.objects.count()
    for seed in range(8):
        assert attacked(attack, random.Random(f"{attack} {seed}"), top, checkpoint).problems, seed
    assert verify_ledger(checkpoints=[checkpoint]).problems == []


@pytest.mark.slow
@pytest.mark.django_db
def test_a_thousand_alterations_are_all_found():
    checkpoint = ledger(rows=30)
    top = TrainingRecord.objects.count()
    names = sorted(ATTACKS)
    missed = [
        (number, names[number % len(names)])
        for number in range(1_000)
        if not attacked(names[number % len(names)], random.Random(number), top, checkpoint).problems
    ]
    assert missed == []


@pytest.mark.slow
@pytest.mark.django_db
def test_a_hundred_clean_runs_report_nothing():
    person = EmployeeFactory()
    pick = random.Random(1)
    checkpoints = []
    for _ in range(100):
        for _ in range(pick.randint(0, 3)):
            make_record(person, trainer_name=pick.choice(["", "周师傅"]))
        if pick.random() < 0.2:
            correct_record(record=make_record(person), reason="登记错误", acting_user=None, now=NOW)
        if pick.random() < 0.1:
            forget_salts(person, NOW)
        if pick.random() < 0.6 and seal_ledger(now=NOW) and pick.random() < 0.3:
            checkpoints.append(take_checkpoint(way="file", acting_user=None, now=NOW))
        assert verify_ledger(checkpoints=checkpoints).problems == []


@pytest.mark.django_db
def test_the_row_and_what_was_done_to_it_are_named():
    checkpoint = ledger()
    with tampering():
        sql("UPDATE training_trainingrecord SET hours = 99 WHERE seq = 5")
        sql("UPDATE training_trainingrecord SET seq = 1000 WHERE seq = 8")
        sql("UPDATE training_trainingrecord SET seq = 8 WHERE seq = 9")
        sql("UPDATE training_trainingrecord SET seq = 9 WHERE seq = 1000")
        sql(
            "DELETE FROM training_recordsalt WHERE record_id = (SELECT id FROM training_trainingrecord WHERE seq = 12)"
        )
        sql("DELETE FROM training_trainingrecord WHERE seq = 12")
        report = verify_ledger(checkpoints=[checkpoint])
    assert kinds(report) == {(5, "altered"), (8, "reordered"), (9, "reordered"), (12, "deleted")}
    assert report.problems[0].message == "第 5 号记录的“学时”与入账时不同。"


@pytest.mark.django_db
def test_row_rewritten_with_its_hash_is_named_by_the_seal():
    """Text, column and hash agree with each other; the leaf in the seal does not."""
    ledger()
    record = TrainingRecord.objects.get(seq=4)
    said = json.loads(record.payload) | {"hours": "99.00"}
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    with tampering():
        sql(
            "UPDATE training_trainingrecord SET hours = 99, payload = %s, leaf_hash = %s WHERE seq = 4",
            text,
            merkle.leaf_hash(text.encode()).hex(),
        )
        report = verify_ledger()
    assert kinds(report) == {(4, "altered")}


@pytest.mark.django_db
def test_tail_rolled_back_with_its_seals_needs_the_checkpoint_to_be_found():
    checkpoint = ledger(rows=9)
    with tampering():
        sql(
            "DELETE FROM training_recordsalt WHERE record_id IN (SELECT id FROM training_trainingrecord WHERE seq > 6)"
        )
        sql("DELETE FROM training_trainingrecord WHERE seq > 6")
        sql("DELETE FROM training_ledgerseal WHERE size > 6")
        sql("UPDATE training_ledgerhead SET last_seq = 6")
        without, found = verify_ledger(), verify_ledger(checkpoints=[checkpoint])
    assert without.problems == []
    assert kinds(found) == {(7, "rolled_back")}


@pytest.mark.django_db
def test_ledger_written_anew_and_sealed_with_the_right_key_is_found_by_the_checkpoint():
    checkpoint = ledger(rows=6)
    with tampering():
        sql("DELETE FROM training_recordsalt")
        sql("DELETE FROM training_trainingrecord WHERE corrects_id IS NOT NULL")
        sql("DELETE FROM training_trainingrecord")
        sql("DELETE FROM training_ledgerseal WHERE size > 0")
        sql("UPDATE training_ledgerhead SET last_seq = 0")
        for _ in range(8):
            make_record()
        seal_ledger(now=NOW)
        report = verify_ledger(checkpoints=[checkpoint])
    assert kinds(report) == {(checkpoint.size, "altered")}


@pytest.mark.django_db
def test_forgetting_a_person_is_no_problem_and_a_stolen_salt_is():
    ledger()
    forget_salts(TrainingRecord.objects.get(seq=1).employee, NOW)
    assert verify_ledger().problems == []
    RecordSalt.objects.filter(record__seq=2, field="person").delete()
    assert kinds(verify_ledger()) == {(2, "altered")}


@pytest.mark.django_db
def test_new_name_of_a_person_or_an_account_changes_nothing():
    record = make_record(EmployeeFactory(name="张伟"))
    record.employee.name = "张卫"
    record.employee.save(update_fields=["name"])
    assert verify_ledger().problems == []


@pytest.mark.django_db
def test_only_new_rows_are_read_behind_a_checkpoint():
    checkpoint = ledger(rows=6)
    for _ in range(3):
        make_record()
    seal_ledger(now=NOW)
    with tampering():
        sql("UPDATE training_trainingrecord SET hours = 99 WHERE seq IN (2, 8)")
        new = verify_ledger(checkpoints=[checkpoint], only_new=True)
        everything = verify_ledger(checkpoints=[checkpoint])
    assert kinds(new) == {(8, "altered")}
    assert kinds(everything) == {(2, "altered"), (8, "altered")}


@pytest.mark.django_db
def test_number_of_statements_does_not_grow_with_the_rows(django_assert_max_num_queries):
    ledger(rows=2)
    with django_assert_max_num_queries(12):
        verify_ledger()
    ledger(rows=20)
    with django_assert_max_num_queries(12):
        verify_ledger()


@pytest.mark.django_db
def test_crash_between_row_and_seal_loses_nothing():
    with time_machine.travel(NOW, tick=False):
        make_record()
        assert verify_ledger().document() == {"ok": True, "records": 1, "sealed": 0, "problems": []}
        assert [seal.size for seal in seal_ledger(now=NOW)] == [1]
        assert seal_ledger(now=NOW) == []
        assert verify_ledger().sealed == 1


@pytest.mark.django_db
def test_commands_speak_the_agreed_form(tmp_path, capsys):
    facts = ledger(rows=4)
    path = tmp_path / "checkpoint.json"
    call_command("ledger_checkpoint", output=str(path), qr=str(tmp_path / "checkpoint.svg"))
    assert path.read_text() == checkpoint_text(facts)
    assert (tmp_path / "checkpoint.svg").stat().st_size > 1000
    assert read_checkpoint(facts.line()) == facts
    call_command("verify_ledger", "--json", "--checkpoint", str(path))
    said = json.loads(capsys.readouterr().out)
    assert said == {"ok": True, "records": facts.size, "sealed": facts.size, "problems": []}
    with tampering():
        sql("UPDATE training_trainingrecord SET title = 'x' WHERE seq = 3")
        with pytest.raises(SystemExit) as left:
            call_command("verify_ledger", "--json", "--checkpoint", str(path))
    assert left.value.code == 1
    assert json.loads(capsys.readouterr().out) == {
        "ok": False,
        "records": facts.size,
        "sealed": facts.size,
        "problems": [{"record": 3, "kind": "altered", "message": "第 3 号记录的“内容”与入账时不同。"}],
    }
    with pytest.raises(CommandError, match="no readable checkpoint"):
        call_command("verify_ledger", "--checkpoint", str(tmp_path / "none.json"))
    with pytest.raises(CommandError, match="--new needs"):
        call_command("verify_ledger", "--new")


@pytest.mark.django_db
def test_seal_by_a_key_nobody_knows_is_reported(settings):
    ledger(rows=3)
    size = LedgerSeal.objects.order_by("-number").first().size
    settings.LEDGER_KEYS = ["another-key-" + "x" * 40]
    assert (size, "altered") in kinds(verify_ledger())
