from django.db import migrations
from django.db.models import OuterRef, Subquery


def fill(apps, schema_editor):
    """Give stays, and the events that begin an employment, the terms known so far: the present ones."""
    employees = apps.get_model("people", "Employee").objects.filter(pk=OuterRef("employee_id"))
    terms = {
        "employment_type": Subquery(employees.values("employment_type")[:1]),
        "employer": Subquery(employees.values("employer")[:1]),
    }
    apps.get_model("people", "Assignment").objects.update(**terms)
    events = apps.get_model("people", "EmploymentEvent").objects
    events.filter(kind__in=["hired", "rehired"]).update(**terms)


class Migration(migrations.Migration):
    dependencies = [("people", "0010_terms_and_corrections")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
