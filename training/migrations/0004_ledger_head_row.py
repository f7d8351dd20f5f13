from django.db import migrations


def create(apps, schema_editor):
    apps.get_model("training", "LedgerHead").objects.get_or_create(pk=1)


class Migration(migrations.Migration):

    dependencies = [
        ("training", "0003_record_place_and_rule_audience"),
    ]

    operations = [
        migrations.RunPython(create, migrations.RunPython.noop),
    ]
