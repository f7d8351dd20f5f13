import pytest
from django.db import connection

APPEND_ONLY_TABLES = [
    "people_employmentevent",
    "exams_questionversion",
    "exams_answerkey",
    "exams_answerstep",
    "exams_attemptmark",
    "courses_studybeat",
    "courses_studyrecord",
    "training_componentdone",
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
        assert {row[0] for row in cursor.fetchall()} == {f"{table}_no_update", f"{table}_no_delete"}
