"""Keep a lesson's words beside its stream, so that a search finds Chinese text on every database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("courses", "0004_study_clock"),
    ]

    operations = [
        migrations.AddField(
            model_name="lessonpage",
            name="search_text",
            field=models.TextField(blank=True, editable=False),
        ),
    ]
