from django.db import migrations

from common.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("certificates", "0002_initial")]

    operations = [
        append_only("certificates_certificate"),
        append_only("certificates_certificatestatus"),
    ]
