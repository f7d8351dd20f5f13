from django.db import migrations

from common.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("courses", "0002_initial")]

    operations = [
        append_only("courses_studybeat"),
        append_only("courses_studyrecord"),
    ]
