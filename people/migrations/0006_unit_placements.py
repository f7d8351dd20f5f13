"""Give every unit the placement it has had from its beginning, and guard the history of units."""

from django.db import migrations

from common.append_only import append_only


def place(apps, schema_editor):
    OrgUnit = apps.get_model("people", "OrgUnit")
    UnitPlacement = apps.get_model("people", "UnitPlacement")
    ids = dict(OrgUnit.objects.values_list("path", "pk"))
    UnitPlacement.objects.bulk_create(
        # Four characters of the path for each level, as treebeard's MP_Node has it (steplen).
        [UnitPlacement(unit_id=pk, parent_id=ids.get(path[:-4])) for path, pk in ids.items()],
        batch_size=1000,
    )


class Migration(migrations.Migration):
    dependencies = [("people", "0005_hazard_standards")]

    operations = [
        migrations.RunPython(place, migrations.RunPython.noop),
        append_only("people_unitevent"),
    ]
