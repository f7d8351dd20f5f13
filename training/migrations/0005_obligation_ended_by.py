
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0012_append_only_again'),
        ('training', '0004_ledger_head_row'),
    ]

    operations = [
        migrations.AddField(
            model_name='obligation',
            name='ended_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='ended_obligations', to='people.employmentevent'),
        ),
    ]
