"""Keep SCORM packages, what they report, and what of it a study record names."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from common.append_only import append_only, changeable


class Migration(migrations.Migration):

    dependencies = [
        ('courses', '0013_film_delivery'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        changeable('courses_studyrecord'),
        changeable('courses_lessoncontent'),
        migrations.CreateModel(
            name='PackageLessonPage',
            fields=[
                ('lessonpage_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='courses.lessonpage')),
            ],
            options={
                'verbose_name': '课件包课件',
                'verbose_name_plural': '课件包课件',
            },
            bases=('courses.lessonpage',),
        ),
        migrations.AddField(
            model_name='lessoncontent',
            name='package_sha256',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='lessonpage',
            name='package_minutes',
            field=models.PositiveSmallIntegerField(default=0, help_text='按服务器的时钟计，课件包打开并在屏幕上时才算；0 表示不限', validators=[django.core.validators.MaxValueValidator(600)], verbose_name='至少学习（分钟）'),
        ),
        migrations.AddField(
            model_name='lessonpage',
            name='package_rule',
            field=models.CharField(choices=[('completed', '课件包报告完成（不合格不算）'), ('passed', '课件包报告合格')], default='completed', help_text='完成和得分由课件包自己报告，不能代替考试；要考核请给课程配结业考试', max_length=12, verbose_name='完成条件'),
        ),
        migrations.AddField(
            model_name='studyprogress',
            name='package',
            field=models.JSONField(default=dict, help_text='part → courses.shapes.PackagePart'),
        ),
        migrations.AddField(
            model_name='studyrecord',
            name='package_result',
            field=models.JSONField(blank=True, default=dict, help_text="courses.shapes.PackageResult: the package's own word"),
        ),
        migrations.AddField(
            model_name='studyrecord',
            name='package_sha256',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.CreateModel(
            name='Package',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=255, verbose_name='名称')),
                ('sha256', models.CharField(max_length=64, unique=True)),
                ('version', models.CharField(help_text='1.2 or 2004', max_length=8, verbose_name='标准')),
                ('manifest', models.JSONField(default=dict, help_text='courses.scorm.manifest.Manifest as data')),
                ('findings', models.JSONField(default=list, help_text='list of courses.scorm.manifest.Finding as data')),
                ('file', models.FileField(max_length=255, upload_to='')),
                ('file_name', models.CharField(max_length=255, verbose_name='文件名')),
                ('size_bytes', models.PositiveBigIntegerField(verbose_name='大小')),
                ('uploaded_at', models.DateTimeField(verbose_name='上传时间')),
                ('uploaded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '课件包',
                'verbose_name_plural': '课件包',
                'ordering': ['-uploaded_at', '-pk'],
            },
        ),
        migrations.AddField(
            model_name='lessonpage',
            name='package',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='lessons', to='courses.package', verbose_name='课件包'),
        ),
        migrations.CreateModel(
            name='PackageFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path_key', models.CharField(help_text='the path in one case: Windows made these names', max_length=300)),
                ('number', models.PositiveIntegerField()),
                ('content_type', models.CharField(max_length=60)),
                ('size_bytes', models.PositiveBigIntegerField()),
                ('package', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='files', to='courses.package')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('package', 'path_key'), name='courses_package_path_once')],
            },
        ),
        migrations.CreateModel(
            name='PackageReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.PositiveIntegerField()),
                ('part', models.CharField(max_length=200, verbose_name='部分')),
                ('attempt', models.PositiveIntegerField(default=1, verbose_name='第几次')),
                ('cmi', models.JSONField(default=dict)),
                ('is_final', models.BooleanField(default=False, verbose_name='已退出')),
                ('completion', models.CharField(max_length=12, verbose_name='完成状态')),
                ('success', models.CharField(max_length=12, verbose_name='通过状态')),
                ('score_pct', models.FloatField(null=True, verbose_name='课件自报得分（%）')),
                ('said_s', models.FloatField(default=0, verbose_name='课件自报秒数')),
                ('credited_s', models.FloatField(default=0, verbose_name='计入秒数')),
                ('arrived_at', models.DateTimeField(verbose_name='到达时间')),
                ('progress', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='package_reports', to='courses.studyprogress')),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='package_reports', to='courses.playsession')),
            ],
            options={
                'verbose_name': '课件包上报',
                'verbose_name_plural': '课件包上报',
                'constraints': [models.UniqueConstraint(fields=('session', 'seq'), name='courses_package_report_once')],
            },
        ),
        append_only('courses_studyrecord'),
        append_only('courses_lessoncontent'),
        append_only('courses_packagereport'),
    ]
