from types import SimpleNamespace

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations.state import StateApps

from common.append_only import append_only
from tests.factories.training import make_record
from training.models import TrainingRecord

APPEND_ONLY_TABLES = [
    "people_employmentevent",
    "exams_questionversion",
    "exams_answerkey",
    "exams_answerstep",
    "exams_attemptmark",
    "courses_studybeat",
    "courses_studyrecord",
    "training_componentdone",
    "training_pastclearance",
    "training_trainingrecord",
    "certificates_certificate",
    "certificates_certificatestatus",
]


@pytest.mark.django_db
@pytest.mark.parametrize("table", APPEND_ONLY_TABLES)
def test_table_carries_both_triggers(table):
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
        else:
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal", [table]
            )
        # The ledger's tables carry one more on PostgreSQL, against TRUNCATE.
        assert {row[0] for row in cursor.fetchall()} >= {f"{table}_no_update", f"{table}_no_delete"}


@pytest.fixture
def record():
    return make_record()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE training_trainingrecord SET hours = 80 WHERE id = %s",
        "DELETE FROM training_trainingrecord WHERE id = %s",
    ],
)
def test_database_refuses_to_change_a_row(record, statement):
    with pytest.raises(IntegrityError, match="training_trainingrecord is append-only"), transaction.atomic():
        connection.cursor().execute(statement, [record.pk])
    record.refresh_from_db()
    assert record.hours == 8


@pytest.mark.django_db
def test_orm_is_refused_too(record):
    with pytest.raises(IntegrityError), transaction.atomic():
        TrainingRecord.objects.filter(pk=record.pk).update(title="改")
    with pytest.raises(IntegrityError), transaction.atomic():
        record.save()
    assert TrainingRecord.objects.get(pk=record.pk).title == record.title


class Note(models.Model):
    """A table of this test alone."""

    text = models.CharField(max_length=20)

    class Meta:
        app_label = "append_only_test"

    def __str__(self):
        return self.text


@pytest.mark.django_db(transaction=True)
def test_operation_can_be_taken_back_and_applied_again():
    operation, state = append_only(Note._meta.db_table), StateApps([], {})
    project = SimpleNamespace(apps=state, clear_delayed_apps_cache=lambda: None)

    def apply(direction):
        with connection.schema_editor() as editor:
            getattr(operation, f"database_{direction}")("append_only_test", editor, project, project)

    with connection.schema_editor() as editor:
        editor.create_model(Note)
    try:
        note = Note.objects.create(text="一")
        for _ in range(2):
            apply("forwards")
            with pytest.raises(IntegrityError):
                Note.objects.update(text="二")
            apply("backwards")
            Note.objects.update(text="二")
        note.delete()
        assert not Note.objects.exists()
    finally:
        with connection.schema_editor() as editor:
            editor.delete_model(Note)


def test_operation_is_reversible():
    assert append_only("some_table").reversible
