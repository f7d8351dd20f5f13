"""Bring the accident categories that ship with the site, and bind each category to its standard."""

from pathlib import Path

import yaml
from django.db import migrations, models
import django.db.models.deletion

DATA = Path(__file__).resolve().parent.parent / "data" / "hazards.yaml"


def load(apps, schema_editor):
    Standard = apps.get_model("people", "HazardStandard")
    Hazard = apps.get_model("people", "Hazard")
    for entry in yaml.safe_load(DATA.read_text(encoding="utf-8"))["standards"]:
        fields = {name: entry.get(name) for name in ("title", "year", "in_force_from", "in_force_before", "trust")}
        Standard.objects.get_or_create(code=entry["code"], defaults=fields)
        known = set(Hazard.objects.filter(standard=entry["code"]).values_list("name", flat=True))
        Hazard.objects.bulk_create(
            [
                Hazard(code=f"{entry['code']}-{number:02d}", name=name, standard=entry["code"])
                for number, name in enumerate(entry["categories"], start=1)
                if name not in known
            ]
        )
    # Categories of other standards that a site has added itself.
    shipped = set(Standard.objects.values_list("code", flat=True))
    for code in set(Hazard.objects.values_list("standard", flat=True)) - shipped:
        digits = code.rpartition("-")[2]
        year = int(digits) if len(digits) == 4 and digits.isdigit() else 2026
        Standard.objects.create(code=code, year=year)


class Migration(migrations.Migration):
    dependencies = [("people", "0004_unit_history")]

    operations = [
        migrations.RunPython(load, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='hazard',
            name='standard',
            field=models.ForeignKey(db_column='standard', on_delete=django.db.models.deletion.PROTECT, related_name='hazards', to='people.hazardstandard', to_field='code', verbose_name='标准'),
        ),
        migrations.AlterModelOptions(
            name="hazard",
            options={
                "ordering": ["-standard__year", "id"],
                "verbose_name": "危险因素",
                "verbose_name_plural": "危险因素",
            },
        ),
    ]
