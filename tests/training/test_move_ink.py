"""Migrations 0021 to 0023: ink goes out of the rows of letters and practical checks, and back again."""

import datetime as dt
import functools
import hashlib

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.loader import MigrationLoader

from tests.factories.people import EmployeeFactory
from tests.factories.training import SIGNATURE, ObligationFactory
from tests.training.ledger_attacks import sql
from training.actions.checks import letter_digest
from training.models import (
    Component,
    LetterMark,
    LetterSignature,
    PracticalCheck,
    PracticalCheckMark,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
STEPS = ROOM, MOVE, END = (
    "0021_marks_of_letters_and_checks",
    "0022_move_ink",
    "0023_no_ink_in_the_rows",
)
LETTERS, CHECKS = "training_lettersignature", "training_practicalcheck"
NOW = dt.datetime(2026, 3, 3, 1, 0, tzinfo=dt.UTC)
ROWS = 405  # more than two batches of the migration


@functools.cache
def states():
    """Return the project as the models had it before each of the migrations."""
    loader = MigrationLoader(connection)
    state = loader.project_state(
        [("training", "0020_component_taken_back"), *loader.graph.leaf_nodes("people")]
    )
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


def forward():
    for name in STEPS:
        step(name)


def backward():
    for name in reversed(STEPS):
        step(name, back=True)


def triggers(table):
    catalogue = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s ORDER BY 1",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = %s::regclass ORDER BY 1",
    }
    return [name for (name,) in sql(catalogue[connection.vendor], table)]


GUARDS = {table: [f"{table}_no_delete", f"{table}_no_update"] for table in (LETTERS, CHECKS)}


@pytest.fixture
def old():
    """Take the empty tables of this test's database back to the release before; return its models."""
    backward()
    apps = states()[1][ROOM].apps
    return {name: apps.get_model("training", name) for name in ("LetterSignature", "PracticalCheck")}


def old_rows(old, marks):
    """Write a letter and a check for each mark, as the release before did; return the obligation."""
    obligation = ObligationFactory(employee=EmployeeFactory())
    parts = Component.objects.bulk_create(
        Component(
            programme=obligation.programme, position=10 + place, kind="letter", title="责任书", body="读。"
        )
        for place in range(len(marks))
    )
    digest = [hashlib.sha256(mark.encode()).hexdigest() for mark in marks]
    old["LetterSignature"].objects.bulk_create(
        old["LetterSignature"](
            obligation_id=obligation.pk,
            component_id=part.pk,
            employee_id=obligation.employee_id,
            body="读。",
            signature=mark,
            sha256=letter_digest("读。", sha256, NOW),
            signed_at=NOW,
        )
        for part, mark, sha256 in zip(parts, marks, digest, strict=True)
    )
    old["PracticalCheck"].objects.bulk_create(
        old["PracticalCheck"](
            obligation_id=obligation.pk,
            component_id=parts[0].pk,
            results=[["护具", True]],
            is_passed=True,
            mentor_id=obligation.employee_id,
            signature=mark,
            sha256=f"{number:064d}",
            checked_at=NOW,
        )
        for number, mark in enumerate(marks)
    )
    return obligation


def old_columns(table):
    return sql(f"SELECT id, signature, sha256 FROM {table} ORDER BY id")


def test_ink_is_moved_and_the_rows_keep_digest_time_and_hash(old):
    marks = [
        "Mika" if place == 7 else "张伟" if place == 8 else f"{SIGNATURE}L{place} 1" for place in range(ROWS)
    ]
    old_rows(old, marks)
    before = {table: old_columns(table) for table in (LETTERS, CHECKS)}
    forward()

    for table, facts, ink in (
        (LETTERS, LetterSignature.objects, LetterMark.objects),
        (CHECKS, PracticalCheck.objects, PracticalCheckMark.objects),
    ):
        rows = list(facts.select_related("ink").order_by("pk"))
        assert [(row.pk, row.ink.mark, row.sha256) for row in rows] == before[table]
        assert [row.signature_sha256 for row in rows] == [
            hashlib.sha256(mark.encode()).hexdigest() for mark in marks
        ]
        assert {row.pk for row in rows if row.signed_by == "name"} == {rows[7].pk, rows[8].pk}
        assert {row.signed_by for row in rows} == {"hand", "name"}
        assert ink.count() == ROWS
        assert triggers(table) == GUARDS[table]
    letter = LetterSignature.objects.first()
    assert letter.sha256 == letter_digest(letter.body, letter.signature_sha256, letter.signed_at)
    assert letter.signed_at == NOW
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        LetterSignature.objects.update(device="")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        PracticalCheck.objects.update(remark="")


def test_between_the_steps_the_rows_are_guarded_and_the_column_is_empty(old):
    old_rows(old, [SIGNATURE])
    step(ROOM)
    assert {table: triggers(table) for table in GUARDS} == GUARDS
    step(MOVE)
    assert {table: triggers(table) for table in GUARDS} == GUARDS
    # The bytes of a column that is dropped stay in PostgreSQL's rows.
    assert [ink for _pk, ink, _hash in old_columns(LETTERS) + old_columns(CHECKS)] == ["", ""]
    step(END)


def test_back_again_ink_that_was_erased_meanwhile_stays_erased(old):
    obligation = old_rows(old, [SIGNATURE, "张伟"])
    before = old_columns(LETTERS), old_columns(CHECKS)
    forward()
    backward()
    assert (old_columns(LETTERS), old_columns(CHECKS)) == before
    assert {table: triggers(table) for table in GUARDS} == GUARDS

    forward()
    LetterMark.objects.order_by("pk").first().delete()
    backward()
    assert [ink for _pk, ink, _hash in old_columns(LETTERS)] == ["", "张伟"]
    forward()
    gone, kept = LetterSignature.objects.filter(obligation=obligation).order_by("pk")
    assert not hasattr(gone, "ink")
    # Going back past 0021 lost the digest of ink that no longer is; the hash the ledger knows is there.
    assert (gone.signature_sha256, gone.sha256) == ("", before[0][0][2])
    assert kept.ink.mark == "张伟"


def test_empty_tables_go_both_ways(old):
    forward()
    backward()
    forward()
    assert {table: triggers(table) for table in GUARDS} == GUARDS
