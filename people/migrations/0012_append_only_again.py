from django.db import migrations

from common.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("people", "0011_fill_terms")]

    operations = [
        append_only("people_employmentevent"),
    ]
