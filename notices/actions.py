"""The one way a message is made."""

import datetime as dt

from notices.models import Channel, Notice


def send_notice(
    *, recipient_id: int, cause: str, title: str, body: str = "", link: str = "", now: dt.datetime
) -> bool:
    """Put a message into a person's inbox, once per cause; return whether it is new.

    Called again with the same cause it does nothing, so the callers need not know what was sent before.
    """
    _, created = Notice.objects.get_or_create(
        recipient_id=recipient_id,
        channel=Channel.INBOX,
        cause=cause,
        defaults={"title": title, "body": body, "link": link, "created_at": now, "sent_at": now},
    )
    return created
