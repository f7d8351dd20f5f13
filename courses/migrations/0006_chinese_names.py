from django.db import migrations

# What Wagtail's own migrations name in English and editors see every day.
NAMES = {
    ("wagtailcore", "Collection", "name"): {"Root": "全部集合"},
    ("wagtailcore", "Workflow", "name"): {"Moderators approval": "内容审核"},
    ("wagtailcore", "Task", "name"): {"Moderators approval": "内容审核"},
    ("auth", "Group", "name"): {"Moderators": "内容审核", "Editors": "内容编辑（限定页面）"},
}


def rename(apps, pairs):
    for (app, model, field), names in NAMES.items():
        rows = apps.get_model(app, model).objects
        for english, chinese in names.items():
            before, after = (english, chinese) if pairs == "forward" else (chinese, english)
            rows.filter(**{field: before}).update(**{field: after})
    page = apps.get_model("wagtailcore", "Page")
    before, after = ("Root", "全部页面") if pairs == "forward" else ("全部页面", "Root")
    page.objects.filter(depth=1, title=before).update(title=after, draft_title=after)


class Migration(migrations.Migration):
    dependencies = [
        ("courses", "0005_lesson_search_text"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("wagtailcore", "0098_apitoken"),
    ]

    operations = [
        migrations.RunPython(lambda apps, _: rename(apps, "forward"), lambda apps, _: rename(apps, "back")),
    ]
