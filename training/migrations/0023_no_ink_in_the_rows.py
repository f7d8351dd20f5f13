from django.db import migrations

from common.append_only import append_only, changeable


class Migration(migrations.Migration):

    dependencies = [
        ("training", "0022_move_ink"),
    ]

    operations = [
        changeable("training_lettersignature"),
        migrations.RemoveField(model_name="lettersignature", name="signature"),
        append_only("training_lettersignature"),
        changeable("training_practicalcheck"),
        migrations.RemoveField(model_name="practicalcheck", name="signature"),
        append_only("training_practicalcheck"),
    ]
