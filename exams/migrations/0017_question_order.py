from django.db import migrations, models


def take_over(apps, schema_editor):
    """Exams that did not shuffle keep the order as it was written."""
    exams = apps.get_model("exams", "Exam").objects
    exams.filter(shuffle_questions=False).update(question_order="written")


def take_back(apps, schema_editor):
    """Two answers are all there were: what mixes the kinds shuffles."""
    exams = apps.get_model("exams", "Exam").objects
    exams.filter(question_order="written").update(shuffle_questions=False)


class Migration(migrations.Migration):
    dependencies = [("exams", "0016_clock_events")]

    operations = [
        migrations.AddField(
            model_name="exam",
            name="question_order",
            field=models.CharField(
                choices=[
                    ("within", "每部分里打乱，部分的先后不变"),
                    ("across", "全卷打乱，题型混在一起"),
                    ("written", "按编写的先后"),
                ],
                default="within",
                max_length=10,
                verbose_name="题目顺序",
            ),
        ),
        migrations.RunPython(take_over, take_back),
        migrations.RemoveField(model_name="exam", name="shuffle_questions"),
    ]
