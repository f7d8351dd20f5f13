"""The help of the hours of a course no longer says how many minutes one has: that is data with dates."""

from decimal import Decimal

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("courses", "0014_packages")]

    operations = [
        migrations.AlterField(
            "coursepage",
            "hours",
            models.DecimalField(
                "学时",
                max_digits=5,
                decimal_places=1,
                default=Decimal("1.0"),
                validators=[django.core.validators.MinValueValidator(Decimal("0.1"))],
                help_text="1 学时多少分钟，以“规则数值”中当天有效的为准；课件须真实占满",
            ),
        ),
    ]
