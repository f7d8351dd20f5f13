from django.db import migrations

from common.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("exams", "0002_initial")]

    operations = [
        append_only("exams_questionversion"),
        append_only("exams_answerkey"),
        append_only("exams_answerstep"),
        append_only("exams_attemptmark"),
    ]
