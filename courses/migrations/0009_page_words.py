"""Keep the words of lessons and courses folded for search, and fill them for the pages there are."""

import django.db.models.deletion
from django.db import migrations, models

from courses.searching import folded

HEADS = {
    "PolicySpeechPage": ("speaker", "occasion", "document_no"),
    "WarningCasePage": ("place",),
    "OperatingRulePage": ("document_no", "equipment"),
}


def fill_words(apps, schema_editor):
    words = apps.get_model("courses", "PageWords")
    for kind, names in HEADS.items():
        for page in apps.get_model("courses", kind).objects.defer("body").iterator(200):
            facts = "\n".join(fact["text"] for fact in page.facts)
            words.objects.create(
                page_id=page.pk,
                title=folded(page.title),
                head=folded("\n".join(filter(None, [page.summary, *(getattr(page, name) for name in names)]))),
                facts=folded(facts),
                body=folded(page.search_text.removesuffix(facts)),
            )
    for page in apps.get_model("courses", "CoursePage").objects.iterator(200):
        words.objects.create(page_id=page.pk, title=folded(page.title), head=folded(page.intro))


class Migration(migrations.Migration):
    dependencies = [
        ("courses", "0008_film_checks"),
        ("wagtailcore", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="PageWords",
            fields=[
                (
                    "page",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="words",
                        serialize=False,
                        to="wagtailcore.page",
                    ),
                ),
                ("title", models.TextField(blank=True)),
                ("head", models.TextField(blank=True)),
                ("facts", models.TextField(blank=True)),
                ("body", models.TextField(blank=True)),
            ],
        ),
        migrations.RunPython(fill_words, migrations.RunPython.noop),
    ]
