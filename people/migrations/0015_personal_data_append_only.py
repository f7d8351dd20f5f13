from django.db import migrations

from common.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("people", "0014_personal_data")]

    operations = [
        append_only("people_personaldataaccess"),
        append_only("people_eraseditem"),
    ]
