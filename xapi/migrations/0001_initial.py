"""Statements of other systems, who brings them, and which of our facts were told."""

import django.db.models.deletion
from django.db import migrations, models

from common.append_only import append_only


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='StatementClient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='名称')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('secret_digest', models.CharField(max_length=64)),
                ('scopes', models.JSONField(default=list, help_text='values of Scope', verbose_name='权限')),
                ('created_at', models.DateTimeField(verbose_name='创建时间')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='停用时间')),
            ],
            options={
                'verbose_name': '学习数据客户端',
                'verbose_name_plural': '学习数据客户端',
            },
        ),
        migrations.CreateModel(
            name='SentFact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(choices=[('study_record', '学习凭证'), ('play_session', '影片播放'), ('attempt', '考试答卷')], max_length=20)),
                ('fact_id', models.BigIntegerField()),
                ('noted_at', models.DateTimeField()),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('next_try_at', models.DateTimeField()),
                ('problem', models.CharField(blank=True, max_length=300)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('sent_at__isnull', True)), fields=['next_try_at'], name='xapi_fact_waiting')],
                'constraints': [models.UniqueConstraint(fields=('source', 'fact_id'), name='xapi_fact_once')],
            },
        ),
        migrations.CreateModel(
            name='Statement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('statement_id', models.UUIDField(unique=True)),
                ('body', models.JSONField()),
                ('content_sha256', models.CharField(max_length=64)),
                ('agent_key', models.CharField(db_index=True, max_length=400)),
                ('verb', models.CharField(db_index=True, max_length=400)),
                ('activity', models.CharField(blank=True, db_index=True, max_length=400)),
                ('registration', models.UUIDField(blank=True, db_index=True, null=True)),
                ('voids', models.UUIDField(blank=True, db_index=True, null=True)),
                ('timestamp', models.DateTimeField()),
                ('stored_at', models.DateTimeField(db_index=True)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='xapi.statementclient')),
            ],
            options={
                'verbose_name': '学习语句',
                'verbose_name_plural': '学习语句',
            },
        ),
        append_only('xapi_statement'),
    ]
