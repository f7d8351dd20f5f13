from django.db import migrations

from common.append_only import append_only


class Migration(migrations.Migration):

    dependencies = [
        ("training", "0013_rule_engine"),
    ]

    operations = [
        append_only("training_occurrence"),
        append_only("training_occurrencewithdrawal"),
        append_only("training_dispensation"),
        append_only("training_dispensationdecision"),
        append_only("training_practicalcheck"),
        append_only("training_lettersignature"),
    ]
