"""When a badge was first printed, so that the page of the day can tell what is still to be printed."""

from django.db import migrations, models
from django.db.models import Exists, F, OuterRef


def fill(apps, _editor):
    """Take what was made by printing for printed; what replaced another was made without.

    Whether a replacement was printed later was not written down. It stands on the page of the day once more:
    printing it again gives the same code.
    """
    badge = apps.get_model("access", "Badge")
    replaced = badge.objects.filter(employee=OuterRef("employee"), ended_at=OuterRef("issued_at"))
    badge.objects.filter(~Exists(replaced)).update(printed_at=F("issued_at"))


class Migration(migrations.Migration):
    dependencies = [("access", "0001_initial")]

    operations = [
        migrations.AddField(
            "badge", "printed_at", models.DateTimeField("打印时间", null=True, blank=True)
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
