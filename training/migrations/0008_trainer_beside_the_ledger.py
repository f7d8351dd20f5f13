from django.db import migrations

from common.append_only import append_only, changeable, never_updated


class Migration(migrations.Migration):

    dependencies = [
        ("training", "0007_commit_to_names"),
    ]

    operations = [
        changeable("training_trainingrecord"),
        migrations.RemoveField(model_name="trainingrecord", name="trainer_name"),
        append_only("training_trainingrecord"),
        never_updated("training_recordsalt"),
    ]
