"""Keep with a session how far its clock is paid out, and with a progress what its content asks for."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("courses", "0003_append_only"),
    ]

    operations = [
        migrations.AddField(
            model_name="playsession",
            name="paid_until",
            field=models.DateTimeField(
                default=django.utils.timezone.now,
                help_text="passed time up to here has been turned into credit, see courses.watching",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="studyprogress",
            name="needs",
            field=models.JSONField(default=dict),
        ),
    ]
