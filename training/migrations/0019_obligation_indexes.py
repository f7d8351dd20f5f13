from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Indexes of the few tasks that are open or waived, in the place of one that begins with the state."""

    dependencies = [
        ('people', '0018_licence_terms'),
        ('training', '0018_past_clearance'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='obligation',
            name='training_obl_state_due',
        ),
        migrations.AddIndex(
            model_name='obligation',
            index=models.Index(condition=Q(('state', 'open')), fields=['due_on'], name='training_obl_open_due'),
        ),
        migrations.AddIndex(
            model_name='obligation',
            index=models.Index(condition=Q(('state', 'waived')), fields=['waived_before'], name='training_obl_waived'),
        ),
    ]
