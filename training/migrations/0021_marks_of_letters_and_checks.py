"""Room for the ink of letters and practical checks beside the rows it vouches for; 0022 moves it, 0023 ends the column."""

import django.db.models.deletion
from django.db import migrations, models

from common.append_only import append_only, changeable

SIGNED_BY = [('hand', '手写签名'), ('name', '输入姓名并确认')]


def _columns(model):
    """Return the operations for one table: how it was signed, the digest of the ink, and ink that may be empty."""
    return [
        changeable(f"training_{model}"),
        migrations.AddField(
            model_name=model,
            name='signed_by',
            field=models.CharField(choices=SIGNED_BY, default='', max_length=6, verbose_name='签名方式'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name=model,
            name='signature_sha256',
            field=models.CharField(default='', max_length=64),
            preserve_default=False,
        ),
        # On the way back the column is empty where the ink was erased.
        migrations.AlterField(
            model_name=model,
            name='signature',
            field=models.TextField(default='', verbose_name='签名'),
        ),
        append_only(f"training_{model}"),
    ]


class Migration(migrations.Migration):

    dependencies = [
        ('training', '0020_component_taken_back'),
    ]

    operations = [
        migrations.CreateModel(
            name='LetterMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mark', models.TextField(verbose_name='签名')),
                ('letter', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='ink', to='training.lettersignature')),
            ],
            options={
                'verbose_name': '责任书签名的笔迹',
                'verbose_name_plural': '责任书签名的笔迹',
            },
        ),
        migrations.CreateModel(
            name='PracticalCheckMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mark', models.TextField(verbose_name='签名')),
                ('practical_check', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='ink', to='training.practicalcheck')),
            ],
            options={
                'verbose_name': '师傅考核的笔迹',
                'verbose_name_plural': '师傅考核的笔迹',
            },
        ),
        *_columns('lettersignature'),
        *_columns('practicalcheck'),
    ]
