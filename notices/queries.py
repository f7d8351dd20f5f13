"""What pages read about messages."""

from django.db.models import QuerySet

from notices.models import Channel, Notice


def unread_notices(user_id: int) -> QuerySet[Notice]:
    """Return the messages in a person's inbox that were not read yet, newest first."""
    return Notice.objects.filter(recipient_id=user_id, channel=Channel.INBOX, read_at__isnull=True)
