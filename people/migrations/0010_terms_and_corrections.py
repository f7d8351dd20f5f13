import django.db.models.deletion
from django.db import migrations, models

from common.append_only import changeable


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0009_directories'),
    ]

    operations = [
        changeable('people_employmentevent'),
        migrations.AddField(
            model_name='assignment',
            name='employer',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='employed_stays', to='people.orgunit', verbose_name='用人单位'),
        ),
        migrations.AddField(
            model_name='assignment',
            name='employment_type',
            field=models.CharField(choices=[('own', '正式员工'), ('dispatched', '劳务派遣'), ('intern', '实习学生'), ('contractor', '承包商人员'), ('temporary', '临时用工'), ('visitor', '外来人员')], default='own', max_length=20, verbose_name='用工形式'),
        ),
        migrations.AddField(
            model_name='employee',
            name='changes_on',
            field=models.DateField(blank=True, db_index=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='employmentevent',
            name='employer',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.orgunit', verbose_name='用人单位'),
        ),
        migrations.AddField(
            model_name='employmentevent',
            name='employment_type',
            field=models.CharField(blank=True, choices=[('own', '正式员工'), ('dispatched', '劳务派遣'), ('intern', '实习学生'), ('contractor', '承包商人员'), ('temporary', '临时用工'), ('visitor', '外来人员')], max_length=20, verbose_name='用工形式'),
        ),
        migrations.AddField(
            model_name='employmentevent',
            name='is_withdrawn',
            field=models.BooleanField(default=False, verbose_name='撤回'),
        ),
        migrations.AddField(
            model_name='employmentevent',
            name='reason',
            field=models.CharField(blank=True, max_length=200, verbose_name='更正原因'),
        ),
        migrations.AlterField(
            model_name='employmentevent',
            name='kind',
            field=models.CharField(choices=[('hired', '入职'), ('transferred', '转岗'), ('left_post', '离岗'), ('returned', '返岗'), ('left', '离职'), ('rehired', '再入职'), ('terms_changed', '用工变更'), ('seconded', '借调'), ('secondment_ended', '借调结束')], max_length=20, verbose_name='类别'),
        ),
        migrations.AddConstraint(
            model_name='employmentevent',
            constraint=models.CheckConstraint(condition=models.Q(('is_withdrawn', False), ('corrects__isnull', False), _connector='OR'), name='people_event_withdrawn_corrects'),
        ),
    ]
