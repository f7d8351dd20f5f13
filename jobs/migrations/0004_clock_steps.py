from django.db import migrations, models

from common.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("jobs", "0003_cache_table")]

    operations = [
        migrations.CreateModel(
            name="ClockStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("machine", "服务器时钟"),
                            ("restart", "服务器时钟（重启后）"),
                            ("database", "数据库服务器的时钟"),
                        ],
                        max_length=10,
                    ),
                ),
                ("seconds", models.FloatField()),
                ("at", models.DateTimeField()),
                ("host", models.CharField(help_text="the machine that saw it", max_length=100)),
            ],
            options={"ordering": ["pk"]},
        ),
        append_only("jobs_clockstep"),
    ]
