from django.db import migrations

from common.append_only import append_only


class Migration(migrations.Migration):

    dependencies = [
        ("training", "0009_case_push"),
    ]

    operations = [
        append_only("training_casepush"),
        append_only("training_pushend"),
        append_only("training_casefile"),
        append_only("training_gateentry"),
        append_only("training_reflection"),
    ]
