import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models
from django.db.models import F

from common.append_only import append_only


def since_they_were_computed(apps, schema_editor):
    """Of an answer given before this table all that is known is that it stood when it was last computed."""
    states = apps.get_model("training", "ClearanceState")
    states.objects.using(schema_editor.connection.alias).update(since=F("computed_at"))


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0018_licence_terms'),
        ('training', '0017_rule_scope_and_pass_mark'),
    ]

    operations = [
        migrations.AddField(
            model_name='clearancestate',
            name='since',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='始于'),
            preserve_default=False,
        ),
        migrations.RunPython(since_they_were_computed, migrations.RunPython.noop),
        migrations.CreateModel(
            name='PastClearance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_cleared', models.BooleanField(verbose_name='可上岗')),
                ('reasons', models.JSONField(default=list)),
                ('recheck_on', models.DateField(null=True, verbose_name='下次复核日')),
                ('since', models.DateTimeField(verbose_name='始于')),
                ('until', models.DateTimeField(verbose_name='止于（不含）')),
                ('employee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='past_clearance', to='people.employee')),
            ],
            options={
                'verbose_name': '以前的上岗资格',
                'verbose_name_plural': '以前的上岗资格',
                'ordering': ['until', 'pk'],
                'indexes': [models.Index(fields=['until'], name='training_past_clear_until')],
                'constraints': [models.CheckConstraint(condition=models.Q(('since__lte', models.F('until'))), name='training_past_clearance_span')],
            },
        ),
        append_only("training_pastclearance"),
    ]
