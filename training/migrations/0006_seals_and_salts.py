import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from common.append_only import append_only, never_truncated


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0017_role_separation'),
        ('training', '0005_obligation_ended_by'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ForgottenText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('field', models.CharField(choices=[('person', '参加人员'), ('trainer', '教员'), ('reason', '更正原因')], max_length=10, verbose_name='内容')),
                ('forgotten_at', models.DateTimeField(verbose_name='删除时间')),
            ],
            options={
                'verbose_name': '已删除的原文',
                'verbose_name_plural': '已删除的原文',
            },
        ),
        migrations.CreateModel(
            name='LedgerCheckpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('way', models.CharField(choices=[('file', '下载文件'), ('print', '打印'), ('mail', '电子邮件'), ('command', '命令行')], max_length=10, verbose_name='方式')),
                ('taken_at', models.DateTimeField(verbose_name='时间')),
            ],
            options={
                'verbose_name': '台账检查点',
                'verbose_name_plural': '台账检查点',
                'ordering': ['-taken_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='LedgerSeal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveBigIntegerField(help_text='1, 2, 3 … without gaps', unique=True, verbose_name='封存号')),
                ('origin', models.CharField(max_length=200, verbose_name='平台')),
                ('size', models.PositiveBigIntegerField(unique=True, verbose_name='记录数')),
                ('root', models.CharField(max_length=64, verbose_name='根哈希')),
                ('previous_root', models.CharField(max_length=64, verbose_name='上一个根哈希')),
                ('sealed_at', models.DateTimeField(verbose_name='封存时间')),
                ('key', models.CharField(help_text='Ed25519, hex', max_length=64, verbose_name='公钥')),
                ('signature', models.CharField(max_length=128, verbose_name='签名')),
                ('leaves', models.BinaryField()),
                ('peaks', models.BinaryField()),
            ],
            options={
                'verbose_name': '台账封存',
                'verbose_name_plural': '台账封存',
                'ordering': ['number'],
            },
        ),
        migrations.AddField(
            model_name='recordsalt',
            name='employee',
            field=models.ForeignKey(help_text='about whom it is, where that is certain; of a trainer often only the name is known', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.employee'),
        ),
        migrations.AddField(
            model_name='recordsalt',
            name='field',
            field=models.CharField(choices=[('person', '参加人员'), ('trainer', '教员'), ('reason', '更正原因')], default='person', max_length=10, verbose_name='内容'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='recordsalt',
            name='text',
            field=models.TextField(default='', verbose_name='原文'),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name='recordsalt',
            name='record',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='salts', to='training.trainingrecord'),
        ),
        migrations.AlterField(
            model_name='recordsalt',
            name='value',
            field=models.CharField(max_length=64, verbose_name='盐值'),
        ),
        migrations.AddConstraint(
            model_name='recordsalt',
            constraint=models.UniqueConstraint(fields=('record', 'field'), name='training_salt_once'),
        ),
        migrations.AddField(
            model_name='forgottentext',
            name='record',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='forgotten', to='training.trainingrecord'),
        ),
        migrations.AddField(
            model_name='ledgercheckpoint',
            name='taken_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='ledgercheckpoint',
            name='seal',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='checkpoints', to='training.ledgerseal'),
        ),
        migrations.AddConstraint(
            model_name='forgottentext',
            constraint=models.UniqueConstraint(fields=('record', 'field'), name='training_forgotten_once'),
        ),
        append_only("training_forgottentext"),
        append_only("training_ledgerseal"),
        append_only("training_ledgercheckpoint"),
        never_truncated("training_trainingrecord"),
        never_truncated("training_forgottentext"),
        never_truncated("training_ledgerseal"),
        never_truncated("training_ledgercheckpoint"),
    ]
